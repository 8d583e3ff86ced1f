"""Captions: WebVTT taken in and checked, SRT turned into it.

What leaves this module holds cues and nothing else: no styles, no notes, no regions, and within the
cues only the tags that WebVTT knows.
"""

import re
from typing import IO

from modou.errors import Invalid
from modou_lesson.i18n import _

MAXIMUM_BYTES = 2_000_000
MOST_CUES = 20_000
_FIELD = "captions"
_TIME = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})")
_TIMING = re.compile(r"(\S+)\s+-->\s+(\S+)(.*)")
_TAG = re.compile(r"<(/?)(b|i|u|c|v|lang|ruby|rt)\b([^<>]*)>")
_ANY_TAG = re.compile(r"<[^<>]*>?|>")
_SETTING = re.compile(r"(?:align|line|position|size|vertical):[\w.,%-]+")


def to_webvtt(stream: IO[bytes]) -> bytes:
    """Captions as clean WebVTT (UTF-8).

    :param stream: a WebVTT or SRT file, in UTF-8, UTF-16 or GB 18030
    :raises Invalid: naming the line
    """
    stream.seek(0)
    raw = stream.read(MAXIMUM_BYTES + 1)
    if len(raw) > MAXIMUM_BYTES:
        raise Invalid(
            _(
                "The captions are larger than ${limit} MB.",
                mapping={"limit": MAXIMUM_BYTES // 1_000_000},
            ),
            _FIELD,
        )
    lines = _decode(raw).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = _cues(lines)
    if not cues:
        raise Invalid(
            _("There are no captions in the file. WebVTT (.vtt) and SRT (.srt) can be used."),
            _FIELD,
        )
    if len(cues) > MOST_CUES:
        raise Invalid(_("At most ${limit} captions.", mapping={"limit": MOST_CUES}), _FIELD)
    return ("WEBVTT\n\n" + "\n\n".join(cues) + "\n").encode()


def _decode(raw: bytes) -> str:
    encodings = ("utf-16",) if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid(_("The captions are no text. Save them as UTF-8."), _FIELD)


def _cues(lines: list[str]) -> list[str]:
    cues: list[str] = []
    before = 0
    number = 0
    while number < len(lines):
        match = _TIMING.fullmatch(lines[number].strip())
        number += 1
        if match is None:
            continue
        start, end = _milliseconds(match[1], number), _milliseconds(match[2], number)
        if end <= start or start < before:
            raise _wrong_time(number)
        before = start
        text = []
        while number < len(lines) and lines[number].strip():
            # SRT files that lack the empty line before the next cue.
            if "-->" in lines[number]:
                raise _wrong_time(number + 1)
            text.append(_clean(lines[number].strip()))
            number += 1
        if not any(text):
            continue
        settings = " ".join(_SETTING.findall(match[3]))
        timing = f"{_shown(start)} --> {_shown(end)} {settings}".rstrip()
        cues.append("\n".join([timing, *[line for line in text if line]]))
    return cues


def _wrong_time(line: int) -> Invalid:
    return Invalid(
        _(
            "Captions, line ${line}: the time is not right. It must look like 00:01:02.000 --> "
            "00:01:05.000, and captions must follow one another.",
            mapping={"line": line},
        ),
        _FIELD,
    )


def _milliseconds(text: str, line: int) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise _wrong_time(line)
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(match[4].ljust(3, "0"))


def _shown(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _clean(line: str) -> str:
    """The text of a cue with the tags of WebVTT only; SRT's fonts and positions go."""
    out = []
    place = 0
    for match in _TAG.finditer(line):
        out += [_plain(line[place : match.start()]), f"<{match[1]}{match[2]}{match[3].rstrip()}>"]
        place = match.end()
    out.append(_plain(line[place:]))
    return re.sub(r"\{\\[^{}]*\}", "", "".join(out))


def _plain(text: str) -> str:
    return _ANY_TAG.sub("", text)
