"""Courses: their data, covers, publishing, deleting."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import IO, Any, BinaryIO, cast

from modou.clock import SHANGHAI, from_seconds
from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Category, Course
from modou.permissions import Capability
from modou.services import files, pictures
from modou.services.cleaning import clean_line, clean_text, fold
from modou.services.name_search import title_key
from modou.services.occasion import Occasion

#: One class hour (课时) is 45 minutes.
CLASS_HOUR = 2700
_MOST_HOURS = Decimal(10_000)
#: 大典 2022: four groups, a fifth one for the kind of work within the occupation.
_OCCUPATION_CODE = re.compile(r"\d-\d{2}-\d{2}-\d{2}(-\d{2})?")


@dataclass(frozen=True, slots=True)
class CourseValues:
    """What people enter about a course.

    :param code: short name, unique in the site
    :param planned_hours: class hours of 45 minutes; None when it is not planned
    :param starts: first day, in the site's time zone
    :param ends: last day, inclusive
    """

    title: str
    code: str
    summary: str = ""
    category: Category | None = None
    occupation: str = ""
    occupation_code: str = ""
    level: str = ""
    planned_hours: Decimal | None = None
    starts: date | None = None
    ends: date | None = None
    visible: bool = True


def values_of(course: Course) -> CourseValues:
    """What the form shows of a course."""
    return CourseValues(
        title=course.title,
        code=course.code,
        summary=course.summary,
        category=course.category,
        occupation=course.occupation,
        occupation_code=course.occupation_code,
        level=course.level,
        planned_hours=_hours(course.planned_seconds),
        starts=_day(course.starts),
        ends=_day(course.ends - 1) if course.ends else None,
        visible=course.visible,
    )


def create_course(occasion: Occasion, values: CourseValues) -> Course:
    """A new course, a draft.

    :raises Invalid: see `change_course`
    """
    above = values.category if values.category is not None else occasion.site
    occasion.require(Capability.COURSE_CREATE, above)
    cleaned = _clean(occasion, values, None)
    course = Course(cleaned.title, cleaned.code)
    course.created = occasion.now
    occasion.site.courses.add(course)
    _fill(occasion, course, cleaned)
    _draw(occasion, course)
    index_course(occasion, course)
    occasion.record("course_created", course=course.id)
    return course


def change_course(occasion: Occasion, course: Course, values: CourseValues) -> None:
    """Change a course's data.

    :raises Invalid: naming the field: missing, too long, no occupation code, a code that another
        course has, an end before the start
    :raises NotAllowed: also when it goes to a category where the actor may not create courses
    """
    occasion.require(Capability.COURSE_EDIT, course)
    if values.category is not course.category:
        above = values.category if values.category is not None else occasion.site
        occasion.require(Capability.COURSE_CREATE, above)
    cleaned = _clean(occasion, values, course)
    before = values_of(course)
    changed = [name for name in CourseValues.__slots__ if _differs(before, cleaned, name)]
    if not changed:
        return
    redraw = "title" in changed and course.cover_drawn
    _fill(occasion, course, cleaned)
    if redraw:
        _draw(occasion, course)
    index_course(occasion, course)
    occasion.forget_capabilities()
    occasion.record(
        "course_changed",
        course=course.id,
        values={
            "fields": changed,
            "before": {n: getattr(before, n) for n in changed if n in _TOLD},
            "after": {n: getattr(cleaned, n) for n in changed if n in _TOLD},
        },
    )


#: Short fields whose old and new values the journal keeps.
_TOLD = {"title", "code", "occupation", "occupation_code", "level", "visible"}


def _differs(before: CourseValues, after: CourseValues, name: str) -> bool:
    return getattr(before, name) != getattr(after, name)


def _clean(occasion: Occasion, values: CourseValues, course: Course | None) -> CourseValues:
    errors: dict[str, list[Any]] = {}

    def check(clean: Any, name: str, limit: int, **kw: Any) -> str:
        try:
            text: str = clean(getattr(values, name), name, limit, **kw)
        except Invalid as error:
            errors.update(error.errors)
            return ""
        return text

    cleaned = replace(
        values,
        title=check(clean_line, "title", 200),
        code=check(clean_line, "code", 60),
        summary=check(clean_text, "summary", 20_000),
        occupation=check(clean_line, "occupation", 100, required=False),
        occupation_code=check(clean_line, "occupation_code", 20, required=False),
        level=check(clean_line, "level", 60, required=False),
    )
    taken = occasion.site.course_index.by_code(fold(cleaned.code)) if cleaned.code else None
    if taken is not None and (course is None or taken != course.id):
        errors["code"] = [
            _("The code “${code}” belongs to another course.", mapping={"code": cleaned.code})
        ]
    if cleaned.occupation_code and not _OCCUPATION_CODE.fullmatch(cleaned.occupation_code):
        errors["occupation_code"] = [_("An occupation code looks like 6-29-02-06.")]
    hours = cleaned.planned_hours
    if hours is not None and not (hours.is_finite() and 0 <= hours <= _MOST_HOURS):
        errors["planned_hours"] = [_("Enter a number of class hours from 0 to 10,000.")]
    if cleaned.starts and cleaned.ends and cleaned.ends < cleaned.starts:
        errors["ends"] = [_("The last day lies before the first day.")]
    if errors:
        _name, messages = next(iter(errors.items()))
        raise Invalid(messages[0], errors=errors)
    return cleaned


def _fill(occasion: Occasion, course: Course, values: CourseValues) -> None:
    for name in (
        "title", "code", "summary", "category", "occupation", "occupation_code", "level", "visible"
    ):  # fmt: skip
        if getattr(course, name) != getattr(values, name):
            setattr(course, name, getattr(values, name))
    hours = values.planned_hours or Decimal(0)
    course.planned_seconds = int((hours * CLASS_HOUR).to_integral_value(ROUND_HALF_UP))
    course.starts = _midnight(values.starts)
    course.ends = _midnight(values.ends + timedelta(days=1)) if values.ends else 0
    course.touch(occasion.now)


def _hours(seconds: int) -> Decimal | None:
    if not seconds:
        return None
    hours = (Decimal(seconds) / CLASS_HOUR).quantize(Decimal("0.01"))
    whole = hours.to_integral_value()
    # Not normalize(): that writes 40 as 4E+1.
    return whole if hours == whole else hours


def _midnight(day: date | None) -> int:
    return int(datetime.combine(day, time(), SHANGHAI).timestamp()) if day else 0


def _day(seconds: int) -> date | None:
    return from_seconds(seconds).astimezone(SHANGHAI).date() if seconds else None


def index_course(occasion: Occasion, course: Course) -> None:
    """Tell the index of courses what it must know; after every change of a course's data."""
    occasion.site.course_index.put(
        course,
        title_key=title_key(course.title),
        search=fold(f"{course.title} {course.code} {course.occupation} {course.occupation_code}"),
        code=fold(course.code),
    )


