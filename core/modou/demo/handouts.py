"""Handouts as PDF files from Markdown: headings, paragraphs, lists, tables.

The text is set in STSong-Light, one of the fonts that PDF readers bring for Chinese, so that no
font file is needed to make it; the file is small for the same reason.
"""

import io
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

_FONT = "STSong-Light"
_INK = "#16202c"
_FAINT = "#878d93"
_SHADE = "#f3f1ea"


def make(text: str) -> bytes:
    """The PDF file of a Markdown text; its first heading is the title."""
    # Half a second to import: only when a demonstration is filled.
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    title = tokens[1].content if tokens and tokens[0].type == "heading_open" else ""
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=22 * mm,
        bottomMargin=20 * mm,
        title=title,
        invariant=1,
    )

    def foot(canvas: Any, page: Any) -> None:
        canvas.setFont(_FONT, 9)
        canvas.setFillColor(_FAINT)
        canvas.drawCentredString(A4[0] / 2, 12 * mm, f"— {page.page} —")

    document.build(list(_flow(tokens)), onFirstPage=foot, onLaterPages=foot)
    return stream.getvalue()


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    body = ParagraphStyle(
        "body",
        fontName=_FONT,
        fontSize=11,
        leading=18,
        textColor=_INK,
        wordWrap="CJK",
        spaceAfter=4,
    )
    return {
        "body": body,
        "h1": ParagraphStyle("h1", body, fontSize=19, leading=28),
        "h2": ParagraphStyle("h2", body, fontSize=13.5, leading=22, spaceBefore=10, spaceAfter=4),
        "item": ParagraphStyle("item", body, leftIndent=20, bulletIndent=2, bulletFontName=_FONT),
        "cell": ParagraphStyle("cell", body, fontSize=10, leading=15, spaceAfter=0),
    }


def _flow(tokens: Sequence[Token]) -> Iterator[Any]:
    from reportlab.platypus import HRFlowable, Paragraph, Spacer

    styles = _styles()
    number, in_item, place = 0, False, 0
    while place < len(tokens):
        token = tokens[place]
        match token.type:
            case "heading_open":
                yield Paragraph(_inline(tokens[place + 1]), styles[min(token.tag, "h2")])
                if token.tag == "h1":
                    yield HRFlowable(width="100%", thickness=1.6, color=_INK, spaceAfter=8)
            case "ordered_list_open" | "bullet_list_open":
                number = 0
            case "list_item_open":
                number, in_item = number + 1, True
            case "list_item_close":
                in_item = False
            case "paragraph_open" if in_item:
                yield Paragraph(_inline(tokens[place + 1]), styles["item"], f"{number}.")
            case "paragraph_open":
                yield Paragraph(_inline(tokens[place + 1]), styles["body"])
            case "table_open":
                end = next(i for i in range(place, len(tokens)) if tokens[i].type == "table_close")
                yield Spacer(1, 4)
                yield _table(tokens[place:end])
                yield Spacer(1, 8)
                place = end
        place += 1


def _table(tokens: Sequence[Token]) -> Any:
    from reportlab.platypus import Paragraph, Table

    rows: list[list[Any]] = []
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"td_open", "th_open"}:
            rows[-1].append(Paragraph(_inline(tokens[place + 1]), _styles()["cell"]))
    # As wide as their longest texts, within reason; the rest is for the widest.
    lengths = [
        min(max(len(row[column].getPlainText()) for row in rows), 22) + 2
        for column in range(len(rows[0]))
    ]
    width = 458 / sum(lengths)
    return Table(
        rows,
        colWidths=[length * width for length in lengths],
        repeatRows=1,
        style=[
            ("GRID", (0, 0), (-1, -1), 0.5, _FAINT),
            ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 4),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ],
    )


def _inline(token: Token) -> str:
    """The text of a line in reportlab's own markup."""
    parts = []
    for child in token.children or ():
        match child.type:
            case "strong_open":
                parts.append("<b>")
            case "strong_close":
                parts.append("</b>")
            case "softbreak" | "hardbreak":
                parts.append("<br/>")
            case _:
                parts.append(escape(child.content))
    return "".join(parts)
