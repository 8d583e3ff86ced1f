"""What goes on behind the pages."""

from modou.declarations import Job
from modou.services.jobs import JobContext
from modou_quiz.i18n import _
from modou_quiz.services.sitting import ending

#: Attempts that are handed in within one transaction.
_BATCH = 50
HOUR = 3600


def close_attempts(context: JobContext) -> None:
    """Hand in the attempts whose time is up, also when their browsers are gone."""
    while True:
        context.check()
        with context.occasion() as occasion:
            found = ending.some_due(occasion, _BATCH)
            for activity_id, attempt_id in found:
                ending.close_if_over(occasion, activity_id, attempt_id)
        if len(found) < _BATCH:
            return


JOBS: tuple[Job, ...] = (
    Job(
        "close_quiz_attempts",
        _("Hand in quizzes whose time is up"),
        close_attempts,
        every=60,
        keep=HOUR,
    ),
)
