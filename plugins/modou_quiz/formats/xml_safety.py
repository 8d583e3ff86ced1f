"""Reading XML that nobody vouches for.

No document type is read, no entity expanded, nothing fetched; so neither a "billion laughs" nor a
file of the server can come in. Depth and text are bounded by the library, the whole by its caller.
"""

import html.entities
import re
from typing import IO, Any, Final, TypeAlias

from lxml import etree

from modou.errors import Message
from modou_quiz.formats.reading import find_encoding
from modou_quiz.i18n import _

#: An lxml element.
Element: TypeAlias = Any

_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_OWN: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DOCTYPE = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)


class BadXml(Exception):
    """A text is no XML, or none that is read here. `line`: of the text, from 1."""

    def __init__(self, message: Message, line: int) -> None:
        super().__init__()
        self.message = message
        self.line = line


def xml_encoding(stream: IO[bytes]) -> str:
    """The codec of an XML file: what its bytes say, then what it says itself."""
    stream.seek(0)
    declared = _DECLARED.match(stream.read(200))
    found = find_encoding(stream)
    if declared is None or found.startswith("utf-"):
        return found
    name = declared[1].decode().lower()
    if name in {"gb2312", "gbk", "gb18030"}:
        return "gb18030"
    try:
        "".encode(name)
    except LookupError:
        return found
    return found if name.startswith("utf") else name


def parse_xml(text: str) -> Element:
    """The root element of a document, or of a piece of one.

    :raises BadXml: with line and reason
    """
    text = _UNFIT.sub("", _DECLARATION.sub("", text))
    kind = _DOCTYPE.search(_without_cdata(text))
    if kind is not None:
        raise BadXml(
            _("Document types and entities are not read (${what}).", mapping={"what": kind[0][2:]}),
            1 + text.count("\n", 0, kind.start()),
        )
    try:
        return _parse(text)
    except etree.XMLSyntaxError as error:
        known = _ENTITY.sub(_as_sign, text)
        if known == text:
            raise _bad(error) from None
    try:
        # Entities of HTML, which XML does not know, are meant as what they are in HTML.
        return _parse(known)
    except etree.XMLSyntaxError as error:
        raise _bad(error) from None


def _parse(text: str) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_pis=True,
        huge_tree=True,
    )
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def _bad(error: etree.XMLSyntaxError) -> BadXml:
    reason = _("This is no well-formed XML: ${reason}", mapping={"reason": error.msg or "?"})
    return BadXml(reason, error.lineno or 1)


def _as_sign(entity: re.Match[str]) -> str:
    code = html.entities.name2codepoint.get(entity[1])
    return entity[0] if code is None or entity[1] in _OWN else f"&#{code};"


def _without_cdata(text: str) -> str:
    if "<!" not in text:
        return ""
    pieces, place = [], 0
    while (begin := text.find("<![CDATA[", place)) >= 0:
        end = text.find("]]>", begin)
        if end < 0:
            break
        pieces += [text[place:begin], " " * (end + 3 - begin)]
        place = end + 3
    return "".join([*pieces, text[place:]])


def inner_text(element: Element | None) -> str:
    """All text within an element."""
    return "" if element is None else "".join(str(part) for part in element.itertext())


def cdata(text: str) -> str:
    """A text as it stands in a file."""
    if not re.search(r"[<>&]", text):
        return text
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
