"""Drawings of motors: terminal box, starting current, control circuits."""

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    GREEN,
    INDIGO,
    L1,
    L2,
    L3,
    PAPER,
    RAISED,
    SHADE,
    SOFT,
    VERMILION,
    Paper,
    Point,
)

_PHASES = (("L1", L1), ("L2", L2), ("L3", L3))


def terminals() -> bytes:
    """Links in the terminal box for star and delta."""
    paper = Paper(800, 420)
    paper.title("电动机接线盒：星形（Y）与三角形（△）接法")
    for left, star in ((32, True), (412, False)):
        paper.box(left, 76, 356, 316, fill=RAISED, outline=SHADE, line=1.5, radius=6)
        xs = [left + 80 + 98 * i for i in range(3)]
        upper, lower = 186.0, 280.0
        for x, (name, colour) in zip(xs, _PHASES, strict=True):
            paper.line((x, 112), (x, upper), colour=colour, width=3)
            paper.text(x + 12, 118, name, 15, anchor="lm", bold=True)
        if star:
            paper.line((xs[0], lower), (xs[2], lower), colour=VERMILION, width=9)
        else:
            for x in xs:
                paper.line((x, upper), (x, lower), colour=VERMILION, width=9)
        for x, first, second in zip(xs, ("U1", "V1", "W1"), ("W2", "U2", "V2"), strict=True):
            for y, name in ((upper, first), (lower, second)):
                paper.circle(x, y, 13, fill=PAPER, line=3)
                paper.text(x + 18, y + 20, name, 14, anchor="lm")
        text = "Y：三个末端短接，每相绕组 220 V" if star else "△：首尾相连，每相绕组 380 V"
        paper.text(left + 178, 356, text, 16, bold=True)
    return paper.png()


def starting_current() -> bytes:
    """Starting current of a motor: direct, star-delta, soft starter."""
    paper = Paper(760, 380)
    paper.title("启动电流比较（以额定电流 In 为 1）")
    left, bottom, unit = 190.0, 310.0, 66.0
    for multiple in range(8):
        x = left + unit * multiple
        paper.line((x, 88), (x, bottom), colour=SHADE, width=1)
        paper.text(x, bottom + 16, f"{multiple}", 13, colour=SOFT)
    rows = (
        ("直接启动", 4.0, 7.0, VERMILION),
        ("星形-三角形启动", 1.3, 2.3, INDIGO),
        ("软启动器", 2.0, 4.0, GREEN),
    )
    for number, (name, least, most, colour) in enumerate(rows):
        y = 104 + 70 * number
        paper.text(left - 14, y + 22, name, 15, anchor="rm")
        paper.box(left, y, unit * most, 44, fill=SHADE, outline=None, radius=3)
        paper.box(left, y, unit * least, 44, fill=colour, outline=None, radius=3)
        paper.text(
            left + unit * most + 10, y + 22, f"{least:g}–{most:g}", 15, anchor="lm", colour=SOFT
        )
    paper.line((left, 84), (left, bottom), width=2)
    paper.note("星-三角启动时，电流和转矩都只有直接启动的三分之一，只适合轻载或空载启动。", 356)
    return paper.png()


def _main_circuit(paper: Paper, left: float, names: tuple[str, ...]) -> None:
    """Three phases from the terminals through breaker, fuses, contactor(s), relay to the motor."""
    xs = [left + 30 * i for i in range(3)]
    for x, (name, colour) in zip(xs, _PHASES, strict=True):
        paper.terminal(x, 92)
        paper.text(x, 78, name, 13, bold=True)
        paper.line((x, 97), (x, 104), colour=colour, width=2)
        parts.breaker(paper, x, 130)
        parts.fuse(paper, x, 190)
    paper.line((xs[0] - 7, 130), (xs[2] - 7, 130), dash=(4, 4), width=1.5)
    paper.text(xs[0] - 20, 130, "QF", 15, anchor="rm")
    paper.text(xs[0] - 18, 190, "FU1", 15, anchor="rm")
    for x in xs:
        parts.power_contact(paper, x, 270)
        paper.line((x, 220), (x, 240))
        paper.line((x, 300), (x, 330))
        parts.heater(paper, x, 360)
    paper.line((xs[0] - 7, 270), (xs[2] - 7, 270), dash=(4, 4), width=1.5)
    paper.text(xs[0] - 20, 270, names[0], 15, anchor="rm")
    paper.text(xs[0] - 22, 360, "FR", 15, anchor="rm")
    if len(names) > 1:
        # The second contactor exchanges the outer phases.
        second = [x + 128 for x in xs]
        for x in second:
            parts.power_contact(paper, x, 270)
        for x, to, y in zip(xs, second, (224, 230, 236), strict=True):
            paper.line((x, y), (to, y), (to, 240), width=2)
            paper.dot(x, y, 3.2)
        for x, to, y in zip(second, reversed(xs), (316, 310, 304), strict=True):
            paper.line((x, 300), (x, y), (to, y), width=2)
            paper.dot(to, y, 3.2)
        paper.line((second[0] - 7, 270), (second[2] - 7, 270), dash=(4, 4), width=1.5)
        paper.text(second[2] + 16, 270, names[1], 15, anchor="lm")
    centre = xs[1]
    for x in xs:
        paper.line((x, 390), (x, 412 if x == centre else 420))
    parts.motor(paper, centre, 446)
    paper.conductor((centre + 34, 446), (centre + 70, 446))
    parts.earth(paper, centre + 70, 446, GREEN)
    paper.text(centre + 92, 452, "PE", 14, anchor="lm")


