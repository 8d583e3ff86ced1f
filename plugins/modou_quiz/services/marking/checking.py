"""Whether the marks of a quiz are what its stored answers come to: reckoned again, nothing is
changed."""

from collections.abc import Iterator
from typing import NamedTuple

from modou.errors import Message
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt
from modou_quiz.services.marking.automatic import Outcome, outcome
from modou_quiz.services.marking.keys import Unreadable, keys_of
from modou_quiz.services.marking.shelf import rules_of
from modou_quiz.services.marking.walking import closed


class Difference(NamedTuple):
    """An attempt whose marks are not what they should be.

    :param stored, found: score as it is kept, and as it is reckoned; None: waits for a person
    :param text: in words, at the first place that differs
    """

    attempt: int
    user: int
    stored: float | None
    found: float | None
    text: Message


def differences(occasion: Occasion, activity_id: int) -> Iterator[Difference]:
    """Reckon every handed-in attempt of a quiz again, and tell where something else comes out."""
    keys = keys_of(occasion)
    rules = rules_of(occasion.site, activity_id)
    for attempt in closed(occasion.site, activity_id, answers=True):
        try:
            found = outcome(keys, attempt, rules, occasion.now)
        except Unreadable as error:
            yield Difference(attempt.id, attempt.user, attempt.score, None, error.message)
            continue
        text = difference(attempt, found)
        if text:
            yield Difference(attempt.id, attempt.user, attempt.score, found.score, text)


def difference(attempt: Attempt, found: Outcome) -> Message:
    """Where an attempt is not what was reckoned, in words; "" when it is."""
    for place in sorted({*found.marks, *attempt.marks}):
        old, new = attempt.marks.get(place), found.marks.get(place)
        if old is None or new is None or old.fraction != new.fraction:
            return _(
                "Question ${number}, part ${part}: kept is ${stored}, reckoned ${found}.",
                mapping={
                    "number": place[0] + 1,
                    "part": place[1] + 1,
                    "stored": "–" if old is None else f"{old.fraction:g}",
                    "found": "–" if new is None else f"{new.fraction:g}",
                },
            )
    if (attempt.earned, attempt.score, attempt.most) != (found.earned, found.score, found.most):
        return _(
            "The sum: kept is ${stored} of ${most}, reckoned ${found} of ${new}.",
            mapping={
                "stored": "–" if attempt.score is None else f"{attempt.score:g}",
                "most": f"{attempt.most:g}",
                "found": "–" if found.score is None else f"{found.score:g}",
                "new": f"{found.most:g}",
            },
        )
    return ""
