"""Jobs: work that goes on after the answer, or by itself at certain times.

::

    record = jobs.enqueue(occasion, "roster", roster=roster.id)     # in the transaction of a verb

    def run(context: JobContext) -> None:                           # later, in a worker
        with context.occasion(context.actor) as occasion:
            ...
        context.progress(0.5, _("Half of it is done"))
        context.check()                                             # whether somebody said stop

What is in `site.jobs` counts: a job is there as soon as the transaction is committed that asks for
it, and workers find it there, also when nobody woke them. The queue (huey, on SQLite or Redis) only
makes them quick. `transitions` moves a record from state to state, `running` runs one, `schedule`
starts those that run by themselves, `waking` is the queue, `worker` the threads.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from modou.declarations import Job
from modou.errors import Conflict, Message, NotAllowed, NotFound
from modou.i18n import _
from modou.models.jobs import CANCELLED, FAILED, QUEUED, RUNNING, JobRecord, JobStore
from modou.permissions import Capability
from modou.services.jobs.context import JobContext
from modou.services.occasion import Occasion
from modou.services.packed_messages import unpacked

__all__ = ["JobContext", "JobPage", "JobView", "cancel", "enqueue", "enqueue_later", "find"]

#: Open jobs that a page looks at, at most.
OPEN_SHOWN = 500


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as pages show it. Times in seconds UTC, 0 for none; `seconds`: how long the last try
    took, or takes so far."""

    key: str
    name: str
    title: Message
    state: str
    fraction: float
    text: Message
    error: Message
    actor: int
    created: int
    due: int
    started: int
    ended: int
    seconds: int
    tries: int
    cancelling: bool
    #: Its plugin is enabled.
    known: bool

    @property
    def is_open(self) -> bool:
        return self.state in {QUEUED, RUNNING}


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, open ones first; `before` continues behind the last ended one, 0 at the end."""

    jobs: list[JobView]
    before: int = 0


# -- asking for work


def enqueue(occasion: Occasion, name: str, /, **values: Any) -> JobRecord:
    """Have the job `name` run once this transaction is committed.

    :param values: JSON-able details, which `run` finds in `context.values`
    :raises KeyError: no plugin declares such a job
    :raises TypeError: a value is not JSON-able
    """
    return enqueue_later(occasion, name, 0, **values)


def enqueue_later(occasion: Occasion, name: str, delay: int, /, **values: Any) -> JobRecord:
    """As `enqueue`, but not before `delay` seconds from now."""
    job = occasion.assembled.jobs[name]
    text = json.dumps(values, ensure_ascii=False)
    record = JobRecord(name)
    record.actor = occasion.actor.id if occasion.actor is not None else 0
    record.created = occasion.now
    store(occasion).add(record, occasion.now + delay)
    if job.secret:
        record.values = occasion.keys.encrypt(text, secret_context(record.id))
    else:
        record.values = json.loads(text)
    if delay <= 0:
        occasion.after_commit(partial(occasion.wake, record.id, job.long))
    return record


def store(occasion: Occasion) -> JobStore:
    found: JobStore = occasion.site.jobs
    return found


def secret_context(id: int) -> bytes:
    return f"job:{id}".encode()


def values_of(occasion: Occasion, record: JobRecord) -> dict[str, Any]:
    """:raises VaultError: the key of a secret job is missing"""
    values = record.values
    if isinstance(values, bytes):
        values = json.loads(occasion.keys.decrypt(values, secret_context(record.id)))
    return dict(values or {})


# -- looking at it


def find(occasion: Occasion, key: str) -> JobRecord:
    """The job of that key, for those who asked for it or may see the state of the system.

    :raises NotFound: there is none
    :raises NotAllowed: it is not for the actor
    """
    try:
        record = store(occasion).records[key]
    except KeyError:
        record = None
    if record is None:
        raise NotFound(_("There is no such job. Jobs that ended long ago are dropped."))
    if not _is_own(occasion, record):
        occasion.require(Capability.HEALTH_VIEW)
    return record


def _is_own(occasion: Occasion, record: JobRecord) -> bool:
    return occasion.actor is not None and record.actor == occasion.actor.id


def view(occasion: Occasion, record: JobRecord) -> JobView:
    """For who has found it by `find` or `page`."""
    job: Job | None = occasion.assembled.jobs.get(record.name)
    end = record.ended or (occasion.now if record.state == RUNNING else record.started)
    return JobView(
        key=record.key,
        name=record.name,
        title=job.title if job is not None else record.name,
        state=record.state,
        fraction=record.progress.fraction,
        text=unpacked(record.progress.text),
        error=unpacked(record.error),
        actor=record.actor,
        created=record.created,
        due=record.due,
        started=record.started,
        ended=record.ended,
        seconds=max(0, end - record.started) if record.started else 0,
        tries=record.tries,
        cancelling=record.cancelling,
        known=job is not None,
    )


def page(
    occasion: Occasion, *, state: str = "", name: str = "", before: int = 0, size: int = 50
) -> JobPage:
    """Jobs of a state and a name (all when empty), the running ones first, then the waiting ones,
    then the ended ones, newest first.

    :param before: continues a page
    :raises NotAllowed: without the capability `health:view`
    """
    occasion.require(Capability.HEALTH_VIEW)
    found: list[JobView] = []
    if not before:
        found += [
            view(occasion, record)
            for record in _open(store(occasion))
            if state in {"", record.state} and name in {"", record.name}
        ]
    if state in {QUEUED, RUNNING}:
        return JobPage(found)
    wanted = (
        (place, record)
        for place, record in store(occasion).newest_ended(before)
        if state in {"", record.state} and name in {"", record.name}
    )
    ended = list(islice(wanted, size + 1))
    found += [view(occasion, record) for _place, record in ended[:size]]
    return JobPage(found, ended[size - 1][0] if len(ended) > size else 0)


def _open(jobs: JobStore) -> Iterator[JobRecord]:
    running = [jobs.records.get(id) for id in jobs.running]
    yield from sorted((r for r in running if r is not None), key=lambda r: -r.started)
    soonest = sorted((due, id) for id, due in jobs.waiting.items())[:OPEN_SHOWN]
    yield from (r for _due, id in soonest if (r := jobs.records.get(id)) is not None)


# -- changing it


def cancel(occasion: Occasion, record: JobRecord) -> None:
    """Take a waiting job out, or ask a running one to stop: it does so when it next looks.

    :raises NotAllowed: the actor neither asked for it nor manages jobs
    :raises Conflict: it has ended
    """
    _require(occasion, record)
    if record.state == QUEUED:
        store(occasion).end(record, CANCELLED, occasion.now)
    elif record.state == RUNNING:
        record.cancelling = True
    else:
        raise Conflict(_("This job has ended."))
    occasion.record("job_cancelled", values={"job": record.name})


def retry(occasion: Occasion, record: JobRecord) -> None:
    """Have a job that failed or was cancelled run again now, or a waiting one at once.

    :raises NotAllowed: the actor neither asked for it nor manages jobs
    :raises Conflict: it is running or done, or its plugin is not enabled
    """
    _require(occasion, record)
    job = occasion.assembled.jobs.get(record.name)
    if job is None:
        raise Conflict(_("The plugin of this job is not enabled."))
    if record.state not in {QUEUED, FAILED, CANCELLED}:
        raise Conflict(_("Only jobs that failed or were cancelled can be repeated."))
    store(occasion).wait(record, occasion.now)
    record.tries = 0
    occasion.after_commit(partial(occasion.wake, record.id, job.long))
    occasion.record("job_retried", values={"job": record.name})


def start_now(occasion: Occasion, name: str) -> JobRecord:
    """Run a job that runs by itself now, besides its schedule.

    :raises NotAllowed: without the capability `jobs:manage`
    :raises NotFound: no such job runs by itself
    """
    occasion.require(Capability.JOBS_MANAGE)
    job = occasion.assembled.jobs.get(name)
    if job is None or not (job.every or job.at):
        raise NotFound(_("No job of this name runs by itself."))
    occasion.record("job_started", values={"job": name})
    return enqueue(occasion, name)


def _require(occasion: Occasion, record: JobRecord) -> None:
    if occasion.can(Capability.JOBS_MANAGE) or _is_own(occasion, record):
        return
    if occasion.actor is None:
        occasion.require(Capability.JOBS_MANAGE)
    raise NotAllowed(_("Only who asked for this job, or manages jobs, may do that."))
