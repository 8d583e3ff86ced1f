"""A whole production site on this machine: PostgreSQL, Modou processes, HAProxy, nginx.

For the benchmarks, and for the tests of the deployment (those on a FileStorage, with one process).
::

    with Stack(fill, Shape(processes=2)) as stack:      # fill(access) puts the site's content in
        urlopen(f"{stack.address}/")

Everything lies in a temporary folder, listens on free ports of 127.0.0.1 and is stopped at the
end, whatever happens. The configuration files are those that `modou deploy render` would write.
"""

import csv
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from modou.app import open_keys
from modou.cli import zodb_conf
from modou.cli.ini import Ini
from modou.cli.site import opened
from modou.config import read_config
from modou.deploy import Plan, render, write
from modou.plugins import PluginHost
from modou.services import files
from modou.services.access import SiteAccess
from modou.services.registry import Assembled
from modou.store.vault import make_when_absent
from modou.web.api.declaring import deferred_addresses
from modou.web.themes import load_theme
from tests.commands import command, environment, free_port, free_ports

INI = """\
[app:main]
use = egg:modou
modou.keys = %(here)s/var/keys
modou.mail = console
modou.session_idle = 7200
zodbconn.uri = {uri}
{app}

[server:main]
threads = {threads}
{server}

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(asctime)s %(levelname)s [%(name)s] %(message)s
"""

#: Server -> what production.ini says for it.
SERVERS = {
    "granian": {"use": "granian"},
    "waitress": {
        "use": "egg:waitress#main",
        "asyncore_use_poll": "true",
        "trusted_proxy": "127.0.0.1",
        "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
        "clear_untrusted_proxy_headers": "true",
        "log_untrusted_proxy_headers": "false",
    },
}

BEATS_SOCKET = "%(here)s/var/beats-{port}.sock"

