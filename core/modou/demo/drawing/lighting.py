"""Drawings of house wiring: two-way switching, socket outlets, fixing heights."""

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    FAINT,
    GREEN,
    INDIGO,
    INK,
    L3,
    PE_YELLOW,
    RAISED,
    SHADE,
    SOFT,
    VERMILION,
    N,
    Paper,
)


def two_way() -> bytes:
    """One lamp, one switch; and one lamp, two two-way switches."""
    paper = Paper(800, 470)
    paper.title("照明线路：一控一与双控")
    y = 120.0
    paper.text(44, y, "L", 17, bold=True)
    paper.line((64, y), (210, y), colour=L3, width=3)
    parts.make(paper, 240, y, "S", lying=True)
    paper.line((270, y), (470, y), colour=L3, width=3)
    parts.lamp(paper, 500, y, "EL", lying=True)
    paper.line((530, y), (640, y), (640, 184), (64, 184), colour=N, width=3)
    paper.text(44, 184, "N", 17, bold=True)
    paper.text(700, 152, "一控一", 18, bold=True)
    y = 330.0
    paper.text(44, y, "L", 17, bold=True)
    paper.line((64, y), (170, y), colour=L3, width=3)
    for x, towards, name in ((170.0, 1, "S1"), (470.0, -1, "S2")):
        paper.terminal(x, y, 6)
        tip = (x + 52 * towards, y - 30)
        paper.line((x + 4 * towards, y - 3), tip, width=3)
        for dy in (-34, 34):
            paper.terminal(x + 60 * towards, y + dy, 6)
        paper.text(x, y + 28, name, 16)
    for dy in (-34, 34):
        paper.line((236, y + dy), (404, y + dy), colour=INDIGO, width=3)
    paper.text(320, y, "两根联络线", 14, colour=SOFT)
    paper.line((476, y), (540, y), colour=L3, width=3)
    parts.lamp(paper, 570, y, "EL", lying=True)
    paper.line((600, y), (660, y), (660, 410), (64, 410), colour=N, width=3)
    paper.text(44, 410, "N", 17, bold=True)
    paper.text(716, 350, "双控", 18, bold=True)
    paper.note("开关一律接在相线上；螺口灯头的中心触点接相线，螺纹接中性线。", 448)
    return paper.png()


def sockets() -> bytes:
    """How the holes of socket outlets are connected, seen from the front."""
    paper = Paper(800, 380)
    paper.title("插座接线（面对插座）：左零右相上接地")
    for number, (title, kind) in enumerate((("单相两孔", 2), ("单相三孔", 3), ("三相四孔", 4))):
        x = 44 + 250 * number
        paper.box(x, 84, 212, 212, fill=RAISED, radius=14, line=3)
        paper.text(x + 106, 322, title, 18, bold=True)
        cx, cy = x + 106, 190
        if kind == 2:
            _hole(paper, cx - 40, cy, N, "N")
            _hole(paper, cx + 40, cy, L3, "L")
        elif kind == 3:
            _hole(paper, cx, cy - 52, None, "PE")
            _hole(paper, cx - 46, cy + 32, N, "N")
            _hole(paper, cx + 46, cy + 32, L3, "L")
        else:
            _hole(paper, cx, cy - 58, None, "PE")
            for dx, dy, name in ((-58, 0, "L1"), (0, 52, "L2"), (58, 0, "L3")):
                _hole(
                    paper,
                    cx + dx,
                    cy + dy,
                    (201, 152, 0) if name == "L1" else GREEN if name == "L2" else L3,
                    name,
                )
    paper.note("PE 线不得装开关和熔断器，也不得与中性线在插座里短接。", 360)
    return paper.png()


def _hole(paper: Paper, x: float, y: float, colour: tuple[int, int, int] | None, name: str) -> None:
    paper.box(x - 9, y - 17, 18, 34, fill=colour or PE_YELLOW, outline=INK if colour else GREEN,
              line=1.5 if colour else 4, radius=4)  # fmt: skip
    paper.text(x + 15, y + 22, name, 14, anchor="lm")


def heights() -> bytes:
    """Usual fixing heights of switches and socket outlets in a room."""
    paper = Paper(800, 420)
    paper.title("开关、插座的常用安装高度")
    floor = 360.0
    metre = 118.0
    paper.line((40, floor), (760, floor), width=3)
    paper.box(110, floor - 2.05 * metre, 118, 2.05 * metre, fill=(244, 240, 228))
    paper.dot(216, floor - 1.0 * metre, 5)
    for x, height, name in (
        (272, 1.3, "开关 1.3 m"),
        (420, 0.3, "暗装插座 0.3 m"),
        (540, 1.8, "明装或儿童\n场所插座 1.8 m"),
    ):
        y = floor - height * metre
        paper.box(x - 17, y - 17, 34, 34, fill=RAISED, radius=4)
        if height == 1.3:
            paper.line((x, y - 9), (x, y + 9), width=3)
        else:
            paper.line((x - 6, y - 4), (x - 6, y + 4), width=3)
            paper.line((x + 6, y - 4), (x + 6, y + 4), width=3)
        paper.arrow((x + 34, floor), (x + 34, y), colour=INDIGO, width=1.5, both=True)
        paper.text(
            x + 46,
            (y + floor) / 2 if height > 1 else y - 26,
            name,
            15,
            anchor="la" if "\n" in name else "lm",
            colour=SOFT,
        )
    paper.arrow((228, 172), (255, 172), colour=VERMILION, width=1.5, both=True)
    paper.text(236, 152, "0.15–0.2 m", 14, colour=VERMILION, anchor="lm")
    paper.line((700, floor), (700, 90), colour=SHADE, width=1)
    for step in range(1, 5):
        y = floor - 0.5 * step * metre
        paper.line((694, y), (706, y), colour=FAINT, width=1.5)
        paper.text(714, y, f"{0.5 * step:g} m", 13, colour=FAINT, anchor="lm")
    paper.note("尺寸以设计图纸和当地规定为准；潮湿场所用防溅型。", 400)
    return paper.png()


DRAWINGS = {"two_way": two_way, "sockets": sockets, "heights": heights}
