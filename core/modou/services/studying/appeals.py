"""Appeals: a learner objects to a void, or to anything that was not credited.

An appeal is accepted by an accepted correction (two people), or refused with an answer.
"""

from collections.abc import Iterator

from modou.errors import Conflict, Invalid, NotAllowed
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.models.enrolments import Enrolment
from modou.models.study import ActivityStudy, Appeal, Void, study_of
from modou.permissions import Capability
from modou.services.cleaning import clean_text
from modou.services.enrolling import may_see
from modou.services.occasion import Occasion

TEXT_LENGTH = 1_000
#: Appeals of one learner in one course that may wait at the same time.
MOST_OPEN = 20


def appeal(
    occasion: Occasion, enrolment: Enrolment, activity: Activity, text: str, *, void: int = 0
) -> Appeal:
    """The learner objects.

    :param void: id of the void that it is about, 0: about anything else
    :raises NotAllowed: it is not the actor's study time
    :raises Invalid: at `text`, or there is no such void
    :raises Conflict: the same is appealed already, or too many wait
    """
    if occasion.require_actor().id != enrolment.user_id:
        raise NotAllowed(_("Only learners themselves appeal."))
    course = activity.course
    text = clean_text(text, "text", TEXT_LENGTH, required=True)
    if void and not any(v.id == void and not v.restored for v in _voids(enrolment, activity.id)):
        raise Invalid(_("There is no such void."), "void")
    waiting = [a for a in of_learner(occasion, course, enrolment) if a.state in _WAITING]
    if any((a.activity_id, a.void_id) == (activity.id, void) for a in waiting):
        raise Conflict(_("You have appealed against this already. Please wait for the answer."))
    if len(waiting) >= MOST_OPEN:
        raise Conflict(_("Too many of your appeals wait for an answer."))
    made = Appeal(enrolment.user_id, course.id, activity.id, text, void, occasion.now)
    study_of(occasion.site).papers_of(course.id).appeals[made.id] = made
    _tell(occasion, made)
    return made


_WAITING = ("open", "proposed")


def refuse(occasion: Occasion, made: Appeal, answer: str) -> None:
    """Refuse an appeal, with the reason.

    :raises NotAllowed: the actor may not decide here, or it is their own
    :raises Invalid: at `answer`
    :raises Conflict: it is not open any more
    """
    course: Course | None = occasion.site.courses.get(made.course_id)
    if course is None:
        raise Conflict(_("The course of this study session is gone."))
    occasion.require(Capability.STUDY_DECIDE, course)
    actor = occasion.require_actor()
    enrolment = course.enrolments.get(made.user_id)
    if actor.id == made.user_id or enrolment is None or not may_see(occasion, course, enrolment):
        raise NotAllowed(_("Somebody else has to decide on this appeal."))
    if made.state != "open":
        raise Conflict(_("This appeal is not open any more."))
    made.answer = clean_text(answer, "answer", TEXT_LENGTH, required=True)
    made.state = "refused"
    made.decider, made.decided = actor.id, occasion.now
    _tell(occasion, made)


def of_learner(occasion: Occasion, course: Course, enrolment: Enrolment) -> list[Appeal]:
    """The learner's appeals, newest first; the caller sees to it that the actor may see them."""
    mine = [a for a in _all(occasion, course) if a.user_id == enrolment.user_id]
    return sorted(mine, key=lambda a: -a.made)


def of_course(occasion: Occasion, course: Course, state: str = "") -> list[Appeal]:
    """The appeals of a course that the actor may see, oldest first; with `state` only those.

    :raises NotAllowed: the actor may not see study time here
    """
    occasion.require(Capability.STUDY_VIEW, course)
    found = [
        a
        for a in _all(occasion, course)
        if (not state or a.state == state)
        and (enrolment := course.enrolments.get(a.user_id)) is not None
        and may_see(occasion, course, enrolment)
    ]
    return sorted(found, key=lambda a: a.made)


def _all(occasion: Occasion, course: Course) -> Iterator[Appeal]:
    study = occasion.site.study
    papers = study.papers.get(course.id) if study is not None else None
    return iter(papers.appeals.values()) if papers is not None else iter(())


def _voids(enrolment: Enrolment, activity_id: int) -> tuple[Void, ...]:
    record = enrolment.study
    own: ActivityStudy | None = record.activities.get(activity_id) if record is not None else None
    return own.voids if own is not None else ()


def _tell(occasion: Occasion, made: Appeal) -> None:
    occasion.record(
        "study_appealed",
        subject=made.user_id,
        course=made.course_id,
        values={
            "appeal": made.id,
            "activity": made.activity_id,
            "state": made.state,
            "void": made.void_id,
            "correction": made.correction_id,
        },
    )
