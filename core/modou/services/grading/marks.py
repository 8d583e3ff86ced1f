"""Giving grades: by activities and by hand, overriding, excluding, and reading what was typed."""

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from modou.errors import Conflict, Invalid, Message, NotFound
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import BY_HAND, IMPORTED, Change, Grade, GradeItem, GradeSheet
from modou.permissions import Capability
from modou.services.grading.books import read_book
from modou.services.grading.completion import note_grade
from modou.services.occasion import Occasion

REASON_LENGTH: Final = 300
FEEDBACK_LENGTH: Final = 5_000
#: Grades are kept with so many decimals.
DECIMALS: Final = 5
_PERSONS: Final = (BY_HAND, IMPORTED)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_NOTHING: Final = ("", "-", "–", "—")


class GradeChanged(Conflict):
    """Somebody else changed the grade since the page was made. `grade` is the present one."""

    code = "grade-changed"

    def __init__(self, message: Message, grade: Grade) -> None:
        super().__init__(message)
        self.grade = grade


def sheet_of(enrolment: Enrolment) -> GradeSheet:
    """The learner's sheet, made when there is none: for those who change it."""
    if enrolment.grades is None:
        enrolment.grades = GradeSheet()
    sheet: GradeSheet = enrolment.grades
    return sheet


def grade_of(enrolment: Enrolment, item: GradeItem) -> Grade:
    """A learner's grade in an item, an empty one while there is none."""
    sheet: GradeSheet | None = enrolment.grades
    return sheet.grade(item.id) if sheet is not None else Grade()


def set_grade(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    enrolment: Enrolment,
    value: float | None,
    *,
    source: str,
    reason: str = "",
    feedback: str = "",
) -> Grade:
    """Give a grade, or take it back (None).

    An activity (`source`: its type's name) may do so for anybody whom it concerns; a grade that a
    person has put in its place stays, and the activity's is kept below it. Persons (`BY_HAND`,
    `IMPORTED`) need the capability; in an activity's item their grade is an override.

    :param value: points
    :param feedback: replaces the feedback unless empty
    :raises Invalid: not between the item's limits (field `value`); a person changes what an
        activity gave without saying why (field `reason`)
    """
    if source in _PERSONS:
        if item.activity:
            return _by_person(occasion, course, item, enrolment, value, source, reason, feedback)
        occasion.require(Capability.GRADE_EDIT, course)
    _check_belongs(course, item, enrolment)
    value = check_value(item, value)
    reason = _check_text(reason, "reason", REASON_LENGTH)
    feedback = _check_text(feedback, "feedback", FEEDBACK_LENGTH)
    before = grade_of(enrolment, item)
    if source in _PERSONS:
        after = before._replace(value=value, source=source, given=None, overridden=False)
        old = before.value
    else:
        shown = before.value if before.overridden else value
        after = before._replace(
            value=shown, source=before.source if before.overridden else source, given=value
        )
        old = before.given
    changed = (before.value, before.given) != (after.value, after.given)
    if changed:
        _change(occasion, course, item, enrolment, after, "grade", (old, value), reason, source)
    if feedback:
        _write_feedback(occasion, item, enrolment, feedback, source)
    return grade_of(enrolment, item)


def override(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    enrolment: Enrolment,
    value: float | None,
    *,
    reason: str = "",
    feedback: str = "",
) -> Grade:
    """Put a person's grade in place of what the activity gave; None: the activity's again.

    :raises Invalid: not between the item's limits; no reason although the activity gave a grade
    """
    return _by_person(occasion, course, item, enrolment, value, BY_HAND, reason, feedback)


