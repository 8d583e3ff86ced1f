"""The same change for many questions at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from modou.errors import Invalid
from modou.models.courses import Course
from modou.services.cleaning import clean_line
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question
from modou_quiz.services import searching, shelf
from modou_quiz.services.bank.categories import target_of
from modou_quiz.services.bank.questions import change_question, delete_questions, move
from modou_quiz.services.bank.rights import find_many

#: Most questions of one change.
MOST = 2000


def chosen(
    occasion: Occasion,
    course: Course | None,
    keys: Iterable[str],
    criteria: searching.Criteria | None = None,
) -> list[Question]:
    """The questions with these keys, or instead all that fit.

    :param criteria: of the list that was shown: its places are the actor's own
    :raises NotFound: the actor may not know one of them
    :raises Invalid: none, or too many
    """
    if criteria is None:
        questions = find_many(occasion, keys, course)
    else:
        bank = shelf.bank_of(occasion)
        found = searching.matching(bank, criteria)
        if len(found) > MOST:
            raise Invalid(
                _(
                    "${number} questions at once are too many. The limit is ${limit}: filter more.",
                    mapping={"number": len(found), "limit": MOST},
                )
            )
        questions = [bank.questions.by_id(id) for id in found]
    if not questions:
        raise Invalid(_("Choose some questions first."))
    return questions


def apply(
    occasion: Occasion,
    course: Course | None,
    action: str,
    questions: list[Question],
    values: Mapping[str, Any],
) -> int:
    """Do `action` with each question; how many were changed. Of "delete": how many are gone; the
    others are in use and retired now.

    :param action: "move" (`target`: key of a category), "tag" and "untag" (`tag`), "difficulty",
        "retire", "ready", "draft", "delete"
    :raises NotAllowed: the actor may not change one of them; then none is
    """
    if action == "delete":
        return delete_questions(occasion, questions)
    change = _change(occasion, course, action, values)
    for question in questions:
        change(question)
    return len(questions)


def _change(
    occasion: Occasion, course: Course | None, action: str, values: Mapping[str, Any]
) -> Callable[[Question], None]:
    if action == "move":
        target = target_of(occasion, values.get("target") or "", course)
        return lambda question: move(occasion, question, target)
    if action in {"tag", "untag"}:
        tag = clean_line(values.get("tag"), "tag", 50)

        def retag(question: Question) -> None:
            rest = tuple(other for other in question.tags if other != tag)
            tags = (*rest, tag) if action == "tag" else rest
            if set(tags) != set(question.tags):
                change_question(occasion, question, tags=tags)

        return retag
    if action == "difficulty":
        text = str(values.get("difficulty") or "0")
        level = int(text) if text.isascii() and text.isdigit() and len(text) == 1 else -1
        return lambda question: change_question(occasion, question, difficulty=level)
    statuses = {"retire": "retired", "ready": "ready", "draft": "draft"}
    if action not in statuses:
        raise Invalid(_("Choose what to do with the questions."))
    return lambda question: change_question(occasion, question, status=statuses[action])
