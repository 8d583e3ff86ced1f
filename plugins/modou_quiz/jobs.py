"""What goes on behind the pages."""

from modou.declarations import Job
from modou_quiz.i18n import _
from modou_quiz.services import (
    carrying,
    counting_jobs,
    dropping,
    duplicate_search,
    reminding,
    searching,
    tidying,
)
from modou_quiz.services.bank import orphans
from modou_quiz.services.interchange import exporting, reading, taking
from modou_quiz.services.marking import previews
from modou_quiz.services.printing import prints
from modou_quiz.services.sitting import timekeeping

JOBS: tuple[Job, ...] = (
    Job(
        name="close_quiz_attempts",
        title=_("Hand in quizzes whose time is up"),
        run=timekeeping.close_attempts,
        every=60,
        keep=3600,
    ),
    Job(
        name="close_idle_quiz_attempts",
        title=_("Hand in quizzes that nobody goes on with"),
        run=timekeeping.close_idle,
        at="04:40",
        long=True,
        keep=3 * 86_400,
    ),
    Job(
        name="quiz_deadlines",
        title=_("When the open attempts at a quiz end by new rules"),
        run=timekeeping.settle_deadlines,
        long=True,
        retries=2,
    ),
    Job(
        name="quiz_statistics",
        title=_("Statistics of a quiz"),
        run=counting_jobs.count,
        long=True,
        retries=2,
    ),
    Job(
        name="quiz_statistics_all",
        title=_("Statistics of quizzes with new results"),
        run=counting_jobs.count_all,
        at="03:40",
        long=True,
        retries=2,
        keep=3 * 86_400,
    ),
    Job(
        name="quiz_regrade",
        title=_("Grading a quiz again"),
        run=counting_jobs.regrade,
        long=True,
    ),
    Job(
        previews.JOB,
        _("What grading a quiz again would change"),
        previews.run,
        long=True,
        retries=1,
    ),
    Job(
        name="quiz_settle",
        title=_("Grades of a quiz by another rule"),
        run=counting_jobs.settle,
        long=True,
    ),
    Job(
        name="quiz_marking_letters",
        title=_("Letters about answers that wait to be marked"),
        run=reminding.tell_markers,
        retries=2,
        at="07:10",
        keep=3 * 86_400,
    ),
    Job(
        name="quiz_tell_listed",
        title=_("Letters to learners on a resit list"),
        run=reminding.tell_listed,
    ),
    Job(
        name="quiz_drop",
        title=_("Delete the files of a deleted quiz"),
        run=dropping.drop,
        long=True,
        retries=5,
    ),
    Job(reading.JOB, _("Reading a file of questions"), reading.read, long=True, retries=2),
    Job(taking.JOB, _("Taking questions from a file"), taking.take, long=True),
    Job(exporting.JOB, _("Writing questions to a file"), exporting.write, long=True, retries=2),
    Job(
        carrying.JOB,
        _("Copying questions into another course"),
        carrying.carry_drawn,
        long=True,
    ),
    Job(
        duplicate_search.JOB,
        _("Looking for duplicates in the question bank"),
        duplicate_search.run,
        long=True,
        retries=1,
        keep=duplicate_search.KEPT,
    ),
    Job(prints.JOB, _("Printing a paper"), prints.make, long=True, retries=1, keep=prints.KEPT),
    Job(
        name="quiz_drop_files",
        title=_("Drop old prints, imports and exports of questions"),
        run=tidying.drop_files,
        at="04:35",
        keep=3 * 86_400,
    ),
    Job(
        name="quiz_bank_orphans",
        title=_("Delete the questions of deleted courses"),
        run=orphans.sweep_job,
        at="04:20",
        long=True,
        keep=3 * 86_400,
    ),
    Job(
        name="quiz_bank_search",
        title=_("Index the words of changed questions"),
        run=searching.seal_job,
        every=600,
        long=True,
        keep=3600,
    ),
)
