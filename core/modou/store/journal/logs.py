"""Journal, logs, batches, seals: what is stored."""

import heapq
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, NamedTuple

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.clock import SHANGHAI
from modou.declarations import Event
from modou.store.containers import WideOOBTree
from modou.store.journal.digests import (
    ALGORITHMS,
    Proof,
    audit_path,
    chain_digest,
    leaf_digest,
    root_digest,
)

_local = threading.local()
#: Bytes of each leaf that a batch keeps, so that the altered event itself can be named.
MARK = 8


class _Writer:
    """A thread's part in writing. When the thread ends, another one may go on with its log: a
    server whose threads come and go must not leave a log behind for each."""

    _free: ClassVar[dict[int, list[str]]] = {}

    def __init__(self) -> None:
        self.pid = os.getpid()
        try:
            self.name = self._free.get(self.pid, []).pop()
        except IndexError:
            self.name = f"{self.pid:x}-{secrets.token_hex(6)}"

    def __del__(self) -> None:
        if self.pid == os.getpid():
            self._free.setdefault(self.pid, []).append(self.name)


def writer_name() -> str:
    """The name of this thread's log, which no other thread has meanwhile; new with every process,
    also with a forked one."""
    writer: _Writer | None = getattr(_local, "writer", None)
    if writer is None or writer.pid != os.getpid():
        writer = _local.writer = _Writer()
    return writer.name


class Place(NamedTuple):
    """Where an event stands: log, number of the batch, place in the batch (from 0)."""

    log: str
    number: int
    position: int

    def __str__(self) -> str:
        return f"{self.log}/{self.number}/{self.position}"


def encode(event: Event) -> bytes:
    """The canonical text of an event: a JSON list, keys sorted, no blanks, UTF-8."""
    values = (event.time, event.kind, event.actor, event.subject, event.course, event.values)
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def decode(record: bytes) -> Event:
    """The event behind its canonical text."""
    time, kind, actor, subject, course, values = json.loads(record)
    return Event(kind, time, actor, subject, course, values)


def kind_of(record: bytes) -> str:
    """The kind of the event behind its canonical text, without reading all of it."""
    start = record.index(b'"') + 1
    return record[start : record.index(b'"', start)].decode()


