"""What a deleted quiz leaves: the files of its answers, and what its questions say about it in the
bank. Attempts may be many, so that a job sees to them."""

from itertools import islice

from modou.services import files, jobs
from modou.services.jobs.context import JobContext
from modou.services.occasion import Occasion
from modou.store.containers import WideLOBTree
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.services import answer_files, statistics
from modou_quiz.services.shelf import PLUGIN

#: Attempts of one transaction.
_TOGETHER = 100
#: Attempts of deleted quizzes that the job has not seen to: activity id -> `QuizAttempts`.
_DROPPED = "dropped"


def drop_attempts(occasion: Occasion, activity_id: int) -> None:
    """Take the attempts of a quiz away; the job `quiz_drop` does the rest."""
    data = occasion.site.plugin_data(PLUGIN)
    all_ = data.get("attempts")
    held: QuizAttempts | None = all_.pop(activity_id, None) if all_ is not None else None
    if held is None or not held.by_id:
        return
    dropped = data.get(_DROPPED)
    if dropped is None:
        dropped = data[_DROPPED] = WideLOBTree()
    dropped[activity_id] = held
    jobs.enqueue(occasion, "quiz_drop", activity=activity_id)


def drop(context: JobContext) -> None:
    """The job `quiz_drop`; values: `activity`. Bears to be begun again."""
    activity_id = context.values["activity"]
    done, after = 0, None
    while True:
        context.check()
        with context.occasion() as occasion:
            held = _dropped(occasion, activity_id)
            if held is None:
                return
            total = int(held.count()) or 1
            ids = list(islice(held.by_id.keys(after, excludemin=after is not None), _TOGETHER))
            if not ids:
                del occasion.site.plugin_data(PLUGIN)[_DROPPED][activity_id]
                return
            attempts = [held.by_id[id] for id in ids]
            for attempt in attempts:
                drop_files(occasion, attempt)
            asked = {slot.question for attempt in attempts for slot in attempt.slots}
            statistics.forget(occasion, activity_id, asked)
        after = ids[-1]
        done += len(ids)
        context.progress(min(1.0, done / total), _("Deleting the files of its answers"))


def _dropped(occasion: Occasion, activity_id: int) -> QuizAttempts | None:
    dropped = occasion.site.plugin_data(PLUGIN).get(_DROPPED)
    held: QuizAttempts | None = dropped.get(activity_id) if dropped is not None else None
    return held


def drop_files(occasion: Occasion, attempt: Attempt) -> None:
    """Delete all files of an attempt that goes: those sent with answers and given with marks."""
    answers = attempt.answers
    ids = set(answers.files)
    for given in answers.given.values():
        ids.update(answer_files.ids_in(given.response))
    for id in ids:
        files.drop_file(occasion, id)
