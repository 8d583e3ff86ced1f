"""Drawings of first aid and fire fighting: what to do, in the right order."""

import math

from modou.demo.drawing.paper import (
    FAINT,
    GREEN,
    INDIGO,
    INK,
    L1,
    PAPER,
    RAISED,
    SHADE,
    SOFT,
    VERMILION,
    Paper,
)


def _panel(paper: Paper, x: float, y: float, size: tuple[float, float], number: int,
           title: str, text: str) -> None:  # fmt: skip
    width, height = size
    paper.box(x, y, width, height, fill=RAISED, outline=SHADE, line=1.5, radius=6)
    paper.circle(x + 24, y + 24, 14, fill=INK, outline=None)
    paper.text(x + 24, y + 24, str(number), 16, colour=PAPER, bold=True)
    paper.text(x + 48, y + 24, title, 17, anchor="lm", bold=True)
    paper.text(x + width / 2, y + height - 40, text, 14, colour=SOFT)


def _lying(paper: Paper, x: float, y: float) -> None:
    """Somebody on their back, the head at the left."""
    paper.line((x - 20, y + 18), (x + 190, y + 18), colour=FAINT, width=1.5)
    paper.circle(x, y, 16, fill=RAISED, line=2.5)
    paper.area([(x + 18, y - 11), (x + 92, y - 14), (x + 96, y + 14), (x + 18, y + 14)], INK)
    paper.line((x + 92, y), (x + 180, y + 10), width=9)
    paper.line((x + 28, y + 10), (x + 74, y + 14), width=6, colour=SOFT)


def _kneeling(paper: Paper, x: float, y: float, hands: tuple[float, float]) -> None:
    """Somebody kneeling at (x, y), arms straight down to `hands`."""
    shoulder = (hands[0] + 4, hands[1] - 62)
    hip = (x, y - 40)
    paper.line((x - 4, y), (x + 42, y), width=7)
    paper.line((x - 4, y), hip, width=7)
    paper.line(hip, shoulder, width=8)
    paper.line(shoulder, hands, width=5)
    paper.circle(shoulder[0] - 14, shoulder[1] - 16, 14, fill=RAISED, line=2.5)


def cpr() -> bytes:
    """Four steps: check, call, press, breathe."""
    paper = Paper(840, 640)
    paper.title("心肺复苏：判断 — 呼救 — 按压 — 人工呼吸")
    size = (380.0, 266.0)
    left, right, top, bottom = 32.0, 428.0, 76.0, 356.0
    _panel(
        paper,
        left,
        top,
        size,
        1,
        "判断意识和呼吸",
        "轻拍双肩、大声呼唤；\n看胸廓起伏，用时不超过 10 s",
    )
    _lying(paper, left + 90, top + 160)
    paper.text(left + 130, top + 104, "“喂！你怎么了？”", 18, colour=INDIGO)
    paper.line((left + 98, top + 138), (left + 110, top + 120), colour=INDIGO, width=2)
    _panel(paper, right, top, size, 2, "呼救", "请人拨打 120，取来 AED；\n单人施救时开着免提打电话")
    paper.box(right + 92, top + 74, 60, 104, fill=INK, outline=None, radius=9)
    paper.box(right + 98, top + 86, 48, 74, fill=PAPER, outline=None, radius=3)
    paper.text(right + 122, top + 122, "120", 22, colour=VERMILION, bold=True)
    paper.box(right + 216, top + 84, 96, 84, fill=VERMILION, outline=None, radius=8)
    paper.area(_heart(right + 264, top + 120, 24), PAPER)
    paper.text(right + 264, top + 156, "AED", 15, colour=PAPER, bold=True)
    _panel(
        paper,
        left,
        bottom,
        size,
        3,
        "胸外按压 30 次",
        "两乳头连线中点，双臂垂直；\n深 5–6 cm，每分钟 100–120 次，充分回弹",
    )
    _lying(paper, left + 90, bottom + 172)
    hands = (left + 146, bottom + 156)
    _kneeling(paper, left + 196, bottom + 188, hands)
    paper.arrow(
        (left + 118, bottom + 96),
        (left + 118, bottom + 148),
        colour=VERMILION,
        width=3.5,
        head=12,
        both=True,
    )
    paper.text(left + 68, bottom + 112, "5–6 cm", 16, colour=VERMILION, bold=True)
    _panel(
        paper,
        right,
        bottom,
        size,
        4,
        "开放气道，吹气 2 次",
        "仰头抬颏，捏住鼻孔；每次约 1 s，\n见胸廓抬起。按压与吹气 30 : 2",
    )
    _lying(paper, right + 110, bottom + 172)
    paper.circle(right + 74, bottom + 134, 15, fill=RAISED, line=2.5)
    paper.line((right + 62, bottom + 146), (right + 34, bottom + 168), width=8)
    paper.line(
        (right + 34, bottom + 168), (right + 30, bottom + 190), (right + 62, bottom + 190), width=7
    )
    paper.line((right + 60, bottom + 150), (right + 94, bottom + 178), width=4)
    paper.arrow((right + 90, bottom + 142), (right + 104, bottom + 156), colour=INDIGO, width=3)
    paper.arrow((right + 150, bottom + 150), (right + 150, bottom + 116), colour=GREEN, width=3)
    paper.text(right + 164, bottom + 128, "胸廓抬起", 15, colour=GREEN, anchor="lm")
    return paper.png()


