"""Graphical symbols of electrical diagrams, after GB/T 4728 (IEC 60617).

A symbol stands on a wire from (x, y - 30) to (x, y + 30) and brings its own leads; with
`lying=True` from (x - 30, y) to (x + 30, y), its upper end to the left.
"""

from modou.demo.drawing.paper import INK, PAPER, SOFT, Colour, Paper, Point

HALF = 30.0


class Pen:
    """Draws in a symbol's own coordinates: upright, around (0, 0)."""

    def __init__(
        self, paper: Paper, x: float, y: float, *, lying: bool = False, colour: Colour = INK
    ) -> None:
        self.paper = paper
        self.x, self.y, self.lying, self.colour = x, y, lying, colour

    def at(self, x: float, y: float) -> Point:
        """Where a point of the symbol lies on the sheet."""
        return (self.x + y, self.y - x) if self.lying else (self.x + x, self.y + y)

    def line(
        self, *points: Point, width: float = 2, dash: tuple[float, float] | None = None
    ) -> None:
        self.paper.line(*(self.at(*p) for p in points), colour=self.colour, width=width, dash=dash)

    def box(self, x: float, y: float, width: float, height: float) -> None:
        (left, top), (right, bottom) = self.at(x, y), self.at(x + width, y + height)
        left, right = sorted((left, right))
        top, bottom = sorted((top, bottom))
        self.paper.box(left, top, right - left, bottom - top, fill=PAPER, outline=self.colour)

    def leads(self, half: float) -> None:
        """The wire outside of a symbol that reaches from -half to half."""
        self.line((0, -HALF), (0, -half))
        self.line((0, half), (0, HALF))

    def beside(self, text: str, *, left: bool = False, size: float = 16) -> None:
        """The letters of the part: to the right of it, or above when it lies."""
        if self.lying:
            self.paper.text(self.x, self.y - 26, text, size)
        elif left:
            self.paper.text(self.x - 24, self.y, text, size, anchor="rm")
        else:
            self.paper.text(self.x + 20, self.y, text, size, anchor="lm")


def make(
    paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False, left: bool = False
) -> Pen:
    """A make contact (常开触点)."""
    pen = Pen(paper, x, y, lying=lying)
    pen.line((0, -HALF), (0, -12))
    pen.line((0, HALF), (0, 14), (-13, -13))
    pen.beside(label, left=left)
    return pen


def rest(
    paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False, left: bool = False
) -> Pen:
    """A break contact (常闭触点)."""
    pen = Pen(paper, x, y, lying=lying)
    pen.line((0, -HALF), (0, -12), (12, -12))
    pen.line((0, HALF), (0, 14), (10, -18))
    pen.beside(label, left=left)
    return pen


def _button(pen: Pen, reach: float) -> None:
    pen.line((-24, 0), (reach, 0), dash=(4, 4), width=1.5)
    pen.line((-18, -8), (-24, -8), (-24, 8), (-18, 8))


def push_make(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A push-button with a make contact: start."""
    pen = make(paper, x, y, label, lying=lying)
    _button(pen, -7)


def push_rest(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A push-button with a break contact: stop."""
    pen = rest(paper, x, y, label, lying=lying)
    _button(pen, 4)


def breaker(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A circuit-breaker (断路器)."""
    pen = make(paper, x, y, label, lying=lying)
    pen.line((-5, -17), (5, -7))
    pen.line((5, -17), (-5, -7))


def isolator(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """An isolating switch (隔离开关)."""
    pen = make(paper, x, y, label, lying=lying)
    pen.line((-7, -12), (7, -12))


def power_contact(
    paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False
) -> None:
    """A main contact of a contactor (接触器主触点)."""
    pen = make(paper, x, y, label, lying=lying)
    x0, y0 = pen.at(-5, -12)
    start = (90, 270) if not lying else (0, 180)
    paper.arc(x0 + (5 if not lying else 0), y0 - (0 if not lying else 5), 5, *start)


def fuse(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A fuse (熔断器)."""
    pen = Pen(paper, x, y, lying=lying)
    pen.box(-7, -18, 14, 36)
    pen.line((0, -HALF), (0, HALF))
    pen.beside(label)


def resistor(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A resistor (电阻)."""
    pen = Pen(paper, x, y, lying=lying)
    pen.leads(20)
    pen.box(-8, -20, 16, 40)
    pen.beside(label)


def coil(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """The coil of a contactor (线圈)."""
    pen = Pen(paper, x, y, lying=lying)
    pen.leads(11)
    pen.box(-22, -11, 44, 22)
    if lying:
        paper.text(x, y - 38, label)
    else:
        paper.text(x + 30, y, label, anchor="lm")


def heater(paper: Paper, x: float, y: float, label: str = "") -> None:
    """The heating element of a thermal relay (热元件)."""
    pen = Pen(paper, x, y)
    pen.leads(20)
    pen.box(-13, -20, 26, 40)
    pen.line((0, -20), (0, -8), (8, -8), (8, 8), (0, 8), (0, 20))
    pen.beside(label)


def thermal_rest(paper: Paper, x: float, y: float, label: str = "") -> None:
    """The break contact of a thermal relay."""
    pen = rest(paper, x, y, label)
    pen.line((-18, 0), (4, 0), dash=(4, 4), width=1.5)
    pen.line((-18, -6), (-24, -6), (-24, 6), (-18, 6), (-18, -6))


def lamp(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A lamp (照明灯)."""
    pen = Pen(paper, x, y, lying=lying)
    pen.leads(14)
    paper.circle(x, y, 14, fill=PAPER)
    reach = 14 * 0.707
    paper.line((x - reach, y - reach), (x + reach, y + reach))
    paper.line((x - reach, y + reach), (x + reach, y - reach))
    pen.beside(label)


def meter(paper: Paper, x: float, y: float, letter: str, *, lying: bool = False) -> None:
    """A measuring instrument: A, V, Ω …"""
    pen = Pen(paper, x, y, lying=lying)
    pen.leads(17)
    paper.circle(x, y, 17, fill=PAPER)
    paper.text(x, y, letter, 17)


def motor(paper: Paper, x: float, y: float, label: str = "M", radius: float = 34) -> None:
    """A three-phase motor with three leads from above, 30 apart."""
    paper.circle(x, y, radius, fill=PAPER)
    paper.text(x, y - 8, label, 19)
    paper.text(x, y + 12, "3~", 15)


def battery(paper: Paper, x: float, y: float, label: str = "", *, lying: bool = False) -> None:
    """A cell: the long plate is the positive one."""
    pen = Pen(paper, x, y, lying=lying)
    pen.leads(5)
    pen.line((-16, -5), (16, -5))
    pen.line((-8, 5), (8, 5), width=4)
    pen.beside(label, left=True)


def earth(paper: Paper, x: float, y: float, colour: Colour = INK) -> None:
    """Earth: three bars below (x, y)."""
    paper.line((x, y), (x, y + 10), colour=colour)
    for number, half in enumerate((16, 10, 4)):
        paper.line((x - half, y + 10 + 6 * number), (x + half, y + 10 + 6 * number), colour=colour)


def frame(paper: Paper, x: float, y: float, width: float, height: float, label: str) -> None:
    """A piece of equipment in its enclosure."""
    paper.box(x, y, width, height, fill=(255, 255, 255), radius=4)
    paper.text(x + width / 2, y + height + 16, label, 14, colour=SOFT)
