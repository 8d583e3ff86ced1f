"""Fixtures that all tests share: a real site on a real database, and people in it."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from jinja2.bccache import Bucket, BytecodeCache, FileSystemBytecodeCache
from webtest import TestApp

from modou.app import main
from modou.clock import FrozenClock
from modou.models.people import User
from modou.models.site import Site
from modou.services import sessions
from modou.services.jobs.running import Runner
from modou.services.occasion import Occasion, Origin
from modou.services.telling import Teller
from modou.web import templating
from modou.web.security import SESSION_COOKIE

# No test is about time: on a busy machine the same example takes ten times as long.
hypothesis.settings.register_profile(
    "modou", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("modou")

#: A Monday morning in Tianjin.
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class CompiledTemplates(BytecodeCache):
    """Each template is compiled once, for all sites of all processes: a page's first answer takes
    some 300 ms otherwise, a hundred times what the next one takes.

    :ivar files: where other processes find them too; None: nowhere
    """

    def __init__(self) -> None:
        self.files: FileSystemBytecodeCache | None = None
        self._known: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code
        elif self.files is not None:
            self.files.load_bytecode(bucket)
            self._known[bucket.key] = (bucket.checksum, bucket.code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = (bucket.checksum, bucket.code)
        if self.files is not None:
            self.files.dump_bytecode(bucket)


TEMPLATES = CompiledTemplates()


class SiteUnderTest:
    """An application on a database of its own, with a clock that stands still.

    ::

        with site.occasion() as occasion:          # as the system; commits at the end
            user = factories.user(occasion, "wang")
        browser = site.browser("wang")             # a WebTest app, signed in
        browser.get("/my/courses")
    """

    def __init__(self, folder: Path, clock: Any = None, **settings: Any) -> None:
        self.folder = folder
        self.clock = clock if clock is not None else FrozenClock(START)
        self.settings = {
            "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs",
            "modou.keys": str(folder / "keys"),
            "modou.mail": "console",
            "modou.mail_sender": "modou@example.com",
            "modou.locale": "en",
            "modou.consents.ask": "false",
            **settings,
        }
        shared = {"jinja2.bytecode_caching": TEMPLATES}
        self.app = main({}, clock=self.clock, **{**shared, **self.settings})

    @property
    def registry(self) -> Any:
        return self.app.registry

    @property
    def database(self) -> Any:
        return self.registry._zodb_databases[""]

    @contextmanager
    def occasion(self, username: str | None = None) -> Iterator[Occasion]:
        """An occasion in a transaction of its own, committed at the end.

        :param username: who acts; None: the system
        """
        actor = 0
        if username is not None:
            with self.registry.access.occasion() as occasion:
                actor = self._user(occasion.site, username).id
        with self.registry.access.occasion(actor, Origin("127.0.0.1", "tests")) as occasion:
            yield occasion

    @staticmethod
    def _user(root: Site, username: str) -> User:
        return root.users.by_id(root.user_index.usernames[username.casefold()])

    def browser(self, username: str | None = None) -> TestApp:
        """A browser, signed in as `username` if given."""
        browser = TestApp(self.app, extra_environ={"HTTP_ORIGIN": "http://localhost"})
        if username is not None:
            with self.occasion() as occasion:
                token = sessions.start(occasion, self._user(occasion.site, username))
            browser.set_cookie(SESSION_COOKIE, token)
        return browser

    def tell(self) -> int:
        """Tell the plugins everything that they were not told yet, here; how many tellings."""
        return Teller(self.registry.access).run_once()

    def work(self) -> int:
        """Run all background jobs that are due now, here, until none is; how many runs."""
        return Runner(self.registry.access, often=0).work_off()

    def stored(self) -> bytes:
        """Every object's record as the database keeps it, one after the other: for looking whether
        something is in it."""
        records = []
        following: bytes | None = None
        while True:
            _oid, _tid, data, following = self.database.storage.record_iternext(following)
            records.append(data)
            if following is None:
                return b"".join(records)

    def close(self) -> None:
        self.registry.access.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--storage",
        choices=("filestorage", "postgresql", "both"),
        default="filestorage",
        help="What the functional tests store their sites in. both (as scripts/test says): "
        "FileStorage, and what is marked both_storages on PostgreSQL too.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("cacheprovider"):
        # What is compiled rests on Jinja and on how it is set up.
        setup = Path(templating.__file__).read_bytes() + version("jinja2").encode()
        folder = config.cache.mkdir(f"templates-{sha256(setup).hexdigest()[:16]}")
        TEMPLATES.files = FileSystemBytecodeCache(str(folder))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long values say nothing in the name of a test, and an archive is another one each second:
    workers would find different tests."""
    return argname if isinstance(val, bytes | str) and len(val) > 60 else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported and collected stays to the end: looking through it again and again for
    garbage was a fifth of the time in which a site is made.

    :raises pytest.UsageError: groups are not kept together, so that each worker would make what
        they share
    """
    for item in session.items:
        mark = item.get_closest_marker("xdist_group")
        if getattr(session.config.option, "loadgroup", False) and mark is not None:
            if not item.nodeid.endswith(f"@{mark.args[0]}"):
                raise pytest.UsageError("this pytest-xdist does not know this pytest's groups")
            break
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The functional tests on the storages that `--storage` names."""
    chosen = metafunc.config.getoption("--storage")
    functional = "functional" in metafunc.definition.path.parts
    if "storage" not in metafunc.fixturenames or chosen == "filestorage" or not functional:
        return
    marked = metafunc.definition.get_closest_marker
    if marked("any_storage") is not None:
        return
    if chosen == "both" and marked("both_storages") is None:
        return
    storages = ("filestorage", "postgresql") if chosen == "both" else (chosen,)
    marks = {"postgresql": pytest.mark.postgresql}
    metafunc.parametrize(
        "storage",
        [pytest.param(name, marks=marks.get(name, ())) for name in storages],
        indirect=True,
    )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A PostgreSQL server of this worker's own (`tests.postgresql.Cluster`)."""
    try:
        from tests.postgresql import Cluster, missing
    except ImportError as error:
        pytest.skip(f"psycopg2 is not installed: {error}")
    reason = missing()
    if reason:
        pytest.skip(reason)
    cluster = Cluster()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def postgresql_sites(postgresql: Any) -> str:
    """The dsn of the database that this worker's sites are made in, one after the other."""
    dsn: str = postgresql.create("sites")
    return dsn


@pytest.fixture
def storage(request: pytest.FixtureRequest) -> str:
    """The storage that `make_site` uses: "filestorage" or "postgresql"."""
    return getattr(request, "param", "filestorage")


@pytest.fixture
def make_site(
    tmp_path: Path, storage: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., SiteUnderTest]]:
    """Make the application of the test's site with other settings, `make_site(**settings)`; the
    same site again after `close()`."""
    made: list[SiteUnderTest] = []
    more: dict[str, Any] = {}
    if storage == "postgresql":
        cluster = request.getfixturevalue("postgresql")
        dsn = request.getfixturevalue("postgresql_sites")
        more["zodbconn.uri"] = cluster.uri(dsn, tmp_path)
        cluster.empty(dsn)

    def make(**settings: Any) -> SiteUnderTest:
        under_test = SiteUnderTest(tmp_path, **{**more, **settings})
        made.append(under_test)
        return under_test

    yield make
    for under_test in made:
        under_test.close()


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    """A fresh site, by default in a temporary folder; see `--storage`."""
    return make_site()
