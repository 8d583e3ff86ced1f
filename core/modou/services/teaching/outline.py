"""Sections, and the order of everything in a course."""

from collections.abc import Sequence
from typing import Literal

from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Course, Section
from modou.permissions import Capability
from modou.services.cleaning import clean_line, clean_text
from modou.services.occasion import Occasion
from modou.services.teaching.activities import copy_into, remove_activity

#: More than that no outline can be read any more.
MOST_SECTIONS = 200


def create_section(
    occasion: Occasion, course: Course, title: str, summary: str = "", visible: bool = True
) -> Section:
    """A new section at the end.

    :raises Invalid: no title, or too long
    """
    occasion.require(Capability.ACTIVITY_EDIT, course)
    title = clean_line(title, "title", 200)
    summary = clean_text(summary, "summary", 5000)
    if len(course.outline) >= MOST_SECTIONS:
        raise Invalid(
            _("A course can have ${number} sections.", mapping={"number": MOST_SECTIONS}), "title"
        )
    section = Section(title, summary)
    section.visible = visible
    course.add_section(section)
    note_change(occasion, course, "section_created", section=section.id)
    return section


def change_section(
    occasion: Occasion,
    course: Course,
    section: Section,
    title: str,
    summary: str = "",
    visible: bool = True,
) -> None:
    """:raises Invalid: no title, or too long"""
    occasion.require(Capability.ACTIVITY_EDIT, course)
    title = clean_line(title, "title", 200)
    summary = clean_text(summary, "summary", 5000)
    section.title, section.summary, section.visible = title, summary, visible
    note_change(occasion, course, "section_changed", section=section.id)


def copy_section(occasion: Occasion, course: Course, section: Section) -> Section:
    """A copy with all its activities, right behind it.

    :raises Conflict: an activity's plugin is not enabled
    """
    occasion.require(Capability.ACTIVITY_EDIT, course)
    types = occasion.assembled.activity_types
    sources = [a for i in section.activities if (a := course.activities.get(i)) is not None]
    for activity in sources:
        if activity.type not in types:
            raise Conflict(
                _(
                    "“${title}” cannot be copied: its plugin is not enabled.",
                    mapping={"title": activity.title},
                )
            )
    made = Section(section.title, section.summary)
    made.visible = section.visible
    place = course.outline.index(section) + 1
    course.outline = [*course.outline[:place], made, *course.outline[place:]]
    twins = {}
    for activity in sources:
        twins[activity.id] = copy_into(occasion, activity, made)
    for twin in twins.values():
        # What depended on an activity of the section depends on that one's copy now.
        twin.prerequisites = tuple(
            p._replace(target=twins[p.target].id) if p.target in twins else p
            for p in twin.prerequisites
        )
    note_change(occasion, course, "section_created", section=made.id)
    return made


def delete_section(occasion: Occasion, course: Course, section: Section) -> None:
    """Delete a section and its activities. What learners did in them stays in their progress."""
    occasion.require(Capability.ACTIVITY_EDIT, course)
    for activity_id in list(section.activities):
        remove_activity(occasion, course, activity_id)
    course.outline = [s for s in course.outline if s.id != section.id]
    note_change(occasion, course, "section_deleted", section=section.id)


def arrange(occasion: Occasion, course: Course, order: Sequence[tuple[int, Sequence[int]]]) -> None:
    """Put everything into `order`: (section id, activity ids) in sequence.

    :raises Conflict: it does not name every section and activity exactly once; somebody else
        changed the outline meanwhile
    """
    occasion.require(Capability.ACTIVITY_EDIT, course)
    try:
        course.arrange(order)
    except ValueError:
        raise Conflict(
            _("The course has changed meanwhile. Reload the page and order it again.")
        ) from None
    note_change(occasion, course, "outline_arranged")


def move(
    occasion: Occasion,
    course: Course,
    kind: Literal["section", "activity"],
    id: int,
    direction: Literal["up", "down"],
) -> None:
    """Move a section or activity by one place; an activity goes on into the next section.

    :raises Conflict: there is no such thing in the course (any more)
    """
    order = [(s.id, list(s.activities)) for s in course.outline]
    step = -1 if direction == "up" else 1
    try:
        if kind == "section":
            place = next(n for n, (section, _ids) in enumerate(order) if section == id)
            if 0 <= place + step < len(order):
                order[place], order[place + step] = order[place + step], order[place]
        else:
            _move_activity(order, id, step)
    except StopIteration:
        raise Conflict(
            _("The course has changed meanwhile. Reload the page and order it again.")
        ) from None
    arrange(occasion, course, order)


def _move_activity(order: list[tuple[int, list[int]]], id: int, step: int) -> None:
    """:raises StopIteration: no section holds it"""
    at = next(n for n, (_section, ids) in enumerate(order) if id in ids)
    ids = order[at][1]
    place = ids.index(id)
    if 0 <= place + step < len(ids):
        ids[place], ids[place + step] = ids[place + step], ids[place]
    elif 0 <= at + step < len(order):
        ids.remove(id)
        order[at + step][1].insert(0 if step > 0 else len(order[at + step][1]), id)


def note_change(occasion: Occasion, course: Course, kind: str, **values: int) -> None:
    """Raise the course's revision and record what happened."""
    course.touch(occasion.now)
    occasion.record(kind, course=course.id, values=values)
