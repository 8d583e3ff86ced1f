"""Media types found in a file's own bytes: a name proves nothing."""

import io
import re
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import IO

UNKNOWN = "application/octet-stream"
#: Bytes at the beginning that `sniff` wants.
HEAD = 4096

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"BM", "image/bmp"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-executable"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_FORM = {b"AIFF": "audio/aiff", b"AIFC": "audio/aiff"}
# ISO 14496-12, the major brand; what is not here is MP4.
_BRANDS = {
    b"avif": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
# Atoms that a QuickTime film without `ftyp` may begin with.
_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"pnot"})
# Pieces of a stream (ISO 14496-12, fragments).
_FRAGMENT = frozenset({b"styp", b"sidx", b"moof"})
_EBML = b"\x1aE\xdf\xa3"
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_TRANSPORT_PACKET = 188
# Word, Excel and PowerPoint before 2007, and WPS, share one container: the name tells which.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COMPOUND_TYPES = {
    "doc": "application/msword",
    "wps": "application/msword",
    "xls": "application/vnd.ms-excel",
    "et": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "dps": "application/vnd.ms-powerpoint",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OFFICE_FOLDERS = {
    "word/": _OFFICE + "wordprocessingml.document",
    "xl/": _OFFICE + "spreadsheetml.sheet",
    "ppt/": _OFFICE + "presentationml.presentation",
}

#: Media type -> the endings that such files have; the first is the usual one.
ENDINGS: dict[str, tuple[str, ...]] = {
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "video/x-matroska": (".mkv",),
    "video/webm": (".webm",),
    "video/x-msvideo": (".avi",),
    "video/x-flv": (".flv",),
    "video/x-ms-wmv": (".wmv", ".asf"),
    "video/mpeg": (".mpg", ".mpeg"),
    "video/mp2t": (".ts",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/aac": (".aac",),
    "audio/wav": (".wav",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/flac": (".flac",),
    "audio/x-ms-wma": (".wma",),
    "audio/amr": (".amr",),
    "audio/aiff": (".aiff", ".aif"),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/avif": (".avif",),
    "image/heic": (".heic",),
    "image/bmp": (".bmp",),
    "application/pdf": (".pdf",),
    _OFFICE_FOLDERS["word/"]: (".docx",),
    _OFFICE_FOLDERS["xl/"]: (".xlsx",),
    _OFFICE_FOLDERS["ppt/"]: (".pptx",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt",),
    "application/zip": (".zip",),
    "application/vnd.rar": (".rar",),
    "application/x-7z-compressed": (".7z",),
    "application/gzip": (".gz",),
    "text/vtt": (".vtt",),
    "application/x-subrip": (".srt",),
    "application/vnd.apple.mpegurl": (".m3u8",),
    "text/plain": (".txt", ".csv", ".md"),
}

#: Programs for a computer.
PROGRAMS = frozenset({"application/vnd.microsoft.portable-executable", "application/x-executable"})

#: Types that a browser shows within our pages without running anything.
INLINE = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "application/pdf",
        "text/plain",
        "text/vtt",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/mp4",
        "audio/aac",
        "audio/flac",
        "video/mp4",
        "video/ogg",
        "video/webm",
        "video/quicktime",
        "video/mp2t",
        "video/iso.segment",
        "application/vnd.apple.mpegurl",
    }
)


def sniff(head: bytes, filename: str, stream: IO[bytes]) -> str:
    """The media type of a file.

    Markup that a browser would run (HTML, SVG) is "text/plain" like every other text.

    :param head: its first kilobytes
    :param filename: tells apart only what the bytes do not
    :param stream: the whole file; its position is lost
    """
    for offset, signature, media_type in _SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    found = _container(head, filename)
    if found:
        return found
    if head.startswith(b"PK\x03\x04"):
        return _zip_type(stream)
    if _is_mpeg_audio(head):
        return "audio/mpeg"
    if head[:2] in {b"\xff\xf1", b"\xff\xf9"}:
        return "audio/aac"
    if _is_text(head):
        return _text_type(head)
    return UNKNOWN


def welcome(media_type: str, accept: Sequence[str]) -> bool:
    """Whether a media type is one of those listed.

    :param accept: media types, with `*` for any part, such as "video/*"; empty: all
    """
    return not accept or any(fnmatchcase(media_type, pattern) for pattern in accept)


def endings(accept: Sequence[str]) -> list[str]:
    """The endings of files that `welcome` takes, for a browser's file dialog; not all systems know
    the media types of all files. Empty for all."""
    if not accept:
        return []
    return [end for kind, ends in ENDINGS.items() if welcome(kind, accept) for end in ends]


# -- disguises

# What makes a browser that guesses take a file for a page; it looks at 1,445 bytes. Shorter tags
# come up by chance in compressed data.
_MARKUP = re.compile(
    rb"<(?:!doctype|html|head|body|script|iframe|svg|style|table|title)", re.IGNORECASE
)
_TAG = re.compile(rb"<[a-z!?]", re.IGNORECASE)
_GUESSED = 2048
_PDF_WITHIN = 1024
_NAMED_OTHERWISE = frozenset(
    end.removeprefix(".")
    for kind, ends in ENDINGS.items()
    if not kind.startswith("text/") and kind != "application/x-subrip"
    for end in ends
) - {"m3u8"}
_ENDS_WITHIN = 65_557
_END_OF_ZIP = b"PK\x05\x06"
_MAY_HOLD_ARCHIVES = ("application/zip", _OFFICE)


def disguise(head: bytes, media_type: str, filename: str, stream: IO[bytes]) -> str:
    """What a file also is, or is instead of what its name says: "html", "pdf" or "zip"; "" when it
    is honest.

    :param media_type: as `sniff` found it
    :param stream: the whole file; its position is lost
    """
    beginning = head[:_GUESSED]
    if media_type.startswith("text/") or media_type == "application/x-subrip":
        ending = filename.rpartition(".")[2].lower()
        return "html" if ending in _NAMED_OTHERWISE and _TAG.search(beginning) else ""
    if media_type == UNKNOWN:
        return ""
    if not media_type.startswith(_MAY_HOLD_ARCHIVES) and _MARKUP.search(beginning):
        return "html"
    if media_type != "application/pdf" and b"%PDF-" in head[:_PDF_WITHIN]:
        return "pdf"
    if media_type.startswith(("image/", "audio/", "application/pdf")) and _ends_as_zip(stream):
        return "zip"
    return ""


def _ends_as_zip(stream: IO[bytes]) -> bool:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _ENDS_WITHIN))
    if _END_OF_ZIP not in stream.read(_ENDS_WITHIN):
        return False
    try:
        with zipfile.ZipFile(stream) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


