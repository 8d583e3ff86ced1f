"""The journal: what writing, verifying, archiving and reading it costs, on a FileStorage.

    .venv/bin/python scripts/bench/journal.py [--events 400000]

The events are study beats of 2,000 learners. Once in batches of one event, as pages write them;
once in batches of 25, as the group commit of beats does. CPU time of one thread; `modou journal
verify` must reach 200,000 events/s.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ZODB

from modou.declarations import Event
from modou.store.journal import Journal, verify

MARCH = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1_000_000)
MAY = datetime(2026, 5, 2, tzinfo=UTC)
LEARNERS = 2_000


def beats(count: int) -> Iterator[Event]:
    """Study events in the order of time, 1,333 a second."""
    chance = random.Random(7)  # noqa: S311 - the same in every run
    learners = [(chance.getrandbits(62), chance.getrandbits(62)) for _ in range(LEARNERS)]
    activities = [chance.getrandbits(62) for _ in range(100)]
    courses = [chance.getrandbits(62) for _ in range(20)]
    for number in range(count):
        learner, session = learners[chance.randrange(LEARNERS)]
        position = number // LEARNERS * 15
        values = {
            "activity": activities[learner % 100],
            "credited": 15,
            "held": 0,
            "session": session,
            "spans": [[position, position + 15]],
            "version": "a3f9c2d1e4b5",
        }
        time_ = MARCH + number * 750 + chance.randrange(700)
        yield Event("studied", time_, learner, learner, courses[learner % 20], values)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.suffix != ".old")


class Watch:
    """CPU time of this process, printed with what it was spent on."""

    def __init__(self, what: str, count: int) -> None:
        self._what = what
        self._count = count

    def __enter__(self) -> None:
        self._started = time.process_time()

    def __exit__(self, *_error: object) -> None:
        seconds = time.process_time() - self._started
        rate = self._count / seconds
        print(f"  {self._what:<28} {rate:>10,.0f} events/s  {seconds / self._count * 1e6:6.2f} µs")


def run(folder: Path, events: int, batch: int) -> None:
    database = ZODB.DB(str(folder / "Data.fs"), blob_dir=str(folder / "blobs"), cache_size=20_000)
    connection = database.open()
    commit = connection.transaction_manager.commit
    journal = connection.root()["journal"] = Journal()
    commit()
    print(f"{events:,} events in batches of {batch}")
    source = beats(events)
    written = 0
    with Watch("append (20 batches a commit)", events):
        while written < events:
            for _number in range(20):
                group = [event for _i, event in zip(range(batch), source, strict=False)]
                if group:
                    journal.append(group)
                written += batch
            commit()
            connection.cacheGC()
    database.pack()
    plain = size_of(folder)
    connection.cacheMinimize()
    verified(journal, "verify", events)
    newest(journal, connection, "newest 50, first time")
    journal.seal(MAY)
    commit()
    log: Any = next(iter(journal.logs.values()))
    before = journal.archivable_before
    with Watch("archive", events):
        while log.archive(before) is not None:
            commit()
            connection.cacheGC()
    segments = log.archived
    archived = sum(segment.size for segment in segments)
    database.pack()
    whole = size_of(folder)
    print(
        f"  {'bytes per event':<28} {plain / events:10.1f} live, packed; "
        f"{archived / events:.1f} in {len(segments)} segments ({plain / archived:.1f} times less); "
        f"database then {whole / events:.1f}"
    )
    connection.cacheMinimize()
    verified(journal, "verify, archived", events)
    newest(journal, connection, "newest 50, archived")
    connection.close()
    database.close()


def verified(journal: Journal, what: str, events: int) -> None:
    with Watch(what, events):
        report = verify(journal)
    if report.first is not None or report.events != events:
        raise SystemExit(f"the journal is not sound: {report.first}")


def newest(journal: Journal, connection: Any, what: str) -> None:
    """A page of the audit trail, with nothing in memory."""
    connection.cacheMinimize()
    started = time.perf_counter()
    for _number, _event in zip(range(50), journal.newest_first(), strict=False):
        pass
    print(f"  {what:<28} {(time.perf_counter() - started) * 1000:10.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=400_000)
    chosen = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    for batch in (1, 25):
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), chosen.events, batch)


if __name__ == "__main__":
    main()
