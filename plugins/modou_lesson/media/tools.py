"""ffmpeg and ffprobe: whether they are there, what they say of a file, and running them with
progress and an end.

Names of uploads never reach a command line: files lie under names of our own in a folder of ours.
"""

import json
import logging
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

import ffmpeg

from modou_lesson.media.verdicts import Cancelled, Unfit

log = logging.getLogger(__name__)

PROGRAMS = ("ffmpeg", "ffprobe")
#: Seconds after which looking at a file is given up.
_PROBE_TIMEOUT = 300
#: Only files: a playlist or a document inside an upload must not make ffmpeg fetch anything.
PROTOCOLS = "file,pipe"

Tick = Callable[[float], None]


def missing() -> tuple[str, ...]:
    """Which of the programs are not there."""
    return tuple(name for name in PROGRAMS if shutil.which(name) is None)


@dataclass(frozen=True, slots=True)
class Probe:
    """What ffprobe says.

    :param seconds: how long it plays
    :param width: as shown, that is after turning
    :param codec: of the picture, "" without one
    :param plain: 8 bits a colour, 4:2:0: what every browser decodes
    :param turned: the picture is shown turned by 90, 180 or 270 degrees
    :param rate: pictures a second, on average
    :param bits: per second, of everything
    :param audio: codec of the sound, "" without one
    """

    seconds: float
    width: int
    height: int
    codec: str
    plain: bool
    turned: bool
    rate: float
    bits: int
    audio: str
    channels: int


def probe(path: Path) -> Probe:
    """:raises Unfit: it is no film and no sound ("unplayable")"""
    try:
        found = ffmpeg.probe(str(path), timeout=_PROBE_TIMEOUT, protocol_whitelist=PROTOCOLS)
    except (ffmpeg.Error, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        log.info("ffprobe refuses a file: %s", _last_line(getattr(error, "stderr", b"") or b""))
        raise Unfit("unplayable") from None
    streams: list[dict[str, Any]] = found.get("streams", [])
    videos = [s for s in streams if s.get("codec_type") == "video" and not _is_cover(s)]
    sounds = [s for s in streams if s.get("codec_type") == "audio"]
    if not videos and not sounds:
        raise Unfit("unplayable")
    overall = found.get("format", {})
    seconds = _number(overall.get("duration"))
    if not seconds:
        seconds = max((_number(s.get("duration")) for s in (*videos, *sounds)), default=0.0)
    picture = videos[0] if videos else {}
    turned = _rotation(picture) % 360 != 0
    width, height = int(picture.get("width", 0)), int(picture.get("height", 0))
    if _rotation(picture) % 180 == 90:
        width, height = height, width
    if videos and not (width and height):
        raise Unfit("unplayable")
    sound = sounds[0] if sounds else {}
    return Probe(
        seconds=seconds,
        width=width,
        height=height,
        codec=picture.get("codec_name", ""),
        plain=picture.get("pix_fmt") in {"yuv420p", "yuvj420p"}
        and picture.get("field_order", "progressive") in {"progressive", "unknown"},
        turned=turned,
        rate=_rate(picture.get("avg_frame_rate", "")),
        bits=int(_number(overall.get("bit_rate"))),
        audio=sound.get("codec_name", ""),
        channels=int(sound.get("channels", 0) or 0),
    )


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _rotation(stream: dict[str, Any]) -> int:
    for data in stream.get("side_data_list", []):
        if "rotation" in data:
            return round(_number(data["rotation"]))
    return round(_number(stream.get("tags", {}).get("rotate")))


def _number(text: Any) -> float:
    try:
        return max(-1e9, min(1e9, float(text)))
    except (TypeError, ValueError):
        return 0.0


def _rate(text: str) -> float:
    above, _slash, below = text.partition("/")
    return _number(above) / (_number(below) or 1)


def key_frame_gap(path: Path) -> float:
    """The longest time between two key frames of the picture, in seconds; reads every packet's
    head, decodes nothing."""
    command = [
        "ffprobe", "-v", "error", "-protocol_whitelist", PROTOCOLS, "-select_streams", "v:0",
        "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", str(path),
    ]  # fmt: skip
    longest = last = end = 0.0
    seen = False
    with subprocess.Popen(  # noqa: S603 - a fixed program, a path of ours
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            time, _comma, flags = line.partition(",")
            moment = _number(time)
            end = max(end, moment)
            if "K" in flags:
                longest = max(longest, moment - last) if seen else longest
                last, seen = moment, True
    return max(longest, end - last) if seen else float("inf")


def compiled(outputs: Sequence[Any]) -> list[str]:
    """The command line for outputs of ffmpeg-python that share their inputs."""
    whole = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    command: list[str] = whole.global_args(
        "-hide_banner", "-nostdin", "-v", "error", "-progress", "pipe:1", "-nostats"
    ).compile(overwrite_output=True)
    return command


def run(
    command: Sequence[str], tick: Tick, cancelled: Callable[[], bool], folder: Path | None = None
) -> None:
    """Run ffmpeg to its end.

    :param tick: is told how many seconds of the media are done
    :param cancelled: asked all the time; True stops the program
    :raises Cancelled:
    :raises Unfit: "no_room", "ffmpeg_failed" with its last words
    """
    with subprocess.Popen(  # noqa: S603 - a fixed program, paths of ours
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=folder,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - they are pipes
        assert process.stderr is not None  # noqa: S101
        words: deque[bytes] = deque(maxlen=20)
        listener = Thread(target=_listen, args=(process.stderr, words), daemon=True)
        listener.start()
        try:
            for seconds in _progress(process.stdout):
                if cancelled():
                    raise Cancelled
                tick(seconds)
        except BaseException:
            end(process)
            raise
        code = process.wait()
        listener.join()
    if code:
        said = b"\n".join(words)
        log.warning("ffmpeg ended with %d: %s", code, said.decode("utf-8", "replace")[-2000:])
        if b"No space left" in said:
            raise Unfit("no_room")
        raise Unfit("ffmpeg_failed", reason=_last_line(said))


def _listen(stream: IO[bytes], words: "deque[bytes]") -> None:
    for line in stream:
        words.append(line.strip()[:500])


def end(process: "subprocess.Popen[Any]") -> None:
    """Stop a program, whatever it takes."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_DONE = re.compile(rb"out_time_(?:us|ms)=(\d+)")


def _progress(stream: IO[bytes]) -> Iterator[float]:
    for line in stream:
        match = _DONE.match(line)
        if match:
            yield int(match[1]) / 1_000_000


def _last_line(said: bytes) -> str:
    """The last words of ffmpeg, without folders."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return re.sub(r"/\S*/", "", lines[-1]).strip()[:200] if lines else "?"
