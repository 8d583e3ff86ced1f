"""Makes the demonstration's courses from their content files."""

import io
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from modou.clock import SHANGHAI, from_seconds
from modou.demo import drawing, handouts, reading
from modou.demo.reading import ActivityPlan, CoursePlan
from modou.demo.stage import Stage
from modou.errors import ConfigurationError
from modou.models.courses import Activity, Category, Course, Prerequisite
from modou.models.grades import GradeItem
from modou.models.people import User
from modou.services import enrol_methods, grading, teaching
from modou.services.files import Upload
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues, CourseValues

WEEK = 7 * 24 * 3600
_DRAWING = re.compile(r"\(drawing:([a-z0-9-]+)\)")
_PICTURE = re.compile(r"\((pictures/[0-9a-z]+)\)")
_LIMIT = 20_000_000


class CourseMade:
    """A course with its activities and grade items by their keys in the content files."""

    def __init__(self, plan: CoursePlan, course: Course) -> None:
        self.plan = plan
        self.course = course
        self.activities: dict[str, Activity] = {}


def make_categories(stage: Stage, moment: int) -> dict[str, Category]:
    """The tree of categories; key -> category."""
    occasion = stage.at(moment)
    made: dict[str, Category] = {}
    for plan in reading.site().categories:
        parent = made[plan.parent] if plan.parent else None
        made[plan.key] = teaching.create_category(occasion, plan.title, plan.description, parent)
    return made


def make_course(
    stage: Stage,
    plan: CoursePlan,
    categories: Mapping[str, Category],
    actor: User,
    moment: int,
) -> CourseMade:
    """A course with everything in it, a draft still.

    :raises ConfigurationError: the content names a drawing or an activity that does not exist
    """
    occasion = stage.at(moment, actor)
    course = teaching.create_course(
        occasion,
        CourseValues(
            title=plan.title,
            code=plan.code,
            summary=plan.summary,
            category=categories[plan.category],
            occupation=plan.occupation,
            occupation_code=plan.occupation_code,
            level=plan.level,
            planned_hours=Decimal(plan.planned_hours),
            starts=_day(moment),
        ),
    )
    if plan.cover:
        teaching.set_cover(occasion, course, io.BytesIO(drawing.draw(plan.cover)))
    made = CourseMade(plan, course)
    for section_plan in plan.sections:
        section = teaching.create_section(
            occasion, course, section_plan.title, section_plan.summary
        )
        for activity_plan in section_plan.activities:
            values = _values(made, activity_plan)
            activity = teaching.create_activity(
                occasion, course, section, activity_plan.type, values, _first(activity_plan)
            )
            _place_pictures(occasion, activity, activity_plan, values)
            made.activities[activity_plan.key] = activity
    _set_up_grades(occasion, made)
    for name, settings in plan.ways.items():
        method = enrol_methods.method_of(occasion, name)
        enrol_methods.change_method(occasion, course, method, opened=True, values=settings)
    return made


def made_at(stage: Stage, plan: CoursePlan) -> int:
    """When a course was made, in seconds UTC; it is published and taught a week later."""
    return stage.now - plan.made_weeks_ago * WEEK


def _day(moment: int) -> date:
    return from_seconds(moment).astimezone(SHANGHAI).date() + timedelta(days=7)


def _values(made: CourseMade, plan: ActivityPlan) -> ActivityValues:
    try:
        before = [Prerequisite("completed", made.activities[key].id) for key in plan.after]
        before += [
            Prerequisite("grade", made.activities[key].id, percent)
            for key, percent in plan.at_least.items()
        ]
    except KeyError as error:
        raise ConfigurationError(
            f"{made.plan.folder}: {plan.key} waits for {error}, which does not stand before it"
        ) from None
    usual = ("viewed",) if plan.points is None else ("passed",)
    return ActivityValues(
        title=plan.title,
        summary=plan.summary,
        completion=plan.completion or usual,
        prerequisites=tuple(before),
        max_points=plan.points,
        pass_mark=plan.pass_mark,
    )


# -- contents


def _first(plan: ActivityPlan) -> dict[str, Any]:
    """What the type's form would bring at first; a page brings its pictures."""
    match plan.type:
        case "link":
            return {"url": plan.url}
        case "file":
            return {"file": _upload(plan.filename, handouts.make(plan.text))}
        case _:
            return {"markup": "markdown", "source": plan.text, "pictures": _pictures(plan)}


def _upload(filename: str, content: bytes) -> Upload:
    return Upload(filename, io.BytesIO(content), _LIMIT)


def _pictures(plan: ActivityPlan) -> list[Upload]:
    names = _DRAWING.findall(plan.text)
    unknown = sorted(set(names) - drawing.DRAWINGS.keys())
    if unknown:
        raise ConfigurationError(f"{plan.key}: there is no drawing {', '.join(unknown)}")
    return [_upload(f"{name}.png", drawing.draw(name)) for name in names]


def _place_pictures(
    occasion: Occasion, activity: Activity, plan: ActivityPlan, values: ActivityValues
) -> None:
    """Put the pictures, which come behind the text, to where the text names them."""
    names = _DRAWING.findall(plan.text)
    if plan.type != "page" or not names:
        return
    stored = occasion.assembled.activity_types["page"].values(occasion, activity)["source"]
    places = iter(_PICTURE.findall(stored)[-len(names) :])
    source = _DRAWING.sub(lambda _found: f"({next(places)})", plan.text)
    teaching.change_activity(occasion, activity, values, {"markup": "markdown", "source": source})


# -- the grade book


def item_of(activity: Activity) -> GradeItem:
    """The grade item of a graded activity.

    :raises ConfigurationError: the content gives it no points
    """
    item = grading.read_book(activity.course).item_of(activity.id)
    if item is None:
        raise ConfigurationError(f"{activity.title}: it is graded, but no points are said")
    return item


def _set_up_grades(occasion: Occasion, made: CourseMade) -> None:
    course, plan = made.course, made.plan
    categories = {
        wanted.key: grading.add_category(
            occasion,
            course,
            {"title": wanted.title, "weight": wanted.weight, "drop_lowest": wanted.drop_lowest},
        )
        for wanted in plan.grade_categories
    }
    for section in plan.sections:
        for activity in section.activities:
            if activity.grade:
                item = item_of(made.activities[activity.key])
                grading.change_item(
                    occasion, course, item, {"category": categories[activity.grade].id}
                )
    for by_hand in plan.grade_items:
        grading.add_item(
            occasion,
            course,
            {"title": by_hand.title, "maximum": by_hand.points, "weight": by_hand.weight},
        )
