"""Uploads that survive a broken line: sent in pieces before the form that they belong to.

A form's field says what it wants a file for: an `UploadPurpose`, declared by a plugin. Who is shown
the form gets a *ticket* with it, which begins uploads for that purpose and person; so the right to
see the form is the right to upload, and nobody else can fill the disk. The pieces go to the spool
(`modou.store.spool`) without touching the database. With the last one the bytes are looked at
(what they are, whether they are honest, `before_upload`) and hashed; then the form names the
upload, and `files.keep_upload` takes it over without copying it.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from modou.declarations import UploadPurpose
from modou.errors import Conflict, Invalid, ModouError, NotAllowed, NotFound, TooLarge
from modou.i18n import _
from modou.services import files
from modou.services.files import FinishedUpload
from modou.services.media_types import HEAD, sniff
from modou.services.occasion import Occasion
from modou.store.containers import decode_id, encode_id
from modou.store.spool import (
    Busy,
    Digest,
    Full,
    Part,
    Source,
    Spool,
    TooLong,
    WrongDigest,
    WrongOffset,
    hash_file,
)

#: Seconds that a form may stand open before its first upload begins.
TICKET_LIFETIME = 24 * 3600
#: Bytes that stay free for everything else on the disk.
RESERVE = 200_000_000
#: Uploads under way of one person.
MOST_UNDER_WAY = 100


class Locked(ModouError):
    """Another request writes to the same upload."""

    status = 423
    code = "locked"
    title = _("That is not possible now")


class StorageFull(ModouError):
    """The disk is full. `status` 507: trying again soon does not help."""

    status = 507
    code = "storage-full"
    title = _("There is no room left")


class ChecksumMismatch(ModouError):
    """A piece was damaged on its way (the status is tus's)."""

    status = 460
    code = "checksum-mismatch"
    title = _("That did not work")


class OffsetConflict(Conflict):
    """A piece that does not begin where the upload ends. `offset`: where that is."""

    code = "offset"

    def __init__(self, offset: int) -> None:
        super().__init__(
            _("The upload has ${offset} bytes; go on from there.", mapping={"offset": offset})
        )
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Uploads:
    """A site's uploads: where they lie and how much they may be; hangs on the registry.

    :param secret: signs a text: `Keyring.fingerprint`
    :param limit: most bytes of one, where neither its purpose nor `limits` says otherwise
    :param limits: name of a purpose -> most bytes, from the .ini
    :param quota: most bytes of one person that are under way or wait for their form
    :param lifetime: seconds after the last piece that one is kept
    """

    spool: Spool
    secret: Callable[[str, str], bytes]
    limit: int
    limits: Mapping[str, int]
    quota: int
    lifetime: int

    def limit_of(self, purpose: UploadPurpose) -> int:
        """Most bytes of an upload for a purpose."""
        return self.limits.get(purpose.name) or purpose.limit or self.limit

    def expires(self, part: Part) -> int:
        """When an upload is deleted if nobody touches it, in seconds UTC."""
        return part.touched + self.lifetime

    def _signature(self, text: str) -> str:
        return self.secret(text, "upload ticket").hex()[:32]

    def ticket(self, occasion: Occasion, purpose: str) -> str:
        """What lets the actor begin uploads for a purpose: "purpose.expires.signature"."""
        until = occasion.now + TICKET_LIFETIME
        actor = occasion.require_actor()
        return f"{purpose}.{until}.{self._signature(f'{purpose}.{until}.{actor.key}')}"

    def purpose_of(self, occasion: Occasion, ticket: str) -> UploadPurpose:
        """The purpose of a ticket of the actor.

        :raises Invalid: forged, of somebody else, or too old
        """
        name, _dot, rest = ticket.partition(".")
        until, _dot, signature = rest.partition(".")
        actor = occasion.require_actor()
        expected = self._signature(f"{name}.{until}.{actor.key}")
        purpose = occasion.assembled.upload_purposes.get(name)
        good = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
        if purpose is None or not good or int(until) < occasion.now:
            raise Invalid(_("This page was open for too long. Reload it and try again."))
        return purpose


def begin(
    occasion: Occasion, uploads: Uploads, ticket: str, filename: str, length: int, about: str = ""
) -> Part:
    """Begin an upload of `length` bytes.

    :param about: the sender's own words, kept as they are
    :raises Invalid: empty, no or an old ticket
    :raises TooLarge: more than the purpose takes, or than the actor may have under way
    :raises StorageFull: the disk has no room for it
    """
    owner = occasion.require_actor()
    purpose = uploads.purpose_of(occasion, ticket)
    if length <= 0:
        raise Invalid(_("The file is empty."))
    limit = uploads.limit_of(purpose)
    if length > limit:
        raise TooLarge(
            _(
                "The file is ${size} MB large. The limit is ${limit} MB.",
                mapping={"size": f"{length / 1e6:.1f}", "limit": f"{limit / 1e6:g}"},
            )
        )
    others = uploads.spool.of(owner.id)
    under_way = sum(part.length for part in others)
    if under_way + length > uploads.quota or len(others) >= MOST_UNDER_WAY:
        raise TooLarge(
            _(
                "You have ${count} uploads of together ${size} MB under way; ${limit} MB are "
                "allowed. Save or cancel some of them first.",
                mapping={
                    "count": len(others),
                    "size": f"{under_way / 1e6:.0f}",
                    "limit": f"{uploads.quota / 1e6:g}",
                },
            )
        )
    if uploads.spool.free() < length + RESERVE:
        raise _full()
    with _in_words():
        return uploads.spool.create(
            owner.id, purpose.name, files.clean_filename(filename), length, occasion.now, about
        )


def look(occasion: Occasion, uploads: Uploads, key: str) -> Part:
    """An upload of the actor.

    :raises NotFound: there is none of that key, or it is somebody else's, or has expired
    """
    part = uploads.spool.find(occasion.require_actor().id, key)
    if part is None or uploads.expires(part) < occasion.now:
        raise _gone()
    return part


def take(
    occasion: Occasion,
    uploads: Uploads,
    key: str,
    offset: int,
    source: Source,
    size: int | None,
    digest: tuple[Digest, bytes] | None = None,
) -> Part:
    """Take the next piece of an upload; with the last one, look at what it has become.

    :param size: bytes of the piece; None when the sender did not say
    :param digest: a fresh hash and what it must come to for this piece
    :return: the upload as it is now
    :raises OffsetConflict, Locked, TooLarge, ChecksumMismatch, StorageFull: nothing was kept of
        the piece
    :raises Invalid, NotAllowed: the file is not welcome; the upload is gone
    """
    part = look(occasion, uploads, key)
    before = part.offset
    with _in_words():
        if part.finished:
            if offset != part.length or size:
                raise WrongOffset(part.length)
            return part
        part = uploads.spool.append(part, offset, source, size, occasion.now, digest)
    complete = part.offset == part.length
    media_type = ""
    try:
        if complete:
            media_type = _judge(occasion, part)
        elif before < HEAD <= part.offset:
            _judge_early(occasion, part)
    except (Invalid, NotAllowed):
        uploads.spool.drop(part)
        raise
    if not complete:
        return part
    with _in_words():
        return uploads.spool.finish(part, media_type, hash_file(part.path))


def drop(occasion: Occasion, uploads: Uploads, key: str) -> None:
    """Cancel an upload of the actor.

    :raises NotFound: there is none
    :raises Locked: a piece is being written
    """
    part = look(occasion, uploads, key)
    with _in_words():
        uploads.spool.drop(part)


def finished(occasion: Occasion, uploads: Uploads, key: str, purpose: str) -> FinishedUpload | None:
    """A finished upload of the actor for a purpose, for the form that names it; None for none."""
    declared = occasion.assembled.upload_purposes.get(purpose)
    if occasion.actor is None or declared is None:
        return None
    part = uploads.spool.find(occasion.actor.id, key)
    if part is None or not part.finished or part.purpose != purpose:
        return None
    return FinishedUpload(part, uploads.spool, uploads.limit_of(declared))


def sweep(uploads: Uploads, now: int) -> tuple[int, int]:
    """Delete what was abandoned: for a job, every hour or so.

    :param now: seconds UTC
    :return: how many uploads, and how many bytes
    """
    return uploads.spool.sweep(now - uploads.lifetime)


def is_key(text: str) -> bool:
    """Whether `text` may be the key of an upload."""
    try:
        return encode_id(decode_id(text)) == text
    except KeyError:
        return False


def _judge(occasion: Occasion, part: Part) -> str:
    """The media type of a whole upload.

    :raises Invalid, NotAllowed: it is not welcome
    """
    purpose = occasion.assembled.upload_purposes.get(part.purpose)
    if purpose is None:
        raise Invalid(_("The plugin that wanted this file is not enabled any more."))
    with part.open() as stream:
        media_type = files.look_at(stream, part.filename)
    files.check_type(media_type, purpose.accept)
    files.ask(occasion, part.filename, media_type, part.length)
    return media_type


def _judge_early(occasion: Occasion, part: Part) -> None:
    """Refuse by its first bytes what would be refused at the end, before hours are wasted on it."""
    purpose = occasion.assembled.upload_purposes.get(part.purpose)
    with part.open() as stream:
        media_type = sniff(stream.read(HEAD), part.filename, stream)
    # What an archive is stands at its end.
    if purpose is not None and media_type != "application/zip":
        files.check_type(media_type, purpose.accept)


@contextmanager
def _in_words() -> Iterator[None]:
    """What the spool refuses, as errors for people."""
    try:
        yield
    except Busy:
        raise Locked(_("Another piece of this upload is being written right now.")) from None
    except WrongOffset as error:
        raise OffsetConflict(error.offset) from None
    except TooLong:
        raise TooLarge(_("More bytes came than were announced. Nothing was kept.")) from None
    except WrongDigest:
        raise ChecksumMismatch(_("A piece was damaged on its way. It is sent again.")) from None
    except Full:
        raise _full() from None
    except FileNotFoundError:
        raise _gone() from None


def _full() -> StorageFull:
    return StorageFull(
        _("The server has no room left for this file. The operator has to make some.")
    )


def _gone() -> NotFound:
    return NotFound(_("This upload does not exist (any more). Choose the file again."))
