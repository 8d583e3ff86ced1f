"""Covers of the courses: a motif on paper, over the ink line. Cards write the title beside them."""

import math

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    FAINT,
    GREEN,
    INDIGO,
    INK,
    L1,
    L2,
    L3,
    PAPER,
    RAISED,
    SHADE,
    VERMILION,
    Colour,
    N,
    Paper,
    Point,
)

_WIDTH, _HEIGHT = 640, 360


def _sheet(tint: Colour) -> Paper:
    """Paper with the snapped line, and the course's tone below it."""
    paper = Paper(_WIDTH, _HEIGHT)
    left, right = 296.0, 262.0
    paper.area([(0, left), (_WIDTH, right), (_WIDTH, _HEIGHT), (0, _HEIGHT)], tint)
    paper.line((-8, left), (_WIDTH + 8, right), width=5)
    return paper


def cover_electric() -> bytes:
    """Five conductors, a breaker in each phase, a motor and a lamp."""
    paper = _sheet(INDIGO)
    for number, colour in enumerate((L1, L2, L3, N, None)):
        y = 58.0 + 20 * number
        paper.conductor((-8, y), (_WIDTH + 8, y), colour=colour, width=5)
    for number, colour in enumerate((L1, L2, L3)):
        x, y = 170.0 + 44 * number, 58.0 + 20 * number
        paper.dot(x, y, 6, colour)
        paper.conductor((x, y), (x, 150), colour=colour, width=4)
        parts.breaker(paper, x, 176)
        paper.conductor((x, 206), (x, 236), colour=colour, width=4)
    paper.circle(214, 268, 52, fill=PAPER, line=4)
    paper.text(214, 258, "M", 34, bold=True)
    paper.text(214, 286, "3~", 22)
    for x, y, colour in ((420.0, 98.0, L3), (470.0, 118.0, N)):
        paper.dot(x, y, 6, colour)
        paper.conductor((x, y), (x, 196 if x == 470 else 150), colour=colour, width=4)
    parts.make(paper, 420, 176)
    paper.line((420, 206), (420, 232), (429, 232), width=3)
    paper.line((470, 196), (470, 232), (461, 232), width=3)
    paper.circle(445, 232, 17, fill=(250, 226, 140), line=3)
    paper.line((433, 220), (457, 244), width=3)
    paper.line((457, 220), (433, 244), width=3)
    for angle in range(20, 180, 20):
        a = math.radians(angle)
        start, end = 26, 36 if angle % 40 else 32
        paper.line(
            (445 + start * math.cos(a), 232 + start * math.sin(a)),
            (445 + end * math.cos(a), 232 + end * math.sin(a)),
            colour=L1,
            width=2.5,
        )
    return paper.png()


def cover_care() -> bytes:
    """A hand under a heart."""
    paper = _sheet((150, 110, 60))
    paper.area(_heart(336, 116, 74), VERMILION)
    palm: list[Point] = [
        (150, 216), (196, 196), (254, 206), (330, 214), (352, 226), (340, 238), (292, 236),
        (360, 236), (440, 196), (468, 192), (476, 206), (440, 238), (376, 268), (300, 276),
        (232, 268), (150, 272),
    ]  # fmt: skip
    paper.area(palm, PAPER, INK, 5)
    paper.box(104, 204, 48, 80, fill=GREEN, line=5, radius=4)
    paper.line((292, 236), (256, 230), width=4)
    return paper.png()


def _heart(x: float, y: float, size: float) -> list[Point]:
    points = []
    for step in range(90):
        t = 2 * math.pi * step / 90
        across = 16 * math.sin(t) ** 3
        up = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x + across * size / 16, y - up * size / 16))
    return points


def cover_forklift() -> bytes:
    """A fork-lift truck with a load, from the side."""
    paper = _sheet(GREEN)
    for x, y in ((100.0, 134.0), (100.0, 188.0), (156.0, 188.0)):
        paper.box(x, y, 52, 52, fill=(196, 154, 98), line=4, radius=2)
        paper.line((x + 26, y), (x + 26, y + 16), width=3)
    paper.box(84, 242, 138, 10, fill=INK, outline=None)
    paper.box(222, 52, 14, 214, fill=INK, outline=None, radius=3)
    paper.line((236, 170), (252, 178), width=8)
    paper.line((236, 240), (252, 236), width=8)
    paper.area(
        [(250, 166), (330, 166), (344, 194), (470, 186), (486, 204), (486, 248), (250, 256)],
        L1,
        INK,
        5,
    )
    paper.line((262, 166), (276, 74), (400, 74), (430, 188), width=6)
    paper.circle(330, 118, 17, fill=RAISED, line=4)
    paper.line((330, 136), (336, 182), width=10)
    paper.line((332, 148), (300, 164), width=5)
    paper.circle(292, 162, 11, line=4)
    for x, radius in ((288.0, 31.0), (452.0, 27.0)):
        y = 298 - x * 34 / _WIDTH - radius
        paper.circle(x, y, radius, fill=INK, outline=None)
        paper.circle(x, y, radius * 0.46, fill=SHADE, outline=None)
        paper.circle(x, y, radius * 0.14, fill=FAINT, outline=None)
    return paper.png()


DRAWINGS = {
    "cover_electric": cover_electric,
    "cover_care": cover_care,
    "cover_forklift": cover_forklift,
}
