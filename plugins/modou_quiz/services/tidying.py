"""What was made to be fetched is dropped when its time is over."""

from modou.services.jobs import JobContext
from modou_quiz.services import duplicate_search
from modou_quiz.services.interchange import finding
from modou_quiz.services.printing import prints


def drop_files(context: JobContext) -> None:
    """The job `quiz_drop_files`."""
    with context.occasion() as occasion:
        prints.drop_old(occasion)
        duplicate_search.drop_old(occasion)
    with context.occasion() as occasion:
        finding.drop_old(occasion)
