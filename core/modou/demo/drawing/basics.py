"""Drawings of electrical fundamentals: a circuit, waves, the star connection, symbols."""

import math
from collections.abc import Callable

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    FAINT,
    INDIGO,
    L1,
    L2,
    L3,
    PAPER,
    SHADE,
    SOFT,
    VERMILION,
    Colour,
    N,
    Paper,
    Point,
)


def ohm_circuit() -> bytes:
    """A source, a switch, an ammeter in series, a voltmeter across the load."""
    paper = Paper(760, 400)
    paper.title("最简单的直流电路")
    left, right, top, bottom = 120.0, 500.0, 130.0, 320.0
    paper.line((left, 195), (left, top), (230, top))
    parts.make(paper, 260, top, "S", lying=True)
    paper.line((290, top), (360, top))
    parts.meter(paper, 390, top, "A", lying=True)
    paper.line((420, top), (right, top), (right, 195))
    parts.resistor(paper, right, 225)
    paper.text(right - 24, 225, "R", 16)
    paper.line((right, 255), (right, bottom), (left, bottom), (left, 255))
    parts.battery(paper, left, 225, "E")
    paper.text(left + 26, 204, "+", 18)
    paper.text(left + 26, 246, "−", 18)
    paper.line((right, 172), (620, 172), (620, 195))
    parts.meter(paper, 620, 225, "V")
    paper.line((620, 255), (620, 278), (right, 278))
    paper.dot(right, 172)
    paper.dot(right, 278)
    paper.arrow((160, 108), (216, 108), colour=VERMILION)
    paper.text(188, 92, "I", 17, colour=VERMILION)
    paper.arrow((560, 190), (560, 262), colour=INDIGO)
    paper.text(544, 226, "U", 17, colour=INDIGO)
    paper.note("电流表串联在电路里；电压表并联在被测元件两端。欧姆定律：I = U / R", 366)
    return paper.png()


def _wave(
    x0: float, y0: float, width: float, height: float, turns: float, shift: float = 0
) -> list[Point]:
    steps = 240
    return [
        (
            x0 + width * i / steps,
            y0 - height * math.sin(2 * math.pi * turns * i / steps - math.radians(shift)),
        )
        for i in range(steps + 1)
    ]


def sine_wave() -> bytes:
    """A single-phase voltage over one and a half periods."""
    paper = Paper(760, 400)
    paper.title("单相正弦交流电：50 Hz，220 V")
    x0, y0, width, height = 96.0, 220.0, 560.0, 112.0
    effective = height / math.sqrt(2)
    paper.line(
        (x0, y0 - effective), (x0 + width, y0 - effective), colour=FAINT, width=1.5, dash=(7, 6)
    )
    paper.line((x0, y0 - height), (x0 + width, y0 - height), colour=FAINT, width=1.5, dash=(2, 6))
    paper.curve(_wave(x0, y0, width, height, 1.5), colour=INDIGO, width=3.5)
    paper.arrow((x0, y0), (x0 + width + 50, y0))
    paper.arrow((x0, 366), (x0, 84))
    paper.text(x0 + width + 60, y0 + 20, "t", 17)
    paper.text(x0 - 18, 90, "u", 17)
    paper.text(x0 + width + 10, y0 - effective, "有效值 220 V", 14, colour=SOFT, anchor="lm")
    paper.text(x0 + width + 10, y0 - height, "最大值 311 V", 14, colour=SOFT, anchor="lm")
    period = width / 1.5
    paper.arrow((x0, 352), (x0 + period, 352), both=True, width=1.5)
    for x in (x0, x0 + period):
        paper.line((x, y0), (x, 362), colour=FAINT, width=1)
    paper.text(x0 + period / 2, 372, "一个周期 T = 0.02 s", 15)
    return paper.png()


def three_phase() -> bytes:
    """Three-phase four-wire supply: star-connected source, phase and line voltages."""
    paper = Paper(760, 420)
    paper.title("三相四线制：线电压 380 V，相电压 220 V")
    centre = (170.0, 250.0)
    ends: list[tuple[Point, Colour, str, float]] = [
        ((170, 130), L1, "L1", 110),
        ((274, 310), L2, "L2", 190),
        ((66, 310), L3, "L3", 340),
    ]
    for (x, y), colour, name, row in ends:
        _winding(paper, centre, (x, y), colour)
        paper.line((x, y), (x, row), (690, row), colour=colour, width=3)
        paper.text(706, row, name, 17, anchor="lm", bold=True)
    paper.line(centre, (690, 250), colour=N, width=3)
    paper.text(706, 250, "N", 17, anchor="lm", bold=True)
    paper.dot(*centre, radius=5)
    for x, top, bottom, text, colour in (
        (420, 110, 190, "380 V", VERMILION),
        (500, 110, 250, "220 V", INDIGO),
        (580, 190, 250, "220 V", INDIGO),
        (420, 190, 340, "380 V", VERMILION),
        (640, 250, 340, "220 V", INDIGO),
    ):
        paper.arrow((x, top + 5), (x, bottom - 5), colour=colour, both=True, width=1.5)
        # Never on a wire that the arrow crosses.
        middle = (
            {250: 150, 340: 295}.get(bottom, (top + bottom) / 2)
            if top < 190 or bottom == 340
            else 220
        )
        paper.box(x - 27, middle - 12, 54, 24, fill=PAPER, outline=None)
        paper.text(x, middle, text, 14, colour=colour)
    paper.note("相线之间是线电压，相线与中性线之间是相电压：380 ≈ √3 × 220", 394)
    return paper.png()


