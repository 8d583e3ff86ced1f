"""Uploads in pieces by tus 1.0: the protocol, who may, limits, what becomes of the bytes."""

import base64
import errno
import fcntl
import hashlib
import io
import os
import random
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modou.builtin.services import contents
from modou.models.courses import Activity
from modou.services import files, teaching, uploads
from modou.services.occasion import Occasion
from tests import factories
from tests.conftest import SiteUnderTest
from tests.tus import PIECE, Sender, b64

pytestmark = pytest.mark.both_storages

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


@pytest.fixture
def site(make_site: Any, tmp_path: Any) -> SiteUnderTest:
    made: SiteUnderTest = make_site(
        **{"modou.upload_limit": "1", "modou.upload_quota": "3", "modou.uploads_lifetime": "3600"}
    )
    with made.occasion() as occasion:
        course = factories.course(occasion, "低压电工作业", sections=1, activities=1)
        factories.enrolment(occasion, course, factories.user(occasion, "wang", "王"), "teacher")
        factories.user(occasion, "li", "李")
    return made


@pytest.fixture
def wang(site: SiteUnderTest) -> Sender:
    return Sender(site, "wang")


def spooled(site: SiteUnderTest) -> list[str]:
    folder = site.registry.uploads.spool.folder
    return sorted(path.name for path in folder.glob("*/*"))


