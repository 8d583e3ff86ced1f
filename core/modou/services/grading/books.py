"""The grade book itself: its items, categories, order, letters, and what is reckoned with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modou.errors import Conflict, Invalid, Message, NotFound
from modou.i18n import _
from modou.models.aggregation import LetterScale
from modou.models.courses import Activity, Course
from modou.models.grades import Change, GradeBook, GradeCategory, GradeItem, Node
from modou.permissions import Capability
from modou.services.cleaning import clean_line
from modou.services.grading.completion import note_item
from modou.services.occasion import Occasion

#: Most items and categories of one grade book.
MAXIMUM_NODES = 500
#: Largest number of points or weight.
MAXIMUM_NUMBER = 100_000.0
TITLE_LENGTH = 200


def read_book(course: Course) -> GradeBook:
    """The course's grade book; an empty one, not stored, while the course has none."""
    book: GradeBook | None = course.grade_book
    if book is None:
        book = getattr(course, "_v_grade_book", None)
    if book is None:
        book = GradeBook()
        # Kept in memory with the course, so that all of a request means the same book.
        course._v_grade_book = book  # noqa: SLF001
    return book


def book_of(course: Course) -> GradeBook:
    """The course's grade book, made when there is none: for those who change it."""
    book = read_book(course)
    if course.grade_book is None:
        course.grade_book = book
    return book


# -- items of activities


def ensure_item(
    occasion: Occasion,
    course: Course,
    activity: Activity,
    max_points: float | None = None,
    pass_mark: float | None = None,
) -> GradeItem:
    """The grade item of `activity`, made (100 points) when there is none.

    An item that is there takes over the activity's title, and `max_points` and `pass_mark` where
    given; when its maximum changes, the grades keep their percentage.

    :param max_points: most points
    :param pass_mark: points needed to pass; None: the course's pass percentage
    :raises Invalid: numbers that make no sense together
    """
    _require_either(occasion, course)
    book = book_of(course)
    item = book.item_of(activity.id)
    if item is None:
        _check_room(book)
        item = GradeItem(
            _title_of(activity),
            maximum=100.0 if max_points is None else max_points,
            pass_mark=pass_mark,
            category=book.root_id,
            activity=activity.id,
        )
        _check_item(item)
        book.put(item)
        return item
    wanted = replace(
        item,
        title=_title_of(activity),
        maximum=item.maximum if max_points is None else max_points,
        pass_mark=item.pass_mark if pass_mark is None else pass_mark,
    )
    _check_item(wanted)
    if wanted != item:
        _replace_item(occasion, course, item, wanted, rescale=True)
    return wanted


def drop_item(occasion: Occasion, course: Course, activity_id: int) -> None:
    """Take the item of a deleted activity out; the grades stay in the learners' histories."""
    _require_either(occasion, course)
    if course.grade_book is None:
        return
    item = course.grade_book.item_of(activity_id)
    if item is not None:
        _remove_item(occasion, course, item)


def _require_either(occasion: Occasion, course: Course) -> None:
    if not occasion.can(Capability.ACTIVITY_EDIT, course):
        occasion.require(Capability.GRADE_SETUP, course)


def _title_of(activity: Activity) -> str:
    return activity.title[:TITLE_LENGTH] or activity.key


# -- items and categories by hand


def add_item(occasion: Occasion, course: Course, values: Mapping[str, Any]) -> GradeItem:
    """Add an item that is graded by hand.

    :param values: title, maximum, minimum, pass_mark, weight, category (0: the course itself),
        hidden, extra
    :raises Invalid: at the field that is wrong
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    _check_room(book)
    item = changed_item(book, GradeItem("", category=book.root_id), values)
    book.put(item)
    _record(occasion, course, "item", item)
    return item


def change_item(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    values: Mapping[str, Any],
    *,
    rescale: bool = False,
) -> GradeItem:
    """Change an item. The title of an activity's item is the activity's.

    :param rescale: when the limits change: keep the percentages instead of the points
    :raises Invalid: at the field that is wrong; also when a grade would be outside the limits
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    changed = changed_item(book, item, values)
    if not rescale:
        _check_grades_fit(course, changed)
    if changed != item:
        _replace_item(occasion, course, item, changed, rescale=rescale)
        _record(occasion, course, "item", changed)
    return changed


def delete_item(occasion: Occasion, course: Course, item: GradeItem) -> None:
    """Delete an item; the grades stay in the learners' histories.

    :raises Conflict: it belongs to an activity of the course
    """
    occasion.require(Capability.GRADE_SETUP, course)
    if item.activity in course.activities:
        raise Conflict(
            _(
                "“${title}” is graded by an activity. Delete the activity, or hide the item.",
                mapping={"title": item.title},
            )
        )
    _remove_item(occasion, course, item)
    _record(occasion, course, "item", item)


def grades_of_item(course: Course, item_id: int) -> int:
    """How many learners have a grade in the item."""
    return sum(
        1
        for enrolment in course.enrolments.values()
        if enrolment.grades is not None and item_id in enrolment.grades.grades
    )


