"""Archive segments: closed months of a log, compressed into a blob.

A segment holds batches of one log, one after the other, with everything that proves them: their
digests, the marks of their events, the events' canonical texts. It is cut into *blocks* of a few
megabytes that are read by themselves, so that one event can be found without unpacking a month::

    block   = head | digests | marks | LZMA(times, counts, lengths, texts)
    head    = "MDJ1", batches, events, length of the compressed part   (big-endian)

Digests and marks are random numbers, which compression would only make slower.
"""

import lzma
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple

from persistent import Persistent
from ZODB.blob import Blob

from modou.declarations import Event
from modou.store.journal.records import MARK, decode

_HEAD = struct.Struct(">4sIIQ")
_MAGIC = b"MDJ1"
_DIGEST = 32
#: Bytes of texts in a block, before compression.
BLOCK_SIZE = 1 << 22
#: LZMA's preset: higher ones make the archive a third smaller and take six times as long.
PRESET = 2


class DamagedSegment(ValueError):
    """A segment's blob does not hold what it should."""


@dataclass(slots=True)
class ArchivedBatch:
    """A batch as a segment keeps it; see `modou.store.journal.logs.Batch`."""

    time: int
    records: tuple[bytes, ...]
    marks: bytes
    digest: bytes

    def forget(self) -> None:
        """It is nobody's but the reader's."""

    def __iter__(self) -> Iterator[Event]:
        return map(decode, self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __bool__(self) -> bool:
        return True


class BlockPlace(NamedTuple):
    """Where a block lies in the blob: number of its first batch, time of its last one (UTC
    microseconds), offset and length in bytes."""

    first: int
    ends: int
    offset: int
    length: int


def pack_block(batches: list[ArchivedBatch]) -> bytes:
    """The block that holds `batches`."""
    records = [record for batch in batches for record in batch.records]
    text = b"".join(
        (
            struct.pack(f">{len(batches)}q", *(batch.time for batch in batches)),
            struct.pack(f">{len(batches)}I", *(len(batch.records) for batch in batches)),
            struct.pack(f">{len(records)}I", *map(len, records)),
            *records,
        )
    )
    packed = lzma.compress(text, preset=PRESET)
    return b"".join(
        (
            _HEAD.pack(_MAGIC, len(batches), len(records), len(packed)),
            *(batch.digest for batch in batches),
            *(batch.marks for batch in batches),
            packed,
        )
    )


def unpack_block(block: bytes) -> list[ArchivedBatch]:
    """The batches of a block.

    :raises DamagedSegment: the block is not what `pack_block` made
    """
    try:
        magic, count, events, length = _HEAD.unpack_from(block)
        start = _HEAD.size + count * _DIGEST + events * MARK
        if magic != _MAGIC or start + length != len(block):
            raise DamagedSegment("no block of a journal")
        text = lzma.decompress(block[start:])
        times = struct.unpack_from(f">{count}q", text)
        counts = struct.unpack_from(f">{count}I", text, count * 8)
        lengths = struct.unpack_from(f">{events}I", text, count * 12)
        at = count * 12 + events * 4
        if sum(counts) != events or at + sum(lengths) != len(text):
            raise DamagedSegment("the lengths in a block do not fit")
    except (struct.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise DamagedSegment(str(error)) from error
    batches = []
    digest, mark, number = _HEAD.size, _HEAD.size + count * _DIGEST, 0
    for time, size in zip(times, counts, strict=True):
        records = []
        for width in lengths[number : number + size]:
            records.append(text[at : at + width])
            at += width
        number += size
        marks = block[mark : mark + size * MARK]
        mark += size * MARK
        batches.append(ArchivedBatch(time, tuple(records), marks, block[digest : digest + _DIGEST]))
        digest += _DIGEST
    return batches


class Segment(Persistent):
    """Batches `first` to `last` of a log; never changed afterwards.

    - `begins`, `ends`: time of the first and of the last batch, UTC microseconds
    - `events`, `size`: events in it; bytes of the blob
    - `digest`: of the last batch
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.last = first - 1
        self.begins = 0
        self.ends = 0
        self.events = 0
        self.size = 0
        self.digest = b""
        self.blocks: tuple[BlockPlace, ...] = ()
        self.blob = Blob()

    def write(self, target: IO[bytes], batches: list[ArchivedBatch]) -> None:
        """Append a block to the blob that is open as `target`."""
        block = pack_block(batches)
        target.write(block)
        place = BlockPlace(self.last + 1, batches[-1].time, self.size, len(block))
        if not self.blocks:
            self.begins = batches[0].time
        self.blocks = (*self.blocks, place)
        self.last += len(batches)
        self.ends = batches[-1].time
        self.events += sum(len(batch.records) for batch in batches)
        self.size += len(block)
        self.digest = batches[-1].digest

    def block(self, index: int) -> list[ArchivedBatch]:
        """The batches of one block; the last one read stays in memory for the next question.

        :raises DamagedSegment: the blob does not hold it
        """
        kept: tuple[int, list[ArchivedBatch]] | None = getattr(self, "_v_block", None)
        if kept is not None and kept[0] == index:
            return kept[1]
        batches = self._read(index)
        self._v_block = (index, batches)
        return batches

    def _read(self, index: int) -> list[ArchivedBatch]:
        place = self.blocks[index]
        try:
            with self.blob.open("r") as source:
                source.seek(place.offset)
                block = source.read(place.length)
        except (OSError, LookupError) as error:
            raise DamagedSegment(f"the blob cannot be read: {error}") from error
        batches = unpack_block(block)
        following = self.blocks[index + 1].first if index + 1 < len(self.blocks) else self.last + 1
        if len(batches) != following - place.first:
            raise DamagedSegment("a block holds another number of batches than it should")
        return batches

    def _index_of(self, number: int) -> int:
        """Index of the block with batch `number`."""
        index = 0
        for index, place in enumerate(self.blocks):
            if place.first > number:
                return index - 1
        return index

    def get(self, number: int) -> ArchivedBatch:
        """Batch `number`, which must be from `first` to `last`."""
        index = self._index_of(number)
        return self.block(index)[number - self.blocks[index].first]

    def first_at(self, time: int) -> int:
        """Number of the first batch at `time` (UTC microseconds) or later; the last if none is."""
        for index, place in enumerate(self.blocks):
            if place.ends >= time:
                for offset, batch in enumerate(self.block(index)):
                    if batch.time >= time:
                        return place.first + offset
        return self.last

    def entries(self, after: int = 0) -> Iterator[tuple[int, ArchivedBatch]]:
        """(number, batch) behind `after`, oldest first; reads without keeping."""
        start = self._index_of(after + 1) if after >= self.first else 0
        for index in range(start, len(self.blocks)):
            number = self.blocks[index].first
            for batch in self._read(index):
                if number > after:
                    yield number, batch
                number += 1

    def backwards(self, start: int) -> Iterator[tuple[int, ArchivedBatch]]:
        """(number, batch) from `start` down to the first."""
        for index in range(self._index_of(start), -1, -1):
            first = self.blocks[index].first
            batches = self.block(index)
            for offset in range(min(start - first, len(batches) - 1), -1, -1):
                yield first + offset, batches[offset]
