"""Drawings of the two smaller courses: fork-lift trucks and care for the elderly."""

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
    VERMILION_SOFT,
    Paper,
)


def stability() -> bytes:
    """The stability triangle of a fork-lift truck, from above."""
    paper = Paper(800, 430)
    paper.title("叉车的稳定三角形（俯视）")
    front, rear, middle = 330.0, 610.0, 240.0
    paper.box(front - 24, middle - 92, rear - front + 74, 184, fill=RAISED, radius=14)
    for y in (middle - 44, middle + 44):
        paper.box(96, y - 11, front - 120, 22, fill=FAINT, outline=INK)
    paper.box(front - 36, middle - 84, 14, 168, fill=INK, outline=None)
    paper.area(
        [(front + 16, middle - 92), (front + 16, middle + 92), (rear, middle)],
        VERMILION_SOFT,
        VERMILION,
        2.5,
    )
    for x, y in (
        (front + 16, middle - 104),
        (front + 16, middle + 104),
        (rear, middle - 40),
        (rear, middle + 40),
    ):
        paper.box(x - 26, y - 11, 52, 22, fill=INK, outline=None, radius=7)
    paper.dot(front + 16, middle - 92, 5, VERMILION)
    paper.dot(front + 16, middle + 92, 5, VERMILION)
    paper.dot(rear, middle, 6, VERMILION)
    paper.circle(front + 108, middle, 12, fill=GREEN, outline=PAPER)
    paper.text(front + 128, middle, "合成重心", 15, colour=GREEN, anchor="lm", bold=True)
    paper.text(rear + 62, middle, "后桥铰接点", 14, colour=SOFT, anchor="lm")
    paper.text(front + 54, middle - 128, "前轮", 14, colour=SOFT, anchor="lm")
    paper.arrow((front + 92, middle), (front - 4, middle), colour=INDIGO, width=2.5, head=12)
    paper.text(180, middle, "货物越重、越靠前，\n重心越往前移", 15, colour=INDIGO)
    paper.note("重心移出三角形，叉车就会倾翻：超载、急转弯、举着货行驶都会把它推出去。", 404)
    return paper.png()


def load_chart() -> bytes:
    """The rated load falls as the load centre moves out."""
    paper = Paper(760, 420)
    paper.title("载荷曲线：载荷中心距越大，允许的重量越小")
    left, right, top, bottom = 110.0, 640.0, 90.0, 350.0
    for number in range(7):
        y = bottom - (bottom - top) * number / 6
        paper.line((left, y), (right, y), colour=SHADE, width=1)
        paper.text(left - 12, y, f"{number * 500}", 13, colour=SOFT, anchor="rm")
    scale = (bottom - top) / 3000

    def x_of(distance: float) -> float:
        return left + (right - left) * (distance - 400) / 800

    points = [(x_of(400), bottom - 3000 * scale), (x_of(500), bottom - 3000 * scale)]
    points += [(x_of(d), bottom - 3000 * 980 / (d + 480) * scale) for d in range(510, 1201, 10)]
    paper.area([*points, (x_of(1200), bottom), (x_of(400), bottom)], (232, 238, 247))
    paper.curve(points, colour=INDIGO, width=3.5)
    for distance in range(400, 1201, 200):
        x = x_of(distance)
        paper.line((x, bottom), (x, bottom + 5))
        paper.text(x, bottom + 18, f"{distance}", 13, colour=SOFT)
    paper.arrow((left, bottom), (right + 36, bottom))
    paper.arrow((left, bottom), (left, top - 14))
    paper.text(right + 44, bottom - 16, "mm", 14)
    paper.text(left + 12, top - 14, "kg", 14, anchor="lm")
    paper.text(x_of(820), bottom - 60, "允许", 22, colour=INDIGO, bold=True)
    paper.text(x_of(980), bottom - 2560 * scale, "危险", 22, colour=VERMILION, bold=True)
    paper.note("以 3 t 叉车为例的示意曲线；每台车以车上铭牌的载荷曲线为准。", 398)
    return paper.png()


