"""Reading CSV: which encoding and which delimiter it has is found out from its contents."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO

from modou.errors import Invalid, Message
from modou.i18n import _
from modou.services.tables.parts import (
    BLANK,
    LOOK_AHEAD,
    MAXIMUM_CELL,
    Row,
    Table,
    find_heading,
    invalid_file,
    shortened,
    too_many_rows,
    wrong_width,
)
from modou.services.tables.writing import GUARDED

_CHUNK = 64 * 1024
_SHORTENED = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[Ee]\+?[1-9][0-9]+")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')


def read_csv(stream: BinaryIO, filename: str, maximum_rows: int) -> Table:
    encoding = _detect_encoding(stream, filename)
    delimiter = _detect_delimiter(stream, encoding)

    def records() -> Iterator[list[str]]:
        return _csv_records(stream, encoding, delimiter, filename)

    heading, headers = find_heading(islice(records(), LOOK_AHEAD), filename)

    def rows() -> Iterator[Row]:
        for number, record in enumerate(records(), start=1):
            if number > heading + 1 and any(record):
                yield _csv_row(number, record, headers)

    # Read it once to the end: a file that breaks off must not be found out half-way.
    row_count = sum(1 for _row in islice(rows(), maximum_rows + 1))
    if row_count > maximum_rows:
        raise too_many_rows(filename, maximum_rows)
    return Table("csv", headers, row_count, encoding, None, rows)


def _csv_row(number: int, record: list[str], headers: tuple[str, ...]) -> Row:
    problems: list[Message] = []
    width = len(headers)
    if len(record) < width or any(record[width:]):
        problems.append(wrong_width(number, len(record), width))
    record = record[:width] + [""] * (width - len(record))
    problems += [
        shortened(number, header)
        for header, value in zip(headers, record, strict=True)
        if _SHORTENED.fullmatch(value)
    ]
    return Row(number, tuple(record), tuple(problems))


def _csv_records(
    stream: BinaryIO, encoding: str, delimiter: str, filename: str
) -> Iterator[list[str]]:
    begin = 1
    try:
        reader = csv.reader(_text(stream, encoding), delimiter=delimiter, strict=True)
        for record in reader:
            begin = reader.line_num + 1
            if max(map(len, record), default=0) > MAXIMUM_CELL:
                raise _too_long(filename, reader.line_num)
            yield [_clean(value) for value in record]
    except csv.Error as error:
        if "field larger" in str(error):
            raise _too_long(filename, begin) from None
        raise invalid_file(
            _(
                "${file}, line ${line}: a quotation mark is not closed or stands in the wrong "
                "place. The file may be incomplete.",
                mapping={"file": filename, "line": begin},
            )
        ) from None


class _Borrowed(io.RawIOBase):
    """Lends an upload to a text wrapper: with a position of its own, and never closing it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._stream.seek(self._position)
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Borrowed(stream), _CHUNK), encoding, newline="")


def _too_long(filename: str, line: int) -> Invalid:
    return invalid_file(
        _(
            "${file}, line ${line}: a cell is longer than ${limit} characters, or its quotation "
            "mark is not closed.",
            mapping={"file": filename, "line": line, "limit": MAXIMUM_CELL},
        )
    )


def _clean(value: str) -> str:
    if GUARDED.match(value):
        return value[1:].strip(BLANK)
    value = value.strip(BLANK)
    # ="…" is how other systems keep Excel from reading a code as a number.
    match = _TEXT_FORMULA.fullmatch(value)
    return match[1].strip(BLANK) if match else value


def _detect_delimiter(stream: BinaryIO, encoding: str) -> str:
    sample = _text(stream, encoding).read(_CHUNK)

    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = [
                len(record)
                for record in islice(
                    csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), LOOK_AHEAD
                )
                if any(record)
            ]
        except csv.Error:
            return 0, 0
        usual = max(widths, key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(",;\t", key=score)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


@dataclass(slots=True)
class _Decoding:
    """How far a file could be read in an encoding."""

    #: Offset of the first byte that does not fit, None when all do.
    offset: int | None = None
    #: The file breaks off in the middle of a character.
    cut: bool = False
    #: Characters outside ASCII, and those of them that GB 2312 has: nearly all of Chinese text.
    foreign: int = 0
    common: int = 0


def _try_encoding(stream: BinaryIO, encoding: str) -> _Decoding:
    result = _Decoding()
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    for chunk in chain(_chunks(stream), (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            held_back = len(error.object) - len(chunk)
            result.offset = before - held_back + error.start
            result.cut = not chunk
            text = error.object[: error.start].decode(encoding)
        foreign = re.sub("[\x00-\x7f]+", "", text)
        result.foreign += len(foreign)
        result.common += len(foreign.encode("gb2312", "ignore")) // 2
        if result.offset is not None:
            break
        before += len(chunk)
    return result


def _detect_encoding(stream: BinaryIO, filename: str) -> str:
    stream.seek(0)
    start = stream.read(3)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        _refuse_null_bytes(stream, filename)
        encoding = "utf-8-sig" if start == codecs.BOM_UTF8 else "utf-8"
    result = _try_encoding(stream, encoding)
    if result.offset is None:
        return encoding
    # Text in GB18030 stops being good UTF-8 after a character or two; a file that was UTF-8 for
    # longer is UTF-8, and damaged.
    if encoding == "utf-8" and result.foreign < (1 if result.cut else 10):
        other = _try_encoding(stream, "gb18030")
        if other.offset is None and other.common * 2 > other.foreign:
            return "gb18030"
        if other.offset is not None and other.foreign > result.foreign:
            result = other
    mapping = {"file": filename, "line": _line_of(stream, result.offset)}
    if result.cut:
        raise invalid_file(
            _(
                "${file}, line ${line}: the file breaks off in the middle of a character. It is "
                "incomplete; send it again.",
                mapping=mapping,
            )
        )
    raise invalid_file(
        _(
            "${file}, line ${line}: this is neither UTF-8 nor GB18030 text. Save the table as "
            "“CSV UTF-8” or as .xlsx.",
            mapping=mapping,
        )
    )


def _refuse_null_bytes(stream: BinaryIO, filename: str) -> None:
    offset = 0
    for chunk in _chunks(stream):
        place = chunk.find(b"\0")
        if place >= 0:
            line = _line_of(stream, offset + place)
            raise invalid_file(
                _(
                    "${file}, line ${line}: there is a NUL byte, so this is no text file or a "
                    "damaged one.",
                    mapping={"file": filename, "line": line},
                )
            )
        offset += len(chunk)


def _line_of(stream: BinaryIO, offset: int | None) -> int:
    stream.seek(0)
    before = stream.read(offset or 0)
    return 1 + (before.count(b"\n") or before.count(b"\r"))
