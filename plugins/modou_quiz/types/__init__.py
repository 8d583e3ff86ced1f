"""Types of question, a module each; `QUESTION_TYPES` is what the plugin hands in."""

from modou_quiz.types.base import Flaw, QuestionType, Render, Verdict, Worth

__all__ = ["QUESTION_TYPES", "Flaw", "QuestionType", "Render", "Verdict", "Worth"]

QUESTION_TYPES: tuple[QuestionType, ...] = ()  # type: ignore[type-arg]