def turning_clock() -> bytes:
    """A plan for turning somebody who lies in bed: every two hours another side."""
    paper = Paper(760, 470)
    paper.title("卧床老人翻身计划：至少每 2 小时一次")
    x, y, radius = 250.0, 266.0, 160.0
    colours = {"左侧卧": INDIGO, "平卧": FAINT, "右侧卧": GREEN}
    for number in range(6):
        start = -90 + 60 * number
        name = list(colours)[number % 3]
        rim = [math.radians(a) for a in range(start, start + 61, 2)]
        wedge = [(x, y), *((x + radius * math.cos(a), y + radius * math.sin(a)) for a in rim)]
        paper.area(wedge, colours[name], PAPER, 4)
        middle = math.radians(start + 30)
        ink = INK if name == "平卧" else PAPER
        place = (x + 104 * math.cos(middle), y + 104 * math.sin(middle))
        paper.text(*place, name, 16, colour=ink, bold=True)
    for number in range(12):
        a = math.radians(-90 + 30 * number)
        paper.text(
            x + (radius + 18) * math.cos(a),
            y + (radius + 18) * math.sin(a),
            str(number or 12),
            15,
            colour=SOFT,
        )
    paper.circle(x, y, 34, fill=PAPER, outline=None)
    paper.text(x, y, "2 h", 22, bold=True)
    for number, (title, text) in enumerate(
        (
            ("看", "骨突处皮肤有无发红、破损"),
            ("垫", "软枕垫在背后、两膝之间"),
            ("记", "时间、体位、皮肤情况，签名"),
        )
    ):
        top = 130 + 94 * number
        paper.circle(490, top + 20, 20, fill=INK, outline=None)
        paper.text(490, top + 20, title, 18, colour=PAPER, bold=True)
        paper.text(524, top + 20, text, 16, anchor="lm")
    paper.line((470, 422), (700, 422), colour=L1, width=3)
    paper.text(470, 440, "翻身时不拖、不拉、不拽", 15, colour=SOFT, anchor="lm")
    return paper.png()


def harness() -> bytes:
    """High anchor, low use: where to hook a harness."""
    paper = Paper(760, 400)
    paper.title("安全带：高挂低用")
    for left, right_way in ((32, True), (396, False)):
        paper.box(left, 76, 332, 296, fill=RAISED, outline=SHADE, line=1.5, radius=6)
        paper.line((left + 30, 318), (left + 240, 318), width=5)
        paper.line((left + 30, 120), (left + 240, 120), colour=FAINT, width=7)
        x = left + 140
        paper.circle(x, 204, 14, fill=RAISED, line=2.5)
        paper.line((x, 220), (x, 268), width=7)
        paper.line((x - 12, 316), (x, 268), (x + 12, 316), width=5)
        paper.line((x, 230), (x + 24, 256), width=4)
        paper.line((x, 230), (x - 24, 256), width=4)
        hook = (left + 186, 122) if right_way else (left + 200, 316)
        colour = GREEN if right_way else VERMILION
        paper.curve(
            [(x, 236), ((x + hook[0]) / 2 + 16, (236 + hook[1]) / 2), hook], colour=colour, width=3
        )
        paper.circle(*hook, 6, fill=RAISED, outline=colour, line=3)
        if right_way:
            paper.line(
                (left + 262, 190), (left + 278, 206), (left + 312, 168), colour=GREEN, width=7
            )
        else:
            paper.line((left + 268, 168), (left + 306, 206), colour=VERMILION, width=7)
            paper.line((left + 306, 168), (left + 268, 206), colour=VERMILION, width=7)
        text = "挂在头顶以上的牢固构件上" if right_way else "挂在脚下：坠落距离加倍"
        paper.text(left + 166, 348, text, 16, bold=True)
    return paper.png()


DRAWINGS = {
    "stability": stability,
    "load_chart": load_chart,
    "turning_clock": turning_clock,
    "harness": harness,
}
