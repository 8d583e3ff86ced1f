"""What grades mean for the completion of activities."""

from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import GradeBook, GradeItem
from modou.services import learning
from modou.services.occasion import Occasion


def note_grade(occasion: Occasion, course: Course, item: GradeItem, enrolment: Enrolment) -> None:
    """Tell the learner's progress what the grade of an activity is now."""
    activity = course.activities.get(item.activity)
    if activity is None or enrolment.grades is None:
        return
    value = enrolment.grades.grade(item.id).value
    percent = passed = None
    if value is not None:
        percent = item.percent(value)
        passed = value >= pass_points(course, item)
    learning.note_grade(occasion, course, enrolment, activity.id, percent, bool(passed))


def pass_points(course: Course, item: GradeItem) -> float:
    """The points that pass: the activity's own, the item's, or the course's percentage."""
    activity = course.activities.get(item.activity)
    if activity is not None and activity.pass_mark is not None:
        return activity.pass_mark
    book: GradeBook = course.grade_book
    return book.pass_mark(item)


def note_item(occasion: Occasion, course: Course, item: GradeItem) -> None:
    """Tell it again for all learners: the limits or the pass mark of the item have changed."""
    if item.activity not in course.activities:
        return
    for enrolment in course.enrolments.values():
        if enrolment.grades is not None and item.id in enrolment.grades.grades:
            note_grade(occasion, course, item, enrolment)
