"""Questions out of the rows of a sheet."""

from collections.abc import Iterator
from typing import IO
from urllib.parse import unquote

from modou.errors import Invalid, Message
from modou_quiz.content import FILE, Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.building import TOO_LONG
from modou_quiz.formats.office import pictures, words
from modou_quiz.formats.office.drafts import Draft
from modou_quiz.formats.office.making import item_of
from modou_quiz.formats.office.options import split_options
from modou_quiz.formats.office.sheet_writing import IGNORED, rich_of
from modou_quiz.formats.office.texts import as_html
from modou_quiz.formats.office.workbooks import Grid, read_grids
from modou_quiz.i18n import _

#: How many rows may stand above the headings.
LOOK_AHEAD = 30


def read_sheets(stream: IO[bytes]) -> Iterator[Item]:
    """The questions of a workbook or a CSV file."""
    try:
        for grid in read_grids(stream):
            if words.folded(grid.name) not in IGNORED and grid.rows:
                yield from _Sheet(grid).items()
    except Invalid as error:
        yield _whole(error.message)


def _whole(message: Message, line: int = 0) -> Item:
    return Item(line=max(1, line), notes=[Note("error", message, line)])


class _Sheet:
    """The questions of one sheet."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        #: Column, from 1 -> (field, heading)
        self._columns: dict[int, tuple[str, str]] = {}
        self._kind = words.kind_of(grid.name)
        self._notes: list[Note] = []

    def items(self) -> Iterator[Item]:
        first = self._headings()
        if first is None:
            yield _whole(
                _(
                    "Sheet “${sheet}” has no row of headings with 题干 (stem) and 答案 (answer).",
                    mapping={"sheet": self._grid.name or "CSV"},
                ),
                self._grid.rows[0][0],
            )
            return
        waiting: Draft | None = None
        orphans: list[Item] = []
        for number, cells in self._grid.rows[first:]:
            try:
                draft = self._draft(number, cells)
            except ValueError:
                orphans.append(Item(line=number, notes=[Note("error", TOO_LONG, number)]))
                continue
            if draft is None:
                continue
            part = self._cell(cells, "part")
            if part and draft.kind != "case":
                if waiting is None or waiting.kind != "case":
                    orphans.append(self._orphan(draft, number))
                else:
                    waiting.parts.append(draft)
                    waiting.files.update(draft.files)
                    waiting.notes += draft.notes
                continue
            if waiting is not None:
                yield self._finished(waiting)
            yield from orphans
            orphans = []
            waiting = draft
        if waiting is not None:
            yield self._finished(waiting)
        yield from orphans
        rest = [f"{column_letters(column)}{row}" for row, column in self._grid.pictures]
        if rest:
            yield _whole(
                _(
                    "Pictures in ${cells} belong to no question.",
                    mapping={"cells": "、".join(rest)},
                )
            )

    def _finished(self, draft: Draft) -> Item:
        draft.notes[:0], self._notes = self._notes, []
        return item_of(draft)

    def _orphan(self, draft: Draft, number: int) -> Item:
        return Item(
            line=number,
            notes=[
                Note(
                    "error",
                    _(
                        "${place}: this is part of a material (材料题), but no material stands "
                        "above it.",
                        mapping={"place": draft.place("part")},
                    ),
                    number,
                )
            ],
        )

    def _headings(self) -> int | None:
        """Place of the first row below the headings."""
        for place, (number, cells) in enumerate(self._grid.rows[:LOOK_AHEAD]):
            fields = [words.field_of(cell) for cell in cells]
            if "stem" not in fields or not set(fields) & {"answer", "kind", "option A", "options"}:
                continue
            seen: set[str] = set()
            for column, (name, heading) in enumerate(zip(fields, cells, strict=True), start=1):
                if heading and (not name or name in seen):
                    self._unknown(number, column, heading, name)
                elif name:
                    seen.add(name)
                    self._columns[column] = (name, heading)
            return place + 1
        return None

    def _unknown(self, number: int, column: int, heading: str, name: str) -> None:
        below = (cells[column - 1] for _n, cells in self._grid.rows if len(cells) >= column)
        if any(text != heading for text in below if text):
            message = (
                _(
                    "${place}: this column stands twice; only the first one was taken.",
                    mapping={"place": self._place(number, column, heading)},
                )
                if name
                else _(
                    "${place}: nothing is known of this column; it was not taken.",
                    mapping={"place": self._place(number, column, heading)},
                )
            )
            self._notes.append(Note("lost", message, number))

    def _place(self, row: int, column: int, heading: str = "") -> str:
        cell = f"{column_letters(column)}{row}"
        place = f"{self._grid.name}!{cell}" if self._grid.name else cell
        heading = heading.replace("\n", " ")
        return f"{place}（{heading}）" if heading else place

    def _cell(self, cells: list[str], name: str) -> str:
        for column, (found, _heading) in self._columns.items():
            if found == name and column <= len(cells):
                return cells[column - 1]
        return ""

    def _draft(self, number: int, cells: list[str]) -> Draft | None:
        places = {
            name: self._place(number, column, heading)
            for column, (name, heading) in self._columns.items()
        }
        # A fault may be about options as a whole, or one of those that stand in a common cell.
        first = next((p for n, p in places.items() if n.startswith("option")), "")
        places.setdefault("options", first)
        places[""] = self._place(number, 1)
        draft = Draft(line=number, places=places)
        for problem in self._grid.problems.get(number, ()):
            draft.notes.append(Note("changed", problem, number))
        options: dict[int, Rich] = {}
        said = False
        for column, (name, _heading) in self._columns.items():
            text = cells[column - 1] if column <= len(cells) else ""
            rich = self._rich(draft, number, column, text, name)
            said = said or (name not in ("order", "kind", "marks", "part", "extras") and bool(rich))
            if name.startswith("option "):
                options[ord(name[-1]) - ord("A")] = rich
            elif name == "options":
                options.update(enumerate(rich_of(option) for option in split_options(text)))
            else:
                self._take(draft, name, text, rich)
        if not said:
            return None
        filled = [place for place, option in options.items() if option]
        draft.options = [options.get(place, Rich()) for place in range(max(filled, default=-1) + 1)]
        self._take_kind(draft, self._cell(cells, "kind"))
        return draft

    def _take(self, draft: Draft, name: str, text: str, rich: Rich) -> None:
        match name:
            case "stem":
                draft.stem = rich
            case "feedback":
                draft.feedback = rich
            case "notes":
                draft.rules = rich
            case "answer":
                draft.answer, draft.sample = text, rich
            case "kind" | "part" | "order":
                pass
            case _:
                setattr(draft, name, text)

    def _take_kind(self, draft: Draft, text: str) -> None:
        draft.kind = words.kind_of(text) if text else self._kind
        if text and not draft.kind:
            draft.notes.append(
                Note(
                    "error",
                    _(
                        "${place}: “${text}” is no type of question. Write one of: ${types}.",
                        mapping={
                            "place": draft.place("kind"),
                            "text": text[:60],
                            "types": "、".join(names[0] for names in words.KINDS.values()),
                        },
                    ),
                    draft.line,
                )
            )

    def _rich(self, draft: Draft, row: int, column: int, text: str, name: str) -> Rich:
        """The text of a cell with its pictures."""
        rich = self._grid.formatted.get((row, column)) or rich_of(text)
        found = self._grid.pictures.pop((row, column), [])
        named = iter(dict.fromkeys(rich.files()))
        tags = []
        for count, data in enumerate(found, start=1):
            ending = pictures.extension(data)
            if ending not in pictures.SHOWN:
                draft.notes.append(_unshown(self._place(row, column), ending, row))
                continue
            file = next(named, "")
            if not file:
                file = f"{column_letters(column)}{row}-{count}{ending}".lower()
                tags.append(f'<img src="{FILE}{file}" alt="">')
            draft.files[unquote(file)] = data
        if tags:
            rich = Rich(source=as_html(rich) + "".join(tags), markup="html")
        return rich


def _unshown(place: str, ending: str, line: int) -> Note:
    return Note(
        "lost",
        _(
            "${place}: a picture in a form that browsers do not show (${form}) was left out. "
            "Put it in as PNG or JPEG.",
            mapping={"place": place, "form": ending[1:].upper() or "?"},
        ),
        line,
    )


def column_letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
