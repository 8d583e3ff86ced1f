"""Going through all attempts of a quiz without keeping them in memory."""

from collections.abc import Iterator
from itertools import islice

from modou.models.site import Site
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.services import shelf

#: Attempts that are fetched from the database together.
_TOGETHER = 200
CLOSED = frozenset({"handed_in", "graded"})


def walk(site: Site, activity_id: int, *, answers: bool = False) -> Iterator[Attempt]:
    """All attempts of a quiz. What was not changed is let go of after its turn.

    :param answers: the answers will be looked at too
    """
    held = shelf.attempts_of(site, activity_id)
    if held is not None:
        yield from walk_in(held, answers=answers)


def walk_in(held: QuizAttempts, *, answers: bool = False) -> Iterator[Attempt]:
    """See `walk`."""
    attempts = iter(held.by_id.values())
    while batch := list(islice(attempts, _TOGETHER)):
        _prefetch(batch)
        if answers:
            _prefetch([attempt.answers for attempt in batch])
        for attempt in batch:
            yield attempt
            if answers:
                attempt.answers._p_deactivate()  # noqa: SLF001 - persistent's own name
            # What was changed stays: deactivating does nothing to it.
            attempt._p_deactivate()  # noqa: SLF001 - likewise


def closed(site: Site, activity_id: int, *, answers: bool = False) -> Iterator[Attempt]:
    """The attempts that were handed in, neither void nor a preview."""
    for attempt in walk(site, activity_id, answers=answers):
        if attempt.state in CLOSED and not attempt.preview:
            yield attempt


def _prefetch(objects: list[object]) -> None:
    """One question to the database instead of one for each."""
    connection = getattr(objects[0], "_p_jar", None)
    if connection is not None:
        connection.prefetch(objects)
