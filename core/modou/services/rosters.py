"""Rosters: a file becomes accounts and enrolments, row by row, and every row gets its answer.

::

    job = upload(occasion, stream, "class.xlsx")     # read, encrypted, cut into batches
    start(occasion, job)                             # after the commit a worker (`work`) judges
                                                     #   all rows -> "checked"
    start(occasion, job)                             # a person has looked at the verdicts: a worker
                                                     #   takes the good rows -> "done"

The worker takes some rows at a time, each time in a transaction of its own that holds the rows'
effects, their outcomes and how far it is. So it can be killed at any moment: another one goes on at
the next row. A new token puts an earlier worker out of charge. One row that fails spoils no other:
its batch is repeated row by row.
"""

import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import BinaryIO, Final

from transaction.interfaces import TransientError

from modou.errors import Conflict, Message, ModouError, NotFound
from modou.i18n import _
from modou.models.courses import Course
from modou.models.rosters import RosterJob
from modou.permissions import Capability
from modou.services import jobs as jobs_service
from modou.services import roster_columns
from modou.services.access import SiteAccess
from modou.services.jobs import JobContext
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked
from modou.services.roster_rows import BAD, CREATE, ENROL, SAME, Judge, Verdict
from modou.services.roster_seen import Seen
from modou.services.roster_store import (
    BATCH,
    RowReport,
    keep,
    kept,
    read_rows,
    store_rows,
    walk_reports,
)
from modou.services.roster_taking import Outcome, take
from modou.services.tables import MAXIMUM_BYTES, Cell, read_table, write_xlsx

log = logging.getLogger(__name__)

#: Name of the background job.
JOB = "roster"
MAXIMUM_ROWS = 50_000
#: Seconds without a sign of life after which a worker counts as gone.
SILENCE = 60
#: Seconds after which what stands in finished jobs about people is dropped.
KEPT = 30 * 86_400
_ATTEMPTS = 8
KINDS = (CREATE, ENROL, SAME, BAD)
OUTCOME_TITLES: Final[Mapping[str, Message]] = {
    CREATE: _("New account"),
    ENROL: _("Enrolled"),
    SAME: _("Nothing to do"),
    BAD: _("Not taken"),
}


# -- verbs


def upload(
    occasion: Occasion, stream: BinaryIO, filename: str, course: Course | None = None
) -> RosterJob:
    """Read a roster and keep its rows, encrypted; nothing about people is changed yet.

    :param course: the course that it is for; None: the whole site, courses stand in columns
    :raises Invalid: not readable, or no column that tells who people are
    :raises TooLarge: too many bytes, rows or columns
    """
    occasion.require(Capability.ENROL_IMPORT, course)
    if course is not None:
        occasion.require(Capability.ENROL_MANAGE, course)
    discard_old(occasion)
    table = read_table(stream, filename, maximum_bytes=MAXIMUM_BYTES, maximum_rows=MAXIMUM_ROWS)
    columns = roster_columns.recognise(table.headers)
    job = RosterJob(filename[:200], occasion.actor.id if occasion.actor else 0, occasion.now)
    job.course = course.id if course is not None else 0
    job.columns = tuple(columns.places)
    job.ignored = columns.ignored
    occasion.site.rosters.add(job)
    store_rows(occasion, job, table.rows, list(columns.places.values()))
    occasion.record(
        "roster_uploaded",
        course=job.course,
        values={"roster": job.id, "rows": job.size, "columns": list(job.columns)},
    )
    return job


def start(occasion: Occasion, job: RosterJob) -> None:
    """Have a worker judge the rows, take what was judged, or go on after a stop.

    :raises Conflict: it is done or discarded, or another worker is busy with it
    """
    token = launch(occasion, job)
    jobs_service.enqueue(occasion, JOB, roster=job.id, token=token)


def run(context: JobContext) -> None:
    """The job of `start`."""
    work(
        context.access,
        context.values["roster"],
        context.values["token"],
        tell=context.progress,
        stop=context.cancelled,
    )


def launch(occasion: Occasion, job: RosterJob) -> str:
    """Put a new worker in charge. The token for `work`, to be called after the commit.

    :raises Conflict: it is done or discarded, or another worker is busy with it
    """
    _require(occasion, job)
    if job.status in {"done", "discarded"}:
        raise Conflict(_("This roster is done."))
    if job.is_under_way and not is_stopped(occasion, job) and job.progress.worker:
        raise Conflict(_("This roster is being worked on."))
    if job.status in {"checked", "cancelled"}:
        job.status = "running"
        # The rows are taken with the rights of the one who says so.
        job.actor = occasion.actor.id if occasion.actor else 0
        occasion.record("roster_started", course=job.course, values={"roster": job.id})
    elif job.progress.worker:
        occasion.record("roster_resumed", course=job.course, values={"roster": job.id})
    progress = job.progress
    progress.worker = secrets.token_hex(8)
    progress.beat = occasion.now
    return progress.worker


