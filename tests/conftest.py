"""Fixtures that all tests share: a real site on a real database, and people in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from modou.app import main
from modou.clock import FrozenClock
from modou.models.people import User
from modou.models.site import Site
from modou.services import sessions
from modou.services.occasion import Occasion, Origin
from modou.web.security import SESSION_COOKIE

#: A Monday morning in Tianjin.
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class SiteUnderTest:
    """An application on a FileStorage of its own, with a clock that stands still.

    ::

        with site.occasion() as occasion:          # as the system; commits at the end
            user = factories.user(occasion, "wang")
        browser = site.browser("wang")             # a WebTest app, signed in
        browser.get("/my/courses")
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.clock = FrozenClock(START)
        self.settings = {
            "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs",
            "modou.keys": str(folder / "keys"),
            "modou.mail": "console",
            "modou.mail_sender": "modou@example.com",
            "modou.locale": "en",
            **settings,
        }
        self.app = main({}, clock=self.clock, **self.settings)

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

    def close(self) -> None:
        self.database.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A fresh site in a temporary folder."""
    under_test = SiteUnderTest(tmp_path)
    yield under_test
    under_test.close()
