"""The job that hands attempts in when their time is up."""

from typing import Any

from modou_quiz.services.sitting import ending

#: Attempts that are handed in within one transaction.
BATCH = 50


def close_attempts(context: Any) -> None:
    """The job `close_quiz_attempts`: hand in the attempts whose time is up, also when their
    browsers are gone."""
    while True:
        context.check()
        with context.occasion() as occasion:
            found = ending.some_due(occasion, BATCH)
            for activity_id, attempt_id in found:
                ending.close_if_over(occasion, activity_id, attempt_id)
        if len(found) < BATCH:
            return
