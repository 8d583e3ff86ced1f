"""Questions out of the paragraphs of a Word document.

A paragraph is read for what it begins with: a heading of a kind of questions, a number, a letter
that counts an option, the name of a field. What begins with none of these goes on with what stands
above it. Answers may stand below each question, in its brackets, or together at the end.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

from modou.errors import Invalid, Message
from modou_quiz.content import Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.building import TOO_LONG
from modou_quiz.formats.office import lines, words
from modou_quiz.formats.office.answer_keys import AnswerKey
from modou_quiz.formats.office.documents import JOINER, Element, Grid, Paragraph, WordFile
from modou_quiz.formats.office.drafts import Draft
from modou_quiz.formats.office.flows import add, flow_of
from modou_quiz.formats.office.making import item_of
from modou_quiz.formats.office.options import cuts as cuts_of
from modou_quiz.formats.office.options import split_options
from modou_quiz.formats.office.texts import (
    Block,
    Flow,
    Picture,
    Table,
    Words,
    text_of,
    with_dollars,
)
from modou_quiz.i18n import _

#: Fields of formatted text, which the following paragraphs may continue.
_LONG = ("stem", "answer", "feedback", "notes")


@dataclass(slots=True)
class Found:
    """A question while it is read. `number`: as the document counts it; `section`: the place of
    its heading."""

    kind: str
    line: int
    number: int = 0
    section: int = 0
    each: str = ""
    gaps: bool = False
    flows: dict[str, Flow] = field(default_factory=dict)
    options: list[Flow] = field(default_factory=list)
    pairs: list[tuple[Flow, Flow]] = field(default_factory=list)
    parts: list["Found"] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[Message, int]] = field(default_factory=list)
    #: Where a paragraph without a beginning of its own goes.
    target: Flow = field(default_factory=list)

    def begin(self, name: str, line: int) -> None:
        self.target = self.flows.setdefault(name, [])
        self.lines.setdefault(name, line)


def read_document(stream: IO[bytes]) -> Iterator[Item]:
    """The questions of a Word document."""
    found = False
    try:
        document = WordFile(stream)
        for item in Parser(document.pictures).read(document.elements()):
            found = True
            yield item
    except Invalid as error:
        yield Item(line=1, notes=[Note("error", error.message)])
        return
    if not found and document.has_text:
        message = _(
            "There are no questions in this document. A question begins with its number: 1. or 1、"
        )
        yield Item(line=1, notes=[Note("error", message)])


class Parser:
    """Reads one document; see the module's docstring."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        self._pictures = pictures
        self._found: list[Found] = []
        self._section = 0
        self._kind, self._each, self._gaps = "", "", False
        self._headings: list[lines.Heading] = []
        self._current: Found | None = None
        self._part: Found | None = None
        self._above: list[int] = []
        #: Answers at the end, once they have begun.
        self._key: AnswerKey | None = None

    def read(self, elements: Iterable[Element]) -> Iterator[Item]:
        for element in elements:
            if self._key is not None:
                self._key.read(element)
            elif isinstance(element, Grid):
                self._read_table(element)
            else:
                self._read_paragraph(element)
        self._give_answers()
        first = True
        for found in self._found:
            try:
                item = item_of(self._draft(found))
            except ValueError:
                item = Item(line=found.line, notes=[Note("error", TOO_LONG, found.line)])
            if first:
                item.notes[:0] = self._first_notes()
                first = False
            yield item

    def _first_notes(self) -> list[Note]:
        notes = list(self._key.problems) if self._key is not None else []
        if self._above:
            notes.insert(
                0,
                Note(
                    "lost",
                    _(
                        "What stands above the first question was not taken (${count} paragraphs "
                        "from ¶${first}).",
                        mapping={"count": len(self._above), "first": self._above[0]},
                    ),
                    self._above[0],
                ),
            )
        return notes

    # -- questions

    def _read_paragraph(self, paragraph: Paragraph) -> None:
        text = paragraph.text
        if not text.strip(" \t\n\u3000"):
            return
        if text.startswith(JOINER):
            paragraph.pieces = paragraph.cut(1)
            self._go_on(paragraph)
            return
        if len(text) < 60 and lines.opens_answers(text) and self._found and self._is_end(text):
            self._key = AnswerKey(self._headings)
            return
        if self._take_fields(paragraph, text) or self._take_options(paragraph, text):
            return
        numbered = lines.question_number(text)
        heading = None if numbered else lines.heading_of(text)
        if heading is not None and (heading.kind or heading.each):
            self._open_section(heading)
            return
        opened = lines.material(text)
        if opened is not None and self._kind in ("", "case"):
            self._open(paragraph, opened, 0, "case")
            return
        part = lines.part_number(text)
        current = self._current
        if current is not None and current.kind == "case":
            if part is not None or (numbered is not None and current.number == 0):
                number, start = part or numbered  # type: ignore[misc]
                self._open_part(current, paragraph, start, number)
                return
        elif part is not None and numbered is None and self._counts_so(part[0]):
            numbered = part
        if numbered is not None:
            self._open(paragraph, numbered[1], numbered[0], self._kind)
            return
        self._go_on(paragraph)

    def _is_end(self, text: str) -> bool:
        """`答案：` with nothing behind it heads all answers, unless the question above waits for
        its own, which then stands in the next paragraph."""
        if not text.rstrip().endswith((":", "：")):
            return True
        current = self._part or self._current
        missing = [found for found in self._found if "answer" not in found.flows]
        return current is None or "answer" in current.flows or len(missing) > 1

    def _counts_so(self, number: int) -> bool:
        """Whether this document counts its questions (1), (2), …"""
        last = self._found[-1].number if self._found else 0
        return self._current is None or (number == last + 1 and bool(self._current.options))

    def _open_section(self, heading: lines.Heading) -> None:
        self._section += 1
        self._headings.append(heading)
        self._kind, self._each, self._gaps = heading.kind, heading.each, heading.gaps
        self._current = self._part = None

    def _open(self, paragraph: Paragraph, start: int, number: int, kind: str) -> None:
        found = Found(kind, paragraph.number, number, self._section, self._each, self._gaps)
        self._found.append(found)
        self._current, self._part = found, None
        self._begin_stem(found, paragraph, start)

    def _open_part(self, case: Found, paragraph: Paragraph, start: int, number: int) -> None:
        part = Found("", paragraph.number, number, self._section)
        case.parts.append(part)
        self._part = part
        self._begin_stem(part, paragraph, start)

    def _begin_stem(self, found: Found, paragraph: Paragraph, start: int) -> None:
        found.begin("stem", paragraph.number)
        self._problems(found, paragraph)
        pieces = paragraph.cut(start)
        for tag in (lines.kind_tag, lines.marks_tag, lines.kind_tag):
            rest = Paragraph(paragraph.number, pieces)
            told = tag(rest.text)
            if told is None:
                continue
            value, begin, end = told
            if tag is lines.kind_tag:
                found.kind = value
            else:
                found.each, found.gaps = value, False
            pieces = [*rest.cut(0, begin), *rest.cut(end)]
        rest = Paragraph(paragraph.number, pieces)
        # Options may stand in the line of the question: 1. 1 + 1 = （ ） A. 1  B. 2
        cuts = cuts_of(rest.text, 0) if found.kind in ("", *_CHOICES) else []
        if len(cuts) > 1:
            add(found.target, rest.cut(0, cuts[0][0]))
            self._add_options(found, rest, cuts)
        else:
            add(found.target, pieces)

    def _go_on(self, paragraph: Paragraph) -> None:
        found = self._part or self._current
        if found is None:
            self._above.append(paragraph.number)
            return
        self._problems(found, paragraph)
        add(found.target, paragraph.pieces)

    def _problems(self, found: Found, paragraph: Paragraph) -> None:
        found.problems += [(problem, paragraph.number) for problem in paragraph.problems]

    def _take_options(self, paragraph: Paragraph, text: str) -> bool:
        found = self._part or self._current
        if found is None or found.kind not in ("", "truefalse", "matching", "ordering", *_CHOICES):
            return False
        if "answer" in found.flows or "feedback" in found.flows:
            return False
        cuts = lines.options_in(text, len(found.options))
        if cuts:
            self._problems(found, paragraph)
            self._add_options(found, paragraph, cuts)
        return bool(cuts)

    def _add_options(
        self, found: Found, paragraph: Paragraph, cuts: list[tuple[int, int, int]]
    ) -> None:
        found.lines.setdefault("options", paragraph.number)
        ends = [start for start, _text, _place in cuts[1:]] + [None]
        for (_start, begin, place), end in zip(cuts, ends, strict=True):
            option: Flow = []
            add(option, paragraph.cut(begin, end))
            found.lines[f"option {words.letter_of(place)}"] = paragraph.number
            found.options.append(option)
            found.target = option

    def _take_fields(self, paragraph: Paragraph, text: str) -> bool:
        found = self._part or self._current
        if found is None:
            return False
        fields = lines.fields_in(text)
        if fields and fields[0][0] in _WHOLE and self._current is not None:
            # Below the parts of a material it is still said of the whole.
            found = self._current
        ends = [start for _name, start, _text in fields[1:]] + [None]
        for (name, _start, begin), end in zip(fields, ends, strict=False):
            found.begin(name, paragraph.number)
            add(found.target, paragraph.cut(begin, end))
        if fields:
            self._problems(found, paragraph)
        return bool(fields)

    def _read_table(self, grid: Grid) -> None:
        found = self._part or self._current
        if self._as_questions(grid):
            return
        if found is None:
            self._above.append(grid.number)
            return
        cells = [cell for row in grid.rows for cell in row]
        texts = [_first_text(cell) for cell in cells]
        if found.kind == "matching" and all(len(row) == 2 for row in grid.rows):
            found.pairs += [(flow_of(row[0]), flow_of(row[1])) for row in grid.rows]
            return
        start = len(found.options)
        if len(cells) > 1 and all(
            not text.strip() or lines.options_in(text, start + place)
            for place, text in enumerate(texts)
        ):
            for cell in cells:
                for element in cell:
                    if not isinstance(element, Paragraph) or not element.text.strip():
                        continue
                    if not self._take_options(element, element.text):
                        self._go_on(element)
            return
        found.target.append(Table([[flow_of(cell) for cell in row] for row in grid.rows]))
        for cell in cells:
            for element in cell:
                if isinstance(element, Paragraph):
                    self._problems(found, element)

    def _as_questions(self, grid: Grid) -> bool:
        """A table whose first row names fields, as in a sheet: a question in each row."""
        names = [words.field_of(_first_text(cell)) for cell in grid.rows[0]] if grid.rows else []
        if "stem" not in names or not {"answer", "option A", "options"} & set(names):
            return False
        for row in grid.rows[1:]:
            line = next((cell[0].number for cell in row if cell), grid.number)
            found = Found(self._kind, line, 0, self._section, self._each, self._gaps)
            for name, cell in zip(names, row, strict=False):
                flow = flow_of(cell)
                if name == "order":
                    number = flow_text(flow).strip(" .、")
                    found.number = int(number) if number.isdigit() else 0
                elif name.startswith("option ") and flow:
                    found.options.append(flow)
                elif name == "options":
                    found.options += [
                        [Block([Words(option)])] for option in split_options(flow_text(flow))
                    ]
                elif name and flow:
                    found.flows[name] = flow
                found.lines[name] = line
            if found.flows.get("stem"):
                self._found.append(found)
        self._current = self._part = None
        return True

    def _give_answers(self) -> None:
        if self._key is None:
            return
        for found in self._found:
            flow = self._key.take(found.section, found.number)
            if flow is None:
                continue
            own = found.flows.setdefault("answer", flow)
            if _bare(own) != _bare(flow):
                found.problems.append((_other_answer(flow), found.line))
        self._key.finish()

    # -- drafts

    def _draft(self, found: Found) -> Draft:
        draft = Draft(kind=found.kind, line=found.line)
        draft.places = {name: f"¶{line}" for name, line in found.lines.items()}
        draft.places[""] = f"¶{found.line}"
        for name in ("answer", "options"):
            draft.places.setdefault(name, f"¶{found.line}")
        draft.notes = [Note("lost", problem, line) for problem, line in found.problems]
        for name, flow in found.flows.items():
            self._fill(draft, name, flow)
        draft.options = [_text(option) for option in found.options]
        draft.pairs = [(_text(left), _text(right)) for left, right in found.pairs]
        if not draft.answer and draft.kind in ("", "truefalse", *_CHOICES):
            self._answer_in_stem(draft, found)
        draft.parts = [self._draft(part) for part in found.parts]
        for part in draft.parts:
            draft.notes += part.notes
            draft.files.update(part.files)
        for flow in (*found.flows.values(), *found.options, *sum(found.pairs, ())):
            for name in _pictures_in(flow):
                draft.files[name] = self._pictures[name]
        if not draft.marks and found.each:
            gaps = draft.answer.count("；") + draft.answer.count(";") + 1 if found.gaps else 1
            draft.marks = f"{float(found.each) * gaps:.10g}"
        return draft

    def _fill(self, draft: Draft, name: str, flow: Flow) -> None:
        match name:
            case "stem":
                draft.stem = _text(flow)
            case "answer":
                draft.sample = _text(flow)
                draft.answer = flow_text(flow)
            case "feedback":
                draft.feedback = _text(flow)
            case "notes":
                draft.rules = _text(flow)
            case "kind":
                draft.kind = words.kind_of(flow_text(flow)) or draft.kind
            case _:
                setattr(draft, name, flow_text(flow).strip())

    @staticmethod
    def _answer_in_stem(draft: Draft, found: Found) -> None:
        """An answer typed into the question's brackets: it moves out of them."""
        for block in found.flows.get("stem", ()):
            if isinstance(block, Table):
                continue
            paragraph = Paragraph(0, block.pieces)
            told = lines.inline_answer(paragraph.text)
            if told is not None:
                draft.answer, begin, end = told
                block.pieces = [*paragraph.cut(0, begin), Words("  "), *paragraph.cut(end)]
                draft.stem = _text(found.flows["stem"])
                return


