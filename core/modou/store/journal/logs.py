"""Journal, logs, batches, seals: what is stored."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

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
from modou.store.journal.records import MARK, decode, encode
from modou.store.journal.segments import BLOCK_SIZE, ArchivedBatch, Segment
from modou.store.journal.writers import writer_name

#: A segment is closed with so many bytes in its blob, or batches, so that archiving it is one
#: transaction of a few seconds.
SEGMENT_SIZE = 8_000_000
SEGMENT_BATCHES = 100_000


class Place(NamedTuple):
    """Where an event stands: log, number of the batch, place in the batch (from 0)."""

    log: str
    number: int
    position: int

    def __str__(self) -> str:
        return f"{self.log}/{self.number}/{self.position}"


class DamagedBatch(ValueError):
    """A batch is not as it was written. `number`: in its log."""

    def __init__(self, number: int) -> None:
        super().__init__(f"batch {number} is not as it was written")
        self.number = number


def month_end(time: int) -> int:
    """End (UTC microseconds) of the month in Asia/Shanghai in which the time lies."""
    day = datetime.fromtimestamp(time / 1_000_000, SHANGHAI)
    following = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=SHANGHAI)
    return int(following.timestamp()) * 1_000_000


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


AnyBatch = Batch | ArchivedBatch


class Expired(NamedTuple):
    """The part of a log that was deleted after its retention.

    :param through: number of its last batch, 0 when nothing was deleted
    :param digest: of that batch
    :param events: how many were deleted
    :param ends: time of the last one, UTC microseconds
    :param when: it was deleted, UTC microseconds
    """

    through: int = 0
    digest: bytes = b""
    events: int = 0
    ends: int = 0
    when: int = 0


def check_batch(number: int, batch: Batch | ArchivedBatch, previous: bytes, algorithm: str) -> None:
    """:raises DamagedBatch: the batch does not follow the digest `previous`"""
    digest = ALGORITHMS[algorithm]
    leaves = [leaf_digest(record, digest) for record in batch.records]
    marks = b"".join(leaf[:MARK] for leaf in leaves)
    root = root_digest(leaves, digest) if leaves else b""
    chained = chain_digest(previous, number, batch.time, len(leaves), root, digest)
    if marks != batch.marks or chained != batch.digest:
        raise DamagedBatch(number)


class Log(Persistent):
    """One writer's batches, numbered from 1 without gaps: the oldest may be expired, then come
    archive segments, then `batches`.

    - `segments`: number of its first batch -> Segment; None before the first
    - `expired`: what was deleted after its retention
    """

    segments: Any = None
    expired = Expired()

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
    def archived(self) -> Sequence[Segment]:
        """Its archive segments, oldest first."""
        return tuple(self.segments.values()) if self.segments else ()

    @property
    def last(self) -> int:
        """Number of the newest batch, 0 when there is none."""
        if self.batches:
            return int(self.batches.maxKey())
        segments = self.archived
        return segments[-1].last if segments else self.expired.through

    @property
    def times(self) -> tuple[int, int] | None:
        """Times of the first and the last batch (UTC microseconds), None when there is none."""
        segments = self.archived
        if not self.batches:
            return (segments[0].begins, segments[-1].ends) if segments else None
        first = segments[0].begins if segments else self.batches[self.batches.minKey()].time
        return first, self.batches[self.batches.maxKey()].time

    def get(self, number: int) -> AnyBatch | None:
        """Batch `number`, None when it is not there (any more)."""
        batch: Batch | None = self.batches.get(number)
        if batch is not None:
            return batch
        segment = self._segment_of(number)
        return segment.get(number) if segment is not None else None

    def _segment_of(self, number: int) -> Segment | None:
        if not self.segments or number < self.segments.minKey():
            return None
        segment: Segment = self.segments[self.segments.maxKey(number)]
        return segment if number <= segment.last else None

    def digest_before(self, number: int) -> bytes:
        """Digest of the batch before `number`."""
        batch = self.batches.get(number - 1)
        if batch is not None:
            return bytes(batch.digest)
        if number - 1 == self.expired.through:
            return self.expired.digest
        segment = self._segment_of(number - 1)
        if segment is None:
            return b""
        return segment.digest if number - 1 == segment.last else segment.get(number - 1).digest

    def newest_first(self, before: int = 0) -> Iterator[Event]:
        """Events, newest first; with `before` (UTC microseconds) only older ones."""
        number = self.first_at(before) if before else self.last
        for _number, batch in self.backwards(number):
            for event in reversed(list(batch)):
                if not before or event.time < before:
                    yield event

    def first_at(self, time: int) -> int:
        """Number of the first batch with an event at `time` or later; the last one if none has."""
        for segment in self.archived:
            if segment.ends >= time:
                return segment.first_at(time)
        if not self.batches:
            return self.last
        # Numbers have no gaps and times only grow, so a few batches tell the place.
        low, high = int(self.batches.minKey()), self.last
        while low < high:
            middle = (low + high) // 2
            if self.batches[middle].time < time:
                low = middle + 1
            else:
                high = middle
        return high

    def __iter__(self) -> Iterator[Event]:
        for _number, batch in self.after(0):
            yield from batch

    def after(self, number: int) -> Iterator[tuple[int, AnyBatch]]:
        """(number, batch) behind `number`, oldest first."""
        if self.segments and number < self.segments[self.segments.maxKey()].last:
            for segment in self.archived:
                if segment.last > number:
                    yield from segment.entries(number)
        yield from self.batches.items(number, excludemin=True)

    def backwards(self, start: int) -> Iterator[tuple[int, AnyBatch]]:
        """(number, batch) from `start` on, newest first."""
        while (batch := self.batches.get(start)) is not None:
            yield start, batch
            start -= 1
        while (segment := self._segment_of(start)) is not None:
            yield from segment.backwards(start)
            start = segment.first - 1

    # -- archiving

    def archive(self, before: int) -> Segment | None:
        """Move the oldest batches into a segment: those of one month (Asia/Shanghai), all before
        the time `before` (UTC microseconds), as many as one transaction should take.

        :returns: the segment, None when there is nothing to be moved
        :raises DamagedBatch: a batch is not as it was written; nothing is moved
        """
        if not self.batches:
            return None
        first = int(self.batches.minKey())
        end = min(before, month_end(self.batches[first].time))
        segment = Segment(first)
        previous = self.digest_before(first)
        block: list[ArchivedBatch] = []
        size = 0
        with segment.blob.open("w") as target:
            for number, batch in self.batches.items():
                enough = segment.size > SEGMENT_SIZE or number - first >= SEGMENT_BATCHES
                if batch.time >= end or enough:
                    break
                check_batch(int(number), batch, previous, self.algorithm)
                previous = batch.digest
                block.append(ArchivedBatch(batch.time, batch.records, batch.marks, batch.digest))
                size += sum(map(len, batch.records))
                batch.forget()
                if size >= BLOCK_SIZE:
                    segment.write(target, block)
                    block, size = [], 0
            if block:
                segment.write(target, block)
        if not segment.blocks:
            return None
        if self.segments is None:
            self.segments = LOBTree()
        self.segments[first] = segment
        # One by one: a writer who appends meanwhile changes another place of the tree.
        for number in range(first, segment.last + 1):
            del self.batches[number]
        return segment

    def expire(self, segment: Segment, now: int) -> None:
        """Delete the oldest segment; what remains of it is its end, so that the chain holds.

        :param now: UTC microseconds
        :raises ValueError: another segment is older
        """
        if not self.segments or self.segments.minKey() != segment.first:
            raise ValueError("only the oldest segment of a log can be deleted")
        del self.segments[segment.first]
        events = self.expired.events + segment.events
        self.expired = Expired(segment.last, segment.digest, events, segment.ends, now)


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

    - `logs`: those that may still be written to, by name
    - `retired`: time of its newest batch (UTC microseconds) -> (name, log), for logs of writers
      that are gone: tail, audit trail and seals need not look at them; None before the first

    :param algorithm: of new logs and seals: "sha256" or "sm3"
    """

    retired: Any = None
    retired_names: Any = None

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
            log = self._revive(name) or Log(self.algorithm)
            self.logs[name] = log
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
        first = min((log.times[0] for log in self.logs.values() if log.times), default=None)
        if first is None:
            return None
        return datetime.fromtimestamp(first / 1_000_000, UTC).astimezone(SHANGHAI).date()

    def _heads_before(self, end: int) -> dict[str, tuple[int, bytes]]:
        """Log -> its last batch before `end` (UTC microseconds)."""
        heads = {}
        for name, log in self.logs.items():
            for number, batch in log.backwards(log.first_at(end)):
                if batch.time < end:
                    heads[name] = (int(number), batch.digest)
                    break
        return heads

    # -- logs that are over

    def log(self, name: str) -> Log | None:
        """The log of that name, retired or not."""
        found: Log | None = self.logs.get(name)
        if found is None and self.retired_names and name in self.retired_names:
            found = self.retired[self.retired_names[name]][1]
        return found

    def all_logs(self) -> Iterator[tuple[str, Log]]:
        """(name, log), the retired ones as well."""
        yield from self.logs.items()
        if self.retired:
            yield from self.retired.values()

    def retire(self, before: int, limit: int = 500) -> int:
        """Put logs aside that are all archived and were last written to before the time `before`
        (UTC microseconds), up to `limit`; how many. Should one be written to again, it comes back.
        """
        over = []
        for name, log in self.logs.items():
            if not log.batches and (times := log.times) is not None and times[1] < before:
                over.append((times[1], name, log))
            if len(over) == limit:
                break
        if over and self.retired is None:
            self.retired, self.retired_names = LOBTree(), OOBTree()
        for time, name, log in over:
            key = time
            while key in self.retired:
                key += 1
            self.retired[key] = (name, log)
            self.retired_names[name] = key
            del self.logs[name]
        return len(over)

    def _revive(self, name: str) -> Log | None:
        if not self.retired_names or name not in self.retired_names:
            return None
        _name, log = self.retired.pop(self.retired_names.pop(name))
        revived: Log = log
        return revived

    # -- archiving

    @property
    def archivable_before(self) -> int:
        """Time (UTC microseconds) before which months are closed and all their days sealed."""
        if not self.seals:
            return 0
        after = datetime.fromisoformat(self.seals.maxKey()) + timedelta(days=1)
        return int(datetime(after.year, after.month, 1, tzinfo=SHANGHAI).timestamp()) * 1_000_000

    # -- reading

    def newest_first(self, before: int = 0) -> Iterator[Event]:
        """All events, newest first, merged lazily from the logs; with `before` (UTC microseconds)
        only older ones."""
        waiting: list[tuple[int, int, Log | Iterator[Event], Event | None]] = []
        for order, log in enumerate(self.logs.values()):
            times = log.times
            if times is not None:
                newest = min(times[1], before) if before else times[1]
                waiting.append((-newest, order, log, None))
        heapq.heapify(waiting)
        over = reversed(self.retired.items()) if self.retired else iter(())
        next_over = next(over, None)
        while waiting or next_over is not None:
            if next_over is not None and (not waiting or -waiting[0][0] <= next_over[0]):
                newest = min(next_over[0], before) if before else next_over[0]
                heapq.heappush(waiting, (-newest, -next_over[0], next_over[1][1], None))
                next_over = next(over, None)
                continue
            _time, order, source, event = heapq.heappop(waiting)
            # A log is opened when its time has come: most are never, and may be archived.
            events = source.newest_first(before) if isinstance(source, Log) else source
            if event is not None:
                yield event
            following = next(events, None)
            if following is not None:
                heapq.heappush(waiting, (-following.time, order, events, following))

    def __iter__(self) -> Iterator[Event]:
        """All events, oldest first, merged lazily from the logs."""
        return heapq.merge(*(iter(log) for _name, log in self.all_logs()), key=lambda e: e.time)

    def places(self) -> Iterator[tuple[Place, Event]]:
        """All events with their places, oldest first."""

        def of(name: str, log: Log) -> Iterator[tuple[Place, Event]]:
            for number, batch in log.after(0):
                for index, event in enumerate(batch):
                    yield Place(name, int(number), index), event

        logs = [of(name, log) for name, log in self.all_logs()]
        return heapq.merge(*logs, key=lambda pair: pair[1].time)

    def heads(self) -> dict[str, int]:
        """Log -> number of its newest batch: the cursor of a reader who has seen everything."""
        return {name: log.last for name, log in self.logs.items() if log.last}

    def batches_after(
        self, cursor: Mapping[str, int], before: int = 1 << 62, since: int = 0
    ) -> Iterator[tuple[str, int, AnyBatch]]:
        """What a reader has not seen: (log, number, batch), by time, those before `before`.

        :param cursor: log -> number of the last batch that the reader has seen
        :param before: UTC microseconds; a little in the past, so that what a slower writer is
            committing now is not passed over in the order of time
        :param since: UTC microseconds; the reader has seen retired logs that ended before
        """

        def of(name: str, log: Log) -> Iterator[tuple[str, int, AnyBatch]]:
            for number, batch in log.after(cursor.get(name, 0)):
                if batch.time >= before:
                    return
                yield name, number, batch

        logs = [of(name, log) for name, log in self.logs.items()]
        if self.retired:
            logs += [of(name, log) for name, log in self.retired.values(since)]
        return heapq.merge(*logs, key=lambda entry: entry[2].time)

    def prove(self, place: Place) -> Proof:
        """Prove that an event was recorded.

        :raises KeyError: there is no event at that place
        """
        log = self.log(place.log)
        batch = log.get(place.number) if log is not None else None
        if log is None or batch is None or not 0 <= place.position < len(batch):
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
