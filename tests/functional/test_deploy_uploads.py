"""Large files in pieces through HAProxy and nginx to two processes on PostgreSQL: broken lines,
slow lines, a process that dies in the middle."""

import base64
import hashlib
import os
import random
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from modou.builtin.services import contents
from modou.cli.site import opened
from modou.services import sessions, teaching, uploads
from modou.services.access import SiteAccess
from modou.web.security import CSRFPolicy
from tests import factories
from tests.functional.test_deploy import Answer, ask, needs_programs
from tests.stack import Shape, Stack, family

CONTENT = b"%PDF-1.7\n" + random.Random(2).randbytes(6_000_000)
PIECE = "application/offset+octet-stream"


@dataclass
class _Cookies:
    cookies: dict[str, str]


class Site:
    def __init__(self, server: str) -> None:
        self.stack = Stack(self.fill, Shape(processes=2, threads=2, server=server))

    def fill(self, access: SiteAccess) -> None:
        with access.occasion() as occasion:
            course = factories.course(occasion, sections=1)
            wang = factories.user(occasion, "wang")
            factories.enrolment(occasion, course, wang, "teacher")
            token = sessions.start(occasion, wang)
            self.wang, self.course = wang.id, course.id
        with access.occasion(self.wang) as occasion:
            ticket = access.uploads.ticket(occasion, "file")
        csrf = CSRFPolicy().get_csrf_token(_Cookies({"modou": token}))  # type: ignore[arg-type]
        about = {"filename": "讲义.pdf", "ticket": ticket}
        self.metadata = ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in about.items()
        )
        self.headers = {"Cookie": f"modou={token}", "Tus-Resumable": "1.0.0"}
        self.headers |= {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}

    def send(
        self, method: str, path: str, body: bytes | None = None, address: str = "", **headers: str
    ) -> Answer:
        named = {name.replace("-", "_"): value for name, value in self.headers.items()}
        url = (address or self.stack.address) + urlsplit(path).path
        return ask(url, method, body, **{**named, **headers})

    def begin(self) -> str:
        begun = self.send(
            *("POST", "/uploads", b""),
            Upload_Length=str(len(CONTENT)),
            Upload_Metadata=self.metadata,
        )
        assert begun.status == 201, begun.body
        location = str(begun.headers["Location"])
        assert location.startswith(self.stack.address)
        return location

    def piece(self, path: str, offset: int, size: int, address: str = "") -> Answer:
        body = CONTENT[offset : offset + size]
        return self.send(
            *("PATCH", path, body, address), Upload_Offset=str(offset), Content_Type=PIECE
        )

    def offset(self, path: str) -> int:
        return int(self.send("HEAD", path).headers["Upload-Offset"])

    def break_off(
        self, path: str, offset: int, announced: int, sent: int, address: str = ""
    ) -> None:
        """Begin to send a piece and hang up in the middle."""
        parts = urlsplit(address or self.stack.address)
        lines = [f"PATCH {urlsplit(path).path} HTTP/1.1", f"Host: {parts.netloc}"]
        headers = {
            **self.headers,
            "Content-Type": PIECE,
            "Upload-Offset": str(offset),
            "Content-Length": str(announced),
        }
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with socket.create_connection((parts.hostname, parts.port)) as line:
            line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            line.sendall(CONTENT[offset : offset + sent])

    def check(self, path: str) -> None:
        """The upload becomes a file with the right bytes."""
        key = path.rpartition("/")[2]
        with opened(self.stack.ini) as access:
            with access.occasion(self.wang) as occasion:
                found = uploads.finished(occasion, access.uploads, key, "file")
                assert found is not None
                course = occasion.site.courses.by_id(self.course)
                made = teaching.create_activity(
                    occasion,
                    course,
                    course.outline[0],
                    "file",
                    teaching.ActivityValues(title="讲义"),
                    {"file": found},
                )
                id = made.id
            with access.occasion() as occasion:
                activity = occasion.site.courses.by_id(self.course).activities.by_id(id)
                content = contents.find(occasion.site, activity)
                kept = occasion.site.files.by_id(content.file)  # type: ignore[union-attr]
                with kept.open() as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                assert digest == kept.sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module", params=["granian", "waitress"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    under_test = Site(request.param)
    with under_test.stack:
        yield under_test


@needs_programs
@pytest.mark.postgresql
@pytest.mark.xdist_group("deploy-uploads")
class TestUploads:
    def test_each_process_takes_what_the_other_began(self, site: Site) -> None:
        path = site.begin()
        offset = 0
        for number, size in enumerate((1_500_000, 2_000_000, 2_500_000, 9)):
            address = site.stack.process_addresses[number % 2]
            answer = site.piece(path, offset, size, address)
            assert answer.status == 204
            offset += size
            assert answer.headers["Upload-Offset"] == str(offset)
        site.check(path)

    def test_a_broken_line_is_taken_up_again_through_haproxy(self, site: Site) -> None:
        before = int(site.stack.statistics("uploads", "BACKEND")["stot"])
        path = site.begin()
        assert site.piece(path, 0, 2_000_000).status == 204
        site.break_off(path, 2_000_000, 3_000_000, 1_000_000)
        # nginx had not got all of the piece: Modou has not heard of it.
        assert site.offset(path) == 2_000_000
        assert site.piece(path, 2_000_000, 3_000_000).status == 204
        assert site.piece(path, 2_000_000, 10).status == 409
        assert site.piece(path, 5_000_000, 2_000_000).status == 204
        site.check(path)
        assert int(site.stack.statistics("uploads", "BACKEND")["stot"]) > before

    def test_slow_lines_hold_no_thread(self, site: Site) -> None:
        """More slow senders than threads: pages are answered all the same."""
        path = site.begin()
        parts = urlsplit(site.stack.address)
        lines = []
        try:
            for _number in range(12):
                line = socket.create_connection((parts.hostname, parts.port))
                lines.append(line)
                head = (
                    f"PATCH {urlsplit(path).path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                    f"Content-Type: {PIECE}\r\nUpload-Offset: 0\r\nContent-Length: 900000\r\n"
                )
                head += "".join(f"{name}: {value}\r\n" for name, value in site.headers.items())
                line.sendall(head.encode() + b"\r\n" + CONTENT[:1000])
            for _number in range(8):
                assert site.send("GET", "/my/courses").status == 200
        finally:
            for line in lines:
                line.close()
        assert site.send("DELETE", path).status == 204

    def test_a_piece_that_is_too_large_for_one_request_is_refused(self, site: Site) -> None:
        path = site.begin()
        answer = site.send(
            *("PATCH", path, bytes(65 * 2**20)), Upload_Offset="0", Content_Type=PIECE
        )
        assert answer.status == 413
        assert site.offset(path) == 0

    # Last: afterwards one process is gone.
    def test_the_other_process_goes_on_when_one_is_killed(self, site: Site) -> None:
        path = site.begin()
        assert site.piece(path, 0, 2_000_000).status == 204
        first = site.stack.pids["modou"][0]
        for pid in reversed(list(family(first))):
            os.kill(pid, signal.SIGKILL)
        statuses = []
        offset = 2_000_000
        while offset < len(CONTENT):
            answer = site.piece(path, offset, 1_000_000)
            statuses.append(answer.status)
            # A browser tries again after these.
            assert answer.status in {204, 502, 503, 504}
            if answer.status == 204:
                offset += min(1_000_000, len(CONTENT) - offset)
            assert len(statuses) < 20
        site.check(path)
