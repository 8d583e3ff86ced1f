"""Checking that nothing in the journal was altered, dropped or reordered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from modou.store.journal.digests import ALGORITHMS, Digest, chain_digest, leaf_digest, root_digest
from modou.store.journal.logs import AnyBatch, Journal, Log, Place
from modou.store.journal.records import MARK, decode
from modou.store.journal.segments import DamagedSegment, Segment

Progress = Callable[[int], None]
_REPORT_EVERY = 50_000
#: Kind of the event that accounts for a deleted segment: log, through, digest.
EXPIRED = "journal_expired"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written.

    :param kind: "altered", "missing", "chain" (a batch was replaced or moved), "seal", "damaged"
        (an archive segment cannot be read)
    """

    kind: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(slots=True)
class Report:
    """What `verify` found; `first` is the first fault in the order of the logs.

    `archived`: how many of `events` are in archive segments; `expired`: events that were deleted
    after their retention, which are not among `events`.
    """

    events: int = 0
    batches: int = 0
    logs: int = 0
    seals: int = 0
    segments: int = 0
    archived: int = 0
    expired: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def first(self) -> Fault | None:
        return self.faults[0] if self.faults else None


#: Log -> number of a batch -> (its digest, the first day whose seal covers it).
_Sealed = dict[str, dict[int, tuple[bytes, str]]]


def verify(journal: Journal, progress: Progress | None = None) -> Report:
    """Recompute every digest.

    :param progress: called with the number of events seen so far, now and then
    """
    report = Report()
    sealed, faults = _verify_seals(journal, report)
    for name, log in journal.all_logs():
        report.logs += 1
        check = _LogCheck(name, log, report, sealed.pop(name, {}), progress)
        report.faults.extend(check.run())
        faults.extend(check.of_seals())
    for name, heads in sealed.items():
        faults.extend(_uncovered(name, heads))
    faults.extend(_unaccounted(journal))
    report.faults.extend(faults)
    return report


def _uncovered(name: str, heads: dict[int, tuple[bytes, str]]) -> Iterator[Fault]:
    for number, (_digest, day) in heads.items():
        text = f"the seal of {day} covers this batch, but it is missing"
        yield Fault("missing", Place(name, number, 0), text)


def _unaccounted(journal: Journal) -> Iterator[Fault]:
    """Deleted parts of logs that no event accounts for, as far as such events can still be there:
    they have their retention as well."""
    logs = dict(journal.all_logs())
    expired = {name: log.expired for name, log in logs.items() if log.expired.through}
    oldest = min((log.times[0] for log in logs.values() if log.times), default=0)
    expired = {name: part for name, part in expired.items() if part.when >= oldest}
    if not expired:
        return
    told = {
        (event.values["log"], event.values["through"], event.values["digest"])
        for log in logs.values()
        for _number, batch in log.after(0)
        for record in batch.records
        if EXPIRED.encode() in record and (event := decode(record)).kind == EXPIRED
    }
    for name, part in expired.items():
        if (name, part.through, part.digest.hex()) not in told:
            text = "the batches up to this one were deleted, and no event says so"
            yield Fault("missing", Place(name, part.through, 0), text)