def _by_person(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    enrolment: Enrolment,
    value: float | None,
    source: str,
    reason: str,
    feedback: str,
) -> Grade:
    occasion.require(Capability.GRADE_EDIT, course)
    _check_belongs(course, item, enrolment)
    value = check_value(item, value)
    reason = _check_text(reason, "reason", REASON_LENGTH)
    feedback = _check_text(feedback, "feedback", FEEDBACK_LENGTH)
    before = grade_of(enrolment, item)
    if value is None:
        after = before._replace(
            value=before.given,
            overridden=False,
            reason="" if not before.excluded else before.reason,
        )
        action = "restore"
    else:
        after = before._replace(value=value, source=source, overridden=True, reason=reason)
        action = "override"
    if before.value != after.value or before.overridden != after.overridden:
        if before.given is not None and not reason and action == "override":
            raise Invalid(
                _(
                    "Say why the grade that “${title}” gave is changed.",
                    mapping={"title": item.title},
                ),
                "reason",
            )
        values = (before.value, after.value)
        _change(occasion, course, item, enrolment, after, action, values, reason, source)
    if feedback:
        _write_feedback(occasion, item, enrolment, feedback, source)
    return grade_of(enrolment, item)


def exclude(
    occasion: Occasion, course: Course, item: GradeItem, enrolment: Enrolment, reason: str
) -> Grade:
    """Let the item not count for this learner (豁免).

    :raises Invalid: without a reason
    """
    occasion.require(Capability.GRADE_EDIT, course)
    _check_belongs(course, item, enrolment)
    reason = _check_text(reason, "reason", REASON_LENGTH)
    if not reason:
        raise Invalid(_("Say why the item does not count for this learner."), "reason")
    before = grade_of(enrolment, item)
    if before.excluded:
        return before
    after = before._replace(excluded=True, reason=reason)
    values = (before.value, before.value)
    _change(occasion, course, item, enrolment, after, "exclude", values, reason, BY_HAND)
    return grade_of(enrolment, item)


def include(
    occasion: Occasion, course: Course, item: GradeItem, enrolment: Enrolment, reason: str = ""
) -> Grade:
    """Let the item count again for this learner."""
    occasion.require(Capability.GRADE_EDIT, course)
    _check_belongs(course, item, enrolment)
    reason = _check_text(reason, "reason", REASON_LENGTH)
    before = grade_of(enrolment, item)
    if not before.excluded:
        return before
    after = before._replace(excluded=False, reason=reason if before.overridden else "")
    values = (before.value, before.value)
    _change(occasion, course, item, enrolment, after, "include", values, reason, BY_HAND)
    return grade_of(enrolment, item)


def give_feedback(
    occasion: Occasion, course: Course, item: GradeItem, enrolment: Enrolment, text: str
) -> None:
    """Replace the words that go with a grade; empty: take them away."""
    occasion.require(Capability.GRADE_EDIT, course)
    _check_belongs(course, item, enrolment)
    text = _check_text(text, "feedback", FEEDBACK_LENGTH)
    _write_feedback(occasion, item, enrolment, text, BY_HAND)


def expect(enrolment: Enrolment, item: GradeItem, value: float | None, occasion: Occasion) -> None:
    """Refuse when the grade is not `value` any more.

    :raises GradeChanged: naming the present grade, who gave it and when
    """
    present = grade_of(enrolment, item)
    if present.value == value:
        return
    person = occasion.site.users.get(present.actor)
    raise GradeChanged(
        _(
            "This grade was changed meanwhile: ${name} made it ${value}. Yours was not saved.",
            mapping={
                "name": person.display_name if person is not None else present.source,
                "value": format_points(present.value) or "–",
            },
        ),
        present,
    )


# -- changing


def _change(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    enrolment: Enrolment,
    after: Grade,
    action: str,
    values: tuple[float | None, float | None],
    reason: str,
    source: str,
) -> None:
    actor = occasion.actor.id if occasion.actor is not None else 0
    stamped = after._replace(time=occasion.now, actor=actor)
    change = Change(occasion.now, actor, item.id, action, *values, reason, source)
    sheet_of(enrolment).put(item.id, stamped, change)
    occasion.record(
        "graded",
        subject=enrolment.user_id,
        course=course.id,
        values={"item": item.id, "value": after.value, "source": source},
    )
    note_grade(occasion, course, item, enrolment)


