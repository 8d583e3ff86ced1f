"""IMS content packages: a zip with `imsmanifest.xml`, items and their pictures.

Nothing is unpacked to a disk: entries are read by their names, which never leave the package, and
never more of them than they may have.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Final
from urllib.parse import unquote

from modou.errors import Message
from modou_quiz.formats.reading import open_text
from modou_quiz.formats.xml_safety import BadXml, parse_xml, xml_encoding
from modou_quiz.i18n import _

MANIFEST: Final = "imsmanifest.xml"
#: Most entries, bytes of one, and bytes of all that are read.
MOST_ENTRIES: Final = 50_000
MOST_BYTES: Final = 100_000_000
#: (All may be in memory at once: pictures wait with their questions until a batch is full.)
MOST_TOGETHER: Final = 300_000_000
#: An entry that is so many times larger than what is packed is a bomb.
_MOST_RATIO: Final = 200
_RATIO_FROM: Final = 5_000_000


class BadPackage(Exception):
    """A package, or an entry of it, cannot be read."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message


class Package:
    """An opened package.

    :raises BadPackage: it is none, or too much
    """

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self.zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise BadPackage(_("This is no zip file, or it is incomplete.")) from None
        entries = self.zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise BadPackage(
                _("There are more than ${limit} files in it.", mapping={"limit": MOST_ENTRIES})
            )
        self.entries = {
            name: entry
            for entry in entries
            if not entry.is_dir() and (name := inside(entry.filename))
        }
        self.left = MOST_TOGETHER
        self.tests: list[str] = []

    def read(self, name: str) -> bytes:
        """An entry's bytes.

        :raises KeyError: there is none of this name
        :raises BadPackage: it is too large, encrypted or damaged
        """
        entry = self.entries[name]
        bomb = entry.file_size > max(_RATIO_FROM, _MOST_RATIO * max(1, entry.compress_size))
        if bomb or entry.file_size > MOST_BYTES:
            raise BadPackage(
                _("“${name}” becomes too large when it is unpacked.", mapping={"name": name})
            )
        try:
            with self.zip.open(entry) as stream:
                # What the directory says may be a lie.
                data = stream.read(min(MOST_BYTES, self.left, entry.file_size) + 1)
        except (
            zipfile.BadZipFile,
            OSError,
            RuntimeError,
            NotImplementedError,
            EOFError,
            ValueError,
        ):
            message = _("“${name}” is damaged or encrypted.", mapping={"name": name})
            raise BadPackage(message) from None
        except Exception as error:
            # zlib, lzma and bz2 have errors of their own.
            if type(error).__module__ not in {"zlib", "_lzma", "lzma", "_bz2", "bz2"}:
                raise
            message = _("“${name}” is damaged or encrypted.", mapping={"name": name})
            raise BadPackage(message) from None
        if len(data) > entry.file_size or len(data) > self.left:
            raise BadPackage(
                _("“${name}” becomes too large when it is unpacked.", mapping={"name": name})
            )
        self.left -= len(data)
        return data

    def items(self) -> Iterator[str]:
        """Names of the entries that may be items, in the manifest's order; also of those that it
        lists and that are not there. Afterwards `tests` has what else it lists."""
        listed = self._listed()
        if listed:
            yield from listed
            return
        for name in self.entries:
            if name.lower().endswith(".xml") and posixpath.basename(name).lower() != MANIFEST:
                yield name

    def _listed(self) -> list[str]:
        manifest = next(
            (name for name in self.entries if posixpath.basename(name).lower() == MANIFEST), ""
        )
        if not manifest:
            return []
        try:
            root = parse_xml(text_of(self.read(manifest)))
        except (BadXml, BadPackage):
            # Then whatever looks like an item.
            return []
        found: dict[str, None] = {}
        for resource in root.iter("{*}resource"):
            kind, href = resource.get("type") or "", resource.get("href") or ""
            if re.match(r"imsqti_(?:item|apipitem)", kind):
                found[resolve(manifest, href) or href or "?"] = None
            elif re.match(r"imsqti_(?:test|section)", kind):
                self.tests.append(posixpath.basename(href) or "?")
        return list(found)


def inside(name: str) -> str:
    """A name within the package; "" for one that leads out of it."""
    name = posixpath.normpath(name.replace("\\", "/"))
    if name.startswith(("/", "../")) or name in {".", ".."} or ":" in name.split("/", 1)[0]:
        return ""
    return name


def resolve(base: str, href: str) -> str:
    """The entry that an address in the entry `base` means; "" for one outside."""
    href = unquote(re.split("[?#]", href, maxsplit=1)[0])
    if not href or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", href):
        return ""
    return inside(posixpath.join(posixpath.dirname(base), href))


def text_of(data: bytes) -> str:
    """The text of an XML file."""
    stream = io.BytesIO(data)
    return open_text(stream, xml_encoding(stream)).read()
