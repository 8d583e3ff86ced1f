"""Grades as tables: out to spreadsheets, and back in with a verdict for every row.

The export has one line per learner, with the columns `EXPORT_COLUMNS` and one column for each item,
headed by its title and key: ``期末考试 [1298wv0hwgg0n]``. The import takes such a file back:

- learners are found by username; items by the key in square brackets, or by an unambiguous title;
- an empty cell leaves the grade as it is, "-" takes it away;
- a row is taken as a whole or, with its reason, not at all.

docs/reference/grade-columns.md describes the columns for users.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from modou.errors import Invalid, Message, ModouError
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import IMPORTED, GradeBook, GradeItem
from modou.permissions import Capability
from modou.services import enrolling
from modou.services.grading.books import read_book
from modou.services.grading.marks import DECIMALS, check_value, edit_grade, grade_of, parse_mark
from modou.services.grading.rows import learners, opened
from modou.services.grading.totals import as_total
from modou.services.occasion import Occasion
from modou.services.tables import Cell, Row, Table
from modou.store.containers import decode_id

#: Headings of the columns before the items, in order.
EXPORT_COLUMNS: Final = (
    _("Username"),
    _("Name"),
    _("ID number"),
    _("Cohort"),
)
#: Headings after the items.
TOTAL_COLUMNS: Final = (_("Total"), _("Total in per cent"), _("Level"))
#: What the column with the username may be called, casefolded.
USERNAME_HEADINGS: Final = frozenset({"username", "user name", "用户名", "账号", "学号", "登录名"})
#: Most changed grades in one import.
MAXIMUM_CHANGES: Final = 200_000

_KEYED = re.compile(r"\[([0-9a-z]{13})\]\s*$")


# -- out


def item_heading(item: GradeItem) -> str:
    """The heading of an item's column, by which the import finds the item again."""
    return f"{item.title} [{item.key}]"


def export_rows(
    occasion: Occasion,
    course: Course,
    *,
    text: str = "",
    cohort: int = 0,
    sort: str = "name",
    words: Mapping[str, str] | None = None,
) -> tuple[list[GradeItem], Iterator[list[Cell]]]:
    """The items, and a line for each learner that the grade book shows with the same filters; see
    `modou.services.grading.rows.learners`.

    Lines are made one after the other. ID numbers are masked.

    :param words: letter -> the same in the reader's language
    :raises NotAllowed: the actor may not export grades here
    """
    occasion.require(Capability.GRADE_EXPORT, course)
    people = learners(occasion, course, text=text, cohort=cohort, sort=sort)
    book = read_book(course)
    items = book.ordered_items()
    occasion.record("grades_exported", course=course.id, values={"learners": len(people)})

    def lines() -> Iterator[list[Cell]]:
        cohorts: dict[int, str] = {}
        for row in opened(occasion, course, book, people):
            user = occasion.site.users.get(row.user_id)
            cohort_id = row.person.cohort
            if cohort_id and cohort_id not in cohorts:
                found = occasion.site.cohorts.get(cohort_id)
                cohorts[cohort_id] = found.title if found is not None else ""
            line: list[Cell] = [
                row.person.username,
                row.person.name,
                user.id_masked if user is not None else "",
                cohorts.get(cohort_id, ""),
            ]
            for item in items:
                grade = row.grades.get(item.id)
                line.append(_number(grade.value if grade is not None else None))
            if row.results is None:
                line += [None, None, ""]
            else:
                total = as_total(book, row.results[book.root_id])
                letter = "" if total.letter is None else str(total.letter)
                line += [
                    _number(total.points),
                    _number(total.percent),
                    (words or {}).get(letter, letter),
                ]
            yield line

    return items, lines()


def _number(value: float | None) -> int | float | None:
    if value is None:
        return None
    value = round(value, DECIMALS)
    return int(value) if value.is_integer() else value


# -- in


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One grade that a row changes: `old` is what the grade book had when the file was read."""

    item: int
    old: float | None
    new: float | None


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What becomes of a row: its changes, or its problems. `user_id` is 0 for nobody known."""

    number: int
    name: str
    user_id: int
    changes: Sequence[PlannedChange]
    problems: Sequence[Message]


