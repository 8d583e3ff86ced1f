"""Types of question, a module each; `QUESTION_TYPES` is what the plugin hands in."""

from typing import Any

from modou_quiz.types.base import Flaw, QuestionType, Render, Verdict, Worth
from modou_quiz.types.case import CaseQuestions
from modou_quiz.types.cloze import GapText
from modou_quiz.types.description import Informs
from modou_quiz.types.essay import EssayAnswer
from modou_quiz.types.matching import MatchingPairs
from modou_quiz.types.multiple import Multiple
from modou_quiz.types.numerical import NumericalAnswer
from modou_quiz.types.ordering import PutInOrder
from modou_quiz.types.short import ShortAnswer
from modou_quiz.types.single import Single
from modou_quiz.types.truefalse import TrueOrFalse

__all__ = ["QUESTION_TYPES", "Flaw", "QuestionType", "Render", "Verdict", "Worth"]

_SIMPLE: tuple[QuestionType[Any], ...] = (
    Single(),
    Multiple(),
    TrueOrFalse(),
    ShortAnswer(),
    GapText(),
    NumericalAnswer(),
    MatchingPairs(),
    PutInOrder(),
    EssayAnswer(),
    Informs(),
)
#: In the order of the menus.
QUESTION_TYPES: tuple[QuestionType[Any], ...] = (
    *_SIMPLE[:-1],
    CaseQuestions({kind.name: kind for kind in _SIMPLE}),
    _SIMPLE[-1],
)