def _heart(x: float, y: float, size: float) -> list[tuple[float, float]]:
    points = []
    for step in range(60):
        t = 2 * math.pi * step / 60
        across = 16 * math.sin(t) ** 3
        up = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x + across * size / 16, y - up * size / 16))
    return points


def extinguisher() -> bytes:
    """Pull, aim, press, sweep: the dry powder extinguisher."""
    paper = Paper(840, 360)
    paper.title("手提式干粉灭火器：提、拔、瞄、压")
    steps = (
        ("提", "提起灭火器，\n上下摇动几次"),
        ("拔", "拔掉保险销"),
        ("瞄", "站在上风处，距火 2–3 m，\n喷管对准火焰根部"),
        ("压", "压下压把，\n左右扫射，向前推进"),
    )
    for number, (title, text) in enumerate(steps):
        x = 32 + 197 * number
        _panel(paper, x, 76, (185, 260), number + 1, title, text)
        _bottle(paper, x + 78, 150)
        if number == 0:
            paper.arrow((x + 130, 220), (x + 130, 150), colour=INDIGO, width=3, both=True)
        elif number == 1:
            paper.circle(x + 128, 146, 11, outline=VERMILION, line=3)
            paper.line((x + 86, 146), (x + 117, 146), colour=VERMILION, width=3)
            paper.arrow((x + 142, 146), (x + 168, 146), colour=VERMILION, width=3)
        else:
            _fire(paper, x + 150, 252)
            if number == 3:
                for spread in (-10, 0, 10):
                    paper.line(
                        (x + 108, 212), (x + 138, 238 + spread), colour=FAINT, width=4, dash=(5, 6)
                    )
                paper.arrow((x + 62, 122), (x + 62, 138), colour=VERMILION, width=3)
            else:
                paper.line((x + 108, 212), (x + 136, 244), colour=INDIGO, width=2, dash=(5, 5))
    return paper.png()


def _bottle(paper: Paper, x: float, y: float) -> None:
    paper.box(x - 26, y + 18, 46, 94, fill=VERMILION, outline=None, radius=12)
    paper.box(x - 14, y + 46, 22, 30, fill=PAPER, outline=None, radius=2)
    paper.box(x - 9, y + 4, 12, 16, fill=INK, outline=None)
    paper.line((x - 30, y - 8), (x + 12, y - 4), width=6)
    paper.line((x - 26, y + 4), (x + 6, y + 2), width=6)
    paper.curve(
        [(x + 4 + t, y + 6 + 54 * (t / 26) ** 2) for t in range(0, 27, 2)], colour=SOFT, width=5
    )


def _fire(paper: Paper, x: float, y: float) -> None:
    flame = [
        (0, -40),
        (10, -22),
        (18, -28),
        (18, -4),
        (10, 4),
        (-10, 4),
        (-18, -4),
        (-14, -22),
        (-6, -16),
    ]
    paper.area([(x + a, y + b) for a, b in flame], VERMILION)
    inner = [(0, -18), (7, -8), (5, 2), (-6, 2), (-8, -8)]
    paper.area([(x + a, y + b) for a, b in inner], L1)


def ex_mark() -> bytes:
    """The parts of an explosion protection marking, explained."""
    paper = Paper(800, 350)
    paper.title("看懂防爆标志（气体环境）")
    parts = (
        ("Ex", "防爆设备", 96.0),
        ("db", "防爆型式：\nd 为隔爆外壳", 220.0),
        ("IIB", "设备类别：\n代表气体为乙烯", 364.0),
        ("T4", "温度组别：表面\n最高 135 ℃", 520.0),
        ("Gb", "设备保护级别：\n可用于 1 区", 674.0),
    )
    paper.box(40, 88, 720, 90, fill=RAISED, outline=INK, line=2.5, radius=6)
    for number, (mark, meaning, x) in enumerate(parts):
        colour = (INK, VERMILION, INDIGO, GREEN, INK)[number]
        paper.text(x, 132, mark, 46, colour=colour, bold=True)
        paper.line((x, 166), (x, 214), colour=colour, width=2)
        paper.text(x, 224, meaning, 15, colour=SOFT, anchor="ma")
    paper.note("字母“U”或“X”结尾表示元件或有特殊使用条件，安装前要看说明书。", 322)
    return paper.png()


DRAWINGS = {"cpr": cpr, "extinguisher": extinguisher, "ex_mark": ex_mark}
