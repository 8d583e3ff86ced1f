"""What is kept from those who mark a quiz anonymously.

In the queue a marker reads answers without names. Results show names; whoever sees both could tell
by an answer, or by the marks that one got, whose it is. So, as long as something of an attempt at
an anonymous quiz waits for marking, what people judge in it is not shown beside the name to anybody
who may mark it: neither answers nor marks nor what was said. All of it, not only what still waits:
the queue calls a learner by the same other name in each answer of an attempt.
"""

from collections.abc import Collection, Sequence

from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_quiz import permissions
from modou_quiz.models.attempts import Attempt
from modou_quiz.services import shelf
from modou_quiz.services.marking.automatic import Outcome, outcome
from modou_quiz.services.marking.keys import Keys, Unreadable, keys_of
from modou_quiz.services.marking.shelf import rules_of


class Veil:
    """What the actor may not see of attempts at a quiz while their learners' names stand there."""

    def __init__(self, occasion: Occasion, activity: Activity, keys: Keys | None = None) -> None:
        quiz = shelf.find(occasion.site, activity)
        self._hides = (
            quiz is not None and quiz.anonymous and occasion.can(permissions.MARK, activity)
        )
        self._keys = keys or keys_of(occasion)
        self._rules = rules_of(occasion.site, activity.id)
        self._now = occasion.now

    def hidden(self, attempt: Attempt) -> frozenset[int]:
        """The slots whose answers, marks and remarks are not for the actor now."""
        if not self._hides or attempt.state == "graded" or attempt.preview:
            return frozenset()
        try:
            found = outcome(self._keys, attempt, self._rules, self._now)
        except Unreadable:
            # What it is cannot be told: nothing that has no marks yet is shown.
            return frozenset(n for n in range(len(attempt.slots)) if not _earned(attempt, n))
        if not found.waiting:
            return frozenset()
        return frozenset(place[0] for place in _judged(found))


def _judged(found: Outcome) -> Collection[tuple[int, int]]:
    """The parts that people judge or have judged."""
    return {*found.waiting, *(place for place, mark in found.marks.items() if mark.marker)}


def _earned(attempt: Attempt, slot: int) -> bool:
    known = slot < len(attempt.earned) and attempt.earned[slot] is not None
    return known and not any(
        mark.marker for place, mark in attempt.marks.items() if place[0] == slot
    )


def earned(attempt: Attempt, hidden: Collection[int] = ()) -> list[float | None]:
    """Marks of each question that has some, in the order in which they were asked; empty while
    nothing was graded."""
    if not attempt.earned:
        return []
    pairs: Sequence[tuple[int, float | None]] = list(enumerate(attempt.earned))
    return [
        None if number in hidden else points
        for number, points in pairs
        if attempt.slots[number].marks
    ]
