"""Who sees whose attempts, and by which name."""

from collections.abc import Callable

from modou.errors import Message, NotFound
from modou.models.courses import Activity, Course
from modou.services import enrolling
from modou.services.occasion import Occasion
from modou.store.containers import decode_id
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import shelf


def sees(occasion: Occasion, course: Course) -> Callable[[int], bool]:
    """Whether the actor may see a learner's (user id) attempts in the course: class teachers see
    those of their own cohorts."""
    cohorts = enrolling.visible_cohorts(occasion, course)
    if cohorts is None:
        return lambda _user: True
    return lambda user: (
        (enrolment := course.enrolments.get(user)) is not None and enrolment.cohort in cohorts
    )


def quiz_of(occasion: Occasion, activity: Activity) -> Quiz:
    """:raises NotFound: the activity is no quiz, or its content is gone"""
    quiz = shelf.find(occasion.site, activity)
    if quiz is None:
        raise NotFound(_("There is no such quiz."))
    return quiz


def attempt_of(occasion: Occasion, activity: Activity, key: str) -> Attempt:
    """The attempt of that key, if the actor may see it.

    :raises NotFound: there is none, or it is not for the actor
    """
    held = shelf.attempts_of(occasion.site, activity.id)
    try:
        attempt: Attempt | None = held.by_id.get(decode_id(key)) if held is not None else None
    except KeyError:
        attempt = None
    if attempt is None or not sees(occasion, activity.course)(attempt.user):
        raise NotFound(_("There is no such attempt."))
    return attempt


def name_of(occasion: Occasion, user_id: int) -> Message:
    """What lists call a learner."""
    user = occasion.site.users.get(user_id)
    if user is None:
        return _("Somebody whose account is gone")
    return user.display_name
