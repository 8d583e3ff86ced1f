"""Paragraphs and tables of a Word document, with pictures and formulas at their places."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

from docx import Document
from docx.opc.exceptions import OpcError
from lxml import etree

from modou.errors import Invalid, Message
from modou_quiz.formats.office import pictures
from modou_quiz.formats.office.from_omml import M, Reader
from modou_quiz.formats.office.numbering import Numbering, W
from modou_quiz.formats.office.texts import Formula, Picture, Piece, Words
from modou_quiz.formats.office.workbooks import OLE, ZIP
from modou_quiz.i18n import _

_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WP: Final = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_V: Final = "{urn:schemas-microsoft-com:vml}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MOST_UNPACKED: Final = 256 * 1024 * 1024
_MOST_TEXT: Final = 64 * 1024 * 1024
_MOST_PARTS: Final = 20_000
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
_DAMAGED: Final = (
    OpcError,
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    LookupError,
    ValueError,
    AttributeError,
    RuntimeError,
    NotImplementedError,
    OSError,
    EOFError,
)
#: Stands in a paragraph's text for what is no letter.
OBJECT: Final = "\ufffc"
#: Standing before a paragraph, it says that nothing is to be read out of how the text begins.
JOINER: Final = "\u2060"
#: Elements that stand for a sign.
_SIGNS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
#: What only holds other elements.
_WRAPPERS: Final = frozenset(
    W + name for name in ("sdt", "sdtContent", "ins", "customXml", "smartTag")
)
_STYLE_TAGS: Final = {"b": "b", "i": "i", "strike": "s", "dstrike": "s"}


@dataclass(slots=True)
class Paragraph:
    """`number`: counted through the document, from 1."""

    number: int
    pieces: list[Piece] = field(default_factory=list)
    #: The style's name says that it is a heading.
    heading: bool = False
    problems: list[Message] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its letters; what is none counts as one sign."""
        return "".join(p.text if isinstance(p, Words) else OBJECT for p in self.pieces)

    def cut(self, start: int, end: int | None = None) -> list[Piece]:
        """The pieces of a part of `text`."""
        result: list[Piece] = []
        at = 0
        for piece in self.pieces:
            length = len(piece.text) if isinstance(piece, Words) else 1
            first, last = max(start - at, 0), length if end is None else min(end - at, length)
            if first < last:
                result.append(
                    Words(piece.text[first:last], piece.styles)
                    if isinstance(piece, Words)
                    else piece
                )
            at += length
        return result


@dataclass(slots=True)
class Grid:
    """A table: rows of cells of paragraphs."""

    number: int
    rows: list[list[list["Paragraph | Grid"]]]


Element = Paragraph | Grid


