"""The pictures of a paper, put into the page itself, within limits.

A picture of some kilobytes may have as many pixels as fill the memory: its head says how many,
before anything of it is decoded. Drawings that are programs (SVG) have no place here at all: what
is stored as a picture is made of pixels.
"""

import base64
from typing import IO, Final

from PIL import Image, UnidentifiedImageError

from modou.store.files import StoredFile

#: Of one picture, in bytes and in pixels (a telephone's camera makes 12 to 48 million).
LARGEST: Final = 8_000_000
MOST_PIXELS: Final = 50_000_000
#: Of all pictures of a paper.
ALL_BYTES: Final = 64_000_000
ALL_PIXELS: Final = 400_000_000
# Every further decoder is a further door. Names as Pillow has them.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")


class Pictures:
    """What gives the address of a picture within the page: its bytes.

    :param most_bytes: how many all pictures may have
    :param most_pixels: likewise
    """

    def __init__(self, most_bytes: int = ALL_BYTES, most_pixels: int = ALL_PIXELS) -> None:
        self.bytes_left = most_bytes
        self.pixels_left = most_pixels
        #: Names of those that found no place.
        self.left_out: list[str] = []
        self._made: dict[int, str] = {}

    def __call__(self, stored: StoredFile) -> str:
        """The address; "" for what is left out. Sound and film have no place on paper."""
        if stored.id not in self._made:
            self._made[stored.id] = self._address(stored)
        return self._made[stored.id]

    def _address(self, stored: StoredFile) -> str:
        if stored.media_type.startswith(("audio/", "video/")):
            return ""
        if not self.take(stored):
            self.left_out.append(stored.filename)
            return ""
        with stored.open() as stream:
            data = base64.b64encode(stream.read()).decode()
        return f"data:{stored.media_type};base64,{data}"

    def take(self, stored: StoredFile) -> bool:
        """Whether there is room for it; if so, it is taken."""
        if not stored.media_type.startswith("image/") or stored.size > LARGEST:
            return False
        with stored.open() as stream:
            pixels = pixels_of(stream)
        if not 0 < pixels <= min(MOST_PIXELS, self.pixels_left) or stored.size > self.bytes_left:
            return False
        self.bytes_left -= stored.size
        self.pixels_left -= pixels
        return True


def pixels_of(stream: IO[bytes]) -> int:
    """How many pixels a picture has, by its head; 0: it is none that can be printed."""
    try:
        with Image.open(stream, formats=_FORMATS) as picture:
            width, height = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return MOST_PIXELS + 1
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, LookupError, EOFError):
        return 0
    return width * height