# -- kinds of containers


def _container(head: bytes, filename: str) -> str:
    """The type of what begins with a container's mark; "" for none."""
    ending = filename.rpartition(".")[2].lower()
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head.startswith(b"FORM"):
        return _FORM.get(head[8:12], "")
    if head.startswith(_EBML):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(b"OggS"):
        return "video/ogg" if b"\x80theora" in head[:512] else "audio/ogg"
    if head.startswith(_ASF):
        return "audio/x-ms-wma" if ending == "wma" else "video/x-ms-wmv"
    if head.startswith(_COMPOUND):
        return _COMPOUND_TYPES.get(ending, UNKNOWN)
    return _box(head) or ("video/mp2t" if _is_transport_stream(head) else "")


def _box(head: bytes) -> str:
    """The type of what begins with a box of ISO 14496-12; "" for none."""
    name, brand = head[4:8], head[8:12]
    # Before a box's name stands its size; text has no such bytes.
    if min(head[:4], default=32) >= 9:
        return ""
    if name == b"ftyp":
        return _BRANDS.get(brand) or ("video/3gpp" if brand.startswith(b"3gp") else "video/mp4")
    if name in _FRAGMENT:
        return "video/iso.segment"
    return "video/quicktime" if name in _QUICKTIME else ""


def _is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes that all begin with G."""
    marks = head[: 3 * _TRANSPORT_PACKET : _TRANSPORT_PACKET]
    return marks == b"GGG" or (marks in {b"G", b"GG"} and len(head) % _TRANSPORT_PACKET == 0)


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame of MPEG layer III: 11 bits of sync, then a bit rate and a frequency that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 != 0xF and head[2] & 0x0C != 0x0C and head[1] & 0x18 != 0x08


def _zip_type(stream: IO[bytes]) -> str:
    stream.seek(0, io.SEEK_SET)
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "application/zip"
    if "[Content_Types].xml" in names:
        for folder, media_type in _OFFICE_FOLDERS.items():
            if any(name.startswith(folder) for name in names):
                return media_type
    return "application/zip"


_SUBRIP = re.compile(
    rb"\s*\d+[ \t]*\r?\n\d{1,2}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*\d{1,2}:\d\d:\d\d[,.]\d"
)


def _text_type(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if re.match(rb"WEBVTT(?:[ \t\r\n]|$)", text):
        return "text/vtt"
    if text.startswith(b"#EXTM3U"):
        return "application/vnd.apple.mpegurl"
    return "application/x-subrip" if _SUBRIP.match(text) else "text/plain"


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            # The head may end within a character: up to three bytes of it are missing.
            head[: len(head) - 3 if len(head) > 3 else None].decode(encoding, "strict")
        except UnicodeDecodeError as error:
            if len(head) - error.start > 6:
                continue
        return True
    return False
