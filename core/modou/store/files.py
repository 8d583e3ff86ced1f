"""Stored files: a ZODB blob with its name, media type, size and digest."""

import hashlib
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

    def open(self) -> IO[bytes]:
        """The bytes, for reading; close it."""
        stream: IO[bytes] = self.blob.open("r")
        return stream