@dataclass(slots=True)
class ImportPlan:
    """What an import would do.

    :param items: the items whose columns were found
    :param ignored: headings that mean nothing here
    :param rows: the rows that change something or have a problem
    :param unchanged: how many rows change nothing
    :param overrides: how many grades given by activities would be changed: these need a reason
    """

    items: Sequence[GradeItem]
    ignored: Sequence[str]
    rows: list[RowVerdict] = field(default_factory=list)
    unchanged: int = 0
    overrides: int = 0

    @property
    def good(self) -> list[RowVerdict]:
        return [row for row in self.rows if not row.problems]

    @property
    def bad(self) -> list[RowVerdict]:
        return [row for row in self.rows if row.problems]

    @property
    def changes(self) -> int:
        return sum(len(row.changes) for row in self.good)


def plan_import(
    occasion: Occasion,
    course: Course,
    table: Table,
    *,
    letters: Mapping[str, float] | None = None,
    fixed_headings: Mapping[str, str] | None = None,
) -> ImportPlan:
    """Read `table` against the grade book; nothing is changed.

    :param letters: see `modou.services.grading.marks.letter_values`
    :param fixed_headings: heading of the export in the reader's language -> the English one
    :raises Invalid: no column with usernames or with grades, or too many changes (field `file`)
    """
    require_import(occasion, course)
    book = read_book(course)
    username_at, columns, ignored = _map_columns(book, table.headers, fixed_headings or {})
    plan = ImportPlan([item for _place, item in columns], ignored)
    seen: dict[int, int] = {}
    count = 0
    for row in table.rows:
        verdict = _judge(occasion, course, row, username_at, columns, letters)
        if verdict.user_id and not verdict.problems:
            if verdict.user_id in seen:
                problem = _(
                    "This learner stands in row ${row} already.",
                    mapping={"row": seen[verdict.user_id]},
                )
                verdict = RowVerdict(row.number, verdict.name, verdict.user_id, (), (problem,))
            else:
                seen[verdict.user_id] = row.number
        if not verdict.changes and not verdict.problems:
            plan.unchanged += 1
            continue
        count += len(verdict.changes)
        if count > MAXIMUM_CHANGES:
            raise Invalid(
                _(
                    "More than ${number} changed grades at once. Split the file.",
                    mapping={"number": MAXIMUM_CHANGES},
                ),
                "file",
            )
        plan.rows.append(verdict)
        plan.overrides += _overrides(book, course, verdict)
    return plan


def require_import(occasion: Occasion, course: Course) -> None:
    """:raises NotAllowed: the actor may not import grades here"""
    occasion.require(Capability.GRADE_EXPORT, course)
    occasion.require(Capability.GRADE_EDIT, course)


def _map_columns(
    book: GradeBook, headers: Sequence[str], fixed: Mapping[str, str]
) -> tuple[int, list[tuple[int, GradeItem]], list[str]]:
    username_at: int | None = None
    columns: list[tuple[int, GradeItem]] = []
    ignored: list[str] = []
    known = {str(name) for name in (*EXPORT_COLUMNS, *TOTAL_COLUMNS)}
    for place, header in enumerate(headers):
        name = fixed.get(header, header)
        if name.casefold() in USERNAME_HEADINGS:
            if username_at is not None:
                raise Invalid(_("Two columns hold usernames."), "file")
            username_at = place
            continue
        item = _item_for(book, header)
        if item is not None:
            if any(item.id == other.id for _at, other in columns):
                raise Invalid(
                    _("Two columns mean the item “${title}”.", mapping={"title": item.title}),
                    "file",
                )
            columns.append((place, item))
        elif header and name not in known:
            ignored.append(header)
    if username_at is None:
        raise Invalid(
            _("No column holds usernames. Its heading must be “username” or “用户名”."), "file"
        )
    if not columns:
        raise Invalid(
            _(
                "No column fits a grade item. Head it with the item's title, or export the grades "
                "and edit that file."
            ),
            "file",
        )
    return username_at, columns, ignored


def _item_for(book: GradeBook, header: str) -> GradeItem | None:
    keyed = _KEYED.search(header)
    if keyed:
        try:
            return book.items.get(decode_id(keyed[1]))
        except KeyError:
            return None
    titled = [i for i in book.items.values() if i.title.casefold() == header.casefold()]
    if len(titled) > 1:
        raise Invalid(
            _(
                "“${title}” is the title of several items: add the key, as the export does.",
                mapping={"title": header},
            ),
            "file",
        )
    return titled[0] if titled else None


