"""The journal: what was written can be read, and whatever is touched afterwards is named."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import ZODB
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from hypothesis import given
from hypothesis import strategies as st

from modou.declarations import Event
from modou.store.journal import Journal, Place, check_proof, verify
from modou.store.journal.digests import ALGORITHMS, audit_path, leaf_digest, root_digest
from modou.store.journal.records import decode, encode

DAY = datetime(2026, 3, 2, 4, tzinfo=UTC)


def event(number: int, day: datetime = DAY, **values: Any) -> Event:
    time = int((day + timedelta(seconds=number)).timestamp() * 1_000_000)
    return Event("studied", time, actor=7, subject=7, course=3, values={"n": number, **values})


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    database = ZODB.DB(str(tmp_path / "Data.fs"))
    connection = database.open()
    connection.root()["journal"] = Journal()
    connection.transaction_manager.commit()
    yield connection
    connection.transaction_manager.abort()
    connection.close()
    database.close()


@pytest.fixture
def journal(connection: Any) -> Journal:
    """Three batches of three events in one log."""
    journal: Journal = connection.root()["journal"]
    for batch in range(3):
        journal.append([event(batch * 3 + i, text="安全用电") for i in range(3)])
    connection.transaction_manager.commit()
    return journal


def the_log(journal: Journal) -> Any:
    return next(iter(journal.logs.values()))


class TestReading:
    def test_events_come_back_as_they_were_written(self, journal: Journal) -> None:
        assert [e.values["n"] for e in journal] == list(range(9))
        assert next(journal.newest_first()) == event(8, text="安全用电")

    def test_what_is_older_than_a_time_is_read_backwards(self, journal: Journal) -> None:
        for number in range(10):
            older = [e.values["n"] for e in journal.newest_first(event(number).time)]
            assert older == list(reversed(range(min(number, 9))))

    def test_a_reader_goes_on_where_it_stopped(self, journal: Journal) -> None:
        name = next(iter(journal.logs))
        end = event(99).time
        seen = [number for _log, number, _batch in journal.batches_after({name: 1}, end)]
        assert seen == [2, 3]
        assert list(journal.batches_after({name: 3}, end)) == []

    def test_what_may_still_be_overtaken_waits(self, journal: Journal) -> None:
        seen = [number for _log, number, _batch in journal.batches_after({}, event(5).time)]
        assert seen == [1]

    @given(
        st.dictionaries(
            st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(), st.booleans())
        )
    )
    def test_the_canonical_text_is_stable(self, values: dict[str, Any]) -> None:
        record = encode(Event("graded", 1, 2, 3, 4, values))
        assert encode(decode(record)) == record


class TestVerifying:
    def test_an_untouched_journal_has_no_fault(self, journal: Journal) -> None:
        journal.seal(DAY + timedelta(days=2))
        report = verify(journal)
        assert report.first is None
        assert (report.events, report.batches, report.logs, report.seals) == (9, 3, 1, 2)

    @pytest.mark.parametrize("position", [0, 1, 2])
    def test_an_altered_event_is_named(self, journal: Journal, position: int) -> None:
        batch = the_log(journal).batches[2]
        records = list(batch.records)
        records[position] = records[position].replace(b'"n":', b'"m":')
        batch.records = tuple(records)
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.number, fault.place.position) == ("altered", 2, position)

    def test_a_missing_event_is_named(self, journal: Journal) -> None:
        batch = the_log(journal).batches[2]
        batch.records = (batch.records[0], batch.records[2])
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.position) == ("missing", 1)

    def test_reordered_events_are_named(self, journal: Journal) -> None:
        batch = the_log(journal).batches[2]
        batch.records = (batch.records[0], batch.records[2], batch.records[1])
        fault = verify(journal).first
        assert fault is not None
        assert fault.place.position == 1
        assert "reordered" in fault.text

    def test_an_event_slipped_in_is_named(self, journal: Journal) -> None:
        batch = the_log(journal).batches[2]
        batch.records = (*batch.records, batch.records[0])
        fault = verify(journal).first
        assert fault is not None
        assert fault.place == Place(fault.place.log, 2, 3)

    def test_a_missing_batch_is_named(self, journal: Journal) -> None:
        del the_log(journal).batches[2]
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.number) == ("missing", 2)

    def test_a_batch_made_anew_does_not_fit_into_the_chain(self, journal: Journal) -> None:
        from modou.store.journal import Batch

        log = the_log(journal)
        forged = Batch([encode(event(4))], event(4).time, 2, log.batches[1].digest, "sha256")
        log.batches[2] = forged
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.number) == ("chain", 3)

    def test_swapped_batches_are_named(self, journal: Journal) -> None:
        batches = the_log(journal).batches
        batches[1], batches[2] = batches[2], batches[1]
        fault = verify(journal).first
        assert fault is not None
        assert (fault.kind, fault.place.number) == ("chain", 1)

    def test_a_log_cut_at_its_end_breaks_the_seal(self, journal: Journal) -> None:
        journal.seal(DAY + timedelta(days=1))
        del the_log(journal).batches[3]
        fault = verify(journal).first
        assert fault is not None
        assert fault.kind == "missing"
        assert "seal of 2026-03-02" in fault.text

    def test_a_log_that_is_gone_breaks_the_seal(self, journal: Journal) -> None:
        journal.seal(DAY + timedelta(days=1))
        del journal.logs[next(iter(journal.logs))]
        assert verify(journal).first is not None

    def test_an_altered_seal_is_named(self, journal: Journal) -> None:
        journal.seal(DAY + timedelta(days=2))
        journal.seals["2026-03-02"].heads = {}
        fault = verify(journal).first
        assert fault is not None
        assert fault.place.log == "2026-03-02"


class TestSealing:
    def test_each_day_that_is_over_gets_one_seal(self, journal: Journal) -> None:
        made = journal.seal(DAY + timedelta(days=3))
        assert [seal.day for seal in made] == ["2026-03-02", "2026-03-03", "2026-03-04"]
        assert journal.seal(DAY + timedelta(days=3)) == []

    def test_the_day_ends_at_midnight_in_china(self, journal: Journal) -> None:
        assert journal.seal(datetime(2026, 3, 2, 15, 59, tzinfo=UTC)) == []
        assert len(journal.seal(datetime(2026, 3, 2, 16, 0, tzinfo=UTC))) == 1

    def test_an_empty_journal_has_nothing_to_seal(self) -> None:
        assert Journal().seal(DAY) == []


class TestProving:
    @pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
    def test_a_proof_convinces_and_shows_no_other_event(self, algorithm: str) -> None:
        journal = Journal(algorithm)
        place = journal.append([event(n, secret=f"of {n}") for n in range(7)])
        assert place is not None
        proof = journal.prove(Place(place.log, place.number, 3))
        assert check_proof(proof)
        text = json.dumps(proof.as_json(), ensure_ascii=False)
        assert "of 3" in text
        assert "of 2" not in text

    def test_a_proof_of_something_else_fails(self, journal: Journal) -> None:
        from dataclasses import replace

        proof = journal.prove(Place(next(iter(journal.logs)), 2, 1))
        assert not check_proof(replace(proof, record=encode(event(99))))
        assert not check_proof(replace(proof, number=3))

    def test_there_is_no_proof_for_what_was_not_recorded(self, journal: Journal) -> None:
        with pytest.raises(KeyError):
            journal.prove(Place(next(iter(journal.logs)), 2, 3))

    @given(st.integers(1, 70))
    def test_the_tree_is_the_one_of_rfc_6962(self, count: int) -> None:
        digest = ALGORITHMS["sha256"]
        leaves = [leaf_digest(str(n).encode(), digest) for n in range(count)]
        assert root_digest(leaves, digest) == rfc_root([str(n).encode() for n in range(count)])
        for index in (0, count // 2, count - 1):
            assert len(audit_path(leaves, index, digest)) <= count.bit_length()


def rfc_root(records: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word and with another library."""

    def sha256(data: bytes) -> bytes:
        digest = Hash(SHA256())
        digest.update(data)
        return digest.finalize()

    if len(records) == 1:
        return sha256(b"\x00" + records[0])
    k = 1
    while k * 2 < len(records):
        k *= 2
    return sha256(b"\x01" + rfc_root(records[:k]) + rfc_root(records[k:]))
