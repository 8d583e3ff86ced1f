"""Everything that a database holds, for comparing two of them."""

import hashlib
from contextlib import closing

from ZODB.blob import Blob
from ZODB.DB import DB
from ZODB.serialize import referencesf


def objects(database: DB) -> dict[bytes, str]:
    """Everything that can be reached from the root: oid -> SHA-256 of its record, for a blob of
    its bytes as well."""
    storage = database.storage
    found: dict[bytes, str] = {}
    todo = [b"\0" * 8]
    with closing(database.open()) as connection:
        while todo:
            oid = todo.pop()
            if oid in found:
                continue
            data, _tid = storage.load(oid)
            digest = hashlib.sha256(data)
            item = connection.get(oid)
            if isinstance(item, Blob):
                with item.open("r") as stream:
                    digest.update(stream.read())
            found[oid] = digest.hexdigest()
            referencesf(data, todo)
    return found
