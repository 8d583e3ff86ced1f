"""The long work of marking, as jobs: counting, grading again."""

from itertools import islice
from typing import Any

from modou.errors import NotFound
from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.services import shelf, statistics
from modou_quiz.services.marking import regrading, settling

#: Attempts that are graded again in one transaction.
_TOGETHER = 100


def activity_of(occasion: Occasion, activity_id: int) -> Activity:
    """The activity of a quiz.

    :raises NotFound: it is gone
    """
    quiz = shelf.find_by_id(occasion.site, activity_id)
    course = occasion.site.courses.get(quiz.course) if quiz is not None else None
    activity = course.activities.get(activity_id) if course is not None else None
    if activity is None:
        raise NotFound(_("There is no such quiz."))
    return activity


def count(context: Any) -> None:
    """The job `quiz_statistics`; values: `activity`, `which`."""
    count_quiz(context, context.values["activity"], context.values.get("which", "first"))


def count_quiz(context: Any, activity_id: int, which: str) -> None:
    """Read in one transaction, written in another: nobody waits for the reading."""
    with context.occasion() as occasion:
        held = shelf.attempts_of(occasion.site, activity_id)
        total = 2 * int(held.count()) if held is not None else 0

        def progress(seen: int) -> None:
            if not seen % 500:
                context.check()
                context.progress(seen / total if total else 0.0, _("Reading the attempts"))

        found = statistics.gather(occasion, activity_id, which, progress)
        counted = statistics.plain_of(occasion, activity_id, which, found)
    with context.occasion() as occasion:
        statistics.keep(occasion, activity_id, counted)


def count_all(context: Any) -> None:
    """The job `quiz_statistics_all`: all quizzes that have to be counted anew."""
    with context.occasion() as occasion:
        stale = stale_quizzes(occasion)
    for place, (activity_id, which) in enumerate(stale):
        context.check()
        count_quiz(context, activity_id, which)
        context.progress((place + 1) / len(stale))


def stale_quizzes(occasion: Occasion) -> list[tuple[int, str]]:
    """Quizzes that have to be counted anew, and which attempts of them."""
    data = occasion.site.plugins.get(shelf.PLUGIN)
    quizzes = data.get("marking") if data is not None else None
    stale = []
    for activity_id, marking in quizzes.items() if quizzes is not None else ():
        counted = marking.counted
        now = statistics.fingerprint(occasion, activity_id)
        if now and (counted is None or counted["fingerprint"] != now):
            stale.append((activity_id, counted["which"] if counted is not None else "first"))
    return stale


def settle(context: Any) -> None:
    """The job `quiz_settle`; values: `activity`. Brings all grades up to the attempts after
    another of them counts. Bears to be begun again."""
    activity_id = context.values["activity"]
    with context.occasion() as occasion:
        held = shelf.attempts_of(occasion.site, activity_id)
        learners = list(held.by_user.keys()) if held is not None else []
    waiting = iter(learners)
    done = 0
    while batch := list(islice(waiting, _TOGETHER)):
        context.check()
        with context.occasion() as occasion:
            activity = activity_of(occasion, activity_id)
            for user_id in batch:
                settling.settle(occasion, activity, user_id)
        done += len(batch)
        context.progress(done / len(learners))


def regrade(context: Any) -> None:
    """The job `quiz_regrade`; values: `activity`, `reason`. Bears to be begun again."""
    activity_id, reason = context.values["activity"], context.values["reason"]
    with context.occasion(context.actor) as occasion:
        ids = list(regrading.ids_of(occasion, activity_of(occasion, activity_id)))
    waiting = iter(ids)
    done = 0
    while batch := list(islice(waiting, _TOGETHER)):
        context.check()
        with context.occasion(context.actor) as occasion:
            activity = activity_of(occasion, activity_id)
            held = shelf.attempts_of(occasion.site, activity_id)
            found = [held.by_id.get(id) for id in batch] if held is not None else []
            regrading.regrade(
                occasion, activity, [attempt for attempt in found if attempt is not None], reason
            )
        done += len(batch)
        context.progress(done / len(ids), _("Grading the attempts again"))
