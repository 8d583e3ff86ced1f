"""The front over its real socket: HTTP as clients speak it well and badly, waiting, stopping."""

import http.client
import json
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from modou.errors import ConfigurationError
from modou.web.front import Front, connections
from tests.conftest import SiteUnderTest
from tests.crowds import UnixConnection
from tests.functional.api.conftest import Client
from tests.functional.test_group_commit import until

pytestmark = pytest.mark.functional

PATH = "/api/v1/probe/together"


class Served:
    """A front of the probed site, and how it is asked."""

    def __init__(self, site: SiteUnderTest, folder: Path) -> None:
        self.site = site
        self.path = folder / "front"
        self.front = Front(site.registry, self.path)
        self.front.start()
        self.committer = site.registry.access.committer

    def ask(
        self,
        body: Any = None,
        *,
        method: str = "POST",
        path: str = PATH,
        connection: http.client.HTTPConnection | None = None,
        **headers: str,
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        """Status, headers, JSON; on a connection of its own unless one is given."""
        asked = connection or UnixConnection(self.path)
        given = {
            "Authorization": f"Bearer player{threading.get_ident()}",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        text = json.dumps(body if body is not None else {"word": "a"}).encode()
        asked.request(method, path, text, given)
        answer = asked.getresponse()
        found = answer.read()
        if connection is None:
            asked.close()
        return answer.status, answer.headers, json.loads(found) if found else None

    @contextmanager
    def speaking(self, timeout: float = 20) -> Iterator[socket.socket]:
        """A bare connection."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout)
            sock.connect(str(self.path))
            yield sock

    def raw(self, text: bytes) -> bytes:
        """Say something; all that is answered until the front closes."""
        with self.speaking() as sock:
            sock.sendall(text)
            return everything(sock)

    @property
    def pokes(self) -> int:
        """How many there were, behind all that is in the line."""
        return self.site.registry.access.together(
            lambda occasion: int(occasion.site.plugin_data("probe").get("pokes", 0))
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """The committer is busy with something else meanwhile."""
        begun, go_on = threading.Event(), threading.Event()

        def hold(_root: Any, _tm: Any) -> None:
            begun.set()
            assert go_on.wait(30)

        thread = threading.Thread(target=self.committer.run, args=(hold,))
        thread.start()
        assert begun.wait(30)
        try:
            yield
        finally:
            go_on.set()
            thread.join()


def everything(sock: socket.socket) -> bytes:
    found = b""
    while data := sock.recv(65536):
        found += data
    return found


def request(body: bytes = b'{"word": "a"}', more: str = "", length: int | None = None) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer p\r\n"
        f"Content-Type: application/json\r\n{more}"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


@pytest.fixture
def served(probed: SiteUnderTest, tmp_path: Path) -> Iterator[Served]:
    made = Served(probed, tmp_path)
    yield made
    made.front.stop(5)


class TestAnswers:
    def test_they_are_those_of_the_ordinary_server(self, served: Served) -> None:
        ordinary = Client(served.site, "player")
        for body in (
            {"word": "a"},
            {"word": "wrong"},
            {"word": "raise"},
            {"word": "broken"},
            {"word": "", "colour": 1},
        ):
            status, headers, found = served.ask(body)
            expected = ordinary("POST", "/probe/together", body)
            assert status == expected.status_int
            assert {**found, "count": 0, "who": ""} == {**expected.json, "count": 0, "who": ""}
            kept = {name: value for name, value in headers.items() if name != "Date"}
            if status == 200:
                kept["Content-Length"] = expected.headers["Content-Length"] = "0"
            assert kept == dict(expected.headers)
        assert served.ask(Content_Type="text/plain")[0] == 415
        status, headers, _found = served.ask(Authorization="")
        assert status == 401
        assert headers["WWW-Authenticate"].startswith("Bearer")

    def test_what_is_answered_is_durable(self, served: Served) -> None:
        assert served.ask({"word": "a", "times": 3})[2]["count"] == 3
        assert served.pokes == 3

    def test_what_is_not_deferred_is_served_elsewhere(self, served: Served) -> None:
        assert served.ask(path="/api/v1/probe/lean")[0] == 404
        assert served.ask(path="/courses")[0] == 404
        status, headers, _found = served.ask(method="GET")
        assert (status, headers["Allow"]) == (405, "OPTIONS, POST")

    def test_the_proxy_says_who_the_visitor_is(self, served: Served) -> None:
        from acme_probe import Told

        Told.reset()
        served.ask(X_Forwarded_For="6.6.6.6, 1.2.3.4", User_Agent="browser")
        assert Told.heard("together")[-1].ip == "1.2.3.4"
        assert Told.heard("together")[-1].agent == "browser"
        # To applications X_Forwarded_For is the same name: only the proxy may say it.
        found = served.raw(
            request(more="X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 1.1.1.1\r\n"
                    "Connection: close\r\n")
        )  # fmt: skip
        assert found.startswith(b"HTTP/1.1 200 OK\r\n")
        assert Told.heard("together")[-1].ip == "1.1.1.1"

    def test_only_its_own_user_can_connect(self, served: Served) -> None:
        assert stat.S_IMODE(served.path.stat().st_mode) == 0o600


class TestHttp:
    def test_a_connection_stays_open(self, served: Served) -> None:
        connection = UnixConnection(served.path)
        counts = [served.ask(connection=connection)[2]["count"] for _time in range(5)]
        assert counts == [1, 2, 3, 4, 5]
        status, _headers, _found = served.ask({"word": "wrong"}, connection=connection)
        assert (status, connection.sock is not None) == (409, True)
        assert served.ask(connection=connection)[0] == 200
        connection.close()

    def test_a_request_in_pieces(self, served: Served) -> None:
        with served.speaking() as sock:
            for number in request(more="Connection: close\r\n"):
                sock.sendall(bytes([number]))
            assert everything(sock).startswith(b"HTTP/1.1 200 OK\r\n")

    def test_who_asks_before_sending_the_body_is_told_to(self, served: Served) -> None:
        text = request(more="Expect: 100-continue\r\nConnection: close\r\n")
        head, _blank, body = text.partition(b"\r\n\r\n")
        with served.speaking() as sock:
            sock.sendall(head + b"\r\n\r\n")
            assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(body)
            assert everything(sock).startswith(b"HTTP/1.1 200 OK\r\n")

    @pytest.mark.parametrize(
        "text",
        [
            b"hello\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01",
            b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
            request(length=-1),
            request(more="Content-Length: 3\r\n"),
            request(more="Transfer-Encoding: chunked\r\n"),
        ],
    )
    def test_what_is_no_request(self, served: Served, text: bytes) -> None:
        found = served.raw(text)
        assert found.startswith(b"HTTP/1.1 400 ")
        assert json.loads(found.partition(b"\r\n\r\n")[2])["code"] == "request"
        assert b"\r\nConnection: close\r\n" in found
        assert served.pokes == 0

    def test_a_body_of_unknown_length(self, served: Served) -> None:
        text = request().replace(b"Content-Length: 13", b"Transfer-Encoding: chunked")
        found = served.raw(text.replace(b'{"word"', b'd\r\n{"word"') + b"\r\n0\r\n\r\n")
        assert found.startswith(b"HTTP/1.1 400 ")
        assert json.loads(found.partition(b"\r\n\r\n")[2])["code"] == "json"

    def test_too_large(self, served: Served) -> None:
        found = served.raw(request(b"{", length=1_000_001))
        assert found.startswith(b"HTTP/1.1 413 ")
        assert json.loads(found.partition(b"\r\n\r\n")[2])["code"] == "too-large"
        found = served.raw(b"POST / HTTP/1.1\r\nX: " + b"a" * 40_000)
        assert found.startswith(b"HTTP/1.1 431 ")

    def test_one_request_at_a_time(self, served: Served) -> None:
        """The second one is not answered, and the front says so by closing."""
        found = served.raw(request() + request())
        assert found.count(b"HTTP/1.1 200 OK") == 1
        assert b"\r\nConnection: close\r\n" in found
        assert served.pokes == 1

    def test_who_is_too_slow(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "REQUEST_TIME", 0.0)
        found = served.raw(request()[:-3])
        assert found.startswith(b"HTTP/1.1 408 ")
        assert served.pokes == 0

    def test_who_says_nothing(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "IDLE_TIME", 0.0)
        assert served.raw(b"") == b""

    def test_who_goes_away_harms_nobody(self, served: Served) -> None:
        with served.held(), served.speaking() as sock:
            sock.sendall(request())
            until(lambda: served.committer.waiting == 1)
        assert served.ask()[0] == 200
        assert served.pokes == 2


class TestMany:
    def test_they_share_commits(self, served: Served) -> None:
        before = served.committer.counts.commits
        socks = []
        with served.held():
            for _number in range(300):
                sock = socket.socket(socket.AF_UNIX)
                sock.settimeout(20)
                sock.connect(str(served.path))
                sock.sendall(request(more=f"Cookie: modou={_number}\r\nConnection: close\r\n")
                             .replace(b"Bearer p", b"Bearer p%d" % _number))  # fmt: skip
                socks.append(sock)
        for sock in socks:
            assert everything(sock).startswith(b"HTTP/1.1 200 OK\r\n")
            sock.close()
        assert served.pokes == 300
        assert served.committer.counts.commits - before < 30

    def test_a_full_line_turns_away(self, served: Served) -> None:
        served.committer._most_waiting = 1
        with served.held(), served.speaking() as first:
            first.sendall(request(more="Connection: close\r\n"))
            until(lambda: served.committer.waiting == 1)
            status, headers, found = served.ask()
            assert (status, found["code"]) == (503, "busy")
            assert 3 <= int(headers["Retry-After"]) <= 10
        served.committer._most_waiting = 100
        assert served.pokes == 1

    def test_nobody_waits_for_ever(self, served: Served) -> None:
        """Also when the database hangs: who waited for too long is told, and others are heard."""
        with served.held():
            served.committer._longest_wait = 0.1
            for _time in range(2):
                status, headers, found = served.ask()
                assert (status, found["code"]) == (503, "busy")
                assert "Retry-After" in headers
            assert served.ask({"word": ""})[0] == 422
            served.committer._longest_wait = 15.0
        assert served.ask()[0] == 200
        assert served.pokes == 1


class TestEnd:
    def test_stopping_answers_what_is_under_way(self, served: Served) -> None:
        acknowledged = 0
        lock = threading.Lock()
        enough = threading.Event()

        def poke(_number: int) -> None:
            nonlocal acknowledged
            with closing(UnixConnection(served.path)) as connection:
                for _time in range(50):
                    try:
                        status, _headers, _found = served.ask(connection=connection)
                    except (OSError, http.client.HTTPException):
                        return
                    assert status == 200
                    with lock:
                        acknowledged += 1
                        if acknowledged > 100:
                            enough.set()

        with ThreadPoolExecutor(16) as pool:
            done = [pool.submit(poke, number) for number in range(16)]
            assert enough.wait(30)
            served.front.stop(10)
            for future in done:
                future.result(30)
        assert not served.front._thread.is_alive()
        assert not served.path.exists()
        assert served.pokes >= acknowledged > 100

    def test_what_waits_is_answered_before_the_end(self, served: Served) -> None:
        with ThreadPoolExecutor(2) as pool:
            with served.held():
                asked = pool.submit(served.ask)
                until(lambda: served.committer.waiting == 1)
                stopped = pool.submit(served.front.stop, 10)
                until(lambda: not served.path.exists())
            status, headers, _found = asked.result(20)
            assert (status, headers["Connection"]) == (200, "close")
            stopped.result(20)

    def test_a_socket_that_was_left_over_is_replaced(
        self, probed: SiteUnderTest, tmp_path: Path
    ) -> None:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(tmp_path / "front"))
        served = Served(probed, tmp_path)
        assert served.ask()[0] == 200
        served.front.stop(5)

    def test_a_place_that_cannot_be_had_is_told_in_one_sentence(
        self, probed: SiteUnderTest, tmp_path: Path
    ) -> None:
        for path in (tmp_path / "no" / "folder", tmp_path / ("a" * 120), tmp_path):
            with pytest.raises(ConfigurationError, match="beats_socket: cannot listen on"):
                Front(probed.registry, path).start()
