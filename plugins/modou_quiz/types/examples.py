"""A question of each of this plugin's types, for the page on which types are tried, for tests and
for the demonstration. From a course for electricians."""

from collections.abc import Mapping
from typing import Any, Final

from modou_quiz.content import Content, Rich
from modou_quiz.types import contents as c


def _text(source: str, markup: Any = "markdown") -> Rich:
    return Rich(source=source, markup=markup)


def _plain(source: str) -> Rich:
    return Rich(source=source, markup="plain")


_RESISTANCE = c.Numerical(
    stem=_text("一段导线两端电压为 12 V，通过的电流为 0.5 A。求导线的电阻。"),
    feedback=_text("由欧姆定律 $$R = \\frac{U}{I} = \\frac{12}{0.5} = 24\\ \\Omega$$"),
    answers=(
        c.AcceptedNumber(value=24.0, tolerance=0.5),
        c.AcceptedNumber(value=6.0, fraction=0.2, feedback=_plain("您把电压和电流相乘了。")),
    ),
    units=c.Units(
        mode="required",
        units=(c.Unit(name="Ω"), c.Unit(name="kΩ", factor=0.001), c.Unit(name="mΩ", factor=1000.0)),
        penalty=0.2,
    ),
)
_BREAKER = c.SingleChoice(
    stem=_text(
        "漏电保护器的额定漏电动作电流为 \\(I_{\\Delta n} = 30\\ \\mathrm{mA}\\)，它主要用于："
    ),
    feedback=_text("30 mA 及以下、动作时间不超过 0.1 s 的漏电保护器用于**防止人身触电**。"),
    options=(
        c.Option(text=_plain("防止人身触电"), fraction=1.0, feedback=_plain("正确。")),
        c.Option(text=_plain("防止电气火灾"), feedback=_plain("防火一般选 300 mA。")),
        c.Option(text=_plain("过载保护")),
        c.Option(text=_plain("短路保护")),
    ),
)
_FIRST_AID = c.Ordering(
    stem=_text("发现有人触电，请把救护步骤**按先后顺序**排列。"),
    items=(
        _plain("切断电源，或用绝缘物使触电者脱离电源"),
        _plain("判断意识和呼吸"),
        _plain("呼救并拨打 120"),
        _plain("进行心肺复苏"),
    ),
    scoring="neighbours",
)
_RULES = c.TrueFalse(
    stem=_text("低压验电器使用前，应先在确认有电的带电体上试验。"),
    answer=True,
    feedback=_text("先试验，才能证明验电器是好的。"),
    if_false=_plain("坏的验电器会把有电显示成没有电。"),
)

EXAMPLES: Final[Mapping[str, Content]] = {
    "single": _BREAKER,
    "multiple": c.MultipleChoice(
        stem=_text("下列哪些属于电气安全用具中的**基本安全用具**？"),
        feedback=_text("绝缘手套、绝缘靴是辅助安全用具（高压时）。"),
        options=(
            c.Option(text=_plain("绝缘棒"), fraction=0.3333333),
            c.Option(text=_plain("绝缘夹钳"), fraction=0.3333333),
            c.Option(text=_plain("验电器"), fraction=0.3333333),
            c.Option(text=_plain("绝缘垫"), feedback=_plain("绝缘垫是辅助安全用具。")),
        ),
        scoring="subset",
        indefinite=True,
    ),
    "truefalse": _RULES,
    "short": c.Short(
        stem=_text("我国低压配电系统中，三相四线制的中性线英文代号是什么？"),
        answers=(
            c.Accepted(pattern="N"),
            c.Accepted(pattern="N*线"),
            c.Accepted(pattern="PEN", fraction=0.5, feedback=_plain("PEN 是保护中性线。")),
        ),
        feedback=_text("中性线为 N，保护线为 PE。"),
    ),
    "cloze": c.Cloze(
        stem=_text(
            "三相交流电路中，各相电压的相位互差 [[1]] 度。我国工频为 [[2]] Hz，"
            "相线与中性线之间的电压称为 [[3]] 电压。三根相线的颜色分别是 [[4]]、[[5]]、[[6]]。"
        ),
        gaps=(
            c.GapNumber(answers=(c.AcceptedNumber(value=120.0),)),
            c.GapChoice(
                options=(
                    c.Option(text=_plain("50"), fraction=1.0),
                    c.Option(text=_plain("60")),
                    c.Option(text=_plain("100")),
                )
            ),
            c.GapWords(answers=(c.Accepted(pattern="相"), c.Accepted(pattern="相*"))),
            *(
                c.GapWords(
                    group="颜色",
                    answers=(c.Accepted(pattern=color), c.Accepted(pattern=f"{color}色")),
                )
                for color in ("黄", "绿", "红")
            ),
        ),
        feedback=_text("L1、L2、L3 依次为黄、绿、红。"),
    ),
    "numerical": _RESISTANCE,
    "matching": c.Matching(
        stem=_text("把下列物理量与它们的单位对应起来。"),
        pairs=(
            c.Pair(left=_plain("电压"), right=_plain("伏特 (V)")),
            c.Pair(left=_plain("电流"), right=_plain("安培 (A)")),
            c.Pair(left=_plain("有功功率"), right=_plain("瓦特 (W)")),
            c.Pair(left=_plain("电感"), right=_plain("亨利 (H)")),
        ),
        distractors=(_plain("法拉 (F)"), _plain("焦耳 (J)")),
    ),
    "ordering": _FIRST_AID,
    "essay": c.Essay(
        stem=_text("结合您所在的岗位，谈谈停电作业前应采取哪些**安全技术措施**，并说明理由。"),
        least_words=50,
        most_words=500,
        lines=8,
        sample=_text("停电、验电、装设接地线、悬挂标示牌和装设遮栏……"),
        notes=_text("四项措施各 20 分，理由 20 分。"),
        rubric=(
            c.Criterion(
                name="措施完整",
                description="停电、验电、接地、悬挂标示牌和装设遮栏",
                levels=(
                    c.Level(points=0.0, text="没有写出"),
                    c.Level(points=40.0, text="写出两项"),
                    c.Level(points=80.0, text="四项齐全"),
                ),
            ),
            c.Criterion(
                name="理由充分",
                levels=(c.Level(points=0.0, text="没有"), c.Level(points=20.0, text="充分")),
            ),
        ),
    ),
    "case": c.Case(
        stem=_text(
            "某车间一台电动机外壳带电，操作人员触摸后被电击。检查发现：保护线断开，"
            "漏电保护器因误动作被短接。\n\n请根据材料回答下列问题。"
        ),
        questions=(
            c.SubQuestion.of("single", _BREAKER, 2.0),
            c.SubQuestion.of("truefalse", _RULES, 1.0),
            c.SubQuestion.of("ordering", _FIRST_AID, 2.0),
        ),
    ),
    "description": c.Description(
        stem=_text("以下为**计算题**，请写出结果并带上单位。可以使用不带存储功能的计算器。")
    ),
}