class Batch(Persistent):
    """The events of one commit; never changed afterwards.

    - `time`: UTC microseconds, of the newest event
    - `records`: canonical text of each event
    - `marks`: the first bytes of each leaf's digest, one after the other
    - `digest`: see `modou.store.journal.digests.chain_digest`
    """

    def __init__(
        self, records: Sequence[bytes], time: int, number: int, previous: bytes, algorithm: str
    ) -> None:
        digest = ALGORITHMS[algorithm]
        leaves = [leaf_digest(record, digest) for record in records]
        self.time = time
        self.records = tuple(records)
        self.marks = b"".join(leaf[:MARK] for leaf in leaves)
        root = root_digest(leaves, digest)
        self.digest = chain_digest(previous, number, time, len(records), root, digest)

    def forget(self) -> None:
        """Leave the memory to others: whoever reads on will not come back to it."""
        self._p_deactivate()

    def __iter__(self) -> Iterator[Event]:
        return map(decode, self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __bool__(self) -> bool:
        return True


class Log(Persistent):
    """One writer's batches, numbered from 1 without gaps."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.batches = LOBTree()

    def append(self, events: Sequence[Event]) -> int:
        """Put one batch of events (at least one) at the end; its number."""
        last = self.last
        number = last + 1
        self.batches[number] = Batch(
            [encode(event) for event in events],
            max(event.time for event in events),
            number,
            self.digest_before(number),
            self.algorithm,
        )
        return number

    @property
    def last(self) -> int:
        """Number of the newest batch, 0 when there is none."""
        return int(self.batches.maxKey()) if self.batches else 0

    def digest_before(self, number: int) -> bytes:
        """Digest of the batch before `number`."""
        before = self.batches.get(number - 1)
        return before.digest if before is not None else b""

    def newest_first(self, before: int = 0) -> Iterator[Event]:
        """Events, newest first; with `before` (UTC microseconds) only older ones."""
        number = self._first_at(before) if before else self.last
        while (batch := self.batches.get(number)) is not None:
            for event in reversed(list(batch)):
                if not before or event.time < before:
                    yield event
            number -= 1

    def _first_at(self, time: int) -> int:
        """Number of the first batch with an event at `time` or later; the last one if none has."""
        # Numbers have no gaps and times only grow, so a few batches tell the place.
        low, high = 1, self.last
        while low < high:
            middle = (low + high) // 2
            if self.batches[middle].time < time:
                low = middle + 1
            else:
                high = middle
        return high

    def __iter__(self) -> Iterator[Event]:
        for batch in self.batches.values():
            yield from batch

    def after(self, number: int) -> Iterator[tuple[int, Batch]]:
        """(number, batch) behind `number`, oldest first."""
        yield from self.batches.items(number, excludemin=True)


class Seal(Persistent):
    """The ends of all logs at the end of a day (Asia/Shanghai), chained to the seal before.

    - `heads`: log -> (number of its last batch of that day, its digest)
    """

    def __init__(
        self, day: str, heads: Mapping[str, tuple[int, bytes]], previous: bytes, algorithm: str
    ) -> None:
        self.day = day
        self.heads = dict(heads)
        self.previous = previous
        self.algorithm = algorithm
        self.digest = self.compute(previous)

    def compute(self, previous: bytes) -> bytes:
        """What the digest must be after a seal with the digest `previous`."""
        lines = [
            f"{name} {number} {digest.hex()}"
            for name, (number, digest) in sorted(self.heads.items())
        ]
        text = "\n".join([f"modou seal {self.day}", *lines])
        return ALGORITHMS[self.algorithm](previous + text.encode())


class Journal(Persistent):
    """All logs of a site, and their seals.

    :param algorithm: of new logs and seals: "sha256" or "sm3"
    """

    def __init__(self, algorithm: str = "sha256") -> None:
        self.algorithm = algorithm
        self.logs = WideOOBTree()
        self.seals = OOBTree()

    # -- writing

    def append(self, events: Sequence[Event]) -> Place | None:
        """Write `events` as one batch of this thread's log, in the current transaction.

        :returns: the place of the first one, None when there are none
        """
        if not events:
            return None
        name = writer_name()
        log: Log | None = self.logs.get(name)
        if log is None:
            log = self.logs[name] = Log(self.algorithm)
        return Place(name, log.append(events), 0)

    def seal(self, now: datetime) -> list[Seal]:
        """Seal every day that is over and has no seal yet, beginning with the first event's.

        :param now: aware; a day ends at midnight in Asia/Shanghai
        :returns: the new seals
        """
        today = now.astimezone(SHANGHAI).date()
        day = self._first_unsealed_day()
        made = []
        while day is not None and day < today:
            end = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)
            heads = self._heads_before(int(end.timestamp() * 1_000_000))
            previous = self.seals[self.seals.maxKey()].digest if self.seals else b""
            seal = Seal(day.isoformat(), heads, previous, self.algorithm)
            self.seals[seal.day] = seal
            made.append(seal)
            day += timedelta(days=1)
        return made

    def _first_unsealed_day(self) -> date | None:
        if self.seals:
            return datetime.fromisoformat(self.seals.maxKey()).date() + timedelta(days=1)
        first = min(
            (log.batches[log.batches.minKey()].time for log in self.logs.values() if log.batches),
            default=None,
        )
        if first is None:
            return None
        return datetime.fromtimestamp(first / 1_000_000, UTC).astimezone(SHANGHAI).date()

    def _heads_before(self, end: int) -> dict[str, tuple[int, bytes]]:
        """Log -> its last batch before `end` (UTC microseconds)."""
        heads = {}
        for name, log in self.logs.items():
            for number in reversed(log.batches.keys()):
                batch = log.batches[number]
                if batch.time < end:
                    heads[name] = (int(number), batch.digest)
                    break
        return heads

    # -- reading

    def newest_first(self, before: int = 0) -> Iterator[Event]:
        """All events, newest first, merged lazily from the logs; with `before` (UTC microseconds)
        only older ones."""
        logs = [log.newest_first(before) for log in self.logs.values()]
        return heapq.merge(*logs, key=lambda e: -e.time)

    def __iter__(self) -> Iterator[Event]:
        """All events, oldest first, merged lazily from the logs."""
        return heapq.merge(*(iter(log) for log in self.logs.values()), key=lambda e: e.time)

    def places(self) -> Iterator[tuple[Place, Event]]:
        """All events with their places, oldest first."""

        def of(name: str, log: Log) -> Iterator[tuple[Place, Event]]:
            for number, batch in log.batches.items():
                for index, event in enumerate(batch):
                    yield Place(name, int(number), index), event

        logs = [of(name, log) for name, log in self.logs.items()]
        return heapq.merge(*logs, key=lambda pair: pair[1].time)

    def heads(self) -> dict[str, int]:
        """Log -> number of its newest batch: the cursor of a reader who has seen everything."""
        return {name: log.last for name, log in self.logs.items() if log.last}

    def batches_after(
        self, cursor: Mapping[str, int], before: int = 1 << 62
    ) -> Iterator[tuple[str, int, Batch]]:
        """What a reader has not seen: (log, number, batch), by time, those before `before`.

        :param cursor: log -> number of the last batch that the reader has seen
        :param before: UTC microseconds; a little in the past, so that what a slower writer is
            committing now is not passed over in the order of time
        """

        def of(name: str, log: Log) -> Iterator[tuple[str, int, Batch]]:
            for number, batch in log.after(cursor.get(name, 0)):
                if batch.time >= before:
                    return
                yield name, number, batch

        logs = [of(name, log) for name, log in self.logs.items()]
        return heapq.merge(*logs, key=lambda entry: entry[2].time)

    def prove(self, place: Place) -> Proof:
        """Prove that an event was recorded.

        :raises KeyError: there is no event at that place
        """
        log: Log = self.logs[place.log]
        batch: Batch = log.batches[place.number]
        if not 0 <= place.position < len(batch):
            raise KeyError(place)
        digest = ALGORITHMS[log.algorithm]
        leaves = [leaf_digest(record, digest) for record in batch.records]
        return Proof(
            log.algorithm,
            batch.records[place.position],
            tuple(audit_path(leaves, place.position, digest)),
            place.log,
            place.number,
            batch.time,
            len(batch),
            log.digest_before(place.number),
            batch.digest,
        )
