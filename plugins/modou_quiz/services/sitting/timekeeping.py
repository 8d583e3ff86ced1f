"""The job that hands attempts in when their time is up."""

import logging
from collections.abc import Iterable
from typing import Any

from transaction.interfaces import TransientError

from modou.services.jobs.context import Interrupted
from modou_quiz.services.sitting import ending

log = logging.getLogger(__name__)

#: Attempts that are handed in within one transaction.
BATCH = 50


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
        try:
            _close(context, found)
        except Interrupted:
            raise
        except Exception:  # noqa: BLE001 - which of them it was is found out below
            _one_by_one(context, found)
        if len(found) < BATCH:
            return


def _one_by_one(context: Any, found: Iterable[tuple[int, int]]) -> None:
    for activity_id, attempt_id in found:
        context.check()
        try:
            _close(context, [(activity_id, attempt_id)])
        except Interrupted:
            raise
        except TransientError:
            continue
        except Exception:
            log.exception("attempt %d of quiz %d is not handed in", attempt_id, activity_id)


def _close(context: Any, found: Iterable[tuple[int, int]]) -> None:
    with context.occasion() as occasion:
        for activity_id, attempt_id in found:
            ending.close_if_over(occasion, activity_id, attempt_id)
