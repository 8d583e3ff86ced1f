"""Activities: the core's part of them, and the door to the part that only their type knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modou.declarations import ActivityType
from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Activity, Course, Prerequisite, Section
from modou.permissions import Capability
from modou.services import grading
from modou.services.cleaning import clean_line, clean_text
from modou.services.occasion import Occasion
from modou.store.containers import new_id

MOST_ACTIVITIES = 1000


@dataclass(frozen=True, slots=True)
class ActivityValues:
    """What teachers enter about any activity.

    :param completion: names of completion rules, all of which must be met
    :param max_points: points that can be reached; None: it is not graded
    :param pass_mark: points needed to pass
    """

    title: str
    summary: str = ""
    visible: bool = True
    completion: tuple[str, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    max_points: float | None = None
    pass_mark: float | None = None


def values_of_activity(activity: Activity) -> ActivityValues:
    """What the form shows of an activity."""
    return ActivityValues(
        activity.title,
        activity.summary,
        activity.visible,
        activity.completion,
        activity.prerequisites,
        activity.max_points,
        activity.pass_mark,
    )


def create_activity(
    occasion: Occasion,
    course: Course,
    section: Section,
    type_name: str,
    values: ActivityValues,
    content: Mapping[str, Any],
) -> Activity:
    """A new activity at the end of a section.

    :param content: what the type's own form gave
    :raises Conflict: no enabled plugin has that type
    :raises Invalid: naming the field
    """
    occasion.require(Capability.ACTIVITY_EDIT, course)
    type_ = _type(occasion, type_name)
    activity = Activity(type_name, "")
    # The type stores its part under the id, before the course has the activity: if it refuses,
    # nothing is left behind.
    activity.id = new_id()
    activity.__parent__ = course.activities
    cleaned = _clean(occasion, course, activity, values)
    if len(course.activities) >= MOST_ACTIVITIES:
        raise Invalid(
            _("A course can have ${number} activities.", mapping={"number": MOST_ACTIVITIES}),
            "title",
        )
    type_.save(occasion, activity, content)
    activity.created = occasion.now
    _fill(occasion, activity, cleaned)
    course.activities.add(activity, activity.id)
    section.activities = [*section.activities, activity.id]
    _settle_grading(occasion, course, activity)
    _note(occasion, course, "activity_created", activity)
    return activity


def change_activity(
    occasion: Occasion,
    activity: Activity,
    values: ActivityValues,
    content: Mapping[str, Any] | None = None,
) -> None:
    """Change an activity. Learners who completed it by the old rules keep that.

    :param content: what the type's own form gave; None leaves the type's part as it is (the only
        way while its plugin is absent)
    :raises Invalid: naming the field; also for prerequisites that wait for each other
    """
    course = activity.course
    occasion.require(Capability.ACTIVITY_EDIT, course)
    cleaned = _clean(occasion, course, activity, values)
    if content is not None:
        _type(occasion, activity.type).save(occasion, activity, content)
    _fill(occasion, activity, cleaned)
    _settle_grading(occasion, course, activity)
    _note(occasion, course, "activity_changed", activity)


def copy_activity(occasion: Occasion, activity: Activity) -> Activity:
    """A copy with its content, right behind it.

    :raises Conflict: its plugin is not enabled
    """
    course = activity.course
    occasion.require(Capability.ACTIVITY_EDIT, course)
    _type(occasion, activity.type)
    section = course.section_of(activity.id)
    twin = copy_into(occasion, activity, section)
    ids = [i for i in section.activities if i != twin.id]
    ids.insert(ids.index(activity.id) + 1, twin.id)
    section.activities = ids
    _note(occasion, course, "activity_created", twin)
    return twin


def delete_activity(occasion: Occasion, activity: Activity) -> None:
    """Delete an activity and its content. What learners did in it stays in their progress."""
    course = activity.course
    occasion.require(Capability.ACTIVITY_EDIT, course)
    remove_activity(occasion, course, activity.id)
    course.touch(occasion.now)


# For this package: steps of a verb that has asked for permission.


def copy_into(occasion: Occasion, source: Activity, section: Section) -> Activity:
    """A copy of `source` at the end of `section` of the same course."""
    course = source.course
    twin = Activity(source.type, source.title)
    for name in ("summary", "visible", "completion", "prerequisites", "max_points", "pass_mark"):
        setattr(twin, name, getattr(source, name))
    twin.created = twin.modified = occasion.now
    course.add_activity(twin, section)
    _type(occasion, source.type).copy(occasion, source, twin)
    _settle_grading(occasion, course, twin)
    return twin


def remove_activity(occasion: Occasion, course: Course, activity_id: int) -> None:
    """Take an activity out, with its content and every condition that waits for it."""
    activity = course.drop_activity(activity_id)
    type_ = occasion.assembled.activity_types.get(activity.type)
    if type_ is not None:
        type_.delete(occasion, activity)
    grading.drop_item(occasion, course, activity_id)
    for other in course.activities:
        if any(p.target == activity_id for p in other.prerequisites):
            other.prerequisites = tuple(p for p in other.prerequisites if p.target != activity_id)
    occasion.record("activity_deleted", course=course.id, values={"activity": activity_id})


def _type(occasion: Occasion, name: str) -> ActivityType:
    type_ = occasion.assembled.activity_types.get(name)
    if type_ is None:
        raise Conflict(
            _("No enabled plugin knows activities of the type ${type}.", mapping={"type": name})
        )
    return type_


def _settle_grading(occasion: Occasion, course: Course, activity: Activity) -> None:
    """Let the grade book have an item for the activity exactly when it is graded."""
    if activity.max_points is None:
        grading.drop_item(occasion, course, activity.id)
    else:
        grading.ensure_item(occasion, course, activity, activity.max_points, activity.pass_mark)


def _fill(occasion: Occasion, activity: Activity, values: ActivityValues) -> None:
    activity.title = values.title
    activity.summary = values.summary
    activity.visible = values.visible
    activity.completion = values.completion
    activity.prerequisites = values.prerequisites
    activity.max_points = values.max_points
    activity.pass_mark = values.pass_mark
    activity.modified = occasion.now


def _note(occasion: Occasion, course: Course, kind: str, activity: Activity) -> None:
    course.touch(occasion.now)
    occasion.record(kind, course=course.id, values={"activity": activity.id, "type": activity.type})


def _clean(
    occasion: Occasion, course: Course, activity: Activity, values: ActivityValues
) -> ActivityValues:
    known = occasion.assembled.completion_rules
    # A rule of an absent plugin that the activity has already is kept.
    for name in values.completion:
        if name not in known and name not in activity.completion:
            raise Invalid(
                _("There is no completion rule ${name}.", mapping={"name": name}), "completion"
            )
    graded = values.max_points is not None
    if not graded and {"graded", "passed"} & set(values.completion):
        raise Invalid(_("“Graded” and “Passed” need an activity that is graded."), "completion")
    _check_points(values)
    return ActivityValues(
        title=clean_line(values.title, "title", 200),
        summary=clean_text(values.summary, "summary", 2000),
        visible=values.visible,
        completion=tuple(dict.fromkeys(values.completion)),
        prerequisites=_clean_prerequisites(course, activity, values.prerequisites),
        max_points=values.max_points,
        pass_mark=values.pass_mark if graded else None,
    )


def _check_points(values: ActivityValues) -> None:
    points, mark = values.max_points, values.pass_mark
    if points is None:
        return
    if not 0 < points <= 100_000:
        raise Invalid(_("Enter more than 0 and at most 100,000 points."), "max_points")
    if mark is not None and not 0 <= mark <= points:
        raise Invalid(_("The pass mark lies between 0 and the most points."), "pass_mark")


def _clean_prerequisites(
    course: Course, activity: Activity, wanted: Sequence[Prerequisite]
) -> tuple[Prerequisite, ...]:
    opens = closes = None
    for kind, target, value in wanted:
        if kind in {"completed", "grade"}:
            other = course.activities.get(target)
            if other is None or other.id == activity.id:
                raise Invalid(_("Choose another activity of this course."), "prerequisites")
            if kind == "completed" and not other.completion:
                raise Invalid(
                    _(
                        "“${title}” has no completion rule, so it can never be complete.",
                        mapping={"title": other.title},
                    ),
                    "prerequisites",
                )
            if kind == "grade" and (value is None or not 0 <= value <= 100):
                raise Invalid(_("Enter a grade from 0 to 100 per cent."), "prerequisites")
        elif kind == "from":
            opens = value
        elif kind == "until":
            closes = value
        else:
            raise Invalid(
                _("There is no condition ${name}.", mapping={"name": kind}), "prerequisites"
            )
    if opens and closes and closes <= opens:
        raise Invalid(_("It would close before it opens."), "closes")
    cleaned = tuple(dict.fromkeys(Prerequisite(*p) for p in wanted))
    _check_circle(course, activity, cleaned)
    return cleaned


def _check_circle(
    course: Course, activity: Activity, prerequisites: Sequence[Prerequisite]
) -> None:
    """:raises Invalid: following the conditions leads back to `activity`"""
    open_ = [p.target for p in prerequisites if p.target]
    seen: set[int] = set()
    while open_:
        id = open_.pop()
        if id in seen:
            continue
        seen.add(id)
        other = course.activities.get(id)
        if other is None:
            continue
        for prerequisite in other.prerequisites:
            if prerequisite.target == activity.id:
                raise Invalid(
                    _(
                        "“${title}” waits for this activity already: neither would ever open.",
                        mapping={"title": other.title},
                    ),
                    "prerequisites",
                )
            if prerequisite.target:
                open_.append(prerequisite.target)
