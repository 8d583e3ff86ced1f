"""Processes, servers and disks that fail in the middle of commits: every acknowledged change is
there, none is there twice, and the journal verifies.

A few rounds always; two hundred with `-m nightly`.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from modou.app import inspect_site
from modou.cli.ini import Ini
from modou.cli.site import opened
from modou.store.journal import verify
from tests import beating, crashing
from tests.commands import ROOT, command, environment, free_port, here, ini_of, write_ini

pytestmark = [pytest.mark.functional, pytest.mark.both_storages]

WRITERS = 8


def rounds(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test so often: `few` times always, `many` times at night."""
    return pytest.mark.parametrize(
        "count", [few, pytest.param(many, marks=pytest.mark.nightly)], ids=["few", "many"]
    )


class Writer:
    """A process that commits (`tests.crashing`), and what it said was durable."""

    def __init__(
        self, settings: dict[str, str], first: int = 0, limit: Callable[[], None] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.crashing", settings["zodbconn.uri"]),
                *(settings["modou.keys"], str(first), str(WRITERS)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "core")])),
            preexec_fn=limit,  # noqa: PLW1509 - it only sets a limit
        )
        self.acknowledged: dict[int, int] = {}
        self.refused = 0
        self.seen = 0
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        running.append(self)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._came:
                if line == "refused\n":
                    self.refused += 1
                elif line.startswith("at "):
                    writer, number = map(int, line.split()[1:])
                    self.acknowledged[writer] = number
                else:
                    writer, number = map(int, line.split())
                    self.acknowledged[writer] = number
                    self.seen += 1
                self._came.notify_all()
        with self._came:
            self._came.notify_all()

    def more(self, count: int) -> None:
        """Wait for so many more answers."""
        with self._came:
            wanted = self.seen + count
            came = self._came.wait_for(
                lambda: self.seen >= wanted or self.process.poll() is not None, 15
            )
        assert came, "it does not get on"
        assert self.seen >= wanted, f"it ended with {self.process.poll()}"

    def until_refused(self) -> None:
        with self._came:
            before = self.refused
            assert self._came.wait_for(lambda: self.refused > before, 15)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def stop(self) -> None:
        """As a service manager does, but by closing its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.end()

    def end(self) -> None:
        self.process.wait(15)
        self._reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


running: list[Writer] = []


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    """Also when a test has failed."""
    yield
    while running:
        writer = running.pop()
        if writer.process.poll() is None:
            writer.kill()


class Ledger:
    """What was ever acknowledged, and whether it is all there."""

    def __init__(self, settings: dict[str, str], ini: Path) -> None:
        self.settings = settings
        self.ini = ini
        self.acknowledged: dict[int, int] = {}

    def take(self, writer: Writer) -> None:
        self.acknowledged.update(writer.acknowledged)

    def check(self) -> None:
        """By the database as it is now, with nobody writing."""
        access = inspect_site(self.settings)
        try:
            with access.occasion() as occasion:
                counters = occasion.site.plugin_data("crashing")
                stored = {int(writer): c["number"] for writer, c in counters.items()}
                events: dict[int, list[int]] = {writer: [] for writer in stored}
                for event in occasion.site.journal:
                    if event.kind == crashing.KIND:
                        events[event.subject - 1].append(event.values["count"])
                assert verify(occasion.site.journal).faults == []
        finally:
            access.close()
        for writer, number in self.acknowledged.items():
            # One more may have become durable without its answer getting out.
            assert number <= stored[writer] <= number + 1
        for writer, found in events.items():
            assert found == list(range(1, stored[writer] + 1))

    def check_with_the_command(self) -> None:
        ended = here("journal", "verify", "--config", self.ini)
        assert ended.returncode == 0, ended.stdout


def ledger_of(settings: dict[str, str], folder: Path) -> Ledger:
    return Ledger(settings, ini_of(settings, folder / "crash.ini"))


def file_settings(folder: Path, data: Path | None = None) -> dict[str, str]:
    data = data or folder
    return crashing.settings_of(
        f"file://{data}/Data.fs?blobstorage_dir={folder}/blobs", str(folder / "keys")
    )


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A PostgreSQL whose commits are durable when it is killed."""
    with durable_cluster() as made:
        yield made


@contextmanager
def durable_cluster(within: Path | None = None) -> Iterator[Any]:
    try:
        from tests.postgresql import FAST, Cluster, missing
    except ImportError as error:
        pytest.skip(f"psycopg2 is not installed: {error}")
    if reason := missing():
        pytest.skip(reason)
    # Without fsync only a crash of the machine loses something; of that there is none here.
    settings = {**FAST, "synchronous_commit": "on", "full_page_writes": "on"}
    made = Cluster(settings, within)
    try:
        yield made
    finally:
        made.stop()


