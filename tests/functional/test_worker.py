"""Workers as they run: threads and processes, SQLite and Redis, killed and stopped."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from modou.clock import SystemClock
from modou.models.jobs import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from modou.services import jobs
from modou.services.jobs import transitions
from modou.services.jobs.running import Runner
from modou.services.jobs.worker import Worker
from tests import factories, redis_server
from tests.commands import command, environment, ini_of
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[redis_server.RedisServer]:
    reason = redis_server.missing()
    if reason:
        pytest.skip(reason)
    server = redis_server.RedisServer(tmp_path)
    yield server
    server.stop()


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Threads:
    """A worker in this process."""

    def __init__(self, site: SiteUnderTest, **options: Any) -> None:
        self.worker = Worker(Runner(site.registry.access, often=0), site.registry.queue, **options)
        self.worker.start()
        until(lambda: site.registry.queue.ringing and self.worker.queue.run is not None)

    def __enter__(self) -> Worker:
        return self.worker

    def __exit__(self, *_error: object) -> None:
        self.worker.stop(20)


def ask(site: SiteUnderTest, name: str, **values: Any) -> int:
    with site.occasion() as occasion:
        return jobs.enqueue(occasion, name, **values).id


def state(site: SiteUnderTest, id: int) -> str:
    with site.occasion() as occasion:
        return str(occasion.site.jobs.records.by_id(id).state)


def tried(site: SiteUnderTest, id: int) -> int:
    with site.occasion() as occasion:
        return int(occasion.site.jobs.records.by_id(id).tries)


@pytest.mark.parametrize("queue", ["sqlite", "redis"])
class TestThreads:
    @pytest.fixture
    def site(
        self, queue: str, told: Any, make_site: Any, request: pytest.FixtureRequest
    ) -> SiteUnderTest:
        settings = {"modou.plugins": "probe"}
        if queue == "redis":
            settings["modou.jobs_store"] = request.getfixturevalue("redis").url
        made: SiteUnderTest = make_site(**settings)
        return made

    def test_jobs_are_done_soon(self, site: SiteUnderTest, told: Any) -> None:
        early = ask(site, "probe_poke", number=0)
        with Threads(site):
            # That one nobody woke a worker for: it was found.
            until(lambda: state(site, early) == DONE)
            for number in range(1, 31):
                before = time.monotonic()
                id = ask(site, "probe_poke", number=number)
                until(lambda id=id: state(site, id) == DONE, 5.0)  # type: ignore[misc]
                # Woken, not found at the next look after ten seconds.
                assert time.monotonic() - before < 5
        numbers = [values["number"] for values, _try in told.heard("jobs")]
        assert numbers == list(range(31))

    def test_long_ones_hold_up_nobody(self, site: SiteUnderTest, told: Any) -> None:
        go_on = threading.Event()
        told.answers["behave"] = lambda _context: go_on.wait(30)
        with Threads(site):
            long = ask(site, "probe_long")
            until(lambda: state(site, long) == RUNNING)
            quick = ask(site, "probe_poke")
            until(lambda: state(site, quick) == DONE)
            assert state(site, long) == RUNNING
            go_on.set()
            until(lambda: state(site, long) == DONE)

    def test_stopping_lets_it_see_and_gives_it_back(self, site: SiteUnderTest, told: Any) -> None:
        begun = threading.Event()

        def behave(context: Any) -> None:
            begun.set()
            while True:
                context.check()
                time.sleep(0.01)

        told.answers["behave"] = behave
        with Threads(site) as worker:
            id = ask(site, "probe_long")
            assert begun.wait(20)
            assert worker.stop(20)
        assert state(site, id) == QUEUED
        told.answers["behave"] = lambda _context: None
        with Threads(site):
            until(lambda: state(site, id) == DONE)
        with site.occasion() as occasion:
            assert occasion.site.jobs.records.by_id(id).tries == 1

    def test_cancelling_from_outside(self, site: SiteUnderTest, told: Any) -> None:
        def behave(context: Any) -> None:
            while not context.cancelled():
                time.sleep(0.01)

        told.answers["behave"] = behave
        with Threads(site):
            id = ask(site, "probe_long")
            until(lambda: state(site, id) == RUNNING)
            with site.occasion() as occasion:
                jobs.cancel(occasion, occasion.site.jobs.records.by_id(id))
            until(lambda: state(site, id) == CANCELLED)

    def test_failures_do_not_end_the_worker(self, site: SiteUnderTest, told: Any) -> None:
        def behave(_context: Any) -> None:
            raise SystemError("broken")

        told.answers["behave"] = behave
        with Threads(site):
            id = ask(site, "probe_long")
            until(lambda: tried(site, id) == 1 and state(site, id) == QUEUED)
            site.clock.move(minutes=1)
            with site.occasion() as occasion:
                occasion.wake(id, True)
            until(lambda: state(site, id) == FAILED)
            other = ask(site, "probe_poke")
            until(lambda: state(site, other) == DONE)


class TestRedis:
    def test_without_redis_jobs_are_found_in_the_database(
        self,
        told: Any,
        make_site: Any,
        redis: redis_server.RedisServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        site = make_site(**{"modou.plugins": "probe", "modou.jobs_store": redis.url})
        with Threads(site):
            redis.stop()
            with caplog.at_level(logging.WARNING):
                id = ask(site, "probe_poke")
                until(lambda: state(site, id) == DONE, 60)
            assert "does not answer" in caplog.text
            redis.start()
            again = ask(site, "probe_poke")
            until(lambda: state(site, again) == DONE, 60)

    def test_foreign_messages_are_not_obeyed(
        self, told: Any, make_site: Any, redis: redis_server.RedisServer
    ) -> None:
        import pickle

        import redis as client

        site = make_site(**{"modou.plugins": "probe", "modou.jobs_store": redis.url})
        marker = site.folder / "pwned"

        class Evil:
            def __reduce__(self) -> Any:
                return (Path.touch, (marker,))

        with Threads(site):
            queue = site.registry.queue.huey(False)
            connection = client.Redis.from_url(redis.url)
            connection.lpush(queue.storage.queue_key, pickle.dumps(Evil()))
            until(lambda: connection.llen(queue.storage.queue_key) == 0)
            id = ask(site, "probe_poke")
            until(lambda: state(site, id) == DONE, 60)
        assert not marker.exists()

    def test_two_sites_in_one_redis_do_not_meet(
        self, told: Any, make_site: Any, redis: redis_server.RedisServer, tmp_path: Path
    ) -> None:
        one = make_site(**{"modou.plugins": "probe", "modou.jobs_store": redis.url})
        (tmp_path / "other").mkdir()
        other = SiteUnderTest(tmp_path / "other", **{"modou.jobs_store": redis.url})
        try:
            names = {s.registry.queue.huey(False).storage.queue_key for s in (one, other)}
            assert len(names) == 2
        finally:
            other.close()


SLOW = """
import time
from modou.declarations import Job, PluginInfo
from modou.hookspecs import hookimpl

