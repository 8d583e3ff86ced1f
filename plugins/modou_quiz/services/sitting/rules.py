"""Who may begin an attempt: windows, resit lists, cohorts, networks, numbers of attempts, delays.

They are this plugin's own answer to the hook `before_attempt`; what other plugins object to counts
as much. The password is asked for beside them, since a hook gets no input.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any

from modou.declarations import Deny, Verdict
from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.permissions import Capability
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.models.quizzes import Allowance, Quiz
from modou_quiz.services import shelf
from modou_quiz.services.sitting.moments import moment_text

NOTHING = Allowance()
ELSEWHERE = _("It can be sat only from the rooms that were named for it.")


def allowance_of(quiz: Quiz, user_id: int) -> Allowance:
    """What is different for a learner."""
    found: Allowance = quiz.exceptions.get(user_id, NOTHING)
    return found


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of a quiz for one learner. Seconds; 0: none, without limit."""

    opens: int
    closes: int
    time_limit: int
    attempts: int


def limits_of(quiz: Quiz, user_id: int) -> Limits:
    own = allowance_of(quiz, user_id)
    return Limits(
        own.opens or quiz.opens,
        own.closes or quiz.closes,
        quiz.time_limit + own.extra if quiz.time_limit else 0,
        quiz.attempts + own.attempts if quiz.attempts else 0,
    )


def deadline_of(quiz: Quiz, user_id: int, started: int) -> int:
    """When an attempt ends by itself, seconds UTC; 0: never."""
    limits = limits_of(quiz, user_id)
    ends = [limits.closes] if limits.closes else []
    if limits.time_limit:
        ends.append(started + limits.time_limit)
    return min(ends, default=0)


def end_of(quiz: Quiz, attempt: Attempt) -> int:
    """When an attempt that was begun by other rules ends now, seconds UTC; 0: never. Nobody loses
    time that was promised; a time limit is none for who began without an end."""
    if not attempt.deadline:
        return limits_of(quiz, attempt.user).closes
    deadline = deadline_of(quiz, attempt.user, attempt.started)
    return max(deadline, attempt.deadline) if deadline else 0


def is_reopened(attempt: Attempt) -> bool:
    """Whether it was given back to its learner: its end was set by whoever did so."""
    return any(before.action == "reopen" for before in attempt.history)


def attempts_of_user(held: QuizAttempts | None, user_id: int) -> list[Attempt]:
    """A learner's attempts in order, previews and void ones included."""
    if held is None:
        return []
    ids = held.by_user.get(user_id, ())
    return [attempt for id in ids if (attempt := held.by_id.get(id)) is not None]


def counted(attempts: list[Attempt]) -> list[Attempt]:
    """Those that use up the number: void ones and previews do not."""
    return [a for a in attempts if a.state != "void" and not a.preview]


def before_attempt(occasion: Any, course: Course, activity: Activity, number: int) -> Verdict:
    """The plugin's own objections to beginning an attempt."""
    quiz = shelf.find(occasion.site, activity)
    actor = occasion.actor
    if quiz is None or actor is None:
        return None
    limits = limits_of(quiz, actor.id)
    return (
        _time_objection(limits, occasion.now)
        or _person_objection(occasion, quiz, actor)
        or _number_objection(occasion, quiz, activity, limits)
    )


def _time_objection(limits: Limits, now: int) -> Deny | None:
    if limits.opens and now < limits.opens:
        return Deny(_("It opens on ${time}.", mapping={"time": moment_text(limits.opens)}))
    if limits.closes and now >= limits.closes:
        return Deny(_("It closed on ${time}.", mapping={"time": moment_text(limits.closes)}))
    return None


def _person_objection(occasion: Occasion, quiz: Quiz, actor: User) -> Deny | None:
    if quiz.only and actor.id not in quiz.only:
        return Deny(_("Only learners on the list of this quiz may sit it."))
    if quiz.cohorts and not set(quiz.cohorts) & set(actor.cohorts):
        return Deny(_("Only learners of certain classes may sit it."))
    if not comes_from(occasion, quiz):
        return Deny(ELSEWHERE)
    return None


def _number_objection(
    occasion: Occasion, quiz: Quiz, activity: Activity, limits: Limits
) -> Deny | None:
    held = shelf.attempts_of(occasion.site, activity.id)
    attempts = counted(attempts_of_user(held, occasion.require_actor().id))
    if limits.attempts and len(attempts) >= limits.attempts:
        return Deny(_("You have used all your attempts."))
    if quiz.delay and attempts:
        until = attempts[-1].handed_in + quiz.delay
        if occasion.now < until:
            return Deny(
                _("The next attempt can begin on ${time}.", mapping={"time": moment_text(until)})
            )
    return None


def comes_from(occasion: Occasion, quiz: Quiz) -> bool:
    """Whether the actor comes from one of the quiz's networks."""
    if not quiz.networks:
        return True
    try:
        address = ipaddress.ip_address(occasion.origin.ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network, strict=False) for network in quiz.networks)


def before_submit(occasion: Any, course: Course, activity: Activity, attempt: Attempt) -> Verdict:
    """The plugin's own objection to a hand-in: too early."""
    quiz = shelf.find(occasion.site, activity)
    if quiz is None or not quiz.stay or attempt.preview:
        return None
    until = attempt.started + quiz.stay
    if attempt.deadline:
        until = min(until, attempt.deadline)
    if occasion.now < until:
        return Deny(_("It can be handed in from ${time} on.", mapping={"time": moment_text(until)}))
    return None


def may_preview(occasion: Occasion, course: Course) -> bool:
    return occasion.can(Capability.ACTIVITY_EDIT, course)
