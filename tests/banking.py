"""Questions for tests of the plugin `quiz`: made through its verbs, the system acting."""

from itertools import count
from typing import Any

from modou.services.occasion import Occasion
from modou_quiz.content import Rich
from modou_quiz.models.bank import Question, QuestionCategory
from modou_quiz.services import bank
from modou_quiz.types.contents import Option, SingleChoice, TrueFalse

_numbers = count(1)


def plain(text: str) -> Rich:
    return Rich(source=text, markup="plain")


def single(stem: str = "", *options: str) -> SingleChoice:
    """A single choice whose first option is right."""
    stem = stem or f"第 {next(_numbers)} 题：下列说法正确的是？"
    texts = options or ("甲", "乙", "丙", "丁")
    return SingleChoice(
        stem=plain(stem),
        options=tuple(
            Option(text=plain(text), fraction=0.0 if place else 1.0)
            for place, text in enumerate(texts)
        ),
    )


def judgement(stem: str = "", answer: bool = True) -> TrueFalse:
    return TrueFalse(stem=plain(stem or f"第 {next(_numbers)} 题：以下说法对吗？"), answer=answer)


def question(
    occasion: Occasion, category: QuestionCategory, content: Any = None, **more: Any
) -> Question:
    """A single choice, or what `content` says."""
    made = content if content is not None else single()
    kind = "truefalse" if isinstance(made, TrueFalse) else "single"
    return bank.create_question(occasion, category, kind, made, **more)