def server_settings(cluster: Any, folder: Path) -> dict[str, str]:
    dsn = cluster.create("crashes")
    return crashing.settings_of(cluster.uri(dsn, folder), str(folder / "keys"))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    if os.getuid() != 0:
        pytest.skip("only root may mount a small disk")
    place = folder / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill_up(place: Path) -> Path:
    """Take all room that is left, but for a random rest of some KB."""
    ballast = place / "ballast"
    free = shutil.disk_usage(place).free - random.randint(0, 16) * 1024
    # The writer may have been quicker.
    with suppress(OSError), ballast.open("wb") as stream:
        stream.write(bytes(max(0, free)))
    return ballast


class TestFileStorage:
    @rounds(3, 80)
    def test_the_process_is_killed(self, tmp_path: Path, count: int) -> None:
        settings = file_settings(tmp_path)
        ledger = ledger_of(settings, tmp_path)
        for _round in range(count):
            writer = Writer(settings)
            writer.more(random.randint(1, 600))
            writer.kill()
            ledger.take(writer)
            ledger.check()
        ledger.check_with_the_command()

    @rounds(3, 20)
    def test_the_disk_is_full(self, tmp_path: Path, count: int) -> None:
        """The process goes on by itself as soon as there is room."""
        with small_disk(tmp_path, 60) as place:
            settings = file_settings(tmp_path, place)
            ledger = ledger_of(settings, tmp_path)
            writer = Writer(settings)
            for number in range(count):
                writer.more(random.randint(1, 300))
                ballast = fill_up(place)
                writer.until_refused()
                if number % 2:
                    # Killed while nothing could be written.
                    writer.kill()
                    ballast.unlink()
                    ledger.take(writer)
                    ledger.check()
                    writer = Writer(settings)
                else:
                    ballast.unlink()
            writer.more(100)
            writer.stop()
            ledger.take(writer)
            ledger.check()
            ledger.check_with_the_command()

    def test_a_file_may_not_grow(self, tmp_path: Path) -> None:
        """As a full disk, also where nobody may mount one; only another start helps then."""
        settings = file_settings(tmp_path)
        ledger = ledger_of(settings, tmp_path)
        writer = Writer(settings)
        writer.more(10)
        writer.stop()
        ledger.take(writer)
        most = (tmp_path / "Data.fs").stat().st_size + 150_000
        writer = Writer(
            settings, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        )
        writer.until_refused()
        writer.stop()
        ledger.take(writer)
        ledger.check()
        writer = Writer(settings)
        writer.more(100)
        writer.stop()
        ledger.take(writer)
        ledger.check()


@pytest.mark.postgresql
class TestPostgreSQL:
    @rounds(2, 50)
    def test_one_of_two_processes_is_killed(self, tmp_path: Path, cluster: Any, count: int) -> None:
        settings = server_settings(cluster, tmp_path)
        ledger = ledger_of(settings, tmp_path)
        Writer(settings).stop()
        stays = Writer(settings, WRITERS)
        for _round in range(count):
            writer = Writer(settings)
            writer.more(random.randint(1, 300))
            writer.kill()
            ledger.take(writer)
            stays.more(1)
        stays.stop()
        ledger.take(stays)
        ledger.check()
        ledger.check_with_the_command()

    @rounds(2, 50)
    def test_the_server_is_killed(self, tmp_path: Path, cluster: Any, count: int) -> None:
        """Processes need no new start: they are refused meanwhile, and go on."""
        settings = server_settings(cluster, tmp_path)
        ledger = ledger_of(settings, tmp_path)
        writer = Writer(settings)
        for _round in range(count):
            writer.more(random.randint(1, 300))
            cluster.kill()
            writer.until_refused()
            cluster.run()
            writer.more(20)
        writer.stop()
        ledger.take(writer)
        ledger.check()
        ledger.check_with_the_command()


