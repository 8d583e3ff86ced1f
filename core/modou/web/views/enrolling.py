"""Ways into a course: for learners, and how teachers set them."""

from typing import Any

import wtforms
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.declarations import EnrolMethod
from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services import enrol_methods
from modou.web.forms.base import Form
from modou.web.forms.enrolling import LimitsForm
from modou.web.forms.settings import changes_of, settings_form
from modou.web.page import flash
from modou.web.views.participants import course_page, course_tabs


@view_config(
    route_name="course_enrol", permission=Capability.ENROL_SELF, renderer="course_enrol.jinja2"
)
def course_enrol(context: Course, request: Request) -> Any:
    """The ways that a learner may take, and taking one."""
    occasion = request.occasion
    enrolment = context.enrolments.get(occasion.actor.id)
    course_path = request.route_path("course", course=context.key)
    if enrolment is not None and enrolment.active_at(occasion.now):
        return HTTPSeeOther(course_path)
    ways = enrol_methods.ways_in(occasion, context)
    chosen = request.POST.get("method", "") if request.method == "POST" else ""
    forms = {way.method.name: _way_form(request, way.method, chosen) for way in ways}
    if request.method == "POST":
        method = enrol_methods.method_of(occasion, chosen)
        form = forms.get(chosen)
        if form is None:
            raise Conflict(_("This way into the course is closed."))
        if form.validate():
            try:
                enrol_methods.enrol_self(occasion, context, method, form.data)
            except Invalid as error:
                form.take(error)
            else:
                flash(request, _("You are enrolled. Welcome!"))
                return HTTPSeeOther(course_path)
    page = request.page
    page.title = page.gettext(_("Enrol"))
    page.breadcrumbs = [(context.title, page.url("course_about", course=context.key))]
    places = None
    if context.enrol_capacity:
        places = max(0, enrol_methods.free_places(occasion, context))
    return {
        "course": context,
        "ways": [(way, forms[way.method.name]) for way in ways],
        "places": places,
        "suspended": enrolment is not None and enrolment.status == "suspended",
    }


def _way_form(request: Request, method: EnrolMethod, chosen: str) -> Form:
    form_class: type[Form] = method.form or Form
    if method.name == chosen or request.method != "POST":
        return form_class.of(request, prefix=f"{method.name}-")
    return form_class(prefix=f"{method.name}-")


@view_config(
    route_name="course_leave", permission=Capability.ENROL_SELF, renderer="course_leave.jinja2"
)
def course_leave(context: Course, request: Request) -> Any:
    """Ask, then end the reader's own enrolment."""
    if request.method == "POST":
        enrol_methods.leave(request.occasion, context)
        flash(request, _("You have left the course. What you achieved is kept."))
        return HTTPSeeOther(request.route_path("my_courses"))
    page = request.page
    page.title = page.gettext(_("Leave the course"))
    page.breadcrumbs = [(context.title, page.url("course", course=context.key))]
    return {"course": context, "may_leave": enrol_methods.may_leave(request.occasion, context)}


@view_config(
    route_name="course_enrol_methods",
    permission=Capability.COURSE_EDIT,
    renderer="course_enrol_methods.jinja2",
)
def course_enrol_methods(context: Course, request: Request) -> Any:
    """Which ways are open, their settings, places and dates."""
    occasion = request.occasion
    part = request.POST.get("part", "") if request.method == "POST" else ""
    present = {
        "capacity": context.enrol_capacity or None,
        "opens": context.enrol_opens,
        "closes": context.enrol_closes,
    }
    # Only the form that was sent reads what was sent; the others show what is stored.
    sent = part in {"", "limits"}
    limits = LimitsForm.of(request, data=present) if sent else LimitsForm(data=present)
    methods = enrol_methods.methods(occasion)
    forms = {m.name: _method_form(request, context, m, part) for m in methods if m.self_service}
    if part == "limits":
        if limits.validate() and _saved(
            request,
            limits,
            lambda: enrol_methods.change_limits(
                occasion,
                context,
                capacity=limits.capacity.data or 0,
                opens=limits.opens.seconds,
                closes=limits.closes.seconds,
            ),
        ):
            return HTTPSeeOther(request.path)
    elif part in forms:
        method, form = enrol_methods.method_of(occasion, part), forms[part]
        opened = "close" not in request.POST
        values = changes_of(form, method.settings) if method.settings is not None else {}
        if (not opened or form.validate()) and _saved(
            request,
            form,
            lambda: enrol_methods.change_method(
                occasion, context, method, opened=opened, values=values
            ),
        ):
            return HTTPSeeOther(request.path)
    course_page(request, context, _("Ways into the course"))
    return {
        "course": context,
        "tabs": course_tabs(request, context),
        "limits": limits,
        "ways": [
            (m, enrol_methods.is_open(context, m), forms[m.name]) for m in methods if m.self_service
        ],
        "others": [m for m in methods if not m.self_service],
    }


def _method_form(request: Request, course: Course, method: EnrolMethod, part: str) -> Form:
    form_class = settings_form(method.settings) if method.settings is not None else Form
    data = enrol_methods.shown_settings(request.occasion, course, method)
    if part in {"", method.name}:
        return form_class.of(request, data=data, prefix=f"{method.name}-")
    return form_class(data=data, prefix=f"{method.name}-")


def _saved(request: Request, form: wtforms.Form, change: Any) -> bool:
    try:
        changed = change()
    except Invalid as error:
        form.take(error)
        return False
    flash(request, _("Saved.") if changed else _("Nothing was different."))
    return True


def includeme(config: Configurator) -> None:
    config.scan(__name__)
