"""Uploads under way: a folder that all processes of a site share, outside of the database.

::

    <folder>/<owner>/<key>.part      the bytes that have arrived: its size is the offset
    <folder>/<owner>/<key>.json      what it is to become

Both names are ids as in URLs (`modou.store.containers`), so that somebody else's upload cannot even
be named. Nothing is written into the database for a piece. Whoever writes holds a lock (flock) on
the part; a process that dies leaves a truthful offset and no lock.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Protocol

from modou.store.containers import decode_id, encode_id, new_id

_CHUNK = 1 << 18
_HASHED = 1 << 20
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Busy(Exception):
    """Another request writes to the same upload now."""


class Full(Exception):
    """The disk (or a quota of the system) is full; nothing of the piece was kept."""


class WrongOffset(Exception):
    """The piece does not begin where the upload ends. `offset`: where it does."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the upload ends at {offset}")
        self.offset = offset


class TooLong(Exception):
    """The piece goes beyond the length that was announced; nothing of it was kept."""


class WrongDigest(Exception):
    """The piece is not what its checksum says; nothing of it was kept."""


class Digest(Protocol):
    """A hash under way, of `hashlib`."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Source(Protocol):
    """Where a piece is read from, such as `wsgi.input`."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Part:
    """An upload under way, as it was when it was looked at.

    :param key: its id as in URLs
    :param owner: id of the user
    :param length: bytes that it will have
    :param created: seconds UTC
    :param about: more of the uploader's words, sent back to them as they are
    :param offset: bytes that have arrived
    :param touched: seconds UTC of the last piece
    :param media_type: found in its bytes when all of them were here; "" before
    :param sha256: as hex digits, likewise
    """

    path: Path
    key: str
    owner: int
    purpose: str
    filename: str
    length: int
    created: int
    about: str = ""
    offset: int = 0
    touched: int = 0
    media_type: str = ""
    sha256: str = ""

    @property
    def finished(self) -> bool:
        """Whether all bytes are here and were found good."""
        return bool(self.sha256)

    def open(self) -> IO[bytes]:
        """The bytes that have arrived; close it."""
        return self.path.open("rb")


#: What of a Part is in its .json.
_KEPT = ("purpose", "filename", "length", "created", "about", "media_type", "sha256")


