"""What a learner's attempts come to in the grade book of the course."""

import math
from collections.abc import Iterator

from modou.models.courses import Activity
from modou.services import grading
from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Attempt
from modou_quiz.services import shelf
from modou_quiz.services.marking.shelf import depend_on
from modou_quiz.services.marking.walking import CLOSED

#: What stands in the grade book as the source of a grade.
SOURCE = "quiz"


def counting(occasion: Occasion, activity_id: int, user_id: int) -> Iterator[Attempt]:
    """A learner's attempts that count: handed in, neither void nor a preview, in order."""
    held = shelf.attempts_of(occasion.site, activity_id)
    if held is None:
        return
    for id in held.by_user.get(user_id, ()):
        attempt = held.by_id.get(id)
        if attempt is not None and not attempt.preview and attempt.state in CLOSED:
            yield attempt


def share_of(attempt: Attempt) -> float | None:
    """What an attempt is worth, 0 to 1; None while a person has to say, or where nothing counts."""
    if attempt.state != "graded" or attempt.score is None or not attempt.most:
        return None
    return min(1.0, max(0.0, attempt.score / attempt.most))


def result(grade_by: str, shares: list[float | None]) -> float | None:
    """What several attempts come to together, 0 to 1; None while that is not known.

    The best of those that are known counts at once, since it can only rise; an average waits for
    all of them.

    :param grade_by: one of `GRADE_BY`
    :param shares: of the attempts, in order
    """
    if not shares:
        return None
    if grade_by == "last":
        return shares[-1]
    if grade_by == "first":
        return shares[0]
    known = [share for share in shares if share is not None]
    if grade_by == "average":
        return math.fsum(known) / len(known) if len(known) == len(shares) else None
    return max(known, default=None)


def settle(occasion: Occasion, activity: Activity, user_id: int) -> float | None:
    """Bring a learner's grade up to what the attempts come to; None: there is nothing (yet).

    A grade that a person has put in its place stays. Without a grade item, or for somebody who does
    not take part in the course any more, nothing happens.

    :return: points in the grade item
    """
    course = activity.course
    quiz = shelf.find(occasion.site, activity)
    item = grading.read_book(course).item_of(activity.id)
    enrolment = course.enrolments.get(user_id)
    if quiz is None or item is None or enrolment is None:
        return None
    attempts = list(counting(occasion, activity.id, user_id))
    shares = [share_of(attempt) for attempt in attempts]
    for attempt in attempts:
        # Without it, one that hands in a second attempt and one that regrades the first each see
        # the other's as it was.
        depend_on(attempt)
    share = result(quiz.grade_by, shares)
    value = None if share is None else max(item.minimum, share * item.maximum)
    given = grading.set_grade(occasion, course, item, enrolment, value, source=SOURCE)
    return given.given
