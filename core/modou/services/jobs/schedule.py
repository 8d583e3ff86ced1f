"""Jobs that run by themselves: every so often, or at a time of the day in Asia/Shanghai.

Who finds that one is due notes the next time and asks for the run in the same transaction: so
several processes start it once. What was missed while nobody was there is made up for once. A run
that still goes on when the next one is due stands for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from transaction.interfaces import TransientError

from modou.clock import SHANGHAI, from_seconds
from modou.declarations import Job
from modou.errors import Message
from modou.models.jobs import JobRecord, ScheduleEntry
from modou.permissions import Capability
from modou.services import jobs
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Planned:
    """A job that runs by itself, for people. Times in seconds UTC, 0 for not yet."""

    job: Job
    title: Message
    last: int
    next: int
    last_run: JobRecord | None


def rule(job: Job) -> str:
    """What `next_run` depends on, as text."""
    return f"{job.every} {job.at} {job.day}"


def is_planned(job: Job) -> bool:
    return job.every is not None or job.at is not None


def next_run(job: Job, after: int) -> int:
    """The first time later than `after`; both in seconds UTC."""
    if job.every is not None:
        return after + job.every
    hour, minute = map(int, (job.at or "00:00").split(":"))
    then = from_seconds(after).astimezone(SHANGHAI)
    day = then.date()
    while True:
        when = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)
        if when > then and job.day in {None, day.day}:
            return int(when.timestamp())
        day += timedelta(days=1)


def tick(access: SiteAccess) -> int:
    """Ask for what is due by now; how many jobs."""
    with access.occasion() as occasion:
        if not any(_ripe(occasion)):
            return 0
    try:
        with access.occasion() as occasion:
            return sum(_start(occasion, job) for job in list(_ripe(occasion)))
    except TransientError:
        # Another process was quicker, or will look again.
        return 0


def _ripe(occasion: Occasion) -> Iterator[Job]:
    entries = jobs.store(occasion).schedule
    for job in occasion.assembled.jobs.values():
        if is_planned(job):
            entry = entries.get(job.name)
            if entry is None or entry.rule != rule(job) or entry.next <= occasion.now:
                yield job


def _start(occasion: Occasion, job: Job) -> bool:
    store = jobs.store(occasion)
    entry: ScheduleEntry | None = store.schedule.get(job.name)
    if entry is None:
        entry = store.schedule[job.name] = ScheduleEntry()
    if entry.rule != rule(job):
        # New, or at other times than before: nothing was missed.
        entry.rule = rule(job)
        entry.next = next_run(job, occasion.now)
        return False
    missed = entry.next
    entry.next = next_run(job, missed)
    if entry.next <= occasion.now:
        entry.next = next_run(job, occasion.now)
    earlier = store.records.get(entry.job)
    if earlier is not None and earlier.is_open:
        return False
    entry.last = occasion.now
    entry.job = jobs.enqueue(occasion, job.name).id
    return True


def plan(occasion: Occasion) -> list[Planned]:
    """All jobs that run by themselves, the next one first.

    :raises NotAllowed: without the capability `health:view`
    """
    occasion.require(Capability.HEALTH_VIEW)
    store = jobs.store(occasion)
    found = []
    for job in occasion.assembled.jobs.values():
        if is_planned(job):
            entry = store.schedule.get(job.name) or ScheduleEntry()
            fresh = entry.rule == rule(job)
            found.append(
                Planned(
                    job,
                    job.title,
                    entry.last,
                    entry.next if fresh else next_run(job, occasion.now),
                    store.records.get(entry.job),
                )
            )
    return sorted(found, key=lambda planned: planned.next)
