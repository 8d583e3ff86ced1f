"""Moodle XML, with pictures and other files in it (docs.moodle.org/en/Moodle_XML_format).

`moodle_questions` cuts the questions out, `moodle_reading` and `moodle_writing` know the types,
`moodle_cloze` the gaps within texts. What Moodle has no element for stands in a comment of the
question, which other programs pass over (`extras`).
"""

import io
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from lxml import etree

from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.formats.building import TOO_LONG, UNEXPECTED, Refused, missing_files, refuse
from modou_quiz.formats.extras import extras_of, with_extras
from modou_quiz.formats.gift_syntax import join_path, split_path
from modou_quiz.formats.moodle_questions import Cut, cut_questions
from modou_quiz.formats.moodle_reading import TYPES, Reader
from modou_quiz.formats.moodle_writing import category_xml, question_xml
from modou_quiz.formats.xml_safety import BadXml, Element, inner_text, parse_xml, xml_encoding
from modou_quiz.i18n import _

log = logging.getLogger(__name__)

_OURS: Final = "modou: "
_NEVER_HERE: Final = {
    "calculated": _("Questions that compute with random numbers are not known here."),
    "calculatedsimple": _("Questions that compute with random numbers are not known here."),
    "calculatedmulti": _("Questions that compute with random numbers are not known here."),
    "random": _("A random question is a rule for drawing; papers have rules of their own here."),
}


class MoodleXml(QuestionFormat):
    """See the module's docstring."""

    name = "moodle_xml"
    title = "Moodle XML"
    description = _("From and for Moodle, with pictures and feedback")
    extension = ".moodle.xml"
    media_type = "application/xml"
    carries = frozenset(
        {
            "single",
            "multiple",
            "truefalse",
            "short",
            "cloze",
            "numerical",
            "matching",
            "ordering",
            "essay",
            "description",
        }
    )

    def recognises(self, head: bytes, filename: str) -> float:
        text = head.decode(xml_encoding(io.BytesIO(head)), "replace")
        if re.search(r"<quiz[\s>]", text) and "<question" in text:
            return 0.95
        if re.search(r"<question\s+type\s*=", text):
            return 0.9
        return 0.8 if re.search(r"<quiz[\s>/]", text) else 0.0

    def encoding(self, stream: IO[bytes]) -> str:
        return xml_encoding(stream)

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        category: tuple[str, ...] = ()
        pending: list[Note] = []
        for cut in cut_questions(stream):
            item = Item(line=cut.line, category=category)
            element = _parsed(cut, item)
            if element is None:
                yield item
            elif element.get("type") == "category":
                category = split_path(inner_text(element.find("category")))
                if inner_text(element.find("info")).strip():
                    message = _("The description of the category was not used.")
                    pending.append(Note("lost", message, cut.line))
            else:
                item.notes += pending
                pending = []
                yield _read(element, item)

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        told: list[tuple[Item, Note]] = []
        category: tuple[str, ...] | None = None
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n')
        for item in items:
            try:
                text, notes = _written(item)
            except Refused as refused:
                told.append((item, Note("error", refused.message)))
                continue
            told += [(item, note) for note in notes]
            if item.category != category and (item.category or category is not None):
                out.write(category_xml(join_path(item.category)).encode())
            category = item.category
            out.write(text.encode())
        out.write(b"</quiz>\n")
        return told


def _parsed(cut: Cut, item: Item) -> Element | None:
    if cut.fault:
        refuse(item, cut.fault)
        return None
    try:
        return parse_xml(cut.text)
    except BadXml as bad:
        name = re.search(r"<name>\s*<text>\s*(?:<!\[CDATA\[)?([^<\]]{1,200})", cut.text)
        item.title = name[1].strip() if name else ""
        refuse(item, bad.message, cut.line + bad.line - 1)
        return None


def _read(element: Element, item: Item) -> Item:
    reader = Reader(element, item)
    item.title = " ".join(reader.value("name").split())
    item.idnumber = reader.value("idnumber")
    item.tags = tuple(
        dict.fromkeys(
            text for tag in element.findall("tags/tag") if (text := inner_text(tag).strip())
        )
    )
    item.marks = reader.number("defaultgrade", 1.0)
    kind = element.get("type") or ""
    read = TYPES.get(kind)
    try:
        if read is None:
            message = _NEVER_HERE.get(kind) or _(
                "Questions of the type “${type}” are not known here.", mapping={"type": kind}
            )
            raise Refused(message)
        if item.marks < 0:
            raise Refused(_("The marks are negative: ${marks}.", mapping={"marks": item.marks}))
        read(reader)
    except Refused as refused:
        return refuse(item, refused.message, refused.line)
    except ValueError:
        return refuse(item, TOO_LONG)
    except Exception:
        # What nobody thought of spoils one question, not the file.
        log.exception("a question of Moodle could not be read")
        return refuse(item, UNEXPECTED)
    reader.unused()
    item.files = reader.files
    if item.content is None:
        return item
    for comment in element.iterchildren(etree.Comment):
        text = (comment.text or "").strip()
        if text.startswith(_OURS):
            item = with_extras(item, text[len(_OURS) :])
    item.notes += missing_files(item)
    return item


def _written(item: Item) -> tuple[str, list[Note]]:
    """A question's element, and what to say about it.

    :raises Refused: the format cannot carry it
    """
    text, notes = question_xml(item)
    native = Item(line=1, category=item.category)
    read = _read(parse_xml(text), native)
    if read.content is None or read.type != item.type:
        raise Refused(_("This format cannot carry the question; it was left out."))
    extra, more = extras_of(read, item)
    if extra:
        # Two hyphens end a comment.
        hidden = re.sub("-(?=-)", r"\\u002d", extra)
        inside = text.removesuffix("</question>\n")
        text = f"{inside}  <!-- {_OURS}{hidden} -->\n</question>\n"
    return text, [*notes, *more]
