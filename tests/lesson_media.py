"""Media files as people send them, good ones and bad ones, made by a real ffmpeg.

Small and short: what is tested is what becomes of them, not how they look.
"""

import atexit
import io
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from modou.services.files import Upload

missing = [name for name in ("ffmpeg", "ffprobe") if shutil.which(name) is None]
needs_ffmpeg = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s={size}:r={rate}:d={seconds}")
SOUND = ("-f", "lavfi", "-i", "sine=f=440:d={seconds}")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


@cache
def folder() -> Path:
    """Where this process keeps what it made, until it ends."""
    made = Path(mkdtemp(prefix="modou-test-media-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def ffmpeg(target: Path, *arguments: str) -> Path:
    if not target.exists():
        command = ["ffmpeg", "-v", "error", "-y", *arguments, str(target)]
        subprocess.run(command, check=True, capture_output=True)
    return target


@cache
def video(
    seconds: int = 20, size: str = "1280x720", rate: int = 5, gap: int = 2, more: str = ""
) -> Path:
    """An MP4 with H.264 and AAC and a key frame every `gap` seconds; the table of contents last."""
    values = {"seconds": seconds, "size": size, "rate": rate}
    name = f"video-{seconds}-{size}-{rate}-{gap}{more.replace(' ', '')}.mp4".replace(":", "_")
    return ffmpeg(
        folder() / name,
        *(part.format(**values) for part in (*PICTURE, *SOUND)),
        *H264, "-g", str(rate * gap), "-keyint_min", str(rate * gap), "-sc_threshold", "0",
        "-c:a", "aac", "-shortest", *more.split(),
    )  # fmt: skip


@cache
def faststart(seconds: int = 20) -> Path:
    """The same with the table of contents first, as web masters make it."""
    return ffmpeg(
        folder() / f"faststart-{seconds}.mp4",
        "-i", str(video(seconds)), "-c", "copy", "-movflags", "+faststart",
    )  # fmt: skip


@cache
def long(hours: int) -> Path:
    """Hours of one small picture a second and a whisper of sound: ten minutes, again and again."""
    piece = ffmpeg(
        folder() / "ten-minutes.mp4",
        "-f", "lavfi", "-i", "color=black:s=320x240:r=1:d=600",
        "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=600",
        *H264, "-g", "3", "-c:a", "aac", "-b:a", "8k", "-t", "600",
    )  # fmt: skip
    return ffmpeg(
        folder() / f"long-{hours}.mp4",
        "-stream_loop", str(hours * 6 - 1), "-i", str(piece), "-c", "copy",
    )  # fmt: skip


@cache
def rotated() -> Path:
    """As a telephone held upright films: stored lying, with a note to turn it."""
    return ffmpeg(
        folder() / "rotated.mp4",
        "-i", str(video(8)), "-c", "copy", "-metadata:s:v:0", "rotate=90",
    )  # fmt: skip


@cache
def changing_rate() -> Path:
    """Pictures at changing distances, as telephones film in the dark."""
    return ffmpeg(
        folder() / "changing.mp4",
        "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=12",
        "-vf", "select='not(mod(n,3))+gt(random(0),0.6)'", "-vsync", "vfr", *H264, "-g", "30",
    )  # fmt: skip


@cache
def sound(name: str = "sound.mp3", seconds: int = 20) -> Path:
    values = {"seconds": seconds}
    return ffmpeg(folder() / f"{seconds}-{name}", *(part.format(**values) for part in SOUND))


@cache
def matroska(seconds: int = 12) -> Path:
    return ffmpeg(folder() / f"film-{seconds}.mkv", "-i", str(video(seconds)), "-c", "copy")


@cache
def hevc() -> Path:
    """H.265, which few browsers play."""
    return ffmpeg(
        folder() / "hevc.mp4",
        "-f", "lavfi", "-i", "testsrc2=s=640x360:r=5:d=6", "-c:v", "libx265", "-preset",
        "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=none",
    )  # fmt: skip


def cut_off(path: Path, share: float = 0.5) -> bytes:
    """What arrives when a copy is broken off."""
    content = path.read_bytes()
    return content[: int(len(content) * share)]


def upload(content: bytes | Path, filename: str = "第 1 节 安全用电.mp4") -> Upload:
    data = content.read_bytes() if isinstance(content, Path) else content
    return Upload(filename, io.BytesIO(data), 1_000_000_000)


def pdf(pages: int = 3, text: Callable[[int], str] = "Page {}".format) -> bytes:
    """A PDF with a line of text on each page."""
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(400, 560))
    for number in range(1, pages + 1):
        canvas.drawString(50, 500, text(number))
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def locked_pdf() -> bytes:
    """One that opens with a password only."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, encrypt=StandardEncryption("secret", canPrint=0))
    canvas.drawString(50, 500, "x")
    canvas.save()
    return stream.getvalue()


def empty_pdf() -> bytes:
    """A PDF that is one, with a tree of pages that holds none."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%sendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 3\n0000000000 65535 f \n"
    trailer = b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + head + table + trailer


def picture(width: int = 640, height: int = 480, colour: str = "teal") -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return stream.getvalue()
