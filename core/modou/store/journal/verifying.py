"""Checking that nothing in the journal was altered, dropped or reordered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from modou.store.journal.digests import ALGORITHMS, chain_digest, leaf_digest, root_digest
from modou.store.journal.logs import MARK, Batch, Journal, Log, Place

Progress = Callable[[int], None]
_REPORT_EVERY = 50_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written.

    :param kind: "altered", "missing", "chain" (a batch was replaced or moved), "seal"
    """

    kind: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(slots=True)
class Report:
    """What `verify` found; `first` is the first fault in the order of the logs."""

    events: int = 0
    batches: int = 0
    logs: int = 0
    seals: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def first(self) -> Fault | None:
        return self.faults[0] if self.faults else None


def verify(journal: Journal, progress: Progress | None = None) -> Report:
    """Recompute every digest.

    :param progress: called with the number of events seen so far, now and then
    """
    report = Report()
    for name, log in journal.logs.items():
        report.logs += 1
        for fault in _verify_log(name, log, report, progress):
            report.faults.append(fault)
    _verify_seals(journal, report)
    return report


def _verify_log(name: str, log: Log, report: Report, progress: Progress | None) -> Iterator[Fault]:
    digest = ALGORITHMS[log.algorithm]
    previous = b""
    expected = 1
    for number, batch in log.batches.items():
        while expected < number:
            yield Fault("missing", Place(name, expected, 0), "this batch of events is missing")
            expected += 1
        before = report.events
        report.batches += 1
        report.events += len(batch.records)
        leaves = [leaf_digest(record, digest) for record in batch.records]
        fault = _altered(name, number, batch, leaves)
        if fault is not None:
            yield fault
        elif (
            chain_digest(
                previous,
                number,
                batch.time,
                len(leaves),
                root_digest(leaves, digest) if leaves else b"",
                digest,
            )
            != batch.digest
        ):
            yield Fault(
                "chain",
                Place(name, number, 0),
                "this batch does not follow the one before it: it was replaced, moved, or its "
                "time was changed",
            )
        previous = batch.digest
        expected = number + 1
        if progress is not None and before // _REPORT_EVERY != report.events // _REPORT_EVERY:
            progress(report.events)
        batch._p_deactivate()  # noqa: SLF001 - how persistent names it


def _altered(name: str, number: int, batch: Batch, leaves: list[bytes]) -> Fault | None:
    """The first event of a batch that is not what its mark says."""
    marks = [batch.marks[i : i + MARK] for i in range(0, len(batch.marks), MARK)]
    found = [leaf[:MARK] for leaf in leaves]
    if marks == found:
        return None
    if sorted(marks) == sorted(found):
        index = next(i for i, (a, b) in enumerate(zip(marks, found, strict=True)) if a != b)
        return Fault("altered", Place(name, number, index), "the events were reordered here")
    for index, mark in enumerate(marks):
        if index >= len(found) or found[index] != mark:
            if len(found) < len(marks) and mark not in found:
                return Fault("missing", Place(name, number, index), "this event is missing")
            return Fault("altered", Place(name, number, index), "this event was altered")
    return Fault("altered", Place(name, number, len(marks)), "an event was added here")


def _verify_seals(journal: Journal, report: Report) -> None:
    previous = b""
    for day, seal in journal.seals.items():
        report.seals += 1
        if seal.previous != previous or seal.compute(previous) != seal.digest:
            report.faults.append(
                Fault("seal", Place(day, 0, 0), "the seal of this day was altered")
            )
        for name, (number, digest) in seal.heads.items():
            log = journal.logs.get(name)
            batch = log.batches.get(number) if log is not None else None
            if batch is None:
                report.faults.append(
                    Fault(
                        "missing",
                        Place(name, number, 0),
                        f"the seal of {day} covers this batch, but it is missing",
                    )
                )
            elif batch.digest != digest:
                report.faults.append(
                    Fault(
                        "seal",
                        Place(name, number, 0),
                        f"this batch is not the one that the seal of {day} covers",
                    )
                )
        previous = seal.digest
