"""Drawings of low-voltage switchgear: tripping curve, contactor, residual current device, board."""

import math

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    FAINT,
    GREEN,
    GREEN_SOFT,
    INDIGO,
    INDIGO_SOFT,
    INK,
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


def tripping() -> bytes:
    """Time until a miniature circuit-breaker of type C trips, over the current."""
    paper = Paper(760, 460)
    paper.title("小型断路器（C 型）的脱扣特性")
    left, right, top, bottom = 100.0, 700.0, 84.0, 384.0

    def at(multiple: float, seconds: float) -> tuple[float, float]:
        x = left + (right - left) * math.log10(multiple) / math.log10(30)
        y = bottom - (bottom - top) * (math.log10(seconds) + 2) / 6
        return x, y

    def heated(least: float, most: float, seconds: float) -> list[tuple[float, float]]:
        """A bimetal's curve from the current `least` on, `seconds` at 2.55 times the rated one."""
        multiples = [least * 1.008 * (most / least / 1.008) ** (i / 120) for i in range(121)]
        times = [seconds * (2.55 / m) ** 2 / (1 - (least / m) ** 6) for m in multiples]
        return [at(m, min(t, 7000)) for m, t in zip(multiples, times, strict=True)]

    # GB/T 10963.1: 1.13 In holds for an hour, 1.45 In does not; 2.55 In trips within 1 to 60 s;
    # type C trips at once between 5 and 10 In.
    upper = [*heated(1.42, 10, 60), at(10, 0.03), at(30, 0.03)]
    lower = [*heated(1.13, 5, 1), at(5, 0.012), at(30, 0.012)]
    paper.area([*upper, *reversed(lower)], INDIGO_SOFT)
    paper.curve(upper, colour=INDIGO)
    paper.curve(lower, colour=INDIGO)
    for seconds, name in ((0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"), (3600, "1 h")):
        y = at(1, seconds)[1]
        paper.line((left, y), (right, y), colour=SHADE, width=1)
        paper.text(left - 10, y, name, 13, colour=SOFT, anchor="rm")
    for multiple in (1, 2, 3, 5, 10, 20):
        x = at(multiple, 1)[0]
        paper.line((x, bottom), (x, bottom + 5), width=1.5)
        paper.text(x, bottom + 18, f"{multiple}", 13, colour=SOFT)
    paper.arrow((left, bottom), (right + 24, bottom))
    paper.arrow((left, bottom), (left, top - 12))
    paper.text(right + 8, bottom + 20, "I / In", 15)
    paper.text(left + 14, top - 4, "t", 16, anchor="lm")
    paper.text(*at(4, 120), "过载：热脱扣，\n电流越大断得越快", 15, colour=INDIGO, anchor="lm")
    paper.text(
        *at(11, 0.35),
        "短路：电磁脱扣，\n5–10 倍额定电流瞬时断开",
        15,
        colour=VERMILION,
        anchor="lm",
    )
    paper.note("示意图：实际特性以产品样本为准。", 436)
    return paper.png()


def contactor() -> bytes:
    """Coil, armature, main and auxiliary contacts of a contactor, at rest and pulled in."""
    paper = Paper(800, 430)
    paper.title("交流接触器：线圈通电吸合，断电释放")
    for left, pulled in ((32, False), (412, True)):
        paper.box(left, 76, 356, 326, fill=RAISED, outline=SHADE, line=1.5, radius=6)
        paper.text(
            left + 178, 380, "线圈通电：触点动作" if pulled else "线圈断电：复位", 17, bold=True
        )
        drop = 16.0 if pulled else 0.0
        x = left + 96
        # The fixed core with its coil, the armature above it.
        paper.area([(x - 58, 350), (x + 58, 350), (x + 58, 266), (x + 34, 266), (x + 34, 324),
                    (x - 34, 324), (x - 34, 266), (x - 58, 266)], FAINT, outline=INK)  # fmt: skip
        for side in (-46, 46):
            paper.box(x + side - 20, 282, 40, 34, fill=L1 if pulled else SHADE, radius=3)
        paper.text(x, 306, "KM", 14, bold=True)
        paper.box(x - 58, 222 + drop * 1.6, 116, 18, fill=FAINT)
        if not pulled:
            for side in (-40, 40):
                paper.curve(
                    [(x + side + 7 * math.sin(t), 242 + t * 1.15) for t in range(21)],
                    colour=SOFT,
                    width=2,
                )
        paper.line((x, 222 + drop * 1.6), (x, 112 + drop), width=4)
        # Moving contacts hang on the bar.
        paper.line((x, 112 + drop), (left + 330, 112 + drop), width=4)
        for number in range(3):
            cx = left + 168 + 52 * number
            hot = VERMILION if pulled else INK
            paper.line((cx, 112 + drop), (cx, 146 + drop), width=3)
            paper.line((cx - 18, 146 + drop), (cx + 18, 146 + drop), colour=hot, width=5)
            for side in (-15, 15):
                paper.line((cx + side, 166), (cx + side, 206), colour=hot, width=3)
                paper.dot(cx + side, 166, 4, hot)
        paper.text(left + 220, 222, "三对主触点", 14, colour=SOFT)
        cx = left + 316
        paper.line((cx, 112 + drop), (cx, 146 + drop), width=3)
        paper.line(
            (cx - 14, 146 + drop), (cx + 14, 146 + drop), width=5, colour=INK if pulled else GREEN
        )
        for side in (-11, 11):
            paper.line((cx + side, 143), (cx + side, 130), width=3, colour=INK if pulled else GREEN)
        paper.text(cx - 2, 246, "常闭\n辅助触点", 13, colour=SOFT)
        paper.line((cx, 224), (cx, 184 if pulled else 158), colour=FAINT, width=1)
        paper.text(
            left + 246,
            310,
            "弹簧被压缩，\n衔铁吸合" if pulled else "弹簧把衔铁\n顶开",
            14,
            colour=SOFT,
        )
    return paper.png()


def residual_current() -> bytes:
    """Phase and neutral run through one core: a leak leaves a difference, which trips."""
    paper = Paper(800, 440)
    paper.title("剩余电流动作保护器：比较进线与回线的电流")
    top, low = 140.0, 200.0
    paper.line((60, top), (150, top), colour=L3, width=3)
    paper.line((60, low), (150, low), colour=N, width=3)
    paper.text(44, top, "L", 17, anchor="rm", bold=True)
    paper.text(44, low, "N", 17, anchor="rm", bold=True)
    for y, colour in ((top, L3), (low, N)):
        paper.line((150, y), (164, y), colour=colour, width=3)
        paper.line((164, y), (202, y - 20), width=3)
        paper.line((206, y), (560, y), colour=colour, width=3)
    paper.line((184, top - 12), (184, 320), colour=VERMILION, width=2, dash=(6, 5))
    # The core around both wires, its winding and the trip.
    paper.box(300, 112, 44, 116, outline=INK, line=7, radius=20)
    for y, colour in ((top, L3), (low, N)):
        paper.line((290, y), (354, y), colour=colour, width=3)
    for turn in range(3):
        paper.line((316 + 9 * turn, 216), (312 + 9 * turn, 240), colour=L2, width=3)
    paper.line((312, 240), (312, 340), (224, 340), colour=L2, width=2)
    paper.line((334, 240), (334, 356), (224, 356), colour=L2, width=2)
    paper.box(144, 320, 80, 52, fill=VERMILION_SOFT, outline=VERMILION, radius=4)
    paper.text(184, 346, "脱扣器", 15, colour=VERMILION)
    paper.text(322, 94, "零序电流互感器", 14, colour=SOFT)
    paper.arrow((420, top - 14), (480, top - 14), colour=L3, width=2)
    paper.text(450, top - 28, "I1", 15, colour=L3)
    paper.arrow((480, low + 14), (420, low + 14), colour=N, width=2)
    paper.text(450, low + 30, "I2", 15, colour=N)
    paper.box(560, 116, 104, 108, fill=RAISED, radius=5)
    paper.text(612, 170, "用电设备", 15)
    paper.arrow((640, 224), (700, 300), colour=VERMILION, width=3)
    parts.earth(paper, 706, 306)
    paper.text(650, 292, "漏电", 15, colour=VERMILION, anchor="rm")
    paper.box(384, 268, 210, 98, fill=GREEN_SOFT, outline=None, radius=5)
    paper.text(489, 300, "正常：I1 = I2，不动作", 15)
    paper.text(489, 334, "漏电：I1 − I2 ≥ 动作值，断开", 14, colour=VERMILION)
    paper.note("家用和手持工具：额定剩余动作电流不大于 30 mA，动作时间不大于 0.1 s。", 414)
    return paper.png()


def switching_order() -> bytes:
    """Switching off from the load to the source; on the other way round."""
    paper = Paper(800, 400)
    paper.title("停电与送电的操作顺序")
    steps = ("断路器", "负荷侧隔离开关", "电源侧隔离开关")
    for row, (name, colour, order, y) in enumerate(
        (("停电", VERMILION, (0, 1, 2), 120.0), ("送电", GREEN, (2, 1, 0), 262.0))
    ):
        paper.text(74, y + 42, name, 24, colour=colour, bold=True)
        for place, step in enumerate(order):
            x = 150 + 220 * place
            paper.box(x, y, 160, 84, fill=RAISED, outline=colour, line=2.5, radius=6)
            paper.text(x + 80, y + 42, ("断开" if row == 0 else "合上") + "\n" + steps[step], 17)
            paper.circle(x, y, 15, fill=colour, outline=None)
            paper.text(x, y, str(place + 1), 16, colour=RAISED, bold=True)
            if place < 2:
                paper.arrow((x + 164, y + 42), (x + 214, y + 42), colour=colour, width=3, head=12)
    paper.note("隔离开关没有灭弧能力：绝不能带负荷拉、合。", 378)
    return paper.png()


DRAWINGS = {
    "tripping": tripping,
    "contactor": contactor,
    "residual_current": residual_current,
    "switching_order": switching_order,
}
