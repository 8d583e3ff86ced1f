"""How attempts end: handed in by the learner, by the clock, by a person. Whoever comes first ends
it, the others find it ended."""

from collections.abc import Container, Iterator
from contextlib import suppress
from itertools import islice

from modou.errors import Conflict, ModouError
from modou.i18n import TranslationString
from modou.services import learning
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.attempts import QuizAttempts
from modou_quiz.permissions import MANAGE
from modou_quiz.services import marking, shelf
from modou_quiz.services.marking.keys import Unreadable
from modou_quiz.services.sitting import finding, managing, notifying
from modou_quiz.services.sitting.finding import Sitting

#: The fact that an attempt was handed in, for the completion rule of the same name.
FACT = "handed_in"
DAY = 86_400


def hand_in(occasion: Occasion, activity_id: int, attempt_id: int) -> None:
    """The actor hands an attempt in; nothing happens when it has ended.

    :raises NotFound: it is none of the actor's
    :raises NotAllowed: a plugin objects
    """
    sitting = finding.own(occasion, activity_id, attempt_id)
    if not sitting.open:
        return
    attempt = sitting.attempt
    if sitting.ends and occasion.now >= sitting.ends:
        close(sitting, "time")
        return
    occasion.hooks.ask(
        "before_submit",
        occasion=occasion,
        course=sitting.course,
        activity=sitting.activity,
        attempt=attempt,
    )
    close(sitting, "learner")


def hand_in_for(occasion: Occasion, activity_id: int, attempt_id: int, reason: str = "") -> None:
    """A person hands an attempt in for its learner.

    :param reason: in words, for the journal
    :raises NotAllowed: without the capability `quiz:manage`
    :raises Conflict: it has ended
    """
    sitting = finding.find(occasion, activity_id, attempt_id)
    occasion.require(MANAGE, sitting.course)
    if not sitting.open:
        raise Conflict(_("This attempt has ended."))
    close(sitting, "time" if sitting.over else "person", reason)


def objection_to_hand_in(sitting: Sitting) -> TranslationString | str | None:
    """Why the learner may not hand in now, for the page; None: they may."""
    occasion = sitting.occasion
    try:
        occasion.hooks.ask(
            "before_submit",
            occasion=occasion,
            course=sitting.course,
            activity=sitting.activity,
            attempt=sitting.attempt,
        )
    except ModouError as error:
        return error.message
    return None


def close(sitting: Sitting, by: str, reason: str = "") -> None:
    """End an open attempt, mark it, and let course and grade book know.

    :param by: see `Attempt.handed_in_by`
    :param reason: of a person who ends it
    """
    occasion, attempt = sitting.occasion, sitting.attempt
    # What the clock ended has ended then, whenever somebody came to see to it.
    at = min(sitting.ends, occasion.now) if by == "time" else occasion.now
    attempt.state = "handed_in"
    attempt.handed_in = at
    attempt.handed_in_by = by
    sitting.held.deadlines.pop(attempt.id, None)
    # A question whose plugin is absent can be marked later; the answers are safe.
    with suppress(Unreadable):
        marking.grade_attempt(occasion, attempt)
    if attempt.preview:
        return
    sitting.tell(
        "attempt_closed",
        number=attempt.number,
        by=by,
        answered=answered(sitting),
        seq=attempt.answers.seq,
        score=attempt.score,
        most=attempt.most,
        reason=reason,
    )
    if sitting.enrolment is not None:
        learning.set_fact(occasion, sitting.enrolment, sitting.activity, FACT, at)
        marking.settle(occasion, sitting.activity, attempt.user)
    if by != "learner":
        notifying.ended(sitting)


def answered(sitting: Sitting) -> int:
    """Slots with an answer."""
    return sum(given.response is not None for given in sitting.attempt.answers.given.values())


def expected(sitting: Sitting) -> int:
    """Slots that ask for one."""
    return sum(slot.marks > 0 for slot in sitting.attempt.slots)


# -- by the clock


def close_if_over(occasion: Occasion, activity_id: int, attempt_id: int) -> bool:
    """End an attempt whose time is up and that nobody has ended yet; whether it did."""
    sitting = finding.find(occasion, activity_id, attempt_id)
    if not sitting.open or not sitting.over:
        return False
    close(sitting, "time")
    return True


def close_or_note(occasion: Occasion, activity_id: int, attempt_id: int) -> None:
    """End an attempt that was noted as due, unless it has got more time meanwhile."""
    if close_if_over(occasion, activity_id, attempt_id):
        return
    sitting = finding.find(occasion, activity_id, attempt_id)
    managing.settle_attempt(sitting.held, sitting.quiz, sitting.attempt)


def close_if_idle(occasion: Occasion, activity_id: int, attempt_id: int) -> None:
    """End an attempt that has no end, once nothing was answered in it for as many days as the
    operator says; one whose quiz has closed meanwhile ends as well."""
    if close_if_over(occasion, activity_id, attempt_id):
        return
    sitting = finding.find(occasion, activity_id, attempt_id)
    days = shelf.settings(occasion).idle_days
    if not sitting.open or sitting.ends or not days:
        return
    if occasion.now - last_sign(sitting) >= days * DAY:
        close(sitting, "idle")


def last_sign(sitting: Sitting) -> int:
    """When the learner last answered, or began, or got the attempt back; seconds UTC."""
    attempt = sitting.attempt
    signs = [attempt.started, *(given.time_ms // 1000 for given in attempt.answers.given.values())]
    signs += [before.time for before in attempt.history if before.action == "reopen"]
    return max(signs)


def due(occasion: Occasion) -> Iterator[tuple[int, int]]:
    """(activity, attempt) of all attempts whose time is up, over all quizzes."""
    grace = shelf.settings(occasion).grace
    data = occasion.site.plugins.get(shelf.PLUGIN)
    held_by_quiz = data.get("attempts") if data is not None else None
    if held_by_quiz is None:
        return
    for activity_id, held in held_by_quiz.items():
        yield from _due_in(activity_id, held, occasion.now - grace)


def _due_in(activity_id: int, held: QuizAttempts, before: int) -> Iterator[tuple[int, int]]:
    for attempt_id, deadline in held.deadlines.items():
        if 0 < deadline < before:
            yield activity_id, attempt_id


def without_end(occasion: Occasion) -> list[tuple[int, int]]:
    """(activity, attempt) of all open attempts that do not end by themselves, over all quizzes."""
    data = occasion.site.plugins.get(shelf.PLUGIN)
    held_by_quiz = data.get("attempts") if data is not None else None
    return [
        (activity_id, attempt_id)
        for activity_id, held in (held_by_quiz.items() if held_by_quiz is not None else ())
        for attempt_id, deadline in held.deadlines.items()
        if not deadline
    ]


def some_due(
    occasion: Occasion, limit: int, without: Container[tuple[int, int]] = ()
) -> list[tuple[int, int]]:
    """Some of `due`, those in `without` left out."""
    return list(islice((one for one in due(occasion) if one not in without), limit))
