"""A sheet to draw on: ink on paper, as the default theme has it.

Drawn at four times the size and given out at twice the size, so that lines are smooth and stay
sharp on fine screens. Coordinates and sizes are in pixels of the page, from the upper left corner.
"""

import io
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from PIL import Image, ImageDraw

from modou.services import pictures

Colour = tuple[int, int, int]
Point = tuple[float, float]

# Tokens of the default theme.
INK: Final[Colour] = pictures.INK
PAPER: Final[Colour] = pictures.PAPER
SOFT: Final[Colour] = (70, 81, 94)
FAINT: Final[Colour] = (135, 141, 147)
SHADE: Final[Colour] = (236, 233, 223)
RAISED: Final[Colour] = (255, 255, 255)
INDIGO: Final[Colour] = (36, 71, 168)
INDIGO_SOFT: Final[Colour] = (226, 232, 246)
VERMILION: Final[Colour] = (179, 49, 31)
VERMILION_SOFT: Final[Colour] = (250, 229, 222)
GREEN: Final[Colour] = (31, 122, 77)
GREEN_SOFT: Final[Colour] = (222, 239, 228)
# Conductors, as they are coloured in China: L1 yellow, L2 green, L3 red, N light blue, PE both.
L1: Final[Colour] = (201, 152, 0)
L2: Final[Colour] = (31, 122, 77)
L3: Final[Colour] = (190, 45, 35)
N: Final[Colour] = (58, 138, 206)
PE_YELLOW: Final[Colour] = (232, 190, 40)

_BOLD = ("NotoSansCJK-Bold.ttc", "NotoSansSC-Bold.otf", "SourceHanSansSC-Bold.otf", "msyhbd.ttc")
_DRAWN = 4
_GIVEN = 2


