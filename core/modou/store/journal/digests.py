"""Digests of the journal: records to leaves, leaves to a root, roots to a chain.

Merkle trees as in RFC 6962, section 2.1: a leaf is H(0x00 | record), a node H(0x01 | left | right),
and a tree of n leaves is split at the largest power of two below n. H is SHA-256, or SM3
(GB/T 32905) where an operator must use national algorithms.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SM3, Hash

Digest = Callable[[bytes], bytes]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


#: Name, as a log stores it -> function.
ALGORITHMS: dict[str, Digest] = {"sha256": _sha256, "sm3": _sm3}

_LEAF = b"\x00"
_NODE = b"\x01"
_CHAIN = struct.Struct(">qqq")


def leaf_digest(record: bytes, digest: Digest) -> bytes:
    """H(0x00 | record)"""
    return digest(_LEAF + record)


def root_digest(leaves: Sequence[bytes], digest: Digest) -> bytes:
    """The root over `leaves` (at least one).

    Pairs are joined level by level, an odd one goes up as it is: the same tree as the RFC's.
    """
    level = list(leaves)
    while len(level) > 1:
        above = [digest(_NODE + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def audit_path(leaves: Sequence[bytes], index: int, digest: Digest) -> list[tuple[bool, bytes]]:
    """What must be joined to leaf `index` to reach the root: (whether it stands left, digest)."""
    path = []
    level = list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append((index % 2 == 1, level[index ^ 1]))
        above = [digest(_NODE + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level, index = above, index // 2
    return path


def chain_digest(
    previous: bytes, number: int, time: int, count: int, root: bytes, digest: Digest
) -> bytes:
    """The digest of a batch: over the one before it, its place, time and size, and its root."""
    return digest(b"modou batch" + previous + _CHAIN.pack(number, time, count) + root)


@dataclass(frozen=True, slots=True)
class Proof:
    """That a record stands in a batch: everything that a stranger needs to recompute the batch's
    digest, and nothing of other events.

    :param log: name of the writer's log
    :param number: of the batch in its log
    :param previous: digest of the batch before it
    :param digest: of the batch; compare it with a seal, or with the next batch
    """

    algorithm: str
    record: bytes
    path: tuple[tuple[bool, bytes], ...]
    log: str
    number: int
    time: int
    count: int
    previous: bytes
    digest: bytes

    def as_json(self) -> dict[str, object]:
        """With digests in hexadecimal; the record as the text that it is."""
        return {
            "algorithm": self.algorithm,
            "record": self.record.decode(),
            "path": [{"left": left, "digest": d.hex()} for left, d in self.path],
            "log": self.log,
            "number": self.number,
            "time": self.time,
            "count": self.count,
            "previous": self.previous.hex(),
            "digest": self.digest.hex(),
        }


def check_proof(proof: Proof) -> bool:
    """Whether the proof leads from its record to its digest."""
    digest = ALGORITHMS[proof.algorithm]
    root = leaf_digest(proof.record, digest)
    for left, other in proof.path:
        root = digest(_NODE + (other + root if left else root + other))
    chained = chain_digest(proof.previous, proof.number, proof.time, proof.count, root, digest)
    return chained == proof.digest
