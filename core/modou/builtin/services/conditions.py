"""When an activity is complete, when it opens, what of an outline learners see."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from modou.clock import SHANGHAI, from_seconds
from modou.declarations import CompletionRule, Deny, Verdict
from modou.i18n import _
from modou.models.courses import Course, Prerequisite
from modou.models.enrolments import Enrolment
from modou.permissions import Capability
from modou.services.occasion import Occasion
from modou.services.outlines import Outline, OutlineActivity, outline_of

COMPLETION_RULES = (
    CompletionRule(
        "viewed",
        _("Viewed"),
        _("Open the activity"),
        lambda activity, facts: "viewed" in facts,
    ),
    CompletionRule(
        "manual",
        _("Done by hand"),
        _("Mark the activity as done"),
        lambda activity, facts: "manual" in facts,
    ),
    CompletionRule(
        "studied",
        _("Studied"),
        _("Study all of it; gaps of a few seconds do not matter"),
        lambda activity, facts: "studied" in facts,
    ),
    CompletionRule(
        "graded",
        _("Graded"),
        _("Receive a grade"),
        lambda activity, facts: facts.get("grade") is not None,
    ),
    CompletionRule(
        "passed",
        _("Passed"),
        _("Reach the pass mark"),
        lambda activity, facts: facts.get("passed") is True,
    ),
)


def visible_outline(outline: Outline, occasion: Occasion, course: Course) -> Outline | None:
    """Without what the teacher hid, for all who do not see hidden things."""
    capabilities = occasion.capabilities(course)
    if Capability.ACTIVITY_EDIT in capabilities or Capability.COURSE_VIEW_DRAFT in capabilities:
        return None
    return outline.without(
        [s.id for s in outline.sections if s.hidden],
        [a.id for a in outline.activities if a.hidden],
    )


def something_to_study(occasion: Occasion, course: Course) -> Verdict:
    """A course without anything that learners see is not published."""
    for section in course.outline:
        if section.visible and any(
            (activity := course.activities.get(id)) is not None and activity.visible
            for id in section.activities
        ):
            return None
    return Deny(_("The course has no visible activity yet. Add one, then publish it."))


def unmet(
    occasion: Occasion,
    course: Course,
    enrolment: Enrolment,
    activities: Sequence[OutlineActivity],
) -> Mapping[int, Verdict]:
    """Activity id -> the first prerequisite that is not met."""
    found: dict[int, Verdict] = {}
    conditional = [a for a in activities if a.prerequisites]
    if not conditional:
        return found
    others = outline_of(occasion, course).by_id
    for activity in conditional:
        for prerequisite in activity.prerequisites:
            verdict = _objection(prerequisite, enrolment, others, occasion.now)
            if verdict is not None:
                found[activity.id] = verdict
                break
    return found


def _objection(
    prerequisite: Prerequisite,
    enrolment: Enrolment,
    others: Mapping[int, OutlineActivity],
    now: int,
) -> Verdict:
    kind, target, value = prerequisite
    if kind == "from":
        return _opens(int(value or 0)) if now < (value or 0) else None
    if kind == "until":
        return _closed(int(value or 0)) if now >= (value or 0) else None
    other = others.get(target)
    # A learner could never meet a condition on what is hidden, deleted or not tracked.
    if other is None or other.hidden:
        return None
    if kind == "completed":
        if not other.completion or target in enrolment.progress.completed:
            return None
        return _complete_first(other.title)
    grade = enrolment.progress.facts_of(target).get("grade")
    return None if grade is not None and grade >= (value or 0) else _reach(value or 0, other.title)


# The same few objections are raised for all learners of a course on each of its pages.


@lru_cache(maxsize=4096)
def _complete_first(title: str) -> Deny:
    return Deny(_("Complete “${title}” first", mapping={"title": title}))


@lru_cache(maxsize=1024)
def _reach(percent: float, title: str) -> Deny:
    mapping = {"percent": f"{percent:g}", "title": title}
    return Deny(_("Reach at least ${percent} % in “${title}” first", mapping=mapping))


@lru_cache(maxsize=1024)
def _opens(moment: int) -> Deny:
    return Deny(_("Opens on ${time}", mapping={"time": _shown(moment)}))


@lru_cache(maxsize=1024)
def _closed(moment: int) -> Deny:
    return Deny(_("Closed since ${time}", mapping={"time": _shown(moment)}))


def _shown(moment: int) -> str:
    return from_seconds(moment).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