class Paper:
    """A sheet of `width` by `height` with everything that the drawings need."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._picture = Image.new("RGB", (width * _DRAWN, height * _DRAWN), PAPER)
        self._draw = ImageDraw.Draw(self._picture)

    def png(self) -> bytes:
        """The sheet as a PNG file, twice as wide and high as the sheet."""
        stream = io.BytesIO()
        self._picture.reduce(_DRAWN // _GIVEN).save(stream, "PNG", compress_level=6)
        return stream.getvalue()

    # -- lines and areas

    def line(
        self,
        *points: Point,
        colour: Colour = INK,
        width: float = 2,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """A line through all points, with round ends.

        :param dash: lengths of stroke and gap
        """
        if dash is not None:
            for start, end in pairwise(points):
                self._dashed(start, end, colour, width, dash)
            return
        scaled = [(x * _DRAWN, y * _DRAWN) for x, y in points]
        self._draw.line(scaled, fill=colour, width=round(width * _DRAWN), joint="curve")
        radius = width / 2
        for x, y in (points[0], points[-1]):
            self._ellipse((x - radius, y - radius, x + radius, y + radius), colour, None, 0)

    def _dashed(
        self, start: Point, end: Point, colour: Colour, width: float, dash: tuple[float, float]
    ) -> None:
        length = math.dist(start, end)
        place = 0.0
        while place < length:
            until = min(place + dash[0], length)
            a, b = _between(start, end, place / length), _between(start, end, until / length)
            self.line(a, b, colour=colour, width=width)
            place += sum(dash)

    def conductor(self, *points: Point, colour: Colour | None = None, width: float = 3) -> None:
        """A wire; without a colour it is the yellow and green of the protective conductor."""
        if colour is not None:
            self.line(*points, colour=colour, width=width)
            return
        self.line(*points, colour=GREEN, width=width)
        for start, end in pairwise(points):
            self._dashed(start, end, PE_YELLOW, width * 0.9, (8, 8))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        outline: Colour | None = INK,
        line: float = 2,
        radius: float = 0,
    ) -> None:
        """A rectangle by its upper left corner and its size."""
        corners = tuple(v * _DRAWN for v in (x, y, x + width, y + height))
        self._draw.rounded_rectangle(
            corners, radius * _DRAWN, fill, outline, round(line * _DRAWN) if outline else 0
        )

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: Colour | None = None,
        outline: Colour | None = INK,
        line: float = 2,
    ) -> None:
        """A circle by its centre."""
        around = (x - radius, y - radius, x + radius, y + radius)
        self._ellipse(around, fill, outline, line)

    def _ellipse(
        self,
        around: tuple[float, float, float, float],
        fill: Colour | None,
        outline: Colour | None,
        line: float,
    ) -> None:
        scaled = tuple(v * _DRAWN for v in around)
        self._draw.ellipse(scaled, fill, outline, round(line * _DRAWN) if outline else 0)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        start: float,
        end: float,
        *,
        colour: Colour = INK,
        width: float = 2,
    ) -> None:
        """A part of a circle, clockwise from `start` to `end` degrees; 0 is to the right."""
        around = tuple(v * _DRAWN for v in (x - radius, y - radius, x + radius, y + radius))
        self._draw.arc(around, start, end, colour, round(width * _DRAWN))

    def curve(self, points: Iterable[Point], *, colour: Colour = INK, width: float = 2.5) -> None:
        """A smooth line through many points."""
        self.line(*points, colour=colour, width=width)

    def area(
        self, points: Sequence[Point], fill: Colour, outline: Colour | None = None, line: float = 2
    ) -> None:
        """A polygon."""
        self._draw.polygon([(x * _DRAWN, y * _DRAWN) for x, y in points], fill=fill)
        if outline is not None:
            self.line(*points, points[0], colour=outline, width=line)

    def dot(self, x: float, y: float, radius: float = 4, colour: Colour = INK) -> None:
        """A filled point: here wires are joined."""
        self.circle(x, y, radius, fill=colour, outline=None)

    def terminal(self, x: float, y: float, radius: float = 4.5, colour: Colour = INK) -> None:
        """A small ring: here something is connected."""
        self.circle(x, y, radius, fill=PAPER, outline=colour)

    def arrow(
        self,
        *points: Point,
        colour: Colour = INK,
        width: float = 2,
        head: float = 9,
        both: bool = False,
    ) -> None:
        """A line with an arrow head at its end, or at both ends."""
        self.line(*points, colour=colour, width=width)
        self._head(points[-2], points[-1], colour, head)
        if both:
            self._head(points[1], points[0], colour, head)

    def _head(self, before: Point, tip: Point, colour: Colour, size: float) -> None:
        angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
        sides = [
            (tip[0] - size * math.cos(angle + turn), tip[1] - size * math.sin(angle + turn))
            for turn in (-0.42, 0.42)
        ]
        # The tip goes a little beyond, since the line below it is round.
        beyond = (tip[0] + 1.5 * math.cos(angle), tip[1] + 1.5 * math.sin(angle))
        self.area([beyond, *sides], colour)

    # -- words

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 16,
        *,
        colour: Colour = INK,
        anchor: str = "mm",
        bold: bool = False,
    ) -> None:
        """Words at a point.

        :param anchor: two letters: "l", "m", "r" along the line and "a", "m", "s" (top, middle,
            baseline) across it
        """
        pixels = round(size * _DRAWN)
        font = pictures.text_font(text, pixels, _BOLD) if bold else None
        font = font or pictures.text_font(text, pixels)
        # Without a font with Chinese characters the letters and lines must do.
        if font is None:
            return
        place = (x * _DRAWN, y * _DRAWN)
        if "\n" in text:
            self._draw.multiline_text(
                place, text, colour, font, anchor, spacing=size * _DRAWN * 0.4, align="center"
            )
        else:
            self._draw.text(place, text, colour, font, anchor)

    def title(self, text: str) -> None:
        """What the picture shows, at its head, over a snapped line."""
        self.text(32, 34, text, 20, anchor="lm", bold=True)
        self.line((32, 58), (self.width - 32, 58), width=1.5)

    def note(self, text: str, y: float | None = None) -> None:
        """A remark in small letters at the foot."""
        self.text(32, self.height - 24 if y is None else y, text, 14, colour=SOFT, anchor="lm")


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
