"""Drawing the questions of an attempt from a paper."""

import random

from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Slot
from modou_quiz.models.papers import Fixed
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import shelf


def draw(occasion: Occasion, quiz: Quiz, chance: random.Random) -> tuple[Slot, ...]:
    """The slots of a new attempt."""
    bank = shelf.find_bank(occasion.site)
    types = shelf.types_of(occasion)
    slots = []
    for place, section in enumerate(quiz.paper.sections):
        items = list(section.items)
        if section.shuffle or quiz.shuffle_questions:
            chance.shuffle(items)
        for item in items:
            if not isinstance(item, Fixed) or bank is None:
                continue
            question = bank.questions.by_id(item.question)
            version = question.version(item.version)
            type_ = types[question.type]
            content = shelf.content_of(occasion, question, version)
            marks = version.marks if item.marks is None else item.marks
            slots.append(
                Slot(
                    question.id,
                    version.number,
                    marks if type_.answerable else 0.0,
                    place,
                    type_.arrange(content, quiz.shuffle_options, chance),
                )
            )
    return tuple(slots)
