"""Archive segments: months move into them, readers notice nothing, and whatever is touched in them
afterwards is named."""

import contextlib
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import transaction
import ZODB
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transaction.interfaces import TransientError

from modou.declarations import Event
from modou.store.journal import DamagedBatch, Journal, Place, check_proof, logs, verify
from modou.store.journal.records import decode, encode
from modou.store.journal.segments import (
    ArchivedBatch,
    DamagedSegment,
    Segment,
    pack_block,
    unpack_block,
)

#: Some days in January to April 2026, noon in Tianjin.
MONTHS = [datetime(2026, month, 10, 4, tzinfo=UTC) for month in (1, 2, 3, 4)]


def event(moment: datetime, number: int) -> Event:
    time = int((moment + timedelta(seconds=number)).timestamp() * 1_000_000)
    return Event("studied", time, actor=7, subject=7, course=3, values={"n": number, "text": "电"})


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    database = ZODB.DB(str(tmp_path / "Data.fs"), blob_dir=str(tmp_path / "blobs"))
    connection = database.open()
    connection.root()["journal"] = Journal()
    connection.transaction_manager.commit()
    yield connection
    connection.transaction_manager.abort()
    connection.close()
    database.close()


@pytest.fixture
def journal(connection: Any) -> Journal:
    """Four months of three batches of two events each, in one log; sealed up to March."""
    journal: Journal = connection.root()["journal"]
    for moment in MONTHS:
        for batch in range(3):
            journal.append([event(moment, batch * 2 + i) for i in range(2)])
    journal.seal(datetime(2026, 4, 2, tzinfo=UTC))
    connection.transaction_manager.commit()
    return journal


def the_log(journal: Journal) -> Any:
    return next(iter(journal.logs.values()))


def archive(journal: Journal, connection: Any) -> list[Segment]:
    made = []
    while (segment := the_log(journal).archive(journal.archivable_before)) is not None:
        made.append(segment)
        connection.transaction_manager.commit()
    return made


def everything(journal: Journal) -> dict[str, Any]:
    """What all ways of reading give."""
    places = list(journal.places())
    times = sorted({e.time for _place, e in places})
    name = next(iter(journal.logs))
    return {
        "iter": list(journal),
        "places": places,
        "newest": list(journal.newest_first()),
        "before": [
            [e.time for e in journal.newest_first(time)] for time in (*times, times[-1] + 1)
        ],
        "cursor": [
            [(n, b.time, tuple(b.records)) for _log, n, b in journal.batches_after({name: at})]
            for at in range(14)
        ],
        "proofs": [journal.prove(place) for place, _event in places],
        "heads": journal.heads(),
        "times": the_log(journal).times,
    }