FILE_URI = (
    "file://%(here)s/var/Data.fs?connection_cache_size=20000&blobstorage_dir=%(here)s/var/blobs"
)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the stack is built; what the benchmarks vary.

    :param threads: of each process for pages
    :param front: beats go to the processes' fronts
    :param beats: without it: threads more, for the beats of learners
    :param postgresql: False: on a FileStorage, with one process
    :param app: more lines for [app:main]
    :param server: "granian" or "waitress"
    :param settings: more for [server:main]
    :param worker: a process of its own for jobs and telling plugins, as production.ini has it
    :param paths: folders with plugins that the processes import
    """

    postgresql: bool = True
    app: str = ""
    processes: int = 2
    threads: int = 6
    front: bool = True
    beats: int = 2
    server: str = "granian"
    settings: tuple[tuple[str, str], ...] = ()
    paths: tuple[Path, ...] = ()
    worker: bool = False
    cache_megabytes: int = 50
    max_connections: int = 12_000


class Stack:
    """See the module's docstring. `fill` is called once with the empty site."""

    def __init__(self, fill: Callable[[SiteAccess], None], shape: Shape | None = None) -> None:
        self.shape = shape or Shape()
        self._fill = fill
        self._ends = ExitStack()
        #: Of the PostgreSQL database, if it is on one.
        self.dsn = ""
        #: name of a part -> pids of the processes that were started for it
        self.pids: dict[str, list[int]] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """Where HAProxy answers."""
        return f"http://127.0.0.1:{self.plan.port}"

    @property
    def process_addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.plan.ports]

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.close()

    # -- the parts

    def _start(self) -> None:
        for program in ("haproxy", "nginx"):
            if find(program) is None:
                sys.exit(f"{program} is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="modou-stack-"))
        self._ends.callback(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "var").mkdir()
        self.ini = self.folder / "site.ini"
        settings = {**SERVERS[self.shape.server], **dict(self.shape.settings)}
        if self.shape.front:
            settings["beats_socket"] = BEATS_SOCKET
        jobs = "outside" if self.shape.worker else "inside"
        server = "\n".join(f"{name} = {value}" for name, value in settings.items())
        self.ini.write_text(
            INI.format(
                uri="zconfig://%(here)s/zodb.conf" if self.shape.postgresql else FILE_URI,
                app=f"{self.shape.app}\nmodou.jobs = {jobs}",
                threads=self.shape.threads + self.shape.beats,
                server=server,
            )
        )
        make_when_absent(self.folder / "var" / "keys")
        self.plan = self._make_plan()
        write(self.plan, self.folder / "etc")
        if self.shape.postgresql:
            self._start_postgresql()
        with opened(self.ini, evolving=True) as access:
            self._fill(access)
        for port in self.plan.ports:
            serve = command("serve", "--config", self.ini, "--port", str(port))
            self._run("modou", serve, self._environment())
        if self.shape.worker:
            self._run("worker", command("worker", "--config", self.ini), self._environment())
        etc = self.folder / "etc"
        self._run("nginx", [find("nginx"), "-c", f"{etc}/nginx.conf", "-g", "daemon off;"])
        self._run("haproxy", [find("haproxy"), "-db", "-f", f"{etc}/haproxy.cfg"])
        for address in (*self.process_addresses, self.address):
            self._await(f"{address}/readyz")

    def _environment(self) -> dict[str, str]:
        env = environment(PYTHONUNBUFFERED="1")
        paths = [env["PYTHONPATH"], *map(str, self.shape.paths)]
        return {**env, "PYTHONPATH": os.pathsep.join(paths)}

    def stop_modou(self) -> None:
        """End the processes of Modou as a service manager does; the rest stays."""
        for process in self._processes:
            if process.pid in (*self.pids["modou"], *self.pids.get("worker", ())):
                _end(process)

    def _start_postgresql(self) -> None:
        # A test on a FileStorage needs no PostgreSQL driver.
        from tests.postgresql import Cluster

        cluster = Cluster(self._postgresql_settings())
        self._ends.callback(cluster.stop)
        self.pids["postgresql"] = [cluster.pid]
        conf = self.folder / "zodb.conf"
        dsn = self.dsn = cluster.create("modou")
        shape = self.shape
        conf.write_text(
            zodb_conf.render(dsn, conf, self.folder / "var", shape.cache_megabytes, shape.threads)
        )

    def _make_plan(self) -> Plan:
        first = free_ports(self.shape.processes)
        settings = read_config(Ini(self.ini).app_settings())
        theme = load_theme(settings["theme"], settings["themes"])
        return Plan(
            ini=self.ini,
            command=Path(sys.prefix) / "bin" / "modou",
            statics={folder.name: folder / "static" for folder in theme.chain},
            files_secret=files.secret(settings["files_secret"], open_keys(settings)),
            data=self.folder / "var",
            deferred=deferred_addresses(Assembled(PluginHost(settings["plugins"]))),
            beats_socket=Ini(self.ini).server_settings().get("beats_socket", ""),
            address="127.0.0.1",
            processes=self.shape.processes,
            threads=self.shape.threads + self.shape.beats,
            most_pages=self.shape.threads,
            first_port=first,
            port=free_port(),
            media_port=free_port(),
            # nginx as root would give its work to a user who may not enter our folder.
            user="root" if os.getuid() == 0 else "",
            log="",
            nginx_pid=self.folder / "nginx.pid",
            max_connections=min(self.shape.max_connections, most_connections()),
            memory_megabytes=2048,
        )

    def _postgresql_settings(self) -> dict[str, str]:
        lines = render(self.plan)["postgresql-modou.conf"].splitlines()
        pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
        return {
            **{name.strip(): value.strip() for name, _equals, value in pairs},
            "listen_addresses": "",
        }

    def _run(self, part: str, arguments: list[str], env: dict[str, str] | None = None) -> None:
        log = self.folder / f"{part}.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                arguments, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, env=env
            )
        self.pids.setdefault(part, []).append(process.pid)
        self._processes.append(process)
        self._ends.callback(_end, process)

    def _await(self, url: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with suppress(URLError, ConnectionError), urlopen(url, timeout=10) as answer:
                if answer.status == 200:
                    return
            ended = any(process.poll() is not None for process in self._processes)
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not answer.\n{self.logs()}")
            time.sleep(0.02)

    def logs(self) -> str:
        """The last lines of what the parts said."""
        out = []
        for path in sorted(self.folder.glob("*.log")):
            out += [f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-20:]]
        return "\n".join(out)

    # -- measuring

    def statistics(self, proxy: str, server: str) -> dict[str, str]:
        """HAProxy's numbers about one of its servers, or about FRONTEND or BACKEND."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.plan.data / "haproxy.sock"))
            control.sendall(b"show stat\n")
            with control.makefile(encoding="utf-8") as stream:
                rows = csv.DictReader(stream.read().removeprefix("# ").splitlines())
        return next(row for row in rows if (row["pxname"], row["svname"]) == (proxy, server))

    def cpu(self) -> dict[str, float]:
        """Part -> seconds of CPU used so far, by its processes and their children."""
        return {
            part: sum(cpu_seconds(pid) for first in pids for pid in family(first))
            for part, pids in self.pids.items()
        }

    def memory(self) -> dict[str, float]:
        """Part -> resident megabytes (shared pages counted for each process)."""
        return {
            part: sum(resident(pid) for first in pids for pid in family(first))
            for part, pids in self.pids.items()
        }


def find(program: str) -> str | None:
    """Debian keeps servers where a user's PATH does not look."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin")


def most_connections() -> int:
    """HAProxy needs a file for each visitor and some for servers, and may not raise the hard
    limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return hard - 1000


def family(pid: int) -> Iterator[int]:
    """A process and its children."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        yield one
        found += children.get(one, [])


_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Own time and that of children which have ended."""
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(value) for value in values[11:15]) / _TICK


def resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
