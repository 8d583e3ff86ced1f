"""What the machine makes of an attempt: pure, from what is stored, the same now and in ten years.

The machine marks what the types can judge; what persons have said is taken over. An answer that
nobody gave is worth nothing without asking a person.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Attempt, Given, Mark
from modou_quiz.models.marking import Rule
from modou_quiz.services import shelf
from modou_quiz.services.marking import tries, waiting
from modou_quiz.services.marking.keys import Key, Keys, keys_of
from modou_quiz.services.marking.shelf import depend_on, find_marking, rules_of, touch

#: Marks are kept with so many decimals.
DECIMALS = 5
NO_RULE = Rule()

Place = tuple[int, int]


class Outcome(NamedTuple):
    """What an attempt comes to.

    :param marks: (slot, part) -> `Mark`
    :param earned: marks of each slot, None where a person has to say
    :param waiting: parts that a person has to look at, with their question
    """

    marks: dict[Place, Mark]
    earned: tuple[float | None, ...]
    score: float | None
    most: float
    waiting: dict[Place, int]


def outcome(keys: Keys, attempt: Attempt, rules: Mapping[int, Rule], now: int) -> Outcome:
    """What an attempt comes to by the rules of its quiz.

    :param now: the time of new marks of the machine
    :raises Unreadable: a question cannot be graded now
    """
    given = attempt.answers.given
    before = attempt.marks
    marks: dict[Place, Mark] = {}
    earned: list[float | None] = []
    waits: dict[Place, int] = {}
    most: list[float] = []
    for number, slot in enumerate(attempt.slots):
        rule = rules.get(slot.question, NO_RULE)
        key = keys(slot.question, rule.version or slot.version)
        answer = given.get(number)
        changed = answer.time_ms // 1000 if answer is not None else 0
        fractions: list[float | None] = []
        for part, fraction in enumerate(fractions_of(key, answer, rule)):
            place = number, part
            old = before.get(place)
            if (
                old is not None
                and old.marker
                and old.time >= changed
                and judged_by_person(fraction, rule)
            ):
                # It stays below a rule for all, for the day on which that is taken back.
                marks[place] = old
                fraction = old.fraction if fraction is None else fraction
            elif fraction is None:
                # What brings no marks (a question for an opinion, say) keeps nobody waiting.
                if slot.marks:
                    waits[place] = slot.question
            elif old is not None and not old.marker and old.fraction == fraction:
                marks[place] = old
            else:
                marks[place] = Mark(fraction, 0, now)
            fractions.append(fraction)
        worth = 0.0 if rule.void == "none" else slot.marks
        most.append(worth)
        earned.append(points(worth, key.weights, fractions))
    known = [points for points in earned if points is not None]
    score = None if waits else max(0.0, tidy(math.fsum(known)))
    return Outcome(marks, tuple(earned), score, tidy(math.fsum(most)), waits)


def judged_by_person(fraction: float | None, rule: Rule) -> bool:
    """Whether what a person said about a part is kept."""
    return fraction is None or bool(rule.void)


def fractions_of(key: Key, answer: Given | None, rule: Rule) -> list[float | None]:
    """What the machine says about each part, further tries taken off; None: a person has to say."""
    if rule.void:
        return [1.0 if rule.void == "full" else 0.0] * len(key.weights)
    if answer is None:
        return key.fractions(None)
    response, before = tries.counted(answer)
    found = key.fractions(response)
    if not before:
        return found
    return tries.reduced(found, [key.fractions(one) for one in before], key.penalty)


def points(worth: float, weights: tuple[float, ...], fractions: list[float | None]) -> float | None:
    """Marks of a slot from the fractions of its parts; None while one of them is not known."""
    total = 0.0
    if not worth:
        return total
    for weight, fraction in zip(weights, fractions, strict=True):
        if fraction is None:
            return None
        total += weight * fraction
    return tidy(worth * total)


def tidy(number: float) -> float:
    """Without the dust of binary arithmetic; never -0.0."""
    return round(number, DECIMALS) + 0.0


def grade_attempt(occasion: Occasion, attempt: Attempt) -> Outcome:
    """Mark what the machine can, once the attempt is handed in. What is left goes to the marking
    queue; when nothing is, the attempt is graded.

    :raises Unreadable: a question cannot be graded now
    """
    rules = rules_of(occasion.site, attempt.quiz)
    found = outcome(keys_of(occasion), attempt, rules, occasion.now)
    take(occasion, attempt, found)
    return found


def take(occasion: Occasion, attempt: Attempt, found: Outcome, *, quiet: bool = False) -> None:
    """Write an outcome into its attempt; the queue follows.

    :param quiet: no event says that it is graded, since another one says so
    """
    was = attempt.state
    marking = find_marking(occasion.site, attempt.quiz)
    if marking is not None:
        # A rule that changes meanwhile would leave this attempt behind, marked by the old one.
        depend_on(marking)
    write(attempt, found)
    if not attempt.preview:
        waiting.sync(occasion, attempt, found.waiting)
        touch(occasion, attempt.quiz)
    if not quiet and attempt.state == "graded" and was != "graded":
        record(occasion, "attempt_graded", attempt)


def write(attempt: Attempt, found: Outcome) -> None:
    """Write an outcome into its attempt."""
    attempt.marks = found.marks
    attempt.earned = found.earned
    attempt.score = found.score
    attempt.most = found.most
    attempt.state = "handed_in" if found.waiting else "graded"


def record(occasion: Occasion, kind: str, attempt: Attempt, reason: str = "") -> None:
    """Note what an attempt has come to."""
    occasion.record(
        kind,
        subject=attempt.user,
        course=course_of(occasion, attempt),
        values={
            "activity": attempt.quiz,
            "attempt": attempt.id,
            "score": attempt.score,
            "most": attempt.most,
            "reason": reason,
        },
    )


def course_of(occasion: Occasion, attempt: Attempt) -> int:
    """Id of the course of an attempt's quiz, 0 when the quiz is gone."""
    quiz = shelf.find_by_id(occasion.site, attempt.quiz)
    return quiz.course if quiz is not None else 0
