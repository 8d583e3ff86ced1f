"""What learners do in courses: facts, completion, prerequisites, progress.

A *fact* is something that is known about one learner and one activity ("viewed", "manual",
"grade", "passed", or one of a plugin). After every new fact the completion rules of the activity
are asked; when all are met the activity is complete, and when all tracked activities are, the
course. See docs/explanation/completion.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from modou.declarations import Pending, Verdict
from modou.errors import Conflict, Message, NotAllowed
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.models.enrolments import Enrolment
from modou.permissions import Capability
from modou.plugins import raise_verdict
from modou.services.occasion import Occasion
from modou.services.outlines import Outline, OutlineActivity, OutlineSection, outline_of

__all__ = [
    "Outline",
    "OutlineActivity",
    "OutlineSection",
    "Standing",
    "learner_outline",
    "mark_done",
    "note_grade",
    "note_view",
    "objections",
    "outline_of",
    "own_enrolment",
    "require_open",
    "set_fact",
    "settle",
    "standing",
]


def own_enrolment(occasion: Occasion, course: Course) -> Enrolment | None:
    """The actor's enrolment, if it makes progress in the course; else None (teachers, visitors)."""
    actor = occasion.actor
    if actor is None or Capability.PROGRESS_OWN not in occasion.capabilities(course):
        return None
    enrolment: Enrolment | None = course.enrolments.get(actor.id)
    return enrolment


def learner_outline(occasion: Occasion, course: Course, enrolment: Enrolment) -> Outline:
    """The outline as the learner of `enrolment` sees it, whoever acts now."""
    actor = occasion.actor
    if actor is not None and actor.id == enrolment.user_id and not occasion.system:
        return outline_of(occasion, course)
    learner = Occasion(
        occasion.site,
        hooks=occasion.hooks,
        assembled=occasion.assembled,
        clock=occasion.clock,
        keys=occasion.keys,
        tm=occasion.tm,
        actor=occasion.site.users.get(enrolment.user_id),
        origin=occasion.origin,
    )
    return outline_of(learner, course)


# Facts and completion


def set_fact(
    occasion: Occasion, enrolment: Enrolment, activity: Activity, name: str, value: Any
) -> bool:
    """Record a fact about a learner and an activity (None takes it back), then judge completion.

    :param value: None, or something plain that pickles small; times in seconds UTC
    :returns: False when the fact was known already (nothing is written)
    """
    progress = enrolment.progress
    if not progress.set_fact(activity.id, name, value):
        return False
    progress.last_activity = activity.id
    progress.last_seen = occasion.now
    _judge(occasion, enrolment, activity)
    return True


def note_grade(
    occasion: Occasion,
    course: Course,
    enrolment: Enrolment,
    activity_id: int,
    percent: float | None,
    passed: bool,
) -> None:
    """Take over the grade that a learner has in an activity (called by grading).

    :param percent: 0 to 100; None when there is no grade (any more)
    :param passed: whether the pass mark of the grade item is reached
    """
    activity = course.activities.get(activity_id)
    if activity is None:
        return
    progress = enrolment.progress
    changed = progress.set_fact(activity_id, "grade", percent)
    verdict = passed if percent is not None else None
    if progress.set_fact(activity_id, "passed", verdict) or changed:
        _judge(occasion, enrolment, activity)


def note_view(occasion: Occasion, course: Course, activity: Activity) -> bool:
    """The actor opened the activity: written the first time, never again.

    :returns: whether anything was written
    """
    enrolment = own_enrolment(occasion, course)
    if enrolment is None or "viewed" in enrolment.progress.facts_of(activity.id):
        return False
    return set_fact(occasion, enrolment, activity, "viewed", occasion.now)


def mark_done(occasion: Occasion, activity: Activity, done: bool) -> None:
    """The actor ticks the activity off by hand, or takes that back.

    :raises Conflict: the activity is not ticked off by hand, or the actor makes no progress here
    :raises NotAllowed: it is locked
    """
    course = activity.course
    occasion.require(Capability.ACTIVITY_VIEW, course)
    occasion.require(Capability.PROGRESS_OWN, course)
    if "manual" not in activity.completion:
        raise Conflict(_("This activity is not ticked off by hand."))
    enrolment = own_enrolment(occasion, course)
    if enrolment is None:
        raise Conflict(_("Only enrolled learners make progress in this course."))
    if done:
        require_open(occasion, course, activity.id)
    set_fact(occasion, enrolment, activity, "manual", occasion.now if done else None)


def _judge(occasion: Occasion, enrolment: Enrolment, activity: Activity) -> None:
    """Ask the completion rules, and note what changed."""
    if not activity.completion:
        return
    course = activity.course
    progress = enrolment.progress
    met = _is_met(occasion, activity, progress.facts_of(activity.id))
    if not progress.set_completed(activity.id, occasion.now if met else 0):
        return
    _record(occasion, "completed" if met else "completion_withdrawn", enrolment, activity.id)
    outline = learner_outline(occasion, course, enrolment)
    if met:
        _judge_course(occasion, enrolment, outline)
    elif progress.course_completed and activity.id in outline.tracked:
        progress.course_completed = 0
        _record(occasion, "completion_withdrawn", enrolment, 0)


