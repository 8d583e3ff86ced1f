"""Documents and workbooks as trainers send them, made by hand for the tests."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl import Workbook
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image

_MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def png(colour: str = "red", size: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "PNG")
    return out.getvalue()


EMF = b"\x01\x00\x00\x00" + b"\0" * 100


class Paper:
    """A Word document, paragraph by paragraph."""

    def __init__(self, text: str = "") -> None:
        self.document: Any = Document()
        self.write(text)

    def write(self, text: str) -> None:
        for line in text.strip("\n").split("\n") if text else ():
            self.document.add_paragraph(line)

    def raw(self, inside: str) -> None:
        """A paragraph of XML."""
        self.document.element.body.sectPr.addprevious(
            parse_xml(f"<w:p {nsdecls('w', 'r')} {_MATH}>{inside}</w:p>")
        )

    def numbered(self, text: str, number: int, level: int = 0) -> None:
        """A paragraph that Word counts."""
        self.raw(
            f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
            "</w:pPr>"
            f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'
        )

    def numbering(self, number: int, *levels: tuple[str, str]) -> None:
        """A list of Word: format and text of each level."""
        inside = "".join(
            f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{style}"/>'
            f'<w:lvlText w:val="{text}"/></w:lvl>'
            for place, (style, text) in enumerate(levels)
        )
        part = self.document.part.numbering_part.element
        part.insert(
            0,
            parse_xml(
                f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{900 + number}">{inside}'
                "</w:abstractNum>"
            ),
        )
        part.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{number}">'
                f'<w:abstractNumId w:val="{900 + number}"/></w:num>'
            )
        )

    def bytes(self) -> io.BytesIO:
        out = io.BytesIO()
        self.document.save(out)
        out.seek(0)
        return out


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def formula(inside: str) -> str:
    return f"<m:oMath>{inside}</m:oMath>"


def letters(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def changed(source: io.BytesIO, name: str, change: Any) -> io.BytesIO:
    """A file in which one part of the archive is another, or a new one."""
    out = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, change(data) if entry.filename == name else data)
        if name not in old.namelist():
            new.writestr(name, change(b""))
    out.seek(0)
    return out


def workbook(rows: Iterable[Sequence[Any]], title: str = "Sheet1") -> Workbook:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    return book


def saved(book: Workbook) -> io.BytesIO:
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def place(book: Workbook, cell: str, data: bytes) -> None:
    """A picture whose corner lies in a cell."""
    image = SheetImage(io.BytesIO(data))
    image.anchor = cell
    book.active.add_image(image)
