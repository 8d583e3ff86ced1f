"""An attempt with all that belongs to it at hand."""

from dataclasses import dataclass
from typing import Any

from modou.errors import NotAllowed, NotFound
from modou.models.courses import Activity, Course
from modou.models.enrolments import Enrolment
from modou.permissions import Capability
from modou.services.occasion import Occasion
from modou_quiz.content import Content
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.models.bank import Bank, Question, QuestionVersion
from modou_quiz.models.quizzes import Quiz
from modou_quiz.permissions import RESULTS
from modou_quiz.services import shelf
from modou_quiz.services.marking.desk import sees
from modou_quiz.services.sitting import rules
from modou_quiz.types import QuestionType

GONE = _("This attempt is gone.")
_MISSING = _("A question of this quiz is not available now. Tell your teacher.")


@dataclass(slots=True)
class Sitting:
    """An attempt, whose it is and of what. `enrolment`: None for previews, and for those who left
    the course."""

    occasion: Occasion
    course: Course
    activity: Activity
    quiz: Quiz
    held: QuizAttempts
    attempt: Attempt
    enrolment: Enrolment | None

    @property
    def open(self) -> bool:
        return self.attempt.state == "open"

    @property
    def grace(self) -> int:
        """Seconds after the end in which what is on its way is still taken."""
        return shelf.settings(self.occasion).grace

    @property
    def over(self) -> bool:
        """Whether nothing is taken any more, though nobody has closed it yet."""
        ends = self.ends
        return bool(ends) and self.occasion.now > ends + self.grace

    @property
    def ends(self) -> int:
        """When it ends by itself, seconds UTC; 0: never. Begun without an end, it ends all the same
        when the quiz closes by a rule that came later: those who have handed in may see the answers
        then. One that was given back has the end that it was given back with."""
        attempt, quiz = self.attempt, self.quiz
        if attempt.preview or rules.is_reopened(attempt):
            return attempt.deadline
        if attempt.deadline and attempt.revision == quiz.revision:
            return attempt.deadline
        return rules.end_of(quiz, attempt)

    def tell(self, kind: str, **values: Any) -> None:
        """Record an event about the learner. Previews are nobody's attempts."""
        if self.attempt.preview:
            return
        self.occasion.record(
            kind,
            subject=self.attempt.user,
            course=self.course.id,
            values={"activity": self.activity.id, "attempt": self.attempt.id, **values},
        )


def find(occasion: Occasion, activity_id: int, attempt_id: int) -> Sitting:
    """An attempt by its ids, whoever asks.

    :raises NotFound: it, its quiz or its course is gone
    """
    site = occasion.site
    held = shelf.attempts_of(site, activity_id)
    attempt: Attempt | None = held.by_id.get(attempt_id) if held is not None else None
    quiz = shelf.find_by_id(site, activity_id)
    course: Course | None = site.courses.get(quiz.course) if quiz is not None else None
    activity = course.activities.get(activity_id) if course is not None else None
    if held is None or attempt is None or quiz is None or course is None or activity is None:
        raise NotFound(GONE)
    return Sitting(
        occasion, course, activity, quiz, held, attempt, course.enrolments.get(attempt.user)
    )


def own(occasion: Occasion, activity_id: int, attempt_id: int) -> Sitting:
    """An attempt of the actor.

    :raises NotFound: there is none; others' attempts are not known to exist
    """
    sitting = find(occasion, activity_id, attempt_id)
    if sitting.attempt.user != occasion.require_actor().id:
        raise NotFound(GONE)
    return sitting


def readable(occasion: Occasion, activity_id: int, attempt_id: int) -> Sitting:
    """An attempt of the actor, or of somebody whose results the actor may see.

    :raises NotFound: there is none, or it is of another class than the actor's
    :raises NotAllowed: it is another learner's
    """
    sitting = find(occasion, activity_id, attempt_id)
    if sitting.attempt.user != occasion.require_actor().id:
        occasion.require(RESULTS, sitting.course)
        if not sees(occasion, sitting.course)(sitting.attempt.user):
            raise NotFound(GONE)
    elif sitting.attempt.preview and not occasion.can(Capability.ACTIVITY_EDIT, sitting.course):
        raise NotAllowed(_("Only who edits the quiz may preview it."))
    return sitting


@dataclass(slots=True)
class Asked:
    """A question as an attempt keeps it."""

    occasion: Occasion
    question: Question
    type: QuestionType[Any]
    version: QuestionVersion

    @property
    def content(self) -> Content:
        return shelf.content_of(self.occasion, self.question, self.version)


def asked(occasion: Occasion, bank: Bank | None, question_id: int, number: int) -> Asked:
    """The version of a question that an attempt keeps.

    :raises NotFound: it is gone, or no enabled plugin knows its type
    """
    question = bank.questions.get(question_id) if bank is not None else None
    type_ = shelf.types_of(occasion).get(question.type) if question is not None else None
    if question is None or type_ is None:
        raise NotFound(_MISSING)
    try:
        version = question.version(number)
    except KeyError:
        raise NotFound(_MISSING) from None
    return Asked(occasion, question, type_, version)