class Spool:
    """The folder; made when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # -- looking

    def of(self, owner: int) -> list[Part]:
        """All uploads of a user."""
        folder = self.folder / encode_id(owner)
        with suppress(FileNotFoundError):
            keys = sorted(path.stem for path in folder.glob("*.json"))
            return [part for key in keys if (part := self.find(owner, key)) is not None]
        return []

    def find(self, owner: int, key: str) -> Part | None:
        """One upload of a user; None when there is none of that key."""
        try:
            decode_id(key)
        except KeyError:
            return None
        path = self.folder / encode_id(owner) / f"{key}.part"
        try:
            state = path.stat()
            kept = json.loads(path.with_suffix(".json").read_text("utf-8"))
            values = {name: kept[name] for name in _KEPT}
        except (FileNotFoundError, ValueError, KeyError):
            return None
        return Part(
            path=path,
            key=key,
            owner=owner,
            offset=state.st_size,
            touched=int(state.st_mtime),
            **values,
        )

    def free(self) -> int:
        """Bytes that the disk still has for us."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return shutil.disk_usage(self.folder).free

    # -- writing

    def create(
        self, owner: int, purpose: str, filename: str, length: int, now: int, about: str = ""
    ) -> Part:
        """Begin an upload without bytes.

        :raises Full: not even that can be written
        """
        folder = self.folder / encode_id(owner)
        key = encode_id(new_id())
        path = folder / f"{key}.part"
        part = Part(path, key, owner, purpose, filename, length, now, about, touched=now)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600, exist_ok=False)
            os.utime(path, (now, now))
            _write_about(part)
        except OSError as error:
            _remove(path)
            if error.errno in _NO_SPACE:
                raise Full from error
            raise
        return part

    def append(
        self,
        part: Part,
        offset: int,
        source: Source,
        size: int | None,
        now: int,
        digest: tuple[Digest, bytes] | None = None,
    ) -> Part:
        """Write a piece behind what is here, in constant memory.

        When the line breaks, what has arrived is kept, unless it was to be checked by a digest.

        :param offset: where the sender believes that the upload ends
        :param size: bytes of the piece; None: until `source` ends
        :param digest: a fresh hash, and what it must come to
        :return: the upload with its new offset; durable
        :raises Busy, WrongOffset, TooLong, WrongDigest, Full: nothing of the piece was kept
        :raises FileNotFoundError: the upload is gone
        """
        with _locked(part.path) as file:
            end = os.fstat(file).st_size
            if end != offset:
                raise WrongOffset(end)
            room = part.length - offset
            if size is not None and size > room:
                raise TooLong
            try:
                end = offset + _copy(source, file, offset, room, size, digest and digest[0])
                short = size is not None and end - offset < size
                if digest is not None and (short or digest[0].digest() != digest[1]):
                    raise WrongDigest
                os.utime(file, (now, now))
                os.fdatasync(file)
            except BaseException as error:
                # A truthful offset needs no space: shortening a file always works.
                os.ftruncate(file, offset)
                if isinstance(error, OSError) and error.errno in _NO_SPACE:
                    raise Full from error
                raise
        return replace(part, offset=end, touched=now)

    def finish(self, part: Part, media_type: str, sha256: str) -> Part:
        """Note what the bytes were found to be.

        :raises Full: that cannot be written; the upload stays as it is
        """
        finished = replace(part, media_type=media_type, sha256=sha256)
        try:
            _write_about(finished)
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise Full from error
            raise
        return finished

    def drop(self, part: Part) -> None:
        """Delete an upload; nothing happens when it is gone.

        :raises Busy: somebody writes to it
        """
        with suppress(FileNotFoundError), _locked(part.path):
            _remove(part.path)

    def drop_claimed(self, part: Part) -> None:
        """Delete a finished upload whose bytes have been taken over; nobody writes to it."""
        _remove(part.path)

    def sweep(self, before: int) -> tuple[int, int]:
        """Delete what nobody has touched since `before` (seconds UTC).

        :return: how many uploads, and how many bytes
        """
        count = size = 0
        for path in self.folder.glob("*/*.part"):
            with suppress(FileNotFoundError, Busy), _locked(path) as file:
                state = os.fstat(file)
                if state.st_mtime < before:
                    _remove(path)
                    count += 1
                    size += state.st_size
        # Begun by a process that died between the two files, or claimed while it was looked at.
        for path in self.folder.glob("*/*.json*"):
            with suppress(FileNotFoundError):
                alone = not path.with_suffix(".part").exists() or path.suffix != ".json"
                if alone and path.stat().st_mtime < before:
                    path.unlink()
        return count, size


def hash_file(path: Path) -> str:
    """SHA-256 of all bytes as hex digits, in constant memory."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_HASHED):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """A descriptor of the file, which nobody else has locked.

    :raises Busy: somebody has
    :raises FileNotFoundError: also when it was deleted just before
    """
    try:
        file = os.open(path, os.O_RDWR)
    except PermissionError:
        # The store has taken it over, and made it read-only.
        file = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        if not os.fstat(file).st_nlink:
            raise FileNotFoundError(path)
        yield file
    finally:
        os.close(file)


def _copy(
    source: Source, file: int, offset: int, room: int, size: int | None, digest: Digest | None
) -> int:
    """How many bytes were copied: fewer than `size` when the line broke."""
    done = 0
    while size is None or done < size:
        try:
            chunk = source.read(_CHUNK if size is None else min(_CHUNK, size - done))
        except OSError:
            break
        if not chunk:
            break
        if done + len(chunk) > room:
            raise TooLong
        if digest is not None:
            digest.update(chunk)
        view = memoryview(chunk)
        while view:
            written = os.pwrite(file, view, offset + done)
            done += written
            view = view[written:]
    return done


def _write_about(part: Part) -> None:
    kept: dict[str, Any] = {k: v for k, v in asdict(part).items() if k in _KEPT}
    path = part.path.with_suffix(".json")
    fresh = path.with_suffix(".json-new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(kept), "utf-8")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _remove(part: Path) -> None:
    part.with_suffix(".json").unlink(missing_ok=True)
    part.unlink(missing_ok=True)
