"""What grading again would do to a quiz with many attempts: found by a job and kept, with which
questions the attempts have. Few attempts are looked at while somebody waits."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from modou.errors import Message, NotFound
from modou.models.courses import Activity
from modou.services import jobs
from modou.services.jobs import JobContext
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.marking import QuizMarking, Rule
from modou_quiz.services import background, shelf
from modou_quiz.services.marking import regrading
from modou_quiz.services.marking.regrading import Asked, Change, Preview
from modou_quiz.services.marking.shelf import find_marking, marking_of

JOB: Final = "quiz_regrade_look"
#: Up to so many attempts are looked at, or graded again, at once.
AT_ONCE: Final = 100


class State(NamedTuple):
    """What there is to say of the questions of a quiz.

    :param asked: None: nobody has counted them yet
    :param when: seconds UTC when they were counted, 0: now
    :param preview: what the actor had looked for last, with its rule
    :param problem: why that was not found
    """

    asked: list[Asked] | None
    when: int = 0
    preview: Preview | None = None
    question: int = 0
    rule: Rule | None = None
    problem: Message = ""


def is_large(occasion: Occasion, activity: Activity) -> bool:
    held = shelf.attempts_of(occasion.site, activity.id)
    return held is not None and held.count() > AT_ONCE


def state(occasion: Occasion, activity: Activity) -> State:
    """:raises NotAllowed: without the capability `quiz:manage`"""
    occasion.require(permissions.MANAGE, activity)
    if not is_large(occasion, activity):
        return State(regrading.asked(occasion, activity))
    marking = find_marking(occasion.site, activity.id)
    kept = marking.asked if marking is not None else None
    lines = regrading.lines(occasion, activity, kept["counts"]) if kept is not None else None
    made = State(lines, kept["time"] if kept is not None else 0)
    look = marking.previews.get(_actor(occasion)) if marking is not None else None
    if look is None:
        return made
    made = made._replace(question=look["question"], rule=Rule(*look["rule"]))
    if look["found"] is None:
        return made._replace(problem=background.trouble(occasion, look["job"]))
    return made._replace(preview=_preview(look["found"]))


def look(
    occasion: Occasion, activity: Activity, question: int = 0, rule: Rule | None = None
) -> str:
    """Have the questions counted, and what a rule would change; the job's key.

    :param question: 0: only count
    """
    occasion.require(permissions.MANAGE, activity)
    record = jobs.enqueue(occasion, JOB, activity=activity.id)
    marking = marking_of(occasion, activity.id)
    kept = {
        "job": record.id,
        "question": question,
        "rule": tuple(rule if rule is not None else Rule()),
        "found": None,
    }
    marking.previews = {**marking.previews, _actor(occasion): kept}
    return record.key


def run(context: JobContext) -> None:
    """The job; value: `activity`."""
    activity_id = context.values["activity"]
    with context.occasion(context.actor) as occasion:
        activity, marking = _found(occasion, activity_id)
        wanted = marking.previews.get(context.actor)
        held = shelf.attempts_of(occasion.site, activity_id)
        total = 2 * int(held.count()) if held is not None else 0
        seen = 0

        def tick() -> None:
            nonlocal seen
            seen += 1
            if not seen % 100:
                context.check()
                context.progress(min(0.99, seen / total) if total else 0.0)

        counts = regrading.count(occasion, activity, tick)
        found = None
        if wanted is not None and wanted["question"]:
            rules = {wanted["question"]: Rule(*wanted["rule"])}
            found = _plain(regrading.preview(occasion, activity, rules, tick))
    with context.occasion(context.actor) as occasion:
        _activity, marking = _found(occasion, activity_id)
        marking.asked = {"time": occasion.now, "counts": counts}
        if wanted is None or marking.previews.get(context.actor) != wanted:
            return
        previews = {**marking.previews, context.actor: {**wanted, "found": found}}
        if found is None:
            del previews[context.actor]
        marking.previews = previews


def _found(occasion: Occasion, activity_id: int) -> tuple[Activity, QuizMarking]:
    """:raises NotFound: it is gone"""
    quiz = shelf.find_by_id(occasion.site, activity_id)
    course = occasion.site.courses.get(quiz.course) if quiz is not None else None
    activity = course.activities.get(activity_id) if course is not None else None
    if activity is None:
        raise NotFound(_("There is no such quiz."))
    return activity, marking_of(occasion, activity_id)


def _actor(occasion: Occasion) -> int:
    return occasion.actor.id if occasion.actor is not None else 0


def _plain(found: Preview) -> dict[str, Any]:
    return {
        "counts": (found.looked_at, found.changed, found.up, found.down),
        "shown": [tuple(change) for change in found.shown],
        "problems": [packed(problem) for problem in found.problems[:10]],
    }


def _preview(plain: Mapping[str, Any]) -> Preview:
    looked_at, changed, up, down = plain["counts"]
    return Preview(
        looked_at,
        changed,
        up,
        down,
        [Change(*values) for values in plain["shown"]],
        [unpacked(problem) for problem in plain["problems"]],
    )