def _is_met(occasion: Occasion, activity: Activity, facts: Mapping[str, Any]) -> bool:
    rules = occasion.assembled.completion_rules
    # A rule whose plugin is gone cannot be met: better to wait than to credit wrongly.
    return all(name in rules and rules[name].met(activity, facts) for name in activity.completion)


def _judge_course(occasion: Occasion, enrolment: Enrolment, outline: Outline) -> bool:
    progress = enrolment.progress
    if progress.course_completed or not outline.tracked:
        return False
    if not outline.tracked <= progress.completed.keys():
        return False
    progress.course_completed = occasion.now
    _record(occasion, "completed", enrolment, 0)
    return True


def settle(occasion: Occasion, enrolment: Enrolment, outline: Outline) -> bool:
    """Note that the course is complete when the teacher took away what was missing.

    :returns: whether anything was written
    """
    return _judge_course(occasion, enrolment, outline)


def _record(occasion: Occasion, kind: str, enrolment: Enrolment, activity_id: int) -> None:
    occasion.record(
        kind,
        subject=enrolment.user_id,
        course=enrolment.course_id,
        values={"activity": activity_id, "enrolment": enrolment.id},
    )


# Prerequisites


def objections(
    occasion: Occasion, course: Course, enrolment: Enrolment, outline: Outline
) -> dict[int, Verdict]:
    """Activity id -> why the learner may not open it now; ids left out are open."""
    return occasion.hooks.ask_many(
        "before_study",
        occasion=occasion,
        course=course,
        enrolment=enrolment,
        activities=outline.activities,
    )


def objection(occasion: Occasion, course: Course, activity_id: int) -> Verdict:
    """Why the actor may not open the activity now; None when they may."""
    enrolment = own_enrolment(occasion, course)
    if enrolment is None:
        return None
    outline = outline_of(occasion, course)
    activity = outline.by_id.get(activity_id)
    if activity is None:
        return None
    return occasion.hooks.ask_many(
        "before_study",
        occasion=occasion,
        course=course,
        enrolment=enrolment,
        activities=(activity,),
    ).get(activity_id)


def require_open(occasion: Occasion, course: Course, activity_id: int) -> None:
    """
    :raises NotAllowed: a prerequisite is not met, or the activity is hidden from the actor
    :raises StepNeeded: the learner must do something else first
    """
    if activity_id not in outline_of(occasion, course).by_id:
        raise NotAllowed(_("This activity is hidden."))
    raise_verdict(objection(occasion, course, activity_id))


# Progress


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one learner is in one course: everything that a page shows of it.

    :param states: activity id -> "open", "started", "done", "failed", "locked", "pending",
        "unavailable", or "" where completion is not tracked
    :param reasons: activity id -> why it is locked
    :param verdicts: activity id -> what the plugins object to
    :param facts: activity id -> what is known of it
    :param done: tracked activities that are complete, of `total`
    :param next: the activity to go on with, None when nothing is open
    :param finished: ids of the tracked activities that are complete
    :param started: whether the learner did anything at all
    :param completed: seconds UTC when the course was completed, 0 while it is not
    """

    outline: Outline
    states: Mapping[int, str]
    reasons: Mapping[int, Message]
    verdicts: Mapping[int, Verdict]
    facts: Mapping[int, Mapping[str, Any]]
    done: int
    total: int
    next: OutlineActivity | None
    finished: Collection[int]
    started: bool
    completed: int

    @property
    def ratio(self) -> float:
        """0 to 1; 1 only when nothing is missing."""
        return self.done / self.total if self.total else 0.0

    def facts_of(self, activity_id: int) -> Mapping[str, Any]:
        """What is known of one activity; empty when nothing is."""
        return self.facts.get(activity_id, {})

    def by_section(self) -> Mapping[int, int]:
        """Section id -> how many of its tracked activities are complete."""
        finished = self.finished
        return {
            section.id: sum([activity.id in finished for activity in section.activities])
            for section in self.outline.sections
        }


def standing(
    occasion: Occasion, course: Course, enrolment: Enrolment, outline: Outline
) -> Standing:
    """Where the learner of `enrolment` stands in `outline`; reads one progress object."""
    progress = enrolment.progress
    completed = progress.completed
    facts = progress.facts
    refused = objections(occasion, course, enrolment, outline)
    states: dict[int, str] = {}
    reasons: dict[int, Message] = {}
    following: OutlineActivity | None = None
    fallback: OutlineActivity | None = None
    for activity in outline.activities:
        id = activity.id
        verdict = refused.get(id)
        if not activity.available:
            state = "unavailable"
        elif id in completed and activity.completion:
            state = "done"
        elif verdict is not None:
            state = "pending" if isinstance(verdict, Pending) else "locked"
        else:
            known = facts.get(id)
            if not activity.completion:
                state = ""
                if fallback is None and not known:
                    fallback = activity
            else:
                if following is None:
                    following = activity
                state = _state(activity, known)
        if verdict is not None:
            reasons[id] = verdict.reason
        states[id] = state
    finished = outline.tracked & completed.keys()
    return Standing(
        outline,
        states,
        reasons,
        refused,
        facts,
        len(finished),
        len(outline.tracked),
        following or fallback,
        finished,
        bool(facts),
        progress.course_completed,
    )


def _state(activity: OutlineActivity, facts: Mapping[str, Any] | None) -> str:
    if not facts:
        return "open"
    if "passed" in activity.completion and facts.get("passed") is False:
        return "failed"
    return "started"
