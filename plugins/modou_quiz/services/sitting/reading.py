"""A learner's own attempts, for programs."""

from typing import Any

from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Given
from modou_quiz.services import shelf
from modou_quiz.services.sitting import ending, finding, reviewing, rules
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.responses import unpacked

_NOTHING = Given(None, 0, 0)


def own_sittings(occasion: Occasion, activity: Activity) -> list[Sitting]:
    """The actor's attempts in order, without previews. Ends what the clock has ended."""
    user = occasion.require_actor()
    held = shelf.attempts_of(occasion.site, activity.id)
    found = []
    for attempt in rules.attempts_of_user(held, user.id):
        if not attempt.preview:
            ending.close_if_over(occasion, activity.id, attempt.id)
            found.append(finding.find(occasion, activity.id, attempt.id))
    return found


def slots_of(sitting: Sitting) -> list[dict[str, Any]]:
    """The questions of an attempt with what was answered, as far as the actor may see it now. While
    it goes on, one's own answers are no secret."""
    attempt, occasion = sitting.attempt, sitting.occasion
    shown = reviewing.shown_to(occasion, sitting)
    bank = shelf.find_bank(occasion.site)
    found = []
    for place, slot in enumerate(attempt.slots):
        question = bank.questions.get(slot.question) if bank is not None else None
        given = attempt.answers.given.get(place, _NOTHING)
        own = "response" in shown or sitting.open
        known = "marks" in shown and place < len(attempt.earned)
        found.append(
            {
                "slot": place,
                "type": question.type if question is not None else "",
                "marks": slot.marks,
                "answered": given.response is not None,
                "response": unpacked(given.response) if own else None,
                "earned": attempt.earned[place] if known else None,
            }
        )
    return found
