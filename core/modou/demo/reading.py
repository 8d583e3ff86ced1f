"""Reads the demonstration's content: TOML files, and Markdown with TOML in front.

::

    content/site.toml            categories, cohorts, timetable
    content/people.toml          staff and learners
    content/<course>/course.toml the course, its sections, its grade book
    content/<course>/<section>/<number>-<key>.md     an activity: TOML between lines of +++, text

Whoever edits them learns by name what is wrong: a `ConfigurationError` names file and key.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modou.errors import ConfigurationError

FOLDER = Path(__file__).parent / "content"
_FRONT = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n?(.*)\Z", re.DOTALL | re.MULTILINE)
_NUMBERED = re.compile(r"\d+-(.+)")


class _Plan(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ActivityPlan(_Plan):
    """An activity as its file describes it. `text`: Markdown; `key`: the file's name."""

    key: str
    title: str
    type: Literal["page", "file", "link"] = "page"
    summary: str = ""
    completion: tuple[str, ...] = ()
    #: Keys of activities that must be complete before.
    after: tuple[str, ...] = ()
    #: Key of a graded activity -> percentage that must be reached before.
    at_least: dict[str, float] = {}
    points: float | None = None
    pass_mark: float | None = Field(None, alias="pass")
    #: Key of the grade category.
    grade: str = ""
    url: str = ""
    filename: str = ""
    text: str = ""


class SectionPlan(_Plan):
    """A section and what is in its folder."""

    folder: str
    title: str
    summary: str = ""
    activities: tuple[ActivityPlan, ...] = ()


class GradeCategoryPlan(_Plan):
    """A category of the grade book; `weight` in per cent."""

    key: str
    title: str
    weight: float
    drop_lowest: int = 0


class GradeItemPlan(_Plan):
    """A grade item that belongs to no activity."""

    key: str
    title: str
    points: float
    weight: float


class CoursePlan(_Plan):
    """A course. `made_weeks_ago`: when it was made; `ways`: method -> its settings."""

    folder: str
    title: str
    code: str
    category: str
    summary: str
    occupation: str = ""
    occupation_code: str = ""
    level: str = ""
    planned_hours: int
    #: Name of a drawing; none: drawn from the title.
    cover: str = ""
    made_weeks_ago: int
    published: bool = True
    ways: dict[str, dict[str, Any]] = {}
    sections: tuple[SectionPlan, ...]
    grade_categories: tuple[GradeCategoryPlan, ...] = ()
    grade_items: tuple[GradeItemPlan, ...] = ()


class CategoryPlan(_Plan):
    """A course category; `parent`: key of the one above."""

    key: str
    title: str
    description: str = ""
    parent: str = ""


class CohortPlan(_Plan):
    """A cohort of a course that began on the Monday `weeks_ago` and lasts `weeks`."""

    key: str
    title: str
    number: str
    course: str
    weeks_ago: int
    weeks: int
    planned_number: int


class Feedback(_Plan):
    """What teachers write beside grades, by what was reached, and reasons."""

    high: tuple[str, ...]
    middle: tuple[str, ...]
    low: tuple[str, ...]
    retake: str
    excused: str


class SitePlan(_Plan):
    """What is the site's own."""

    name: str
    organisation: str
    #: Option of the theme -> value.
    theme: dict[str, str]
    courses: tuple[str, ...]
    categories: tuple[CategoryPlan, ...]
    cohorts: tuple[CohortPlan, ...]
    #: Course folder -> for each section the week (from 1) in which it is taught.
    timetable: dict[str, tuple[int, ...]]
    feedback: Feedback


class StaffPlan(_Plan):
    """Somebody with a password. `at`: "site" or the key of a category."""

    username: str
    name: str
    who: str
    shown: bool = False
    role: str = ""
    at: str = ""
    teaches: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


class LearnerPlan(_Plan):
    """The learner with a password. `also`: folder of a course that they chose by themselves."""

    username: str
    name: str
    who: str
    also: str


class PeoplePlan(_Plan):
    """Everybody. `learners`: key of the cohort -> names."""

    staff: tuple[StaffPlan, ...]
    learner: LearnerPlan
    learners: dict[str, tuple[str, ...]]


P = TypeVar("P", bound=_Plan)


@cache
def site() -> SitePlan:
    """:raises ConfigurationError: naming what is wrong"""
    return _checked(SitePlan, _toml(FOLDER / "site.toml"), FOLDER / "site.toml")


@cache
def people() -> PeoplePlan:
    """:raises ConfigurationError: naming what is wrong"""
    return _checked(PeoplePlan, _toml(FOLDER / "people.toml"), FOLDER / "people.toml")


@cache
def courses() -> tuple[CoursePlan, ...]:
    """All courses with their activities.

    :raises ConfigurationError: naming what is wrong
    """
    return tuple(_course(folder) for folder in site().courses)


def _course(folder: str) -> CoursePlan:
    path = FOLDER / folder / "course.toml"
    values = _toml(path)
    for section in values.get("sections", ()):
        place = FOLDER / folder / section.get("folder", "")
        section["activities"] = [_activity(file) for file in sorted(place.glob("*.md"))]
    return _checked(CoursePlan, {**values, "folder": folder}, path)


def _activity(path: Path) -> ActivityPlan:
    found = _FRONT.match(path.read_text(encoding="utf-8"))
    numbered = _NUMBERED.fullmatch(path.stem)
    if found is None or numbered is None:
        raise ConfigurationError(f"{path}: expected <number>-<key>.md beginning with a line +++")
    values = _parsed(found[1], path)
    return _checked(ActivityPlan, {**values, "key": numbered[1], "text": found[2].strip()}, path)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _checked(plan: type[P], values: dict[str, Any], path: Path) -> P:
    try:
        return plan.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: {key}: {first['msg']}") from None
