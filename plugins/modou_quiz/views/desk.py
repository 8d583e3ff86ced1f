"""What the pages of those who mark and watch a quiz share: context, frame, tabs, how numbers and
times look."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup
from pyramid.request import Request

from modou.errors import ModouError
from modou.models.courses import Activity
from modou.services import jobs
from modou.services.grading import format_points
from modou.web import courses
from modou.web.resources import bare_activity, found
from modou_quiz import permissions
from modou_quiz.contexts import QuizContext
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.services import shelf
from modou_quiz.services.rendering import render_for
from modou_quiz.types import Render
from modou_quiz.views.addresses import signs

#: Stands where there is nothing.
NONE = "–"

#: Route, title, capability.
TABS = (
    ("quiz_results", _("Results"), permissions.RESULTS),
    ("quiz_marking", _("Marking"), permissions.MARK),
    ("quiz_statistics", _("Statistics"), permissions.RESULTS),
    ("quiz_regrade", _("Grade again"), permissions.MANAGE),
)


@found
def quiz_desk(request: Request) -> QuizContext:
    """The quiz of the address, whether or not learners may open it now."""
    activity: Activity = bare_activity(request)
    quiz = shelf.find(request.site, activity)
    if quiz is None:
        raise KeyError(activity.id)
    return QuizContext(activity, quiz)


def frame(request: Request, context: QuizContext, title: Any, active: str = "") -> dict[str, Any]:
    """Title, breadcrumbs, and the values that all these pages need.

    :param active: route of the tab that the page belongs to
    """
    page = request.page
    t = page.in_domain(DOMAIN)
    courses.frame(page, context.course, t(title) if title else context.activity.title)
    page.breadcrumbs += [(context.activity.title, url_of(request, context, "activity"))]
    return {
        "t": t,
        "course": context.course,
        "activity": context.activity,
        "quiz": context.content,
        "tabs": tabs(request, context, active),
        "url": lambda route, **more: url_of(request, context, route, **more),
        "static": lambda path: request.static_path(f"modou_quiz:static/{path}"),
        "job": asked_job(request),
        "points": points,
        "percent": percent,
        "decimal": decimal,
        "duration": lambda seconds: duration(t, seconds),
        "may_mark": request.occasion.can(permissions.MARK, context),
        "may_manage": request.occasion.can(permissions.MANAGE, context),
        "may_results": request.occasion.can(permissions.RESULTS, context),
    }


def tabs(request: Request, context: QuizContext, active: str) -> list[dict[str, Any]]:
    """The pages of a quiz that the reader may open."""
    t = request.page.in_domain(DOMAIN)
    shown = []
    for route, title, capability in TABS:
        if request.occasion.can(capability, context):
            tab: dict[str, Any] = {
                "title": t(title),
                "href": url_of(request, context, route),
                "active": route == active,
            }
            shown.append(tab)
    return shown


def url_of(request: Request, context: QuizContext, route: str, **more: Any) -> str:
    """The address of one of the quiz's pages."""
    activity = context.activity
    path: str = request.page.url(route, course=activity.course.key, activity=activity.key, **more)
    return path


def asked_job(request: Request) -> str:
    """Key of the job that the page waits for (`job` in its address); "" for none, and once it has
    ended: then the page is loaded anew."""
    key: str = request.GET.get("job", "")
    if not key:
        return ""
    try:
        record = jobs.find(request.occasion, key)
    except ModouError:
        return ""
    return key if jobs.view(request.occasion, record).is_open else ""


def renderer(request: Request, question_id: int, number: int) -> Render:
    """Makes the texts of a version of a question pieces of the page."""
    bank = shelf.find_bank(request.site)
    question = bank.questions.get(question_id) if bank is not None else None
    if question is None:
        return lambda _rich: Markup()
    return render_for(request.occasion, question.version(number), signs(request))


def points(value: float | None) -> str:
    """Marks, without needless decimals."""
    return NONE if value is None else format_points(value)


def percent(share: float | None) -> str:
    """A share as a percentage, with one decimal where there is one."""
    return NONE if share is None else f"{round(share * 100, 1):g} %"


def decimal(value: float | None) -> str:
    """A coefficient, with two decimals."""
    return NONE if value is None else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def duration(t: Callable[..., str], seconds: float | None) -> str:
    """A length of time in words."""
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 60:
        return t(_("${s} s", mapping={"s": whole}))
    if whole < 3600:
        values: Mapping[str, int] = {"m": whole // 60, "s": whole % 60}
        return t(_("${m} min ${s} s", mapping=values))
    values = {"h": whole // 3600, "m": whole % 3600 // 60}
    return t(_("${h} h ${m} min", mapping=values))
