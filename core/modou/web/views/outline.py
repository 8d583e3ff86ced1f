"""The outline editor: sections and activities in order, added, changed, copied, deleted."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.permissions import Capability
from modou.services import learning, teaching
from modou.store.containers import decode_id
from modou.web.courses import frame
from modou.web.forms.teaching import ActivityForm, SectionForm
from modou.web.page import flash
from modou.web.resources import SectionContext

_CHANGED = _("The course has changed meanwhile. Reload the page and order it again.")


def _to_outline(request: Request, course: Course, anchor: str = "") -> HTTPSeeOther:
    extra = {"_anchor": anchor} if anchor else {}
    return HTTPSeeOther(request.page.url("course_outline", course=course.key, **extra))


@view_config(
    route_name="course_outline",
    permission=Capability.ACTIVITY_EDIT,
    renderer="course_outline.jinja2",
)
def course_outline(context: Course, request: Request) -> dict[str, Any]:
    """Everything in the course, to be put in order."""
    frame(request.page, context, _("Edit outline"))
    occasion = request.occasion
    return {
        "course": context,
        "outline": learning.outline_of(occasion, context),
        "types": list(occasion.assembled.activity_types.values()),
        "rules": occasion.assembled.completion_rules,
    }


@view_config(
    route_name="course_order",
    permission=Capability.ACTIVITY_EDIT,
    request_method="POST",
    header="Content-Type:application/json",
    renderer="json",
)
def order_by_script(context: Course, request: Request) -> dict[str, Any]:
    """A new order from the page's script.

    ``{"ids": [section, …]}`` orders the sections; ``{"lists": [{"list": section, "ids": [activity,
    …]}, …]}`` says what is in which section, and in what order.
    """
    known = {section.key: section for section in context.outline}
    try:
        body = request.json_body
        if "lists" in body:
            inside = {
                str(one["list"]): [decode_id(str(i)) for i in one["ids"]] for one in body["lists"]
            }
            order = [
                (section.id, inside.get(key, section.activities)) for key, section in known.items()
            ]
            if not inside.keys() <= known.keys():
                raise Conflict(_CHANGED)
        else:
            order = [(known[str(i)].id, known[str(i)].activities) for i in body["ids"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Conflict(_CHANGED) from None
    teaching.arrange(request.occasion, context, order)
    return {"revision": context.revision}


@view_config(route_name="course_order", permission=Capability.ACTIVITY_EDIT, request_method="POST")
def order_by_button(context: Course, request: Request) -> Any:
    """One place up or down, by a button that needs no script: `move` is "up:activity:<key>"."""
    direction, _colon, rest = request.POST.get("move", "").partition(":")
    kind, _colon, key = rest.partition(":")
    if direction not in {"up", "down"} or kind not in {"section", "activity"}:
        raise Conflict(_CHANGED)
    try:
        id = decode_id(key)
    except KeyError:
        raise Conflict(_CHANGED) from None
    teaching.move(request.occasion, context, kind, id, direction)
    return _to_outline(request, context, f"{kind}-{key}")


# Sections


@view_config(
    route_name="section_new", permission=Capability.ACTIVITY_EDIT, renderer="section_form.jinja2"
)
def section_new(context: Course, request: Request) -> Any:
    """A new section at the end."""
    form = SectionForm.of(request, data={"visible": True})
    if request.method == "POST" and form.validate():
        try:
            section = teaching.create_section(
                request.occasion,
                context,
                form.title.data,
                form.summary.data or "",
                bool(form.visible.data),
            )
        except Invalid as error:
            form.take(error)
        else:
            return _to_outline(request, context, f"section-{section.key}")
    frame(request.page, context, _("Add a section"))
    return {"form": form, "course": context, "section": None}


@view_config(
    route_name="section_edit", permission=Capability.ACTIVITY_EDIT, renderer="section_form.jinja2"
)
def section_edit(context: SectionContext, request: Request) -> Any:
    """Change or copy a section."""
    course, section = context.course, context.section
    occasion = request.occasion
    if request.method == "POST" and "copy" in request.POST:
        twin = teaching.copy_section(occasion, course, section)
        flash(request, _("Copied."))
        return _to_outline(request, course, f"section-{twin.key}")
    form = SectionForm.of(
        request,
        data={"title": section.title, "summary": section.summary, "visible": section.visible},
    )
    if request.method == "POST" and form.validate():
        try:
            teaching.change_section(
                occasion,
                course,
                section,
                form.title.data,
                form.summary.data or "",
                bool(form.visible.data),
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return _to_outline(request, course, f"section-{section.key}")
    frame(request.page, course, _("Edit section"))
    return {"form": form, "course": course, "section": section}


@view_config(
    route_name="section_delete", permission=Capability.ACTIVITY_EDIT, renderer="part_delete.jinja2"
)
def section_delete(context: SectionContext, request: Request) -> Any:
    """Delete a section with everything in it."""
    course, section = context.course, context.section
    if request.method == "POST":
        teaching.delete_section(request.occasion, course, section)
        flash(request, _("The section is deleted."))
        return _to_outline(request, course)
    frame(request.page, course, _("Delete section"))
    activities = [a for i in section.activities if (a := course.activities.get(i)) is not None]
    return {"course": course, "title": section.title, "activities": activities}


# Activities


class _ActivityPage:
    """The form of an activity: the core's part and the type's."""

    def __init__(self, request: Request, course: Course, activity: Activity | None, type_: Any):
        self.request, self.course, self.activity, self.type = request, course, activity, type_
        occasion = request.occasion
        data: dict[str, Any] = {"visible": True}
        content: Any = {}
        if activity is None:
            data["completion"] = list(type_.completion[:1])
        else:
            data = ActivityForm.data_of(teaching.values_of_activity(activity))
            content = type_.values(occasion, activity) if type_ is not None else {}
        self.form = ActivityForm.of(request, data=data)
        rules = [(r.name, r.title) for r in occasion.assembled.completion_rules.values()]
        self.form.offer(course, activity, type_, rules, request.page.gettext)
        self.inner = (
            type_.form.of(request, data=content, prefix="content-") if type_ is not None else None
        )

    def save(self) -> Activity | None:
        """The activity as it is now; None when an entry was refused."""
        form, inner = self.form, self.inner
        valid = form.validate()
        if not ((inner is None or inner.validate()) and valid):
            return None
        occasion = self.request.occasion
        try:
            if self.activity is not None:
                teaching.change_activity(
                    occasion, self.activity, form.values(), inner.data if inner else None
                )
                return self.activity
            section = self.request.context.section
            content = inner.data if inner else {}
            return teaching.create_activity(
                occasion, self.course, section, self.type.name, form.values(), content
            )
        except Invalid as error:
            self.request.tm.doom()
            self._show(error)
            return None

    def _show(self, error: Invalid) -> None:
        of_type = {n: m for n, m in error.errors.items() if self.inner and n in self.inner}
        rest = {n: m for n, m in error.errors.items() if n not in of_type}
        if of_type and self.inner is not None:
            self.inner.take(Invalid(error.message, errors=of_type))
        if rest or not error.errors:
            self.form.take(Invalid(error.message, errors=rest))

    def values(self) -> dict[str, Any]:
        return {
            "course": self.course,
            "activity": self.activity,
            "type": self.type,
            "form": self.form,
            "inner": self.inner,
        }


@view_config(
    route_name="activity_new", permission=Capability.ACTIVITY_EDIT, renderer="activity_form.jinja2"
)
def activity_new(context: SectionContext, request: Request) -> Any:
    """A new activity at the end of a section."""
    course = context.course
    type_ = request.occasion.assembled.activity_types.get(request.matchdict["type"])
    if type_ is None:
        raise Conflict(_("No enabled plugin knows activities of this type."))
    editor = _ActivityPage(request, course, None, type_)
    if request.method == "POST":
        made = editor.save()
        if made is not None:
            flash(request, _("The activity is added."))
            return _to_outline(request, course, f"activity-{made.key}")
    page = request.page
    title = page.gettext(type_.title)
    frame(page, course, _("Add: ${type}", mapping={"type": title}))
    return {**editor.values(), "section": context.section}


@view_config(
    route_name="activity_edit", permission=Capability.ACTIVITY_EDIT, renderer="activity_form.jinja2"
)
def activity_edit(context: Activity, request: Request) -> Any:
    """Change an activity; the core's part even while its plugin is absent."""
    course = context.course
    type_ = request.occasion.assembled.activity_types.get(context.type)
    editor = _ActivityPage(request, course, context, type_)
    if request.method == "POST" and editor.save() is not None:
        flash(request, _("Saved."))
        return HTTPSeeOther(request.page.url("activity", course=course.key, activity=context.key))
    frame(request.page, course, context.title)
    return {**editor.values(), "section": course.section_of(context.id)}


@view_config(
    route_name="activity_delete", permission=Capability.ACTIVITY_EDIT, renderer="part_delete.jinja2"
)
def activity_delete(context: Activity, request: Request) -> Any:
    """Delete an activity."""
    course, title = context.course, context.title
    if request.method == "POST":
        teaching.delete_activity(request.occasion, context)
        flash(request, _("The activity is deleted."))
        return _to_outline(request, course)
    frame(request.page, course, _("Delete activity"))
    return {"course": course, "title": title, "activities": []}


@view_config(route_name="activity_copy", permission=Capability.ACTIVITY_EDIT, request_method="POST")
def activity_copy(context: Activity, request: Request) -> Any:
    """Copy an activity, right behind it."""
    twin = teaching.copy_activity(request.occasion, context)
    flash(request, _("Copied."))
    return _to_outline(request, context.course, f"activity-{twin.key}")


def includeme(config: Configurator) -> None:
    config.scan(__name__)
