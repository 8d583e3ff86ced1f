"""Going through a whole database: does every object load, is every stored file what it was."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import transaction
from ZODB.DB import DB
from ZODB.POSException import POSKeyError
from ZODB.utils import oid_repr

from modou.store.files import StoredFile

_CHUNK = 1 << 20
#: Objects after which progress is told and memory is given back.
_BATCH = 10_000


@dataclass(slots=True)
class Findings:
    """What a check went through, and a sentence for each thing that is wrong."""

    objects: int = 0
    files: int = 0
    file_bytes: int = 0
    problems: list[str] = field(default_factory=list)


def check_database(database: DB, tell: Callable[[str], None]) -> Findings:
    """Load every object; read every `StoredFile` and compare its SHA-256."""
    found = Findings()
    tm = transaction.TransactionManager(explicit=True)
    tm.begin()
    with closing(database.open(transaction_manager=tm)) as connection:
        following: bytes | None = None
        while True:
            oid, _tid, _data, following = database.storage.record_iternext(following)
            try:
                item = connection.get(oid)
                item._p_activate()  # noqa: SLF001 - persistent's own name
                if isinstance(item, StoredFile):
                    _check_file(item, found)
            except POSKeyError as error:
                found.problems.append(f"object {oid_repr(oid)} is missing: {error}")
            except Exception as error:  # noqa: BLE001 - a damaged pickle raises anything
                found.problems.append(
                    f"object {oid_repr(oid)} cannot be loaded: {type(error).__name__}: {error}"
                )
            found.objects += 1
            if found.objects % _BATCH == 0:
                connection.cacheMinimize()
                tell(f"{found.objects} objects, {found.files} stored files checked")
            if following is None:
                tm.abort()
                return found


def _check_file(item: StoredFile, found: Findings) -> None:
    digest = hashlib.sha256()
    size = 0
    with item.open() as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    found.files += 1
    found.file_bytes += size
    if (size, digest.hexdigest()) != (item.size, item.sha256):
        found.problems.append(f"the stored file {item.key} ({item.filename}) is not what it was")
