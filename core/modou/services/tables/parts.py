"""What reading CSV and reading XLSX share: the table, its limits, the heading, the sentences."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from modou.errors import Invalid, Message
from modou.i18n import _

#: What a cell may hold.
Cell = str | int | float | bool | date | datetime | time | timedelta | None

#: Largest upload in bytes.
MAXIMUM_BYTES: Final = 20 * 1024 * 1024
#: Most rows under the heading.
MAXIMUM_ROWS: Final = 100_000
#: Most columns.
MAXIMUM_COLUMNS: Final = 256
#: Longest cell of a CSV file in characters; a spreadsheet cannot hold more either.
MAXIMUM_CELL: Final = 32_767
#: How many rows are looked at to find the heading and the delimiter.
LOOK_AHEAD: Final = 20
#: White space and invisible characters around a value, which are never part of it.
BLANK: Final = " \t\r\n\x0b\x0c\xa0\u3000\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the heading.

    `number` is the row as a spreadsheet program numbers it, `values` has one text for each
    heading, `problems` says what is wrong with the row as a row.
    """

    number: int
    values: tuple[str, ...]
    problems: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table read from an upload. `rows` may be asked for again as long as the upload is open."""

    kind: Literal["csv", "xlsx"]
    headers: tuple[str, ...]
    #: Number of rows, empty ones not counted.
    row_count: int
    #: Encoding of a CSV file, as Python names it.
    encoding: str | None
    #: Name of the sheet of an XLSX file.
    sheet: str | None
    _read: Callable[[], Iterator[Row]]

    @property
    def rows(self) -> Iterator[Row]:
        """A new iterator over all rows that are not empty."""
        return self._read()


def invalid_file(message: Message) -> Invalid:
    return Invalid(message, "file")


def find_heading(records: Iterable[Sequence[str]], filename: str) -> tuple[int, tuple[str, ...]]:
    """Give the place of the heading among the first records, from 0, and its names."""
    found: tuple[int, Sequence[str]] | None = None
    for place, record in enumerate(records):
        filled = sum(map(bool, record))
        if filled and found is None:
            found = place, record
        if filled > 1:
            found = place, record
            break
    if found is None:
        raise invalid_file(_("${file} has no rows.", mapping={"file": filename}))
    place, names = found
    width = max(column for column, name in enumerate(names, start=1) if name)
    headers = tuple(names[:width])
    if width > MAXIMUM_COLUMNS:
        raise Invalid(
            _(
                "${file} has more than ${limit} columns.",
                mapping={"file": filename, "limit": MAXIMUM_COLUMNS},
            ),
            "file",
        )
    for name in headers:
        if name and headers.count(name) > 1:
            raise invalid_file(_("The column “${column}” stands twice.", mapping={"column": name}))
    return place, headers


def too_many_rows(filename: str, limit: int) -> Invalid:
    return Invalid(
        _("${file} has more than ${limit} rows.", mapping={"file": filename, "limit": limit}),
        "file",
    )


def shortened(row: int, column: str) -> Message:
    return _(
        "Row ${row}, column “${column}”: the spreadsheet program kept this as a number and lost "
        "its last digits. Format the column as text and enter the value again.",
        mapping={"row": row, "column": column},
    )


def wrong_width(row: int, count: int, expected: int) -> Message:
    return _(
        "Row ${row} has ${count} cells, the heading has ${expected}.",
        mapping={"row": row, "count": count, "expected": expected},
    )


def cell_text(cell: Cell) -> str:
    """Give a value of a spreadsheet as a person would write it; dates as `2026-11-23`."""
    if isinstance(cell, str):
        return cell.strip(BLANK)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return f"{cell:.15g}" if abs(cell) < 1e15 else f"{cell:.0f}"
    if isinstance(cell, datetime):
        at_midnight = cell.time() == time.min
        return cell.date().isoformat() if at_midnight else cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if cell is None else cell.isoformat()
