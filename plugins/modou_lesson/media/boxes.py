"""MP4 files read by their own boxes (ISO/IEC 14496-12): what is in them, how long they are, and
where in the file which second lies.

It reads the table of contents (`moov`), never the media; a file of some hours takes a second. It
is what judges uploads while somebody waits, and all that there is where ffmpeg is missing.
"""

import io
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from modou_lesson.media.verdicts import Unfit

#: Seconds between two entries of `Movie.offsets`.
EVERY = 5
#: A table of contents above this is no film.
_MOST_INDEX = 200_000_000
#: Seconds that a chunk may last, and that sound and picture of one moment may lie apart.
_LONGEST_CHUNK = 30.0
_H264 = {b"avc1", b"avc3"}
#: Baseline, main, extended, high.
_PROFILES = {66, 77, 88, 100}
_SOUND = {b"mp4a", b".mp3"}


@dataclass(frozen=True, slots=True)
class Movie:
    """What an MP4 file holds.

    :param seconds: how long it plays
    :param width: as shown, that is after turning; 0 without a picture
    :param video: the picture's sample format ("avc1", "hvc1" …), "" without one
    :param audio: likewise for the sound
    :param plays: whether browsers play it as it is and it can be handed out bit by bit
    :param offsets: see `modou_lesson.models.ByteMap`
    :param index: first byte of `moov`, and the byte behind it
    """

    seconds: float
    width: int
    height: int
    video: str
    audio: str
    plays: bool
    offsets: tuple[int, ...]
    index: tuple[int, int]


@dataclass(slots=True)
class _Track:
    kind: str
    format: bytes
    seconds: float
    width: int = 0
    height: int = 0
    turned: bool = False
    #: Profile that browsers decode (8 bits, 4:2:0).
    usual: bool = True
    #: Start in seconds of each chunk, and its first byte.
    times: "array[float] | None" = None
    places: "array[int] | None" = None
    end: int = 0


def read(stream: IO[bytes]) -> Movie:
    """
    :raises Unfit: "truncated" (bytes are missing), "unplayable" (no table of contents, or it
        contradicts itself), "empty_media" (nothing in it)
    """
    size = stream.seek(0, io.SEEK_END)
    try:
        return _read(stream, size)
    except (struct.error, IndexError, ZeroDivisionError, OverflowError, MemoryError):
        raise Unfit("unplayable") from None


def _read(stream: IO[bytes], size: int) -> Movie:
    index, fragmented = _table_of_contents(stream, size)
    stream.seek(index[0])
    moov = memoryview(stream.read(index[1] - index[0]))
    tracks = [t for t in map(_track, _children(moov[_head_size(moov) :], b"trak")) if t is not None]
    videos = [t for t in tracks if t.kind == "vide"]
    sounds = [t for t in tracks if t.kind == "soun"]
    if not videos and not sounds:
        raise Unfit("unplayable")
    seconds = max(t.seconds for t in videos or sounds)
    if fragmented:
        return _movie(0.0, videos, sounds, False, (), index)
    if seconds <= 0:
        raise Unfit("empty_media")
    used = (videos[:1] or []) + sounds[:1]
    if any(track.end > size for track in used):
        raise Unfit("truncated")
    offsets = _offsets(used, seconds, size)
    plays = (
        offsets is not None
        and all(t.format in _H264 and t.usual for t in videos)
        and all(t.format in _SOUND for t in sounds)
        and not any(t.turned for t in videos)
    )
    return _movie(seconds, videos, sounds, plays, offsets or (), index)


def _table_of_contents(stream: IO[bytes], size: int) -> tuple[tuple[int, int], bool]:
    """Where `moov` lies, and whether the film is in fragments with tables of their own."""
    index: tuple[int, int] | None = None
    fragmented = media = False
    for kind, start, end in _top_level(stream, size):
        if end > size and kind in {b"moov", b"mdat"}:
            raise Unfit("truncated")
        if kind == b"moov":
            index = start, end
        fragmented = fragmented or kind == b"moof"
        media = media or kind == b"mdat"
    if index is None:
        # Cameras and recorders write it last: a copy that was cut off has none.
        raise Unfit("truncated" if media else "unplayable")
    if index[1] - index[0] > _MOST_INDEX:
        raise Unfit("unplayable")
    return index, fragmented


def _movie(
    seconds: float,
    videos: list[_Track],
    sounds: list[_Track],
    plays: bool,
    offsets: tuple[int, ...],
    index: tuple[int, int],
) -> Movie:
    picture = videos[0] if videos else None
    width, height = (picture.width, picture.height) if picture else (0, 0)
    if picture and picture.turned:
        width, height = height, width
    return Movie(
        seconds,
        width,
        height,
        picture.format.decode("latin-1") if picture else "",
        sounds[0].format.decode("latin-1") if sounds else "",
        plays,
        offsets,
        index,
    )


