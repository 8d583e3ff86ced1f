"""Video and audio cut into segments (HLS with fragmented MP4), a poster, small pictures for the
time line.

One run of ffmpeg decodes once and writes every rendition. H.264 whose key frames come often enough
is taken over as it is, and the smaller rendition gets its key frames at the same places, so that a
player can change between the two at every segment.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import ffmpeg

from modou_lesson.media import tools
from modou_lesson.media.tools import Probe, Tick
from modou_lesson.media.verdicts import Unfit

#: Seconds of a segment; one begins at the first key frame after them.
SEGMENT = 6
#: Seconds between key frames that a stream may have to be taken over.
LONGEST_GAP = 4.2
#: Bits per second above which a stream is encoded anew in any case.
MOST_BITS = 5_000_000
#: Small pictures of the time line: on one sheet, and their size in pixels.
COLUMNS, ROWS = 3, 2
THUMBNAIL = (160, 90)
_KEY_FRAMES = 2
_VIDEO_BITS = {360: 700_000, 720: 2_200_000}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made.

    :param sizes: short sides of the renditions to encode
    :param copied: name of the rendition that takes the stream over, "" for none
    """

    sizes: tuple[int, ...]
    copied: str


@dataclass(slots=True)
class Cut:
    """A rendition as files in a folder."""

    name: str
    width: int = 0
    height: int = 0
    bandwidth: int = 0
    codecs: str = ""
    init: Path = Path()
    segments: list[Path] = field(default_factory=list)
    milliseconds: list[int] = field(default_factory=list)


def segment_name(rendition: str, number: int) -> str:
    """The file name of a segment, as ffmpeg makes it."""
    return f"{rendition}-{number:05}.m4s"


def plan(probe: Probe, path: Path, *, ladder: bool, copy: bool) -> Plan:
    """What to make of a video."""
    short = min(probe.width, probe.height)
    can_copy = (
        copy
        and probe.codec == "h264"
        and probe.plain
        and not probe.turned
        and 240 <= short <= 1088
        and probe.bits <= MOST_BITS
        and tools.key_frame_gap(path) <= LONGEST_GAP
    )
    if can_copy:
        return Plan((360,) if ladder and short > 400 else (), f"{short}p")
    best = min(720, short - short % 2)
    sizes = (360, best) if ladder and best > 400 else (best,)
    return Plan(sizes, "")


def cut_video(
    source: Path,
    folder: Path,
    probe: Probe,
    made: Plan,
    tick: Tick,
    cancelled: Callable[[], bool],
) -> list[Cut]:
    """Make the renditions of a video in `folder`, the smallest first."""
    stream = _input(source)
    sound = _sound(stream, probe)
    outputs = []
    frames = stream.video.filter("fps", 30) if probe.rate > 31 else stream.video
    split = frames.filter_multi_output("split", len(made.sizes)) if made.sizes else ()
    for number, size in enumerate(made.sizes):
        width, height = _scaled(probe, size)
        picture = split[number].filter("scale", width, height).filter("format", "yuv420p")
        options = {
            "c:v": "libx264",
            "preset": "veryfast",
            "crf": 23,
            "maxrate": _bits(size),
            "bufsize": _bits(size) * 2,
            "sc_threshold": 0,
            "g": 600,
            "force_key_frames": "source" if made.copied else f"expr:gte(t,n_forced*{_KEY_FRAMES})",
        }
        outputs.append(_hls(folder, f"{size}p", [picture, *sound], {**options, **_aac(probe)}))
    if made.copied:
        audio = {"c:a": "copy"} if probe.audio == "aac" else _aac(probe)
        picked = [stream["v:0"], *sound]
        outputs.append(_hls(folder, made.copied, picked, {"c:v": "copy", **audio}))
    tools.run(tools.compiled(outputs), tick, cancelled, folder)
    names = [*(f"{size}p" for size in made.sizes), *((made.copied,) if made.copied else ())]
    cuts = [_read(folder, name) for name in names]
    for cut, size in zip(cuts, (*made.sizes, 0), strict=False):
        cut.width, cut.height = _scaled(probe, size) if size else (probe.width, probe.height)
    return sorted(cuts, key=lambda cut: cut.width * cut.height)


def cut_audio(
    source: Path, folder: Path, probe: Probe, tick: Tick, cancelled: Callable[[], bool]
) -> list[Cut]:
    """Make the rendition of a sound in `folder`."""
    options = {"c:a": "copy"} if probe.audio == "aac" else _aac(probe)
    output = _hls(folder, "audio", [_input(source)["a:0"]], options)
    tools.run(tools.compiled([output]), tick, cancelled, folder)
    return [_read(folder, "audio")]


