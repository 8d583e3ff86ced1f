"""How long the journal is kept: archive segments, retention, legal holds.

An event is kept for the retention after it happened or, if it happened in a course, after the
course closed: the latest of the course's last day, the last days of the cohorts in it and the ends
of its enrolments, as they are known now. Only whole archive segments are deleted, and only when
everything in them is old enough and nothing is on hold. There is no other way to delete events.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from BTrees.OOBTree import OOBTree
from transaction.interfaces import TransientError

from modou.clock import SHANGHAI
from modou.errors import Conflict, NotFound
from modou.i18n import _
from modou.models.courses import Course
from modou.models.retention import Hold
from modou.models.site import Site
from modou.permissions import Capability
from modou.services.access import SiteAccess
from modou.services.identity import check_reason
from modou.services.occasion import Occasion
from modou.services.settings import site_settings
from modou.store.journal import EXPIRED, DamagedBatch, DamagedSegment, Log, Seal, Segment
from modou.store.journal.logs import check_batch

#: How often a step is tried again when a writer was quicker.
_ATTEMPTS = 8
#: Seconds without a word after which the writer of a log is taken to be gone.
SILENT = 62 * 86_400
#: Key of the hold on everything.
EVERYTHING = "site"

Progress = Callable[[str], None]
T = TypeVar("T")


# -- archiving


@dataclass(slots=True)
class Archived:
    """What `archive` did. `text`: bytes of the events' texts; `size`: bytes of the segments."""

    segments: int = 0
    events: int = 0
    size: int = 0
    seals: list[Seal] = field(default_factory=list)
    #: Logs with a batch that is not as it was written, and its number: they stay as they are.
    damaged: dict[str, int] = field(default_factory=dict)


def archive(access: SiteAccess, progress: Progress | None = None) -> Archived:
    """Seal the days that are over, and move closed months into archive segments.

    One transaction per segment: it may be interrupted at any time and goes on where it stopped.
    Writers are not kept waiting. Run it once a day.
    """
    done = Archived()
    with access.occasion() as occasion:
        done.seals = occasion.site.journal.seal(occasion.clock.now())
    with access.occasion() as occasion:
        before = occasion.site.journal.archivable_before
        names = [
            name
            for name, one in occasion.site.journal.logs.items()
            if one.batches and one.batches[one.batches.minKey()].time < before
        ]
    for name in names:
        try:
            while (moved := _repeat(access, _archive, name, before)) is not None:
                done.segments += 1
                done.events += moved[0]
                done.size += moved[1]
                if progress is not None:
                    progress(f"{done.segments:,} segments, {done.events:,} events")
        except DamagedBatch as error:
            done.damaged[name] = error.number
    while _repeat(access, _retire):
        pass
    if done.segments:
        with access.occasion() as occasion:
            values = {"segments": done.segments, "events": done.events, "size": done.size}
            occasion.record("journal_archived", values=values)
    return done


def _archive(occasion: Occasion, name: str, before: int) -> tuple[int, int] | None:
    segment = occasion.site.journal.logs[name].archive(before)
    return None if segment is None else (segment.events, segment.size)


def _retire(occasion: Occasion) -> int:
    return occasion.site.journal.retire((occasion.now - SILENT) * 1_000_000)


def _repeat(access: SiteAccess, step: Callable[..., T], *args: object) -> T:
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with access.occasion() as occasion:
                return step(occasion, *args)
        except TransientError:
            if not attempts_left:
                raise
    raise AssertionError


# -- how long


def closes(site: Site, course: Course) -> int:
    """When a course closes for the retention, seconds UTC; 0 when nothing says so."""
    cohorts = (site.cohorts.get(id) for id in course.cohorts)
    return max(
        course.ends,
        *(cohort.ends for cohort in cohorts if cohort is not None),
        *(enrolment.ends for enrolment in course.enrolments.values()),
        0,
    )


def keep_until(occasion: Occasion, course: int, time: int) -> int:
    """Until when an event is kept, seconds UTC.

    :param course: id of the course that it happened in, 0 for none
    :param time: of the event, seconds UTC
    """
    found = occasion.site.courses.get(course) if course else None
    if found is not None:
        time = max(time, closes(occasion.site, found))
    day = datetime.fromtimestamp(time, UTC).astimezone(SHANGHAI)
    year = day.year + site_settings(occasion).retention_years
    last = calendar.monthrange(year, day.month)[1]
    return int(day.replace(year=year, day=min(day.day, last)).timestamp())