class TestMoving:
    def test_closed_and_sealed_months_move_one_segment_each(
        self, journal: Journal, connection: Any
    ) -> None:
        made = archive(journal, connection)
        assert [(s.first, s.last, s.events) for s in made] == [(1, 3, 6), (4, 6, 6), (7, 9, 6)]
        assert list(the_log(journal).batches) == [10, 11, 12]
        assert archive(journal, connection) == []

    def test_a_month_with_unsealed_days_stays(self, journal: Journal, connection: Any) -> None:
        for day in ("2026-03-31", "2026-04-01"):
            del journal.seals[day]
        assert [s.last for s in archive(journal, connection)] == [3, 6]

    def test_readers_notice_nothing(self, journal: Journal, connection: Any) -> None:
        before = everything(journal)
        archive(journal, connection)
        connection.cacheMinimize()
        after = everything(journal)
        assert after == before
        assert all(map(check_proof, after["proofs"]))

    def test_months_that_are_all_archived_go_on(self, journal: Journal, connection: Any) -> None:
        journal.seal(datetime(2026, 5, 2, tzinfo=UTC))
        archive(journal, connection)
        assert not the_log(journal).batches
        before = everything(journal)
        assert before["heads"] == {next(iter(journal.logs)): 12}
        journal.append([event(datetime(2026, 5, 3, tzinfo=UTC), 1)])
        connection.transaction_manager.commit()
        assert the_log(journal).last == 13
        report = verify(journal)
        assert report.first is None
        assert (report.events, report.archived, report.segments) == (25, 24, 4)
        assert journal.seal(datetime(2026, 5, 5, tzinfo=UTC))[-1].heads.popitem()[1][0] == 13

    def test_a_large_month_becomes_several_segments_of_several_blocks(
        self, journal: Journal, connection: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = everything(journal)
        monkeypatch.setattr(logs, "BLOCK_SIZE", 100)
        monkeypatch.setattr(logs, "SEGMENT_BATCHES", 2)
        made = archive(journal, connection)
        assert [(s.first, s.last) for s in made] == [(1, 2), (3, 3), (4, 5), (6, 6), (7, 8), (9, 9)]
        assert len(made[0].blocks) == 2
        connection.cacheMinimize()
        assert everything(journal) == before
        assert verify(journal).first is None

    def test_what_was_altered_before_is_not_swept_into_the_archive(
        self, journal: Journal, connection: Any
    ) -> None:
        batch = the_log(journal).batches[5]
        batch.records = (batch.records[1], batch.records[0])
        connection.transaction_manager.commit()
        the_log(journal).archive(journal.archivable_before)
        connection.transaction_manager.commit()
        with pytest.raises(DamagedBatch, match="batch 5"):
            the_log(journal).archive(journal.archivable_before)
        connection.transaction_manager.abort()
        assert the_log(journal).last == 12
        fault = verify(journal).first
        assert fault is not None
        assert fault.place.number == 5

    def test_a_writer_goes_on_while_months_are_moved(
        self, journal: Journal, connection: Any
    ) -> None:
        name = next(iter(journal.logs))
        tm = transaction.TransactionManager(explicit=True)
        tm.begin()
        other = connection.db().open(transaction_manager=tm)
        its_log = other.root()["journal"].logs[name]
        assert its_log.archive(journal.archivable_before) is not None
        the_log(journal).append([event(MONTHS[3], 99)])
        connection.transaction_manager.commit()
        # Of two that met in a small log, the later one tries again.
        with contextlib.suppress(TransientError):
            tm.commit()
        tm.abort()
        tm.begin()
        its_log.archive(journal.archivable_before)
        tm.commit()
        other.close()
        connection.transaction_manager.begin()
        assert the_log(journal).last == 13
        assert the_log(journal).archived[0].last == 3
        assert verify(journal).first is None

    def test_an_interrupted_move_leaves_all_as_it_was(
        self, journal: Journal, connection: Any
    ) -> None:
        before = everything(journal)
        the_log(journal).archive(journal.archivable_before)
        connection.transaction_manager.abort()
        assert everything(journal) == before
        assert [s.last for s in archive(journal, connection)] == [3, 6, 9]


class TestRetiring:
    @pytest.fixture
    def several(self, journal: Journal, connection: Any) -> Journal:
        """Three more logs, of writers that are gone, beside the one that is written to."""
        journal.seals.clear()
        for number, moment in enumerate(MONTHS[:3]):
            log = journal.logs[f"gone-{number}"] = logs.Log("sha256")
            for batch in range(2):
                log.append([event(moment, 100 + number * 10 + batch)])
        journal.seal(datetime(2026, 4, 2, tzinfo=UTC))
        connection.transaction_manager.commit()
        for log in journal.logs.values():
            while log.archive(journal.archivable_before) is not None:
                connection.transaction_manager.commit()
        return journal

    def ways(self, journal: Journal) -> dict[str, Any]:
        times = sorted({e.time for e in journal})
        return {
            "iter": list(journal),
            "places": sorted(journal.places()),
            "newest": [e.time for e in journal.newest_first()],
            "before": [[e.time for e in journal.newest_first(t)] for t in (*times, times[-1] + 1)],
            "cursor": sorted((n, i, b.time) for n, i, b in journal.batches_after({})),
            "proofs": [journal.prove(place) for place, _event in sorted(journal.places())],
        }

    def test_readers_notice_nothing(self, several: Journal, connection: Any) -> None:
        before = self.ways(several)
        end = int(MONTHS[2].timestamp() * 1_000_000)
        assert several.retire(end, limit=1) == 1
        assert several.retire(end) == 1
        assert several.retire(end) == 0
        connection.transaction_manager.commit()
        connection.cacheMinimize()
        assert set(several.logs) == {"gone-2", *(n for n in several.logs if "gone" not in n)}
        assert self.ways(several) == before
        report = verify(several)
        assert (report.first, report.logs) == (None, 4)

    def test_a_reader_skips_what_ended_before_its_time(self, several: Journal) -> None:
        end = int(MONTHS[2].timestamp() * 1_000_000)
        several.retire(end)
        seen = several.heads()
        since = int(MONTHS[1].timestamp() * 1_000_000)
        names = {name for name, _number, _batch in several.batches_after(seen, since=since)}
        assert names == {"gone-1"}

    def test_seals_leave_them_out_and_cover_them_still(
        self, several: Journal, connection: Any
    ) -> None:
        several.retire(int(MONTHS[2].timestamp() * 1_000_000))
        seal = several.seal(datetime(2026, 4, 4, tzinfo=UTC))[-1]
        assert set(seal.heads) == set(several.logs)
        log = several.log("gone-0")
        assert log is not None
        del log.segments[1]
        kinds = {(f.kind, f.place.log) for f in verify(several).faults}
        assert ("missing", "gone-0") in kinds

    def test_one_that_is_written_to_again_comes_back(
        self, several: Journal, connection: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        several.retire(int(MONTHS[2].timestamp() * 1_000_000))
        monkeypatch.setattr(logs, "writer_name", lambda: "gone-1")
        assert several.append([event(MONTHS[3], 7)]) == Place("gone-1", 3, 0)
        connection.transaction_manager.commit()
        assert several.log("gone-1") is several.logs["gone-1"]
        assert verify(several).first is None


class TestExpiring:
    def test_the_chain_goes_on_from_the_end_of_what_was_deleted(
        self, journal: Journal, connection: Any
    ) -> None:
        first, second, _third = archive(journal, connection)
        now = int(MONTHS[3].timestamp() * 1_000_000)
        log = the_log(journal)
        name = next(iter(journal.logs))
        log.expire(first, now)
        values = {"log": name, "through": 3, "digest": first.digest.hex()}
        journal.append([Event("journal_expired", now, 0, values=values)])
        connection.transaction_manager.commit()
        report = verify(journal)
        assert report.first is None
        assert (report.expired, report.events) == (6, 19)
        assert log.expired[:4] == (3, first.digest, 6, first.ends)
        assert [n for _l, n, _b in journal.batches_after({})] == list(range(4, 14))
        assert check_proof(journal.prove(Place(name, 4, 0)))
        with pytest.raises(KeyError):
            journal.prove(Place(name, 3, 0))
        with pytest.raises(ValueError, match="only the oldest"):
            log.expire(first, now)
        assert second.first == 4

    def test_deleting_without_saying_so_is_named(self, journal: Journal, connection: Any) -> None:
        first = archive(journal, connection)[0]
        the_log(journal).expire(first, int(MONTHS[3].timestamp() * 1_000_000))
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.number) == ("missing", 3)
        assert "no event says so" in fault.text

    def test_an_end_that_the_seals_do_not_know_is_named(
        self, journal: Journal, connection: Any
    ) -> None:
        first = archive(journal, connection)[0]
        log = the_log(journal)
        log.expire(first, 0)
        log.expired = log.expired._replace(digest=b"x" * 32)
        kinds = {(f.kind, f.place.number) for f in verify(journal).faults}
        assert {("chain", 4), ("seal", 3)} <= kinds


# -- tampering

Tampering = st.sampled_from(
    ["alter", "drop", "swap", "add", "time", "mark", "digest", "drop batch", "swap batches"]
)


def tamper(how: str, batches: list[ArchivedBatch], batch: int, place: int) -> list[ArchivedBatch]:
    """`batches` with one thing changed in the batch at the index `batch`."""
    changed = [ArchivedBatch(b.time, tuple(b.records), b.marks, b.digest) for b in batches]
    one = changed[batch]
    records = list(one.records)
    match how:
        case "alter":
            records[place] = records[place].replace(b'"n":', b'"m":')
        case "drop":
            del records[place]
        case "swap":
            records[0], records[1] = records[1], records[0]
        case "add":
            records.insert(place, encode(decode(records[place])).replace(b"7", b"8", 1))
        case "time":
            one.time += 1
        case "mark":
            one.marks = one.marks[:-1] + bytes([one.marks[-1] ^ 1])
        case "digest":
            one.digest = one.digest[:-1] + bytes([one.digest[-1] ^ 1])
        case "drop batch":
            del changed[batch]
        case "swap batches":
            other = (batch + 1) % len(changed)
            changed[batch], changed[other] = changed[other], changed[batch]
    one.records = tuple(records)
    return changed


RELAXED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class TestTampering:
    @RELAXED
    @given(how=Tampering, batch=st.integers(0, 2), place=st.integers(0, 1), index=st.integers(0, 2))
    def test_in_a_segment_it_is_named(
        self,
        journal: Journal,
        connection: Any,
        how: str,
        batch: int,
        place: int,
        index: int,
    ) -> None:
        archive(journal, connection)
        segment = the_log(journal).archived[index]
        batches = tamper(how, segment.block(0), batch, place)
        block = rewrite(segment, batches)
        try:
            fault = verify(journal).first
            assert fault is not None
            assert fault.place.number <= segment.first + 3
            assert fault.place.number >= segment.first or fault.kind == "damaged"
            if how in {"alter", "swap"}:
                assert fault.place.number == segment.first + batch
                assert fault.kind == "altered"
        finally:
            restore(segment, block)
        assert verify(journal).first is None

    @RELAXED
    @given(how=Tampering, batch=st.integers(0, 11), place=st.integers(0, 1))
    def test_in_a_live_log_it_is_named(
        self, journal: Journal, connection: Any, how: str, batch: int, place: int
    ) -> None:
        tree = the_log(journal).batches
        kept = [ArchivedBatch(b.time, b.records, b.marks, b.digest) for b in tree.values()]
        for number, one in zip(list(tree), tamper(how, kept, batch, place), strict=False):
            live = tree[number]
            live.time, live.records, live.marks = one.time, one.records, one.marks
            live.digest = one.digest
        if how == "drop batch":
            del tree[12]
        last = how in {"time", "digest", "drop batch"} and batch == 11
        try:
            fault = verify(journal).first
            # The very end of a log is covered by the next batch, or by the day's seal.
            assert (fault is not None) or (how == "drop batch" and last)
        finally:
            connection.transaction_manager.abort()

    def test_a_deleted_segment_is_missing(self, journal: Journal, connection: Any) -> None:
        archive(journal, connection)
        del the_log(journal).segments[4]
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.number) == ("missing", 4)
        assert "3 batches" in fault.text

    def test_a_broken_blob_is_named_and_the_rest_is_checked(
        self, journal: Journal, connection: Any
    ) -> None:
        archive(journal, connection)
        segment = the_log(journal).archived[1]
        with segment.blob.open("w") as target:
            target.write(b"nothing")
        batch = the_log(journal).batches[11]
        batch.records = (batch.records[1], batch.records[0])
        faults = [(f.kind, f.place.number) for f in verify(journal).faults]
        assert faults == [("damaged", 4), ("altered", 11)]

    @pytest.mark.parametrize("name", ["last", "events", "begins", "ends"])
    def test_what_a_segment_says_of_itself_is_checked(
        self, journal: Journal, connection: Any, name: str
    ) -> None:
        archive(journal, connection)
        segment = the_log(journal).archived[2]
        setattr(segment, name, getattr(segment, name) - 1)
        faults = {f.place.number for f in verify(journal).faults}
        assert 7 in faults


