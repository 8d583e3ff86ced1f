"""The jobs that hand attempts in when their time is up, or nobody goes on with them, and that note
when they end by new rules."""

import logging
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from transaction.interfaces import TransientError

from modou.services.jobs.context import Interrupted
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.services import shelf
from modou_quiz.services.sitting import ending, managing

log = logging.getLogger(__name__)

#: Attempts that are handed in within one transaction.
BATCH = 50

#: (activity id, attempt id)
Place = tuple[int, int]
Verb = Callable[[Occasion, int, int], Any]


def close_attempts(context: Any) -> None:
    """The job `close_quiz_attempts`: hand in the attempts whose time is up, also when their
    browsers are gone.

    One that cannot be handed in, or that its learner hands in at the same moment, does not hold up
    the others: it is looked at again with the next run.
    """
    seen: set[tuple[int, int]] = set()
    while True:
        context.check()
        with context.occasion() as occasion:
            found = ending.some_due(occasion, BATCH, seen)
        seen.update(found)
        _all_or_each(context, found, ending.close_or_note)
        if len(found) < BATCH:
            return


def close_idle(context: Any) -> None:
    """The job `close_idle_quiz_attempts`: hand in the attempts without an end in which nobody has
    answered for long."""
    with context.occasion() as occasion:
        waiting = iter(ending.without_end(occasion))
    while found := list(islice(waiting, BATCH)):
        context.check()
        _all_or_each(context, found, ending.close_if_idle)


def settle_deadlines(context: Any) -> None:
    """The job `quiz_deadlines`; values: `activity`. Gives open attempts the end that they have by
    new rules. Bears to be begun again."""
    activity_id = context.values["activity"]
    with context.occasion() as occasion:
        held = shelf.attempts_of(occasion.site, activity_id)
        ids = list(held.deadlines.keys()) if held is not None else []
    for place in range(0, len(ids), BATCH):
        context.check()
        pairs = [(activity_id, id) for id in ids[place : place + BATCH]]
        _all_or_each(context, pairs, _settle)
        context.progress((place + len(pairs)) / len(ids), _("Noting when the attempts end"))


def _settle(occasion: Occasion, activity_id: int, attempt_id: int) -> None:
    held = shelf.attempts_of(occasion.site, activity_id)
    quiz = shelf.find_by_id(occasion.site, activity_id)
    if held is not None and quiz is not None:
        managing.settle_some(held, quiz, [attempt_id])


def _all_or_each(context: Any, found: Sequence[Place], verb: Verb) -> None:
    """Do it with some attempts in one transaction; where that fails, with each in its own, so that
    one does not hold up the others."""
    try:
        _do(context, found, verb)
    except Interrupted:
        raise
    except Exception:  # noqa: BLE001 - which of them it was is found out below
        for place in found:
            context.check()
            try:
                _do(context, [place], verb)
            except Interrupted:
                raise
            except TransientError:
                continue
            except Exception:
                log.exception("attempt %d of quiz %d is left as it is", place[1], place[0])


def _do(context: Any, found: Sequence[Place], verb: Verb) -> None:
    with context.occasion() as occasion:
        for activity_id, attempt_id in found:
            verb(occasion, activity_id, attempt_id)
