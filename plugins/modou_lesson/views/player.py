"""The page of a lesson: player or reader. It is the same for all readers of a language; what is
theirs comes through the API (see static/js/player.js)."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.permissions import Capability
from modou.services import learning
from modou.web.activities import show
from modou.web.page import Page
from modou_lesson.contexts import LessonContext
from modou_lesson.i18n import DOMAIN
from modou_lesson.models import MEDIA_KINDS
from modou_lesson.services import lessons
from modou_lesson.views.player_words import words


@view_config(route_name="activity", context=LessonContext, permission=Capability.ACTIVITY_VIEW)
def player(context: LessonContext, request: Request) -> Response:
    """What plays, or is read, and what of it counts."""
    occasion, course, activity = request.occasion, context.course, context.activity
    shown = lessons.shown(occasion, activity, context.content)
    learner = learning.own_enrolment(occasion, course) is not None

    def values(page: Page) -> dict[str, Any]:
        t = page.in_domain(DOMAIN)
        static = _static(request)
        config = {
            "activity": activity.key,
            "course": page.url("course", course=course.key),
            "kind": shown.kind,
            "film": shown.kind in MEDIA_KINDS,
            "version": shown.version,
            "length": shown.length,
            "pages": [shown.length / shown.pages] * shown.pages if shown.pages else [shown.length],
            "learner": learner,
            "locale": page.locale,
            "media": f"/api/v1/lesson/activities/{activity.key}/media",
            "sign_in": page.url("login", _query={"next": request.path}),
            "study": page.static("js/study/client.js"),
            "spans": page.static("js/study/spans.js"),
            "challenges": page.static("js/study/challenges.js"),
            "vendor": {
                "video": page.static("vendor/video/video.core.min.js"),
                "words": page.static("vendor/video/lang/zh-CN.json"),
                "hls": page.static("vendor/hls/hls.light.min.mjs"),
            },
        }
        return {
            "t": t,
            "lesson": shown,
            "learner": learner,
            "film": config["film"],
            "config": config,
            "texts": words(t),
            "static": static,
            "my_study": page.url("my_study"),
            "original": f"/lesson/{activity.key}/{shown.version}/original",
        }

    return show(
        request,
        "modou_lesson:templates/lesson_player.jinja2",
        key=(learner, *_key(shown)),
        values=values,
    )


def _key(shown: lessons.Shown) -> tuple[Any, ...]:
    """What of a lesson the page depends on beside the course's revision."""
    return (
        shown.kind,
        shown.version,
        shown.length,
        shown.state,
        shown.newest,
        str(shown.problem),
        shown.chapters,
        shown.html,
        shown.page_seconds,
        shown.pages,
    )


def _static(request: Request) -> Any:
    return lambda path: request.static_path(f"modou_lesson:static/{path}")


def includeme(config: Configurator) -> None:
    config.scan(__name__)
