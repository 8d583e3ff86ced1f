"""QTI 2.1, 2.2 and 3.0: items alone or in an IMS content package (www.imsglobal.org/question).

Read are all three versions, written are packages of 2.2 and of 3.0. What QTI has no element for
stands in a comment of the item (`extras`).
"""

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import IO, ClassVar, Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from modou.errors import Message
from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.formats.building import UNEXPECTED, Refused, refuse
from modou_quiz.formats.extras import extras_of, with_extras
from modou_quiz.formats.qti_names import ITEM_TYPES, in_version, normalise
from modou_quiz.formats.qti_package import MANIFEST, BadPackage, Package, resolve, text_of
from modou_quiz.formats.qti_reading import ItemReader
from modou_quiz.formats.qti_writing import item_xml
from modou_quiz.formats.xml_safety import BadXml, Element, parse_xml, xml_encoding
from modou_quiz.i18n import _
from modou_quiz.types.contents import CONTENTS

log = logging.getLogger(__name__)

_OURS: Final = "modou: "
_TYPE = re.compile(r'\[\["type","","([a-z]+)"\]')
_MEDIA: Final = "media"
#: Bytes of what an address in an item means.
Fetch = Callable[[str], bytes | None]


class Qti(QuestionFormat):
    """See the module's docstring. `version`: that it writes."""

    version: ClassVar[str]
    extension = ".zip"
    media_type = "application/zip"
    carries = frozenset(CONTENTS)

    def recognises(self, head: bytes, filename: str) -> float:
        if head.startswith(b"PK\x03\x04"):
            return self._of_zip(head)
        text = head.decode(xml_encoding(io.BytesIO(head)), "replace")
        if re.search(r"<(?:\w+:)?qti-assessment-item[\s>]", text):
            return 0.95 if self.version == "3.0" else 0.9
        if re.search(r"<(?:\w+:)?assessmentItem[\s>]", text):
            return 0.95 if self.version == "2.2" else 0.9
        return 0.0

    def _of_zip(self, head: bytes) -> float:
        # Office documents are zip files as well.
        if b"word/" in head or b"xl/" in head or b"[Content_Types].xml" in head:
            return 0.0
        return 0.8 if MANIFEST.encode() in head else 0.5

    def encoding(self, stream: IO[bytes]) -> str:
        stream.seek(0)
        return "" if stream.read(2) == b"PK" else xml_encoding(stream)

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        stream.seek(0)
        if stream.read(4) != b"PK\x03\x04":
            stream.seek(0)
            yield _read(stream.read(), "", 1, None)
            return
        stream.seek(0)
        try:
            package = Package(stream)
        except BadPackage as bad:
            yield refuse(Item(line=1), bad.message)
            return
        for number, name in enumerate(package.items(), start=1):
            item = _packed(package, name, number)
            if number == 1 and package.tests:
                item.notes.append(Note("lost", _test_lost(package.tests)))
            yield item

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        told: list[tuple[Item, Note]] = []
        listed: list[tuple[str, list[str]]] = []
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for number, item in enumerate(items, start=1):
                name = f"items/q{number:05}.xml"
                folder = f"{_MEDIA}/q{number:05}"
                try:
                    data, notes = self._written(item, f"../{folder}")
                except Refused as refused:
                    told.append((item, Note("error", refused.message)))
                    continue
                told += [(item, note) for note in notes]
                package.writestr(name, data)
                files = [f"{folder}/{file}" for file in item.files]
                for path, content in zip(files, item.files.values(), strict=True):
                    package.writestr(path, content)
                listed.append((name, files))
            package.writestr(MANIFEST, _manifest(listed, self.version))
        return told

    def _written(self, item: Item, media: str) -> tuple[bytes, list[Note]]:
        """An item's document, and what to say about it.

        :raises Refused: QTI cannot carry it
        """
        root = item_xml(item, self.version, media)
        files = dict(item.files)
        said = ""

        def fetch(href: str) -> bytes | None:
            return files.get(href.removeprefix(f"{media}/"))

        native = self._again(root, fetch)
        if native.type != item.type:
            said = f'["type","","{item.type}"]'
            native = self._again(root, fetch, item.type)
            if native.type != item.type:
                raise Refused(_CANNOT)
        extra, notes = extras_of(native, item)
        entries = ",".join(part for part in (said, extra[1:-1]) if part)
        if entries:
            hidden = re.sub("-(?=-)", r"\\u002d", f"[{entries}]")
            root.append(etree.Comment(f" {_OURS}{hidden} "))
        return in_version(root, self.version), notes

    def _again(self, root: Element, fetch: Fetch, forced: str = "") -> Item:
        again = parse_xml(in_version(root, self.version).decode())
        item = Item(line=1)
        _take(again, item, fetch, forced)
        if item.content is None:
            raise Refused(_CANNOT)
        return item


