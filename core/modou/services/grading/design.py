"""What a grade book amounts to before anybody is graded, and what a change of it would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modou.models.aggregation import NodeId, Result
from modou.models.courses import Course
from modou.models.grades import GradeBook, GradeCategory, GradeItem, GradeSheet, Node
from modou.permissions import Capability
from modou.services.grading.books import changed_category, changed_item, read_book
from modou.services.grading.totals import ALIKE, BY_POINTS, BY_WEIGHT, Total, as_total
from modou.services.occasion import Occasion

#: Most learners that a preview reckons.
PREVIEW_LEARNERS = 5_000
#: Learners shown by name in a preview.
PREVIEW_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Share:
    """What a node counts when everything is graded, in per cent; None where the aggregation knows
    no shares. Extra credit comes on top."""

    of_category: float | None
    of_course: float | None


def shares(book: GradeBook) -> dict[int, Share]:
    """Node id -> share, for the whole tree."""
    found: dict[int, Share] = {}

    def divide(category: GradeCategory, whole: float | None) -> None:
        nodes = [book.node(id) for id in category.children]
        sizes = {node.id: _size(book, category, node) for node in nodes}
        together = sum(
            size for node in nodes if not node.extra and (size := sizes[node.id]) is not None
        )
        for node in nodes:
            size = sizes[node.id]
            part = None if size is None or not together else size / together * 100.0
            of_course = None if part is None or whole is None else whole * part / 100.0
            found[node.id] = Share(part, of_course)
            if isinstance(node, GradeCategory):
                divide(node, of_course)

    divide(book.root, 100.0)
    return found


def _size(book: GradeBook, category: GradeCategory, node: Node) -> float | None:
    if isinstance(node, GradeItem) and node.hidden:
        return 0.0
    if category.aggregation in BY_WEIGHT:
        return node.weight
    if category.aggregation in ALIKE:
        return 1.0
    if category.aggregation in BY_POINTS:
        return points(book, node)
    return None


def points(book: GradeBook, node: Node) -> float:
    """How many points 100 % of a node are worth when everything is graded."""
    if isinstance(node, GradeItem):
        return node.maximum - node.minimum
    if node.aggregation != "sum":
        return 100.0
    children = [book.node(id) for id in node.children]
    return sum(
        points(book, child)
        for child in children
        if not child.extra and not (isinstance(child, GradeItem) and child.hidden)
    )


# -- previews


@dataclass(frozen=True, slots=True)
class Effect:
    """One learner's total before and after."""

    user_id: int
    before: Total
    after: Total

    @property
    def difference(self) -> float:
        """Percentage points."""
        return (self.after.percent or 0.0) - (self.before.percent or 0.0)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do to the totals.

    :param learners: how many were looked at
    :param changed: for how many the total changes
    :param newly_passed: how many pass then who did not before
    :param newly_failed: the other way round
    :param largest: the learners with the largest differences, largest first
    """

    learners: int
    changed: int
    newly_passed: int
    newly_failed: int
    largest: Sequence[Effect]


def preview_item(
    occasion: Occasion,
    course: Course,
    item: GradeItem | None,
    values: Mapping[str, Any],
    *,
    rescale: bool = False,
) -> Preview:
    """What `change_item` (`item` None: `add_item`) would do; nothing is changed.

    :raises Invalid: as those
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = read_book(course)
    before = item or GradeItem("", category=book.root_id)
    after = changed_item(book, before, values)
    converted = None
    if rescale and (before.minimum, before.maximum) != (after.minimum, after.maximum):
        converted = (before, after)
    return _preview(occasion, course, _with(book, after), converted)


def preview_category(
    occasion: Occasion, course: Course, category: GradeCategory | None, values: Mapping[str, Any]
) -> Preview:
    """What `change_category` (None: `add_category`) would do; nothing is changed.

    :raises Invalid: as those
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = read_book(course)
    before = category or GradeCategory("", parent=book.root_id)
    return _preview(occasion, course, _with(book, changed_category(occasion, book, before, values)))


def _with(book: GradeBook, node: Node) -> GradeBook:
    """A copy of the book, not kept, with one node changed."""
    copy = GradeBook()
    copy.root_id = book.root_id
    copy.items = book.items
    copy.categories = book.categories
    copy.letters = book.letters
    copy.pass_percent = book.pass_percent
    copy.put(node)
    return copy


def _preview(
    occasion: Occasion,
    course: Course,
    changed: GradeBook,
    converted: tuple[GradeItem, GradeItem] | None = None,
) -> Preview:
    book = read_book(course)
    offered = occasion.assembled.grade_aggregations
    tree_before, tree_after = book.prepared(offered), changed.prepared(offered)
    effects = []
    looked_at = newly_passed = newly_failed = 0
    for user_id, enrolment in course.enrolments.items():
        sheet: GradeSheet | None = enrolment.grades
        if sheet is None or not sheet.grades:
            continue
        looked_at += 1
        if looked_at > PREVIEW_LEARNERS:
            break
        before = _total(book, sheet.results(book.revision, tree_before) if tree_before else None)
        after = _total(changed, _converted(sheet, tree_after, converted) if tree_after else None)
        if before.percent == after.percent and before.passed == after.passed:
            continue
        effects.append(Effect(user_id, before, after))
        newly_passed += bool(after.passed) and not before.passed
        newly_failed += bool(before.passed) and not after.passed
    effects.sort(key=lambda effect: -abs(effect.difference))
    return Preview(
        min(looked_at, PREVIEW_LEARNERS),
        len(effects),
        newly_passed,
        newly_failed,
        effects[:PREVIEW_SHOWN],
    )


def _converted(
    sheet: GradeSheet, tree: Any, converted: tuple[GradeItem, GradeItem] | None
) -> Mapping[NodeId, Result]:
    grades = sheet.grades
    if converted is not None and converted[0].id in grades:
        old, new = converted
        value = grades[old.id].value
        if value is not None:
            share = old.percent(value) / 100.0
            moved = new.minimum + (new.maximum - new.minimum) * share
            grades = {**grades, old.id: grades[old.id]._replace(value=moved)}
    copy = GradeSheet()
    copy.grades = grades
    return copy.results(0, tree)


def _total(book: GradeBook, results: Mapping[NodeId, Result] | None) -> Total:
    if results is None:
        return Total(None, 100.0, None, None, None)
    return as_total(book, results[book.root_id])