class TestProtocol:
    def test_it_says_what_it_can(self, site: SiteUnderTest) -> None:
        browser = site.browser()
        for path in ("/uploads", "/uploads/1298wv0hwgg0n"):
            answer = browser.options(path, status=204)
            assert answer.headers["Tus-Version"] == "1.0.0"
            assert set(answer.headers["Tus-Extension"].split(",")) == {
                *("creation", "creation-with-upload", "termination", "expiration", "checksum")
            }
            assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"

    def test_a_file_in_three_pieces(self, wang: Sender) -> None:
        begun = wang.begin(len(PDF))
        assert begun.status_int == 201
        assert begun.headers["Tus-Resumable"] == "1.0.0"
        assert begun.headers["Upload-Offset"] == "0"
        assert begun.headers["Upload-Expires"] == "Mon, 02 Mar 2026 02:00:00 GMT"
        path = begun.headers["Location"]
        offset = 0
        for body in (PDF[:10], PDF[10:5000], PDF[5000:]):
            answer = wang.piece(path, offset, body)
            offset += len(body)
            assert (answer.status_int, answer.headers["Upload-Offset"]) == (204, str(offset))
            state = wang.ask("HEAD", path)
            assert state.status_int == 200
            assert state.headers["Upload-Offset"] == str(offset)
            assert state.headers["Upload-Length"] == str(len(PDF))
            assert state.headers["Cache-Control"] == "no-store"
            # The ticket is nobody's business any more.
            assert state.headers["Upload-Metadata"] == f"filename {b64('讲义.pdf')}"
        with wang.site.occasion("wang") as occasion:
            found = uploads.finished(occasion, wang.uploads, path.rpartition("/")[2], "file")
            assert found is not None
            assert found.part.media_type == "application/pdf"
            assert found.part.sha256 == hashlib.sha256(PDF).hexdigest()
            with found.stream as stream:
                assert stream.read() == PDF

    def test_the_first_piece_with_the_beginning(self, wang: Sender) -> None:
        ticket = wang.tickets["file"]
        answer = wang.ask(
            "POST",
            "/uploads",
            PDF,
            Upload_Length=str(len(PDF)),
            Upload_Metadata=f"filename {b64('a.pdf')},ticket {b64(ticket)}",
            Content_Type=PIECE,
        )
        assert answer.status_int == 201
        assert answer.headers["Upload-Offset"] == str(len(PDF))

    def test_a_wrong_offset_changes_nothing_and_names_the_right_one(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        wang.piece(path, 0, PDF[:100])
        for offset in (0, 99, 101, len(PDF)):
            answer = wang.piece(path, offset, PDF[100:200])
            assert (answer.status_int, answer.headers["Upload-Offset"]) == (409, "100")
            assert answer.json["type"].endswith("/offset")
        assert wang.piece(path, 100, PDF[100:]).status_int == 204

    def test_more_than_announced_is_refused(self, wang: Sender) -> None:
        path = wang.begin(100).headers["Location"]
        assert wang.piece(path, 0, b"x" * 101).status_int == 413
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "0"

    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    def test_a_damaged_piece_is_refused_and_a_good_one_taken(
        self, wang: Sender, algorithm: str
    ) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        digest = hashlib.new(algorithm, PDF[:500]).digest()
        checksum = f"{algorithm} {base64.b64encode(digest).decode()}"
        damaged = wang.piece(path, 0, b"!" + PDF[1:500], Upload_Checksum=checksum)
        assert damaged.status_int == 460
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "0"
        good = wang.piece(path, 0, PDF[:500], Upload_Checksum=checksum)
        assert (good.status_int, good.headers["Upload-Offset"]) == (204, "500")

    def test_what_is_not_tus_is_told_so(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        old = wang.piece(path, 0, PDF, Tus_Resumable="0.2.2")
        assert (old.status_int, old.headers["Tus-Version"]) == (412, "1.0.0")
        assert wang.piece(path, 0, PDF, Content_Type="application/pdf").status_int == 415
        assert wang.piece(path, 0, PDF, Upload_Checksum="md5 xyz").status_int == 400
        for offset in ("", "-1", "1e3", "٣", "9" * 30):
            assert wang.piece(path, 0, PDF, Upload_Offset=offset).status_int == 400
        for length in ("", "x", "-5"):
            assert wang.begin(0, Upload_Length=length).status_int == 400
        assert wang.begin(0).status_int == 422
        assert wang.begin(5, Upload_Metadata="filename ***").status_int == 400
        assert wang.ask("GET", path).status_int == 405
        assert wang.ask("HEAD", "/uploads/1298wv0hwgg0n").status_int == 404
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "0"

    def test_cancelling(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        wang.piece(path, 0, PDF[:100])
        assert wang.ask("DELETE", path).status_int == 204
        assert spooled(wang.site) == []
        assert wang.ask("HEAD", path).status_int == 404
        assert wang.piece(path, 100, PDF[100:]).status_int == 404

    def test_a_network_without_patch_and_delete(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        answer = wang.ask(
            *("POST", path, PDF[:100]),
            X_HTTP_Method_Override="PATCH",
            Upload_Offset="0",
            Content_Type=PIECE,
        )
        assert answer.status_int == 204
        # Only what the two locks have seen may turn into something else.
        assert wang.ask("HEAD", path, X_HTTP_Method_Override="DELETE").status_int == 200
        assert wang.ask("POST", path, X_HTTP_Method_Override="DELETE").status_int == 204

    def test_two_at_once_do_not_mix(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        part = next(wang.uploads.spool.folder.glob("*/*.part"))
        with part.open("rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            for answer in (wang.piece(path, 0, PDF), wang.ask("DELETE", path)):
                assert answer.status_int == 423
                assert answer.json["type"].endswith("/locked")
            assert wang.ask("HEAD", path).headers["Upload-Offset"] == "0"
        assert wang.piece(path, 0, PDF).status_int == 204

    def test_another_piece_while_one_is_coming_in(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        answers = []

        class Slow(io.BytesIO):
            """Somebody else comes while the first bytes are being read."""

            def read(self, size: int | None = -1) -> bytes:
                if not answers:
                    answers.append(wang.piece(path, 0, PDF))
                return super().read(size)

        with wang.site.occasion("wang") as occasion:
            key = path.rpartition("/")[2]
            uploads.take(occasion, wang.uploads, key, 0, Slow(PDF[:500]), 500)
        assert answers[0].status_int == 423
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "500"
        assert wang.piece(path, 500, PDF[500:]).status_int == 204

    def test_a_last_piece_sent_twice_is_harmless(self, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        assert wang.piece(path, 0, PDF).status_int == 204
        assert wang.piece(path, 0, PDF).status_int == 409
        assert wang.piece(path, len(PDF), b"").status_int == 204
        assert wang.piece(path, len(PDF), b"x").status_int == 409

    @pytest.mark.any_storage
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(data=st.data())
    def test_whatever_happens_on_the_way_the_bytes_are_the_same(
        self, wang: Sender, data: st.DataObject
    ) -> None:
        content = b"%PDF-" + random.Random(1).randbytes(data.draw(st.integers(1, 3000)))
        path = wang.begin(len(content)).headers["Location"]
        offset = 0
        while offset < len(content):
            size = data.draw(st.integers(1, len(content)))
            match data.draw(st.sampled_from(["good", "good", "ahead", "behind", "broken"])):
                case "good":
                    body = content[offset : offset + size]
                    answer = wang.piece(path, offset, body)
                    assert answer.status_int == 204
                    offset += len(body)
                case "ahead":
                    assert wang.piece(path, offset + size, b"x").status_int == 409
                case "behind" if offset:
                    assert wang.piece(path, offset - 1, content[:1]).status_int == 409
                case "broken":
                    # The line breaks in the middle of a piece: what came is kept.
                    came = content[offset : offset + size // 2]
                    left = len(content) - offset
                    if came and len(came) < left:
                        self.break_off(wang, path, offset, came, left)
                        offset += len(came)
            assert wang.ask("HEAD", path).headers["Upload-Offset"] == str(offset)
        part = next(wang.uploads.spool.folder.glob(f"*/{path.rpartition('/')[2]}.part"))
        assert part.read_bytes() == content
        assert wang.ask("DELETE", path).status_int == 204

    @staticmethod
    def break_off(wang: Sender, path: str, offset: int, came: bytes, announced: int) -> None:
        with wang.site.occasion("wang") as occasion:
            key = path.rpartition("/")[2]
            part = uploads.take(occasion, wang.uploads, key, offset, io.BytesIO(came), announced)
            assert part.offset == offset + len(came)


class TestWhoMay:
    def test_nobody_without_a_session(self, site: SiteUnderTest, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        stranger = site.browser()
        for method in ("HEAD", "PATCH", "DELETE"):
            answer = stranger.request(
                path, method=method, headers={"Tus-Resumable": "1.0.0"}, status="*"
            )
            assert answer.status_int == 401, method

    def test_another_person_finds_nothing(self, site: SiteUnderTest, wang: Sender) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        wang.piece(path, 0, PDF[:100])
        li = Sender(site, "li")
        for answer in (
            li.ask("HEAD", path),
            li.piece(path, 100, PDF[100:]),
            li.ask("DELETE", path),
        ):
            assert answer.status_int == 404
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "100"

    def test_a_ticket_is_its_own_persons(self, site: SiteUnderTest, wang: Sender) -> None:
        li = Sender(site, "li")
        name, until, signature = wang.tickets["file"].split(".")
        for ticket in (
            wang.tickets["file"],
            f"file.{int(until) + 1}.{signature}",
            f"picture.{until}.{signature}",
            "file.",
            "..",
            f"{name}.x.{signature}",
        ):
            answer = li.begin(10, purpose=ticket)
            assert answer.status_int == 422, ticket
            assert "Reload" in answer.json["detail"]

    def test_a_form_left_open_for_too_long(self, site: SiteUnderTest, wang: Sender) -> None:
        until = int(wang.tickets["file"].split(".")[1])
        with site.occasion("wang") as occasion:
            assert until == occasion.now + 24 * 3600
            occasion.now = until + 1
            with pytest.raises(uploads.Invalid, match="open for too long"):
                uploads.begin(occasion, wang.uploads, wang.tickets["file"], "x", 10)

    @pytest.mark.parametrize(
        "headers",
        [
            {"X_CSRF_Token": "wrong"},
            {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
        ],
    )
    def test_not_from_another_site(self, wang: Sender, headers: dict[str, str]) -> None:
        path = wang.begin(len(PDF)).headers["Location"]
        assert wang.begin(10, **headers).status_int == 403
        assert wang.piece(path, 0, PDF, **headers).status_int == 403
        assert wang.ask("DELETE", path, **headers).status_int == 403
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "0"


class TestLimits:
    def test_a_file_larger_than_its_purpose_takes(self, wang: Sender) -> None:
        answer = wang.begin(1_000_001)
        assert answer.status_int == 413
        assert "1 MB" in answer.json["detail"]
        assert wang.begin(1_000_000).status_int == 201

    def test_purposes_have_limits_of_their_own(
        self, make_site: Any, wang: Sender, site: SiteUnderTest
    ) -> None:
        # The built-in purpose for pictures says 10 MB.
        assert wang.begin(2_000_000, "a.png", "picture").status_int == 201
        site.close()
        other = make_site(**{"modou.upload_limits": "picture=3 file=2"})
        sender = Sender(other, "wang")
        assert sender.begin(3_000_001, "a.png", "picture").status_int == 413
        assert sender.begin(2_000_000).status_int == 201

    def test_only_pieces_are_larger_than_forms(self, wang: Sender) -> None:
        path = wang.begin(900_000).headers["Location"]
        form = b"a=" + bytes(2_000_000)
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            for sent in (
                wang.piece(path, 0, form, Content_Type=kind),
                wang.ask("POST", "/uploads", form, Content_Type=kind),
            ):
                assert sent.status_int == 413
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "0"

    def test_what_one_person_may_have_under_way(self, site: SiteUnderTest, wang: Sender) -> None:
        for _number in range(3):
            assert wang.begin(1_000_000).status_int == 201
        answer = wang.begin(1)
        assert answer.status_int == 413
        assert "3 uploads" in answer.json["detail"]
        assert Sender(site, "li").begin(1).status_int == 201

    def test_a_disk_without_room_is_said_at_the_beginning(
        self, wang: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = os.statvfs_result((4096, 4096, 10**6, 10, 10, 1, 1, 1, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda path: usage)
        answer = wang.begin(1000)
        assert answer.status_int == 507
        assert spooled(wang.site) == []

    def test_a_disk_that_fills_up_keeps_nothing_of_the_piece(
        self, wang: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = wang.begin(1_000_000, "a.bin").headers["Location"]
        wang.piece(path, 0, b"\x01" * 1000)
        real = os.pwrite

        def full(file: int, data: Any, offset: int) -> int:
            if offset > 300_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(file, data, offset)

        monkeypatch.setattr(os, "pwrite", full)
        answer = wang.piece(path, 1000, b"\x01" * 999_000)
        assert answer.status_int == 507
        assert answer.json["type"].endswith("/storage-full")
        monkeypatch.undo()
        assert wang.ask("HEAD", path).headers["Upload-Offset"] == "1000"
        assert wang.piece(path, 1000, b"\x01" * 999_000).status_int == 204

    def test_abandoned_ones_go_and_others_stay(self, site: SiteUnderTest, wang: Sender) -> None:
        site.work()
        old = wang.begin(1000).headers["Location"]
        kept = wang.begin(1000).headers["Location"]
        wang.piece(old, 0, b"x" * 400)
        site.clock.move(minutes=50)
        wang = Sender(site, "wang")
        wang.piece(kept, 0, b"x" * 10)
        site.clock.move(minutes=11)
        wang = Sender(site, "wang")
        assert wang.ask("HEAD", old).status_int == 404
        site.work()
        assert spooled(site) == sorted(kept.rpartition("/")[2] + end for end in (".json", ".part"))
        assert wang.ask("HEAD", kept).headers["Upload-Offset"] == "10"


def archive(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return stream.getvalue()


class TestBytes:
    @pytest.mark.parametrize(
        ("content", "name"),
        [
            (b"<html><script>alert(1)</script></html>", "讲义.pdf"),
            (b"  <svg onload=alert(1)>", "a.png"),
            (b"GIF89a/*<script>alert(1)</script>*/", "a.gif"),
            (b"\xff\xd8\xff\xe0" + bytes(30) + b"%PDF-1.4 more", "a.jpg"),
            (b"\x89PNG\r\n\x1a\n" + bytes(100) + archive(a=b"b"), "a.png"),
        ],
    )
    def test_what_is_two_things_or_hides_is_refused_and_gone(
        self, wang: Sender, content: bytes, name: str
    ) -> None:
        answer = wang.send(content, name)
        assert answer.status_int == 422
        assert "was found in it" in answer.json["detail"]
        assert spooled(wang.site) == []

    def test_a_program_is_refused_by_the_built_in_plugin(self, wang: Sender) -> None:
        answer = wang.send(b"MZ" + bytes(100), "课件.pdf")
        assert answer.status_int == 403
        assert "Programs" in answer.json["detail"]
        assert spooled(wang.site) == []

    def test_a_wrong_kind_is_refused_by_its_first_bytes(self, wang: Sender) -> None:
        path = wang.begin(900_000, "a.png", "picture").headers["Location"]
        answer = wang.piece(path, 0, PDF)
        assert answer.status_int == 422
        assert "application/pdf" in answer.json["detail"]
        assert spooled(wang.site) == []


class TestForms:
    def path(self, site: SiteUnderTest) -> str:
        with site.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            return f"/courses/{course.key}/sections/{course.outline[0].key}/new/file"

    def stored(self, occasion: Occasion) -> list[Activity]:
        course = next(iter(occasion.site.courses))
        return [a for a in course.ordered_activities() if a.type == "file"]

    def test_the_form_offers_it(self, site: SiteUnderTest, wang: Sender) -> None:
        page = wang.browser.get(self.path(site))
        box = page.html.select_one("[data-upload]")
        assert '"endpoint": "/uploads"' in box["data-upload"]
        # Without scripts it is the plain control.
        assert box.select_one("input[type=file]")["name"] == "content-file"

    def test_an_upload_becomes_a_stored_file_without_a_copy(
        self, site: SiteUnderTest, wang: Sender
    ) -> None:
        key = wang.key(PDF)
        inode = next(wang.uploads.spool.folder.glob("*/*.part")).stat().st_ino
        token = wang.headers["X-CSRF-Token"]
        sent = {
            "csrf_token": token,
            "title": "操作规程",
            "content-file": f"upload:{key}",
            **dict.fromkeys(("prerequisites-0", "prerequisites-1", "grade_of"), ""),
        }
        wang.browser.post(self.path(site), sent, status=303)
        assert spooled(site) == []
        with site.occasion() as occasion:
            (activity,) = self.stored(occasion)
            content: Any = contents.find(occasion.site, activity)
            kept = occasion.site.files.by_id(content.file)
            assert (kept.filename, kept.media_type) == ("讲义.pdf", "application/pdf")
            assert (kept.size, kept.sha256) == (len(PDF), hashlib.sha256(PDF).hexdigest())
            with kept.open() as stream:
                assert stream.read() == PDF
                assert os.fstat(stream.fileno()).st_ino == inode

    def test_an_entry_refused_keeps_the_upload(self, site: SiteUnderTest, wang: Sender) -> None:
        key = wang.key(PDF)
        token = wang.headers["X-CSRF-Token"]
        sent = {"csrf_token": token, "title": "", "content-file": f"upload:{key}"}
        page = wang.browser.post(self.path(site), sent, status=200)
        box = page.html.select_one("[data-upload]")
        assert key in box["data-sent"]
        assert "讲义.pdf".encode("unicode-escape").decode() in box["data-sent"]
        assert len(spooled(site)) == 2

    def test_an_upload_that_is_not_ones_own_or_not_ready(
        self, site: SiteUnderTest, wang: Sender
    ) -> None:
        unfinished = wang.begin(100).headers["Location"].rpartition("/")[2]
        foreign = Sender(site, "li").key(PDF)
        picture = wang.key(b"\x89PNG\r\n\x1a\n" + bytes(50), "a.png", "picture")
        token = wang.headers["X-CSRF-Token"]
        for key in (unfinished, foreign, picture, "1298wv0hwgg0n", "../../x", ""):
            sent = {"csrf_token": token, "title": "x", "content-file": f"upload:{key}"}
            page = wang.browser.post(self.path(site), sent, status=200)
            assert "no longer there" in page.text
        with site.occasion() as occasion:
            assert self.stored(occasion) == []

    def test_a_transaction_that_is_rolled_back_keeps_the_upload(
        self, site: SiteUnderTest, wang: Sender
    ) -> None:
        key = wang.key(PDF)

        def keep() -> None:
            with site.occasion("wang") as occasion:
                found = uploads.finished(occasion, wang.uploads, key, "file")
                assert found is not None
                files.keep_upload(occasion, found, "public")
                raise ZeroDivisionError

        for _attempt in range(2):
            with pytest.raises(ZeroDivisionError):
                keep()
        assert spooled(site) == [f"{key}.json", f"{key}.part"]
        with site.occasion() as occasion:
            assert len(occasion.site.files) == 0
        with site.occasion("wang") as occasion:
            found = uploads.finished(occasion, wang.uploads, key, "file")
            assert found is not None
            kept = files.keep_upload(occasion, found, "public").id
        with site.occasion() as occasion, occasion.site.files.by_id(kept).open() as stream:
            assert stream.read() == PDF
        assert spooled(site) == []

    def test_a_new_version_replaces_the_old_file(self, site: SiteUnderTest, wang: Sender) -> None:
        with site.occasion("wang") as occasion:
            course = next(iter(occasion.site.courses))
            values = teaching.ActivityValues(title="操作规程")
            upload = files.Upload("旧.pdf", io.BytesIO(PDF), 10**6)
            teaching.create_activity(
                occasion, course, course.outline[0], "file", values, {"file": upload}
            )
        with site.occasion() as occasion:
            old = next(iter(occasion.site.files)).id
        key = wang.key(PDF + b"new", "新.pdf")
        with site.occasion("wang") as occasion:
            (activity,) = self.stored(occasion)
            found = uploads.finished(occasion, wang.uploads, key, "file")
            teaching.change_activity(
                occasion, activity, teaching.values_of_activity(activity), {"file": found}
            )
        with site.occasion() as occasion:
            (kept,) = occasion.site.files
            assert kept.id != old
            assert kept.filename == "新.pdf"
