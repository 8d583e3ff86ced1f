"""The rows of the grade book: who stands in it, in which order, a page at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modou.models.aggregation import NodeId, Result
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import Grade, GradeBook
from modou.models.participants import Participant
from modou.permissions import Capability
from modou.services import enrolling
from modou.services.grading.books import read_book
from modou.services.grading.totals import results_of
from modou.services.occasion import Occasion
from modou.services.participants import Filters, rows
from modou.store.containers import decode_id

PAGE_SIZE = 50
_NO_GRADES: Mapping[int, Grade] = {}


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """One learner's line.

    :param results: node id -> result; None when totals cannot be reckoned
    """

    user_id: int
    person: Participant
    enrolment: Enrolment
    grades: Mapping[int, Grade]
    results: Mapping[NodeId, Result] | None


@dataclass(frozen=True, slots=True)
class RowsPage:
    """A page of the grade book; row numbers and page numbers begin with 1."""

    rows: Sequence[LearnerRow]
    total: int
    page: int
    pages: int

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return min(self.page * PAGE_SIZE, self.total)


def learners(
    occasion: Occasion, course: Course, *, text: str = "", cohort: int = 0, sort: str = "name"
) -> list[tuple[int, Participant]]:
    """Who stands in the grade book for this actor, in order: (user id, what lists show).

    :param text: part of a name, its pinyin or initials, or of a username
    :param cohort: id of a cohort, -1 for those in none, 0 for all
    :param sort: "name", "total" or an item's key; "-" in front for the other direction. Who has no
        grade comes last either way
    :raises NotAllowed: the actor may not see grades here
    """
    occasion.require(Capability.GRADE_VIEW, course)
    graded_roles = {
        name
        for name, role in occasion.site.roles.items()
        if Capability.GRADE_VIEW_OWN in role.capabilities
    }
    filters = Filters(
        text=text,
        state="present",
        cohort=cohort,
        cohorts=enrolling.visible_cohorts(occasion, course),
    )
    passes = filters.test(occasion.now)
    found = [
        (user_id, person)
        for user_id, person in rows(occasion, course)
        if person.role in graded_roles and passes(person)
    ]
    found.sort(key=lambda pair: (pair[1].sort_key, pair[0]))
    by = sort.removeprefix("-")
    downwards = sort.startswith("-")
    if by == "name":
        return found[::-1] if downwards else found
    values = _sort_values(occasion, course, by, found)
    with_grade = [pair for pair in found if pair[0] in values]
    without = [pair for pair in found if pair[0] not in values]
    with_grade.sort(key=lambda pair: values[pair[0]], reverse=downwards)
    return with_grade + without


def _sort_values(
    occasion: Occasion, course: Course, by: str, found: Sequence[tuple[int, Participant]]
) -> dict[int, float]:
    book = read_book(course)
    item_id = book.root_id
    if by != "total":
        try:
            item_id = decode_id(by)
        except KeyError:
            return {}
        if item_id not in book.items:
            return {}
    values: dict[int, float] = {}
    for user_id, _person in found:
        enrolment: Enrolment = course.enrolments[user_id]
        if enrolment.grades is None:
            continue
        value: float | None
        if by == "total":
            results = results_of(occasion, book, enrolment)
            value = results[item_id].percent if results is not None else None
        else:
            value = enrolment.grades.grade(item_id).value
        if value is not None:
            values[user_id] = value
    return values


def rows_page(
    occasion: Occasion,
    course: Course,
    *,
    text: str = "",
    cohort: int = 0,
    sort: str = "name",
    page: int = 1,
) -> RowsPage:
    """A page of the grade book; see `learners`. A page beyond the last is the last."""
    found = learners(occasion, course, text=text, cohort=cohort, sort=sort)
    pages = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return RowsPage(
        list(opened(occasion, course, read_book(course), shown)), len(found), page, pages
    )


def opened(
    occasion: Occasion, course: Course, book: GradeBook, people: Sequence[tuple[int, Participant]]
) -> Iterator[LearnerRow]:
    """The lines of `people`, one after the other; for exports, without holding all of them."""
    for user_id, person in people:
        enrolment: Enrolment = course.enrolments[user_id]
        grades = enrolment.grades.grades if enrolment.grades is not None else _NO_GRADES
        yield LearnerRow(user_id, person, enrolment, grades, results_of(occasion, book, enrolment))


def cohorts_of(occasion: Occasion, course: Course) -> list[tuple[int, str]]:
    """The cohorts by which the actor can filter: (id, title)."""
    visible = enrolling.visible_cohorts(occasion, course)
    found = []
    for cohort_id in course.cohorts:
        cohort = occasion.site.cohorts.get(cohort_id)
        if cohort is not None and (visible is None or cohort_id in visible):
            found.append((cohort_id, cohort.title))
    return found