def _input(source: Path) -> Any:
    return ffmpeg.input(str(source), protocol_whitelist=tools.PROTOCOLS)


def _sound(stream: Any, probe: Probe) -> list[Any]:
    return [stream["a:0"]] if probe.audio else []


def _aac(probe: Probe) -> dict[str, Any]:
    if not probe.audio:
        return {}
    return {"c:a": "aac", "b:a": "128k", "ac": min(2, probe.channels or 2), "ar": 48000}


def _bits(size: int) -> int:
    return _VIDEO_BITS.get(size, _VIDEO_BITS[720] * size // 720 + 200_000)


def _scaled(probe: Probe, size: int) -> tuple[int, int]:
    """Width and height with `size` on the short side, both even."""
    short, long = sorted((probe.width, probe.height))
    other = max(2, round(long * size / short / 2) * 2)
    return (other, size) if probe.width >= probe.height else (size, other)


def _hls(folder: Path, name: str, streams: list[Any], options: dict[str, Any]) -> Any:
    return ffmpeg.output(
        *streams,
        str(folder / f"{name}.m3u8"),
        format="hls",
        hls_time=SEGMENT,
        hls_playlist_type="vod",
        hls_list_size=0,
        hls_segment_type="fmp4",
        hls_flags="independent_segments",
        hls_fmp4_init_filename=f"{name}-init.mp4",
        hls_segment_filename=str(folder / f"{name}-%05d.m4s"),
        map_metadata=-1,
        map_chapters=-1,
        **options,
    )


_LENGTH = re.compile(r"#EXTINF:([0-9.]+)")


def _read(folder: Path, name: str) -> Cut:
    """What ffmpeg wrote of a rendition, from its playlist."""
    cut = Cut(name, init=folder / f"{name}-init.mp4")
    playlist = folder / f"{name}.m3u8"
    if not playlist.exists() or not cut.init.exists():
        raise Unfit("unplayable")
    for line in playlist.read_text(encoding="utf-8").splitlines():
        match = _LENGTH.match(line)
        if match:
            cut.milliseconds.append(round(float(match[1]) * 1000))
        elif line and not line.startswith("#"):
            cut.segments.append(folder / Path(line).name)
    if not cut.segments or len(cut.segments) != len(cut.milliseconds):
        raise Unfit("unplayable")
    rates = [
        path.stat().st_size * 8000 // max(length, 500)
        for path, length in zip(cut.segments, cut.milliseconds, strict=True)
    ]
    cut.bandwidth = max(rates)
    cut.codecs = codecs_of(cut.init.read_bytes())
    return cut


def codecs_of(init: bytes) -> str:
    """The codecs of an initialisation segment as RFC 6381 writes them."""
    names = []
    at = init.find(b"avcC")
    if at > 0:
        names.append("avc1." + init[at + 5 : at + 8].hex())
    if b"mp4a" in init:
        names.append("mp4a.40.2")
    return ",".join(names)


def draw_poster(source: Path, folder: Path, probe: Probe, cancelled: Callable[[], bool]) -> Path:
    """One picture from near the start that is no black frame; a JPEG file."""
    start = min(3.0, probe.seconds / 4)
    target = folder / "poster.jpg"
    output = (
        ffmpeg.input(str(source), ss=start, protocol_whitelist=tools.PROTOCOLS)
        .video.filter("thumbnail", 50)
        .filter("scale", "min(1280,iw)", -2)
        .output(str(target), vframes=1, **{"q:v": 4})
    )
    tools.run(tools.compiled([output]), _ignore, cancelled, folder)
    return target


def draw_sheets(
    source: Path,
    folder: Path,
    probe: Probe,
    every: int,
    tick: Tick,
    cancelled: Callable[[], bool],
) -> list[Path]:
    """Sheets of small pictures, one picture for each `every` seconds; JPEG files.

    Only key frames are decoded.
    """
    width, height = THUMBNAIL
    output = (
        ffmpeg.input(str(source), skip_frame="nokey", protocol_whitelist=tools.PROTOCOLS)
        .video.filter("fps", f"1/{every}", round="near", start_time=0)
        .filter("scale", width, height, force_original_aspect_ratio="decrease")
        .filter("pad", width, height, -1, -1)
        .filter("tile", f"{COLUMNS}x{ROWS}")
        .output(str(folder / "sheet-%05d.jpg"), vsync="passthrough", **{"q:v": 6})
    )
    tools.run(tools.compiled([output]), tick, cancelled, folder)
    sheets = sorted(folder.glob("sheet-*.jpg"))
    return sheets[: ceil(probe.seconds / (every * COLUMNS * ROWS))]


def _ignore(_seconds: float) -> None:
    """A picture is drawn too fast to tell about."""
