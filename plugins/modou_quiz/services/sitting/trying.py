"""Several tries at a question, as its learner sees them: what the last one came to, the hint before
the next one. Whatever could tell the right answer is left out while there are tries left."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import markupsafe

from modou_quiz.models.attempts import Given
from modou_quiz.services.marking import tries
from modou_quiz.services.sitting import reviewing
from modou_quiz.services.sitting.finding import Asked, Sitting
from modou_quiz.services.sitting.responses import unpacked
from modou_quiz.services.sitting.saving import hint_after
from modou_quiz.types import Render
from modou_quiz.types.own import state_of


class Tried(NamedTuple):
    """A try in a review. `state`: "right", "partly", "wrong", "open"; "" where it is not told."""

    number: int
    summary: str
    state: str


class TriesShown(NamedTuple):
    """How the tries at a question stand.

    :param left: of `total`
    :param state: of the last try, as far as it may be known
    :param penalty: share of the marks that each further try costs
    :param hint: before the next one
    """

    used: int
    total: int
    penalty: float = 0.0
    state: str = ""
    hint: markupsafe.Markup | None = None
    told: Sequence[Tried] = ()

    @property
    def left(self) -> int:
        return max(0, self.total - self.used)


def standing(
    sitting: Sitting, found: Asked, given: Given, render: Callable[[], Render]
) -> TriesShown | None:
    """How the tries at a question that is still open stand; None: there is at most one."""
    total = reviewing.tries_at(sitting.quiz, found.content)
    checks = reviewing.during(sitting.quiz)
    if total < 2 or not checks or not found.type.answerable:
        return None
    penalty = tries.penalty_of(found.type, found.content, 0)
    if not given.tries:
        return TriesShown(0, total, penalty)
    hint = hint_after(found, given)
    state = ""
    if "correct" in checks:
        tried = unpacked(given.tries[-1].response)
        state = state_of(found.type.grade(found.content, tried).fraction)
    text = render()(hint.text) if hint is not None and hint.text else None
    return TriesShown(len(given.tries), total, penalty, state, text)


def shown(
    sitting: Sitting, found: Asked, given: Given, arrangement: Any, render: Render
) -> Mapping[str, Any]:
    """What a question's type gives to its template before another try. What is said about the last
    one stands there until the answer becomes another one."""
    type_, content = found.type, found.content
    response, last = unpacked(given.response), given.tries[-1]
    values = dict(type_.shown(content, arrangement, response, render))
    if given.seq != last.seq:
        return values
    tried = unpacked(last.response)
    checks, hint = reviewing.during(sitting.quiz), hint_after(found, given)
    if response == tried:
        values = dict(
            type_.between(
                content,
                arrangement,
                response,
                render,
                correct="correct" in checks,
                feedback="feedback" in checks,
            )
        )
        # The line about the tries says it.
        values["review"] = {k: v for k, v in values["review"].items() if k != "given"}
    if hint is not None and hint.count and (hits := type_.hits(content, tried)) is not None:
        values["review"] = {**values.get("review", {}), "count": hits}
    return values


def told(found: Asked, given: Given, allowed: frozenset[str]) -> TriesShown | None:
    """The tries at a question that is closed, for a review; None: there was at most one."""
    if "response" not in allowed or not tries.counted(given)[1]:
        return None
    listed = []
    for number, one in enumerate(given.tries, start=1):
        response = unpacked(one.response)
        fraction = found.type.grade(found.content, response).fraction
        state = state_of(fraction) if "correct" in allowed else ""
        listed.append(Tried(number, found.type.summary(found.content, response), state))
    return TriesShown(len(listed), len(listed), told=listed)


def lost(found: Asked, given: Given) -> float:
    """Share of its marks that an answer lost by further tries."""
    response, before = tries.counted(given)
    if not before:
        return 0.0
    whole = found.type.grade(found.content, response).fraction
    left = tries.fraction_of(found.type, found.content, given)
    return 0.0 if whole is None or left is None else max(0.0, whole - left)