def cancel(occasion: Occasion, job: RosterJob) -> None:
    """Stop after the present batch; what was taken stays. `launch` goes on."""
    _require(occasion, job)
    if job.status != "running":
        raise Conflict(_("This roster is not being taken at the moment."))
    job.status = "cancelled"
    occasion.record("roster_cancelled", course=job.course, values={"roster": job.id})


def discard(occasion: Occasion, job: RosterJob) -> None:
    """Drop what the job holds about people; the counts stay."""
    _require(occasion, job)
    if job.is_under_way and not is_stopped(occasion, job):
        raise Conflict(_("This roster is being worked on."))
    job.drop_rows()
    occasion.record("roster_discarded", course=job.course, values={"roster": job.id})


def discard_old(occasion: Occasion) -> int:
    """Drop what jobs older than `KEPT` hold about people; how many there were."""
    old = [
        job
        for job in occasion.site.rosters
        if job.status != "discarded" and job.created + KEPT < occasion.now
    ]
    for job in old:
        job.drop_rows()
    return len(old)


def is_stopped(occasion: Occasion, job: RosterJob) -> bool:
    """Whether it should be going on but gave no sign of life for `SILENCE` seconds."""
    return job.is_under_way and job.progress.beat + SILENCE <= occasion.now


def jobs(occasion: Occasion, course: Course | None) -> list[RosterJob]:
    """The rosters of a course, or those for the whole site, newest first."""
    occasion.require(Capability.ENROL_IMPORT, course)
    wanted = course.id if course is not None else 0
    found = [job for job in occasion.site.rosters if job.course == wanted]
    return sorted(found, key=lambda job: -job.created)


def job_of(occasion: Occasion, key: str, course: Course | None) -> RosterJob:
    """:raises NotFound: there is none in this course (or for the site)"""
    try:
        job = occasion.site.rosters[key]
    except KeyError:
        job = None
    if job is None or job.course != (course.id if course is not None else 0):
        raise NotFound(_("There is no such roster."))
    return job


def _require(occasion: Occasion, job: RosterJob) -> None:
    occasion.require(Capability.ENROL_IMPORT, _course(occasion, job))


def _course(occasion: Occasion, job: RosterJob) -> Course | None:
    """:raises NotFound: the course was deleted"""
    if not job.course:
        return None
    course: Course | None = occasion.site.courses.get(job.course)
    if course is None:
        raise NotFound(_("The course of this roster does not exist any more."))
    return course


# -- the worker


