"""Stored files: a ZODB blob with its name, media type, size and digest."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import IO

from ZODB.blob import Blob

from modou.store.containers import Item

_CHUNK = 1 << 16


class StoredFile(Item):
    """A file that the site keeps. Its bytes never change; a new version is a new file.

    :param access: who may read it: "public", or "<level>:<id>" of the context whose viewers may
    """

    def __init__(self, filename: str, media_type: str, access: str, created: int) -> None:
        self.filename = filename
        self.media_type = media_type
        self.access = access
        self.created = created
        self.size = 0
        self.sha256 = ""
        self.blob = Blob()

    def fill(self, source: IO[bytes]) -> None:
        """Take the bytes in, in constant memory; sets `size` and `sha256`."""
        digest = hashlib.sha256()
        size = 0
        with self.blob.open("w") as target:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.size = size
        self.sha256 = digest.hexdigest()

    def take_over(self, path: Path, sha256: str) -> None:
        """Take the bytes of a file, without copying them where both lie on one disk.

        The file stays: should the transaction be repeated, it is taken again. Nobody may write to
        it any more. Call this when the store knows the blob, that is when it was added to the
        connection: it has a folder of its own for what is not committed yet.

        :param sha256: its digest as hex digits
        """
        twin = path.with_name(f"{path.name}-{os.urandom(8).hex()}")
        try:
            os.link(path, twin)
        except OSError:
            # A file system without links.
            shutil.copyfile(path, twin)
        try:
            self.blob.consumeFile(str(twin))
        except BaseException:
            twin.unlink(missing_ok=True)
            raise
        self.size = path.stat().st_size
        self.sha256 = sha256

    def open(self) -> IO[bytes]:
        """The bytes, for reading; close it."""
        stream: IO[bytes] = self.blob.open("r")
        return stream
