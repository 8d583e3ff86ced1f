"""What teachers decide about single learners: exceptions, and who may sit a quiz at all."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from modou.errors import Invalid, NotFound
from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.services import jobs
from modou.services.cleaning import clean_line
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_username
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.models.quizzes import Allowance, Quiz
from modou_quiz.permissions import MANAGE
from modou_quiz.services import shelf
from modou_quiz.services.sitting import rules

#: Longest extra time, and most extra attempts.
MOST_EXTRA = 24 * 3600
MOST_ATTEMPTS = 100
MOST_LISTED = 20_000
WHY_LENGTH = 300
#: Up to so many open attempts get their new end at once, more by a job.
SETTLED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A learner for whom something is different."""

    user: User
    allowance: Allowance


def exceptions(occasion: Occasion, quiz: Quiz) -> list[Exceptional]:
    """All exceptions of a quiz, by the learners' names."""
    found = [
        Exceptional(user, allowance)
        for user_id, allowance in quiz.exceptions.items()
        if (user := occasion.site.users.get(user_id)) is not None
    ]
    return sorted(found, key=lambda one: one.user.display_name)


def except_learner(
    occasion: Occasion, activity: Activity, quiz: Quiz, username: str, allowance: Allowance
) -> User:
    """Let something be different for a learner; it counts for an open attempt at once.

    :raises NotAllowed: without the capability `quiz:manage`
    :raises Invalid: naming the field (username, extra, attempts, closes, why)
    """
    course = activity.course
    occasion.require(MANAGE, course)
    user = learner(occasion, course, username)
    allowance = _clean(quiz, allowance)
    quiz.exceptions = {**quiz.exceptions, user.id: allowance}
    _settle_learner(occasion, activity, quiz, user.id, shorten=True)
    _record(occasion, activity, user.id, allowance)
    return user


def end_exception(occasion: Occasion, activity: Activity, quiz: Quiz, user_id: int) -> None:
    """Take an exception back. An attempt that is open keeps the time that it has.

    :raises NotFound: there is none
    """
    occasion.require(MANAGE, activity.course)
    if user_id not in quiz.exceptions:
        raise NotFound(_("There is no such exception."))
    allowance = quiz.exceptions[user_id]
    quiz.exceptions = {id: a for id, a in quiz.exceptions.items() if id != user_id}
    _record(occasion, activity, user_id, allowance, ended=True)


def learner(occasion: Occasion, course: Course, username: str) -> User:
    """The participant of that username.

    :raises Invalid: there is none (field username)
    """
    user = find_by_username(occasion, username.strip())
    if user is None or user.id not in course.enrolments:
        raise Invalid(
            _(
                "Nobody in this course has the username “${name}”.",
                mapping={"name": username.strip()[:60]},
            ),
            "username",
        )
    return user


def _clean(quiz: Quiz, allowance: Allowance) -> Allowance:
    if not 0 <= allowance.extra <= MOST_EXTRA:
        raise Invalid(_("At most 24 hours."), "extra")
    if not 0 <= allowance.attempts <= MOST_ATTEMPTS:
        raise Invalid(_("Between 0 and ${most}.", mapping={"most": MOST_ATTEMPTS}), "attempts")
    opens, closes = allowance.opens or quiz.opens, allowance.closes or quiz.closes
    if opens and closes and closes <= opens:
        raise Invalid(_("It would close before it opens."), "closes")
    if not any((allowance.extra, allowance.attempts, allowance.opens, allowance.closes)):
        raise Invalid(_("Say what is different for this learner."), "extra")
    if allowance.extra and not quiz.time_limit:
        raise Invalid(_("This quiz has no time limit to which time could be added."), "extra")
    if allowance.attempts and not quiz.attempts:
        raise Invalid(_("This quiz can be sat as often as one likes."), "attempts")
    return allowance._replace(why=clean_line(allowance.why, "why", WHY_LENGTH))


def _record(
    occasion: Occasion, activity: Activity, user_id: int, allowance: Allowance, ended: bool = False
) -> None:
    occasion.record(
        "quiz_exception",
        subject=user_id,
        course=activity.course.id,
        values={
            "activity": activity.id,
            "extra": allowance.extra,
            "attempts": allowance.attempts,
            "ended": ended,
            "reason": allowance.why,
        },
    )


# -- deadlines of open attempts


def settle_deadlines(occasion: Occasion, activity: Activity, quiz: Quiz) -> None:
    """The rules of a quiz have changed: open attempts get the time that they have now where that is
    more. Nobody loses time that was promised.

    Whoever saves or hands in is judged by the new rules at once (`Sitting.ends`); here it is noted,
    so that a rule after this one does not take it back. Of many attempts the job
    `quiz_deadlines` does so.
    """
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is None:
        return
    ids = list(islice(held.deadlines.keys(), SETTLED_AT_ONCE + 1))
    if len(ids) > SETTLED_AT_ONCE:
        jobs.enqueue(occasion, "quiz_deadlines", activity=activity.id)
    else:
        settle_some(held, quiz, ids)


