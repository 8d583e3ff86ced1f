"""What requests are about: from the placeholders of an address to models; KeyError answers 404."""

from dataclasses import dataclass

from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import GradeItem
from modou.models.people import User
from modou.services import enrolling, grading
from modou.store.containers import decode_id
from modou.web.api.calls import Call
from modou.web.resources import EnrolmentContext


def course_of(call: Call, course: str) -> Course:
    """The course with that key."""
    found: Course = call.occasion.site.courses[course]
    return found


def participant_of(call: Call, course: str, user: str) -> EnrolmentContext:
    """One person's part in a course; for a class teacher of another cohort there is none."""
    in_course = course_of(call, course)
    enrolment: Enrolment = in_course.enrolments[decode_id(user)]
    if not enrolling.may_see(call.occasion, in_course, enrolment):
        raise KeyError(user)
    return EnrolmentContext(in_course, enrolment, call.occasion.site.users[user])


@dataclass(frozen=True, slots=True)
class GradeContext:
    """One person's grade in one item."""

    course: Course
    enrolment: Enrolment
    item: GradeItem

    @property
    def above(self) -> Course:
        return self.course

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


def grade_of(call: Call, course: str, user: str, item: str) -> GradeContext:
    """The grade of that person in that item, given or not."""
    part = participant_of(call, course, user)
    node = grading.read_book(part.course).items[decode_id(item)]
    return GradeContext(part.course, part.enrolment, node)


def user_of(call: Call, user: str) -> User:
    """The account with that key."""
    found: User = call.occasion.site.users[user]
    return found
