"""Drawings of instruments: multimeter, clamp meter, insulation tester, signs for safe work."""

import math

from modou.demo.drawing import parts
from modou.demo.drawing.paper import (
    FAINT,
    GREEN,
    INDIGO,
    INK,
    L1,
    L3,
    PAPER,
    RAISED,
    SHADE,
    SOFT,
    VERMILION,
    Colour,
    N,
    Paper,
)


def multimeter() -> bytes:
    """The face of a digital multimeter: display, dial, sockets."""
    paper = Paper(800, 560)
    paper.title("数字万用表的面板")
    paper.box(60, 80, 320, 452, fill=INK, outline=None, radius=22)
    paper.box(76, 96, 288, 420, fill=(40, 52, 66), outline=None, radius=14)
    paper.box(100, 116, 240, 76, fill=(214, 222, 200), outline=None, radius=6)
    paper.text(326, 154, "223.6", 44, anchor="rm")
    paper.text(120, 134, "AC", 14)
    paper.text(120, 174, "V", 14)
    x, y = 220.0, 320.0
    ranges: list[tuple[float, str, Colour]] = [
        (-90, "OFF", PAPER),
        (-50, "DC V", PAPER),
        (-15, "mV", PAPER),
        (20, "Ω", (143, 176, 255)),
        (55, "通断", (143, 176, 255)),
        (125, "DC A", (232, 190, 40)),
        (160, "AC A", (232, 190, 40)),
        (195, "Hz", PAPER),
        (230, "AC V", (255, 138, 115)),
    ]
    for angle, name, colour in ranges:
        a = math.radians(angle)
        paper.text(x + 96 * math.cos(a), y + 96 * math.sin(a), name, 16, colour=colour, bold=True)
        paper.dot(x + 70 * math.cos(a), y + 70 * math.sin(a), 3, colour)
    paper.circle(x, y, 58, fill=(24, 33, 43), outline=(96, 108, 122))
    a = math.radians(230)
    paper.line((x, y), (x + 50 * math.cos(a), y + 50 * math.sin(a)), colour=PAPER, width=7)
    for sx, name, colour in (
        (118, "10A", VERMILION),
        (186, "mA", VERMILION),
        (254, "COM", INK),
        (322, "VΩ", VERMILION),
    ):
        paper.circle(sx, 462, 17, fill=colour, outline=PAPER)
        paper.circle(sx, 462, 7, fill=(8, 12, 16), outline=None)
        paper.text(sx, 494, name, 14, colour=PAPER)
    for number, (title, text) in enumerate(
        (
            ("显示屏", "读数、单位、交直流标志"),
            ("量程开关", "先选对种类，再选量程；不知大小时先用最大量程"),
            ("表笔插孔", "黑表笔插 COM；测电压、电阻插 VΩ；测电流插 mA 或 10A"),
        )
    ):
        top = (120, 270, 424)[number]
        paper.line((384, top + 34), (424, top + 34), colour=INDIGO, width=1.5)
        paper.dot(384, top + 34, 3.5, INDIGO)
        paper.text(436, top + 20, title, 18, anchor="lm", bold=True)
        for row, words in enumerate(_wrap(text, 20)):
            paper.text(436, top + 48 + 24 * row, words, 15, colour=SOFT, anchor="lm")
    return paper.png()


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, none beginning with a punctuation mark."""
    lines = [""]
    for character in text:
        if len(lines[-1]) >= width and character not in "，；。、：）":
            lines.append("")
        lines[-1] += character
    return lines


def clamp_meter() -> bytes:
    """One wire in the jaws: right; two wires: they cancel each other."""
    paper = Paper(800, 380)
    paper.title("钳形电流表：钳口里只放一根导线")
    for left, right_way in ((40, True), (420, False)):
        paper.box(left, 76, 340, 280, fill=RAISED, outline=SHADE, line=1.5, radius=6)
        x, y = left + 126, 176
        paper.arc(x, y, 58, -64, 244, width=15)
        paper.line((x + 25, y - 52), (x + 12, y - 58), width=2, colour=FAINT)
        paper.box(x - 34, y + 50, 68, 104, fill=INK, outline=None, radius=8)
        paper.box(x - 24, y + 62, 48, 26, fill=(214, 222, 200), outline=None, radius=3)
        paper.text(x, y + 75, "12.4" if right_way else "0.0", 16)
        paper.circle(x, y + 120, 15, fill=(40, 52, 66), outline=PAPER, line=1)
        wires = ((x, L3),) if right_way else ((x - 14, L3), (x + 14, N))
        for wire, colour in wires:
            paper.circle(wire, y, 11, fill=colour, outline=INK)
            paper.circle(wire, y, 4, fill=(205, 127, 50), outline=None)
        if right_way:
            paper.line(
                (left + 238, 176), (left + 254, 192), (left + 290, 152), colour=GREEN, width=7
            )
            paper.text(left + 264, 232, "单根相线：\n读数就是它的电流", 14, colour=SOFT)
        else:
            paper.line((left + 244, 154), (left + 282, 192), colour=VERMILION, width=7)
            paper.line((left + 282, 154), (left + 244, 192), colour=VERMILION, width=7)
            paper.text(left + 264, 232, "相线和零线一起：\n电流互相抵消", 14, colour=SOFT)
    return paper.png()


def megger() -> bytes:
    """How the insulation of a motor is measured: winding to frame, winding to winding."""
    paper = Paper(800, 400)
    paper.title("兆欧表测量电动机绝缘：先停电、验电、放电，拆开连接片")
    paper.box(60, 130, 220, 170, fill=INK, outline=None, radius=10)
    paper.box(84, 148, 172, 74, fill=(238, 236, 226), outline=None, radius=4)
    paper.arc(170, 246, 78, 218, 322, width=2)
    paper.line((170, 218), (206, 176), colour=VERMILION, width=2.5)
    paper.text(106, 168, "∞", 16)
    paper.text(234, 168, "0", 15)
    paper.text(170, 206, "MΩ", 14)
    paper.line((280, 250), (312, 250), (312, 224), width=5)
    paper.circle(312, 218, 8, fill=INK)
    paper.text(300, 282, "120 转/分", 13, colour=SOFT, anchor="lm")
    for x, name in ((112, "L"), (170, "G"), (228, "E")):
        paper.circle(x, 256, 10, fill=RAISED, outline=PAPER)
        paper.text(x + 22, 256, name, 15, colour=PAPER, bold=True)
    paper.box(470, 120, 270, 190, fill=RAISED, radius=10, line=3)
    paper.text(605, 142, "电动机接线盒", 14, colour=SOFT)
    for number, (top, bottom, colour) in enumerate(
        (("U1", "W2", L1), ("V1", "U2", GREEN), ("W1", "V2", L3))
    ):
        x = 530 + 75 * number
        for y, name in ((190, top), (250, bottom)):
            paper.circle(x, y, 11, fill=PAPER, outline=colour, line=3)
            paper.text(x + 17, y + 18, name, 14, anchor="lm")
    paper.line(
        (112, 266), (112, 348), (400, 348), (400, 190), (519, 190), colour=VERMILION, width=3
    )
    paper.line((228, 266), (228, 326), (430, 326), (430, 286), (470, 286), colour=INDIGO, width=3)
    paper.dot(470, 286, 5, INDIGO)
    paper.text(438, 172, "L 接绕组", 14, colour=VERMILION, anchor="rm")
    paper.text(452, 340, "E 接外壳（或另一相绕组）", 14, colour=INDIGO, anchor="lm")
    paper.note("500 V 以下的设备用 500 V 兆欧表，匀速摇动 1 min 后读数。", 382)
    return paper.png()


def signs() -> bytes:
    """The four boards that hang where work is done on a dead circuit."""
    paper = Paper(800, 330)
    paper.title("检修时常用的四种标示牌")
    boards: list[tuple[str, str, Colour, Colour, str]] = [
        ("禁止合闸", "有人工作", VERMILION, RAISED, "挂在已拉开的\n开关、刀闸把手上"),
        ("禁止合闸", "线路有人工作", VERMILION, RAISED, "挂在线路开关和\n刀闸的把手上"),
        ("止步", "高压危险", INK, (246, 206, 70), "挂在带电设备的\n遮栏、门上"),
        ("在此工作", "", RAISED, GREEN, "挂在工作地点"),
    ]
    for number, (first, second, ink, ground, where) in enumerate(boards):
        x = 32 + number * 186
        paper.dot(x + 40, 86, 4, FAINT)
        paper.dot(x + 136, 86, 4, FAINT)
        paper.box(
            x, 78, 176, 128, fill=ground, outline=ink if ink != RAISED else GREEN, line=5, radius=8
        )
        paper.dot(x + 24, 94, 4, PAPER)
        paper.dot(x + 152, 94, 4, PAPER)
        if second:
            paper.text(x + 88, 130, first, 29, colour=ink, bold=True)
            paper.text(x + 88, 172, second, 21, colour=ink, bold=True)
        else:
            paper.text(x + 88, 146, first, 31, colour=ink, bold=True)
        paper.text(x + 88, 222, where, 14, colour=SOFT, anchor="ma")
    paper.note("标示牌由谁挂、由谁取，别人不得移动；未经许可，任何人不得合闸。", 304)
    return paper.png()


def measuring_points() -> bytes:
    """Where to put the probes for checking that a circuit is dead."""
    paper = Paper(760, 380)
    paper.title("验明三相确无电压：相间、相对地逐一测量")
    points = {"L1": (150.0, L1), "L2": (260.0, GREEN), "L3": (370.0, L3), "PE": (520.0, None)}
    for name, (x, colour) in points.items():
        paper.conductor((x, 90), (x, 170), colour=colour)
        paper.terminal(x, 178, 8)
        paper.text(x, 78, name, 16, bold=True)
    pairs = (("L1", "L2"), ("L2", "L3"), ("L1", "L3"), ("L1", "PE"), ("L2", "PE"), ("L3", "PE"))
    for number, (a, b) in enumerate(pairs):
        y = 208 + 22 * number
        xa, xb = points[a][0], points[b][0]
        paper.arrow((xa, y), (xb, y), both=True, colour=INDIGO if b != "PE" else VERMILION, width=2)
        paper.text(560, y, f"{a}–{b}", 14, colour=SOFT, anchor="lm")
    parts.earth(paper, 640, 90)
    paper.line((520, 90), (640, 90), colour=GREEN)
    paper.note("验电前后，都要把验电器或电压表在确知有电的部位上试一次。", 360)
    return paper.png()


DRAWINGS = {
    "multimeter": multimeter,
    "clamp_meter": clamp_meter,
    "megger": megger,
    "signs": signs,
    "measuring_points": measuring_points,
}
