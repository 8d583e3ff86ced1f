"""Files: types from bytes, limits, names, signed addresses as nginx would check them."""

import base64
import hashlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.errors import Invalid, NotAllowed
from modou.services import files
from modou.services.files import Signer, clean_filename
from modou.services.media_types import UNKNOWN, sniff
from tests import factories
from tests.conftest import SiteUnderTest


def office(folder: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}document.xml", "<x/>")
    return stream.getvalue()


class TestTypes:
    @pytest.mark.parametrize(
        ("content", "name", "expected"),
        [
            (b"\x89PNG\r\n\x1a\n....", "x.exe", "image/png"),
            (b"\xff\xd8\xff\xe0....", "x.txt", "image/jpeg"),
            (b"%PDF-1.7", "x.png", "application/pdf"),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a.webp", "image/webp"),
            (b"\x00\x00\x00\x20ftypisom....", "a.mp4", "video/mp4"),
            (b"<html><script>alert(1)</script>", "a.pdf", "text/plain"),
            (b"<svg onload=alert(1)>", "a.png", "text/plain"),
            ("安全用电".encode("gb18030"), "a.txt", "text/plain"),
            (b"MZ\x90\x00\x03", "a.jpg", "application/vnd.microsoft.portable-executable"),
            (b"\x00\x01\x02\x03", "a.bin", UNKNOWN),
            (b"PK\x03\x04 broken", "a.docx", "application/zip"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..", "a.doc", "application/msword"),
        ],
    )
    def test_bytes_tell_what_a_file_is(self, content: bytes, name: str, expected: str) -> None:
        assert sniff(content, name, io.BytesIO(content)) == expected

    def test_office_files_are_told_from_other_archives(self) -> None:
        for folder, end in (("word/", "document"), ("xl/", "sheet"), ("ppt/", "presentation")):
            content = office(folder)
            assert sniff(content, "x", io.BytesIO(content)).endswith(end)

    @given(st.text(max_size=3000))
    def test_text_cut_anywhere_is_text(self, text: str) -> None:
        content = text.replace("\x00", "").encode("utf-8", "ignore")[:4096]
        if content and not sniff(content, "a", io.BytesIO(content)).startswith(("image", "audio")):
            assert sniff(content, "a", io.BytesIO(content)) in {"text/plain", "image/bmp"} or (
                content[:2] in {b"BM", b"MZ", b"PK"}
            )


class TestNames:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\文件\\操作规程.pdf", "操作规程.pdf"),
            ("", "file"),
            ("..", "file"),
            ("a\u202etxt.exe", "a_txt.exe"),
            ("𠮷.png", "𠮷.png"),
        ],
    )
    def test_only_the_name_stays(self, given: str, expected: str) -> None:
        assert clean_filename(given) == expected

    @given(st.text())
    def test_every_name_can_stand_in_an_address(self, name: str) -> None:
        cleaned = clean_filename(name)
        assert 0 < len(cleaned) <= 120
        assert "/" not in cleaned
        assert cleaned not in {".", ".."}
        assert cleaned.encode()


class TestKeeping:
    def test_limits_and_types_are_asked_before_anything_is_stored(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:

            def keep(content: bytes, name: str = "x.bin", limit: int = 100) -> None:
                files.keep_file(occasion, io.BytesIO(content), name, "public", limit)

            for content in (b"", b"x" * 101):
                with pytest.raises(Invalid) as caught:
                    keep(content)
                assert "file" in caught.value.errors
            # The built-in answer to before_upload.
            with pytest.raises(NotAllowed):
                keep(b"MZ\x90", "cover.png")
            assert len(occasion.site.files) == 0
            keep(b"x" * 100)
            assert len(occasion.site.files) == 1

    def test_who_may_enter_the_course_may_read(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            factories.enrolment(occasion, course, factories.user(occasion, "in"))
            factories.user(occasion, "out")
            kept = files.store(occasion, b"hello", "a.txt", f"course:{course.id}").id
            free = files.store(occasion, b"hello", "a.txt", "public").id
            odd = files.store(occasion, b"hello", "a.txt", "course:12x").id
        for name, expected in (("in", [True, True, False]), ("out", [False, True, False])):
            with site.occasion(name) as occasion:
                stored = [occasion.site.files.by_id(i) for i in (kept, free, odd)]
                assert [files.may_read(occasion, s) for s in stored] == expected


class TestSignatures:
    def test_the_formula_is_the_one_that_nginx_is_told(self) -> None:
        # secure_link_md5 "$expires/$file/$filename $secret", base64url without padding
        signer = Signer("geheim", 7200)
        text = "1772413200/1298wv0hwgg0n/操作规程.pdf geheim"
        md5 = hashlib.md5(text.encode()).digest()
        expected = base64.urlsafe_b64encode(md5).decode().rstrip("=")
        assert signer.sign(1772413200, "1298wv0hwgg0n", "操作规程.pdf") == expected

    @given(now=st.integers(0, 2**33), lifetime=st.integers(2, 10**6))
    def test_an_address_is_good_for_between_half_and_all_of_its_lifetime(
        self, now: int, lifetime: int
    ) -> None:
        left = Signer("s", lifetime).expires(now) - now
        assert lifetime // 2 <= left <= lifetime

    def test_any_other_address_is_refused(self) -> None:
        signer = Signer("s", 100)
        expires = str(signer.expires(1000))
        signature = signer.sign(int(expires), "f", "n")
        assert signer.check(expires, signature, "f", "n", 1000)
        assert not signer.check(expires, signature, "g", "n", 1000)
        assert not signer.check(expires, signature, "f", "m", 1000)
        assert not signer.check(str(int(expires) + 1), signature, "f", "n", 1000)
        assert not signer.check(expires, signature, "f", "n", int(expires) + 1)
        assert not signer.check(expires, "ä", "f", "n", 1000)
        for odd in ("", "-1", "١٢", "1e9", "9" * 5000):
            assert not signer.check(odd, signature, "f", "n", 1000)