def _rail(paper: Paper, left: float, right: float, top: float, bottom: float) -> None:
    """The two wires that feed a control circuit."""
    paper.line((left, top), (right, top), width=2)
    paper.line((left, bottom), (right, bottom), width=2)
    paper.terminal(left, top)
    paper.terminal(left, bottom)
    paper.text(left - 12, top, "L1", 14, anchor="rm", bold=True)
    paper.text(left - 12, bottom, "N", 14, anchor="rm", bold=True)


def holding() -> bytes:
    """Start-stop with self-holding: main and control circuit."""
    paper = Paper(760, 540)
    paper.title("电动机单向运转（自锁）控制线路")
    _main_circuit(paper, 110, ("KM",))
    _rail(paper, 380, 660, 92, 500)
    x = 480.0
    paper.line((x, 92), (x, 100))
    parts.fuse(paper, x, 130, "FU2")
    parts.thermal_rest(paper, x, 190, "FR")
    parts.push_rest(paper, x, 250, "SB1 停止")
    paper.line((x, 280), (x, 310))
    parts.push_make(paper, x, 340, "SB2 启动")
    paper.line((x, 370), (x, 400))
    parts.coil(paper, x, 440, "KM")
    paper.line((x, 400), (x, 410))
    paper.line((x, 470), (x, 500))
    side = 620.0
    paper.line((x, 296), (side, 296), (side, 310))
    parts.make(paper, side, 340, "KM")
    paper.line((side, 370), (side, 386), (x, 386))
    paper.dot(x, 296)
    paper.dot(x, 386)
    paper.text(side + 20, 364, "自锁触点", 13, colour=VERMILION, anchor="lm")
    paper.text(166, 514, "主电路", 15, colour=SOFT)
    paper.text(540, 520, "控制电路（线圈电压 220 V）", 15, colour=SOFT)
    return paper.png()


def reversing() -> bytes:
    """Forward and backward with electrical interlock."""
    paper = Paper(960, 580)
    paper.title("电动机正反转（接触器联锁）控制线路")
    _main_circuit(paper, 96, ("KM1", "KM2"))
    _rail(paper, 440, 920, 92, 524)
    first, second = 560.0, 790.0
    paper.line((first, 92), (first, 94))
    parts.fuse(paper, first, 122, "FU2")
    parts.thermal_rest(paper, first, 180, "FR")
    paper.line((first, 152), (first, 150))
    parts.push_rest(paper, first, 238, "SB1 停止")
    paper.line((first, 210), (first, 208))
    paper.line((first, 268), (first, 290))
    paper.line((first, 276), (second, 276), (second, 290))
    paper.dot(first, 276)
    for x, start, hold, lock, coil in (
        (first, "SB2 正转", "KM1", "KM2", "KM1"),
        (second, "SB3 反转", "KM2", "KM1", "KM2"),
    ):
        parts.push_make(paper, x, 320)
        paper.text(x - 34, 336, start, 14, anchor="rm")
        branch: list[Point] = [(x, 284), (x + 66, 284), (x + 66, 290)]
        paper.line(*branch)
        parts.make(paper, x + 66, 320, hold)
        paper.line((x + 66, 350), (x + 66, 358), (x, 358), (x, 350))
        paper.dot(x, 284)
        paper.dot(x, 358)
        paper.line((x, 358), (x, 366))
        parts.rest(paper, x, 396, lock)
        paper.text(x - 20, 396, "联锁", 13, colour=VERMILION, anchor="rm")
        paper.line((x, 426), (x, 436))
        parts.coil(paper, x, 466, coil)
        paper.line((x, 496), (x, 524))
    paper.text(170, 520, "主电路：KM2 换接两相", 15, colour=SOFT)
    paper.note("两个接触器绝不能同时吸合，否则相间短路：各用对方的常闭触点互相锁住。", 558)
    return paper.png()


DRAWINGS = {
    "terminals": terminals,
    "starting_current": starting_current,
    "holding": holding,
    "reversing": reversing,
}
