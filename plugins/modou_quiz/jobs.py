"""What goes on behind the pages."""

from modou.declarations import Job
from modou_quiz.i18n import _
from modou_quiz.services.interchange import exporting, reading, taking

JOBS: tuple[Job, ...] = (
    Job(reading.JOB, _("Reading a file of questions"), reading.read, long=True, retries=2),
    Job(taking.JOB, _("Taking questions from a file"), taking.take, long=True),
    Job(exporting.JOB, _("Writing questions to a file"), exporting.write, long=True, retries=2),
)
