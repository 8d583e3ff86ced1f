"""Statistics of a quiz: how it went as a whole, how each question did."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.services import jobs
from modou.store.containers import decode_id, encode_id
from modou.web.page import flash
from modou_quiz import permissions
from modou_quiz.contexts import QuizContext
from modou_quiz.i18n import _
from modou_quiz.services.marking.keys import Unreadable, keys_of
from modou_quiz.services.statistics import FLAGS, WHICH, reading
from modou_quiz.views import posted
from modou_quiz.views.charts import bars, share_bar
from modou_quiz.views.desk import frame, percent, quiz_desk, renderer, url_of

WHICH_TITLES = {
    "first": _("Each learner's first attempt"),
    "last": _("Each learner's last attempt"),
    "best": _("Each learner's best attempt"),
    "all": _("All attempts"),
}


@view_config(
    route_name="quiz_statistics",
    permission=permissions.RESULTS,
    request_method="GET",
    renderer="modou_quiz:templates/marking/statistics.jinja2",
)
def overview(context: QuizContext, request: Request) -> dict[str, Any]:
    """How it went, as it was counted last."""
    values = frame(request, context, _("Statistics"), "quiz_statistics")
    t = values["t"]
    counted = reading.counted(request.occasion, context.activity)
    quiz = counted.quiz if counted is not None else None
    return {
        **values,
        "counted": counted,
        "which": WHICH_TITLES,
        "chosen": quiz["which"] if quiz is not None else "first",
        "scores": _scores(t, quiz) if quiz is not None else None,
        "times": _times(t, quiz) if quiz is not None else None,
        "flag": lambda name: FLAGS[name],
        "sort": request.GET.get("sort", ""),
        "items": reading.sorted_items(counted, request.GET.get("sort", "")) if counted else [],
        "sort_href": lambda key: url_of(
            request, context, "quiz_statistics", _query={"sort": key}, _anchor="questions"
        ),
        "key": encode_id,
    }


@view_config(route_name="quiz_statistics", permission=permissions.RESULTS, request_method="POST")
def count(context: QuizContext, request: Request) -> HTTPSeeOther:
    """Count again, behind the page (`which`: which attempts)."""
    which = posted.text(request.POST, "which", "first")
    if which not in WHICH:
        raise HTTPNotFound
    record = jobs.enqueue(
        request.occasion, "quiz_statistics", activity=context.activity.id, which=which
    )
    flash(request, _("It is being counted. Large exams take a minute."), "info")
    return HTTPSeeOther(url_of(request, context, "quiz_statistics", _query={"job": record.key}))


@view_config(
    route_name="quiz_statistics_question",
    permission=permissions.RESULTS,
    request_method="GET",
    renderer="modou_quiz:templates/marking/question.jinja2",
)
def question(context: QuizContext, request: Request) -> dict[str, Any]:
    """One question, version by version, choice by choice."""
    try:
        id = decode_id(request.matchdict["question"])
    except KeyError:
        raise HTTPNotFound from None
    item = reading.item(request.occasion, context.activity, id)
    if item is None:
        raise HTTPNotFound
    values = frame(request, context, "", "quiz_statistics")
    t = values["t"]
    keys = keys_of(request.occasion)
    versions = []
    title = ""
    stem: Any
    for number, version in sorted(item["versions"].items(), reverse=True):
        title = title or version["title"]
        try:
            stem = renderer(request, id, number)(keys(id, number).content.stem)
        except Unreadable:
            stem = ""
        parts: dict[str, list[Any]] = {}
        for choice in version["choices"]:
            parts.setdefault(choice[0], []).append(_choice(choice, version))
        versions.append({"number": number, "stem": stem, "parts": parts, **version})
    request.page.title = title or t(_("A question"))
    request.page.breadcrumbs += [(t(_("Statistics")), url_of(request, context, "quiz_statistics"))]
    return {**values, "versions": versions, "flag": lambda name: FLAGS[name]}


def _choice(choice: Any, version: Any) -> dict[str, Any]:
    _part, _name, text, fraction, taken, upper, lower = choice
    right = fraction is not None and fraction > 0
    return {
        "text": text,
        "right": right,
        "known": fraction is not None,
        "fraction": fraction,
        "taken": taken,
        "share": percent(taken / version["n"]) if version["n"] else "",
        "upper": percent(upper / version["upper"]) if version["upper"] else "",
        "lower": percent(lower / version["lower"]) if version["lower"] else "",
        "bar": share_bar(taken / version["n"] if version["n"] else 0.0),
    }


def _scores(t: Any, quiz: Any) -> Any:
    found = quiz["histogram"]
    width = 100 // len(found)
    labels = [f"{n * width}–{(n + 1) * width} %" for n in range(len(found))]
    ticks = [f"{n * 20} %" for n in range(6)]
    return bars(found, labels, ticks, quiz.get("mean"))


def _times(t: Any, quiz: Any) -> Any:
    times = quiz["times"]
    if times is None:
        return None
    minutes = times["width"] // 60
    count = len(times["bins"])
    labels = [f"{n * minutes}–{(n + 1) * minutes}" for n in range(count - 1)]
    labels.append(t(_("${minutes} and more", mapping={"minutes": (count - 1) * minutes})))
    ticks = [f"{n * minutes}" for n in range(0, count + 1, 3)]
    typical = quiz.get("seconds")
    mark = typical / (times["width"] * count) if typical is not None else None
    return bars(times["bins"], labels, ticks, mark, open_end=True)


def includeme(config: Configurator) -> None:
    base = "/courses/{course}/a/{activity}/statistics"
    config.add_route("quiz_statistics", base, factory=quiz_desk)
    config.add_route("quiz_statistics_question", f"{base}/{{question}}", factory=quiz_desk)
    config.scan(__name__)