def rewrite(segment: Segment, batches: list[ArchivedBatch]) -> bytes:
    """Put other batches into a segment of one block, as somebody with the database in hand could;
    what was there."""
    with segment.blob.open("r") as source:
        before: bytes = source.read()
    restore(segment, pack_block(batches))
    return before


def restore(segment: Segment, block: bytes) -> None:
    with segment.blob.open("w") as target:
        target.write(block)
    place = segment.blocks[0]
    segment.blocks = (place._replace(length=len(block)),)
    segment._v_block = None


class TestBlocks:
    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2**62),
                st.lists(st.binary(max_size=40), min_size=1, max_size=4),
                st.binary(min_size=32, max_size=32),
            ),
            max_size=6,
        )
    )
    def test_come_back_as_they_were(self, content: list[tuple[int, list[bytes], bytes]]) -> None:
        batches = [
            ArchivedBatch(time, tuple(records), b"12345678" * len(records), digest)
            for time, records, digest in content
        ]
        assert unpack_block(pack_block(batches)) == batches

    @settings(deadline=None)
    @given(st.data())
    def test_garbage_is_refused_in_a_sentence(self, data: st.DataObject) -> None:
        block = pack_block([ArchivedBatch(1, (b"one", b"two"), b"1" * 16, b"d" * 32)])
        cut = data.draw(st.integers(0, len(block) - 1))
        with pytest.raises(DamagedSegment):
            unpack_block(block[:cut])
        with pytest.raises(DamagedSegment):
            unpack_block(struct.pack(">4sIIQ", b"MDJ1", 2**31, 2**31, 4) + block[20:])