def _bare(flow: Flow) -> str:
    return re.sub(r"[\s,，、;；.。]", "", flow_text(flow)).casefold()


def _other_answer(flow: Flow) -> Message:
    return _(
        "The answers at the end say otherwise (${answer}); what stands below the question was "
        "taken.",
        mapping={"answer": flow_text(flow).strip()[:60]},
    )


#: Fields that a part of a material does not have.
_WHOLE = ("extras", "category", "idnumber", "title", "tags", "difficulty", "syllabus", "point")
_CHOICES = ("choice", "single", "multiple", "indefinite")


def _first_text(cell: list[Element]) -> str:
    return next(
        (e.text for e in cell if isinstance(e, Paragraph) and e.text.strip()),
        "",
    )


def _text(flow: Flow) -> Rich:
    return with_dollars(text_of(flow))


def flow_text(flow: Flow) -> str:
    """The words of a flow, a paragraph a line."""
    rich = text_of(
        [
            Block(
                [p for p in block.pieces if isinstance(p, Words)]
                and [Words("".join(p.text for p in block.pieces if isinstance(p, Words)))]
            )
            for block in flow
            if isinstance(block, Block)
        ]
    )
    return rich.source


def _pictures_in(flow: Flow) -> Iterator[str]:
    for block in flow:
        if isinstance(block, Table):
            for row in block.rows:
                for cell in row:
                    yield from _pictures_in(cell)
        else:
            yield from (piece.name for piece in block.pieces if isinstance(piece, Picture))
