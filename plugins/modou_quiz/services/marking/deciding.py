"""What people decide about a whole attempt, each with a reason: voided, taken back to life, given
back to its learner."""

from modou.errors import Conflict, Invalid
from modou.models.courses import Activity
from modou.services import learning
from modou.services.cleaning import clean_line
from modou.services.occasion import Occasion
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt
from modou_quiz.services import shelf
from modou_quiz.services.marking import automatic, waiting
from modou_quiz.services.marking.keys import keys_of
from modou_quiz.services.marking.regrading import REASON_LENGTH, before
from modou_quiz.services.marking.settling import counting, settle
from modou_quiz.services.marking.shelf import rules_of, touch
from modou_quiz.services.sitting import ending


def void(occasion: Occasion, activity: Activity, attempt: Attempt, reason: str) -> None:
    """Let an attempt count for nothing (作废); its answers stay.

    :raises NotAllowed: without the capability `quiz:manage`
    :raises Conflict: it is void already
    :raises Invalid: without a reason
    """
    reason = _begin(occasion, activity, reason)
    if attempt.state == "void":
        raise Conflict(_("This attempt is void already."))
    attempt.history = (*attempt.history, before(occasion, attempt, "void", reason))
    waiting.withdraw(occasion, attempt)
    touch(occasion, activity.id)
    _drop_deadline(occasion, attempt)
    attempt.state = "void"
    _record(occasion, "attempt_voided", attempt, reason)
    _follow(occasion, activity, attempt.user)


def restore(occasion: Occasion, activity: Activity, attempt: Attempt, reason: str) -> None:
    """Let a void attempt count again; an open one is as if it had been handed in when it was
    voided.

    :raises NotAllowed: without the capability `quiz:manage`
    :raises Conflict: it is not void
    :raises Invalid: without a reason
    """
    reason = _begin(occasion, activity, reason)
    if attempt.state != "void":
        raise Conflict(_("This attempt is not void."))
    attempt.history = (*attempt.history, before(occasion, attempt, "restore", reason))
    if not attempt.handed_in:
        attempt.handed_in, attempt.handed_in_by = occasion.now, "person"
    found = automatic.outcome(
        keys_of(occasion), attempt, rules_of(occasion.site, activity.id), occasion.now
    )
    automatic.take(occasion, attempt, found, quiet=True)
    if attempt.score is not None:
        automatic.record(occasion, "attempt_regraded", attempt, reason)
    _follow(occasion, activity, attempt.user)


def reopen(
    occasion: Occasion, activity: Activity, attempt: Attempt, minutes: int, reason: str
) -> None:
    """Give a handed-in attempt back to its learner, for so many minutes from now.

    :param minutes: 0: until it is handed in
    :raises NotAllowed: without the capability `quiz:manage`
    :raises Conflict: it is open, or void, or the learner has another one open
    :raises Invalid: at `reason` or `minutes`
    """
    reason = _begin(occasion, activity, reason)
    if not 0 <= minutes <= 7 * 24 * 60:
        raise Invalid(_("Enter 0 to ${most} minutes.", mapping={"most": 7 * 24 * 60}), "minutes")
    if attempt.state not in {"handed_in", "graded"}:
        raise Conflict(_("Only attempts that were handed in can be reopened."))
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is None:
        raise Conflict(_("Only attempts that were handed in can be reopened."))
    others = (held.by_id.get(id) for id in held.by_user.get(attempt.user, ()))
    if any(other is not None and other.state == "open" for other in others):
        raise Conflict(_("The learner has another attempt open. One at a time."))
    attempt.history = (*attempt.history, before(occasion, attempt, "reopen", reason))
    waiting.withdraw(occasion, attempt)
    touch(occasion, activity.id)
    attempt.state = "open"
    attempt.handed_in, attempt.handed_in_by = 0, ""
    attempt.deadline = occasion.now + minutes * 60 if minutes else 0
    attempt.earned, attempt.score = (), None
    held.deadlines[attempt.id] = attempt.deadline
    _record(occasion, "attempt_reopened", attempt, reason)
    _follow(occasion, activity, attempt.user)


def _follow(occasion: Occasion, activity: Activity, user_id: int) -> None:
    """Bring completion and grade book up to the attempts that count now."""
    enrolment = activity.course.enrolments.get(user_id)
    if enrolment is None:
        return
    closed = [attempt.handed_in for attempt in counting(occasion, activity.id, user_id)]
    known = ending.FACT in enrolment.progress.facts_of(activity.id)
    if known != bool(closed):
        at = max(closed, default=None)
        learning.set_fact(occasion, enrolment, activity, ending.FACT, at)
    settle(occasion, activity, user_id)


def _begin(occasion: Occasion, activity: Activity, reason: str) -> str:
    occasion.require(permissions.MANAGE, activity)
    return clean_line(reason, "reason", REASON_LENGTH)


def _drop_deadline(occasion: Occasion, attempt: Attempt) -> None:
    held = shelf.attempts_of(occasion.site, attempt.quiz)
    if held is not None:
        held.deadlines.pop(attempt.id, None)


def _record(occasion: Occasion, kind: str, attempt: Attempt, reason: str) -> None:
    occasion.record(
        kind,
        subject=attempt.user,
        course=automatic.course_of(occasion, attempt),
        values={"activity": attempt.quiz, "attempt": attempt.id, "reason": reason},
    )


def hand_in(occasion: Occasion, activity: Activity, attempt: Attempt, reason: str) -> None:
    """Hand an open attempt in for its learner, as it is.

    :raises NotAllowed: without the capability `quiz:manage`
    :raises Conflict: it is not open
    :raises Invalid: without a reason
    """
    reason = _begin(occasion, activity, reason)
    attempt.history = (*attempt.history, before(occasion, attempt, "hand_in", reason))
    ending.hand_in_for(occasion, activity.id, attempt.id, reason)