def find_by_code(occasion: Occasion, code: str) -> Course | None:
    """The course that rosters call `code`."""
    id = occasion.site.course_index.by_code(fold(code))
    return occasion.site.courses.get(id) if id is not None else None


# Covers


def set_cover(occasion: Occasion, course: Course, picture: IO[bytes] | None) -> None:
    """Give a course another cover; None draws one from the title.

    :raises Invalid: the field "cover" is no picture that can be read, or is too large
    """
    occasion.require(Capability.COURSE_EDIT, course)
    if picture is None:
        _draw(occasion, course)
    else:
        _keep_cover(occasion, course, pictures.make_cover(cast(BinaryIO, picture)))
    course.cover_drawn = picture is None
    course.touch(occasion.now)
    index_course(occasion, course)
    occasion.record("course_changed", course=course.id, values={"fields": ["cover"]})


def _draw(occasion: Occasion, course: Course) -> None:
    drawn = pictures.draw_cover(course.title, seed=course.id)
    _keep_cover(occasion, course, pictures.make_cover(drawn))


def _keep_cover(occasion: Occasion, course: Course, cover: pictures.Pictures) -> None:
    for id in {course.cover, course.cover_small} - {0}:
        files.drop_file(occasion, id)
    course.cover = files.store(occasion, cover.large, "cover.webp", "public").id
    course.cover_small = files.store(occasion, cover.small, "cover-small.webp", "public").id


# Publishing and deleting


def publish_course(occasion: Occasion, course: Course) -> None:
    """Open a course to its learners; nothing happens when it is open.

    :raises Conflict: somebody must decide first (moderation)
    :raises NotAllowed: a plugin refuses
    """
    occasion.require(Capability.COURSE_PUBLISH, course)
    if course.published:
        return
    occasion.hooks.ask("before_publish", occasion=occasion, course=course)
    course.status = "published"
    course.published_at = occasion.now
    _note_status(occasion, course, "published")


def unpublish_course(occasion: Occasion, course: Course) -> None:
    """Take a course down: it is a draft again, its learners' work is kept."""
    occasion.require(Capability.COURSE_PUBLISH, course)
    if not course.published:
        return
    course.status = "draft"
    _note_status(occasion, course, "unpublished")


def _note_status(occasion: Occasion, course: Course, kind: str) -> None:
    course.touch(occasion.now)
    index_course(occasion, course)
    occasion.forget_capabilities()
    occasion.record(kind, course=course.id)


def delete_course(occasion: Occasion, course: Course) -> None:
    """Delete a course that nobody was ever enrolled in.

    :raises Conflict: people are or were enrolled: their records must be kept
    """
    occasion.require(Capability.COURSE_DELETE, course)
    if course.enrolments:
        raise Conflict(
            _(
                "People are or were enrolled in this course, and what they did must be kept. "
                "Take the course down instead."
            )
        )
    types = occasion.assembled.activity_types
    for activity in course.ordered_activities():
        if activity.type in types:
            types[activity.type].delete(occasion, activity)
    for id in {course.cover, course.cover_small} - {0}:
        files.drop_file(occasion, id)
    occasion.site.course_index.drop(course.id)
    occasion.site.courses.remove(course.id)
    occasion.record("course_deleted", course=course.id, values={"code": course.code})
