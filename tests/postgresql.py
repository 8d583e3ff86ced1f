"""A private PostgreSQL server for tests: own folder, own socket, no port, gone afterwards."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import psycopg2

ZCONFIG = """\
%import relstorage

<zodb main>
    cache-size 5000
    <relstorage>
        keep-history false
        blob-dir {folder}/blobs
        shared-blob-dir false
        cache-local-mb 5
        <postgresql>
            driver psycopg2
            dsn {dsn}
        </postgresql>
    </relstorage>
</zodb>
"""

#: Nothing here needs to survive a crash of the machine.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "max_connections": "300",
    "listen_addresses": "",
    "jit": "off",
}


def find(program: str) -> Path | None:
    """One of PostgreSQL's programs, the newest version's; Debian keeps them out of the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{program}"),
        key=lambda path: float(path.parts[4]),
    )
    if found:
        return found[-1]
    inside = shutil.which(program)
    return Path(inside) if inside else None


def missing() -> str:
    """Why there can be no server here, or ""."""
    return "" if find("initdb") and find("postgres") else "PostgreSQL's server is not installed"


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


class Cluster:
    """A running server. PostgreSQL refuses to run as root: then it runs as the system's user
    `postgres`, or `nobody`.

    ::

        cluster = Cluster()
        dsn = cluster.create("one")
        cluster.stop()

    :param settings: of the server, as on its command line
    :param within: folder for its folder
    """

    def __init__(self, settings: Mapping[str, str] = FAST, within: Path | None = None) -> None:
        self._settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="modou-pg-", dir=within))
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)
        self._user: dict[str, object] = {}
        if os.getuid() == 0:
            import pwd

            known = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = known.get("postgres") or known["nobody"]
            self._user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        data = self.folder / "data"
        made = subprocess.run(
            [
                str(find("initdb")),
                *("--pgdata", str(data), "--username=modou", "--auth=trust", "--no-sync"),
                *("--encoding=UTF8", "--locale=C"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self._user,  # type: ignore[call-overload]
        )
        assert made.returncode == 0, made.stdout + made.stderr
        self.run()

    def run(self) -> None:
        """Start the server; also again after `kill`."""
        data = self.folder / "data"
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(find("postgres")),
                    *("-D", str(data), f"--unix_socket_directories={self.folder}", *options),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                **self._user,  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(self.dsn("postgres")).close()
                return
            except psycopg2.OperationalError:
                alive = self._process.poll() is None
                if not alive or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "server.log").read_text()) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash does: nothing is written any more."""
        assert self._process is not None
        children = [
            int(stat.parent.name)
            for stat in Path("/proc").glob("[0-9]*/stat")
            if _parent(stat) == self._process.pid
        ]
        for pid in (self._process.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(timeout=60)
        # The next one refuses to start while one of them is there.
        while any(Path(f"/proc/{pid}").exists() for pid in children):
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        assert self._process is not None
        return self._process.pid

    def dsn(self, name: str) -> str:
        return f"host={self.folder} user=modou dbname={name}"

    def create(self, name: str) -> str:
        """Make an empty database (dropping an older one); its dsn."""
        with closing(psycopg2.connect(self.dsn("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                cursor.execute(f'CREATE DATABASE "{name}"')
        return self.dsn(name)

    def uri(self, dsn: str, folder: Path) -> str:
        """A ZODB URI for the database of `dsn`; its ZConfig file and blob cache in `folder`."""
        path = folder / "zodb.conf"
        path.write_text(ZCONFIG.format(folder=folder, dsn=dsn))
        return f"zconfig://{path}"

    def empty(self, dsn: str) -> None:
        """Take everything out of a database that RelStorage used, and leave its tables: faster
        than another database."""
        with (
            closing(psycopg2.connect(dsn)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            cursor.execute(
                "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
                "WHERE schemaname = 'public'"
            )
            (tables,) = cursor.fetchone()
            if tables:
                cursor.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
                cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY")
                cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
                for (sequence,) in cursor.fetchall():
                    cursor.execute(f'ALTER SEQUENCE "{sequence}" RESTART')

    def stop(self) -> None:
        """End the server and remove its folder; nothing happens the second time."""
        atexit.unregister(self.stop)
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(3)  # SIGQUIT: at once, nothing is worth saving
            self._process.wait(timeout=60)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)