def _judge(
    occasion: Occasion,
    course: Course,
    row: Row,
    username_at: int,
    columns: Sequence[tuple[int, GradeItem]],
    letters: Mapping[str, float] | None,
) -> RowVerdict:
    username = row.values[username_at]
    problems = list(row.problems)
    user_id = occasion.site.user_index.usernames.get(username.casefold(), 0)
    enrolment: Enrolment | None = course.enrolments.get(user_id) if user_id else None
    if not username:
        problems.append(_("The username is missing."))
    elif enrolment is None or not enrolling.may_see(occasion, course, enrolment):
        problems.append(
            _("“${name}” takes no part in this course.", mapping={"name": username[:60]})
        )
        enrolment = None
    changes = []
    for place, item in columns:
        text = row.values[place]
        if not text:
            continue
        try:
            new = parse_mark(text, item, letters)
        except Invalid as error:
            problems.append(error.message)
            continue
        if enrolment is None:
            continue
        present = grade_of(enrolment, item)
        if new == present.value:
            continue
        if new is None and item.activity and not present.overridden:
            problems.append(
                _(
                    "“${title}” gave this grade. Change it or exclude it; it cannot be emptied.",
                    mapping={"title": item.title},
                )
            )
            continue
        changes.append(PlannedChange(item.id, present.value, new))
    return RowVerdict(
        row.number,
        username,
        user_id if enrolment is not None else 0,
        () if problems else tuple(changes),
        tuple(problems),
    )


def _overrides(book: GradeBook, course: Course, verdict: RowVerdict) -> int:
    enrolment: Enrolment | None = course.enrolments.get(verdict.user_id)
    if enrolment is None:
        return 0
    return sum(
        change.new is not None and grade_of(enrolment, book.items[change.item]).given is not None
        for change in verdict.changes
    )


@dataclass(slots=True)
class ImportResult:
    """What an import did: rows and grades taken, rows left with their reasons."""

    rows: int = 0
    grades: int = 0
    left: list[RowVerdict] = field(default_factory=list)


def apply_import(
    occasion: Occasion, course: Course, planned: Sequence[RowVerdict], reason: str = ""
) -> ImportResult:
    """Take the rows of a plan. A row of which a grade was changed meanwhile is left as it is.

    :param reason: goes into the history; needed where activities gave grades
    :raises Invalid: the reason is missing (field `reason`); nothing was changed
    """
    require_import(occasion, course)
    book = read_book(course)
    known = [row for row in planned if all(change.item in book.items for change in row.changes)]
    if not reason.strip() and any(_overrides(book, course, row) for row in known):
        raise Invalid(
            _("Say why grades that activities gave are changed."),
            "reason",
        )
    result = ImportResult()
    for row in planned:
        problem = _obstacle(occasion, course, book, row)
        if problem is not None:
            result.left.append(RowVerdict(row.number, row.name, row.user_id, (), (problem,)))
            continue
        enrolment: Enrolment = course.enrolments[row.user_id]
        for change in row.changes:
            edit_grade(
                occasion,
                course,
                book.items[change.item],
                enrolment,
                value=change.new,
                reason=reason,
                source=IMPORTED,
            )
        result.rows += 1
        result.grades += len(row.changes)
    if result.rows:
        values = {"rows": result.rows, "grades": result.grades, "left": len(result.left)}
        occasion.record("grades_imported", course=course.id, values=values)
    return result


def _obstacle(
    occasion: Occasion, course: Course, book: GradeBook, row: RowVerdict
) -> Message | None:
    """Why a planned row cannot be taken as a whole now."""
    enrolment: Enrolment | None = course.enrolments.get(row.user_id)
    if enrolment is None or not enrolling.may_see(occasion, course, enrolment):
        return _("“${name}” takes no part in this course.", mapping={"name": row.name[:60]})
    for change in row.changes:
        item = book.items.get(change.item)
        if item is None:
            return _("This grade item does not exist any more.")
        present = grade_of(enrolment, item)
        if present.value != change.old:
            return _(
                "“${title}” was changed since the file was read.", mapping={"title": item.title}
            )
        try:
            check_value(item, change.new)
        except ModouError as error:
            return error.message
        if change.new is None and item.activity and not present.overridden:
            return _("“${title}” gave this grade.", mapping={"title": item.title})
    return None
