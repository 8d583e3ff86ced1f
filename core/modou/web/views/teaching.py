"""Making courses: data, cover, publishing, deleting."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, Invalid, NotAllowed, SignInNeeded
from modou.i18n import _
from modou.models.courses import Category, Course
from modou.permissions import Capability
from modou.services import catalogue, teaching
from modou.web.courses import frame
from modou.web.files import cover_url
from modou.web.forms.base import set_choices
from modou.web.forms.teaching import CourseForm, category_choices
from modou.web.page import flash

#: Offered while typing; any other text may be entered, too.
LEVELS = (
    _("Level 5 (beginner)"),
    _("Level 4 (intermediate)"),
    _("Level 3 (advanced)"),
    _("Level 2 (technician)"),
    _("Level 1 (senior technician)"),
)


def _places(request: Request) -> list[Category | None]:
    """Categories where the actor may create courses; None stands for no category."""
    occasion = request.occasion
    nodes = catalogue.flat(catalogue.tree(occasion))
    found: list[Category | None] = [
        node.category for node in nodes if occasion.can(Capability.COURSE_CREATE, node.category)
    ]
    if occasion.can(Capability.COURSE_CREATE):
        found.insert(0, None)
    return found


def _offer_categories(request: Request, form: CourseForm, course: Course | None) -> None:
    allowed = _places(request)
    keys = {category.key if category is not None else "" for category in allowed}
    if course is not None:
        keys.add(course.category.key if course.category is not None else "")
    choices = [("", _("No category")), *category_choices(catalogue.tree(request.occasion))]
    set_choices(form.category, [c for c in choices if c[0] in keys], request.page.gettext)


def _form_values(request: Request, form: CourseForm, course: Course | None) -> dict[str, Any]:
    translate = request.page.gettext
    return {
        "form": form,
        "course": course,
        "cover": cover_url(request, course.cover_small) if course is not None else None,
        "levels": [translate(level) for level in LEVELS],
        "may_delete": course is not None and request.occasion.can(Capability.COURSE_DELETE, course),
    }


@view_config(route_name="course_new", renderer="course_form.jinja2")
def course_new(request: Request) -> Any:
    """A new course, for who may create one anywhere."""
    occasion, page = request.occasion, request.page
    if occasion.actor is None:
        raise SignInNeeded(_("Please sign in to go on."))
    if not _places(request):
        occasion.require(Capability.COURSE_CREATE)
    form = CourseForm.of(
        request, data={"category": request.GET.get("category", ""), "visible": True}
    )
    _offer_categories(request, form, None)
    if request.method == "POST" and form.validate():
        try:
            course = teaching.create_course(
                occasion, form.values(request.site.categories.__getitem__)
            )
            if form.cover.data is not None:
                teaching.set_cover(occasion, course, form.cover.data.stream)
        except Invalid as error:
            request.tm.doom()
            form.take(error)
        else:
            flash(request, _("The course is made. Now give it an outline."))
            return HTTPSeeOther(page.url("course_outline", course=course.key))
    page.title = page.gettext(_("New course"))
    page.breadcrumbs = [(page.gettext(_("Courses")), page.url("catalogue"))]
    return _form_values(request, form, None)


@view_config(
    route_name="course_edit", permission=Capability.COURSE_EDIT, renderer="course_form.jinja2"
)
def course_edit(context: Course, request: Request) -> Any:
    """A course's data and cover."""
    occasion, page = request.occasion, request.page
    known = teaching.values_of(context)
    data = {name: getattr(known, name) for name in type(known).__slots__}
    data["category"] = known.category.key if known.category is not None else ""
    form = CourseForm.of(request, data=data)
    _offer_categories(request, form, context)
    if request.method == "POST" and form.validate():
        try:
            teaching.change_course(
                occasion, context, form.values(request.site.categories.__getitem__)
            )
            if form.cover.data is not None:
                teaching.set_cover(occasion, context, form.cover.data.stream)
            elif form.remove_cover.data:
                teaching.set_cover(occasion, context, None)
        except Invalid as error:
            request.tm.doom()
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(page.url("course", course=context.key))
    frame(page, context, _("Course data"))
    return _form_values(request, form, context)


@view_config(
    route_name="course_publish",
    permission=Capability.COURSE_PUBLISH,
    renderer="course_publish.jinja2",
)
def course_publish(context: Course, request: Request) -> Any:
    """Publish a course, or take it down."""
    occasion, page = request.occasion, request.page
    problem = None
    if request.method == "POST":
        try:
            if request.POST.get("publish") == "1":
                teaching.publish_course(occasion, context)
                flash(request, _("The course is published."))
            else:
                teaching.unpublish_course(occasion, context)
                flash(request, _("The course is taken down."))
            return HTTPSeeOther(page.url("course", course=context.key))
        except (Conflict, NotAllowed) as error:
            request.tm.doom()
            problem = error.message
    frame(page, context, _("Take down") if context.published else _("Publish"))
    return {"course": context, "problem": problem}


@view_config(
    route_name="course_delete", permission=Capability.COURSE_DELETE, renderer="course_delete.jinja2"
)
def course_delete(context: Course, request: Request) -> Any:
    """Delete a course, after its code was typed in."""
    occasion, page = request.occasion, request.page
    problem = None
    if request.method == "POST":
        if request.POST.get("code", "").strip() != context.code:
            problem = _("That is not the course's code.")
        else:
            try:
                teaching.delete_course(occasion, context)
            except Conflict as error:
                request.tm.doom()
                problem = error.message
            else:
                flash(request, _("The course is deleted."))
                return HTTPSeeOther(page.url("catalogue"))
    frame(page, context, _("Delete course"))
    return {"course": context, "problem": problem}


def includeme(config: Configurator) -> None:
    config.scan(__name__)
