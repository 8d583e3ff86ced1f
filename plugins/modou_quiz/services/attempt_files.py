"""The files of attempts, what learners handed in and what markers gave back: they go with the
attempt. Their access is "attempt:<id>", which grants nothing: pages that may show them sign their
addresses."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from modou.services import files, jobs
from modou.services.jobs.context import JobContext
from modou.services.occasion import Occasion
from modou.store.containers import WideLOBTree, decode_id
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.marking import MarkingWork, QuizMarking
from modou_quiz.services.shelf import PLUGIN

JOB: Final = "quiz_drop_attempts"
#: Attempts whose files go in one transaction.
_TOGETHER = 100


def access_of(attempt: Attempt) -> str:
    """What the stored files of an attempt have as their access."""
    return f"attempt:{attempt.id}"


def _in_response(response: Any) -> Iterator[str]:
    """Keys of the files in a response: {"files": [{"id": ...}, ...]}, also within lists."""
    if isinstance(response, dict):
        for file in response.get("files") or ():
            if isinstance(file, dict) and isinstance(file.get("id"), str):
                yield file["id"]
    elif isinstance(response, list | tuple):
        for one in response:
            yield from _in_response(one)


def files_of(attempt: Attempt, work: MarkingWork | None) -> set[int]:
    """Ids of all files of an attempt: of its answers, of what counts and of what counted before,
    of what each marker said."""
    found: set[int] = set()
    for given in attempt.answers.given.values():
        for response in (given.response, *(one.response for one in given.tries)):
            for key in _in_response(response):
                try:
                    found.add(decode_id(key))
                except KeyError:
                    continue
    marks = [*attempt.marks.values()]
    for before in attempt.history:
        marks += before.marks.values()
    if work is not None:
        for part in work.parts.values():
            marks += part.said
    for mark in marks:
        found.update(mark.files)
    return found


def drop(occasion: Occasion, attempt: Attempt, work: MarkingWork | None = None) -> None:
    """Delete the files of an attempt that goes."""
    for id in files_of(attempt, work):
        stored = occasion.site.files.get(id)
        if stored is not None and stored.access == access_of(attempt):
            files.drop_file(occasion, id)


# -- all attempts of a quiz


def put_aside(occasion: Occasion, activity_id: int) -> None:
    """Take the attempts of a quiz that is deleted away from it, with their marking; a job deletes
    their files, a few at a time."""
    data = occasion.site.plugin_data(PLUGIN)
    taken = [
        tree.pop(activity_id, None) if (tree := data.get(name)) is not None else None
        for name in ("attempts", "marking")
    ]
    if taken[0] is None or not taken[0].by_id:
        return
    dropped = data.get("dropped")
    if dropped is None:
        dropped = data["dropped"] = WideLOBTree()
    dropped[activity_id] = tuple(taken)
    jobs.enqueue(occasion, JOB, activity=activity_id)


def drop_job(context: JobContext) -> None:
    """The job; value: `activity`. What was done stays done when it is run again."""
    activity_id = context.values["activity"]
    while True:
        context.check()
        with context.occasion() as occasion:
            if not _drop_some(occasion, activity_id):
                return


def _drop_some(occasion: Occasion, activity_id: int) -> bool:
    """Drop some attempts; whether there may be others."""
    dropped = occasion.site.plugin_data(PLUGIN).get("dropped")
    held, marking = dropped.get(activity_id, (None, None)) if dropped is not None else (None, None)
    if held is None:
        return False
    some = list(islice(held.by_id.values(), _TOGETHER))
    for attempt in some:
        drop(occasion, attempt, _work_of(marking, attempt))
        del held.by_id[attempt.id]
    if not some:
        del dropped[activity_id]
    return bool(some)


def _work_of(marking: QuizMarking | None, attempt: Attempt) -> MarkingWork | None:
    id = marking.by_attempt.get(attempt.id) if marking is not None else None
    found: MarkingWork | None = marking.works.get(id) if marking is not None and id else None
    return found
