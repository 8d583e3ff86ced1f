"""Drawings of supply systems, of the ways to get a shock, and of lightning protection."""

import math

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    FAINT,
    GREEN,
    INDIGO,
    L1,
    L2,
    L3,
    RAISED,
    SHADE,
    SOFT,
    VERMILION,
    VERMILION_SOFT,
    N,
    Paper,
)

_WIRES = (("L1", L1), ("L2", L2), ("L3", L3), ("N", N), ("PE", None))


def _supply(paper: Paper, rows: list[float], names: int, right: float) -> None:
    """The transformer at the left and its wires."""
    paper.box(44, rows[0] - 24, 92, rows[3] - rows[0] + 48, fill=RAISED, radius=4)
    middle = (rows[0] + rows[3]) / 2
    paper.circle(90, middle - 20, 22)
    paper.circle(90, middle + 10, 22)
    paper.text(90, rows[3] + 8, "变压器", 13, colour=SOFT)
    for row, (name, colour) in list(zip(rows, _WIRES, strict=False))[:names]:
        paper.conductor((136, row), (right, row), colour=colour)
        paper.text(right + 14, row, name, 16, anchor="lm", bold=True)


def tn_s() -> bytes:
    """TN-S: neutral and protective conductor apart from the transformer on."""
    paper = Paper(800, 470)
    paper.title("TN-S 系统（三相五线制）：N 线与 PE 线从电源起就分开")
    rows = [110.0, 140.0, 170.0, 200.0, 240.0]
    _supply(paper, rows, 4, 730)
    paper.conductor((90, 224), (90, 240), (730, 240))
    paper.text(744, 240, "PE", 16, anchor="lm", bold=True)
    paper.conductor((90, 240), (90, 396))
    parts.earth(paper, 90, 396)
    paper.text(112, 400, "工作接地", 14, colour=SOFT, anchor="lm")
    # A three-phase machine and a single-phase one.
    paper.box(232, 296, 136, 82, fill=RAISED, radius=4)
    parts.motor(paper, 300, 337, radius=27)
    for x, row, colour in ((272, rows[0], L1), (300, rows[1], L2), (328, rows[2], L3)):
        paper.conductor((x, row), (x, 316 if x != 300 else 310), colour=colour)
        paper.dot(x, row, colour=colour)
    paper.conductor((352, 240), (352, 296))
    paper.dot(352, 240, colour=GREEN)
    paper.text(300, 396, "电动机：外壳接 PE", 14, colour=SOFT)
    paper.box(452, 296, 120, 82, fill=RAISED, radius=4)
    for x, row, colour in ((484, rows[2], L3), (512, rows[3], N)):
        paper.conductor((x, row), (x, 322), colour=colour)
        paper.dot(x, row, colour=colour)
    paper.line((484, 322), (484, 345), (489, 345))
    paper.line((512, 322), (512, 345), (507, 345))
    paper.circle(498, 345, 9)
    paper.conductor((548, 240), (548, 296))
    paper.dot(548, 240, colour=GREEN)
    paper.text(512, 396, "单相设备：三孔插座", 14, colour=SOFT)
    # Repeated earthing at the far end.
    paper.conductor((680, 240), (680, 370))
    paper.dot(680, 240, colour=GREEN)
    parts.earth(paper, 680, 370)
    paper.text(680, 410, "重复接地", 14, colour=SOFT)
    paper.note("设备外壳只接 PE 线；正常工作时 PE 线里没有电流，外壳不带电。", 446)
    return paper.png()


def tt() -> bytes:
    """TT: the enclosure has an earth of its own."""
    paper = Paper(800, 430)
    paper.title("TT 系统：设备外壳单独接地，必须配用剩余电流保护器")
    rows = [110.0, 140.0, 170.0, 200.0]
    _supply(paper, rows, 4, 730)
    paper.line((90, 224), (90, 346))
    parts.earth(paper, 90, 346)
    paper.text(112, 350, "电源接地", 14, colour=SOFT, anchor="lm")
    paper.box(380, 212, 150, 40, fill=VERMILION_SOFT, outline=VERMILION, radius=4)
    paper.text(455, 232, "RCD 剩余电流保护", 14, colour=VERMILION)
    for x, row, colour in ((420, rows[2], L3), (490, rows[3], N)):
        paper.conductor((x, row), (x, 212), colour=colour)
        paper.dot(x, row, colour=colour)
        paper.conductor((x, 252), (x, 290), colour=colour)
    paper.box(392, 278, 126, 62, fill=RAISED, radius=4)
    paper.text(455, 309, "用电设备", 15)
    paper.conductor((518, 326), (580, 326), (580, 346))
    parts.earth(paper, 580, 346)
    paper.text(602, 350, "设备接地", 14, colour=SOFT, anchor="lm")
    paper.note("碰壳时故障电流经大地流回电源，电流不大，熔断器往往不断，要靠 RCD 切断。", 406)
    return paper.png()


