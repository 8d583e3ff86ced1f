"""The questions of a Moodle XML file one by one, without reading the file as a whole.

Each `<question>` is cut out of the text and parsed by itself. So a fault in one of them is a fault
of that one alone, a file that breaks off gives what it has, and memory is bounded by the largest
question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from modou.errors import Message
from modou_quiz.formats.reading import open_text
from modou_quiz.formats.xml_safety import xml_encoding
from modou_quiz.i18n import _

_PIECE: Final = 512 * 1024
#: Most characters of one question with its files: about 150 MB of pictures and film.
MOST: Final = 200_000_000
_OUTSIDE = re.compile(r"<question(?=[\s>/])|<!--")
_INSIDE = re.compile(r"</question\s*>|<question(?=[\s>/])|<!\[CDATA\[|<!--")
#: Longest of the signs above, so that none is missed where two pieces meet.
_OVERLAP: Final = 40


@dataclass(frozen=True, slots=True)
class Cut:
    """A question's text, or why it has none (`fault`)."""

    line: int
    text: str = ""
    fault: Message = ""


class _Window:
    """The part of a text that is looked at, with the number of its first line."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.source = open_text(stream, xml_encoding(stream))
        self.text = ""
        self.line = 1
        self.ended = False

    def more(self) -> bool:
        piece = self.source.read(_PIECE)
        self.text += piece
        self.ended = not piece
        return not self.ended

    def search(self, pattern: re.Pattern[str], place: int) -> re.Match[str] | None:
        while True:
            found = pattern.search(self.text, place)
            if found is not None and (found.end() < len(self.text) or self.ended):
                return found
            if found is None:
                place = max(place, len(self.text) - _OVERLAP)
            if not self.more():
                return pattern.search(self.text, place)

    def find(self, sign: str, place: int) -> int:
        while True:
            found = self.text.find(sign, place)
            if found >= 0:
                return found
            place = max(place, len(self.text) - len(sign))
            if not self.more():
                return -1

    def drop(self, place: int) -> None:
        self.line += self.text.count("\n", 0, place)
        self.text = self.text[place:]


def cut_questions(stream: IO[bytes]) -> Iterator[Cut]:
    """All questions of a file, in order."""
    window = _Window(stream)
    place = 0
    while True:
        begin = window.search(_OUTSIDE, place)
        if begin is None:
            return
        if begin[0] == "<!--":
            end = window.find("-->", begin.end())
            place = begin.end() if end < 0 else end + 3
            continue
        window.drop(begin.start())
        end, fault, resume = _end(window, len("<question"))
        if fault or end > MOST:
            yield Cut(window.line, fault=fault or _("This question is larger than can be read."))
        else:
            yield Cut(window.line, window.text[:end])
        if resume < 0:
            return
        window.drop(resume)
        place = 0


def _end(window: _Window, place: int) -> tuple[int, Message, int]:
    """Where the question at the window's start ends, what is wrong with it, and where to go on
    (-1: nowhere)."""
    while True:
        sign = window.search(_INSIDE, place)
        if sign is None:
            return -1, _CUT_OFF, -1
        if sign[0].startswith("</"):
            return sign.end(), "", sign.end()
        if sign[0].startswith("<question"):
            return -1, _("“</question>” is missing."), sign.start()
        closing = "]]>" if sign[0] == "<![CDATA[" else "-->"
        end = window.find(closing, sign.end())
        if end < 0:
            following = re.compile(r"<question\s+type").search(window.text, sign.end())
            message = _("“${sign}” is missing.", mapping={"sign": closing})
            return -1, message, following.start() if following else -1
        place = end + 3


_CUT_OFF: Final[Message] = _("The file breaks off within this question.")
