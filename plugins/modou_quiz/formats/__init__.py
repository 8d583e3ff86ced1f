"""Interchange formats, a module each; `QUESTION_FORMATS` is what the plugin hands in."""

from modou_quiz.formats.aiken import Aiken
from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.formats.excel import Excel
from modou_quiz.formats.gift import Gift
from modou_quiz.formats.moodle_xml import MoodleXml
from modou_quiz.formats.qti import Qti22, Qti30
from modou_quiz.formats.word import Word

__all__ = ["QUESTION_FORMATS", "Item", "Note", "QuestionFormat"]

QUESTION_FORMATS: tuple[QuestionFormat, ...] = (
    Excel(),
    Word(),
    Gift(),
    Aiken(),
    MoodleXml(),
    Qti22(),
    Qti30(),
)
