"""From state to state, each step in a transaction of its own that only one worker gets through."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from transaction.interfaces import TransientError

from modou.declarations import Job
from modou.errors import Message, ModouError
from modou.i18n import _
from modou.models.jobs import CANCELLED, DONE, FAILED, QUEUED, RUNNING, JobRecord
from modou.services import jobs
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed

log = logging.getLogger(__name__)

#: Seconds without a sign of life after which a running job counts as left by its worker.
LEASE = 60
#: The longest pause before a repetition, seconds.
LONGEST_PAUSE = 6 * 3600
_ATTEMPTS = 8
T = TypeVar("T")

STOPPED = _("Its worker stopped in the middle.")
BROKEN = _("Something went wrong on our side. The operator finds the cause in the log.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is this worker's now."""

    record: JobRecord
    job: Job
    values: dict[str, Any]


def repeated(access: SiteAccess, work: Callable[[Occasion], T]) -> T:
    """`work` in a transaction, again after conflicts."""
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with access.occasion() as occasion:
                return work(occasion)
        except TransientError:
            if not attempts_left:
                raise
    raise AssertionError("unreachable")


def due(occasion: Occasion, long: bool | None = None, limit: int = 200) -> list[int]:
    """Ids of what waits and is due, the longest waiting first, up to `limit`; jobs of plugins that
    are not enabled wait on.

    :param long: only long ones, or only short ones
    """
    store = jobs.store(occasion)
    ripe = sorted((when, id) for id, when in store.waiting.items() if when <= occasion.now)
    found = []
    for _when, id in ripe:
        record = store.records.get(id)
        job = occasion.assembled.jobs.get(record.name) if record is not None else None
        if job is not None and long in {None, job.long}:
            found.append(id)
            if len(found) == limit:
                break
    return found


def claim(access: SiteAccess, id: int, holder: str) -> Claim | None:
    """Take a job that waits and is due; None when there is nothing to take, or another worker was
    quicker.

    :param holder: unique for this try
    """

    def take(occasion: Occasion) -> Claim | None:
        store = jobs.store(occasion)
        record = store.records.get(id)
        job = occasion.assembled.jobs.get(record.name) if record is not None else None
        if record is None or job is None:
            return None
        if record.state != QUEUED or record.due > occasion.now:
            return None
        store.begin(record, holder, occasion.now)
        return Claim(_detached(record), job, jobs.values_of(occasion, record))

    return repeated(access, take)


def _detached(record: JobRecord) -> JobRecord:
    """What of it outlives the transaction."""
    copy = JobRecord(record.name)
    copy.id, copy.actor, copy.tries, copy.holder = (
        record.id,
        record.actor,
        record.tries,
        record.holder,
    )
    return copy


def settle(
    access: SiteAccess, claim: Claim, *, error: Exception | None = None, told: bool = False
) -> str:
    """Note what became of a try; the new state, "" when the job is in other hands.

    :param error: what it ended with
    :param told: it ended because it was told to
    """

    def note(occasion: Occasion) -> str:
        store = jobs.store(occasion)
        record = store.records.get(claim.record.id)
        if record is None or record.holder != claim.record.holder:
            return ""
        if error is not None:
            record.error = packed(sentence(error))
            if record.cancelling:
                store.end(record, CANCELLED, occasion.now)
            elif is_final(error) or record.tries > claim.job.retries:
                store.end(record, FAILED, occasion.now)
            else:
                store.wait(record, occasion.now + pause(claim.job, record.tries))
        elif told and record.cancelling:
            store.end(record, CANCELLED, occasion.now)
        elif told:
            # The worker is being stopped, for which the job can do nothing.
            record.tries -= 1
            store.wait(record, occasion.now)
        elif claim.job.keep:
            record.error = ""
            record.progress.fraction = 1.0
            store.end(record, DONE, occasion.now)
        else:
            store.drop(record)
            return DONE
        return record.state

    return repeated(access, note)


def release_lost(access: SiteAccess, *, alone: bool = False) -> list[int]:
    """Put back what workers left in the middle; the ids.

    :param alone: no other process can have the database open and nothing runs here yet: whatever
        is marked as running was left
    """

    def note(occasion: Occasion) -> list[int]:
        store = jobs.store(occasion)
        found = []
        for id in list(store.running):
            record = store.records.get(id)
            if record is None or record.state != RUNNING:
                continue
            if not alone and record.progress.beat + LEASE > occasion.now:
                continue
            found.append(id)
            job = occasion.assembled.jobs.get(record.name)
            record.error = packed(STOPPED)
            if record.cancelling:
                store.end(record, CANCELLED, occasion.now)
            elif job is not None and record.tries > job.retries:
                store.end(record, FAILED, occasion.now)
            else:
                # At once: the fault was hardly the job's.
                store.wait(record, occasion.now)
        return found

    found = repeated(access, note)
    for id in found:
        log.warning("job %d was left by its worker", id)
    return found


def pause(job: Job, tries: int) -> int:
    """Seconds before the next try, with some chance, so that many do not come back at once."""
    plain: float = min(float(LONGEST_PAUSE), job.pause * 4.0 ** (tries - 1))
    return round(plain * random.uniform(1.0, 1.2))  # noqa: S311 - no secret


def is_final(error: Exception) -> bool:
    """Whether trying again is of no use: an error for people that is not about the moment."""
    return isinstance(error, ModouError) and error.status not in {409, 429, 503}


def sentence(error: Exception) -> Message:
    return error.message if isinstance(error, ModouError) else BROKEN
