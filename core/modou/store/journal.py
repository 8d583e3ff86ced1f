"""The journal: an append-only log of facts, written in the transaction of the change they tell.

Writers never meet: each committing thread of each process has a log of its own, and puts one
batch of events per commit into it::

    journal.logs    OOBTree: writer name -> Log
    log.batches     LOBTree: sequence number -> Batch
    batch.events    tuple of (time, kind, actor, subject, course, values)

Batches of a log are chained by SHA-256, so that a change of an old one shows.
"""

import hashlib
import heapq
import json
import os
import secrets
import threading
from collections.abc import Iterator, Sequence

from BTrees.LOBTree import LOBTree
from persistent import Persistent

from modou.declarations import Event
from modou.store.containers import WideOOBTree

_local = threading.local()


def writer_name() -> str:
    """The name of this thread's log; new with every process, also with a forked one."""
    pid, name = getattr(_local, "writer", (0, ""))
    if pid != os.getpid():
        pid, name = _local.writer = (os.getpid(), f"{os.getpid():x}-{secrets.token_hex(6)}")
    return str(name)


class Batch(Persistent):
    """The events of one commit; never changed afterwards."""

    def __init__(self, events: Sequence[Event], previous: bytes) -> None:
        self.events = tuple(
            (e.time, e.kind, e.actor, e.subject, e.course, dict(e.values)) for e in events
        )
        self.digest = self.compute_digest(previous)

    def compute_digest(self, previous: bytes) -> bytes:
        """SHA-256 over the previous batch's digest and the events' canonical JSON."""
        text = json.dumps(self.events, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(previous + text.encode()).digest()

    def __iter__(self) -> Iterator[Event]:
        for time, kind, actor, subject, course, values in self.events:
            yield Event(kind, time, actor, subject, course, values)


class Log(Persistent):
    """One writer's batches."""

    def __init__(self) -> None:
        self.batches = LOBTree()

    def append(self, events: Sequence[Event]) -> Batch:
        last = self.batches.maxKey() if self.batches else 0
        previous = self.batches[last].digest if last else b""
        batch = self.batches[last + 1] = Batch(events, previous)
        return batch

    def newest_first(self) -> Iterator[Event]:
        for number in reversed(self.batches.keys()):
            yield from reversed(list(self.batches[number]))

    def __iter__(self) -> Iterator[Event]:
        for batch in self.batches.values():
            yield from batch


class Journal(Persistent):
    """All logs of a site."""

    def __init__(self) -> None:
        self.logs = WideOOBTree()

    def append(self, events: Sequence[Event]) -> None:
        """Write `events` as one batch of this thread's log, in the current transaction."""
        if not events:
            return
        name = writer_name()
        log = self.logs.get(name)
        if log is None:
            log = self.logs[name] = Log()
        log.append(events)

    def newest_first(self) -> Iterator[Event]:
        """All events, newest first, merged lazily from the logs."""
        logs = [log.newest_first() for log in self.logs.values()]
        return heapq.merge(*logs, key=lambda e: -e.time)

    def __iter__(self) -> Iterator[Event]:
        """All events, oldest first, merged lazily from the logs."""
        return heapq.merge(*(iter(log) for log in self.logs.values()), key=lambda e: e.time)
