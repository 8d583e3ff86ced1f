"""Keys: what a version of a question is graded by. Each is read once in a verb, however many
attempts it looks at."""

from collections.abc import Callable
from typing import Any, NamedTuple

from modou.errors import Conflict
from modou.services.occasion import Occasion
from modou_quiz.content import Content
from modou_quiz.i18n import _
from modou_quiz.services import shelf
from modou_quiz.services.marking.tries import penalty_of
from modou_quiz.types import QuestionType, Verdict

#: Keys that one verb holds at most; a paper has up to 1,000 questions.
_MOST = 5_000


class Key(NamedTuple):
    """What a version of a question is graded by.

    :param weights: of its parts
    :param title: of the question, for people
    """

    question: int
    version: int
    type: QuestionType[Any]
    content: Content
    weights: tuple[float, ...]
    title: str

    def verdict(self, response: Any) -> Verdict:
        return self.type.grade(self.content, response)

    def fractions(self, response: Any) -> list[float | None]:
        """What the machine says about each part; None: a person has to say. An answer that nobody
        gave is worth nothing without asking one."""
        if not self.weights:
            return []
        return [
            0.0 if worth.fraction is None and response is None else worth.fraction
            for worth in self.verdict(response).parts
        ]

    def penalty(self, part: int) -> float:
        """See `tries.penalty_of`."""
        return penalty_of(self.type, self.content, part)


class Unreadable(Conflict):
    """A question that cannot be graded now: it is gone, or no enabled plugin knows its type."""

    code = "unreadable-question"


#: (question id, version) -> its key.
Keys = Callable[[int, int], Key]


def keys_of(occasion: Occasion) -> Keys:
    """Where a verb gets its keys from.

    Called as `keys(question, version)`; raises `Unreadable`.
    """
    bank = shelf.find_bank(occasion.site)
    known: dict[tuple[int, int], Key] = {}

    def keys(question_id: int, number: int) -> Key:
        key = known.get((question_id, number))
        if key is None:
            if len(known) >= _MOST:
                known.clear()
            key = known[question_id, number] = read(question_id, number)
        return key

    def read(question_id: int, number: int) -> Key:
        question = bank.questions.get(question_id) if bank is not None else None
        if question is None:
            raise Unreadable(_("A question of this quiz is not in the bank any more."))
        type_ = shelf.types_of(occasion).get(question.type)
        if type_ is None:
            raise Unreadable(
                _(
                    "No enabled plugin knows the type “${type}” of a question of this quiz.",
                    mapping={"type": question.type},
                )
            )
        try:
            version = question.version(number)
        except KeyError:
            raise Unreadable(
                _(
                    "A question of this quiz has no version ${number}.",
                    mapping={"number": number},
                )
            ) from None
        content = shelf.content_of(occasion, question, version)
        weights = tuple(type_.parts(content)) if type_.answerable else ()
        return Key(question_id, version.number, type_, content, weights, question.title)

    return keys


def text_of(response: object) -> str:
    """The text of an answer that remarks can be made on; "" where there is none."""
    if isinstance(response, str):
        return response
    if isinstance(response, dict) and isinstance(response.get("text"), str):
        text: str = response["text"]
        return text
    return ""
