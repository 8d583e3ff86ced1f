"""Jobs: work that goes on after the answer. What is stored here is the truth about them; the queue
that wakes workers may lose anything.

::

    site.jobs.records    Folder[JobRecord]
              waiting    id -> when it is due, seconds UTC; and NOBODY
              running    ids; and NOBODY
              ended      place in time (see `JobStore.end`) -> id
              schedule   name of a job that runs by itself -> ScheduleEntry

Those who ask for jobs write only to `records` and `waiting`, under random ids, so that they do not
meet; the order in time is kept by the workers. A tree that becomes empty meets everybody who adds
to it at that moment, so there is always NOBODY in it.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from BTrees.LLBTree import LLTreeSet
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.store.containers import Folder, Item, WideLLBTree

#: In `waiting` and `running`, no job's id.
NOBODY = 0
_NEVER = 2**62
QUEUED = "queued"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)


class JobProgress(Persistent):
    """What the worker writes while it is at it; apart from the record, which people change.

    :ivar fraction: 0 to 1
    :ivar text: a message, packed (`modou.services.packed_messages`)
    :ivar beat: when the worker last gave a sign of life, seconds UTC
    """

    fraction: float = 0.0
    text: Any = ""
    beat: int = 0


class JobRecord(Item):
    """One piece of work. Times in seconds UTC.

    :ivar values: what it is about: a mapping, or an encrypted token for jobs that are declared
        secret
    :ivar actor: id of the user who asked for it, 0 for the system
    :ivar due: not before
    :ivar tries: how often it was begun
    :ivar holder: token of the worker that is at it, "" when none is
    :ivar cancelling: somebody wants it to stop
    :ivar error: why it failed the last time, for people; a packed message
    :ivar place: its key in `JobStore.ended`
    """

    state: str = QUEUED
    values: Any = None
    actor: int = 0
    created: int = 0
    due: int = 0
    started: int = 0
    ended: int = 0
    tries: int = 0
    holder: str = ""
    cancelling: bool = False
    error: Any = ""
    place: int = 0

    def __init__(self, name: str) -> None:
        self.name = name
        self.progress = JobProgress()

    @property
    def is_open(self) -> bool:
        return self.state in {QUEUED, RUNNING}


class ScheduleEntry(Persistent):
    """When a job that runs by itself was started, and when it will be. Seconds UTC.

    :ivar rule: by which `next` was computed; another rule computes it anew
    :ivar job: id of the newest run
    """

    rule: str = ""
    next: int = 0
    last: int = 0
    job: int = 0


class JobStore(Persistent):
    """See the module's docstring."""

    def __init__(self, parent: Any = None) -> None:
        self.records: Folder[JobRecord] = Folder("jobs", parent)
        self.waiting = WideLLBTree({NOBODY: _NEVER})
        self.running = LLTreeSet([NOBODY])
        self.ended = WideLLBTree()
        self.schedule = OOBTree()

    def add(self, record: JobRecord, due: int) -> JobRecord:
        """Take a new one in, to be run when it is due."""
        self.records.add(record)
        record.due = due
        self.waiting[record.id] = due
        return record

    def begin(self, record: JobRecord, holder: str, now: int) -> None:
        del self.waiting[record.id]
        self.running.insert(record.id)
        record.state = RUNNING
        record.holder = holder
        record.started = now
        record.tries += 1
        record.progress.beat = now

    def wait(self, record: JobRecord, due: int) -> None:
        """Put it back: to be run (again) when it is due."""
        self._take_out(record)
        record.state = QUEUED
        record.holder = ""
        record.cancelling = False
        record.ended = 0
        record.due = due
        self.waiting[record.id] = due

    def end(self, record: JobRecord, state: str, now: int) -> None:
        """:param state: DONE, FAILED or CANCELLED"""
        self._take_out(record)
        record.state = state
        record.holder = ""
        record.cancelling = False
        record.ended = now
        # In the order of time, with room for many in a second.
        record.place = now << 24 | secrets.randbits(24)
        while record.place in self.ended:
            record.place += 1
        self.ended[record.place] = record.id

    def drop(self, record: JobRecord) -> None:
        self._take_out(record)
        self.records.remove(record.id)

    def _take_out(self, record: JobRecord) -> None:
        self.waiting.pop(record.id, None)
        if record.id in self.running:
            self.running.remove(record.id)
        if record.place:
            self.ended.pop(record.place, None)
            record.place = 0

    def newest_ended(self, before: int = 0) -> Iterator[tuple[int, JobRecord]]:
        """Ended ones with their places, the newest first, from below the place `before` on."""
        keys = self.ended.keys(None, before, excludemax=True) if before else self.ended.keys()
        for place in reversed(keys):
            record = self.records.get(self.ended[place])
            if record is not None:
                yield place, record
