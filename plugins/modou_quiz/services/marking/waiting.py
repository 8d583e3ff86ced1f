"""What waits for a person: kept beside the attempts, so that the queue never opens them all."""

from collections.abc import Mapping

from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.marking import STAGES, MarkingWork, PartWork, QuizMarking
from modou_quiz.services.marking.shelf import find_marking, marking_of

Place = tuple[int, int]


def work_of(marking: QuizMarking, attempt_id: int) -> MarkingWork | None:
    """What people have to do with an attempt."""
    work_id = marking.by_attempt.get(attempt_id)
    return marking.works.get(work_id) if work_id is not None else None


def sync(occasion: Occasion, attempt: Attempt, waits: Mapping[Place, int]) -> None:
    """Bring the queue up to what an attempt needs.

    :param waits: the parts that a person has to look at, with their question
    """
    marking = find_marking(occasion.site, attempt.quiz)
    if marking is None:
        if not waits:
            return
        marking = marking_of(occasion, attempt.quiz)
    work = work_of(marking, attempt.id)
    if work is None:
        if not waits:
            return
        work = MarkingWork(attempt.id, attempt.user)
        marking.works[work.id] = work
        marking.by_attempt[attempt.id] = work.id
    for place, part in work.parts.items():
        if part.stage != "done" and place not in waits:
            # It needs nobody now: the question was voided, the answer taken back.
            _take_out(marking, work, place)
    for place, question in waits.items():
        known = work.parts.get(place)
        if known is None or known.question != question or not _still_said(attempt, place, known):
            put(marking, work, place, PartWork(question))
        elif not is_queued(marking, work, place):
            # What was said before the question was voided goes on from there.
            put(marking, work, place, known)


def is_queued(marking: QuizMarking, work: MarkingWork, place: Place) -> bool:
    """Whether a part needs, or needed, people: what is kept of one that was voided does not."""
    part = work.parts.get(place)
    return part is not None and (part.question, work.id, *place) in marking.queue


def _still_said(attempt: Attempt, place: Place, part: PartWork) -> bool:
    """Whether what was said of a part that is not done is about the answer that stands there."""
    given = attempt.answers.given.get(place[0])
    since = given.time_ms // 1000 if given is not None else 0
    return part.stage != "done" and all(mark.time >= since for mark in part.said)


def put(marking: QuizMarking, work: MarkingWork, place: Place, part: PartWork) -> None:
    """Note how far a part has come."""
    work.parts = {**work.parts, place: part}
    marking.put((part.question, work.id, *place), STAGES.index(part.stage))


def _take_out(marking: QuizMarking, work: MarkingWork, place: Place) -> None:
    """Take a part out of the queue. What markers have said of one that is not done stays with the
    work: two of them would have to begin anew when it comes back."""
    part = work.parts[place]
    if part.stage == "done" or not part.said:
        work.parts = {p: known for p, known in work.parts.items() if p != place}
    work.locks = {p: lock for p, lock in work.locks.items() if p != place}
    marking.take_out((part.question, work.id, *place))


def withdraw(occasion: Occasion, attempt: Attempt) -> None:
    """Take an attempt out of the queue, also what is done of it: it was voided or reopened. What
    was said of answers that stay as they are counts when it comes back."""
    marking = find_marking(occasion.site, attempt.quiz)
    work = work_of(marking, attempt.id) if marking is not None else None
    if marking is not None and work is not None:
        for place in tuple(work.parts):
            _take_out(marking, work, place)
