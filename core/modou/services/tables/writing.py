"""Writing tables for spreadsheet programs, row by row, with nothing in them that is executed."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import BinaryIO, Final

from modou.clock import SHANGHAI
from modou.services.tables.parts import Cell, cell_text

_FORMULA_STARTS = "=+\\-@\t\r＝＋－＠"
_RISKY = re.compile(f"'*[{_FORMULA_STARTS}]")
#: Text that `write_csv` has put a quote in front of.
GUARDED: Final = re.compile(f"'+[{_FORMULA_STARTS}]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def _plain(value: Cell) -> str | int | float | bool | date | datetime | time:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(SHANGHAI).replace(tzinfo=None)
    if isinstance(value, timedelta):
        return cell_text(value)
    return value


def _neutral(value: Cell) -> str | int | float:
    value = _plain(value)
    if isinstance(value, date | time | bool):
        return cell_text(value)
    if isinstance(value, str) and _RISKY.match(value) and not _PLAIN_NUMBER.fullmatch(value):
        return "'" + value
    return value


def write_csv(stream: BinaryIO, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a CSV file in UTF-8 with byte order mark, which Excel and WPS open without asking.

    Text that a spreadsheet would take for a formula gets a `'` in front (CWE-1236), which
    `read_table` takes off again. Aware times are written in Shanghai time.
    """
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
    try:
        writer = csv.writer(text)
        writer.writerow([_neutral(header) for header in headers])
        for row in rows:
            writer.writerow([_neutral(value) for value in row])
        text.flush()
    finally:
        text.detach()


def write_xlsx(
    stream: BinaryIO,
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    text_columns: Collection[str] = (),
    *,
    sheet: str = "Sheet1",
) -> None:
    """Write an XLSX file with one sheet, its heading bold and fixed.

    No text becomes a formula. Characters that XML cannot hold are written as U+FFFD.

    :param text_columns: headings of the columns whose values are codes (ID numbers, phones):
        stored and formatted as text, so that no digit is lost when somebody edits the file
    """
    # openpyxl takes a quarter of a second to import: not at the start of every process.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    workbook = Workbook(write_only=True)
    worksheet = workbook.create_sheet(sheet)
    worksheet.freeze_panes = "A2"
    as_text = [header in text_columns for header in headers]
    for place, header in enumerate(headers, start=1):
        width = 20 if as_text[place - 1] else max(10, 2 * len(header) + 2)
        worksheet.column_dimensions[get_column_letter(place)].width = width

    def cell(value: Cell, code: bool) -> WriteOnlyCell:
        plain = _plain(value)
        if code and not isinstance(plain, str):
            plain = cell_text(plain)
        if not isinstance(plain, str):
            return WriteOnlyCell(worksheet, plain)
        plain = ILLEGAL_CHARACTERS_RE.sub("\ufffd", plain.encode("utf-8", "replace").decode())
        written = WriteOnlyCell(worksheet, plain)
        written.data_type = "s"
        if code:
            written.number_format = "@"
        if _RISKY.match(plain):
            # Otherwise it would turn into a formula once somebody edits the cell.
            written.quotePrefix = True
        return written

    heading = [cell(header, False) for header in headers]
    for written in heading:
        written.font = Font(bold=True)
    worksheet.append(heading)
    for row in rows:
        worksheet.append([cell(value, code) for value, code in zip(row, as_text, strict=True)])
    workbook.save(stream)
