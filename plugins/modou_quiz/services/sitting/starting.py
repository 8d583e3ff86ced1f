"""Beginning an attempt, and what a learner sees before."""

import hmac
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from modou.errors import Conflict, Message, ModouError, NotAllowed, StepNeeded
from modou.models.courses import Activity, Course
from modou.permissions import Capability
from modou.services import learning
from modou.services.occasion import Occasion
from modou.services.throttle import too_many
from modou.store.containers import new_id
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, QuizAttempts, Slot
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import drawing, dropping, shelf
from modou_quiz.services.sitting import ending, finding, rules
from modou_quiz.services.sitting.rules import Limits

#: Passwords that one learner may try for one quiz within so many seconds.
PASSWORD_TRIES = 10
PASSWORD_WINDOW = 600


class WrongPassword(NotAllowed):
    """The password of the quiz is another one."""

    code = "quiz-password"
    title = _("That is not the password")

    def __init__(self) -> None:
        super().__init__(_("Ask your teacher for the password of this quiz."), "password")


# -- before it


def is_new_to(occasion: Occasion, course: Course, activity: Activity) -> bool:
    """Whether the actor, a learner, has never opened the quiz's page."""
    enrolment = learning.own_enrolment(occasion, course)
    return enrolment is not None and "viewed" not in enrolment.progress.facts_of(activity.id)


def note_view(occasion: Occasion, activity_id: int) -> None:
    """The actor opened the quiz's page: before an exam thousands do so at once, so that it is noted
    in a shared transaction."""
    course, activity, _quiz = _quiz_of(occasion, activity_id)
    learning.note_view(occasion, course, activity)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a quiz stands for one learner.

    :param attempts: all of the learner's but previews, in order
    :param open: the one that can go on
    :param number: what the next one would be
    :param objection: why none can be begun now; None: one can
    :param step: address where something has to be done first
    :param ends: when an attempt that began now would end at the latest, 0: never
    """

    limits: Limits
    attempts: Sequence[Attempt]
    open: Attempt | None
    number: int
    objection: Message | None
    step: str
    password: bool
    ends: int
    why_different: str

    @property
    def left(self) -> int | None:
        """Attempts that are left; None: as many as one likes."""
        used = len(rules.counted(list(self.attempts)))
        return max(0, self.limits.attempts - used) if self.limits.attempts else None


def standing(occasion: Occasion, course: Course, activity: Activity, quiz: Quiz) -> Standing:
    """How the quiz stands for the actor. Ends what the clock has ended."""
    user = occasion.require_actor()
    held = shelf.attempts_of(occasion.site, activity.id)
    attempts = [a for a in rules.attempts_of_user(held, user.id) if not a.preview]
    for attempt in attempts:
        ending.close_if_over(occasion, activity.id, attempt.id)
    number = _next_number(attempts)
    objection, step = _objection(occasion, course, activity, number)
    return Standing(
        rules.limits_of(quiz, user.id),
        attempts,
        next((a for a in attempts if a.state == "open"), None),
        number,
        objection,
        step,
        bool(quiz.password),
        rules.deadline_of(quiz, user.id, occasion.now),
        rules.allowance_of(quiz, user.id).why,
    )


def _next_number(attempts: Sequence[Attempt]) -> int:
    return max((attempt.number for attempt in attempts), default=0) + 1


def _objection(
    occasion: Occasion, course: Course, activity: Activity, number: int
) -> tuple[Message | None, str]:
    """Why the actor cannot begin, and the address of the step that is demanded."""
    try:
        _ask(occasion, course, activity, number)
    except StepNeeded as error:
        return error.message, error.url
    except ModouError as error:
        return error.message, ""
    return None, ""


def _ask(occasion: Occasion, course: Course, activity: Activity, number: int) -> None:
    occasion.hooks.ask(
        "before_attempt", occasion=occasion, course=course, activity=activity, number=number
    )


def check_password(occasion: Occasion, activity: Activity, quiz: Quiz, given: str) -> None:
    """See that the actor knows the quiz's password, if it has one.

    :raises WrongPassword: it is another one
    :raises TooMany: too many were tried
    """
    if not quiz.password:
        return
    tries = occasion.limits.of("quiz_password", PASSWORD_TRIES, PASSWORD_WINDOW)
    key = f"{occasion.require_actor().id} {activity.id}"
    if wait := tries.wait(key, occasion.now):
        raise too_many(wait)
    if not hmac.compare_digest(given.strip().encode(), quiz.password.encode()):
        tries.hit(key, occasion.now)
        raise WrongPassword


# -- beginning


@dataclass(frozen=True, slots=True)
class Drawn:
    """The questions of an attempt, before it begins: plain values, good in any transaction."""

    activity: int
    revision: int
    slots: tuple[Slot, ...]
    sections: tuple[str, ...]


def draw(occasion: Occasion, activity: Activity, quiz: Quiz) -> Drawn:
    """Draw the questions of an attempt: what takes its time, before the shared transaction.

    :raises Conflict: the paper has no questions
    """
    chance = random.Random(secrets.randbits(64))  # noqa: S311 - which questions, not a secret
    held = shelf.attempts_of(occasion.site, activity.id)
    slots = drawing.draw(occasion, quiz, chance, attempts=held)
    if not slots:
        raise Conflict(_("This quiz has no questions yet."))
    titles = tuple(section.title for section in quiz.paper.sections)
    return Drawn(activity.id, quiz.revision, slots, titles)


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that goes on: a new one, or the one that was open. Ids."""

    activity: int
    attempt: int
    new: bool


