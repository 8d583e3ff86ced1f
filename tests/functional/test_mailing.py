"""Mails wait as jobs: encrypted, through restarts, and until the mail server takes them."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pyramid_mailer.interfaces import IMailer

from modou.models.jobs import FAILED
from modou.services import jobs, mailing, rekeying
from modou.services.letters import Letter
from modou.store.vault import Keyring
from tests import factories
from tests.commands import free_port
from tests.conftest import SiteUnderTest
from tests.pages import main_form

pytestmark = pytest.mark.both_storages

ADDRESS = "wang.fang@example.com"


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP (RFC 5321) as a client needs that sends one mail."""

    allow_reuse_address = True
    daemon_threads = True
    taken: ClassVar[list[str]] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 tests\r\n")
            while line := self.rfile.readline():
                command = line[:4].upper()
                if command == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (text := self.rfile.readline()) not in {b".\r\n", b""}:
                        lines.append(text)
                    MailServer.taken.append(b"".join(lines).decode())
                if command == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def port() -> int:
    return free_port()


def serve(port: int) -> MailServer:
    MailServer.taken.clear()
    server = MailServer(("127.0.0.1", port), MailServer.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def mail_server(port: int) -> Iterator[MailServer]:
    server = serve(port)
    yield server
    server.shutdown()
    server.server_close()


def person(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        user = factories.user(occasion, "wang", "王芳")
        user.email = ADDRESS
        occasion.site.user_index.emails[ADDRESS] = user.id


def forget(site: SiteUnderTest, login: str) -> None:
    form = main_form(site.browser().get("/forgot"))
    form["login"] = login
    form.submit()


def sent(site: SiteUnderTest) -> list[Any]:
    found: list[Any] = site.registry.getUtility(IMailer).outbox
    return found


def waiting(site: SiteUnderTest) -> list[tuple[str, int]]:
    """State and tries of each mail."""
    with site.occasion() as occasion:
        return [
            (record.state, record.tries)
            for record in occasion.site.jobs.records
            if record.name == mailing.JOB
        ]


def test_a_mail_waits_encrypted_and_is_forgotten_once_it_is_sent(site: SiteUnderTest) -> None:
    person(site)
    before = site.stored().count(ADDRESS.encode())
    forget(site, "wang")
    assert sent(site) == []
    assert site.stored().count(ADDRESS.encode()) == before
    assert b"/reset/" not in site.stored()
    site.work()
    (message,) = sent(site)
    assert message.recipients == [ADDRESS]
    assert "/reset/" in message.body
    assert waiting(site) == []
    with site.occasion() as occasion:
        assert not occasion.site.jobs.ended


def test_it_outlives_the_process(make_site: Any) -> None:
    site = make_site()
    person(site)
    forget(site, "wang")
    site.close()
    again = make_site()
    again.work()
    (message,) = sent(again)
    assert message.recipients == [ADDRESS]


def test_whether_there_is_an_account_shows_neither_in_work_nor_in_the_answer(
    site: SiteUnderTest,
) -> None:
    person(site)
    left = []
    for login in ("wang", "nobody"):
        forget(site, login)
        with site.occasion() as occasion:
            left.append(len(occasion.site.jobs.waiting) - 1)
        site.work()
    assert left == [1, 1]
    assert len(sent(site)) == 1


def test_through_smtp(make_site: Any, port: int, mail_server: MailServer) -> None:
    site = make_site(**{"modou.mail": "smtp", "mail.host": "127.0.0.1", "mail.port": str(port)})
    person(site)
    forget(site, "wang")
    site.work()
    (text,) = MailServer.taken
    assert f"To: {ADDRESS}" in text
    assert waiting(site) == []


def test_it_is_tried_until_the_mail_server_is_back(
    make_site: Any, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(**{"modou.mail": "smtp", "mail.host": "127.0.0.1", "mail.port": str(port)})
    person(site)
    forget(site, "wang")
    site.work()
    assert waiting(site) == [("queued", 1)]
    # Nothing that names a person stands in the log.
    assert ADDRESS not in caplog.text
    assert "/reset/" not in caplog.text
    site.clock.move(seconds=30)
    server = serve(port)
    try:
        site.work()
    finally:
        server.shutdown()
        server.server_close()
    assert len(MailServer.taken) == 1
    assert waiting(site) == []


def test_it_is_given_up_after_hours_and_can_be_repeated(make_site: Any, port: int) -> None:
    site = make_site(**{"modou.mail": "smtp", "mail.host": "127.0.0.1", "mail.port": str(port)})
    person(site)
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
    forget(site, "wang")
    begun = site.clock.seconds()
    while waiting(site)[0][0] != FAILED:
        site.work()
        site.clock.move(minutes=20)
    # 20 s, then four times as long each: 7.6 to 9.1 hours with chance, and up to 20 minutes more
    # for each of the six repetitions, since it is looked so often here.
    assert 7 * 3600 < site.clock.seconds() - begun <= 12 * 3600
    page = site.browser("olga").get("/admin/jobs?state=failed")
    assert "The mail server does not take it: ConnectionRefusedError" in page.text
    assert ADDRESS not in page.text
    server = serve(port)
    try:
        with site.occasion() as occasion:
            (record,) = [r for r in occasion.site.jobs.records if r.name == mailing.JOB]
            jobs.retry(occasion, record)
        site.work()
    finally:
        server.shutdown()
        server.server_close()
    assert len(MailServer.taken) == 1


def test_new_keys_open_what_waits(make_site: Any, tmp_path: Path) -> None:
    site = make_site()
    with site.occasion() as occasion:
        mailing.send(occasion, Letter(ADDRESS, "Hello", "Text"))
    site.close()
    Keyring.rotate(tmp_path / "keys")
    again = make_site()
    rekeying.reencrypt(again.registry.access, lambda kind, done, total: None)
    with again.occasion() as occasion:
        (record,) = occasion.site.jobs.records
        assert not occasion.keys.needs_rotation(record.values)
    again.work()
    assert len(sent(again)) == 1