def add_category(occasion: Occasion, course: Course, values: Mapping[str, Any]) -> GradeCategory:
    """Add a category.

    :param values: title, aggregation, weight, parent, drop_lowest, keep_highest, only_graded, extra
    :raises Invalid: at the field that is wrong
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    _check_room(book)
    category = changed_category(occasion, book, GradeCategory("", parent=book.root_id), values)
    book.put(category)
    _record(occasion, course, "category", category)
    return category


def change_category(
    occasion: Occasion, course: Course, category: GradeCategory, values: Mapping[str, Any]
) -> GradeCategory:
    """Change a category, or the course's own one (which has no title, weight or parent).

    :raises Invalid: at the field that is wrong
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    changed = changed_category(occasion, book, book.categories[category.id], values)
    if changed != category:
        book.put(changed)
        _record(occasion, course, "category", changed)
    return changed


def delete_category(occasion: Occasion, course: Course, category: GradeCategory) -> None:
    """Delete a category; what stands in it moves to the category around it.

    :raises Conflict: it is the course's own
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    if category.id == book.root_id:
        raise Conflict(_("The course's own category cannot be deleted."))
    book.remove(category.id)
    _record(occasion, course, "category", category)


def arrange(
    occasion: Occasion, course: Course, category: GradeCategory, ids: Sequence[int]
) -> None:
    """Put items and categories into `category` in the order `ids`; its other children follow.

    :raises NotFound: for an id that the grade book does not have
    :raises Conflict: a category would come to stand within itself
    """
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    if not all(i in book.items or i in book.categories for i in ids):
        raise NotFound(_("The grade book has changed meanwhile. Please reload the page."))
    if any(i in ids for i in book.above(category.id)):
        raise Conflict(_("A category cannot stand within itself."))
    if tuple(ids) != category.children:
        book.arrange(category.id, ids)
        _record(occasion, course, "order", category)


def move(occasion: Occasion, course: Course, node: Node, step: int) -> None:
    """Move a node up (-1) or down (1) among its neighbours; at the end nothing happens."""
    occasion.require(Capability.GRADE_SETUP, course)
    book = book_of(course)
    holder = book.categories[book.holder_of(node)]
    order = [i for i in holder.children if i != node.id]
    place = holder.children.index(node.id) + step
    order.insert(max(0, place), node.id)
    arrange(occasion, course, holder, order)


def change_scale(
    occasion: Occasion,
    course: Course,
    letters: Sequence[tuple[float, str]],
    pass_percent: float,
) -> None:
    """Set the letters and the percentage that passes.

    :param letters: (lowest percentage, letter); empty: the usual five levels
    :raises Invalid: boundaries that leave a gap or stand twice
    """
    occasion.require(Capability.GRADE_SETUP, course)
    if not (math.isfinite(pass_percent) and 0 < pass_percent <= 100):
        raise Invalid(_("The pass mark is a percentage above 0, at most 100."), "pass_percent")
    cleaned = tuple((float(floor), clean_line(letter, "levels", 40)) for floor, letter in letters)
    names = [letter.casefold() for _floor, letter in cleaned]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(_("“${letter}” stands twice.", mapping={"letter": name}), "levels")
    if cleaned:
        try:
            LetterScale(cleaned)
        except ValueError:
            raise Invalid(
                _(
                    "Give every level its lowest percentage, each once; the lowest level begins "
                    "at 0 and none above 100."
                ),
                "levels",
            ) from None
    book = book_of(course)
    changed_pass = book.pass_percent != pass_percent
    book.letters = tuple(sorted(cleaned, reverse=True))
    book.pass_percent = pass_percent
    book.revision += 1
    if changed_pass:
        for item in book.items.values():
            note_item(occasion, course, item)
    occasion.record("grades_set_up", course=course.id, values={"what": "scale"})


# -- checks


def _check_room(book: GradeBook) -> None:
    if len(book.items) + len(book.categories) >= MAXIMUM_NODES:
        raise Conflict(
            _(
                "A grade book holds at most ${number} items and categories.",
                mapping={"number": MAXIMUM_NODES},
            )
        )


def _finite(value: float, field: str, *, least: float = 0.0) -> None:
    if not math.isfinite(value) or not least <= value <= MAXIMUM_NUMBER:
        raise Invalid(
            _(
                "A number from ${least} to ${most}.",
                mapping={"least": f"{least:g}", "most": f"{MAXIMUM_NUMBER:.0f}"},
            ),
            field,
        )


def _check_item(item: GradeItem) -> None:
    _finite(item.minimum, "minimum", least=-MAXIMUM_NUMBER)
    _finite(item.maximum, "maximum")
    _finite(item.weight, "weight")
    if item.maximum <= item.minimum:
        raise Invalid(_("The maximum must be above the minimum."), "maximum")
    if item.pass_mark is not None and not item.minimum <= item.pass_mark <= item.maximum:
        raise Invalid(
            _(
                "The pass mark must be from ${minimum} to ${maximum} points.",
                mapping={"minimum": f"{item.minimum:g}", "maximum": f"{item.maximum:g}"},
            ),
            "pass_mark",
        )


def changed_item(book: GradeBook, item: GradeItem, values: Mapping[str, Any]) -> GradeItem:
    """`item` with `values`, checked; the title of an activity's item stays.

    :raises Invalid: at the field that is wrong
    """
    if item.activity:
        values = {**values, "title": item.title}
    names = ("maximum", "minimum", "pass_mark", "weight", "category", "hidden", "extra")
    changed = replace(item, **{n: values[n] for n in names if n in values})
    changed = replace(
        changed, title=clean_line(values.get("title", item.title), "title", TITLE_LENGTH)
    )
    changed = replace(changed, category=changed.category or book.root_id)
    if changed.category not in book.categories:
        raise Invalid(_("This category does not exist any more."), "category")
    _check_item(changed)
    return changed


def _check_grades_fit(course: Course, item: GradeItem) -> None:
    outside = 0
    for enrolment in course.enrolments.values():
        if enrolment.grades is not None:
            value = enrolment.grades.grade(item.id).value
            outside += value is not None and not item.minimum <= value <= item.maximum
    if outside:
        raise Invalid(
            _(
                "${number} grades are outside these limits. Choose to keep the percentages, or "
                "change those grades first.",
                mapping={"number": outside},
            ),
            "maximum",
        )


def changed_category(
    occasion: Occasion, book: GradeBook, category: GradeCategory, values: Mapping[str, Any]
) -> GradeCategory:
    """`category` with `values`, checked.

    :raises Invalid: at the field that is wrong
    """
    names = ["aggregation", "drop_lowest", "keep_highest", "only_graded"]
    is_root = category.id == book.root_id
    if not is_root:
        names += ["weight", "parent", "extra"]
    changed = replace(category, **{n: values[n] for n in names if n in values})
    if not is_root:
        changed = replace(
            changed, title=clean_line(values.get("title", category.title), "title", TITLE_LENGTH)
        )
        changed = replace(changed, parent=changed.parent or book.root_id)
        if changed.parent not in book.categories:
            raise Invalid(_("This category does not exist any more."), "parent")
        if category.id in book.above(changed.parent):
            raise Invalid(_("A category cannot stand within itself."), "parent")
    if changed.aggregation not in occasion.assembled.grade_aggregations:
        raise Invalid(
            _("Nothing aggregates by “${name}”.", mapping={"name": changed.aggregation}),
            "aggregation",
        )
    _finite(changed.weight, "weight")
    for field in ("drop_lowest", "keep_highest"):
        if not 0 <= getattr(changed, field) <= MAXIMUM_NODES:
            raise Invalid(_whole_number(), field)
    return changed


def _whole_number() -> Message:
    return _("A whole number from 0 to ${most}.", mapping={"most": MAXIMUM_NODES})


# -- what a change does to the grades


def _replace_item(
    occasion: Occasion, course: Course, old: GradeItem, new: GradeItem, *, rescale: bool
) -> None:
    book_of(course).put(new)
    limits_changed = (old.minimum, old.maximum) != (new.minimum, new.maximum)
    if limits_changed and rescale:
        _rescale(occasion, course, old, new)
    if limits_changed or old.pass_mark != new.pass_mark:
        note_item(occasion, course, new)


def _rescale(occasion: Occasion, course: Course, old: GradeItem, new: GradeItem) -> None:
    def moved(value: float | None) -> float | None:
        if value is None:
            return None
        return new.minimum + (new.maximum - new.minimum) * old.percent(value) / 100.0

    actor = occasion.actor.id if occasion.actor is not None else 0
    for enrolment in course.enrolments.values():
        sheet = enrolment.grades
        if sheet is None or old.id not in sheet.grades:
            continue
        grade = sheet.grades[old.id]
        changed = grade._replace(value=moved(grade.value), given=moved(grade.given))
        if changed != grade:
            change = Change(
                occasion.now, actor, old.id, "rescale", grade.value, changed.value, "", grade.source
            )
            sheet.put(old.id, changed, change)


def _remove_item(occasion: Occasion, course: Course, item: GradeItem) -> None:
    book_of(course).remove(item.id)
    actor = occasion.actor.id if occasion.actor is not None else 0
    for enrolment in course.enrolments.values():
        sheet = enrolment.grades
        if sheet is not None and item.id in sheet.grades:
            grade = sheet.grades[item.id]
            change = Change(
                occasion.now, actor, item.id, "drop", grade.value, None, item.title, grade.source
            )
            sheet.drop(item.id, change)


def _record(occasion: Occasion, course: Course, what: str, node: Node) -> None:
    occasion.record("grades_set_up", course=course.id, values={"what": what, "id": node.id})