class WordFile:
    """An opened document.

    :raises Invalid: it cannot be opened, with the reason in words
    """

    def __init__(self, stream: IO[bytes]) -> None:
        stream.seek(0)
        head = stream.read(8)
        if not head:
            raise Invalid(_("The file is empty."))
        if head == OLE:
            raise Invalid(
                _(
                    "This is an old .doc file or one with a password. Save it as .docx without a "
                    "password and send that."
                )
            )
        if not head.startswith(ZIP):
            raise Invalid(_("This is no Word document. Save it as .docx and send that."))
        try:
            _measure(stream)
            stream.seek(0)
            document = Document(stream)
            self._part = document.part
            self._body = document.element.body
            self._numbering = Numbering(self._related("numbering"), self._related("styles"))
        except _DAMAGED as error:
            raise Invalid(
                _(
                    "This is no readable Word document; it may be incomplete. Open it, save it "
                    "again as .docx and send that."
                )
            ) from error
        self._headings = {
            style.get(W + "styleId")
            for style in _elements(self._related("styles"), W + "style")
            if re.match("(?i)heading|标题", _name(style))
        }
        self._number = 0
        #: Whether anything was read out of it so far.
        self.has_text = False
        #: Name -> bytes, of the pictures met so far; whoever needs them takes them out.
        self.pictures: dict[str, bytes] = {}
        self._field_depth = 0
        self._instruction = ""

    def _related(self, name: str) -> Any:
        for relation in self._part.rels.values():
            if relation.reltype.endswith("/" + name) and not relation.is_external:
                part = relation.target_part
                element = getattr(part, "element", None)
                return element if element is not None else etree.fromstring(part.blob, _PARSER)
        return None

    def elements(self) -> Iterator[Element]:
        """Everything in the document, in order."""
        yield from self._flow(self._body)

    def _flow(self, parent: Any) -> Iterator[Element]:
        for child in parent:
            if child.tag == W + "p":
                yield self._paragraph(child)
            elif child.tag == W + "tbl":
                yield self._table(child)
            elif child.tag in (
                W + "sdt",
                W + "sdtContent",
                W + "ins",
                W + "customXml",
                W + "smartTag",
            ):
                yield from self._flow(child)

    def _table(self, element: Any) -> Grid:
        grid = Grid(self._number + 1, [])
        for row in element.iter(W + "tr"):
            if next(row.iterancestors(W + "tbl")) is element:
                cells = (
                    cell for cell in row.iter(W + "tc") if next(cell.iterancestors(W + "tr")) is row
                )
                grid.rows.append([list(self._flow(cell)) for cell in cells])
        return grid

    def _paragraph(self, element: Any) -> Paragraph:
        self._number += 1
        paragraph = Paragraph(self._number)
        label = self._numbering.label(element)
        if label:
            paragraph.pieces.append(Words(label + " "))
        style = element.find(f"{W}pPr/{W}pStyle")
        paragraph.heading = style is not None and style.get(W + "val") in self._headings
        self._children(element, paragraph)
        paragraph.pieces = _joined(paragraph.pieces)
        self.has_text = self.has_text or bool(paragraph.pieces)
        return paragraph

    def _children(self, parent: Any, paragraph: Paragraph) -> None:
        for child in parent:
            tag = child.tag
            if tag == W + "r":
                self._run(child, paragraph)
            elif tag == M + "oMath":
                self._formula(child, paragraph, display=False)
            elif tag == M + "oMathPara":
                for formula in child.findall(M + "oMath"):
                    self._formula(formula, paragraph, display=True)
            elif tag == _MC + "AlternateContent":
                self._alternative(child, paragraph)
            elif tag in (W + "del", W + "moveFrom", W + "pPr"):
                continue
            elif isinstance(tag, str) and tag.startswith(W):
                # Links, tracked insertions, content controls, simple fields: their text counts.
                self._children(child, paragraph)

    def _alternative(self, element: Any, paragraph: Paragraph) -> None:
        choice = element.find(_MC + "Choice")
        fallback = element.find(_MC + "Fallback")
        for branch in (choice, fallback):
            if branch is not None and (
                next(branch.iter(_A + "blip", _V + "imagedata"), None) is not None
            ):
                self._run(branch, paragraph)
                return
        if choice is not None and next(choice.iter(W + "txbxContent"), None) is not None:
            paragraph.problems.append(
                _("A text box was left out; its text has to stand in the document itself.")
            )
        elif choice is not None:
            paragraph.problems.append(_("A drawing of Word was left out. Put it in as a picture."))

    def _formula(self, element: Any, paragraph: Paragraph, *, display: bool) -> None:
        reader = Reader()
        tex = reader.tex(element)
        if reader.unknown:
            paragraph.problems.append(
                _(
                    "Something in the formula ${tex} is not known and may look different: ${what}",
                    mapping={"tex": tex[:80], "what": ", ".join(sorted(reader.unknown))},
                )
            )
        if tex:
            paragraph.pieces.append(Formula(tex, display))

    def _run(self, run: Any, paragraph: Paragraph) -> None:
        styles = _styles(run)
        for child in run:
            if not isinstance(child.tag, str):
                continue
            name = child.tag.removeprefix(W)
            if name in _SIGNS:
                sign = _SIGNS[name]
                gap = sign == "\t" and "u" in styles
                if child.get(W + "type") in (None, "textWrapping"):
                    paragraph.pieces.append(Words("____" if gap else sign))
            elif name == "t" and not self._field_depth:
                text = child.text or ""
                # A blank of a text with gaps is often drawn so.
                gap = "u" in styles and bool(text) and not text.strip()
                paragraph.pieces.append(Words("____") if gap else Words(text, styles))
            elif name == "instrText":
                self._instruction += child.text or ""
            elif child.tag == _MC + "AlternateContent":
                self._alternative(child, paragraph)
            elif name in ("drawing", "pict", "object"):
                self._picture(child, paragraph)
            else:
                self._rare(name, child, paragraph)

    def _rare(self, name: str, child: Any, paragraph: Paragraph) -> None:
        match name:
            case "fldChar":
                self._field(child, paragraph)
            case "sym":
                self._symbol(child, paragraph)
            case "ruby":
                for base in child.iter(W + "rubyBase"):
                    self._children(base, paragraph)
            case "footnoteReference" | "endnoteReference":
                paragraph.problems.append(_("A footnote was left out."))
            case _ if child.tag == M + "oMath":
                self._formula(child, paragraph, display=False)

    def _field(self, element: Any, paragraph: Paragraph) -> None:
        match element.get(W + "fldCharType"):
            case "begin":
                self._field_depth += 1
                self._instruction = ""
            case "separate":
                self._field_depth = max(0, self._field_depth - 1)
            case _:
                # A field without a result ends while it is still hidden: EQ shows itself.
                if self._field_depth:
                    self._field_depth -= 1
                if re.match(r"(?i)\s*EQ\b", self._instruction):
                    paragraph.problems.append(
                        _(
                            "An old formula of Word (a field ${code}) was left out. Enter it as a "
                            "formula.",
                            mapping={"code": self._instruction.strip()[:60]},
                        )
                    )
                self._instruction = ""

    def _symbol(self, element: Any, paragraph: Paragraph) -> None:
        code = element.get(W + "char") or ""
        # Wingdings, which checks and crosses are often taken from.
        found = {"F0FC": "√", "F0FE": "√", "F0FB": "×", "F0FD": "×", "F050": "√", "F052": "√"}.get(
            code.upper()
        )
        if found is None:
            paragraph.problems.append(
                _(
                    "A sign of the font ${font} was left out.",
                    mapping={"font": element.get(W + "font") or "?"},
                )
            )
        else:
            paragraph.pieces.append(Words(found))

    def _picture(self, element: Any, paragraph: Paragraph) -> None:
        equation = element.tag == W + "object"
        for blip in element.iter(_A + "blip", _V + "imagedata"):
            relation = blip.get(_R + "embed") or blip.get(_R + "id") or ""
            data = self._data(relation)
            if data is None:
                paragraph.problems.append(
                    _("A picture that lies outside of the document was left out.")
                )
                continue
            ending = pictures.extension(data)
            if equation:
                paragraph.problems.append(
                    _(
                        "An object of another program (a formula of MathType, perhaps) was left "
                        "out. Turn it into a formula of Word or a picture."
                    )
                )
            elif ending not in pictures.SHOWN:
                paragraph.problems.append(
                    _(
                        "A picture in a form that browsers do not show (${form}) was left out. Put "
                        "it in as PNG or JPEG.",
                        mapping={"form": ending[1:].upper() or "?"},
                    )
                )
            else:
                name = self._picture_name(element, ending, data)
                self.pictures[name] = data
                paragraph.pieces.append(Picture(name))

    def _data(self, relation: str) -> bytes | None:
        found = self._part.rels.get(relation)
        if found is None or found.is_external:
            return None
        try:
            blob: bytes = found.target_part.blob
        except _DAMAGED:
            return None
        return blob

    def _picture_name(self, element: Any, ending: str, data: bytes) -> str:
        said = next((found.get("name") or "" for found in element.iter(_WP + "docPr")), "")
        plain = re.fullmatch(r"[^\\/\"'<>|?*:#\[\](){}]{1,80}\.[A-Za-z]{3,4}", said)
        name = said if plain else f"p{self._number}{ending}"
        stem, _dot, behind = name.rpartition(".")
        count = 1
        while self.pictures.get(name, data) != data:
            count += 1
            name = f"{stem}-{count}.{behind}"
        return name


