"""Sheets of questions out of files: XLSX, XLS and CSV, with what stands in their cells besides
text: pictures, raised and lowered letters."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import IO, Any, BinaryIO, Final, cast

from lxml import etree
from python_calamine import (
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from modou.errors import Invalid, Message
from modou.services.tables import read_table
from modou.services.tables.parts import cell_text
from modou.services.tables.xlsx_files import DAMAGED, measure_workbook
from modou_quiz.content import Rich
from modou_quiz.formats.office.texts import Block, Piece, Words, text_of
from modou_quiz.i18n import _

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ROWS: Final = 50_000
_MOST_PICTURES: Final = 100 * 1024 * 1024
_MOST_MERGED: Final = 500_000
_MOST_PART: Final = 64 * 1024 * 1024
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
#: How WPS writes a picture within a cell.
_IN_CELL = re.compile(r'=?(?:_xlfn\.)?DISPIMG\(\s*"([^"]+)"', re.IGNORECASE)
_STYLED = re.compile(rb"<(?:\w+:)?(?:vertAlign|b|i|u|strike)[ />]")

_STYLES: Final = {"b": "b", "i": "i", "u": "u", "strike": "s"}

#: (row, column), both from 1.
Cell = tuple[int, int]


@dataclass(slots=True)
class Grid:
    """A sheet.

    :param rows: number of a row (from 1) and the texts of its cells, empty rows left out
    :param formatted: texts that are more than letters
    :param pictures: those anchored in a cell, in their order
    """

    name: str
    rows: list[tuple[int, list[str]]]
    formatted: dict[Cell, Rich] = field(default_factory=dict)
    pictures: dict[Cell, list[bytes]] = field(default_factory=dict)
    problems: dict[int, list[Message]] = field(default_factory=dict)


def read_grids(stream: IO[bytes]) -> Iterator[Grid]:
    """The visible sheets of a file.

    :raises Invalid: it cannot be read as a whole
    """
    stream.seek(0)
    head = stream.read(8)
    if not head:
        raise Invalid(_("The file is empty."))
    if head.startswith(ZIP):
        yield from _xlsx(cast(BinaryIO, stream))
    elif head == OLE:
        yield from _sheets(cast(BinaryIO, stream), {}, {})
    else:
        yield _csv(cast(BinaryIO, stream))


def _csv(stream: BinaryIO) -> Grid:
    table = read_table(stream, "CSV", maximum_rows=MOST_ROWS, maximum_bytes=500 * 1024 * 1024)
    rows, problems = [(1, list(table.headers))], {}
    for row in table.rows:
        rows.append((row.number, list(row.values)))
        if row.problems:
            problems[row.number] = list(row.problems)
    return Grid("", rows, problems=problems)


def _xlsx(stream: BinaryIO) -> Iterator[Grid]:
    try:
        measure_workbook(stream, "XLSX", MOST_ROWS)
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise Invalid(_("This is no workbook of Excel. Save it as .xlsx and send that."))
            media = _Media(archive, names)
            pictures = media.pictures()
            formatted = media.formatted()
    except (*DAMAGED, etree.LxmlError) as error:
        raise _damaged() from error
    yield from _sheets(stream, pictures, formatted, media.in_cells)


def _damaged() -> Invalid:
    return Invalid(
        _(
            "This is no readable workbook; it may be incomplete. Open it, save it again and send "
            "that."
        )
    )


def _sheets(
    stream: BinaryIO,
    pictures: dict[str, dict[Cell, list[bytes]]],
    formatted: dict[str, dict[Cell, Rich]],
    in_cells: dict[str, bytes] | None = None,
) -> Iterator[Grid]:
    stream.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(stream)
        visible = [
            entry.name
            for entry in workbook.sheets_metadata
            if entry.typ == SheetTypeEnum.WorkSheet and entry.visible == SheetVisibleEnum.Visible
        ]
        for name in visible:
            sheet = workbook.get_sheet_by_name(name)
            grid = Grid(
                name,
                [],
                formatted.get(name, {}),
                {place: list(found) for place, found in pictures.get(name, {}).items()},
            )
            _fill(grid, sheet, in_cells or {})
            yield grid
    except PasswordError:
        raise Invalid(_("The workbook is protected by a password.")) from None
    except DAMAGED as error:
        raise _damaged() from error
    except BaseException as error:
        # A panic inside the reader derives from BaseException and has no importable class.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged() from None


def _merged(sheet: Any) -> dict[Cell, Cell]:
    """Cell -> the one above it that it is merged with."""
    merged: dict[Cell, Cell] = {}
    rows = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        # What is merged over rows belongs to each of them; over columns, to the first.
        if left == right and bottom - top < 10_000:
            rows += bottom - top
            if rows > _MOST_MERGED:
                raise Invalid(
                    _(
                        "More than ${limit} cells of the sheet are merged.",
                        mapping={"limit": _MOST_MERGED},
                    )
                )
            for row in range(top + 1, bottom + 1):
                merged[row + 1, left + 1] = (top + 1, left + 1)
    return merged


def _fill(grid: Grid, sheet: Any, in_cells: dict[str, bytes]) -> None:
    merged = _merged(sheet)
    above: dict[Cell, str] = {}
    spread = set(merged.values())
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS:
            raise Invalid(_("The sheet has more than ${limit} rows.", mapping={"limit": MOST_ROWS}))
        texts = [cell_text(cell) for cell in cells]
        filled = any(texts)
        for column, text in enumerate(texts, start=1):
            place = (number, column)
            if place in spread:
                above[place] = text
            elif filled and not text and place in merged:
                texts[column - 1] = above.get(merged[place], "")
            shown = _IN_CELL.match(text)
            if shown:
                texts[column - 1] = ""
                data = in_cells.get(shown[1])
                if data is not None:
                    grid.pictures.setdefault(place, []).append(data)
        if filled:
            grid.rows.append((number, texts))


class _Media:
    """Pictures of a workbook, which no reader of values gives."""

    def __init__(self, archive: zipfile.ZipFile, names: set[str]) -> None:
        self._archive = archive
        self._names = names
        self._size = 0
        #: Name that a formula of WPS gives -> picture.
        self.in_cells: dict[str, bytes] = {}
        self._kept: dict[str, bytes] = {}

    def _tree(self, name: str) -> Any:
        if name not in self._names or self._archive.getinfo(name).file_size > _MOST_PART:
            return None
        try:
            return etree.fromstring(self._archive.read(name), _PARSER)
        except etree.XMLSyntaxError:
            return None

    def _relations(self, name: str) -> dict[str, str]:
        """Id of a relation of a part -> name of the part that it leads to."""
        folder, _slash, file = name.rpartition("/")
        tree = self._tree(f"{folder}/_rels/{file}.rels")
        found = {}
        for relation in tree if tree is not None else ():
            target = relation.get("Target") or ""
            if relation.get("TargetMode") != "External" and target:
                path = target.lstrip("/") if target.startswith("/") else join(dirname(name), target)
                found[relation.get("Id") or ""] = normpath(path)
        return found

    def _picture(self, name: str) -> bytes | None:
        if name not in self._names:
            return None
        if name not in self._kept:
            self._size += self._archive.getinfo(name).file_size
            if self._size > _MOST_PICTURES:
                raise Invalid(
                    _(
                        "The pictures in the workbook take more than ${limit} MB.",
                        mapping={"limit": _MOST_PICTURES // (1024 * 1024)},
                    )
                )
            self._kept[name] = self._archive.read(name)
        return self._kept[name]

    def pictures(self) -> dict[str, dict[Cell, list[bytes]]]:
        """Name of a sheet -> cell -> pictures whose upper left corner lies in it."""
        result: dict[str, dict[Cell, list[bytes]]] = {}
        for sheet, part in self._sheets():
            drawings = (
                target
                for target in self._relations(part).values()
                if re.search(r"drawings/[^/]*\.xml$", target)
            )
            found: dict[Cell, list[bytes]] = {}
            for drawing in drawings:
                self._anchored(drawing, found)
            result[sheet] = found
        self._in_cells()
        return result

    def _sheets(self) -> Iterator[tuple[str, str]]:
        """Names of sheets and of their parts."""
        book = self._tree("xl/workbook.xml")
        relations = self._relations("xl/workbook.xml")
        for sheet in book.iter("{*}sheet") if book is not None else ():
            part = relations.get(sheet.get(_RELATION + "id") or "", "")
            if part in self._names:
                yield sheet.get("name") or "", part

    def formatted(self) -> dict[str, dict[Cell, Rich]]:
        """Name of a sheet -> cells with raised, lowered, bold, … letters."""
        shared: dict[str, Rich] = {}
        strings = "xl/sharedStrings.xml"
        if strings in self._names and self._has_styles(strings):
            for number, string in enumerate(self._elements(strings, "si")):
                if string.find("{*}r/{*}rPr") is not None:
                    shared[str(number)] = _rich(string)
        result: dict[str, dict[Cell, Rich]] = {}
        for sheet, part in self._sheets():
            if not shared and not self._has_styles(part):
                continue
            found = result.setdefault(sheet, {})
            for cell in self._elements(part, "c"):
                place = _place(cell.get("r") or "")
                inline = cell.find("{*}is")
                if cell.get("t") == "s":
                    rich = shared.get(cell.findtext("{*}v") or "")
                    if rich is not None:
                        found[place] = rich
                elif inline is not None and inline.find("{*}r/{*}rPr") is not None:
                    found[place] = _rich(inline)
        return result

    def _elements(self, name: str, tag: str) -> Iterator[Any]:
        """Elements of a part, each for a moment only."""
        with self._archive.open(name) as part:
            found = etree.iterparse(part, tag="{*}" + tag, resolve_entities=False, no_network=True)
            for _event, element in found:
                yield element
                element.clear()

    def _has_styles(self, name: str) -> bool:
        before = b""
        with self._archive.open(name) as part:
            while chunk := part.read(1 << 20):
                if _STYLED.search(before + chunk):
                    return True
                before = chunk[-40:]
        return False

    def _anchored(self, drawing: str, found: dict[Cell, list[bytes]]) -> None:
        tree = self._tree(drawing)
        relations = self._relations(drawing)
        for anchor in tree if tree is not None else ():
            corner = anchor.find("{*}from")
            if corner is None:
                continue
            row, column = (int(corner.findtext(f"{{*}}{name}") or 0) + 1 for name in ("row", "col"))
            for blip in anchor.iter("{*}blip"):
                data = self._picture(relations.get(blip.get(_RELATION + "embed") or "", ""))
                if data is not None:
                    found.setdefault((row, column), []).append(data)

    def _in_cells(self) -> None:
        tree = self._tree("xl/cellimages.xml")
        relations = self._relations("xl/cellimages.xml")
        for image in tree if tree is not None else ():
            name = next(iter(image.iter("{*}cNvPr")), None)
            blip = next(iter(image.iter("{*}blip")), None)
            if name is None or blip is None:
                continue
            data = self._picture(relations.get(blip.get(_RELATION + "embed") or "", ""))
            if data is not None:
                self.in_cells[name.get("name") or ""] = data


def _place(name: str) -> Cell:
    """C7 -> (7, 3)."""
    column = 0
    for letter in name.rstrip("0123456789"):
        column = column * 26 + int(letter, 36) - 9
    return int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0), column


def _rich(string: Any) -> Rich:
    """A string of runs."""
    lines: list[list[Piece]] = [[]]
    for run in string:
        tag = etree.QName(run).localname
        if tag not in ("r", "t"):
            continue
        text = (run.text if tag == "t" else run.findtext("{*}t")) or ""
        first, *others = text.split("\n")
        styles = _styles(run.find("{*}rPr"))
        lines[-1].append(Words(first, styles))
        lines += [[Words(other, styles)] for other in others]
    return text_of([Block([piece for piece in line if piece != Words("")]) for line in lines])


def _styles(properties: Any) -> frozenset[str]:
    found = set()
    for child in properties if properties is not None else ():
        tag, value = etree.QName(child).localname, child.get("val")
        if tag == "vertAlign":
            found.add({"superscript": "sup", "subscript": "sub"}.get(value, ""))
        elif tag in _STYLES and value not in ("0", "false", "none"):
            found.add(_STYLES[tag])
    return frozenset(found - {""})
