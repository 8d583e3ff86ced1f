"""What waits for a person: kept beside the attempts, so that the queue never opens them all."""

from collections.abc import Mapping

from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.marking import STAGES, MarkingWork, PartWork, QuizMarking
from modou_quiz.services.marking.shelf import find_marking, marking_of

Place = tuple[int, int]


def sync(occasion: Occasion, attempt: Attempt, waits: Mapping[Place, int]) -> None:
    """Bring the queue up to what an attempt needs.

    :param waits: the parts that a person has to look at, with their question
    """
    marking = find_marking(occasion.site, attempt.quiz)
    if marking is None:
        if not waits:
            return
        marking = marking_of(occasion, attempt.quiz)
    work: MarkingWork | None = marking.works.get(attempt.id)
    if work is None:
        if not waits:
            return
        work = marking.works[attempt.id] = MarkingWork(attempt.id, attempt.user)
    parts = dict(work.parts)
    for place, part in work.parts.items():
        if place not in waits and part.stage:
            # It needs nobody any more: voided, or the answer was taken back.
            parts[place] = part._replace(stage="")
            _set_waiting(marking, attempt.id, place, parts[place])
    for place, question in waits.items():
        known = parts.get(place)
        if known is None or not known.stage or known.question != question:
            parts[place] = PartWork(question)
            _set_waiting(marking, attempt.id, place, parts[place])
    if parts != work.parts:
        work.parts = parts


def put(marking: QuizMarking, work: MarkingWork, place: Place, part: PartWork) -> None:
    """Note how far a part has come."""
    work.parts = {**work.parts, place: part}
    _set_waiting(marking, work.attempt, place, part)


def withdraw(occasion: Occasion, attempt: Attempt) -> None:
    """Take an attempt out of the queue: it was voided or reopened."""
    sync(occasion, attempt, {})


def _set_waiting(marking: QuizMarking, attempt_id: int, place: Place, part: PartWork) -> None:
    key = (part.question, attempt_id, *place)
    if part.stage:
        stage = STAGES.index(part.stage)
        if marking.waiting.get(key) != stage:
            marking.waiting[key] = stage
    else:
        marking.waiting.pop(key, None)