class _LogCheck:
    """The check of one log; `heads`: what seals say of it."""

    def __init__(
        self,
        name: str,
        log: Log,
        report: Report,
        heads: dict[int, tuple[bytes, str]],
        progress: Progress | None,
    ) -> None:
        self._name = name
        self._log = log
        self._report = report
        self._heads = heads
        self._progress = progress
        self._digest: Digest = ALGORITHMS[log.algorithm]
        through, kept = log.expired.through, log.expired.digest
        report.expired += log.expired.events
        self._previous = kept
        self._expected = through + 1
        self._seal_faults: list[Fault] = []
        for number in [number for number in heads if number <= through]:
            digest, day = heads.pop(number)
            if number == through and digest != kept:
                self._other_than_sealed(number, day)

    def run(self) -> Iterator[Fault]:
        """All batches, oldest first."""
        for segment in self._log.archived:
            yield from self._segment(segment)
        for number, batch in self._log.batches.items():
            yield from self._batch(int(number), batch)
            batch.forget()

    def of_seals(self) -> Iterator[Fault]:
        """After `run`: what the seals cover and is not there, or not the same."""
        yield from self._seal_faults
        yield from _uncovered(self._name, self._heads)

    def _segment(self, segment: Segment) -> Iterator[Fault]:
        report = self._report
        report.segments += 1
        events, begins, ends = report.events, 0, 0
        try:
            for number, batch in segment.entries():
                yield from self._batch(number, batch)
                begins = begins or batch.time
                ends = batch.time
        except DamagedSegment as error:
            yield Fault(
                "damaged",
                Place(self._name, self._expected, 0),
                f"the archive segment with the batches {segment.first} to {segment.last} cannot be "
                f"read: {error}",
            )
            self._previous, self._expected = segment.digest, segment.last + 1
            for number in [n for n in self._heads if segment.first <= n <= segment.last]:
                del self._heads[number]
            return
        report.archived += report.events - events
        said = (segment.last, segment.digest, segment.begins, segment.ends, segment.events)
        found = (self._expected - 1, self._previous, begins, ends, report.events - events)
        if said != found:
            yield Fault(
                "altered",
                Place(self._name, segment.first, 0),
                "what the archive segment says of its batches was altered",
            )

    def _batch(self, number: int, batch: AnyBatch) -> Iterator[Fault]:
        report, digest = self._report, self._digest
        if number != self._expected:
            yield self._gap(number)
        before = report.events
        report.batches += 1
        report.events += len(batch.records)
        leaves = [leaf_digest(record, digest) for record in batch.records]
        fault = _altered(self._name, number, batch, leaves)
        if fault is not None:
            yield fault
        else:
            root = root_digest(leaves, digest) if leaves else b""
            previous = self._previous
            chained = chain_digest(previous, number, batch.time, len(leaves), root, digest)
            if chained != batch.digest:
                yield Fault(
                    "chain",
                    Place(self._name, number, 0),
                    "this batch does not follow the one before it: it was replaced, moved, or its "
                    "time was changed",
                )
        sealed = self._heads.pop(number, None) if self._heads else None
        if sealed is not None and sealed[0] != batch.digest:
            self._other_than_sealed(number, sealed[1])
        self._previous = batch.digest
        self._expected = number + 1
        if self._progress is not None and before // _REPORT_EVERY != report.events // _REPORT_EVERY:
            self._progress(report.events)

    def _gap(self, number: int) -> Fault:
        place = Place(self._name, self._expected, 0)
        missing = number - self._expected
        if missing < 0:
            return Fault("chain", Place(self._name, number, 0), "this batch is there twice")
        if missing == 1:
            return Fault("missing", place, "this batch of events is missing")
        return Fault("missing", place, f"{missing:,} batches of events are missing from here on")

    def _other_than_sealed(self, number: int, day: str) -> None:
        text = f"this batch is not the one that the seal of {day} covers"
        self._seal_faults.append(Fault("seal", Place(self._name, number, 0), text))


def _altered(name: str, number: int, batch: AnyBatch, leaves: list[bytes]) -> Fault | None:
    """The first event of a batch that is not what its mark says."""
    found = [leaf[:MARK] for leaf in leaves]
    if batch.marks == b"".join(found):
        return None
    marks = [batch.marks[i : i + MARK] for i in range(0, len(batch.marks), MARK)]
    if sorted(marks) == sorted(found):
        index = next(i for i, (a, b) in enumerate(zip(marks, found, strict=True)) if a != b)
        return Fault("altered", Place(name, number, index), "the events were reordered here")
    for index, mark in enumerate(marks):
        if index >= len(found) or found[index] != mark:
            if len(found) < len(marks) and mark not in found:
                return Fault("missing", Place(name, number, index), "this event is missing")
            return Fault("altered", Place(name, number, index), "this event was altered")
    return Fault("altered", Place(name, number, len(marks)), "an event was added here")


def _verify_seals(journal: Journal, report: Report) -> tuple[_Sealed, list[Fault]]:
    """What the seals cover, and what is wrong with themselves."""
    sealed: _Sealed = {}
    faults = []
    previous = b""
    for day, seal in journal.seals.items():
        report.seals += 1
        if seal.previous != previous or seal.compute(previous) != seal.digest:
            faults.append(Fault("seal", Place(day, 0, 0), "the seal of this day was altered"))
        for name, (number, digest) in seal.heads.items():
            known = sealed.setdefault(name, {}).setdefault(number, (digest, day))
            if known[0] != digest:
                text = f"the seals of {known[1]} and {day} cover different batches here"
                faults.append(Fault("seal", Place(name, number, 0), text))
        previous = seal.digest
    return sealed, faults
