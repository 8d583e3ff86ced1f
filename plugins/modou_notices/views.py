"""The pages for those who write notices, and the fragments for those who read them."""

from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request

from modou.errors import Invalid
from modou.models.courses import Course
from modou.web import resources
from modou.web.page import flash
from modou_notices import permissions, services
from modou_notices.forms import NoticeForm
from modou_notices.i18n import DOMAIN, _


def _course(context: Any) -> Course | None:
    return context if isinstance(context, Course) else None


def _url(request: Request, name: str, **values: str) -> str:
    """The address of a page of the place that the request is about."""
    course = _course(request.context)
    if course is not None:
        return request.page.url(f"course_{name}", course=course.key, **values)
    return request.page.url(name, **values)


def _frame(request: Request, title: Any) -> dict[str, Any]:
    page = request.page
    page.title = page.gettext(title)
    course = _course(request.context)
    if course is None:
        page.side_nav = page.groups("admin")
    else:
        page.breadcrumbs = [(course.title, page.url("course", course=course.key))]
    return {
        "layout": "layout.jinja2" if course else "layout_admin.jinja2",
        "t": page.in_domain(DOMAIN),
        "link": lambda name, **values: _url(request, name, **values),
    }


def list_notices(context: Any, request: Request) -> dict[str, Any]:
    occasion = request.occasion
    notices = services.all_notices(occasion, _course(context))
    return {**_frame(request, _("Notices")), "notices": notices, "now": occasion.now}


def new_notice(context: Any, request: Request) -> Any:
    days = services.settings(request.occasion).days
    form = NoticeForm.of(request, data={"days": days})
    if request.method == "POST" and form.validate():
        try:
            services.post(request.occasion, _course(context), form.data)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("The notice is shown now."))
            return HTTPSeeOther(_url(request, "notices"))
    return {**_frame(request, _("New notice")), "form": form}


def edit_notice(context: Any, request: Request) -> Any:
    occasion, course = request.occasion, _course(context)
    notice = services.find(occasion, course, request.matchdict["notice"])
    if request.method == "POST" and "remove" in request.POST:
        services.remove(occasion, course, notice)
        flash(request, _("The notice is gone."))
        return HTTPSeeOther(_url(request, "notices"))
    values = {
        "title": notice.title,
        "text": notice.text,
        "important": notice.important,
        "days": (notice.ends - notice.starts) // services.DAY,
    }
    form = NoticeForm.of(request, data=values)
    if request.method == "POST" and form.validate():
        try:
            services.change(occasion, course, notice, form.data)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(_url(request, "notices"))
    return {**_frame(request, _("Edit notice")), "form": form, "notice": notice}


def render_for_home(request: Request, context: Any) -> str:
    return _fragment(request, None)


def render_for_course(request: Request, context: Any) -> str:
    return _fragment(request, _course(context))


def _fragment(request: Request, course: Course | None) -> str:
    notices = services.current(request.occasion, course)
    if not notices:
        return ""
    html = render("modou_notices:templates/fragment.jinja2", {"notices": notices}, request)
    return Markup(html)  # noqa: S704 - a template's output


def includeme(config: Configurator) -> None:
    places = (
        ("", "/admin/notices", resources.site),
        ("course_", "/courses/{course}/notices", resources.course),
    )
    for prefix, path, factory in places:
        for name, end, view, template in (
            ("notices", "", list_notices, "list"),
            ("notice_new", "/new", new_notice, "edit"),
            ("notice_edit", "/{notice}", edit_notice, "edit"),
        ):
            config.add_route(prefix + name, path + end, factory=factory)
            config.add_view(
                view,
                route_name=prefix + name,
                permission=permissions.EDIT,
                renderer=f"modou_notices:templates/{template}.jinja2",
            )
