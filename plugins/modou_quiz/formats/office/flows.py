"""Paragraphs of a document as the blocks of a text."""

from collections.abc import Iterable

from modou_quiz.formats.office.documents import JOINER, Element, Paragraph
from modou_quiz.formats.office.texts import Block, Flow, Piece, Table, Words


def add(flow: Flow, pieces: list[Piece]) -> None:
    """A paragraph more, without the blanks at its ends; a line break begins another one."""
    lines_of: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Words) and "\n" in piece.text:
            first, *others = piece.text.split("\n")
            lines_of[-1].append(Words(first, piece.styles))
            lines_of += [[Words(other, piece.styles)] for other in others]
        else:
            lines_of[-1].append(piece)
    for line in lines_of:
        stripped = _stripped(line)
        if stripped:
            flow.append(Block(stripped))


def _stripped(pieces: list[Piece]) -> list[Piece]:
    pieces = [
        Words(p.text.replace(JOINER, ""), p.styles) if isinstance(p, Words) else p for p in pieces
    ]
    pieces = [p for p in pieces if not (isinstance(p, Words) and not p.text)]
    blanks = " \t\u3000\xa0"
    while pieces and isinstance(pieces[0], Words):
        text = pieces[0].text.lstrip(blanks)
        if text:
            pieces[0] = Words(text, pieces[0].styles)
            break
        del pieces[0]
    while pieces and isinstance(pieces[-1], Words):
        text = pieces[-1].text.rstrip(blanks)
        if text:
            pieces[-1] = Words(text, pieces[-1].styles)
            break
        del pieces[-1]
    return pieces


def flow_of(elements: Iterable[Element]) -> Flow:
    flow: Flow = []
    for element in elements:
        if isinstance(element, Paragraph):
            add(flow, element.pieces)
        else:
            flow.append(Table([[flow_of(cell) for cell in row] for row in element.rows]))
    return flow
