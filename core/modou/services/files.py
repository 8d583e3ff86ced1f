"""Files that the site keeps: taking them in, and the signed addresses at which they are read.

Who may read a file is decided when its address is made, that is when a page shows it. The address
is good for a while and is the same for all readers meanwhile, so that browsers and caches keep
what they fetched::

    /files/{expires}/{signature}/{file}/{filename}

    signature = base64url(md5("{expires}/{file}/{filename} {secret}")) without "="

`expires` is seconds UTC as decimal digits, `file` the 13 characters of the file's id, `filename`
the decoded name in UTF-8, `secret` the value of `secret()`. nginx checks the same by
``secure_link $signature,$expires;`` and ``secure_link_md5 "$expires/$file/$filename $secret";``
with the four captured from the decoded URI.
"""

import base64
import hashlib
import hmac
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote

from modou.errors import Invalid
from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services.media_types import HEAD, disguise, sniff, welcome
from modou.services.occasion import Occasion
from modou.store.containers import encode_id
from modou.store.files import StoredFile
from modou.store.spool import Part, Spool, hash_file
from modou.store.vault import Keyring

_FILENAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069\ufeff]+')
# What may stand in a path as it is: as Pyramid has it for the route.
_PATH_SAFE = "!$&'()*+,;=:@-._~"
_DIGITS = re.compile(r"[0-9]{1,12}")
#: Public files are no secret: their addresses are good for long, so that browsers keep them.
PUBLIC_LIFETIME = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent with a form: its name, its bytes, and how many the site takes."""

    filename: str
    stream: IO[bytes]
    limit: int


@dataclass(frozen=True, slots=True)
class FinishedUpload:
    """A file that somebody sent before the form, in pieces; see `modou.services.uploads`. What may
    be asked of its bytes was asked when the last piece came.

    :param part: the finished upload in the spool
    :param limit: most bytes for what it was sent for
    """

    part: Part
    spool: Spool
    limit: int

    @property
    def filename(self) -> str:
        return self.part.filename

    @property
    def stream(self) -> IO[bytes]:
        """The bytes from their start, for who reads instead of keeping; close it."""
        return self.part.open()


AnyUpload = Upload | FinishedUpload


def keep_upload(
    occasion: Occasion,
    upload: AnyUpload,
    access: str,
    *,
    field: str = "file",
    accept: Callable[[str], bool] | Sequence[str] | None = None,
    limit: int = 0,
) -> StoredFile:
    """`keep_file` for what a form brought. What came in pieces is not copied.

    :param limit: most bytes, when that is less than what the site takes
    """
    most = min(upload.limit, limit) if limit else upload.limit
    if isinstance(upload, Upload):
        return keep_file(
            occasion, upload.stream, upload.filename, access, most, field=field, accept=accept
        )
    part = upload.part
    check_size(part.length, most, field)
    check_type(part.media_type, accept, field)
    ask(occasion, part.filename, part.media_type, part.length)
    kept = _add(occasion, StoredFile(part.filename, part.media_type, access, occasion.now))
    kept.take_over(part.path, part.sha256)
    occasion.after_commit(partial(upload.spool.drop_claimed, part))
    return kept


def keep_file(
    occasion: Occasion,
    stream: IO[bytes],
    filename: str,
    access: str,
    limit: int,
    *,
    field: str = "file",
    accept: Callable[[str], bool] | Sequence[str] | None = None,
) -> StoredFile:
    """Take a file in. The caller has asked whether the actor may.

    :param stream: read from its start to its end, in constant memory; not closed
    :param access: "public", or "course:<id>": see `may_read`
    :param limit: most bytes
    :param accept: tells which media types (as found in the bytes) are welcome: a function, or
        patterns as for `modou.services.media_types.welcome`
    :raises Invalid: empty, too large, of a type that is not welcome, or two things in one
    :raises NotAllowed: a plugin refuses it
    """
    size = _size(stream)
    if not size:
        raise Invalid(_("The file is empty."), field)
    check_size(size, limit, field)
    name = clean_filename(filename)
    media_type = look_at(stream, name, field)
    check_type(media_type, accept, field)
    ask(occasion, name, media_type, size)
    stream.seek(0)
    return _store(occasion, stream, name, media_type, access)


def check_size(size: int, limit: int, field: str = "file") -> None:
    """:raises Invalid: more bytes than allowed"""
    if size > limit:
        raise Invalid(
            _(
                "The file is ${size} MB large. The limit is ${limit} MB.",
                mapping={"size": f"{size / 1e6:.1f}", "limit": f"{limit / 1e6:g}"},
            ),
            field,
        )


def check_type(
    media_type: str, accept: Callable[[str], bool] | Sequence[str] | None, field: str = "file"
) -> None:
    """:raises Invalid: files of this type are not welcome"""
    if accept is None:
        return
    good = accept(media_type) if callable(accept) else welcome(media_type, accept)
    if not good:
        raise Invalid(
            _("Files of this kind (${type}) cannot be used here.", mapping={"type": media_type}),
            field,
        )


def look_at(stream: IO[bytes], filename: str, field: str = "file") -> str:
    """The media type of a file, found in its bytes. The stream's position is lost.

    :raises Invalid: it is something else beside, or a page under another name
    """
    stream.seek(0)
    head = stream.read(HEAD)
    media_type = sniff(head, filename, stream)
    other = disguise(head, media_type, filename, stream)
    if other:
        raise Invalid(
            _(
                "The file is not (only) what its name says: ${other} was found in it. "
                "Save it again with a program of its kind and send that.",
                mapping={"other": other.upper()},
            ),
            field,
        )
    return media_type


def ask(occasion: Occasion, filename: str, media_type: str, size: int) -> None:
    """:raises NotAllowed: a plugin refuses the file"""
    occasion.hooks.ask(
        "before_upload", occasion=occasion, filename=filename, media_type=media_type, size=size
    )


def store(
    occasion: Occasion, content: bytes, filename: str, access: str, media_type: str = ""
) -> StoredFile:
    """Keep what the site itself made (a cover).

    :param media_type: what it is, where its maker knows; else found in the bytes
    """
    media_type = media_type or sniff(content[:HEAD], filename, io.BytesIO(content))
    return _store(occasion, io.BytesIO(content), filename, media_type, access)


def store_path(
    occasion: Occasion, path: Path, filename: str, access: str, media_type: str = ""
) -> StoredFile:
    """Keep what the site itself made and wrote to a disk (a film), without copying it where it lies
    on the disk of the blobs. Nobody may write to the file any more; deleting it is harmless.

    :param media_type: as for `store`
    """
    if not media_type:
        with path.open("rb") as stream:
            media_type = sniff(stream.read(HEAD), filename, stream)
    kept = _add(occasion, StoredFile(filename, media_type, access, occasion.now))
    kept.take_over(path, hash_file(path))
    return kept


def _store(
    occasion: Occasion, stream: IO[bytes], filename: str, media_type: str, access: str
) -> StoredFile:
    kept = _add(occasion, StoredFile(filename, media_type, access, occasion.now))
    kept.fill(stream)
    return kept


def _add(occasion: Occasion, kept: StoredFile) -> StoredFile:
    """Before it has bytes: they are then written to where the store wants them, not to /tmp."""
    site = occasion.site
    site._p_jar.add(kept)  # noqa: SLF001 - persistent's own name
    site._p_jar.add(kept.blob)  # noqa: SLF001
    return site.files.add(kept)


def drop_file(occasion: Occasion, file_id: int) -> None:
    """Delete a file; nothing happens when there is none."""
    if file_id in occasion.site.files:
        occasion.site.files.remove(file_id)


def copy_file(occasion: Occasion, file_id: int, access: str) -> int:
    """Another file with the same bytes; its id, or 0 when the source is gone."""
    source = occasion.site.files.get(file_id)
    if source is None:
        return 0
    with source.open() as stream:
        return _store(occasion, stream, source.filename, source.media_type, access).id


def may_read(occasion: Occasion, stored: StoredFile) -> bool:
    """Whether the actor may read the file: anybody what is public, else viewers of its course."""
    if stored.access == "public":
        return True
    level, _colon, id = stored.access.partition(":")
    if level != "course" or not id.isdigit():
        return False
    course: Course | None = occasion.site.courses.get(int(id))
    return course is not None and occasion.can(Capability.ACTIVITY_VIEW, course)


def clean_filename(filename: str) -> str:
    """`filename` without folders and signs that file systems refuse; never empty.

    At most 120 characters; the extension stays.
    """
    name = _FILENAME.sub("_", re.split(r"[/\\]", filename)[-1]).strip(" ._")
    name = name.encode("utf-8", "replace").decode("utf-8")
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 10:
        name = f"{stem[: 119 - len(extension)]}.{extension}"
    return name[:120] or "file"


def _size(stream: IO[bytes]) -> int:
    stream.seek(0, io.SEEK_END)
    return stream.tell()


# Signed addresses


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and checks signed addresses.

    :param lifetime: seconds that an address is good for, at least half of it when it is made
    """

    secret: str
    lifetime: int

    def window(self, now: int) -> int:
        """Number of the present window: addresses are the same within it. For keys of caches."""
        return now // max(1, self.lifetime // 2)

    def expires(self, now: int, public: bool = False) -> int:
        """When an address made now ends, in seconds UTC."""
        half = max(1, (PUBLIC_LIFETIME if public else self.lifetime) // 2)
        return (now // half + 2) * half

    def sign(self, expires: int, file_key: str, filename: str) -> str:
        """The signature; see the module's docstring for the formula."""
        text = f"{expires}/{file_key}/{filename} {self.secret}"
        # MD5 is what nginx's secure_link has. The secret at the end keeps lengthening off, and
        # nobody outside chooses two texts: the file's id is random.
        digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def check(self, expires: str, signature: str, file_key: str, filename: str, now: int) -> bool:
        """Whether the address is one of ours and still good."""
        if not _DIGITS.fullmatch(expires) or int(expires) < now:
            return False
        expected = self.sign(int(expires), file_key, filename)
        return hmac.compare_digest(expected.encode(), signature.encode())

    def sign_many(
        self, named: Iterable[tuple[str, str]], now: int, public: bool = False
    ) -> list[str]:
        """The addresses of many files at once: of the pieces of a film.

        :param named: key and filename of each: the stored files themselves need not be loaded
        :param public: whether all of them are
        :return: paths, as of the route `file`
        """
        expires = self.expires(now, public)
        start, end = f"{expires}/".encode(), f" {self.secret}".encode()
        prefix = f"/files/{expires}/"
        found = []
        for key, filename in named:
            text = f"{key}/{filename}".encode()
            digest = hashlib.md5(start + text + end, usedforsecurity=False).digest()
            signature = base64.urlsafe_b64encode(digest)[:22].decode()
            found.append(f"{prefix}{signature}/{key}/{quote(filename, safe=_PATH_SAFE)}")
        return found

    def parts(self, stored: StoredFile, now: int) -> dict[str, str]:
        """The route's values for a file."""
        expires = self.expires(now, stored.access == "public")
        key = encode_id(stored.id)
        return {
            "expires": str(expires),
            "signature": self.sign(expires, key, stored.filename),
            "file": key,
            "filename": stored.filename,
        }


def secret(configured: str, keys: Keyring) -> str:
    """The secret of signed addresses: the .ini's, or one derived from the keys file."""
    return configured or keys.fingerprint("signed file addresses", "files").hex()