def _measure(stream: IO[bytes]) -> None:
    """Refuse what would fill the memory, before anything is unpacked."""
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        names = {entry.filename for entry in entries}
        if "[Content_Types].xml" not in names or not any(
            name.startswith("word/") for name in names
        ):
            raise Invalid(_("This is no Word document. Save it as .docx and send that."))
        texts = sum(e.file_size for e in entries if e.filename.endswith((".xml", ".rels")))
        if (
            sum(entry.file_size for entry in entries) > _MOST_UNPACKED
            or texts > _MOST_TEXT
            or len(entries) > _MOST_PARTS
        ):
            raise Invalid(
                _(
                    "The document unpacks to more than ${limit} MB.",
                    mapping={"limit": _MOST_UNPACKED // (1024 * 1024)},
                )
            )


def _elements(parent: Any, tag: str) -> Iterator[Any]:
    return parent.iter(tag) if parent is not None else iter(())


def _name(style: Any) -> str:
    found = style.find(W + "name")
    return found.get(W + "val") or "" if found is not None else ""


def _styles(run: Any) -> frozenset[str]:
    properties = run.find(W + "rPr")
    found: set[str] = set()
    if properties is None:
        return frozenset()
    for child in properties:
        name = child.tag.removeprefix(W) if isinstance(child.tag, str) else ""
        value = child.get(W + "val")
        if name in _STYLE_TAGS and value not in ("0", "false", "off"):
            found.add(_STYLE_TAGS[name])
        elif name == "u" and value not in ("none", None):
            found.add("u")
        elif name == "vertAlign" and value in ("superscript", "subscript"):
            found.add("sup" if value == "superscript" else "sub")
    return frozenset(found)


def _joined(pieces: list[Piece]) -> list[Piece]:
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if (
            isinstance(piece, Words)
            and isinstance(last, Words)
            and (
                piece.styles == last.styles
                or (
                    not piece.text.strip()
                    and "\n" not in piece.text
                    and "\t" not in piece.text
                    and "u" not in last.styles
                )
            )
        ):
            result[-1] = Words(last.text + piece.text, last.styles)
        elif not (isinstance(piece, Words) and not piece.text):
            result.append(piece)
    return result