def _person(paper: Paper, x: float, y: float, *, reach: tuple[float, float] | None = None,
            other: tuple[float, float] | None = None, stride: float = 10) -> None:  # fmt: skip
    """A figure whose feet stand at (x, y); `reach`, `other`: where the hands are."""
    hip, neck = y - 52, y - 98
    paper.circle(x, y - 114, 14, fill=RAISED, line=2.5)
    paper.line((x, neck), (x, hip), width=4)
    paper.line((x - stride, y), (x, hip), (x + stride, y), width=4)
    paper.line((x, neck + 8), reach or (x + 22, hip), width=4)
    paper.line((x, neck + 8), other or (x - 22, hip), width=4)


def _ground(paper: Paper, left: float, right: float, y: float) -> None:
    paper.line((left, y), (right, y), width=2)
    for number in range(int((right - left) / 14)):
        x = left + 8 + number * 14
        paper.line((x, y + 2), (x - 7, y + 10), colour=FAINT, width=1.5)


def shock_ways() -> bytes:
    """Between phase and earth, between two phases, by step voltage."""
    paper = Paper(840, 420)
    paper.title("三种触电方式")
    ground = 340.0
    for left, name in ((32, "单相触电"), (300, "两相触电"), (568, "跨步电压触电")):
        paper.box(left, 74, 240, 322, fill=RAISED, outline=SHADE, line=1.5, radius=6)
        paper.text(left + 120, 374, name, 17, bold=True)
        _ground(paper, left + 16, left + 224, ground)
    # One phase, body, earth.
    for number, colour in enumerate((L1, L2, L3)):
        paper.line((48, 112 + 22 * number), (256, 112 + 22 * number), colour=colour, width=3)
    _person(paper, 176, ground, reach=(206, 156))
    paper.arrow((214, 168), (194, 238), colour=VERMILION, width=2.5)
    paper.arrow((176, ground - 46), (176, ground - 6), colour=VERMILION, width=2.5)
    paper.text(100, 210, "220 V", 20, colour=VERMILION, bold=True)
    paper.text(98, 250, "相线 → 人体\n→ 大地", 13, colour=SOFT)
    # Two phases.
    for number, colour in enumerate((L1, L2)):
        paper.line((316, 118 + 44 * number), (524, 118 + 44 * number), colour=colour, width=3)
    _person(paper, 420, ground, reach=(456, 162), other=(384, 118))
    paper.arrow(
        (378, 128), (408, 236), (418, 250), (432, 236), (452, 180), colour=VERMILION, width=2.5
    )
    paper.text(484, 240, "380 V", 20, colour=VERMILION, bold=True)
    paper.text(478, 268, "最危险", 14, colour=SOFT)
    # A wire on the ground, the potential around it.
    paper.curve(
        [(584 + t, ground - 8 - 110 * math.exp(-t / 42)) for t in range(0, 212, 4)],
        colour=INDIGO,
        width=2.5,
    )
    paper.line((584, 112), (592, 330), colour=L3, width=3)
    _person(paper, 716, ground, stride=26)
    paper.arrow((690, ground + 0.5), (742, ground + 0.5), colour=VERMILION, width=3, both=True)
    paper.text(668, 128, "电位", 14, colour=INDIGO)
    paper.text(676, 152, "离落地点越近，\n跨步电压越高", 13, colour=SOFT, anchor="ma")
    return paper.png()


def lightning() -> bytes:
    """Air terminal, down-conductor, earth electrode, and a surge protector in the board."""
    paper = Paper(800, 430)
    paper.title("建筑物防雷装置：接闪器、引下线、接地装置")
    ground = 330.0
    _ground(paper, 60, 740, ground)
    paper.box(240, 180, 260, 150, fill=RAISED)
    paper.area([(220, 180), (370, 118), (520, 180)], RAISED, outline=(22, 32, 44))
    paper.line((370, 118), (370, 76), colour=VERMILION, width=3.5)
    paper.area([(362, 78), (370, 62), (378, 78)], VERMILION)
    paper.line((370, 118), (520, 180), (520, 372), colour=GREEN, width=3.5)
    parts.earth(paper, 520, 372, GREEN)
    paper.area([(430, 66), (404, 96), (418, 96), (396, 122), (440, 88), (424, 88), (446, 66)], L1)
    paper.text(352, 92, "接闪器", 15, anchor="rm")
    paper.text(538, 250, "引下线", 15, anchor="lm")
    paper.text(546, 384, "接地装置", 15, anchor="lm")
    paper.box(282, 232, 96, 64, fill=VERMILION_SOFT, outline=VERMILION, radius=4)
    paper.text(330, 252, "配电箱", 14)
    paper.text(330, 276, "SPD", 16, colour=VERMILION, bold=True)
    paper.conductor((330, 296), (330, 360), (500, 360), (520, 360))
    paper.conductor((100, 264), (282, 264), colour=L3)
    paper.text(156, 246, "电源进线", 14, colour=SOFT)
    paper.text(
        660,
        140,
        "直击雷由接闪器引入大地；\n沿线路来的雷电过电压\n由电涌保护器 SPD 限制。",
        14,
        colour=SOFT,
    )
    return paper.png()


DRAWINGS = {"tn_s": tn_s, "tt": tt, "shock_ways": shock_ways, "lightning": lightning}
