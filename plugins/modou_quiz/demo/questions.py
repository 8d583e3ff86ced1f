"""The demonstration's bank: `bank.txt` holds it as trainers would write it into a document, and the
reader of documents reads it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from modou.demo import drawing
from modou.services.occasion import Occasion
from modou_quiz.formats.base import Item
from modou_quiz.formats.office.document_parsing import Parser
from modou_quiz.formats.office.documents import Paragraph
from modou_quiz.formats.office.texts import Picture, Piece, Words
from modou_quiz.services import bank

TOP: Final = "低压电工作业"
#: Types that are marked at once, and those that something is filled in or put together in.
OBJECTIVE: Final = ("single", "multiple", "truefalse")
FILLING: Final = ("cloze", "short", "matching", "ordering")
_TEXT: Final = Path(__file__).with_name("bank.txt")
_DRAWN: Final = re.compile(r"\[图：([a-z0-9-]+)\]")


@dataclass(slots=True)
class Made:
    """Categories by their titles, and the case question: ids."""

    categories: dict[str, int]
    case: int = 0


def items() -> Iterator[Item]:
    """The questions of the text, each with its category and pictures."""
    chapters = re.split(r"(?m)^# (.+)\n", _TEXT.read_text(encoding="utf-8"))
    for title, text in zip(chapters[1::2], chapters[2::2], strict=True):
        found: dict[str, bytes] = {}
        paragraphs = [
            Paragraph(number, list(_pieces(line, found)))
            for number, line in enumerate(text.splitlines(), start=1)
        ]
        for item in Parser(found).read(paragraphs):
            yield replace(item, category=(TOP, title))


def _pieces(line: str, found: dict[str, bytes]) -> Iterator[Piece]:
    for place, part in enumerate(_DRAWN.split(line)):
        if place % 2:
            name = f"{part}.png"
            found[name] = drawing.draw(part)
            yield Words("\n")
            yield Picture(name)
        elif part:
            yield Words(part)


def fill_bank(occasion: Occasion) -> Made:
    """Put the questions into the site's bank."""
    top = bank.top_of(occasion, "site")
    made = Made({})
    for item in items():
        if item.content is None:
            raise ValueError(f"{_TEXT.name}: {item.category}, line {item.line}: {item.notes}")
        category = bank.ensure_path(occasion, top, item.category)
        made.categories[item.category[-1]] = category.id
        question = bank.create_question(
            occasion,
            category,
            item.type,
            item.content,
            marks=item.marks,
            difficulty=item.difficulty,
            point=item.point,
            syllabus=item.syllabus,
            files=dict(item.files),
        )
        if item.type == "case":
            made.case = question.id
    return made
