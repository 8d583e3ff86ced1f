"""What the pages of grades share: where they stand, who is meant, how numbers look."""

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import Grade, GradeBook, GradeItem
from modou.models.people import User
from modou.services import enrolling, grading
from modou.services.grading import exact_points, format_points
from modou.store.containers import decode_id
from modou.web import courses

#: Stands where there is no grade.
NONE = "–"


def frame(request: Request, course: Course, title: str, *middle: tuple[str, str]) -> None:
    """Title and breadcrumbs of a page of grades; `middle`: pages between, as (title, path)."""
    courses.frame(request.page, course, title)
    request.page.breadcrumbs += middle


def book_crumb(request: Request, course: Course) -> tuple[str, str]:
    page = request.page
    return page.gettext(_("Grade book")), page.url("grade_book", course=course.key)


def setup_crumb(request: Request, course: Course) -> tuple[str, str]:
    page = request.page
    return page.gettext(_("Grade set-up")), page.url("grade_setup", course=course.key)


def learner_of(request: Request, course: Course) -> tuple[User, Enrolment]:
    """Whom the address means, if the reader may see this learner's grades; else 404."""
    try:
        user_id = decode_id(request.matchdict["user"])
        enrolment: Enrolment = course.enrolments[user_id]
        user: User = request.site.users.by_id(user_id)
    except KeyError:
        raise HTTPNotFound from None
    if not enrolling.may_see(request.occasion, course, enrolment):
        raise HTTPNotFound
    grading.check_may_read(request.occasion, course, enrolment)
    return user, enrolment


def item_of(request: Request, course: Course) -> GradeItem:
    """The grade item that the address means; else 404."""
    try:
        item: GradeItem = grading.read_book(course).items[decode_id(request.matchdict["item"])]
    except KeyError:
        raise HTTPNotFound from None
    return item


def letters(request: Request, book: GradeBook) -> Mapping[str, float]:
    """What may be entered instead of a number, in the reader's language and as it is stored."""
    words = {letter: request.page.gettext(letter) for _floor, letter in book.scale}
    return grading.letter_values(book.scale, words)


def cell(
    request: Request, item: GradeItem, grade: Grade, *, dropped: bool, pass_mark: float
) -> dict[str, Any]:
    """How a grade looks in the grid: text, value for editing, level."""
    text = format_points(grade.value) or NONE
    level = ""
    if grade.excluded:
        level = "excluded"
        if grade.value is None:
            text = request.page.gettext(_("Excluded"))
    elif grade.replaces:
        level = "override"
    elif grade.value is not None and round(grade.value, 5) < round(pass_mark, 5):
        level = "fail"
    if dropped:
        text = f"({text})"
    return {"text": text, "value": exact_points(grade.value), "level": level}


def total_cells(request: Request, total: grading.Total) -> list[dict[str, Any]]:
    """How a total looks in the grid: the points, and the level of the scale."""
    level = "fail" if total.passed is False else ""
    letter = request.page.gettext(total.letter) if total.letter is not None else ""
    return [
        {"column": "total", "text": format_points(total.points) or NONE, "level": level},
        {"column": "letter", "text": letter, "level": level},
    ]
