"""Formatted texts between HTML and the paragraphs of office documents.

A text is taken apart into blocks of pieces; documents are written from them, and texts are made of
them again. What they cannot say (`Other`) is kept for comparing, so that nothing goes unnoticed.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, unquote

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from modou.services import markup
from modou_quiz.content import FILE, Rich, formulas_in, replace_formulas
from modou_quiz.formats.office.to_omml import normal_tex

#: Tags of pieces in the order in which they are nested.
STYLES = ("b", "i", "u", "s", "sub", "sup")
_SAME_STYLE = {
    "strong": "b",
    "em": "i",
    "ins": "u",
    "del": "s",
    "strike": "s",
    **{style: style for style in STYLES},
}
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "section",
        "article",
        "figure",
        "figcaption",
        "dl",
        "dt",
        "dd",
        "center",
    ]
)
#: Blocks that say no more than that a line begins.
_PLAIN_BLOCKS = frozenset(("p", "div", "section", "article", "ul", "ol", "dl"))
#: Between single dollars only what holds signs of TeX: other text is about money.
_DOLLARS = re.compile(r"(?<![\\$])\$([^$\n\\^_{]*+[\\^_{][^$\n]*+)\$(?!\$)")
#: What makes typed text HTML.
LOOKS_LIKE_HTML = re.compile(
    r"</(?:p|b|i|u|sub|sup|strong|em|span|div|table|ul|ol|li|h[1-6]|a)>|<(?:br|img)\b[^<>]*>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Words:
    """Letters that look the same."""

    text: str
    styles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Formula:
    """TeX; `display`: on a line of its own."""

    tex: str
    display: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """`name`: as in `@@FILE@@/name`, not percent-encoded."""

    name: str


@dataclass(frozen=True, slots=True)
class Other:
    """Something that only HTML says: a tag with its attributes."""

    tag: str


Piece: TypeAlias = Words | Formula | Picture | Other


@dataclass(slots=True)
class Block:
    """A paragraph. `kind`: the tag, where it is more than a paragraph (li, h3, pre, …)."""

    pieces: list[Piece] = field(default_factory=list)
    kind: str = "p"


@dataclass(slots=True)
class Table:
    """Rows of cells, each a flow of its own."""

    rows: list[list[list["Block | Table"]]] = field(default_factory=list)


Flow: TypeAlias = list[Block | Table]


# -- taking apart


def blocks(text: Rich) -> Flow:
    """The blocks of a text. Formulas stand on their own."""
    if text.markup == "plain":
        flow: Flow = [Block([Words(line)] if line else []) for line in text.source.split("\n")]
    else:
        flow = _html_blocks(_rendered(text.source) if text.markup == "markdown" else text.source)
    return _with_formulas(flow)


def _rendered(source: str) -> str:
    """Markdown as HTML. Its formulas are kept from it: they are full of Markdown's own signs."""
    kept = [found[0] for found in formulas_in(source)]
    places = iter(range(len(kept)))
    hidden = replace_formulas(source, lambda _found: f"\ue000{next(places)}\ue001")
    return re.sub(
        "\ue000([0-9]+)\ue001",
        lambda found: html.escape(kept[int(found[1])]) if int(found[1]) < len(kept) else "",
        str(markup.render_markdown(hidden)),
    )


def _html_blocks(source: str) -> Flow:
    walker = _Walker()
    try:
        root = lxml_html.fragment_fromstring(source, create_parent="div")
    except (etree.LxmlError, ValueError):
        return [Block([Words(source)])]
    walker.walk(root, frozenset())
    return walker.finished()


