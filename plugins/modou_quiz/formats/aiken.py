"""Aiken: single choice in plain words, a line for each option (docs.moodle.org/en/Aiken_format).

    What is the capital of China?
    A. Beijing
    B. Shanghai
    ANSWER: A

Beside the definition, questions of several lines, full-width signs and `答案：` are read, and
several letters behind the answer's word make a question with several right answers.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from modou.errors import Message
from modou_quiz.content import Rich
from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.formats.building import TOO_LONG, Refused, build, one_line, refuse
from modou_quiz.formats.extras import losses
from modou_quiz.formats.reading import damage, find_encoding, mend, text_lines
from modou_quiz.i18n import _
from modou_quiz.types.contents import MultipleChoice, Option, SingleChoice

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPTION = re.compile(r"\s*([A-Za-zＡ-Ｚ])\s*[.)．、）]\s*(.*)\Z")
_ANSWER = re.compile(r"\s*(?:ANSWER|答案)\s*[:：]\s*(.*)\Z", re.IGNORECASE)
_MOST_LINES: Final = 500


class Aiken(QuestionFormat):
    """See the module's docstring."""

    name = "aiken"
    title = "Aiken"
    description = _("Plain text with single choice questions only")
    extension = ".aiken.txt"
    media_type = "text/plain"
    carries = frozenset({"single"})

    def recognises(self, head: bytes, filename: str) -> float:
        if head.startswith((b"PK\x03\x04", b"\x89PNG", b"%PDF")) or head.lstrip()[:1] == b"<":
            return 0.0
        text = head.decode(find_encoding(io.BytesIO(head)), "replace")
        lines = text.splitlines()
        answers = sum(bool(_ANSWER.match(line)) for line in lines)
        options = sum(bool(_OPTION.match(line)) for line in lines)
        if answers and options >= 2 * answers:
            return 0.95
        return 0.7 if answers and options else 0.0

    def encoding(self, stream: IO[bytes]) -> str:
        return find_encoding(stream)

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        question = _Question()
        for number, line in text_lines(stream):
            if not line.strip(" \t\ufeff\x00"):
                # Between questions; within one it counts for nothing.
                if question.options or not question.stem:
                    continue
                question.blank = True
                continue
            answer = _ANSWER.match(line)
            option = _OPTION.match(line)
            if answer and (question.options or question.stem):
                yield question.made(number, answer[1])
                question = _Question()
            elif option and question.stem and question.fits(option[1]):
                question.options.append((number, option[2]))
            elif question.options:
                # No option, no answer: the question above was never answered.
                yield question.unanswered()
                question = _Question()
                question.add(number, line)
            else:
                if question.blank and len(question.stem) > 0:
                    yield question.alone()
                    question = _Question()
                question.add(number, line)
        if question.options:
            yield question.unanswered()
        elif question.stem:
            yield question.alone()

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        told: list[tuple[Item, Note]] = []
        for item in items:
            try:
                text = _written(item)
            except Refused as refused:
                told.append((item, Note("error", refused.message)))
                continue
            read = list(self.read(io.BytesIO(text.encode())))
            if len(read) != 1 or read[0].content is None or read[0].type != item.type:
                told.append((item, Note("error", _CANNOT)))
                continue
            told += [(item, note) for note in losses(read[0], item)]
            for name in item.files:
                message = _(
                    "The file “${name}” has no place in this format.", mapping={"name": name}
                )
                told.append((item, Note("lost", message)))
            out.write(text.encode())
        return told

    def template(self) -> bytes | None:
        return _TEMPLATE.encode()


class _Question:
    """A question while its lines come."""

    def __init__(self) -> None:
        self.line = 0
        self.stem: list[str] = []
        self.options: list[tuple[int, str]] = []
        self.notes: list[Note] = []
        self.blank = False

    def add(self, number: int, line: str) -> None:
        self.line = self.line or number
        self.notes += damage(line, number)
        if len(self.stem) < _MOST_LINES:
            self.stem.append(mend(line).strip(" \t\ufeff"))

    def fits(self, letter: str) -> bool:
        """Whether an option with this letter comes next."""
        place = len(self.options)
        return place < len(_LETTERS) and _narrow(letter) == _LETTERS[place]

    def _begun(self) -> Item:
        return Item(line=self.line, notes=self.notes)

    def alone(self) -> Item:
        message = _("No options follow this text: “${text}”", mapping={"text": self.stem[0][:60]})
        return refuse(self._begun(), message)

    def unanswered(self) -> Item:
        item = self._begun()
        return refuse(item, _("The line “ANSWER:” is missing."), self.options[-1][0])

    def made(self, number: int, answer: str) -> Item:
        item = self._begun()
        try:
            return self._item(item, number, answer)
        except ValueError:
            return refuse(item, TOO_LONG, number)

    def _item(self, item: Item, number: int, answer: str) -> Item:
        if len(self.options) < 2:
            return refuse(item, _("A choice needs at least two options."), number)
        letters = re.findall(r"[A-Za-zＡ-Ｚ]", answer)
        places = sorted({_LETTERS.find(_narrow(letter)) for letter in letters})
        rest = re.sub(r"[A-Za-zＡ-Ｚ\s,，、;；/+和.。]", "", answer)
        if not places or rest or places[-1] >= len(self.options) or places[0] < 0:
            message = _("“${answer}” names no option.", mapping={"answer": mend(answer)[:60]})
            return refuse(item, message, number)
        for line, text in self.options:
            item.notes += damage(text, line)
        share = round(1 / len(places), 7)
        options = [
            Option(
                text=Rich(source=mend(text).strip(), markup="plain"),
                fraction=share if place in places else 0.0,
            )
            for place, (_line, text) in enumerate(self.options)
        ]
        stem = Rich(source="\n".join(self.stem), markup="plain")
        if len(places) == 1:
            return build(item, "single", SingleChoice, stem=stem, options=options)
        message = _("Aiken has one right answer; here are several: it became a multiple choice.")
        item.notes.append(Note("changed", message, number))
        return build(item, "multiple", MultipleChoice, stem=stem, options=options, scoring="all")


def _narrow(letter: str) -> str:
    code = ord(letter)
    return (chr(code - 0xFEE0) if code >= 0xFF21 else letter).upper()


def _written(item: Item) -> str:
    content = item.content
    if not isinstance(content, SingleChoice) or len(content.options) > len(_LETTERS):
        raise Refused(_CANNOT)
    right = [place for place, option in enumerate(content.options) if option.fraction == 1]
    if len(right) != 1:
        raise Refused(_("Aiken needs exactly one right answer; the question was left out."))
    lines = [one_line(content.stem)]
    lines += [
        f"{letter}. {one_line(option.text)}"
        for letter, option in zip(_LETTERS, content.options, strict=False)
    ]
    lines.append(f"ANSWER: {_LETTERS[right[0]]}")
    return "\n".join(lines) + "\n\n"


_CANNOT: Final[Message] = _("This format cannot carry the question; it was left out.")

_TEMPLATE: Final = """\
中国的首都是哪座城市？
A. 上海
B. 北京
C. 天津
ANSWER: B

What is the capital of France?
A. Paris
B. Lyon
ANSWER: A
"""