def start(occasion: Occasion, drawn: Drawn, login: bytes) -> Begun:
    """Begin an attempt of the actor, or go on with the one that is open, in this browser.

    :param login: key of the session of the browser
    :raises NotAllowed, StepNeeded: a plugin objects
    :raises Conflict: the quiz was changed at this moment
    """
    course, activity, quiz = _quiz_of(occasion, drawn.activity)
    occasion.require(Capability.ACTIVITY_VIEW, course)
    user = occasion.require_actor()
    if Capability.PROGRESS_OWN not in occasion.capabilities(course) or (
        user.id not in course.enrolments
    ):
        raise NotAllowed(_("Only enrolled learners can sit this quiz."))
    held = _held(occasion, activity.id)
    attempts = [a for a in rules.attempts_of_user(held, user.id) if not a.preview]
    for attempt in attempts:
        if attempt.state == "open":
            sitting = finding.find(occasion, activity.id, attempt.id)
            if not sitting.over:
                return Begun(activity.id, attempt.id, new=False)
            ending.close(sitting, "time")
    number = _next_number(attempts)
    _ask(occasion, course, activity, number)
    if quiz.revision != drawn.revision:
        raise Conflict(_("The quiz was changed at this moment. Please try again."))
    attempt = _make(occasion, held, activity, quiz, drawn, number)
    attempt.login = login
    attempt.deadline = rules.deadline_of(quiz, user.id, occasion.now)
    held.deadlines[attempt.id] = attempt.deadline
    held.count.change(1)
    occasion.record(
        "attempt_started",
        subject=user.id,
        course=course.id,
        values={
            "activity": activity.id,
            "attempt": attempt.id,
            "number": number,
            "deadline": attempt.deadline,
            "questions": len(attempt.slots),
        },
    )
    return Begun(activity.id, attempt.id, new=True)


def preview(occasion: Occasion, drawn: Drawn, login: bytes) -> Begun:
    """Let who edits the quiz sit it as a learner would. It counts for nothing; the preview before
    it is dropped.

    :raises NotAllowed: the actor does not edit the course's activities
    """
    course, activity, quiz = _quiz_of(occasion, drawn.activity)
    occasion.require(Capability.ACTIVITY_EDIT, course)
    user = occasion.require_actor()
    held = _held(occasion, activity.id)
    for old in rules.attempts_of_user(held, user.id):
        if old.preview:
            dropping.drop_files(occasion, old)
            drop(held, old)
    attempt = _make(occasion, held, activity, quiz, drawn, 1)
    attempt.preview = True
    held.previews |= {attempt.id}
    attempt.login = login
    if quiz.time_limit:
        attempt.deadline = occasion.now + quiz.time_limit
        held.deadlines[attempt.id] = attempt.deadline
    return Begun(activity.id, attempt.id, new=True)


def drop(held: QuizAttempts, attempt: Attempt) -> None:
    """Take an attempt away without a trace: previews only."""
    ids = tuple(id for id in held.by_user.get(attempt.user, ()) if id != attempt.id)
    if ids:
        held.by_user[attempt.user] = ids
    else:
        held.by_user.pop(attempt.user, None)
    held.by_id.pop(attempt.id, None)
    held.previews -= {attempt.id}
    held.deadlines.pop(attempt.id, None)


def _quiz_of(occasion: Occasion, activity_id: int) -> tuple[Course, Activity, Quiz]:
    quiz = shelf.find_by_id(occasion.site, activity_id)
    course = occasion.site.courses.get(quiz.course) if quiz is not None else None
    activity = course.activities.get(activity_id) if course is not None else None
    if quiz is None or course is None or activity is None:
        raise Conflict(_("This quiz is gone."))
    return course, activity, quiz


def _held(occasion: Occasion, activity_id: int) -> QuizAttempts:
    held = shelf.attempts_of(occasion.site, activity_id)
    if held is None:
        raise Conflict(_("This quiz is gone."))
    return held


def _make(
    occasion: Occasion,
    held: QuizAttempts,
    activity: Activity,
    quiz: Quiz,
    drawn: Drawn,
    number: int,
) -> Attempt:
    user = occasion.require_actor()
    attempt = Attempt(activity.id, user.id, number)
    attempt.id = new_id()
    attempt.started = occasion.now
    attempt.revision = quiz.revision
    attempt.slots = drawn.slots
    attempt.sections = drawn.sections
    attempt.most = sum(slot.marks for slot in drawn.slots)
    held.by_id[attempt.id] = attempt
    held.by_user[user.id] = (*held.by_user.get(user.id, ()), attempt.id)
    return attempt