class _Walker:
    def __init__(self) -> None:
        self.flow: Flow = []
        self._open: Block | None = None

    def finished(self) -> Flow:
        self._close()
        return self.flow

    def _close(self) -> None:
        if self._open is not None:
            pieces = _tidied(self._open.pieces)
            if pieces:
                self._open.pieces = pieces
                self.flow.append(self._open)
        self._open = None

    def _add(self, piece: Piece, kind: str = "p") -> None:
        if self._open is None:
            self._open = Block(kind=kind)
        self._open.pieces.append(piece)

    def _text(self, text: str | None, styles: frozenset[str], kind: str) -> None:
        if text:
            if kind != "pre":
                text = re.sub(r"[ \t\n\r\f]+", " ", text)
            self._add(Words(text, styles), kind)

    def walk(self, element: HtmlElement, styles: frozenset[str], kind: str = "p") -> None:
        self._text(element.text, styles, kind)
        for child in element:
            if isinstance(child.tag, str):
                self._child(child, styles, kind)
            self._text(child.tail, styles, kind)

    def _child(self, child: HtmlElement, styles: frozenset[str], kind: str) -> None:
        tag = child.tag.lower()
        if tag == "br":
            if self._open is None:
                self._open = Block(kind=kind)
                self._open.pieces.append(Words("\u200b"))
            self._close()
        elif tag == "img":
            source = child.get("src") or ""
            if source.startswith(FILE):
                self._add(Picture(unquote(source.removeprefix(FILE))), kind)
            else:
                self._add(Other(_opening(child)), kind)
        elif tag == "table":
            self._close()
            self.flow.append(_table(child))
        elif tag in _BLOCKS:
            self._close()
            inner = kind if tag in _PLAIN_BLOCKS else tag
            self.walk(child, styles, inner)
            self._close()
        elif tag in _SAME_STYLE:
            self.walk(child, styles | {_SAME_STYLE[tag]}, kind)
        elif tag == "span" and not child.attrib:
            self.walk(child, styles, kind)
        else:
            self._add(Other(_opening(child)), kind)
            self.walk(child, styles, kind)
            self._add(Other(f"</{tag}>"), kind)


def _opening(element: HtmlElement) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in sorted(element.attrib.items()))
    return f"<{element.tag}{attributes}>"


def _table(element: HtmlElement) -> Table:
    rows = []
    for row in element.iter("tr"):
        cells = []
        for cell in row:
            if cell.tag in ("td", "th"):
                walker = _Walker()
                walker.walk(cell, frozenset())
                cells.append(walker.finished())
        rows.append(cells)
    return Table(rows)