class Qti22(Qti):
    """Packages of version 2.2."""

    name = "qti22"
    title = "QTI 2.2"
    description = _("Exchange with other systems, with pictures; version 2.1 is read as well")
    version = "2.2"


class Qti30(Qti):
    """Packages of version 3.0."""

    name = "qti30"
    title = "QTI 3.0"
    description = _("The newest version of QTI")
    version = "3.0"


def _packed(package: Package, name: str, number: int) -> Item:
    try:
        return _read(package.read(name), name, number, package)
    except BadPackage as bad:
        return refuse(Item(line=number, title=name), bad.message)
    except KeyError:
        message = _("The file “${name}” is not part of what was sent.", mapping={"name": name})
        return refuse(Item(line=number, title=name), message)


def _test_lost(names: Sequence[str]) -> Message:
    return _(
        "There is a test in the package (${names}). Its questions were read, but not which of them "
        "are asked, in which order and for how many marks.",
        mapping={"names": ", ".join(names)[:200]},
    )


def _read(data: bytes, name: str, number: int, package: Package | None) -> Item:
    """The question of an item's document."""
    item = Item(line=number, title=PurePosixPath(name).name)

    def fetch(href: str) -> bytes | None:
        entry = resolve(name, href)
        if package is None or not entry:
            return None
        try:
            return package.read(entry)
        except (KeyError, BadPackage):
            return None

    try:
        root = parse_xml(text_of(data))
    except BadXml as bad:
        return refuse(item, _in(name, bad.message), bad.line)
    forced = ""
    extra = ""
    for comment in root.iterchildren(etree.Comment):
        text = (comment.text or "").strip()
        if text.startswith(_OURS):
            extra = text[len(_OURS) :]
            said = _TYPE.match(extra)
            forced = said[1] if said else ""
    _take(root, item, fetch, forced)
    if item.content is None:
        item.notes = [Note(n.level, _in(name, n.message), n.line) for n in item.notes]
        return item
    return with_extras(item, extra) if extra else item


def _in(name: str, message: Message) -> Message:
    """With the name of the package's entry."""
    if not name:
        return message
    return _("${file}: ${reason}", mapping={"file": name, "reason": message})


def _take(root: Element, item: Item, fetch: Fetch, forced: str) -> None:
    """Read an item into `item`, or note why there is no question in it."""
    normalise(root)
    if root.tag != "assessmentItem":
        message = _("This is no QTI item but “${name}”.", mapping={"name": str(root.tag)})
        refuse(item, message)
        return
    title = " ".join((root.get("title") or "").split())
    item.title = "" if title == "?" else title
    reader = ItemReader(root, item, fetch, forced)
    try:
        item.type, item.content = reader.read()
    except Refused as refused:
        refuse(item, refused.message, refused.line)
    except (ValueError, KeyError):
        refuse(item, _("This item cannot be stored: a text is too long, or parts are too many."))
    except Exception:
        # What nobody thought of spoils one question, not the file.
        log.exception("a QTI item could not be read")
        refuse(item, UNEXPECTED)
    item.files = reader.files


def _manifest(listed: Sequence[tuple[str, list[str]]], version: str) -> str:
    resources = []
    for number, (name, files) in enumerate(listed, start=1):
        inside = "".join(f"<file href={quoteattr(file)}/>" for file in (name, *files))
        resources.append(
            f'    <resource identifier="r{number}" type="{ITEM_TYPES[version]}" '
            f"href={quoteattr(name)}>{inside}</resource>\n"
        )
    schema = "QTIv3.0 Package" if version == "3.0" else "QTIv2.2 Package"
    space = (
        "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
        if version == "3.0"
        else "http://www.imsglobal.org/xsd/imscp_v1p1"
    )
    edition = "3.0.0" if version == "3.0" else "1.0.0"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest xmlns="{space}" identifier="questions">\n'
        f"  <metadata><schema>{schema}</schema>"
        f"<schemaversion>{edition}</schemaversion></metadata>\n"
        f"  <organizations/>\n  <resources>\n{''.join(resources)}  </resources>\n</manifest>\n"
    )


_CANNOT: Final[Message] = _("This format cannot carry the question; it was left out.")
