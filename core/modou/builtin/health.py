"""Questions about the state of the system, asked by `/readyz` and `modou doctor`."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ZODB.TimeStamp import TimeStamp

from modou.declarations import HealthCheck
from modou.i18n import _
from modou.services import jobs, keys_check, telling
from modou.services.jobs import schedule, transitions
from modou.services.occasion import Occasion

#: Bytes: with less than this no upload and hardly a commit goes through.
NO_ROOM = 100_000_000
#: Bytes: time to do something.
LITTLE_ROOM = 1_000_000_000
#: Seconds that clocks of several machines may differ.
CLOCK_DIFFERENCE = 60
#: Seconds after which a job that is due should have been begun.
JOBS_LATE = 300


def _free(occasion: Occasion) -> tuple[Path, int]:
    """The folder into which the database writes, and how many bytes it has left."""
    storage = occasion.storage
    try:
        folder = Path(storage.temporaryDirectory())
    except AttributeError:
        # A FileStorage without a folder for blobs.
        folder = Path(storage.getName()).parent
    return folder, shutil.disk_usage(folder).free


def database_takes_changes(occasion: Occasion) -> str | None:
    if occasion.storage.isReadOnly():
        return "the database is open for reading only"
    return None


def disk_has_room(occasion: Occasion) -> str | None:
    folder, free = _free(occasion)
    if free < NO_ROOM:
        return f"the disk that holds {folder} is full: {free // 1_000_000} MB are left"
    return None


def disk_has_much_room(occasion: Occasion) -> str | None:
    folder, free = _free(occasion)
    if NO_ROOM <= free < LITTLE_ROOM:
        return f"the disk that holds {folder} has only {free // 1_000_000} MB left"
    return None


def keys_open_the_data(occasion: Occasion) -> str | None:
    return keys_check.problem(occasion.site, occasion.keys)


def clock_is_right(occasion: Occasion) -> str | None:
    """Times decide about study time and locks: a clock that went back is noticed."""
    last = TimeStamp(occasion.storage.lastTransaction()).timeTime()
    ahead = last - datetime.now(UTC).timestamp()
    if ahead > CLOCK_DIFFERENCE:
        return f"the clock is {ahead:.0f} seconds behind the newest change in the database"
    return None


def plugins_are_told(occasion: Occasion) -> str | None:
    late = [
        f"{plugin} is {behind.seconds} seconds ({behind.batches:,} commits) behind"
        for plugin, behind in telling.behind(occasion).items()
        if behind.seconds > telling.LATE
    ]
    return "; ".join(late) or None


def jobs_are_done(occasion: Occasion) -> str | None:
    """What is due is begun; else no worker runs, or all of them are silent."""
    waiting = [occasion.now - since for since in _late_jobs(occasion)]
    if waiting:
        return (
            f"{len(waiting)} background jobs wait, the longest for {max(waiting) // 60} minutes: "
            "does a worker run? (modou.jobs = inside, or the command modou worker)"
        )
    return None


def _late_jobs(occasion: Occasion) -> Iterator[int]:
    """Since when, seconds UTC, what should have been begun waits."""
    store = jobs.store(occasion)
    busy = set()
    for id in store.running:
        record = store.records.get(id)
        if record is None:
            continue
        job = occasion.assembled.jobs.get(record.name)
        busy.add(job is not None and job.long)
        if record.progress.beat + JOBS_LATE < occasion.now:
            yield record.progress.beat
    for id in transitions.due(occasion):
        record = store.records.by_id(id)
        # Long ones may well wait for each other.
        if record.due + JOBS_LATE < occasion.now and not (
            occasion.assembled.jobs[record.name].long and True in busy
        ):
            yield record.due
    for planned in schedule.plan(occasion):
        if planned.next + JOBS_LATE < occasion.now:
            yield planned.next


CHECKS = (
    HealthCheck("database", _("The database takes changes"), database_takes_changes, ready=True),
    HealthCheck("disk", _("The disk is not full"), disk_has_room, ready=True),
    HealthCheck("disk_soon", _("The disk has room for some time"), disk_has_much_room),
    HealthCheck("keys", _("The keys file is this site's"), keys_open_the_data, ready=True),
    HealthCheck("jobs", _("Background jobs are done"), jobs_are_done),
    HealthCheck("clock", _("The clock is right"), clock_is_right),
    HealthCheck("telling", _("Plugins are told what happens"), plugins_are_told),
)
