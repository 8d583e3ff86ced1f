"""HAProxy, as `modou deploy render` plans it, and the beats of learners: the same process for each
learner, a line of their own, a clear answer when it is too long. Behind it stand two little
servers instead of Modou, and at the end a real one with its front."""

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from modou.app import inspect_site
from modou.cli.ini import Ini
from modou.deploy import Plan, write
from tests import beating
from tests.commands import free_port, free_ports, here, refused_here, write_ini
from tests.stack import Shape, Stack, find

pytestmark = pytest.mark.functional


class Server(ThreadingHTTPServer):
    """Answers with its port; holds what comes while `hold` is set."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.hold = threading.Event()
        self.go_on = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self) -> None:
        self.go_on.set()
        self.shutdown()
        self.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    """See `Server`."""

    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/healthz" and self.server.hold.is_set():
            self.server.go_on.wait(30)
        body = str(self.server.server_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 - BaseHTTPRequestHandler's names

    def log_message(self, *_arguments: object) -> None:
        """In silence."""


class Front:
    """HAProxy before two servers."""

    def __init__(self, folder: Path) -> None:
        first = free_ports(2)
        self.plan = Plan(
            ini=folder / "site.ini",
            command=Path("modou"),
            statics={},
            files_secret="a secret of the test",
            data=folder,
            deferred={"POST": ["/api/v1/study/beats", "/api/v1/exams/answers"]},
            address="127.0.0.1",
            first_port=first,
            port=free_port(),
            user="",
            log="",
            threads=6,
            most_pages=2,
            max_connections=500,
        )
        self.servers = {port: Server(port) for port in self.plan.ports}
        write(self.plan, folder / "etc")
        config = folder / "etc" / "haproxy.cfg"
        text = config.read_text().replace("timeout queue 5s", "timeout queue 200ms")
        config.write_text(text)
        program = find("haproxy")
        assert program is not None
        self.haproxy = subprocess.Popen([program, "-db", "-f", str(config)])
        for _try in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.plan.port), timeout=1).close()
                return
            except OSError:
                threading.Event().wait(0.02)
        raise AssertionError("HAProxy does not answer")

    def ask(
        self, path: str = "/api/v1/study/beats", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.plan.port, timeout=60)
        try:
            connection.request("POST", path, b"{}", headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def stop(self) -> None:
        self.haproxy.terminate()
        self.haproxy.wait()
        for server in self.servers.values():
            server.stop()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    if find("haproxy") is None:
        pytest.skip("haproxy is not installed")
    made = Front(tmp_path)
    yield made
    made.stop()


def test_a_learner_stays_with_one_process(front: Front) -> None:
    by_token = {}
    for number in range(40):
        answers = {front.ask(Authorization=f"Bearer player{number}")[2] for _time in range(3)}
        assert len(answers) == 1
        by_token[number] = answers.pop()
    assert set(by_token.values()) == {str(port) for port in front.plan.ports}
    # In a browser the session counts, whichever player it is.
    for number in range(10):
        cookie = f"modou=session{number}"
        answers = {
            front.ask(Authorization=f"Bearer player{player}", Cookie=cookie)[2]
            for player in range(5)
        }
        assert len(answers) == 1


def test_a_player_is_opened_where_its_beats_go(front: Front) -> None:
    for number in range(20):
        cookie = f"modou=session{number}"
        opened = front.ask("/api/v1/study/players", Cookie=cookie)[2]
        assert opened == front.ask(Authorization="Bearer player", Cookie=cookie)[2]


def test_another_process_takes_over(front: Front) -> None:
    gone, left = front.plan.ports
    front.servers.pop(gone).stop()
    for number in range(20):
        status, _headers, text = front.ask(Authorization=f"Bearer player{number}")
        assert (status, text) == (200, str(left))


def test_beats_wait_in_a_line_of_their_own_and_not_for_long(front: Front) -> None:
    for server in front.servers.values():
        server.hold.set()
    with ThreadPoolExecutor(40) as pool:
        beats = [
            pool.submit(front.ask, Authorization=f"Bearer player{number}") for number in range(40)
        ]
        refused = []
        for future in beats:
            # Two for each process are held; all others are told soon.
            if len(refused) == 36:
                break
            try:
                refused.append(future.result(0.5))
            except TimeoutError:
                continue
        assert all(status == 503 for status, _headers, _text in refused)
        waits = {int(headers["Retry-After"]) for _status, headers, _text in refused}
        assert waits <= set(range(3, 11))
        assert len(waits) > 1
        headers, text = refused[0][1:]
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(text)["code"] == "busy"
        # Pages have threads of their own.
        for server in front.servers.values():
            server.hold.clear()
        assert front.ask("/courses")[0] == 200
        for server in front.servers.values():
            server.go_on.set()
        assert sum(future.result(10)[0] == 200 for future in beats) == 4


class TestFront:
    """The real thing: HAProxy before a process with a front."""

    @pytest.mark.xdist_group("deploy")
    def test_beats_go_to_the_front_and_pages_do_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if find("nginx") is None or find("haproxy") is None:
            pytest.skip("nginx or haproxy is not installed")
        monkeypatch.syspath_prepend(str(beating.REEL))
        learners: list[beating.Class] = []
        shape = Shape(
            postgresql=False,
            processes=1,
            threads=2,
            app="modou.plugins = reel",
            paths=(beating.REEL,),
        )
        with Stack(lambda access: learners.append(beating.Class(access, 8)), shape) as stack:
            learners[0].begin(stack.plan.port)
            learners[0].more(100)
            learners[0].end()
            sent = int(stack.statistics("beats", "p1")["stot"])
            assert sent >= learners[0].acknowledged >= 100
            # What is not for the front: another method, another address.
            for path, status in ((beating.PATH, 405), ("/api/v1/study/nothing", 404)):
                with pytest.raises(HTTPError) as refused:
                    urlopen(stack.address + path, timeout=60)
                refused.value.close()
                assert refused.value.code == status
            assert int(stack.statistics("beats", "p1")["stot"]) == sent
            stack.stop_modou()
            with closing(inspect_site(Ini(stack.ini).app_settings())) as access:
                assert learners[0].check(access).seconds > 0
        sys.modules.pop("acme_reel", None)

    def test_the_plan_names_the_socket_of_each_process(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, server="threads = 8\nbeats_socket = %(here)s/b-{port}.sock")
        here("keys", "create", "--config", ini)
        to = ("deploy", "render", "--config", ini, "--to", tmp_path / "etc", "--processes", "1")
        ended = here(*to, "--first-port", "7001")
        assert "beats_socket" not in ended.stderr
        text = (tmp_path / "etc" / "haproxy.cfg").read_text()
        assert f'server p1 "unix@{tmp_path}/b-7001.sock" track processes/p1' in text
        assert "{ method POST } { path /api/v1/study/beats " in text
        plain = write_ini(tmp_path, name="plain.ini")
        assert "lacks beats_socket" in here(*to[:3], plain, *to[4:]).stderr

    def test_one_socket_for_several_processes_is_refused(self, tmp_path: Path) -> None:
        ini = write_ini(
            tmp_path, "zodbconn.uri = zconfig://%(here)s/zodb.conf",
            "beats_socket = %(here)s/beats.sock",
        )  # fmt: skip
        here("keys", "create", "--config", ini)
        here("zodb-conf", "dbname=modou", "--to", tmp_path / "zodb.conf")
        said = refused_here(
            "deploy", "render", "--config", ini, "--to", tmp_path / "etc", "--processes", "2"
        )
        assert "write {port} into it" in said

    def test_a_process_without_a_port_is_refused(self, tmp_path: Path) -> None:
        ini = write_ini(
            tmp_path, server=f"unix_socket = {tmp_path}/w.sock\nbeats_socket = %(here)s/b-{{port}}"
        )
        assert "there is no port" in refused_here("serve", "--config", ini)