class Web:
    """`modou serve` for learners who beat, killed and started again as it pleases."""

    def __init__(self, ini: Path, front: str) -> None:
        self.ini = ini
        self.port = free_port()
        #: Where the learners beat.
        self.place = ini.parent / f"b{self.port}" if front else self.port
        with opened(ini) as access:
            self.learners = beating.Class(access, 12)
        self.process: subprocess.Popen[str] | None = None
        webs.append(self)

    def start(self) -> None:
        paths = os.pathsep.join(str(path) for path in (ROOT / "core", ROOT, beating.REEL))
        with (self.ini.parent / "web.log").open("a") as log:
            self.process = subprocess.Popen(
                command("serve", "--config", self.ini, "--port", str(self.port)),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment(PYTHONUNBUFFERED="1", PYTHONPATH=paths),
                # Granian's worker is a process of its own, and killed with it, as systemd does.
                start_new_session=True,
            )
        assert self.process.stdout is not None
        assert any("Ctrl-C" in line for line in self.process.stdout), "it did not start"

    def end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        process, self.process = self.process, None
        if how == signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()

    def check(self) -> beating.Found:
        """By the database as it is; nobody beats meanwhile."""
        access = inspect_site(Ini(self.ini).app_settings())
        try:
            return self.learners.check(access)
        finally:
            access.close()


webs: list[Web] = []


@pytest.fixture
def reel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin with something to study; servers that a failed test left are ended."""
    monkeypatch.syspath_prepend(str(beating.REEL))
    yield
    while webs:
        web = webs.pop()
        web.learners.end()
        web.end(signal.SIGKILL)
    sys.modules.pop("acme_reel", None)


def file_uri(folder: Path) -> str:
    return f"file://{folder}/Data.fs?blobstorage_dir={folder}/b"


@pytest.fixture(params=["", "waitress", "granian"], ids=["threads", "front", "front-granian"])
def front(request: pytest.FixtureRequest) -> str:
    """The server in whose processes a front takes the beats; "" for none."""
    found: str = request.param
    if found == "granian":
        pytest.importorskip("granian")
    return found


def beating_ini(folder: Path, uri: str, front: str = "") -> Path:
    (folder / "var").mkdir(exist_ok=True)
    lines = ["threads = 16"]
    if front:
        lines.append("beats_socket = %(here)s/b{port}")
    path = write_ini(folder, f"zodbconn.uri = {uri}\nmodou.plugins = reel", "\n".join(lines))
    if front == "granian":
        path.write_text(path.read_text().replace("egg:waitress#main", "granian"))
    return path


@pytest.mark.usefixtures("reel")
class TestBeats:
    """The same with what all this is for, through HTTP."""

    @rounds(2, 40)
    def test_the_web_process_is_killed(self, tmp_path: Path, front: str, count: int) -> None:
        web = Web(beating_ini(tmp_path, file_uri(tmp_path), front), front)
        for _round in range(count):
            web.start()
            web.learners.begin(web.place)
            web.learners.more(random.randint(1, 250))
            web.end(signal.SIGKILL)
            web.learners.end()
            web.check()
        assert here("journal", "verify", "--config", web.ini).returncode == 0

    def test_a_stop_answers_what_is_under_way(self, tmp_path: Path, front: str) -> None:
        web = Web(beating_ini(tmp_path, file_uri(tmp_path), front), front)
        web.start()
        web.learners.begin(web.place)
        web.learners.more(100)
        web.end(signal.SIGTERM)
        web.learners.end()
        assert web.check().seconds > 0
        if isinstance(web.place, Path):
            assert not web.place.exists()

    @rounds(1, 20)
    def test_the_disk_is_full(self, tmp_path: Path, front: str, count: int) -> None:
        with small_disk(tmp_path, 60) as place:
            uri = f"file://{place}/Data.fs?blobstorage_dir={tmp_path}/b"
            web = Web(beating_ini(tmp_path, uri, front), front)
            web.start()
            web.learners.begin(web.place)
            for _round in range(count):
                web.learners.more(random.randint(1, 250))
                ballast = fill_up(place)
                web.learners.until_failed()
                ballast.unlink()
            web.learners.more(50)
            web.learners.end()
            web.end(signal.SIGTERM)
            web.check()

    @pytest.mark.postgresql
    @rounds(2, 40)
    def test_postgresql_is_killed(
        self, tmp_path: Path, cluster: Any, front: str, count: int
    ) -> None:
        uri = server_settings(cluster, tmp_path)["zodbconn.uri"]
        web = Web(beating_ini(tmp_path, uri, front), front)
        web.start()
        web.learners.begin(web.place)
        for _round in range(count):
            web.learners.more(random.randint(1, 250))
            cluster.kill()
            web.learners.until_failed()
            cluster.run()
        web.learners.more(50)
        web.learners.end()
        web.check()
        web.end(signal.SIGTERM)
        assert here("journal", "verify", "--config", web.ini).returncode == 0