# -- deleting


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an archive segment may go. `why`: what keeps it, "" when nothing does.

    :param begins: time of its first event, seconds UTC; `ends`: of its last
    """

    log: str
    first: int
    last: int
    events: int
    begins: int
    ends: int
    why: str


def expire(access: SiteAccess, *, dry_run: bool = False) -> Iterator[Verdict]:
    """Delete the archive segments that are old enough; each with a verdict and a transaction of its
    own. Of each log come the segments that go, and the first one that stays.

    :param dry_run: only say what would go
    """
    with access.occasion() as occasion:
        occasion.require(Capability.SETTINGS_EDIT)
        names = [name for name, one in occasion.site.journal.all_logs() if one.segments]
    for name in names:
        skipped = 0
        while True:
            verdict = _repeat(access, _expire, name, skipped, dry_run)
            if verdict is None:
                break
            yield verdict
            if verdict.why:
                break
            skipped += dry_run


def _expire(occasion: Occasion, name: str, index: int, dry_run: bool) -> Verdict | None:
    one = occasion.site.journal.log(name)
    if one is None:
        return None
    segments = one.archived
    if index >= len(segments):
        return None
    segment = segments[index]
    why = _what_keeps(occasion, one, segment)
    verdict = Verdict(
        name,
        segment.first,
        segment.last,
        segment.events,
        segment.begins // 1_000_000,
        segment.ends // 1_000_000,
        why,
    )
    if not why and not dry_run:
        one.expire(segment, int(occasion.clock.now().timestamp() * 1_000_000))
        occasion.record(
            EXPIRED,
            values={
                "log": name,
                "through": segment.last,
                "digest": segment.digest.hex(),
                "events": segment.events,
                "newest": segment.ends // 1_000_000,
            },
        )
    return verdict


def _what_keeps(occasion: Occasion, one: Log, segment: Segment) -> str:
    """Why a segment may not go, "" when it may. What it says of itself counts for nothing: its
    events are read, after it was seen that they are those that were written."""
    holds = occasion.site.holds or {}
    if EVERYTHING in holds:
        return f"legal hold of the site: {holds[EVERYTHING].reason}"
    newest: dict[int, int] = {}
    previous = one.digest_before(segment.first)
    try:
        for number, batch in segment.entries():
            check_batch(number, batch, previous, one.algorithm)
            previous = batch.digest
            for event in batch:
                time = event.time // 1_000_000
                newest[event.course] = max(newest.get(event.course, 0), time)
        if previous != segment.digest:
            raise DamagedBatch(segment.last)
    except (DamagedSegment, DamagedBatch) as error:
        return f"it is damaged ({error}): see `modou journal verify`"
    for course, time in newest.items():
        found = occasion.site.courses.get(course) if course else None
        title = found.title if found is not None else f"course {course}"
        hold = holds.get(_key(course))
        if course and hold is not None:
            return f"legal hold of {title}: {hold.reason}"
        until = keep_until(occasion, course, time)
        if until > occasion.now:
            day = datetime.fromtimestamp(until, UTC).astimezone(SHANGHAI)
            what = f"retention of {title}" if course else "retention"
            return f"{what} until {day:%Y-%m-%d}"
    return ""


# -- legal holds


def _key(course: int) -> str:
    return f"course:{course}"


def place_hold(occasion: Occasion, course: Course | None, reason: str) -> None:
    """Let nothing be deleted of `course`, of the site if None, until `release_hold`.

    :raises Invalid: no reason
    :raises Conflict: there is one already
    """
    occasion.require(Capability.SETTINGS_EDIT)
    why = check_reason(reason)
    site = occasion.site
    key = EVERYTHING if course is None else _key(course.id)
    if site.holds is None:
        site.holds = OOBTree()
    if key in site.holds:
        raise Conflict(_("This is on hold already."))
    site.holds[key] = Hold(why, occasion.now, occasion.actor.id if occasion.actor else 0)
    course_id = course.id if course is not None else 0
    occasion.record("hold_placed", course=course_id, values={"reason": why})


def release_hold(occasion: Occasion, course: Course | None, reason: str) -> None:
    """End a legal hold.

    :raises Invalid: no reason
    :raises NotFound: there is none
    """
    occasion.require(Capability.SETTINGS_EDIT)
    why = check_reason(reason)
    key = EVERYTHING if course is None else _key(course.id)
    if not occasion.site.holds or key not in occasion.site.holds:
        raise NotFound(_("This is not on hold."))
    del occasion.site.holds[key]
    course_id = course.id if course is not None else 0
    occasion.record("hold_released", course=course_id, values={"reason": why})


def holds(occasion: Occasion) -> list[tuple[Course | None, Hold]]:
    """All legal holds; None stands for the site."""
    occasion.require(Capability.SETTINGS_VIEW)
    found = []
    for key, hold in (occasion.site.holds or {}).items():
        course = occasion.site.courses.get(int(key.partition(":")[2])) if ":" in key else None
        found.append((course, hold))
    return found