def _winding(paper: Paper, start: Point, end: Point, colour: Colour) -> None:
    """A coil of the generator between two points: a row of half circles."""
    length = math.dist(start, end)
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    across = (along[1], -along[0])
    turns, radius = 4, length * 0.09
    lead = (length - turns * 2 * radius) / 2
    points: list[Point] = [start]
    for turn in range(turns):
        middle = lead + radius * (2 * turn + 1)
        for step in range(13):
            angle = math.pi * step / 12
            a, b = middle - radius * math.cos(angle), radius * math.sin(angle)
            points.append(
                (
                    start[0] + along[0] * a + across[0] * b,
                    start[1] + along[1] * a + across[1] * b,
                )
            )
    paper.curve([*points, end], colour=colour, width=3)


def three_waves() -> bytes:
    """The three phases, a third of a period apart."""
    paper = Paper(760, 360)
    paper.title("三相电压：大小相等，彼此相差 120°")
    x0, y0, width, height = 80.0, 205.0, 580.0, 100.0
    for number, (colour, name) in enumerate(((L1, "u1"), (L2, "u2"), (L3, "u3"))):
        paper.curve(_wave(x0, y0, width, height, 1.5, 120 * number), colour=colour, width=3.2)
        paper.text(176 + 129 * number, y0 - height - 12, name, 16, colour=colour)
    paper.arrow((x0, y0), (x0 + width + 46, y0))
    paper.arrow((x0, 326), (x0, 84))
    paper.text(x0 + width + 56, y0 + 18, "ωt", 16)
    for number, mark in enumerate(("120°", "240°", "360°", "480°"), 1):
        x = x0 + width / 1.5 * number / 3
        paper.line((x, y0 - 4), (x, y0 + 4), width=1.5)
        paper.text(x, y0 + 122, mark, 13, colour=SOFT)
        paper.line((x, y0 + 8), (x, y0 + 108), colour=SHADE, width=1)
    return paper.png()


def _small_motor(paper: Paper, x: float, y: float) -> None:
    parts.motor(paper, x, y + 4, radius=26)
    paper.line((x, y - 30), (x, y - 22))


def symbols() -> bytes:
    """The twelve symbols that a beginner meets first, with their letters."""
    paper = Paper(800, 560)
    paper.title("常用电气图形符号与文字符号（GB/T 4728）")
    drawn: list[tuple[Callable[[Paper, float, float], object], str, str]] = [
        (parts.breaker, "QF", "断路器"),
        (parts.isolator, "QS", "隔离开关"),
        (parts.fuse, "FU", "熔断器"),
        (parts.power_contact, "KM", "接触器主触点"),
        (parts.make, "KM", "常开辅助触点"),
        (parts.rest, "KM", "常闭辅助触点"),
        (parts.coil, "KM", "接触器线圈"),
        (parts.heater, "FR", "热继电器热元件"),
        (parts.push_make, "SB", "启动按钮"),
        (parts.push_rest, "SB", "停止按钮"),
        (parts.lamp, "EL / HL", "照明灯 / 信号灯"),
        (_small_motor, "M", "三相异步电动机"),
    ]
    for number, (function, letters, name) in enumerate(drawn):
        column, row = number % 4, number // 4
        x, y = 32 + column * 184, 76 + row * 156
        paper.box(x, y, 172, 144, fill=(255, 255, 255), outline=SHADE, line=1.5, radius=6)
        function(paper, x + 86, y + 50)
        paper.text(x + 86, y + 101, letters, 15, bold=True)
        paper.text(x + 86, y + 124, name, 14, colour=SOFT)
    return paper.png()


DRAWINGS = {
    "ohm_circuit": ohm_circuit,
    "sine_wave": sine_wave,
    "three_phase": three_phase,
    "three_waves": three_waves,
    "symbols": symbols,
}