def work(
    access: SiteAccess,
    job_id: int,
    token: str,
    *,
    tell: Callable[[float], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Judge or take the rows of a job until it is through, cancelled or in other hands.

    :param tell: told how far it is, 0 to 1
    :param stop: asked between batches
    """
    worker = _Worker(access, job_id, token)
    while not stop() and worker.step():
        if tell is not None:
            tell(worker.fraction)


class _Worker:
    """One run of `work`: what it remembers from batch to batch."""

    def __init__(self, access: SiteAccess, job_id: int, token: str) -> None:
        self._access = access
        self._job_id = job_id
        self._token = token
        self._known: dict[str, int] = {}
        self._seen: Seen | None = None
        #: Rows that are still to be taken one by one, after their batch failed.
        self._single = 0
        self.fraction = 0.0

    def step(self) -> bool:
        """Do the next batch; False when there is nothing more to do."""
        with self._access.occasion() as occasion:
            job = self._in_charge(occasion)
            if job is None:
                return False
            status, actor = job.status, job.actor
        if status == "checking":
            return self._repeated(actor, self._check)
        try:
            return self._repeated(actor, self._take)
        except TransientError:
            raise
        except Exception as error:
            if not self._single:
                log.exception("roster %s: a batch failed, now row by row", self._job_id)
                self._single = BATCH
                return True
            log.exception("roster %s: a row failed", self._job_id)
            return self._repeated(actor, partial(self._refuse, _failure(error)))

    def _repeated(self, actor: int, function: Callable[[Occasion, RosterJob], bool]) -> bool:
        for attempt in range(_ATTEMPTS):
            try:
                with self._access.occasion(actor) as occasion:
                    job = self._in_charge(occasion)
                    if job is None:
                        return False
                    more = function(occasion, job)
                    job.progress.beat = occasion.now
                    place = job.progress.checked if job.status == "checking" else job.progress.done
                    self.fraction = place / max(1, job.size)
                return more
            except TransientError:
                # What the failed attempt saw must not be held against its rows.
                self._seen = None
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - no secret
        return False

    def _in_charge(self, occasion: Occasion) -> RosterJob | None:
        job: RosterJob | None = occasion.site.rosters.get(self._job_id)
        if job is None or not job.is_under_way or job.progress.worker != self._token:
            return None
        return job

    def _check(self, occasion: Occasion, job: RosterJob) -> bool:
        progress = job.progress
        if self._seen is None:
            # What an earlier row says about a later one is in no batch: from the first row again.
            self._seen = Seen(occasion)
            progress.checked = 0
            progress.verdicts = Counter()
            job.verdicts.clear()
        judge = Judge(occasion, _course(occasion, job), self._known)
        rows = read_rows(occasion, job, progress.checked, BATCH)
        records = []
        for number, values, problems in rows:
            verdict = Verdict(BAD, list(problems)) if problems else judge.judge(values)
            self._seen.check(number, values, verdict)
            progress.verdicts = progress.verdicts + Counter([verdict.kind])
            records.append([verdict.kind, [packed(reason) for reason in verdict.reasons]])
        keep(occasion, job, "verdicts", progress.checked, records)
        progress.checked += len(rows)
        if progress.checked < job.size:
            return True
        job.status = "checked"
        return False

    def _take(self, occasion: Occasion, job: RosterJob) -> bool:
        progress = job.progress
        first = progress.done
        rows = read_rows(occasion, job, first, 1 if self._single else BATCH)
        outcomes: list[Outcome | None] = []
        good = []
        for (_place, (kind, reasons)), (_number, values, _problems) in zip(
            (pair for pair in kept(occasion, job, "verdicts", first) if pair[0] >= first),
            rows,
            strict=False,
        ):
            # A remark stands with rows that repeat another one: there is nothing to take.
            if kind == BAD or reasons:
                outcomes.append(Outcome(kind, [unpacked(reason) for reason in reasons]))
            else:
                outcomes.append(None)
                good.append(values)
        taken = iter(take(occasion, _course(occasion, job), good, self._known))
        return self._done(occasion, job, [outcome or next(taken) for outcome in outcomes])

    def _refuse(self, reason: Message, occasion: Occasion, job: RosterJob) -> bool:
        return self._done(occasion, job, [Outcome(BAD, [reason])])

    def _done(self, occasion: Occasion, job: RosterJob, outcomes: Sequence[Outcome]) -> bool:
        progress = job.progress
        records = [
            [o.kind, [packed(r) for r in o.reasons], o.user, o.username, o.code] for o in outcomes
        ]
        keep(occasion, job, "outcomes", progress.done, records)
        progress.outcomes = progress.outcomes + Counter(o.kind for o in outcomes)
        progress.done += len(outcomes)
        self._single = max(0, self._single - len(outcomes))
        if outcomes and progress.done < job.size:
            return True
        job.status = "done"
        job.finished = occasion.now
        occasion.record(
            "roster_finished",
            course=job.course,
            values={"roster": job.id, **{k: progress.outcomes[k] for k in KINDS}},
        )
        return False


def _failure(error: Exception) -> Message:
    if isinstance(error, ModouError):
        return error.message
    return _("Something went wrong on our side with this row. The operator has been told.")


# -- looking at it


def reports(
    occasion: Occasion,
    job: RosterJob,
    *,
    outcomes: bool,
    kind: str = "",
    first: int = 0,
    count: int | None = None,
) -> Iterator[RowReport]:
    """Rows with their verdicts, or outcomes; in the order of the file, read bit by bit.

    :param kind: only rows of that kind; `first` and `count` count those
    :raises NotAllowed: the actor may not import here
    """
    _require(occasion, job)
    found = walk_reports(
        occasion, job, "outcomes" if outcomes else "verdicts", 0 if kind else first
    )
    if kind:
        found = islice((report for report in found if report.kind == kind), first, None)
    return islice(found, count) if count is not None else found


def write_result(
    occasion: Occasion,
    job: RosterJob,
    stream: BinaryIO,
    translate: Callable[[Message], str],
) -> None:
    """Write the outcome of every row as XLSX, with the one-time codes of new accounts.

    Who may import the roster may have it; that it was fetched is recorded, since it holds codes.
    """
    headings = [
        translate(title)
        for title in (
            _("Row"), _("Name"), _("Username"), _("ID number"), _("Mobile number"), _("Result"),
            _("Remark"), _("Activation code"),
        )
    ]  # fmt: skip
    stop = translate(_("; "))

    def rows() -> Iterator[list[Cell]]:
        for report in reports(occasion, job, outcomes=True):
            yield [
                report.number,
                report.name,
                report.username or report.values.get("username", ""),
                report.id_masked,
                report.phone_masked,
                translate(OUTCOME_TITLES[report.kind]),
                stop.join(translate(reason) for reason in report.reasons),
                report.code,
            ]

    codes = [headings[place] for place in (2, 3, 4, 7)]
    write_xlsx(stream, headings, rows(), codes)
    occasion.record("roster_result_fetched", course=job.course, values={"roster": job.id})


def write_template(stream: BinaryIO, *, for_course: bool) -> None:
    """Write the file that people fill in: Chinese headings, a sample row, codes kept as text."""
    headings = (
        roster_columns.TEMPLATE_HEADINGS if for_course else roster_columns.TEMPLATE_SITE_HEADINGS
    )
    sample = [roster_columns.TEMPLATE_SAMPLE[heading] for heading in headings]
    write_xlsx(stream, headings, [sample], roster_columns.TEMPLATE_TEXT, sheet="学员名册")
