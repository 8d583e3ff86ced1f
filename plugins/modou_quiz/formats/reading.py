"""Text files of unknown origin: which encoding they are in, and their lines.

Trainers send what their machines write: UTF-8 with or without a byte order mark, UTF-16 from old
editors, GB18030 from Chinese Windows, Big5 from Taiwan and Hong Kong. A file that is nearly all
UTF-8 is UTF-8 with damage, not something else: what cannot be read becomes U+FFFE, which is no
character, and whoever meets one says on which line (`damage`).
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import IO, Any, Final

from charset_normalizer import from_bytes

from modou.errors import Message
from modou_quiz.formats.base import Note
from modou_quiz.i18n import _

_CHUNK: Final = 256 * 1024
#: How much of a file is looked at to guess between the encodings that have no mark.
_SAMPLE: Final = 128 * 1024
#: Most characters of one line, so that a file without line ends is read bit by bit.
MOST_IN_LINE: Final = 1_000_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What a file without a mark may be in when it is not UTF-8, by `charset_normalizer`'s names.
_CANDIDATES: Final = ("gb18030", "big5", "big5hkscs", "cp1252", "latin_1", "shift_jis", "euc_kr")
_NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "cp1252": "Windows-1252",
    "shift_jis": "Shift JIS",
    "euc_kr": "EUC-KR",
}
#: Stands for bytes that are no text.
_LOST: Final = "\ufffe"
_DAMAGE: Final = re.compile(f"[\x00{_LOST}]")
_MARKED: Final = "modou_quiz_marked"

#: Characters that nearly all Chinese text is made of; telling GB18030 from Big5 rests on them.
_COMMON: Final = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"
    "说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机"
    "当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心"
    "反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程"
    "這個為來時們說對會發動過後經學電進裡實體點業應開還無從間關與線數題問結確錯選項答案下列哪正是否"
    "，。？、：；（）"
)


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _LOST, error.end


codecs.register_error(_MARKED, _marked)


def encoding_name(codec: str) -> str:
    """An encoding in the words that editors use."""
    return _NAMES.get(codec, codec.upper())


def find_encoding(stream: IO[bytes]) -> str:
    """Name of the codec that a file can be read with; the stream's position is lost."""
    stream.seek(0)
    head = stream.read(_SAMPLE)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    wide = _wide(head)
    if wide:
        return wide
    good, bad = _utf8_characters(stream)
    # Chinese text in another encoding breaks UTF-8 at nearly every character.
    if not bad or good > 4 * bad:
        return "utf-8"
    return _guess(head)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: nearly every second byte is zero, in texts with many ASCII signs."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most = max(1, len(head) // 2)
    if odd > most * 0.3 and even < most * 0.02:
        return "utf-16-le"
    if even > most * 0.3 and odd < most * 0.02:
        return "utf-16-be"
    return ""


def _utf8_characters(stream: IO[bytes]) -> tuple[int, int]:
    """How many characters outside ASCII are good UTF-8, and how many places are not."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(_MARKED)
    good = bad = 0
    while True:
        chunk = stream.read(_CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii():
            wrong = text.count(_LOST)
            bad += wrong
            good += sum(1 for sign in text if sign > "\x7f") - wrong
        if not chunk:
            return good, bad


def _guess(head: bytes) -> str:
    """Among the encodings that give sense, the one with most of the usual Chinese characters; else
    what the library thinks."""
    scored = []
    for codec in ("gb18030", "big5hkscs"):
        text = head.decode(codec, _MARKED)
        foreign = [sign for sign in text if sign > "\x7f"]
        common = sum(sign in _COMMON for sign in foreign)
        scored.append(((common - 3 * text.count(_LOST)) / max(1, len(foreign)), codec))
    best, codec = max(scored)
    if best > 0.1:
        return codec
    found = from_bytes(head, cp_isolation=list(_CANDIDATES)).best()
    if found is None:
        return "gb18030"
    return "big5hkscs" if found.encoding.startswith("big5") else found.encoding


class _Borrowed(io.RawIOBase):
    """Lends a stream to a text wrapper, which would close it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def open_text(stream: IO[bytes], codec: str = "") -> io.TextIOWrapper:
    """The stream's text from its start; what cannot be read becomes U+FFFE. Lines end in \\n."""
    codec = codec or find_encoding(stream)
    stream.seek(0)
    return io.TextIOWrapper(
        io.BufferedReader(_Borrowed(stream), _CHUNK), codec, errors=_MARKED, newline=None
    )


def text_lines(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line, without its end. A line of more than `MOST_IN_LINE`
    characters comes in pieces of the same number."""
    text = open_text(stream)
    number = 1
    while line := text.readline(MOST_IN_LINE):
        ended = line.endswith("\n")
        yield number, line[:-1] if ended else line
        number += ended


def damage(text: str, line: int) -> Iterator[Note]:
    """What to say about signs in a text that stand for bytes which nobody can read.

    :param line: on which the text begins
    """
    found = _DAMAGE.search(text)
    if found is not None:
        yield Note("lost", _DAMAGED, line + text.count("\n", 0, found.start()))


_DAMAGED: Final[Message] = _(
    "Some bytes here are no text in the file's encoding. They were left out."
)


def mend(text: str) -> str:
    """A text without NUL bytes and without signs for what could not be read."""
    return _DAMAGE.sub("", text)
