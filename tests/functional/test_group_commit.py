"""Works of many threads in shared transactions: modou.store.committer, SiteAccess.together."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import transaction
from BTrees.LOBTree import LOBTree
from persistent import Persistent
from pyramid.config import Configurator
from transaction.interfaces import TransientError
from webtest import TestApp
from ZODB.POSException import ConflictError

from modou.app import FIXED_SETTINGS, configure, prepare_database
from modou.errors import Busy, NotFound, Unavailable
from modou.services.occasion import Occasion
from modou.store.committer import Committer
from modou.store.journal import verify
from tests import factories
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages


class Counter(Persistent):
    """Something that each learner has one of."""

    def __init__(self) -> None:
        self.value = 0
        self.note: Any = None


def add(number: int, by: int = 1) -> Callable[[Any, Any], int]:
    """A work: add to counter `number`; what it comes to."""

    def work(root: Any, _tm: Any) -> int:
        counter = root["counters"][number]
        counter.value += by
        value: int = counter.value
        return value

    return work


class Group:
    """Holds the committer's thread, so that what is started meanwhile comes into one group."""

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self._pool = ThreadPoolExecutor(80)
        self._open = threading.Event()
        self.futures: list[Future[Any]] = []

    def __enter__(self) -> "Group":
        held = threading.Event()

        def hold(_root: Any, _tm: Any) -> None:
            held.set()
            assert self._open.wait(30)

        self._holder = self._pool.submit(self.committer.run, hold)
        assert held.wait(30)
        return self

    def start(self, work: Callable[[Any, Any], Any]) -> Future[Any]:
        """Put a work into the line; the order of calls is the order of works."""
        before = self.committer.waiting
        future = self._pool.submit(self.committer.run, work)
        until(lambda: self.committer.waiting > before)
        self.futures.append(future)
        return future

    def __exit__(self, *_error: object) -> None:
        self._open.set()
        self._holder.result(30)
        for future in self.futures:
            future.exception(30)
        self._pool.shutdown()


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread to have come somewhere."""
    never = threading.Event()
    for _try in range(30_000):
        if true():
            return
        never.wait(0.001)
    raise AssertionError("that never became true")


@pytest.fixture
def committer(site: SiteUnderTest) -> Iterator[Committer]:
    with counters_of(site) as counters:
        for number in range(100):
            counters[number] = Counter()
    made = Committer(site.database)
    yield made
    made.stop()


@contextmanager
def counters_of(site: SiteUnderTest) -> Iterator[Any]:
    """The counters, by another connection than the committer's; committed at the end."""
    tm = transaction.TransactionManager()
    connection = site.database.open(transaction_manager=tm)
    try:
        root = connection.root()
        if "counters" not in root:
            root["counters"] = LOBTree()
        yield root["counters"]
        tm.commit()
    finally:
        tm.abort()
        connection.close()


def values(site: SiteUnderTest) -> dict[int, int]:
    """The counters that are not 0."""
    with counters_of(site) as counters:
        return {number: c.value for number, c in counters.items() if c.value}


