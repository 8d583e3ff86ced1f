"""Course covers: an upload made safe and small, or a cover drawn for a course that has none.

Whatever is uploaded is decoded and encoded anew. What leaves this module are two WebP pictures
without metadata (no place, no camera, no colour profile) and a colour to show while they load.
"""

import io
import math
import random
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from typing import IO, Final

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from modou.errors import Invalid, Message
from modou.i18n import _

#: Width and height in pixels of what `make_cover` makes.
LARGE: Final = (1280, 720)
SMALL: Final = (480, 270)
#: Largest upload in bytes.
MAXIMUM_BYTES: Final = 12 * 1024 * 1024
#: Largest picture before scaling, in pixels: more than a 48-megapixel camera makes.
MAXIMUM_PIXELS: Final = 50_000_000
#: Smaller pictures look torn when they are enlarged to a cover.
MINIMUM_SIZE: Final = (320, 180)
LOGO: Final = (480, 128)
MINIMUM_LOGO: Final = (32, 32)

# Every further decoder is a further door. Names as Pillow has them.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
# Tokens of the default theme.
PAPER: Final = (251, 250, 246)
INK: Final = (22, 32, 44)
_TINTS = (
    (36, 71, 168),  # indigo
    (31, 122, 77),  # green
    (22, 32, 44),  # ink
    (150, 110, 60),  # wood
    (60, 110, 130),  # slate
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """A cover in both sizes, as WebP files, and its mean colour as `#rrggbb`."""

    large: bytes
    small: bytes
    colour: str
    media_type: str = "image/webp"


def make_cover(source: bytes | IO[bytes], *, field: str | None = "cover") -> Pictures:
    """Make a cover of an upload: turned upright, cut to 16:9 around the middle, scaled, stripped.

    Of an animation the first frame is taken; what is transparent becomes paper.

    :param source: the file, or a binary stream, read from where it stands and not closed
    :raises Invalid: for what is no picture, is incomplete, of an unsupported kind, too small, or
        has too many bytes or pixels (found out before they are decoded)
    """
    upright = _decode(_read(source, field), field, MINIMUM_SIZE)
    cover = ImageOps.fit(_on_paper(upright), LARGE, Image.Resampling.LANCZOS)
    small = cover.resize(SMALL, Image.Resampling.LANCZOS, reducing_gap=3.0)
    # The picture shrunk to 64 pixels and then to one: its mean, without counting each pixel.
    red, green, blue = (
        small.resize((8, 8), Image.Resampling.BOX).resize((1, 1), Image.Resampling.BOX).tobytes()
    )
    return Pictures(_webp(cover), _webp(small), f"#{red:02x}{green:02x}{blue:02x}")


def make_logo(source: bytes | IO[bytes], *, field: str | None = "logo") -> bytes:
    """A site's logo as PNG of at most 480 by 128 pixels; what was transparent stays so.

    :raises Invalid: as `make_cover`; at least 32 pixels each way are needed
    """
    logo = _decode(_read(source, field), field, MINIMUM_LOGO).convert("RGBA")
    logo.thumbnail(LOGO, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    logo.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _read(source: bytes | IO[bytes], field: str | None) -> bytes:
    content = source if isinstance(source, bytes) else source.read(MAXIMUM_BYTES + 1)
    if len(content) > MAXIMUM_BYTES:
        raise Invalid(
            _(
                "The picture is larger than ${limit} MB.",
                mapping={"limit": MAXIMUM_BYTES // (1024 * 1024)},
            ),
            field,
        )
    return content


def _webp(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=82, method=4)
    return stream.getvalue()


def _decode(content: bytes, field: str | None, least: tuple[int, int]) -> Image.Image:
    """Give the upright picture, or say why there is none."""
    if b"<svg" in content[:4096].lower():
        raise Invalid(
            _("SVG pictures can hold programs and are not taken. Save it as PNG or JPEG."), field
        )
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            _check_size(picture.size, field, least)
            # JPEG can be decoded at half the size and less, which is enough for a cover.
            picture.draft("RGB", (LARGE[0] * 2, LARGE[1] * 2))
            picture.load()
            return ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(field) from None
    except UnidentifiedImageError:
        raise Invalid(
            _("This file is no picture that can be used. JPEG, PNG, WebP and GIF can be."), field
        ) from None
    except (OSError, SyntaxError, ValueError, LookupError, EOFError, struct.error, zlib.error):
        # Pillow's decoders raise all of these for damaged files.
        raise Invalid(
            _("The picture is damaged or incomplete. Save it again and send that."), field
        ) from None


def _check_size(size: tuple[int, int], field: str | None, least: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAXIMUM_PIXELS:
        raise _too_many_pixels(field)
    if width < least[0] or height < least[1]:
        raise Invalid(
            _(
                "The picture has only ${width} × ${height} pixels; at least ${least_width} × "
                "${least_height} are needed.",
                mapping={
                    "width": width,
                    "height": height,
                    "least_width": least[0],
                    "least_height": least[1],
                },
            ),
            field,
        )


def _too_many_pixels(field: str | None) -> Invalid:
    message: Message = _(
        "The picture has more than ${limit} million pixels.",
        mapping={"limit": MAXIMUM_PIXELS // 1_000_000},
    )
    return Invalid(message, field)


def _on_paper(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16-bit grey: RGB would cut it off at 255 instead of scaling it.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    paper = Image.new("RGB", picture.size, PAPER)
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        paper.paste(rgba, mask=rgba)
    else:
        paper.paste(picture.convert("RGB"))
    return paper


# --- drawn covers ---------------------------------------------------------------------------------

# Drawn at twice the size and scaled down: smooth edges.
_SCALE = 2
_FONTS = (
    "NotoSansCJK-Medium.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Medium.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Medium.otf",
    "SourceHanSansSC-Regular.otf",
    "PingFang.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
)
# Noto's collection holds the Japanese shapes first and the simplified Chinese ones third.
_FACE = dict.fromkeys(
    ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Medium.ttc", "NotoSansCJK-Regular.ttc"), 2
)


def draw_cover(title: str, seed: str | int, *, fonts: tuple[str, ...] = _FONTS) -> bytes:
    """Draw a cover for a course: one ink line snapped across paper, and the title.

    The same title and seed always give the same picture. Without one of the fonts on this machine
    a title beyond Latin letters stays away and the line alone is drawn.

    :param seed: anything that is the course's own, e.g. its id
    :param fonts: file names of fonts with Chinese characters, the first that is found is taken
    :return: a PNG file of 1280 by 720 pixels, fit for `make_cover`
    """
    # Not for secrets: chance that can be repeated.
    chance = random.Random(f"{seed}")  # noqa: S311
    width, height = LARGE[0] * _SCALE, LARGE[1] * _SCALE
    tint = chance.choice(_TINTS)
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)

    # The line cuts the picture in two: paper for the title above it, the course's tone below.
    left = height * chance.uniform(0.76, 0.84)
    right = left - height * chance.uniform(0.10, 0.18)
    start, end = (0.0, left), (float(width), right)
    draw.polygon([start, end, (width, height), (0, height)], fill=tint)
    _draw_marks(draw, start, end, _mix(PAPER, tint, 0.6))
    _draw_spray(draw, start, end, chance)
    draw.line([start, end], fill=INK, width=8 * _SCALE)
    _draw_reel(draw, start, end, chance.uniform(0.78, 0.88), tint)

    cover = picture.resize(LARGE, Image.Resampling.LANCZOS, reducing_gap=2.0)
    _write_title(ImageDraw.Draw(cover), title, fonts)
    stream = io.BytesIO()
    cover.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _mix(
    colour: tuple[int, int, int], ground: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    red, green, blue = (
        round(part * share + below * (1 - share))
        for part, below in zip(colour, ground, strict=True)
    )
    return red, green, blue


def _point(
    start: tuple[float, float], end: tuple[float, float], share: float
) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _draw_marks(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: tuple[int, int, int],
) -> None:
    """Graduation below the line, as on a carpenter's rule."""
    length = math.dist(start, end)
    across = ((start[1] - end[1]) / length, (end[0] - start[0]) / length)
    for number in range(1, 80):
        x, y = _point(start, end, number / 80)
        deep = {0: 52, 5: 36}.get(number % 10, 22) * _SCALE
        draw.line(
            [(x, y), (x + across[0] * deep, y + across[1] * deep)], fill=colour, width=2 * _SCALE
        )


def _draw_spray(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    chance: random.Random,
) -> None:
    """The fine drops that a wet string leaves above the line when it is snapped."""
    for _drop in range(700):
        x, y = _point(start, end, chance.random())
        away = abs(chance.gauss(0, 7)) * _SCALE
        size = chance.uniform(0.4, 1.5) * _SCALE * max(0.25, 1 - away / (20 * _SCALE))
        y -= away
        draw.ellipse([x - size, y - size, x + size, y + size], fill=_mix(INK, PAPER, 0.8))


def _draw_reel(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    share: float,
    tint: tuple[int, int, int],
) -> None:
    """The reel that the string comes from."""
    x, y = _point(start, end, share)
    for radius, colour in ((92, INK), (84, PAPER), (34, tint), (10, PAPER)):
        size = radius * _SCALE
        draw.ellipse([x - size, y - size, x + size, y + size], fill=colour)


@cache
def _font(names: tuple[str, ...], size: int) -> ImageFont.FreeTypeFont | None:
    for name in names:
        try:
            return ImageFont.truetype(name, size, index=_FACE.get(name, 0))
        except OSError:
            continue
    return None


def forget_fonts() -> None:
    """Give back the memory of the fonts that were used, some 3 MB for each size."""
    _font.cache_clear()


def text_font(
    text: str, size: int, fonts: tuple[str, ...] = _FONTS
) -> ImageFont.FreeTypeFont | None:
    """A font for `text`; None when no font on this machine has its characters.

    :param size: in pixels
    :param fonts: file names of fonts with Chinese characters, the first that is found is taken
    """
    font = _font(fonts, size)
    if font is None and all(character < "\u0250" for character in text):
        # The font inside Pillow, which knows Latin letters only.
        built_in = ImageFont.load_default(size)
        return built_in if isinstance(built_in, ImageFont.FreeTypeFont) else None
    return font


def _write_title(draw: ImageDraw.ImageDraw, title: str, fonts: tuple[str, ...]) -> None:
    text = " ".join(title.split())
    lines: list[str] = []
    for size in (84, 68, 56):
        font = text_font(text, size, fonts)
        if font is None:
            return
        lines = _wrap(draw, text, font, LARGE[0] - 2 * 88)
        if len(lines) <= 2 or size == 56:
            if len(lines) > 3:
                lines = [*lines[:2], lines[2][:-1] + "…"]
            draw.multiline_text((88, 92), "\n".join(lines), INK, font, spacing=size * 0.3)
            return


def _wrap(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: int
) -> list[str]:
    """Break between words, and inside what is longer than a line, as Chinese is."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if draw.textlength(joined, font=font) <= width:
            lines[-1] = joined
            continue
        if lines[-1] and draw.textlength(word, font=font) <= width:
            lines.append(word)
            continue
        for character in (" " if lines[-1] else "") + word:
            if draw.textlength(lines[-1] + character, font=font) > width:
                lines.append("")
            lines[-1] += character
    return [line.strip() for line in lines]