def _tidied(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours of the same look joined, blanks at the ends gone."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, Words) and isinstance(last, Words) and last.styles == piece.styles:
            result[-1] = Words(last.text + piece.text, piece.styles)
        elif not (isinstance(piece, Words) and not piece.text):
            result.append(piece)
    for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
        while result and isinstance(words := result[end], Words):
            text = strip(words.text, " ")
            if text:
                result[end] = Words(text, words.styles)
                break
            del result[end]
    return result


def _with_formulas(flow: Flow) -> Flow:
    for block in flow:
        if isinstance(block, Table):
            block.rows = [[_with_formulas(cell) for cell in row] for row in block.rows]
        else:
            block.pieces = _tidied(
                made for piece in block.pieces for made in _formulas(piece, block.kind)
            )
    return flow


def _formulas(piece: Piece, kind: str) -> Iterator[Piece]:
    if not isinstance(piece, Words) or kind == "pre":
        yield piece
        return
    text = piece.text.replace("\u200b", "")
    end = 0
    for found in formulas_in(text):
        yield Words(text[end : found.start()], piece.styles)
        tex = next(part for part in found.groups() if part is not None)
        yield Formula(tex.strip(), display=found[1] is None)
        end = found.end()
    yield Words(text[end:], piece.styles)


# -- putting together


def text_of(flow: Flow) -> Rich:
    """The text that blocks say: plain where it holds only words, else HTML."""
    while flow and isinstance(flow[-1], Block) and not flow[-1].pieces:
        flow = flow[:-1]
    while flow and isinstance(flow[0], Block) and not flow[0].pieces:
        flow = flow[1:]
    simple = all(
        isinstance(block, Block)
        and block.kind == "p"
        and all(isinstance(piece, Words) and not piece.styles for piece in block.pieces)
        for block in flow
    )
    if simple:
        lines = [
            "".join(piece.text for piece in block.pieces if isinstance(piece, Words))
            for block in flow
            if isinstance(block, Block)
        ]
        return Rich(source="\n".join(lines), markup="plain")
    if len(flow) == 1 and isinstance(flow[0], Block):
        return Rich(source=_inline(flow[0].pieces), markup="html")
    return Rich(source="".join(map(_block_html, flow)), markup="html")


def _block_html(block: Block | Table) -> str:
    if isinstance(block, Block):
        return f"<p>{_inline(block.pieces)}</p>"
    rows = []
    for row in block.rows:
        cells = "".join(f"<td>{text_html(cell)}</td>" for cell in row)
        rows.append(f"<tr>{cells}</tr>")
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def text_html(flow: Flow) -> str:
    """Blocks as HTML, without a paragraph round a single one."""
    if len(flow) == 1 and isinstance(flow[0], Block):
        return _inline(flow[0].pieces)
    return "".join(map(_block_html, flow))


def as_html(text: Rich) -> str:
    """Any text as HTML."""
    return text.source if text.markup == "html" else text_html(blocks(text))


def _inline(pieces: Iterable[Piece]) -> str:
    return "".join(map(_piece_html, pieces))


def _piece_html(piece: Piece) -> str:
    match piece:
        case Words(text, styles):
            result = html.escape(text, quote=False).replace("\n", "<br>")
            for style in reversed(STYLES):
                if style in styles:
                    result = f"<{style}>{result}</{style}>"
            return result
        case Formula(tex, display):
            escaped = html.escape(tex, quote=False)
            return rf"\[{escaped}\]" if display else rf"\({escaped}\)"
        case Picture(name):
            return f'<img src="{FILE}{quote(name)}" alt="">'
        case Other(tag):
            return tag


def with_dollars(text: Rich) -> Rich:
    """The text with formulas between single dollars as other formulas are written."""
    return text.model_copy(update={"source": _DOLLARS.sub(r"\\(\1\\)", text.source)})


# -- comparing


def canonical(text: Rich) -> str:
    """A text in a form that is the same for what looks the same."""
    return _canonical_flow(blocks(text))


def _canonical_flow(flow: Flow) -> str:
    lines = []
    for block in flow:
        if isinstance(block, Table):
            rows = ("|".join(map(_canonical_flow, row)) for row in block.rows)
            lines.append("<table>" + "\n".join(rows))
        else:
            kind = "" if block.kind == "p" else f"<{block.kind}>"
            lines.append(kind + "".join(map(_canonical_piece, block.pieces)))
    return "\n".join(line.strip() for line in lines if line.strip())


def _canonical_piece(piece: Piece) -> str:
    match piece:
        case Words(text, styles):
            text = re.sub(r"\s+", " ", text)
            tags = [style for style in STYLES if style in styles]
            if not text.strip():
                return text
            return "".join(f"\0{tag}\0" for tag in tags) + text + "\0/\0" * len(tags)
        case Formula(tex, display):
            return f"\0formula {display}\0{normal_tex(tex)}\0"
        case Picture(name):
            return f"\0picture {name}\0"
        case Other(tag):
            return f"\0{tag}\0"


def only_words(text: Rich) -> str | None:
    """What a text says where it holds nothing but words and formulas in lines, else None."""
    if text.markup == "plain":
        return text.source
    lines = []
    for block in blocks(text):
        if isinstance(block, Table) or block.kind != "p":
            return None
        line = ""
        for piece in block.pieces:
            match piece:
                case Words(words, styles) if not styles:
                    line += words
                case Formula(tex, display):
                    line += rf"\[{tex}\]" if display else rf"\({tex}\)"
                case _:
                    return None
        lines.append(line)
    return "\n".join(lines)


def formulas(texts: Sequence[Rich]) -> Iterator[str]:
    """All formulas in texts."""
    for text in texts:
        for found in formulas_in(text.source):
            yield next(part for part in found.groups() if part is not None)