def _write_feedback(
    occasion: Occasion, item: GradeItem, enrolment: Enrolment, text: str, source: str
) -> None:
    present = enrolment.grades.feedback.get(item.id, "") if enrolment.grades is not None else ""
    if present == text:
        return
    sheet = sheet_of(enrolment)
    if text:
        sheet.feedback[item.id] = text
    else:
        del sheet.feedback[item.id]
    actor = occasion.actor.id if occasion.actor is not None else 0
    value = sheet.grade(item.id).value
    sheet.note(Change(occasion.now, actor, item.id, "feedback", value, value, "", source))


def _check_belongs(course: Course, item: GradeItem, enrolment: Enrolment) -> None:
    if item.id not in read_book(course).items:
        raise NotFound(_("This grade item does not exist any more."))
    if enrolment.course_id != course.id:
        raise NotFound(_("This person does not take part in the course."))


def check_value(item: GradeItem, value: float | None) -> float | None:
    """`value` with `DECIMALS` decimals.

    :raises Invalid: not a number, or outside the item's limits
    """
    if value is None:
        return None
    value = round(float(value), DECIMALS)
    if not (math.isfinite(value) and item.minimum <= value <= item.maximum):
        raise Invalid(
            _(
                "“${title}” takes ${minimum} to ${maximum} points, not ${value}.",
                mapping={
                    "title": item.title,
                    "minimum": format_points(item.minimum),
                    "maximum": format_points(item.maximum),
                    "value": format_points(value) if math.isfinite(value) else str(value),
                },
            ),
            "value",
        )
    return value


def _check_text(text: str, field: str, length: int) -> str:
    text = text.strip()
    if len(text) > length:
        raise Invalid(_("At most ${length} characters.", mapping={"length": length}), field)
    return text


# -- reading and writing numbers


def format_points(value: float | None, decimals: int = 2) -> str:
    """A number of points for people: "85.5"; "" for none."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def exact_points(value: float | None) -> str:
    """A number of points as it is kept, for editing."""
    return format_points(value, DECIMALS)


def letter_values(scale: Any, words: Mapping[str, str] | None = None) -> dict[str, float]:
    """Letter, casefolded -> the percentage that it stands for when it is entered: the middle of
    its band (usual in China: 优秀 95, 良好 85, 中等 75, 及格 65).

    :param scale: a `modou.models.aggregation.LetterScale`
    :param words: letter -> the same in the reader's language
    """
    found: dict[str, float] = {}
    top = 100.0
    for floor, letter in scale:
        for name in (str(letter), (words or {}).get(letter, "")):
            if name:
                found[name.casefold()] = (floor + top) / 2
        top = floor
    return found


def parse_mark(
    text: str, item: GradeItem, letters: Mapping[str, float] | None = None
) -> float | None:
    """The points that a person means by `text`; None for nothing.

    Full-width digits, a decimal comma, `85%`, `85分` and the letters of the scale are understood.

    :param letters: see `letter_values`
    :raises Invalid: it is none of these, or outside the item's limits
    """
    folded = unicodedata.normalize("NFKC", text).replace("。", ".").strip()
    if folded in _NOTHING:
        return None
    percent = (letters or {}).get(folded.casefold())
    if percent is not None:
        return check_value(item, item.minimum + (item.maximum - item.minimum) * percent / 100.0)
    is_percentage = folded.endswith("%")
    number = folded.removesuffix("%").removesuffix("分").strip()
    if re.fullmatch(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+", number):
        raise Invalid(
            _(
                "“${text}” can be read in two ways. Leave the comma out.",
                mapping={"text": text.strip()},
            ),
            "value",
        )
    number = number.replace(",", ".")
    if not _NUMBER.fullmatch(number):
        shown = text.strip()
        raise Invalid(
            _(
                "“${text}” is no grade. Enter a number from ${minimum} to ${maximum} or a level.",
                mapping={
                    "text": shown if len(shown) <= 40 else shown[:40] + "…",
                    "minimum": format_points(item.minimum),
                    "maximum": format_points(item.maximum),
                },
            ),
            "value",
        )
    value = float(number)
    if is_percentage:
        if not 0 <= value <= 100:
            raise Invalid(_("A percentage is from 0 to 100."), "value")
        value = item.minimum + (item.maximum - item.minimum) * value / 100.0
    return check_value(item, value)
