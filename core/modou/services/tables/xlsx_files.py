"""Reading XLSX with calamine, after a look at how much memory that will take."""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any, BinaryIO
from xml.parsers import expat

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from modou.errors import Invalid, Message
from modou.i18n import _
from modou.services.tables.parts import (
    LOOK_AHEAD,
    Row,
    Table,
    cell_text,
    find_heading,
    invalid_file,
    shortened,
    too_many_rows,
    wrong_width,
)

# Limits against small files that unpack into everything the machine has: bytes of all parts, and
# cells of the rectangle around a sheet's contents, which the reader lays out in full.
_MAXIMUM_UNPACKED = 256 * 1024 * 1024
_MAXIMUM_AREA = 4_000_000

#: Damaged bytes make zipfile and zlib stumble in many ways.
DAMAGED = (
    CalamineError,
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    LookupError,
    RuntimeError,
    OSError,
    EOFError,
)


def read_xlsx(stream: BinaryIO, filename: str, name: str | None, maximum_rows: int) -> Table:
    damaged = _(
        "${file} is no readable .xlsx file; it may be incomplete. Open it, save it again as .xlsx "
        "and send that.",
        mapping={"file": filename},
    )
    try:
        measure_workbook(stream, filename, maximum_rows)
        stream.seek(0)
        workbook = CalamineWorkbook.from_filelike(stream)
        sheet = _choose_sheet(workbook, filename, name)
        rows_of_cells = sheet.iter_rows
        heading, headers = find_heading(
            ([cell_text(cell) for cell in cells] for cells in islice(rows_of_cells(), LOOK_AHEAD)),
            filename,
        )
    except PasswordError:
        raise invalid_file(
            _("${file} is protected by a password.", mapping={"file": filename})
        ) from None
    except DAMAGED:
        raise invalid_file(damaged) from None
    except BaseException as error:
        # A panic inside the reader derives from BaseException and has no importable class.
        if type(error).__name__ != "PanicException":
            raise
        raise invalid_file(damaged) from None

    def rows() -> Iterator[Row]:
        for number, cells in enumerate(rows_of_cells(), start=1):
            if number > heading + 1:
                row = _xlsx_row(number, cells, headers)
                if any(row.values) or row.problems:
                    yield row

    row_count = sum(1 for _row in islice(rows(), maximum_rows + 1))
    if row_count > maximum_rows:
        raise too_many_rows(filename, maximum_rows)
    return Table("xlsx", headers, row_count, None, sheet.name, rows)


def _choose_sheet(workbook: CalamineWorkbook, filename: str, name: str | None) -> CalamineSheet:
    names = [
        entry.name
        for entry in workbook.sheets_metadata
        if entry.typ == SheetTypeEnum.WorkSheet and entry.visible == SheetVisibleEnum.Visible
    ]
    if not names:
        raise invalid_file(_("${file} has no visible sheet.", mapping={"file": filename}))
    if name is not None and name not in names:
        raise invalid_file(
            _(
                "${file} has no sheet “${sheet}”, only: ${sheets}.",
                mapping={"file": filename, "sheet": name, "sheets": ", ".join(names)},
            )
        )
    return workbook.get_sheet_by_name(name or names[0])


def _xlsx_row(number: int, cells: Sequence[Any], headers: tuple[str, ...]) -> Row:
    values = [cell_text(cell) for cell in cells]
    width = len(headers)
    problems: list[Message] = []
    if any(values[width:]):
        last = max(column for column, value in enumerate(values, start=1) if value)
        problems.append(wrong_width(number, last, width))
    problems += [
        shortened(number, header)
        for header, cell in zip(headers, cells, strict=False)
        # A spreadsheet keeps 15 digits of a number (IEEE 754 double).
        if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= 1e15
    ]
    return Row(number, tuple(values[:width] + [""] * (width - len(values))), tuple(problems))


class _NotASheet(Exception):
    """The part of the workbook is something else."""


class _Meter:
    """Follows the elements of a sheet and keeps the last row and column, from 1, with a value."""

    def __init__(self) -> None:
        self.last_row = self.last_column = 0
        self._row = self._column = 0
        self._inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self._inside:
            if tag != "worksheet":
                raise _NotASheet
            self._inside = True
        elif tag == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif tag == "c":
            self._move(attributes.get("r"))
        elif tag in ("v", "is"):
            self.last_row = max(self.last_row, self._row)
            self.last_column = max(self.last_column, self._column)

    def _move(self, place: str | None) -> None:
        if place is None:
            self._column += 1
            return
        letters = place.rstrip("0123456789")
        self._row = int(place[len(letters) :])
        self._column = 0
        for letter in letters:
            self._column = self._column * 26 + int(letter, 36) - 9


def _measure_sheet(part: IO[bytes]) -> tuple[int, int]:
    """Give the last row and column, from 1, that hold a value in a part of a workbook."""
    chunk = part.read(64 * 1024)
    if not chunk.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise _NotASheet
    meter = _Meter()
    parser = expat.ParserCreate()
    parser.StartElementHandler = meter.start
    parser.EntityDeclHandler = _refuse_entities
    while chunk:
        parser.Parse(chunk)
        chunk = part.read(64 * 1024)
    parser.Parse(b"", True)
    return meter.last_row, meter.last_column


def _refuse_entities(*_arguments: Any) -> None:
    raise expat.ExpatError("entities are not allowed in a sheet")


def measure_workbook(stream: BinaryIO, filename: str, maximum_rows: int) -> None:
    """Refuse a workbook that would fill the memory, before the reader lays it out."""
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _MAXIMUM_UNPACKED:
            raise Invalid(
                _(
                    "${file} unpacks to more than ${limit} MB.",
                    mapping={"file": filename, "limit": _MAXIMUM_UNPACKED // (1024 * 1024)},
                ),
                "file",
            )
        for entry in entries:
            with archive.open(entry) as part:
                try:
                    rows, columns = _measure_sheet(part)
                except _NotASheet:
                    continue
            if rows > maximum_rows + LOOK_AHEAD:
                raise too_many_rows(filename, maximum_rows)
            if rows * columns > _MAXIMUM_AREA:
                raise Invalid(
                    _(
                        "${file}: a sheet of ${rows} rows and ${columns} columns is too large. "
                        "Look for a stray value far down or far to the right.",
                        mapping={"file": filename, "rows": rows, "columns": columns},
                    ),
                    "file",
                )
