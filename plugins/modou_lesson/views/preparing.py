"""The teacher's page about a lesson's uploads: how far they are, what is wrong, older versions."""

from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.view import view_config

from modou.models.courses import Activity
from modou.web import resources
from modou.web.courses import frame
from modou.web.page import flash
from modou_lesson import permissions
from modou_lesson.contexts import LessonContext
from modou_lesson.i18n import DOMAIN, _
from modou_lesson.services import looking, preparing


def _values(request: Request, activity: Activity) -> dict[str, Any]:
    page = request.page
    return {
        "t": page.in_domain(DOMAIN),
        "uploads": looking.uploads(request.occasion, activity),
        "here": page.url("lesson_uploads", course=activity.course.key, activity=activity.key),
        "url": lambda name, **more: page.url(
            name, course=activity.course.key, activity=activity.key, **more
        ),
    }


@view_config(
    route_name="lesson_uploads",
    permission=permissions.PREPARE,
    request_method="GET",
    renderer="modou_lesson:templates/uploads.jinja2",
)
def uploads(context: Activity, request: Request) -> dict[str, Any]:
    """All versions of a lesson."""
    frame(
        request.page, context.course, _("Uploads of “${title}”", mapping={"title": context.title})
    )
    return {**_values(request, context), "activity": context, "course": context.course}


@view_config(
    route_name="lesson_uploads",
    permission=permissions.PREPARE,
    request_method="GET",
    request_param="part=list",
    renderer="modou_lesson:templates/uploads_list.jinja2",
)
def uploads_list(context: Activity, request: Request) -> dict[str, Any]:
    """The list alone, which the page fetches again while something is being prepared."""
    return _values(request, context)


@view_config(route_name="lesson_uploads", permission=permissions.PREPARE, request_method="POST")
def change(context: Activity, request: Request) -> HTTPSeeOther:
    """Prepare a version again (`repeat`), stop it (`stop`), remove it (`remove`); the value is the
    version's number."""
    for name, verb, said in (
        ("repeat", preparing.repeat, _("It is being prepared again.")),
        ("stop", preparing.stop, _("It stops.")),
        ("remove", preparing.remove_version, _("The version is gone.")),
    ):
        number = request.POST.get(name, "")
        if number.isascii() and number.isdigit():
            verb(request.occasion, context, int(number))
            flash(request, said)
    return HTTPSeeOther(
        request.page.url("lesson_uploads", course=context.course.key, activity=context.key)
    )


def render_for_teacher(request: Request, context: Any) -> str:
    """On top of the lesson, for those who prepare it: what is not right, and the way there."""
    if not isinstance(context, LessonContext) or context.content.kind == "text":
        return ""
    if not request.occasion.can(permissions.PREPARE, context.activity):
        return ""
    html = render(
        "modou_lesson:templates/notice.jinja2", _values(request, context.activity), request
    )
    return Markup(html)  # noqa: S704 - a template's output


def includeme(config: Configurator) -> None:
    config.add_route(
        "lesson_uploads",
        "/courses/{course}/a/{activity}/uploads",
        factory=resources.activity_core,
    )
    config.scan(__name__)