class TestTogether:
    def test_a_result_comes_back(self, committer: Committer, site: SiteUnderTest) -> None:
        assert committer.run(add(3, 7)) == 7
        assert values(site) == {3: 7}

    def test_what_waits_is_committed_at_once(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        committer.run(add(0))
        with Group(committer) as group:
            futures = [group.start(add(number, number)) for number in range(1, 51)]
        assert [f.result() for f in futures] == list(range(1, 51))
        assert values(site) == {0: 1, **{n: n for n in range(1, 51)}}
        counts = committer.counts
        assert (counts.commits, counts.largest, counts.works) == (3, 50, 52)
        assert "52 works in 3 commits (largest 50)" in str(counts)

    def test_nobody_is_answered_before_the_commit(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        seen = []

        def look() -> None:
            committer.run(add(1))
            seen.append(values(site)[1])

        for _time in range(5):
            look()
        assert seen == [1, 2, 3, 4, 5]

    def test_many_threads_at_the_same_counter_lose_nothing(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        with ThreadPoolExecutor(20) as pool:
            results = list(pool.map(lambda _n: committer.run(add(5)), range(400)))
        assert sorted(results) == list(range(1, 401))
        assert values(site) == {5: 400}
        assert committer.counts.commits < 400

    def test_persistent_objects_stay_inside(self, committer: Committer) -> None:
        with pytest.raises(TypeError, match="returned a Counter: return plain values"):
            committer.run(lambda root, tm: root["counters"][1])

    def test_a_work_cannot_wait_for_another_one(self, committer: Committer) -> None:
        with pytest.raises(RuntimeError, match="waits for another one"):
            committer.run(lambda root, tm: committer.run(add(1)))


def bad_before(root: Any, _tm: Any) -> None:
    assert root["counters"][7].value < 1000
    raise NotFound("nothing here")


def bad_after(root: Any, _tm: Any) -> None:
    root["counters"][7].value += 1000
    root["counters"][200] = Counter()
    raise NotFound("nothing here")


def bad_with_others(root: Any, _tm: Any) -> None:
    """Changes what others of its group have changed before it."""
    for counter in root["counters"].values():
        counter.value += 1000
    raise NotFound("nothing here")


def defect(root: Any, _tm: Any) -> None:
    root["counters"][7].value += 1000
    raise ZeroDivisionError


def file_error(_root: Any, _tm: Any) -> None:
    raise FileNotFoundError("of its own")


def leaves(_root: Any, _tm: Any) -> None:
    raise SystemExit(3)


def unpicklable(root: Any, _tm: Any) -> None:
    root["counters"][7].value += 1000
    root["counters"][7].note = lambda: None


def aborts(_root: Any, tm: Any) -> None:
    tm.abort()


def dooms(_root: Any, tm: Any) -> None:
    tm.doom()


class TestBadWorks:
    @pytest.mark.parametrize(
        ("bad", "error"),
        [
            (bad_before, NotFound),
            (bad_after, NotFound),
            (bad_with_others, NotFound),
            (defect, ZeroDivisionError),
            (file_error, FileNotFoundError),
            (leaves, SystemExit),
            (unpicklable, Exception),
            (aborts, RuntimeError),
            (dooms, RuntimeError),
        ],
    )
    def test_harm_only_themselves(
        self,
        committer: Committer,
        site: SiteUnderTest,
        bad: Callable[[Any, Any], None],
        error: type[BaseException],
    ) -> None:
        alone: tuple[range, set[int]] = (range(0), {0})
        among = range(1, 6)
        groups = [(among, {0}), (among, {3}), (among, {5}), alone, (among, {0, 2, 3, 5})]
        expected = 0
        for good, bads in groups:
            fine, spoilt = [], []
            with Group(committer) as group:
                for number in range(6):
                    if number in bads:
                        spoilt.append(group.start(bad))
                    if number in good:
                        fine.append(group.start(add(number, 10)))
            expected += 10 if good else 0
            assert [f.result() for f in fine] == [expected] * len(good)
            assert values(site) == dict.fromkeys(among, expected)
            for future in spoilt:
                with pytest.raises(error):
                    future.result()
        assert committer.counts.raised == sum(len(bads) for _good, bads in groups)

    def test_a_group_of_nothing_but_bad_ones(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        with Group(committer) as group:
            futures = [group.start(bad_after) for _number in range(20)]
        for future in futures:
            with pytest.raises(NotFound):
                future.result()
        assert values(site) == {}

    def test_many_that_refuse_cost_no_second_run_for_long(self, committer: Committer) -> None:
        """At first a group with a bad work runs again; with many of them each is marked."""
        for _group in range(4):
            with Group(committer) as group:
                group.start(add(1))
                group.start(bad_after)
        assert committer.counts.repeated == 4
        runs = []

        def counted(root: Any, tm: Any) -> None:
            runs.append(1)
            add(1)(root, tm)

        with Group(committer) as group:
            for _number in range(10):
                group.start(counted)
                group.start(bad_after)
        assert len(runs) == 10
        assert committer.counts.repeated == 4


class TestConflicts:
    def test_with_another_connection_are_repeated(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        meddled = []

        def slow(root: Any, tm: Any) -> int:
            value = add(1)(root, tm)
            if not meddled:
                meddled.append(1)
                with counters_of(site) as counters:
                    counters[1].value += 100
            return value

        with Group(committer) as group:
            first = group.start(slow)
            second = group.start(add(2))
        assert first.result() == 101
        assert second.result() == 1
        assert values(site) == {1: 101, 2: 1}
        assert committer.counts.repeated == 1

    def test_that_never_end_fail_alone(self, committer: Committer, site: SiteUnderTest) -> None:
        def hopeless(root: Any, tm: Any) -> None:
            add(1)(root, tm)
            with counters_of(site) as counters:
                counters[1].value += 100

        with Group(committer) as group:
            before = group.start(add(2))
            bad = group.start(hopeless)
            after = group.start(add(3))
        assert (before.result(), after.result()) == (1, 1)
        with pytest.raises(ConflictError):
            bad.result()
        found = values(site)
        assert (found[2], found[3]) == (1, 1)
        assert found[1] % 100 == 0

    def test_a_storm_of_them_loses_nothing(self, committer: Committer, site: SiteUnderTest) -> None:
        """Another writer, as another process is, at the same objects all the time."""
        ended = threading.Event()
        storm = [0, 0]

        def meddle() -> None:
            number = 0
            while not ended.is_set():
                number = (number + 1) % 4
                try:
                    with counters_of(site) as counters:
                        counters[number].value += 1000
                except TransientError:
                    storm[1] += 1
                else:
                    storm[0] += 1

        done = []

        def beat(number: int) -> None:
            try:
                committer.run(add(number % 8))
            except TransientError:
                return
            done.append(number)

        meddler = threading.Thread(target=meddle)
        meddler.start()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(beat, range(300)))
        ended.set()
        meddler.join()
        assert sum(values(site).values()) == len(done) + 1000 * storm[0]
        assert len(done) > 100

    def test_a_transient_error_of_the_works_own(self, committer: Committer) -> None:
        tries = []

        def twice(root: Any, tm: Any) -> int:
            tries.append(1)
            if len(tries) < 3:
                raise TransientError("not yet")
            return add(1)(root, tm)

        assert committer.run(twice) == 1
        assert len(tries) == 3


class TestLine:
    def test_a_full_line_turns_away(self, site: SiteUnderTest) -> None:
        with counters_of(site) as counters:
            counters[1] = Counter()
        committer = Committer(site.database, most_waiting=3)
        with Group(committer) as group:
            futures = [group.start(add(1)) for _number in range(3)]
            with pytest.raises(Busy) as refused:
                committer.run(add(1))
        assert 3 <= refused.value.retry_after <= 10
        assert [f.result() for f in futures] == [1, 2, 3]
        assert committer.counts.refused == 1
        committer.stop()

    def test_nobody_waits_for_ever(self, site: SiteUnderTest) -> None:
        with counters_of(site) as counters:
            counters[1] = Counter()
        committer = Committer(site.database, longest_wait=0.05)
        held, release = threading.Event(), threading.Event()

        def hold(_root: Any, _tm: Any) -> None:
            held.set()
            release.wait(30)

        with ThreadPoolExecutor(1) as pool:
            holder = pool.submit(committer.run, hold)
            assert held.wait(30)
            with pytest.raises(Busy):
                committer.run(add(1))
            assert committer.waiting == 0
            with pytest.raises(Busy):
                holder.result()
            release.set()
        committer.stop()
        # Who had given up before the turn came has changed nothing.
        assert values(site) == {}

    def test_groups_are_bounded(self, site: SiteUnderTest) -> None:
        with counters_of(site) as counters:
            counters[1] = Counter()
        committer = Committer(site.database, most_together=4)
        with Group(committer) as group:
            for _number in range(10):
                group.start(add(1))
        assert committer.counts.largest == 4
        assert values(site) == {1: 10}
        committer.stop()


class TestAnswers:
    """What the reader of a page and the writer of a program get to see."""

    @pytest.fixture
    def browser(self, tmp_path: Path) -> Iterator[TestApp]:
        """The application with one page more, whose change finds the committer stopped."""

        def busy(request: Any) -> None:
            request.registry.access.together(lambda occasion: None)

        settings = {
            "zodbconn.uri": f"file://{tmp_path}/Data.fs?blobstorage_dir={tmp_path}/blobs",
            "modou.keys": str(tmp_path / "keys"),
            "modou.mail": "console",
            "modou.locale": "en",
        }
        config = Configurator(settings={**FIXED_SETTINGS, **settings})
        configure(config, settings)
        config.add_route("busy", "/busy")
        config.add_view(busy, route_name="busy", renderer="json")
        prepare_database(config.registry)
        config.registry.access.committer.stop()
        yield TestApp(config.make_wsgi_app())
        config.registry.access.close()

    def test_a_page_says_when_to_come_back(self, browser: TestApp) -> None:
        answer = browser.get("/busy", status=503)
        assert 3 <= int(answer.headers["Retry-After"]) <= 10
        assert "The site is very busy right now." in answer.text

    def test_a_program_gets_a_problem(self, browser: TestApp) -> None:
        answer = browser.get("/busy", headers={"Accept": "application/json"}, status=503)
        assert answer.content_type == "application/problem+json"
        assert answer.json["type"].endswith("/busy")
        assert 3 <= int(answer.headers["Retry-After"]) <= 10


class TestEnd:
    def test_stopping_finishes_what_waits(self, committer: Committer, site: SiteUnderTest) -> None:
        with Group(committer) as group:
            futures = [group.start(add(number)) for number in range(30)]
            stopper = threading.Thread(target=committer.stop)
            stopper.start()
            until(lambda: committer._stopping)
            with pytest.raises(Busy):
                committer.run(add(1))
        stopper.join()
        assert [f.result() for f in futures] == [1] * 30
        assert values(site) == dict.fromkeys(range(30), 1)
        assert not [t for t in threading.enumerate() if t is committer._thread]

    def test_stopping_twice_or_unused(self, committer: Committer) -> None:
        committer.stop()
        committer.stop()
        with pytest.raises(Busy):
            committer.run(add(1))

    def test_closing_the_access_stops_it(self, make_site: Callable[..., SiteUnderTest]) -> None:
        site = make_site()
        access = site.registry.access
        access.together(lambda occasion: None)
        thread = access.committer._thread
        assert thread.is_alive()
        site.close()
        assert not thread.is_alive()
        with pytest.raises(Busy):
            access.together(lambda occasion: None)

    def test_a_forked_process_has_its_own(self, committer: Committer, storage: str) -> None:
        if storage == "postgresql":
            pytest.skip("PostgreSQL's connections cannot be shared with a forked process at all")
        committer.run(add(1))
        child = os.fork()
        if child == 0:
            try:
                os._exit(40 + committer.run(add(1)))
            finally:
                os._exit(1)
        _pid, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 42


class TestPeriodic:
    def test_works_are_done_again_and_again(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        seen = []

        def work(root: Any, _tm: Any) -> None:
            add(9)(root, _tm)
            seen.append(threading.current_thread().name)

        committer.every(0.01, work)
        assert seen == []
        committer.run(add(1))
        until(lambda: len(seen) >= 3)
        committer.stop()
        assert set(seen) == {"committer"}
        assert values(site)[9] == len(seen)

    def test_a_failing_one_is_logged_and_harms_nobody(
        self, committer: Committer, site: SiteUnderTest, caplog: pytest.LogCaptureFixture
    ) -> None:
        committer.every(0.01, bad_after)
        assert [committer.run(add(1)) for _number in range(5)] == [1, 2, 3, 4, 5]
        until(lambda: "something periodic failed: nothing here" in caplog.text)
        assert values(site) == {1: 5}


class TestLater:
    def test_what_nobody_waits_for_goes_along(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        with Group(committer) as group:
            assert all(committer.later(add(number)) for number in range(1, 41))
            group.start(add(50, 7))
        # With the group of one that somebody waits for go some of them only, not to hold it up.
        assert values(site) == {50: 7, **dict.fromkeys(range(1, 33), 1)}
        until(lambda: committer.counts.works == 42)
        assert values(site) == {50: 7, **dict.fromkeys(range(1, 41), 1)}

    def test_it_is_done_by_itself_and_at_the_end(
        self, committer: Committer, site: SiteUnderTest
    ) -> None:
        committer.later(add(1))
        until(lambda: committer.counts.works == 1)
        assert values(site) == {1: 1}
        committer.later(add(2))
        committer.stop()
        assert values(site) == {1: 1, 2: 1}
        assert not committer.later(add(3))

    def test_a_failing_one_is_logged_and_harms_nobody(
        self, committer: Committer, site: SiteUnderTest, caplog: pytest.LogCaptureFixture
    ) -> None:
        def bad(_root: Any, _tm: Any) -> None:
            raise NotFound("gone")

        with Group(committer) as group:
            committer.later(bad)
            group.start(add(1))
        assert values(site) == {1: 1}
        # The others are told first.
        until(lambda: "nobody waits for failed: NotFound" in caplog.text)

    def test_too_many_are_not_taken(self, site: SiteUnderTest) -> None:
        with counters_of(site) as counters:
            counters[1] = Counter()
        committer = Committer(site.database, most_waiting=3)
        with Group(committer):
            assert [committer.later(add(1)) for _number in range(5)] == [True] * 3 + [False] * 2
        committer.stop()
        assert values(site) == {1: 3}


class TestOccasions:
    def test_actor_and_events(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            wang = factories.user(occasion, "wang").id

        def work(occasion: Occasion) -> str:
            occasion.record("signed_in", subject=wang)
            return occasion.require_actor().username

        assert site.registry.access.together(work, actor=wang) == "wang"
        with site.occasion() as occasion:
            event = next(occasion.site.journal.newest_first())
        assert (event.kind, event.actor, event.subject) == ("signed_in", wang, wang)

    def test_one_batch_of_the_journal_for_each_commit(self, site: SiteUnderTest) -> None:
        access = site.registry.access
        told: list[int] = []

        def work(number: int) -> Callable[[Any, Any], None]:
            def run(root: Any, tm: Any) -> None:
                occasion = access._occasion(root, tm, 0, None)
                occasion.record("participants_exported", values={"count": number})
                occasion.after_commit(lambda: told.append(number))
                if number % 3 == 0:
                    raise NotFound("but not this one")

            return run

        with site.occasion() as occasion:
            before = {name: log.last for name, log in occasion.site.journal.logs.items()}
        with Group(access.committer) as group:
            for number in range(20):
                group.start(work(number))
        with site.occasion() as occasion:
            journal = occasion.site.journal
            new = list(journal.batches_after(before, 1 << 62))
            assert [e.values["count"] for e in new[0][2]] == [n for n in range(20) if n % 3]
            assert verify(journal).first is None
        assert len(new) == 1
        assert told == [n for n in range(20) if n % 3]

    def test_two_occasions_of_one_transaction(self, site: SiteUnderTest) -> None:
        """As when a page's request and something beside it both record."""
        access = site.registry.access
        with site.occasion() as occasion:
            other = access._occasion({"modou": occasion.site}, occasion.tm, 0, None)
            occasion.record("signed_in")
            other.record("email_confirmed")
        with site.occasion() as occasion:
            places = list(occasion.site.journal.places())[-2:]
        assert [event.kind for _place, event in places] == ["signed_in", "email_confirmed"]
        assert places[0][0][:2] == places[1][0][:2]

    def test_a_failing_function_after_the_commit_stops_no_other(
        self, site: SiteUnderTest, caplog: pytest.LogCaptureFixture
    ) -> None:
        called = []

        def work(occasion: Occasion) -> None:
            occasion.after_commit(lambda: 1 // 0)  # type: ignore[arg-type]
            occasion.after_commit(lambda: called.append(1))

        site.registry.access.together(work)
        assert called == [1]
        assert "something after a commit failed" in caplog.text


class Full:
    """The file of a disk without room."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class TestFailures:
    def test_a_database_that_went_away_is_said_and_comes_back(
        self, site: SiteUnderTest, storage: str, request: pytest.FixtureRequest
    ) -> None:
        """Each connection to PostgreSQL is cut, as when the server restarts."""
        if storage != "postgresql":
            pytest.skip("a FileStorage has no server")
        import psycopg2

        with counters_of(site) as counters:
            counters[1] = Counter()
        committer = Committer(site.database)
        assert committer.run(add(1)) == 1
        dsn = request.getfixturevalue("postgresql_sites")

        def cut(root: Any, tm: Any) -> None:
            add(1)(root, tm)
            connection = psycopg2.connect(dsn)
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            connection.close()

        errors = []
        with Group(committer) as group:
            futures = [group.start(add(1)), group.start(cut), group.start(add(1))]
        for future in futures:
            try:
                future.result()
            except Unavailable as error:
                errors.append(error)
        # The storage reconnects by itself where nothing is lost by it: then all are done.
        assert len(errors) in {0, 3}
        expected = 1 if errors else 4
        assert committer.run(add(1)) == expected + 1
        assert values(site) == {1: expected + 1}
        committer.stop()

    def test_a_storage_that_fails_is_said_to_each(
        self, site: SiteUnderTest, storage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The disk is full at the moment of the vote; later there is room again."""
        if storage != "filestorage":
            pytest.skip("the file is the FileStorage's")
        with counters_of(site) as counters:
            counters[1] = counters[2] = Counter()
        committer = Committer(site.database)
        committer.run(add(1))
        file_storage = site.database.storage._BlobStorage__storage
        with monkeypatch.context() as patch, Group(committer) as group:
            futures = [group.start(add(1)) for _number in range(3)]
            patch.setattr(file_storage, "_file", Full(file_storage._file))
        for future in futures:
            with pytest.raises(Unavailable, match="could not be stored"):
                future.result()
        assert len({id(f.exception()) for f in futures}) == 3
        assert committer.counts.failed == 3
        assert committer.run(add(1)) == 2
        committer.stop()
