"""What a learner's grades come to: totals, letters, and where the total comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from modou.errors import Message, NotAllowed
from modou.i18n import _
from modou.models.aggregation import NodeId, Result, passed
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import NO_GRADE, Grade, GradeBook, GradeCategory, GradeItem, GradeSheet
from modou.permissions import Capability
from modou.services import enrolling
from modou.services.grading.books import read_book
from modou.services.grading.completion import pass_points
from modou.services.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Total:
    """What a course, or a part of it, comes to for one learner.

    :param points: of `maximum`, None while there is no grade
    :param percent: 0 to 100
    :param passed: None while there is no grade
    """

    points: float | None
    maximum: float
    percent: float | None
    letter: Message | None
    passed: bool | None


NO_TOTAL = Total(None, 100.0, None, None, None)


def results_of(
    occasion: Occasion, book: GradeBook, enrolment: Enrolment
) -> Mapping[NodeId, Result] | None:
    """Node id -> result for the whole grade book; None when it cannot be reckoned now."""
    tree = book.prepared(occasion.assembled.grade_aggregations)
    if tree is None:
        return None
    sheet: GradeSheet = enrolment.grades if enrolment.grades is not None else _EMPTY
    return sheet.results(book.revision, tree)


def total_of(occasion: Occasion, course: Course, enrolment: Enrolment) -> Total:
    """The learner's total in the course. Asks for no permission: learners' pages and plugins'
    rules use it too."""
    book = read_book(course)
    results = results_of(occasion, book, enrolment)
    return as_total(book, results[book.root_id]) if results is not None else NO_TOTAL


def as_total(book: GradeBook, result: Result) -> Total:
    """A category's result with its letter and whether it passes."""
    if result.percent is None:
        return Total(None, result.max, None, None, None)
    return Total(
        result.value,
        result.max,
        result.percent,
        book.scale.letter(result.percent),
        passed(Result(result.percent, 100.0, result.percent, False), book.pass_percent),
    )


# -- the learner's report


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line of the report: an item, or a category as the heading of what stands in it.

    :param depth: 0 for what stands directly in the course
    :param share: percentage of the course total that it makes up at most now; None when it does
        not count or the aggregation knows no shares (median, a plugin's)
    :param contribution: percentage points that it brings into the course total
    :param pass_mark: points that pass
    """

    depth: int
    node: GradeItem | GradeCategory
    grade: Grade
    result: Result | None
    letter: Message | None
    passed: bool | None
    share: float | None
    contribution: float | None
    feedback: str
    pass_mark: float | None

    @property
    def is_item(self) -> bool:
        return isinstance(self.node, GradeItem)


@dataclass(frozen=True, slots=True)
class Report:
    """All grades of one learner in one course; hidden items are left out for learners."""

    lines: Sequence[ReportLine]
    total: Total
    reckoned: bool
    graded: int
    items: int


def report_of(
    occasion: Occasion, course: Course, enrolment: Enrolment, *, with_hidden: bool = False
) -> Report:
    """Everything that a learner may know of the own grades, or a teacher of theirs.

    :raises NotAllowed: it is somebody else's and the actor may not see grades
    """
    check_may_read(occasion, course, enrolment)
    book = read_book(course)
    results = results_of(occasion, book, enrolment)
    sheet: GradeSheet | None = enrolment.grades
    shares = _shares(book, results) if results is not None else {}
    root = results[book.root_id] if results is not None else None
    lines = []
    for depth, node in book.walk():
        if isinstance(node, GradeItem) and node.hidden and not with_hidden:
            continue
        result = results.get(node.id) if results is not None else None
        share = shares.get(node.id)
        contribution = None
        if share is not None and result is not None and result.percent is not None:
            contribution = share * result.percent / 100.0
        grade = sheet.grade(node.id) if sheet is not None else NO_GRADE
        feedback = sheet.feedback.get(node.id, "") if sheet is not None else ""
        mark = pass_points(course, node) if isinstance(node, GradeItem) else None
        percent = result.percent if result is not None else None
        lines.append(
            ReportLine(
                depth,
                node,
                grade,
                result,
                book.scale.letter(percent),
                passed(result, mark) if result is not None else None,
                share,
                contribution,
                feedback,
                mark,
            )
        )
    items = [line for line in lines if line.is_item]
    return Report(
        lines,
        as_total(book, root) if root is not None else NO_TOTAL,
        results is not None,
        sum(1 for line in items if line.grade.value is not None),
        len(items),
    )


def check_may_read(occasion: Occasion, course: Course, enrolment: Enrolment) -> None:
    """:raises NotAllowed: neither the own grades nor the right to see this learner's"""
    actor = occasion.actor
    if actor is not None and actor.id == enrolment.user_id:
        if not occasion.can(Capability.GRADE_VIEW, course):
            occasion.require(Capability.GRADE_VIEW_OWN, course)
        return
    occasion.require(Capability.GRADE_VIEW, course)
    if not enrolling.may_see(occasion, course, enrolment):
        raise NotAllowed(_("You see the grades of your own class only."))


#: Names of the aggregations in which a child's share is its weight, its points, the same for all.
BY_WEIGHT: Final = {"weighted_mean"}
BY_POINTS: Final = {"sum", "points_mean"}
ALIKE: Final = {"mean"}
#: In which one child is all.
_ONE: Final = {"highest", "lowest"}


def _shares(book: GradeBook, results: Mapping[NodeId, Result]) -> dict[int, float]:
    """Node id -> percentage of the course total that 100 % of the node are worth."""
    found: dict[int, float] = {}

    def divide(category: GradeCategory, whole: float) -> None:
        counted = [n for n in map(book.node, category.children) if results[n.id].counts]
        sizes = _sizes(category, counted, results)
        together = sum(size for node, size in sizes.items() if not book.node(node).extra)
        for node in counted:
            if node.id in sizes and together:
                found[node.id] = whole * sizes[node.id] / together
                if isinstance(node, GradeCategory):
                    divide(node, found[node.id])

    divide(book.root, 100.0)
    return found


def _sizes(
    category: GradeCategory,
    counted: Sequence[GradeItem | GradeCategory],
    results: Mapping[NodeId, Result],
) -> dict[int, float]:
    """How much each child weighs; empty where the aggregation knows no shares."""
    if category.aggregation in BY_WEIGHT:
        return {node.id: node.weight for node in counted}
    if category.aggregation in BY_POINTS:
        return {
            node.id: node.maximum - node.minimum
            if isinstance(node, GradeItem)
            else results[node.id].max
            for node in counted
        }
    if category.aggregation in ALIKE:
        return {node.id: 1.0 for node in counted}
    if category.aggregation in _ONE:
        by_percent = sorted(
            (node for node in counted if not node.extra),
            key=lambda node: results[node.id].percent or 0.0,
            reverse=category.aggregation == "highest",
        )
        return {by_percent[0].id: 1.0} if by_percent else {}
    return {}


#: Stands for the sheet of those who have no grade yet: shared, never stored.
_EMPTY = GradeSheet()