@hookimpl
def plugin_info():
    return PluginInfo(name="slow", title="Slow", version="1.0", core=">=0.1")

def run(context):
    from pathlib import Path
    folder = Path(context.values["folder"])
    with open(folder / "tries", "a") as notes:
        notes.write(f"{context.tries}\\n")
    if context.values.get("patient"):
        while not (folder / "go-on").exists():
            context.check()
            time.sleep(0.02)
    elif context.tries == 1:
        time.sleep(600)
    context.progress(1.0)

@hookimpl
def jobs():
    return [Job("slow", "Slow", run, retries=3, long=True)]
"""


MANY = """
import os, time
from modou.declarations import Job, PluginInfo
from modou.hookspecs import hookimpl

@hookimpl
def plugin_info():
    return PluginInfo(name="slow", title="Slow", version="1.0", core=">=0.1")

def note(context, what):
    line = f"{time.time():.6f} {context.key} {what} {os.getpid()}\\n".encode()
    place = os.open(context.values["file"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(place, line)
    os.close(place)

def run(context):
    note(context, "begin")
    time.sleep(0.3)
    note(context, "end")

@hookimpl
def jobs():
    return [Job("slow", "Slow", run, retries=9, long=True)]
"""


class Process:
    """`modou worker`."""

    def __init__(self, ini: Path, plugins: Path) -> None:
        path = os.pathsep.join([str(plugins), environment()["PYTHONPATH"]])
        self.process = subprocess.Popen(
            command("worker", "--config", ini),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(PYTHONUNBUFFERED="1", PYTHONPATH=path),
        )
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                return
        raise AssertionError(f"it did not start:\n{''.join(said)}")

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        rest, _none = self.process.communicate(timeout=90)
        return self.process.returncode, rest

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class TestProcesses:
    @pytest.fixture
    def plugins(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A folder with a plugin whose job is slow."""
        folder = tmp_path / "plugins"
        about = folder / "acme_slow-1.0.dist-info"
        about.mkdir(parents=True)
        (folder / "acme_slow.py").write_text(SLOW)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-slow\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("[modou.plugins]\nslow = acme_slow\n")
        monkeypatch.syspath_prepend(str(folder))
        yield folder
        sys.modules.pop("acme_slow", None)

    @pytest.fixture
    def ini(self, make_site: Any, plugins: Path, tmp_path: Path) -> Iterator[Path]:
        """A site with a job that waits, which nobody has open."""
        self.make_site = make_site
        self.folder = tmp_path
        site = make_site(**{"modou.plugins": "slow"})
        with site.occasion() as occasion:
            factories.user(occasion, "olga", role="operator")
        self.settings = {**site.settings, "modou.jobs": "outside"}
        site.close()
        return ini_of(self.settings, tmp_path / "site.ini")

    def ask(self, **values: Any) -> int:
        site = self.make_site(**self.settings)
        try:
            return ask(site, "slow", folder=str(self.folder), **values)
        finally:
            site.close()

    def record(self, id: int) -> tuple[str, int]:
        site = self.make_site(**self.settings)
        try:
            with site.occasion() as occasion:
                record = occasion.site.jobs.records.by_id(id)
                return record.state, record.tries
        finally:
            site.close()

    def begun(self, tries: int) -> bool:
        notes = self.folder / "tries"
        return notes.exists() and len(notes.read_text().splitlines()) >= tries

    def test_killed_in_the_middle_it_is_done_by_the_next(self, ini: Path, plugins: Path) -> None:
        id = self.ask()
        first = Process(ini, plugins)
        try:
            until(lambda: self.begun(1), 60)
            code, _rest = first.end(signal.SIGKILL)
            assert code == -signal.SIGKILL
        finally:
            first.close()
        second = Process(ini, plugins)
        try:
            until(lambda: self.begun(2), 100)
            code, rest = second.end(signal.SIGTERM)
            assert code == 0, rest
        finally:
            second.close()
        assert self.record(id) == (DONE, 2)
        assert (self.folder / "tries").read_text().split() == ["1", "2"]

    def test_sigterm_stops_what_looks_and_the_next_goes_on(self, ini: Path, plugins: Path) -> None:
        id = self.ask(patient=True)
        first = Process(ini, plugins)
        try:
            until(lambda: self.begun(1), 60)
            before = time.monotonic()
            code, rest = first.end(signal.SIGTERM)
            assert code == 0, rest
            assert "Stopped." in rest
            assert time.monotonic() - before < 30
        finally:
            first.close()
        assert self.record(id) == (QUEUED, 0)
        (self.folder / "go-on").touch()
        second = Process(ini, plugins)
        try:
            until(lambda: self.begun(2), 60)
            code, rest = second.end(signal.SIGTERM)
            assert code == 0, rest
        finally:
            second.close()
        assert self.record(id) == (DONE, 1)


@pytest.mark.nightly
@pytest.mark.postgresql
def test_many_processes_are_killed_and_every_job_is_done_by_one_at_a_time(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgresql: Any,
    redis: redis_server.RedisServer,
) -> None:
    """Three workers on PostgreSQL and Redis; some are killed with jobs in their hands, Redis loses
    everything once."""
    folder = tmp_path / "plugins"
    about = folder / "acme_slow-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "acme_slow.py").write_text(MANY)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-slow\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[modou.plugins]\nslow = acme_slow\n")
    monkeypatch.syspath_prepend(str(folder))
    site = SiteUnderTest(
        tmp_path,
        **{
            "modou.plugins": "slow",
            "modou.jobs": "outside",
            "modou.jobs_store": redis.url,
            "zodbconn.uri": postgresql.uri(postgresql.create("workers"), tmp_path),
        },
    )
    site.clock = SystemClock()
    object.__setattr__(site.registry.access, "clock", site.clock)
    ini = ini_of(site.settings, tmp_path / "site.ini")
    notes = tmp_path / "notes"
    workers = [Process(ini, folder) for _ in range(3)]
    try:
        keys = []
        for _ in range(120):
            with site.occasion() as occasion:
                keys.append(jobs.enqueue(occasion, "slow", file=str(notes)).key)
        for victim in workers[:2]:
            count = lines(notes)
            until(lambda count=count: lines(notes) > count + 5)  # type: ignore[misc]
            victim.end(signal.SIGKILL)
        assert lines(notes) < 200, "too quick: nobody had anything left to do"
        workers += [Process(ini, folder) for _ in range(2)]
        redis.stop()
        redis.start()

        def states() -> set[str]:
            with site.occasion() as occasion:
                return {occasion.site.jobs.records[key].state for key in keys}

        until(lambda: states() == {DONE}, 180)
    finally:
        for worker in workers:
            worker.close()
        site.close()
        sys.modules.pop("acme_slow", None)
    runs: dict[str, list[tuple[float, str]]] = {key: [] for key in keys}
    for line in notes.read_text().splitlines():
        when, key, what, _pid = line.split()
        runs[key].append((float(when), what))
    for key, seen in runs.items():
        ends = [when for when, what in seen if what == "end"]
        begins = [when for when, what in seen if what == "begin"]
        assert ends, key
        # Begun again only when its worker was taken for dead.
        assert all(
            later - earlier > transitions.LEASE - 20 for earlier, later in pairwise(begins)
        ), seen
    assert sum(len(seen) > 2 for seen in runs.values()) <= 2


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0
