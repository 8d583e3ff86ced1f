"""The programs around Modou do what docs/howto/deploy.md says of them: real HAProxy, real nginx."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest

from modou.services import files, sessions
from modou.services.access import SiteAccess
from modou.store.vault import Keyring
from tests import factories
from tests.commands import modou, refused, write_ini
from tests.stack import Shape, Stack, find

BYTES = bytes(range(256)) * 8192  # 2 MB: more than one piece of nginx's
NEWER = b"%PDF-" + BYTES[::-1][5:]
missing = [program for program in ("haproxy", "nginx") if find(program) is None]
needs_programs = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


class Site:
    """A stack on a FileStorage with a learner and a stored file."""

    def __init__(self) -> None:
        # Pages for visitors stay in HAProxy's cache for as long as the tests may take.
        self.stack = Stack(
            self.fill,
            Shape(postgresql=False, processes=1, threads=4, app="modou.front_cache = 60"),
        )
        self.cookie = ""

    def fill(self, access: SiteAccess) -> None:
        with access.occasion() as occasion:
            learner = factories.user(occasion, "wang")
            self.cookie = f"modou={sessions.start(occasion, learner)}"
            stored = files.store(occasion, BYTES, "讲义 1.pdf", "public")
            signer = files.Signer(files.secret("", access.keys), 7200)
            self.parts = signer.parts(stored, occasion.now)
            # The next version of the same name, and a file that is shown only as what it is not.
            newer = files.store(occasion, NEWER, "讲义 1.pdf", "public")
            self.newer = signer.parts(newer, occasion.now)
            course = files.store(occasion, NEWER[:5000], "a.pdf", "course:1")
            self.private = signer.parts(course, occasion.now)
            past = occasion.now - 60
            self.expired = {
                **self.parts,
                "expires": str(past),
                "signature": signer.sign(past, self.parts["file"], stored.filename),
            }

    def url(self, parts: dict[str, str]) -> str:
        quoted = {name: urllib.request.quote(part) for name, part in parts.items()}
        return self.stack.address + "/files/{expires}/{signature}/{file}/{filename}".format(
            **quoted
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    under_test = Site()
    with under_test.stack:
        yield under_test


@needs_programs
@pytest.mark.xdist_group("deploy")
class TestFiles:
    def test_nginx_serves_a_signed_file_and_asks_modou_once(self, site: Site) -> None:
        first = ask(site.url(site.parts))
        assert (first.status, first.body) == (200, BYTES)
        assert first.headers["Content-Disposition"].endswith("%E8%AE%B2%E4%B9%89%201.pdf")
        again = ask(site.url(site.parts))
        assert again.body == BYTES
        assert again.headers["X-Cache-Status"] == "HIT"

    @pytest.mark.parametrize(
        "asked",
        [
            "0-0",
            "0-1048575",  # a piece of nginx's, all of it
            "1048575-1048576",  # the seam
            "1048570-1048585",
            "1048576-",
            "5-2097151",
            "2097151-",
            "2000000-9999999999",
            "-1",
            "-1048577",
            "-99999999",
        ],
    )
    def test_a_range_of_a_file(self, site: Site, asked: str) -> None:
        first, _dash, last = asked.partition("-")
        start = int(first) if first else max(0, len(BYTES) - int(last))
        stop = min(int(last) + 1, len(BYTES)) if first and last else len(BYTES)
        part = ask(site.url(site.parts), Range=f"bytes={asked}")
        assert part.status == 206
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(BYTES)}"
        assert part.headers["Content-Length"] == str(stop - start)
        assert part.body == BYTES[start:stop]

    def test_a_range_that_does_not_exist(self, site: Site) -> None:
        for asked in (f"{len(BYTES)}-", f"{len(BYTES) + 5}-{len(BYTES) + 9}"):
            refused = ask(site.url(site.parts), Range=f"bytes={asked}")
            assert refused.status == 416
            assert refused.headers["Content-Range"] == f"bytes */{len(BYTES)}"

    def test_several_ranges_are_answered_by_the_whole_file(self, site: Site) -> None:
        # RFC 9110, 14.2: a server may ignore the header; no player asks for several.
        whole = ask(site.url(site.parts), Range="bytes=0-1,1048570-1048580")
        assert (whole.status, whole.body) == (200, BYTES)

    def test_head(self, site: Site) -> None:
        whole = ask(site.url(site.parts), "HEAD")
        assert (whole.status, whole.body) == (200, b"")
        assert whole.headers["Content-Length"] == str(len(BYTES))
        assert whole.headers["Accept-Ranges"] == "bytes"

    def test_a_range_only_of_the_same_version(self, site: Site) -> None:
        url = site.url(site.parts)
        etag = ask(url, "HEAD").headers["ETag"]
        modified = ask(url, "HEAD").headers["Last-Modified"]
        for tag in (etag, modified):
            assert ask(url, Range="bytes=0-9", If_Range=tag).status == 206
        for tag in ('"another"', "Mon, 01 Jan 2001 00:00:00 GMT"):
            whole = ask(url, Range="bytes=0-9", If_Range=tag)
            assert (whole.status, whole.body) == (200, BYTES)
        assert ask(url, If_None_Match=etag).status == 304
        assert ask(url, If_Modified_Since=modified).status == 304

    def test_a_file_replaced_has_another_address(self, site: Site) -> None:
        assert ask(site.url(site.parts)).body == BYTES
        assert ask(site.url(site.newer)).body == NEWER
        part = ask(site.url(site.newer), Range="bytes=1048570-1048585")
        assert part.body == NEWER[1048570:1048586]
        mixed = {**site.newer, "file": site.parts["file"]}
        assert ask(site.url(mixed)).status == 403

    def test_as_a_download_or_in_the_page_whatever_was_asked_first(self, site: Site) -> None:
        url = site.url(site.private)
        for query, kind in (("", "inline"), ("?download", "attachment"), ("", "inline")):
            answer = ask(url + query)
            assert answer.status == 200
            assert answer.headers["Content-Disposition"].startswith(kind), query
            assert answer.body == NEWER[:5000]
        # Other words behind the address make no further copies.
        assert ask(f"{url}?a=1").headers["X-Cache-Status"] == "HIT"
        assert ask(f"{url}?a=2").headers["X-Cache-Status"] == "HIT"

    def test_an_altered_address_is_refused(self, site: Site) -> None:
        signature = site.parts["signature"]
        altered = ("A" if signature[0] != "A" else "B") + signature[1:]
        assert ask(site.url({**site.parts, "signature": altered})).status == 403
        assert ask(site.url({**site.parts, "filename": "other.pdf"})).status == 403
        later = str(int(site.parts["expires"]) + 3600)
        assert ask(site.url({**site.parts, "expires": later})).status == 403

    def test_an_address_that_has_run_out(self, site: Site) -> None:
        assert ask(site.url(site.expired)).status == 410

    def test_static_files_come_from_nginx_and_may_be_kept(self, site: Site) -> None:
        page = ask(site.stack.address + "/").body.decode()
        path = page.split('rel="stylesheet" href="')[1].split('"')[0]
        answer = ask(site.stack.address + path)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/css"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Via" not in answer.headers


@needs_programs
@pytest.mark.xdist_group("deploy")
class TestFront:
    def requests(self, site: Site) -> int:
        """How many requests HAProxy has passed on to Modou so far."""
        return int(site.stack.statistics("processes", "BACKEND")["stot"])

    def test_a_page_for_visitors_is_answered_from_the_cache(self, site: Site) -> None:
        first = ask(site.stack.address + "/")
        before = self.requests(site)
        for _number in range(5):
            answer = ask(site.stack.address + "/")
            assert answer.body == first.body
            assert "Cookie" in answer.headers["Vary"]
        assert self.requests(site) == before

    def test_a_page_for_who_is_signed_in_never_is(self, site: Site) -> None:
        visitor = ask(site.stack.address + "/")
        before = self.requests(site)
        for number in range(1, 4):
            own = ask(site.stack.address + "/", Cookie=site.cookie)
            assert b"wang" in own.body
            assert b"wang" not in visitor.body
            assert self.requests(site) == before + number
        assert b"wang" not in ask(site.stack.address + "/").body

    def test_who_chose_a_language_is_not_answered_from_the_cache(self, site: Site) -> None:
        ask(site.stack.address + "/")
        english = ask(site.stack.address + "/", Cookie="modou_locale=en")
        assert b'lang="en"' in english.body
        assert b'lang="zh' in ask(site.stack.address + "/").body


@needs_programs
@pytest.mark.xdist_group("deploy")
def test_uploads_go_through_nginx_and_arrive(site: Site) -> None:
    before = int(site.stack.statistics("uploads", "BACKEND")["stot"])
    boundary = "----modou"
    fields = {"login": "nobody", "password": "x" * 200_000}
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    request = urllib.request.Request(
        site.stack.address + "/login",
        f"{body}--{boundary}--\r\n".encode(),
        {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Origin": site.stack.address,
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        page = answer.read().decode()
    assert 'value="nobody"' in page, "Modou did not get the form"
    assert int(site.stack.statistics("uploads", "BACKEND")["stot"]) == before + 1


class TestCommand:
    def ini(self, folder: Path, app: str = "") -> Path:
        """Of a site that has its keys."""
        path = write_ini(folder, app)
        (folder / "var").mkdir()
        Keyring.create(folder / "var/keys")
        return path

    def test_it_writes_every_file_for_its_owner_only(self, tmp_path: Path) -> None:
        ini = self.ini(tmp_path, "modou.address = https://learn.example.com")
        done = modou(
            *("deploy", "render", "-c", ini, "--to", tmp_path / "out", "--processes", "1"),
            *("--certificate", tmp_path / "site.pem"),
        )
        assert done.returncode == 0, done.stderr
        written = sorted(path.name for path in (tmp_path / "out").iterdir())
        assert written == [
            "haproxy.cfg",
            "modou.target",
            "modou@.service",
            "nginx.conf",
            "postgresql-modou.conf",
        ]
        assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}
        haproxy = (tmp_path / "out/haproxy.cfg").read_text()
        assert f'ssl crt "{tmp_path}/site.pem"' in haproxy
        assert "redirect prefix https://learn.example.com" in haproxy
        unit = (tmp_path / "out/modou@.service").read_text()
        assert f'serve --config "{ini}" --host 127.0.0.1 --port %i' in unit
        assert "secure_cookies" in done.stderr
        assert "trusted_proxy" in done.stderr

    def test_a_worker_beside_a_filestorage_is_refused(self, tmp_path: Path) -> None:
        ini = self.ini(tmp_path, "modou.jobs = outside")
        said = refused("deploy", "render", "-c", ini, "--processes", "1")
        assert "modou.jobs = outside" in said

    def test_several_processes_on_one_file_are_refused(self, tmp_path: Path) -> None:
        said = refused("deploy", "render", "-c", self.ini(tmp_path), "--processes", "2")
        assert "FileStorage" in said
        assert "--processes 1" in said

    def test_https_needs_a_name(self, tmp_path: Path) -> None:
        ini = self.ini(tmp_path)
        said = refused("deploy", "render", "-c", ini, "--certificate", tmp_path / "site.pem")
        assert "--domain" in said

    def test_two_programs_on_one_port_are_refused(self, tmp_path: Path) -> None:
        ini = self.ini(tmp_path)
        said = refused(
            "deploy", "render", "-c", ini, "--processes", "1", "--port", "80", "--media-port", "80"
        )
        assert "--port and --media-port are both 80" in said
        assert not (tmp_path / "deploy").exists()

    def test_a_site_without_keys_is_refused(self, tmp_path: Path) -> None:
        said = refused("deploy", "render", "-c", write_ini(tmp_path), "--processes", "1")
        assert "keys" in said
        assert not (tmp_path / "var/keys").exists()