def _top_level(stream: IO[bytes], size: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, first byte, byte behind it); the end may lie beyond the file."""
    place = 0
    while place + 8 <= size:
        stream.seek(place)
        head = stream.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        head_length = 8
        if length == 1:
            (length,) = struct.unpack(">Q", head[8:16])
            head_length = 16
        elif length == 0:
            length = size - place
        if length < head_length:
            raise Unfit("unplayable")
        yield kind, place, place + length
        place += length


def _head_size(box: memoryview) -> int:
    return 16 if struct.unpack(">I", box[:4])[0] == 1 else 8


def _boxes(body: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    place = 0
    while place + 8 <= len(body):
        length, kind = struct.unpack(">I4s", body[place : place + 8])
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", body[place + 8 : place + 16])
            head = 16
        elif length == 0:
            length = len(body) - place
        if length < head or place + length > len(body):
            raise Unfit("unplayable")
        yield bytes(kind), body[place + head : place + length]
        place += length


def _children(body: memoryview, kind: bytes) -> list[memoryview]:
    return [content for name, content in _boxes(body) if name == kind]


def _child(body: memoryview, *path: bytes) -> memoryview | None:
    for kind in path:
        found = _children(body, kind)
        if not found:
            return None
        body = found[0]
    return body


def _track(trak: memoryview) -> _Track | None:
    handler, head = _child(trak, b"mdia", b"hdlr"), _child(trak, b"mdia", b"mdhd")
    table = _child(trak, b"mdia", b"minf", b"stbl")
    if handler is None or head is None or table is None:
        return None
    kind = bytes(handler[8:12]).decode("latin-1")
    if kind not in {"vide", "soun"}:
        return None
    if head[0] == 1:
        scale, duration = struct.unpack(">IQ", head[20:32])
    else:
        scale, duration = struct.unpack(">II", head[12:20])
    formats = _child(table, b"stsd")
    if formats is None or not scale or len(formats) < 16:
        return None
    # A cover picture in a sound file is a track of its own.
    if bytes(formats[12:16]) in {b"jpeg", b"png ", b"mjpa"}:
        return None
    track = _Track(kind, bytes(formats[12:16]), duration / scale)
    if kind == "vide":
        track.width, track.height = struct.unpack(">HH", formats[16 + 24 : 16 + 28])
        header = _child(trak, b"tkhd")
        if header is not None:
            matrix = struct.unpack(">9i", header[-44:-8])
            track.turned = matrix[1] != 0 or matrix[0] < 0
        configuration = bytes(formats).find(b"avcC")
        if configuration > 0:
            track.usual = formats[configuration + 5] in _PROFILES
    _chunks(track, table, scale)
    return track


def _integers(box: memoryview | None, code: str, skip: int) -> "array[int]":
    """A table of big-endian integers behind `skip` bytes."""
    numbers: array[int] = array(code)
    if box is not None:
        usable = (len(box) - skip) // numbers.itemsize * numbers.itemsize
        numbers.frombytes(box[skip : skip + usable])
        numbers.byteswap()
    return numbers


def _chunks(track: _Track, table: memoryview, scale: int) -> None:
    """Fill in where the chunks of a track begin, in time and in the file."""
    wide = _child(table, b"co64")
    places = (
        _integers(wide, "Q", 8) if wide is not None else _integers(_child(table, b"stco"), "I", 8)
    )
    runs = _integers(_child(table, b"stsc"), "I", 8)
    spans = _integers(_child(table, b"stts"), "I", 8)
    sizes_box = _child(table, b"stsz")
    if not places or not runs or not spans or sizes_box is None:
        track.times, track.places = array("d"), array("Q")
        return
    (uniform,) = struct.unpack(">I", sizes_box[4:8])
    sizes = _integers(sizes_box, "I", 12) if not uniform else None
    counts = _samples_per_chunk(runs, len(places))
    clock = _clock(spans)
    times: array[float] = array("d")
    sample = 0
    last_end = 0
    for place, count in zip(places, counts, strict=True):
        times.append(next(clock, 0) / scale)
        _skip(clock, count - 1)
        if sizes is not None:
            length = sum(sizes[sample : sample + count])
        else:
            length = uniform * count
        sample += count
        last_end = max(last_end, place + length)
    track.times = times
    track.places = array("Q", places)
    track.end = last_end


def _samples_per_chunk(runs: "array[int]", chunks: int) -> "array[int]":
    counts: array[int] = array("L")
    for at in range(0, len(runs), 3):
        first, samples = runs[at], runs[at + 1]
        behind = runs[at + 3] if at + 3 < len(runs) else chunks + 1
        if not 1 <= first <= behind <= chunks + 1:
            raise Unfit("unplayable")
        counts.extend([samples] * (behind - first))
    if len(counts) != chunks:
        raise Unfit("unplayable")
    return counts


def _clock(spans: "array[int]") -> Iterator[int]:
    """When each sample begins, in the track's own units."""
    now = 0
    for at in range(0, len(spans) - 1, 2):
        count, step = spans[at], spans[at + 1]
        yield from range(now, now + count * step, step) if step else iter([now] * min(count, 10**7))
        now += count * step


def _skip(clock: Iterator[int], count: int) -> None:
    next(islice(clock, count, count), None)


def _offsets(tracks: list[_Track], seconds: float, size: int) -> tuple[int, ...] | None:
    """For every `EVERY` seconds the first byte that belongs to something later; None when sound
    and picture lie so far apart that no beginning of the file plays by itself."""
    entries = int(seconds // EVERY) + 1
    allowed = [size] * entries
    needed = [0] * entries
    for track in tracks:
        if track.times is None or track.places is None or not track.times:
            return None
        lowest = size
        number = len(track.times) - 1
        for entry in range(entries - 1, -1, -1):
            moment = entry * EVERY
            while number >= 0 and track.times[number] > moment:
                lowest = min(lowest, track.places[number])
                number -= 1
            allowed[entry] = min(allowed[entry], lowest)
            if number >= 0:
                needed[entry] = max(needed[entry], track.places[number])
    ahead = int(_LONGEST_CHUNK // EVERY)
    for entry in range(entries - ahead):
        if needed[entry] >= allowed[entry + ahead]:
            return None
    return tuple(allowed)
