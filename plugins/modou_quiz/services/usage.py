"""Where questions are used: papers that name them, attempts that asked them.

Nothing is written when a question is asked: 10,000 who begin an exam would all write to the same
fifty questions. Instead the attempts are read when somebody wants to delete one, up to a number;
beyond it a question counts as used, and is retired instead.
"""

from collections.abc import Iterator, Set

from modou.models.site import Site
from modou_quiz.models.papers import Draw
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import naming, shelf

#: Most attempts that are read.
MOST_READ = 5000


def quizzes(site: Site) -> Iterator[tuple[int, Quiz]]:
    """(activity id, quiz) of all quizzes."""
    data = site.plugins.get(shelf.PLUGIN)
    found = data.get("quizzes") if data is not None else None
    yield from found.items() if found is not None else ()


def fixed_in(site: Site, questions: Set[int]) -> dict[int, list[int]]:
    """Question -> ids of the activities whose papers name it."""
    index = naming.find_index(site)
    if index is not None:
        return {id: list(index[id]) for id in questions if id in index}
    # Stored before there was an index; the next paper that is changed makes it.
    found: dict[int, list[int]] = {}
    for activity, quiz in quizzes(site):
        for id in naming.named_in(quiz.paper):
            if id in questions:
                found.setdefault(id, []).append(activity)
    return found


def draws(quiz: Quiz) -> bool:
    """Whether its paper leaves something to chance."""
    return any(isinstance(item, Draw) for section in quiz.paper.sections for item in section.items)


def used(site: Site, questions: Set[int]) -> Set[int]:
    """Which of the questions are used by something, or might be."""
    found = set(fixed_in(site, questions))
    read = 0
    data = site.plugins.get(shelf.PLUGIN)
    attempts = data.get("attempts") if data is not None else None
    for of_quiz in attempts.values() if attempts is not None else ():
        for attempt in of_quiz.by_id.values():
            if found >= questions:
                return found
            read += 1
            if read > MOST_READ:
                return questions
            found.update(slot.question for slot in attempt.slots if slot.question in questions)
    return found
