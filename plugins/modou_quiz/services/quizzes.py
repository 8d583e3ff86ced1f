"""Quizzes as activities: kept, changed, copied, dropped. Their papers are `papers`' business."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from modou.errors import Invalid
from modou.models.courses import Activity
from modou.services import jobs
from modou.services.cleaning import clean_line, clean_text
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.papers import Paper
from modou_quiz.models.quizzes import GRADE_BY, INSTANT, KINDS, MOMENTS, SHOWN, TOLD, Quiz
from modou_quiz.services import carrying, dropping, naming, shelf
from modou_quiz.services.marking.shelf import drop_marking
from modou_quiz.services.printing import prints
from modou_quiz.services.shelf import PLUGIN
from modou_quiz.services.sitting import managing, reviewing

INTRO_LENGTH = 20_000
MINUTE = 60
HOUR = 3600
#: Longest time limit and delay.
_MOST_MINUTES = 24 * 60
_MOST_HOURS = 24 * 366
_MOST_NETWORKS = 100
MOST_TRIES = 20

#: What is shown when, as each kind of quiz begins.
REVIEWS = {
    "practice": frozenset((m, s) for m in MOMENTS for s in SHOWN),
    "chapter": frozenset((m, s) for m in MOMENTS[1:] for s in SHOWN),
    "midterm": frozenset([("after", "marks"), ("later", "marks"), *(("closed", s) for s in SHOWN)]),
    "final": frozenset([("after", "marks"), ("later", "marks"), ("closed", "marks")]),
}
#: Settings that are copied with a quiz.
_RULES = (
    "kind",
    "intro",
    "paper",
    "opens",
    "closes",
    "time_limit",
    "stay",
    "attempts",
    "delay",
    "grade_by",
    "shuffle_questions",
    "shuffle_options",
    "per_page",
    "sequential",
    "review",
    "instant",
    "tries",
    "password",
    "networks",
    "cohorts",
    "most_leaves",
    "anonymous",
    "second_marker",
    "tolerance",
)


def save(occasion: Occasion, activity: Activity, values: Mapping[str, Any]) -> None:
    """Create or change a quiz. Attempts that are open keep at least the time that they had.

    :param values: see `modou_quiz.forms.quizzes.QuizForm`
    :raises Invalid: naming the field
    """
    cleaned = _clean(occasion, activity, values)
    quiz = shelf.find(occasion.site, activity)
    new = quiz is None
    if quiz is None:
        quiz = Quiz(activity.course.id)
        quiz.created = occasion.now
        quiz.paper = Paper()
        shelf.put(occasion, activity, quiz)
    counted = quiz.grade_by
    times = quiz.closes, quiz.time_limit
    changed = False
    for name, value in cleaned.items():
        if getattr(quiz, name) != value:
            setattr(quiz, name, value)
            changed = True
    if not changed and not new:
        return
    quiz.revision += 1
    quiz.modified = occasion.now
    if not new and times != (quiz.closes, quiz.time_limit):
        managing.settle_deadlines(occasion, activity, quiz)
    if not new and quiz.grade_by != counted:
        # Of thousands of learners: behind the page.
        jobs.enqueue(occasion, "quiz_settle", activity=activity.id)
    occasion.record(
        "quiz_changed",
        course=activity.course.id,
        values={"activity": activity.id, "revision": quiz.revision},
    )


def _clean(occasion: Occasion, activity: Activity, values: Mapping[str, Any]) -> dict[str, Any]:
    kind = _one_of(values, "kind", KINDS)
    opens, closes = int(values.get("opens") or 0), int(values.get("closes") or 0)
    if opens and closes and closes <= opens:
        raise Invalid(_("It would close before it opens."), "closes")
    time_limit = _number(values, "time_limit", _MOST_MINUTES) * MINUTE
    stay = _number(values, "stay", _MOST_MINUTES) * MINUTE
    if time_limit and stay >= time_limit:
        raise Invalid(_("That is longer than the time limit."), "stay")
    per_page = _number(values, "per_page", 100)
    review = _review(values)
    instant = _instant(values, kind, review)
    return {
        "kind": kind,
        "intro": clean_text(values.get("intro"), "intro", INTRO_LENGTH),
        "opens": opens,
        "closes": closes,
        "time_limit": time_limit,
        "stay": stay,
        "attempts": _number(values, "attempts", 1000),
        "delay": _number(values, "delay", _MOST_HOURS) * HOUR,
        "grade_by": _one_of(values, "grade_by", GRADE_BY),
        "shuffle_questions": bool(values.get("shuffle_questions")),
        "shuffle_options": bool(values.get("shuffle_options")),
        "per_page": per_page,
        "sequential": bool(values.get("sequential")),
        "review": review,
        "instant": instant,
        "tries": _number(values, "tries", MOST_TRIES),
        "password": clean_line(values.get("password") or "", "password", 100, required=False),
        "networks": _networks(values.get("networks") or ""),
        "cohorts": _cohorts(occasion, values.get("cohorts") or ""),
        "most_leaves": _number(values, "most_leaves", 1000),
        "anonymous": bool(values.get("anonymous")),
        "second_marker": bool(values.get("second_marker")),
        "tolerance": _number(values, "tolerance", 100) / 100,
    }


def _one_of(values: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = values.get(name) or known[0]
    if value not in known:
        raise Invalid(_("Choose one of the list."), name)
    return str(value)


def _number(values: Mapping[str, Any], name: str, most: int) -> int:
    value = int(values.get(name) or 0)
    if not 0 <= value <= most:
        raise Invalid(_("Between 0 and ${most}.", mapping={"most": most}), name)
    return value


def _review(values: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    found = set()
    for moment in MOMENTS:
        for what in values.get(f"review_{moment}") or ():
            if what not in SHOWN:
                raise Invalid(_("Choose one of the list."), f"review_{moment}")
            found.add((moment, what))
    return frozenset(found)


def _instant(values: Mapping[str, Any], kind: str, review: frozenset[tuple[str, str]]) -> str:
    """:raises Invalid: an exam would tell something, or there is nothing that could be told"""
    told = {what for moment, what in review if moment == "during"}
    if values.get("instant") is None:
        # The rules of the review alone say it.
        return "once"
    instant = _one_of(values, "instant", INSTANT)
    if instant != "off" and kind not in TOLD:
        raise Invalid(_("An exam says nothing before it is handed in."), "instant")
    if instant == "once" and not told:
        raise Invalid(_("Choose what is shown when an answer is checked."), "review_during")
    if instant == "tries" and "correct" not in told:
        raise Invalid(
            _("Who may try again has to see whether the answer was right."), "review_during"
        )
    return instant


def _networks(text: str) -> tuple[str, ...]:
    """Networks, a line or a word each: 10.1.0.0/16, 192.168.1.7, 2001:db8::/32."""
    found = []
    for word in text.replace(",", " ").replace("，", " ").split():
        try:
            found.append(str(ipaddress.ip_network(word, strict=False)))
        except ValueError:
            raise Invalid(
                _("“${text}” is no network such as 10.1.0.0/16.", mapping={"text": word[:50]}),
                "networks",
            ) from None
    if len(found) > _MOST_NETWORKS:
        raise Invalid(_("At most ${most}.", mapping={"most": _MOST_NETWORKS}), "networks")
    return tuple(dict.fromkeys(found))


def _cohorts(occasion: Occasion, text: str) -> tuple[int, ...]:
    """Classes by their numbers, as people call them."""
    found = []
    for word in text.replace("，", ",").replace("\n", ",").split(","):
        number = word.strip()
        if not number:
            continue
        cohort = occasion.site.cohorts.by_number(number)
        if cohort is None:
            raise Invalid(
                _("There is no class with the number ${number}.", mapping={"number": number[:50]}),
                "cohorts",
            )
        found.append(cohort.id)
    return tuple(dict.fromkeys(found))


def values_of(occasion: Occasion, activity: Activity) -> dict[str, Any]:
    """What the form shows."""
    quiz = shelf.find(occasion.site, activity)
    if quiz is None:
        quiz = Quiz(0)
    values: dict[str, Any] = {
        name: getattr(quiz, name)
        for name in (
            *(
                "tries",
                "kind",
                "intro",
                "opens",
                "closes",
                "attempts",
                "grade_by",
                "shuffle_questions",
            ),
            *("shuffle_options", "per_page", "sequential", "password", "most_leaves"),
            *("anonymous", "second_marker"),
        )
    }
    cohorts = (occasion.site.cohorts.get(id) for id in quiz.cohorts)
    return {
        **values,
        "instant": quiz.instant if reviewing.during(quiz) else "off",
        "time_limit": quiz.time_limit // MINUTE,
        "stay": quiz.stay // MINUTE,
        "delay": quiz.delay // HOUR,
        "tolerance": round(quiz.tolerance * 100),
        "networks": "\n".join(quiz.networks),
        "cohorts": ", ".join(cohort.number for cohort in cohorts if cohort is not None),
        **{
            f"review_{moment}": [s for s in SHOWN if (moment, s) in quiz.review]
            for moment in MOMENTS
        },
    }


def delete(occasion: Occasion, activity: Activity) -> None:
    """Drop a quiz with all attempts, whose files go by a job. What they came to stays in the
    journal."""
    data = occasion.site.plugin_data(PLUGIN)
    quiz = shelf.find(occasion.site, activity)
    if quiz is not None:
        naming.note(occasion, activity.id, quiz.paper, Paper())
    quizzes = data.get("quizzes")
    if quizzes is not None:
        quizzes.pop(activity.id, None)
    dropping.drop_attempts(occasion, activity.id)
    drop_marking(occasion, activity.id)
    prints.drop_all(occasion, activity.id)


def copy(occasion: Occasion, source: Activity, target: Activity) -> None:
    """Give `target` the rules and the paper of `source`: no attempts, exceptions, resit list. In
    another course it asks questions of that course's bank, see `carrying`."""
    quiz = shelf.find(occasion.site, source)
    if quiz is None:
        return
    twin = Quiz(target.course.id)
    for name in _RULES:
        setattr(twin, name, getattr(quiz, name))
    twin.paper = carrying.carry(occasion, quiz.paper, source.course, target.course)
    twin.created = twin.modified = occasion.now
    twin.revision = 1
    shelf.put(occasion, target, twin)
