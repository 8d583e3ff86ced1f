"""Kinds of files are found in their bytes: real ones of every kind, made by ffmpeg; disguises."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.services.media_types import (
    ENDINGS,
    HEAD,
    INLINE,
    UNKNOWN,
    disguise,
    endings,
    sniff,
    welcome,
)

VIDEO = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5"]
SOUND = ["-f", "lavfi", "-i", "sine=duration=1"]
# Ending -> what it is, and how ffmpeg makes it.
MADE = {
    "mp4": ("video/mp4", [*VIDEO, "-c:v", "mpeg4"]),
    "mov": ("video/quicktime", [*VIDEO, "-c:v", "mpeg4"]),
    "mkv": ("video/x-matroska", [*VIDEO, "-c:v", "mpeg4"]),
    "webm": ("video/webm", [*VIDEO, "-c:v", "libvpx"]),
    "avi": ("video/x-msvideo", [*VIDEO, "-c:v", "mpeg4"]),
    "flv": ("video/x-flv", [*VIDEO, "-c:v", "flv"]),
    "wmv": ("video/x-ms-wmv", [*VIDEO, "-c:v", "wmv2"]),
    "mpg": ("video/mpeg", [*VIDEO, "-c:v", "mpeg2video", "-r", "25"]),
    "ts": ("video/mp2t", [*VIDEO, "-c:v", "mpeg2video", "-r", "25"]),
    "mp3": (
        "audio/mpeg",
        [*SOUND, "-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"],
    ),
    "m4a": ("audio/mp4", [*SOUND, "-c:a", "aac"]),
    "aac": ("audio/aac", [*SOUND, "-c:a", "aac"]),
    "wav": ("audio/wav", SOUND),
    "ogg": ("audio/ogg", [*SOUND, "-c:a", "libvorbis"]),
    "flac": ("audio/flac", SOUND),
}


def kind(content: bytes, name: str = "x") -> str:
    return sniff(content[:HEAD], name, io.BytesIO(content))


def also(content: bytes, name: str) -> str:
    found = kind(content, name)
    return disguise(content[:HEAD], found, name, io.BytesIO(content))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("ending", MADE)
def test_real_files(ending: str, tmp_path: Path) -> None:
    expected, arguments = MADE[ending]
    path = tmp_path / f"操作.{ending}"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", *arguments, str(path)], check=True, timeout=60
    )
    content = path.read_bytes()
    # Whatever it is called.
    assert {kind(content, name) for name in (path.name, "x.pdf", "x")} == {expected}
    assert also(content, path.name) == ""
    assert path.suffix in ENDINGS[expected]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_pieces_of_a_stream(tmp_path: Path) -> None:
    """What a lesson's film is cut into is served with its own types."""
    for sort, end, expected in (
        ("mpegts", "ts", "video/mp2t"),
        ("fmp4", "m4s", "video/iso.segment"),
    ):
        playlist = tmp_path / f"{sort}.m3u8"
        hls = ["-f", "hls", "-hls_time", "1", "-hls_segment_type", sort]
        name = ["-hls_segment_filename", str(tmp_path / f"{sort}-%d.{end}")]
        subprocess.run(
            ["ffmpeg", "-loglevel", "error", *VIDEO, "-c:v", "mpeg4", *hls, *name, str(playlist)],
            check=True, timeout=60,
        )  # fmt: skip
        assert kind((tmp_path / f"{sort}-0.{end}").read_bytes()) == expected
        assert kind(playlist.read_bytes()) == "application/vnd.apple.mpegurl"
        assert {expected, "application/vnd.apple.mpegurl"} <= INLINE


class TestTexts:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"WEBVTT\n\n00:01.000 --> 00:02.000\nhello", "text/vtt"),
            (b"\xef\xbb\xbfWEBVTT - captions\r\n", "text/vtt"),
            (b"WEBVTTX", "text/plain"),
            (
                b"1\r\n00:00:01,000 --> 00:00:02,500\r\n\xe4\xbd\xa0\xe5\xa5\xbd\r\n",
                "application/x-subrip",
            ),
            ("1\n0:00:01.0 --> 0:00:02.0\n你好".encode("gb18030"), "application/x-subrip"),
            (b"1\nnot a time\n", "text/plain"),
            (b"The wide world of mdat", "text/plain"),
            (b"FORMs are no sound", "text/plain"),
        ],
    )
    def test_captions_and_what_is_none(self, content: bytes, expected: str) -> None:
        assert kind(content) == expected


class TestDisguises:
    ZIP = io.BytesIO()
    with zipfile.ZipFile(ZIP, "w") as _made:
        _made.writestr("evil.class", b"x" * 100)

    @pytest.mark.parametrize(
        ("content", "name", "other"),
        [
            (b"<!DOCTYPE html><p>", "a.mp4", "html"),
            (b"<?xml version='1.0'?><svg/>", "a.png", "html"),
            (b"<html>", "a.html", ""),
            (b"a < b", "a.pdf", ""),
            (b"GIF89a" + b" " * 900 + b"<ScRiPt>", "a.gif", "html"),
            (b"%PDF-1.7\n<script>alert()</script>", "a.pdf", "html"),
            (b"\xff\xd8\xff" + bytes(900) + b"%PDF-1.4", "a.jpg", "pdf"),
            (b"\x89PNG\r\n\x1a\n" + bytes(99) + ZIP.getvalue(), "a.png", "zip"),
            (b"%PDF-1.7\n" + bytes(99) + ZIP.getvalue(), "a.pdf", "zip"),
            (ZIP.getvalue(), "a.zip", ""),
            (b"\x89PNG\r\n\x1a\n" + bytes(99) + b"PK\x05\x06 by chance", "a.png", ""),
        ],
    )
    def test_what_else_a_file_is(self, content: bytes, name: str, other: str) -> None:
        assert also(content, name) == other

    @given(st.binary(max_size=3000), st.sampled_from(["a.jpg", "b.mp4", "c", "d.pdf"]))
    def test_no_bytes_make_it_stumble(self, noise: bytes, name: str) -> None:
        for start in (
            b"",
            b"\xff\xd8\xff",
            b"PK\x03\x04",
            b"RIFF",
            b"OggS",
            b"\x1aE\xdf\xa3",
            b"G",
        ):
            content = start + noise
            assert kind(content, name)
            also(content, name)


class TestWelcome:
    def test_patterns(self) -> None:
        assert welcome("video/mp4", ("video/*",))
        assert welcome("video/mp4", ())
        assert not welcome("text/plain", ("video/*", "audio/*"))
        assert not welcome(UNKNOWN, ("application/pdf",))

    def test_endings_for_the_file_dialog(self) -> None:
        assert {".mkv", ".mov", ".mp4", ".wmv"} <= set(endings(("video/*",)))
        assert endings(("text/vtt",)) == [".vtt"]
        assert endings(()) == []
