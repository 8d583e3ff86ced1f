"""The outline of a course as it is shown and judged: plain values, made once per revision.

An `Outline` depends on the course's revision and on what the reader may do in the course, never on
the person; so one is kept in memory for all readers with the same capabilities.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from modou.models.courses import Course, Prerequisite
from modou.services.occasion import Occasion


@dataclass(frozen=True, slots=True)
class OutlineActivity:
    """An activity as the outline shows it.

    :param number: place among all activities of the outline, from 1
    :param available: False when the plugin of its type is not enabled or its content is gone
    :param hidden: the teacher hid it or its section; only who sees hidden things gets it at all
    :param completion: names of the completion rules, empty when completion is not tracked
    """

    id: int
    key: str
    type: str
    title: str
    summary: str = ""
    available: bool = True
    hidden: bool = False
    completion: tuple[str, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    pass_mark: float | None = None
    number: int = 0

    @property
    def tracked(self) -> bool:
        """Whether the course waits for its completion."""
        return bool(self.completion) and not self.hidden


@dataclass(frozen=True, slots=True)
class OutlineSection:
    """A section as the outline shows it."""

    id: int
    key: str
    title: str
    summary: str
    hidden: bool
    activities: tuple[OutlineActivity, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Sections and activities in order, with the lookups that pages and rules need.

    :param activities: all of them, flat, in order
    :param by_id: activity id -> activity
    :param tracked: ids of the activities that make up the completion of the course
    """

    course_id: int
    revision: int
    sections: tuple[OutlineSection, ...]
    activities: tuple[OutlineActivity, ...] = field(init=False)
    by_id: dict[int, OutlineActivity] = field(init=False)
    tracked: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        numbered = []
        number = 0
        for section in self.sections:
            placed = []
            for activity in section.activities:
                number += 1
                placed.append(replace(activity, number=number))
            numbered.append(replace(section, activities=tuple(placed)))
        flat = tuple(a for s in numbered for a in s.activities)
        object.__setattr__(self, "sections", tuple(numbered))
        object.__setattr__(self, "activities", flat)
        object.__setattr__(self, "by_id", {a.id: a for a in flat})
        object.__setattr__(self, "tracked", frozenset(a.id for a in flat if a.tracked))

    def without(
        self, sections: Collection[int] = (), activities: Collection[int] = ()
    ) -> "Outline":
        """This outline without the sections and activities of these ids."""
        kept = tuple(
            replace(s, activities=tuple(a for a in s.activities if a.id not in activities))
            for s in self.sections
            if s.id not in sections
        )
        return Outline(self.course_id, self.revision, kept)

    def around(self, activity_id: int) -> tuple[OutlineActivity | None, OutlineActivity | None]:
        """The activities before and after this one."""
        activity = self.by_id.get(activity_id)
        if activity is None:
            return None, None
        place = activity.number - 1
        before = self.activities[place - 1] if place else None
        after = self.activities[place + 1] if place + 1 < len(self.activities) else None
        return before, after

    def section_of(self, activity_id: int) -> OutlineSection | None:
        for section in self.sections:
            if any(a.id == activity_id for a in section.activities):
                return section
        return None


def outline_of(occasion: Occasion, course: Course) -> Outline:
    """The outline as the actor may see it, after the hook `alter_outline`."""
    capabilities = occasion.capabilities(course)
    key = (course.id, course.revision, capabilities)
    found: Outline | None = occasion.assembled.outlines.get(key)
    if found is not None:
        return found
    outline = Outline(course.id, course.revision, tuple(_sections(occasion, course)))
    outline = occasion.hooks.alter(
        "alter_outline", "outline", outline, occasion=occasion, course=course
    )
    if not course._p_changed:  # noqa: SLF001 - what is not committed yet may never be
        occasion.assembled.outlines.put(key, outline)
    return outline


def _sections(occasion: Occasion, course: Course) -> Iterator[OutlineSection]:
    types = occasion.assembled.activity_types
    for section in course.outline:
        activities = []
        for id in section.activities:
            activity = course.activities.get(id)
            if activity is None:
                continue
            type_ = types.get(activity.type)
            available = type_ is not None and type_.content(occasion.site, activity) is not None
            activities.append(
                OutlineActivity(
                    id=id,
                    key=activity.key,
                    type=activity.type,
                    title=activity.title,
                    summary=activity.summary,
                    available=available,
                    hidden=not (activity.visible and section.visible),
                    completion=activity.completion,
                    prerequisites=activity.prerequisites,
                    pass_mark=activity.pass_mark,
                )
            )
        yield OutlineSection(
            section.id,
            section.key,
            section.title,
            section.summary,
            not section.visible,
            tuple(activities),
        )
