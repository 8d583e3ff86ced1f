"""Tables from outside and to outside: rosters and grades as CSV or XLSX.

`read_table` takes an upload and gives headings and rows of text, whatever program wrote the file.
What spoils the whole file raises `Invalid` before the first row; what spoils one row stands in
`Row.problems`, so that the other rows can still be taken. `write_csv` and `write_xlsx` write rows
as they come and hold none of them.
"""

import io
from typing import BinaryIO

from modou.errors import Invalid
from modou.i18n import _
from modou.services.tables.csv_files import read_csv
from modou.services.tables.parts import (
    MAXIMUM_BYTES,
    MAXIMUM_CELL,
    MAXIMUM_COLUMNS,
    MAXIMUM_ROWS,
    Cell,
    Row,
    Table,
    invalid_file,
)
from modou.services.tables.writing import write_csv, write_xlsx
from modou.services.tables.xlsx_files import read_xlsx

__all__ = [
    "MAXIMUM_BYTES",
    "MAXIMUM_CELL",
    "MAXIMUM_COLUMNS",
    "MAXIMUM_ROWS",
    "Cell",
    "Row",
    "Table",
    "read_table",
    "write_csv",
    "write_xlsx",
]


def read_table(
    source: BinaryIO | bytes,
    filename: str,
    *,
    sheet: str | None = None,
    maximum_bytes: int = MAXIMUM_BYTES,
    maximum_rows: int = MAXIMUM_ROWS,
) -> Table:
    """Read the table in an upload. The contents decide what it is, not the file's name.

    - CSV in UTF-8 (with or without byte order mark), GB18030 or UTF-16 with a mark; the delimiter
      is a comma, a semicolon or a tab.
    - XLSX: the named sheet, else the first visible one. Numbers and dates arrive as text, dates as
      `2026-11-23`.

    The heading is the first row with two cells that are not empty, so that a title above it does
    no harm. White space around values goes.

    :param source: a seekable binary stream, read but not closed, or the bytes themselves
    :param filename: what messages call the file
    :raises Invalid: under the field `file`, naming the line, the sheet or the limit
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if size == 0:
        raise invalid_file(_("${file} is empty.", mapping={"file": filename}))
    if size > maximum_bytes:
        raise Invalid(
            _(
                "${file} is larger than ${limit} MB.",
                mapping={"file": filename, "limit": maximum_bytes // (1024 * 1024)},
            ),
            "file",
        )
    start = stream.read(8)
    if start.startswith(b"PK\x03\x04"):
        return read_xlsx(stream, filename, sheet, maximum_rows)
    if start == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise invalid_file(
            _(
                "${file} is an old .xls file or protected by a password. Save it as .xlsx without "
                "a password, or as CSV.",
                mapping={"file": filename},
            )
        )
    return read_csv(stream, filename, maximum_rows)