def settle_some(held: QuizAttempts, quiz: Quiz, ids: Iterable[int]) -> None:
    """`settle_deadlines` for some attempts (ids); those that are gone are passed over."""
    for id in ids:
        attempt = held.by_id.get(id)
        if attempt is not None:
            settle_attempt(held, quiz, attempt)


def _settle_learner(
    occasion: Occasion, activity: Activity, quiz: Quiz, user_id: int, *, shorten: bool
) -> None:
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is None:
        return
    for attempt in rules.attempts_of_user(held, user_id):
        settle_attempt(held, quiz, attempt, shorten=shorten)


def settle_attempt(
    held: QuizAttempts, quiz: Quiz, attempt: Attempt, *, shorten: bool = False
) -> None:
    """Give an open attempt the end that it has by the rules now.

    :param shorten: also where that is earlier
    """
    if attempt.state != "open" or attempt.preview or rules.is_reopened(attempt):
        # (By the rules, one that was given back has been over for long.)
        return
    ends = rules.end_of(quiz, attempt)
    if attempt.deadline:
        if shorten:
            ends = rules.deadline_of(quiz, attempt.user, attempt.started)
        if ends != attempt.deadline:
            attempt.deadline = ends
    if held.deadlines.get(attempt.id) != ends:
        held.deadlines[attempt.id] = ends


# -- who may sit it


def listed(occasion: Occasion, quiz: Quiz) -> list[User]:
    """The learners on the list of a quiz, by their names."""
    users = (occasion.site.users.get(id) for id in quiz.only)
    return sorted((u for u in users if u is not None), key=lambda user: user.display_name)


def list_learners(
    occasion: Occasion, activity: Activity, quiz: Quiz, usernames: Iterable[str]
) -> int:
    """Let only these learners sit the quiz (补考名单); everybody, when there is none.

    :return: how many they are
    :raises Invalid: one of them does not take part in the course (field usernames)
    """
    course = activity.course
    occasion.require(MANAGE, course)
    try:
        users = [learner(occasion, course, name) for name in usernames if name.strip()]
    except Invalid as error:
        raise Invalid(error.message, "usernames") from None
    _set_list(occasion, activity, quiz, [user.id for user in users])
    return len(quiz.only)


def list_failed(occasion: Occasion, activity: Activity, quiz: Quiz, other: Activity) -> int:
    """Let only those sit the quiz who have not passed another activity of the course, whether they
    failed it or never came.

    :return: how many they are
    :raises Invalid: the other one is not graded, or everybody has passed it (field `other`)
    """
    course = activity.course
    occasion.require(MANAGE, course)
    if other.course is not course or other.max_points is None:
        raise Invalid(_("Choose a graded activity of this course."), "other")
    ids = [
        enrolment.user_id
        for enrolment in course.enrolments.values()
        if enrolment.role == "learner"
        and enrolment.active_at(occasion.now)
        and enrolment.progress.facts_of(other.id).get("passed") is not True
    ]
    if not ids:
        raise Invalid(_("Everybody has passed it: nobody needs a resit."), "other")
    _set_list(occasion, activity, quiz, ids)
    return len(ids)


def _set_list(occasion: Occasion, activity: Activity, quiz: Quiz, ids: list[int]) -> None:
    if len(ids) > MOST_LISTED:
        raise Invalid(_("At most ${most} learners.", mapping={"most": MOST_LISTED}), "usernames")
    before = set(quiz.only)
    new = [id for id in dict.fromkeys(ids) if id not in before]
    quiz.only = tuple(dict.fromkeys(ids))
    quiz.modified = occasion.now
    occasion.record(
        "quiz_listed",
        course=activity.course.id,
        values={"activity": activity.id, "learners": len(quiz.only)},
    )
    if new:
        # Of thousands: behind the page.
        jobs.enqueue(occasion, "quiz_tell_listed", activity=activity.id, users=new)


# -- attempts that are open


def open_attempts(occasion: Occasion, activity: Activity, limit: int = 200) -> list[Attempt]:
    """Attempts that go on now, those that end first before the others, `limit` of them."""
    occasion.require(MANAGE, activity.course)
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is None:
        return []
    ids = sorted(held.deadlines.items(), key=lambda pair: pair[1] or math.inf)[:limit]
    found = (held.by_id.get(id) for id, _deadline in ids)
    return [a for a in found if a is not None and a.state == "open" and not a.preview]
