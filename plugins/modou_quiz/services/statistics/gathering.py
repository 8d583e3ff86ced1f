"""From the attempts of a quiz to what is counted: twice through all of them, a few at a time.

What stays in memory is about 150 bytes for each learner and a few kilobytes for each question.
"""

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Attempt, LongText
from modou_quiz.models.marking import Rule
from modou_quiz.services.marking import tries
from modou_quiz.services.marking.automatic import NO_RULE
from modou_quiz.services.marking.automatic import points as points_of
from modou_quiz.services.marking.keys import Keys, Unreadable, keys_of
from modou_quiz.services.marking.shelf import rules_of
from modou_quiz.services.marking.walking import closed
from modou_quiz.services.statistics.measures import Item, Moments, Nested, alpha, groups

#: Which attempts are counted: each learner's first, last or best, or all of them.
WHICH = ("first", "last", "best", "all")

Progress = Callable[[int], None]


class Gathered:
    """What the attempts of a quiz come to.

    :ivar items: (question id, version) -> `Item`; voided questions are not among them
    :ivar shares: of all marks, each attempt's
    :ivar seconds: that each attempt took
    """

    def __init__(self) -> None:
        self.items: dict[tuple[int, int], Item] = {}
        self.shares = array("d")
        self.seconds = array("d")
        #: Question id -> marks that it brought.
        self.points: dict[int, Moments] = {}
        self.totals = Moments()
        self.nested = Nested()
        #: The questions that everybody had; None once two had different ones.
        self.paper: frozenset[int] | None = None
        self.waiting = 0

    @property
    def reliability(self) -> tuple[str, float | None]:
        """("alpha", ...) where all had the same questions, else ("nested", ...)."""
        if self.paper:
            items = [moments.variance for moments in self.points.values()]
            return "alpha", alpha(items, self.totals.variance, len(items))
        return "nested", self.nested.reliability


def gather(
    occasion: Occasion, activity_id: int, which: str = "first", progress: Progress | None = None
) -> Gathered:
    """Count the graded attempts of a quiz.

    :param which: one of `WHICH`
    :param progress: called with the number of attempts looked at so far (of twice as many)
    """
    site = occasion.site
    found = Gathered()
    tick = progress or (lambda _seen: None)
    seen = 0
    #: Learner -> (rank, share of the marks, attempt): the attempt that is counted.
    chosen: dict[int, tuple[tuple[float, int], float, int]] = {}
    for attempt in closed(site, activity_id):
        tick(seen := seen + 1)
        if attempt.state != "graded" or attempt.score is None or not attempt.most:
            found.waiting += attempt.state != "graded"
            continue
        share = attempt.score / attempt.most
        learner = attempt.id if which == "all" else attempt.user
        rank = _rank(which, share, attempt.number)
        known = chosen.get(learner)
        if known is None or rank > known[0]:
            chosen[learner] = (rank, share, attempt.id)
    group = groups([(share, id) for _rank, share, id in chosen.values()])
    wanted = {id for _rank, _share, id in chosen.values()}
    del chosen
    reader = _Reader(found, keys_of(occasion), rules_of(site, activity_id))
    for attempt in closed(site, activity_id, answers=True):
        tick(seen := seen + 1)
        if attempt.id in wanted:
            reader.take(attempt, group.get(attempt.id, 0))
    return found


def _rank(which: str, share: float, number: int) -> tuple[float, int]:
    """Of a learner's attempts the one of the highest rank is counted."""
    if which == "last":
        return 0.0, number
    return share if which == "best" else 0.0, -number


class _Reader:
    """Takes attempts in, one after the other."""

    def __init__(self, found: Gathered, keys: Keys, rules: Mapping[int, Rule]) -> None:
        self.found = found
        self.keys = keys
        self.rules = rules
        self._first = True

    def take(self, attempt: Attempt, group: int) -> None:
        found = self.found
        score, most = attempt.score or 0.0, attempt.most
        found.shares.append(min(1.0, score / most))
        if attempt.handed_in > attempt.started and attempt.handed_in_by != "idle":
            found.seconds.append(attempt.handed_in - attempt.started)
        times = seconds_of(attempt)
        questions = []
        shares = []
        earned = self._first_tries(attempt)
        total = math.fsum(points or 0.0 for points in earned)
        for number, (slot, points) in enumerate(zip(attempt.slots, earned, strict=True)):
            rule = self.rules.get(slot.question, NO_RULE)
            if not slot.marks or points is None or rule.void:
                continue
            share = points / slot.marks
            others = most - slot.marks
            rest = (total - points) / others if others > 0 else 0.0
            item = found.items.get((slot.question, slot.version))
            if item is None:
                item = found.items[slot.question, slot.version] = Item()
            item.add(share, rest, group)
            if number in times:
                item.seconds.add(times[number])
            questions.append(slot.question)
            shares.append(share)
            found.points.setdefault(slot.question, Moments()).add(points)
            self._choices(item, attempt, number, group)
        found.totals.add(self._sum(attempt, earned))
        found.nested.add(shares)
        self._paper(frozenset(questions))

    def _first_tries(self, attempt: Attempt) -> list[float | None]:
        """Marks of the slots; of what was tried several times those of the first try, which is what
        its learner could."""
        earned = list(attempt.earned)
        for number, given in attempt.answers.given.items():
            slot = attempt.slots[number]
            rule = self.rules.get(slot.question, NO_RULE)
            if not given.tries or rule.void:
                continue
            with suppress(Unreadable):
                key = self.keys(slot.question, rule.version or slot.version)
                first = points_of(slot.marks, key.weights, key.fractions(tries.first(given)))
                if first is not None and earned[number] is not None:
                    earned[number] = first
        return earned

    def _sum(self, attempt: Attempt, earned: Sequence[float | None]) -> float:
        """Marks of the questions that are counted."""
        return math.fsum(
            points
            for slot, points in zip(attempt.slots, earned, strict=True)
            if points is not None and slot.marks and not self.rules.get(slot.question, NO_RULE).void
        )

    def _paper(self, questions: frozenset[int]) -> None:
        if self._first:
            self.found.paper = questions
        elif self.found.paper is not None and self.found.paper != questions:
            self.found.paper = None
        self._first = False

    def _choices(self, item: Item, attempt: Attempt, number: int, group: int) -> None:
        given = attempt.answers.given.get(number)
        # Without its long texts, which stay where they are.
        response = None
        if given is not None:
            response = given.tries[0].response if given.tries else given.response
        if response is None:
            item.omitted += 1
            return
        if holds_long_text(response):
            return
        slot = attempt.slots[number]
        try:
            key = self.keys(slot.question, slot.version)
        except Unreadable:
            return
        for part, choice in key.type.counted(key.content, response).items():
            item.choose(part, choice, group)


def holds_long_text(response: Any) -> bool:
    """Whether a response is a text of many words, which nobody counts."""
    if isinstance(response, LongText):
        return True
    if isinstance(response, dict):
        return any(holds_long_text(value) for value in response.values())
    if isinstance(response, list | tuple):
        return any(holds_long_text(value) for value in response)
    return False


def seconds_of(attempt: Attempt) -> dict[int, float]:
    """Slot -> seconds between its newest answer and what was answered before it. Who goes back and
    forth is reckoned by the last look at each question."""
    given = sorted((g.time_ms, slot) for slot, g in attempt.answers.given.items())
    found = {}
    before = attempt.started * 1000
    for time_ms, slot in given:
        found[slot] = max(0, time_ms - before) / 1000
        before = time_ms
    return found
