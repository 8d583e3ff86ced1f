"""One question of each kind, for the templates."""

from typing import Any, Final

from modou_quiz.content import Content, Rich
from modou_quiz.formats.base import Item
from modou_quiz.formats.office.answers import letters
from modou_quiz.formats.office.making import options_of
from modou_quiz.types.contents import (
    Accepted,
    AcceptedNumber,
    Case,
    Cloze,
    Description,
    Essay,
    GapWords,
    Matching,
    MultipleChoice,
    Numerical,
    Option,
    Ordering,
    Pair,
    Short,
    SingleChoice,
    SubQuestion,
    TrueFalse,
    Unit,
    Units,
)


def _plain(text: str) -> Rich:
    return Rich(source=text, markup="plain")


def options(text: str, right: str) -> tuple[Option, ...]:
    """Options between `|`, the right ones by their letters."""
    return options_of((_plain(option.strip()) for option in text.split("|")), letters(right, 26))


def _item(type: str, content: Content, marks: float = 2, **values: Any) -> Item:
    return Item(type=type, content=content, marks=marks, **values)


_FILED: Final[dict[str, Any]] = {"category": ("低压电工", "安全用电"), "difficulty": 2}

EXAMPLES: Final[tuple[Item, ...]] = (
    _item(
        "single",
        SingleChoice(
            stem=_plain("人体触电时，危险性最大的电流途径是（  ）。"),
            options=options("左手到前胸 | 右手到脚 | 脚到脚 | 右手到右脚", "A"),
            feedback=_plain("左手到前胸的途径经过心脏，而且途径短。"),
        ),
        point="电流对人体的伤害",
        syllabus="1.1.2",
        tags=("触电", "必考"),
        idnumber="DY-0001",
        **_FILED,
    ),
    _item(
        "multiple",
        MultipleChoice(
            stem=_plain("停电作业的安全技术措施有（  ）。"),
            options=options(
                "停电 | 验电 | 装设接地线 | 悬挂标示牌和装设遮栏 | 填写检修报告", "ABCD"
            ),
            scoring="subset",
        ),
        3,
        point="安全技术措施",
        **_FILED,
    ),
    _item(
        "multiple",
        MultipleChoice(
            stem=_plain("下列电器中，具有短路保护作用的是（  ）。"),
            options=options("熔断器 | 热继电器 | 低压断路器 | 刀开关", "AC"),
            scoring="half",
            indefinite=True,
        ),
        3,
        point="低压电器",
        **_FILED,
    ),
    _item(
        "truefalse",
        TrueFalse(
            stem=_plain("验电前，应先在有电的设备上试验，确认验电器良好。"),
            answer=True,
            feedback=_plain("验电器坏了也显示无电。"),
        ),
        1,
        point="验电",
        **_FILED,
    ),
    _item(
        "cloze",
        Cloze(
            stem=_plain("在潮湿场所使用的行灯，电压不得超过[[1]]V；金属容器内不得超过[[2]]V。"),
            gaps=(
                GapWords(answers=(Accepted(pattern="24"), Accepted(pattern="二十四"))),
                GapWords(answers=(Accepted(pattern="12"), Accepted(pattern="十二"))),
            ),
        ),
        4,
        point="安全电压",
        **_FILED,
    ),
    _item(
        "short",
        Short(
            stem=_plain("测量绝缘电阻用什么仪表？"),
            answers=(
                Accepted(pattern="兆欧表"),
                Accepted(pattern="绝缘电阻表"),
                Accepted(pattern="摇表", fraction=0.5),
            ),
        ),
        point="电工仪表",
        **_FILED,
    ),
    _item(
        "numerical",
        Numerical(
            stem=Rich(
                source=r"阻值 484 Ω 的电热丝接在 220 V 电源上，由 \(P=\frac{U^2}{R}\) 求它的功率。",
                markup="html",
            ),
            answers=(AcceptedNumber(value=100, tolerance=1),),
            units=Units(mode="optional", units=(Unit(name="W"),)),
        ),
        3,
        point="电功率",
        **_FILED,
    ),
    _item(
        "matching",
        Matching(
            stem=_plain("把物理量和它的单位连起来。"),
            pairs=(
                Pair(left=_plain("电压"), right=_plain("伏特")),
                Pair(left=_plain("电流"), right=_plain("安培")),
                Pair(left=_plain("电阻"), right=_plain("欧姆")),
            ),
            distractors=(_plain("瓦特"),),
        ),
        3,
        point="电学基础",
        **_FILED,
    ),
    _item(
        "ordering",
        Ordering(
            stem=_plain("按先后排列停电作业的步骤。"),
            items=tuple(map(_plain, ("停电", "验电", "装设接地线", "悬挂标示牌"))),
        ),
        2,
        point="安全技术措施",
        **_FILED,
    ),
    _item(
        "essay",
        Essay(
            stem=_plain("发现有人低压触电，怎样使他脱离电源？"),
            sample=_plain(
                "拉开关或拔插头；用绝缘钳切断电线；用干燥的木棒挑开电线；站在干燥木板上拉开触电者。"
            ),
            notes=_plain("每答出一种方法得 2.5 分；没有说明不得直接接触触电者的，扣 1 分。"),
        ),
        10,
        point="触电急救",
        **_FILED,
    ),
    _item(
        "case",
        Case(
            stem=_plain(
                "某车间电工更换熔断器时没有停电，也没有戴绝缘手套，触电倒地。同事用手去拉，也触电了。"
            ),
            questions=(
                SubQuestion.of(
                    "single",
                    SingleChoice(
                        stem=_plain("同事首先应该（  ）。"),
                        options=options("拨打 120 | 断开电源 | 做人工呼吸 | 报告领导", "B"),
                    ),
                    2,
                ),
                SubQuestion.of(
                    "truefalse",
                    TrueFalse(stem=_plain("低压带电作业可以不设监护人。"), answer=False),
                    1,
                ),
                SubQuestion.of(
                    "essay",
                    Essay(
                        stem=_plain("指出这名电工违反了哪些规定。"),
                        sample=_plain("没有停电、验电；没有使用绝缘防护用品；无人监护。"),
                    ),
                    5,
                ),
            ),
        ),
        8,
        point="事故案例",
        **_FILED,
    ),
    _item(
        "description",
        Description(stem=_plain("下面各题不考虑导线的电阻。")),
        0,
        category=("低压电工", "安全用电"),
    ),
)
