"""MP3 files read frame by frame (ISO/IEC 11172-3): how long they are, and where which second lies.

Also with a changing bit rate, for which a header alone tells nothing reliable.
"""

import io
from dataclasses import dataclass
from typing import IO

from modou_lesson.media.boxes import EVERY
from modou_lesson.media.verdicts import Unfit

_RATES = {
    # version bits -> sampling rates
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}
_BITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_PIECE = 1 << 20
#: Bytes that may lie between two frames.
_MOST_RUBBISH = 65536


@dataclass(frozen=True, slots=True)
class Sound:
    """What an MP3 file holds; `offsets`: see `modou_lesson.models.ByteMap`."""

    seconds: float
    offsets: tuple[int, ...]
    index: tuple[int, int]


def read(stream: IO[bytes]) -> Sound:
    """:raises Unfit: "unplayable": no sound in it"""
    size = stream.seek(0, io.SEEK_END)
    start = place = _behind_tag(stream)
    seconds = 0.0
    frames = rubbish = 0
    offsets: list[int] = []
    base, piece = 0, b""
    while place + 4 <= size:
        if place + 4 > base + len(piece):
            stream.seek(place)
            base, piece = place, stream.read(_PIECE)
            if len(piece) < 4:
                break
        length, samples, rate = _frame(piece[place - base : place - base + 4])
        if not length:
            rubbish += 1
            if rubbish > _MOST_RUBBISH:
                break
            place += 1
            continue
        rubbish = 0
        while seconds > len(offsets) * EVERY:
            offsets.append(place)
        frames += 1
        seconds += samples / rate
        place += length
    if frames < 4:
        raise Unfit("unplayable")
    return Sound(seconds, tuple(offsets), (0, start))


def _behind_tag(stream: IO[bytes]) -> int:
    stream.seek(0)
    head = stream.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    length = 0
    for byte in head[6:10]:
        length = length << 7 | (byte & 0x7F)
    return 10 + length + (10 if head[5] & 0x10 else 0)


def _frame(head: bytes) -> tuple[int, int, int]:
    """(bytes, samples, samples a second) of a layer III frame; (0, 0, 1) when it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0, 0, 1
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bits in {0, 15} or rate == 3:
        return 0, 0, 1
    hertz = _RATES[version][rate]
    kilobits = (_BITS_1 if version == 3 else _BITS_2)[bits]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kilobits * 1000 // hertz + (head[2] >> 1 & 1), samples, hertz
