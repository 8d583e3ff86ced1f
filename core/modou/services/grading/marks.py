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
from modou.services.cleaning import clean_line, clean_text
from modou.services.grading.books import read_book
from modou.services.grading.completion import note_grade
from modou.services.occasion import Occasion

REASON_LENGTH: Final = 300
FEEDBACK_LENGTH: Final = 5_000
#: Grades are kept with so many decimals.
DECIMALS: Final = 5
_PERSONS: Final = (BY_HAND, IMPORTED)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
#: How the usual levels stand in tables from Chinese schools, whatever the reader's language.
_CHINESE: Final = {
    "Excellent": "优秀",
    "Good": "良好",
    "Fair": "中等",
    "Pass": "及格",
    "Fail": "不及格",
}
_NOTHING: Final = ("", "-", "–", "—")
#: What happened, the value before, the value after.
Step = tuple[str, float | None, float | None]


class Keep:
    """Stands for "leave it as it is" where None means something else."""


KEEP: Final = Keep()


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
    person has put in its place stays, and the activity's is kept below it. For persons (`BY_HAND`,
    `IMPORTED`) it is `edit_grade`.

    :param value: points
    :param feedback: replaces the feedback unless empty
    :raises Invalid: not between the item's limits (field `value`)
    """
    if source in _PERSONS:
        return edit_grade(
            occasion,
            course,
            item,
            enrolment,
            value=value,
            reason=reason,
            feedback=feedback or None,
            source=source,
        )
    _check_belongs(course, item, enrolment)
    value = check_value(item, value)
    reason = clean_line(reason, "reason", REASON_LENGTH, required=False)
    feedback = clean_text(feedback, "feedback", FEEDBACK_LENGTH)
    before = grade_of(enrolment, item)
    if before.overridden:
        after = before._replace(given=value)
    else:
        after = before._replace(value=value, source=source, given=value)
    steps: list[Step] = []
    if (before.value, before.given) != (after.value, after.given):
        steps.append(("grade", before.given, value))
    _apply(occasion, course, item, enrolment, after, steps, reason, source)
    if feedback:
        _write_feedback(occasion, item, enrolment, feedback, source)
    return grade_of(enrolment, item)


def edit_grade(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    enrolment: Enrolment,
    *,
    value: float | Keep | None = KEEP,
    excluded: bool | None = None,
    feedback: str | None = None,
    reason: str = "",
    expected: float | Keep | None = KEEP,
    source: str = BY_HAND,
) -> Grade:
    """What a person changes of a grade, all of it or nothing.

    In an activity's item a value is an override (改分); None gives back what the activity gave.

    :param value: points, None for none, `KEEP` to leave it
    :param excluded: True: does not count for this learner (豁免); None to leave it
    :param feedback: "" takes it away, None leaves it
    :param expected: the value that the person saw; `KEEP`: not checked
    :raises GradeChanged: the value is not `expected` any more
    :raises Invalid: at `value`, `reason` or `feedback`
    """
    occasion.require(Capability.GRADE_EDIT, course)
    _check_belongs(course, item, enrolment)
    reason = clean_line(reason, "reason", REASON_LENGTH, required=False)
    if feedback is not None:
        feedback = clean_text(feedback, "feedback", FEEDBACK_LENGTH)
    if not isinstance(expected, Keep):
        expect(occasion, enrolment, item, expected)
    after = before = grade_of(enrolment, item)
    steps: list[Step] = []
    if not isinstance(value, Keep):
        value = check_value(item, value)
        after, action = _with_value(course, item, before, value, source, reason)
        if after != before:
            steps.append((action, before.value, after.value))
    if excluded is not None and excluded != before.excluded:
        if excluded and not reason:
            raise Invalid(_("Say why the item does not count for this learner."), "reason")
        kept = after.reason if after.overridden else ""
        after = after._replace(excluded=excluded, reason=reason if excluded else kept)
        steps.append(("exclude" if excluded else "include", after.value, after.value))
    _apply(occasion, course, item, enrolment, after, steps, reason, source)
    if feedback is not None:
        _write_feedback(occasion, item, enrolment, feedback, source)
    return grade_of(enrolment, item)


def _with_value(
    course: Course, item: GradeItem, before: Grade, value: float | None, source: str, reason: str
) -> tuple[Grade, str]:
    """The grade with a person's value, and what that is called in the history."""
    if value == before.value and not (value is None and before.overridden):
        return before, ""
    if not item.activity:
        return before._replace(value=value, source=source), "grade"
    if value is not None:
        if before.given is not None and not reason:
            raise Invalid(
                _(
                    "Say why the grade that “${title}” gave is changed.",
                    mapping={"title": item.title},
                ),
                "reason",
            )
        return before._replace(
            value=value, source=source, overridden=True, reason=reason
        ), "override"
    if not before.overridden:
        raise Invalid(
            _(
                "“${title}” gave this grade. Change it or exclude it; it cannot be emptied.",
                mapping={"title": item.title},
            ),
            "value",
        )
    activity = course.activities.get(item.activity)
    restored = before._replace(
        value=before.given,
        source=activity.type if activity is not None else "",
        overridden=False,
        reason=before.reason if before.excluded else "",
    )
    return restored, "restore"


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
    return edit_grade(
        occasion, course, item, enrolment, value=value, reason=reason, feedback=feedback or None
    )


def exclude(
    occasion: Occasion, course: Course, item: GradeItem, enrolment: Enrolment, reason: str
) -> Grade:
    """Let the item not count for this learner (豁免).

    :raises Invalid: without a reason
    """
    return edit_grade(occasion, course, item, enrolment, excluded=True, reason=reason)


def include(
    occasion: Occasion, course: Course, item: GradeItem, enrolment: Enrolment, reason: str = ""
) -> Grade:
    """Let the item count again for this learner."""
    return edit_grade(occasion, course, item, enrolment, excluded=False, reason=reason)


def expect(occasion: Occasion, enrolment: Enrolment, item: GradeItem, value: float | None) -> None:
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


def _apply(
    occasion: Occasion,
    course: Course,
    item: GradeItem,
    enrolment: Enrolment,
    after: Grade,
    steps: list[Step],
    reason: str,
    source: str,
) -> None:
    if not steps:
        return
    actor = occasion.actor.id if occasion.actor is not None else 0
    stamped = after._replace(time=occasion.now, actor=actor)
    changes = [
        Change(occasion.now, actor, item.id, action, old, new, reason, source)
        for action, old, new in steps
    ]
    sheet = sheet_of(enrolment)
    before = sheet.grade(item.id).value
    sheet.put(item.id, stamped, changes[0])
    for change in changes[1:]:
        sheet.note(change)
    occasion.record(
        "graded",
        subject=enrolment.user_id,
        course=course.id,
        values={
            "item": item.id,
            "value": after.value,
            "source": source,
            "before": before,
        },
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
        for name in (str(letter), (words or {}).get(letter, ""), _CHINESE.get(str(letter), "")):
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
