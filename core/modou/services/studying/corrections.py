"""Corrections: the only way in which confirmed credit changes.

One person proposes, another one decides; both are recorded, nothing is edited. Neither may be the
learner. A correction that takes back a void gives its coverage back as well, and at most those
seconds of it that were not studied again since, so that nothing counts twice.
"""

from collections.abc import Iterator

from modou.errors import Conflict, Invalid, NotAllowed
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.models.coverage import EMPTY, as_pairs, size
from modou.models.enrolments import Enrolment
from modou.models.study import (
    ActivityStudy,
    Appeal,
    Correction,
    EnrolmentStudy,
    Void,
    study_of,
)
from modou.permissions import Capability
from modou.services.cleaning import clean_text
from modou.services.enrolling import may_see
from modou.services.occasion import Occasion
from modou.services.studying import gates

#: Seconds that one correction may be about at most.
MOST = 86_400
REASON_LENGTH = 500


def propose(
    occasion: Occasion,
    enrolment: Enrolment,
    activity: Activity,
    seconds: int,
    reason: str,
    *,
    void: int = 0,
    appeal: Appeal | None = None,
) -> Correction:
    """Propose to credit `seconds` more (or, negative, less) for an activity.

    :param reason: for everybody who reads the ledger
    :param void: id of the void that it takes back, 0 for none
    :param appeal: the appeal that it answers
    :raises NotAllowed: the actor may not correct here, or it is their own study time
    :raises Invalid: at `seconds` or `reason`
    :raises Conflict: the void is taken back already, or the appeal decided
    """
    course = activity.course
    actor = _official(occasion, course, enrolment, Capability.STUDY_CORRECT)
    reason = clean_text(reason, "reason", REASON_LENGTH, required=True)
    if appeal is not None:
        if appeal.state != "open":
            raise Conflict(_("This appeal is not open any more."))
        if (appeal.user_id, appeal.activity_id) != (enrolment.user_id, activity.id):
            raise Invalid(_("This appeal is about something else."), "appeal")
        void = void or appeal.void_id
    _check(enrolment, activity.id, seconds, void)
    if enrolment.study is None:
        enrolment.study = EnrolmentStudy()
    correction = Correction(
        enrolment.user_id, course.id, activity.id, seconds, reason, actor, occasion.now
    )
    correction.void_id = void
    if appeal is not None:
        correction.appeal_id = appeal.id
        appeal.state, appeal.correction_id = "proposed", correction.id
    papers = study_of(occasion.site).papers_of(course.id)
    papers.corrections[correction.id] = correction
    _tell(occasion, correction)
    return correction


def decide(occasion: Occasion, correction: Correction, accept: bool, remark: str = "") -> None:
    """Accept or refuse what somebody else proposed.

    :param remark: required for a refusal
    :raises NotAllowed: the actor may not decide here, proposed it, or it is their own study time
    :raises Conflict: it is decided already, or can no longer be carried out
    :raises Invalid: at `remark`
    """
    course, enrolment = _place(occasion, correction)
    actor = _official(occasion, course, enrolment, Capability.STUDY_DECIDE)
    if actor == correction.proposer:
        raise NotAllowed(_("Somebody else has to decide on what you proposed."))
    if correction.state != "proposed":
        raise Conflict(_("This correction is decided already."))
    remark = clean_text(remark, "remark", REASON_LENGTH, required=not accept)
    appeal = _appeal(occasion, correction)
    spans = EMPTY
    if accept:
        try:
            found = _check(
                enrolment, correction.activity_id, correction.seconds, correction.void_id
            )
        except Invalid as error:
            raise Conflict(error.message) from None
        record: EnrolmentStudy = enrolment.study
        own = record.of(correction.activity_id)
        if found is not None:
            spans = found.cells
            own.restore(found)
        own.corrected += correction.seconds
        record.corrected += correction.seconds
        gates.note_studied(occasion, course, enrolment, own)
    correction.state = "accepted" if accept else "refused"
    correction.decider, correction.decided, correction.remark = actor, occasion.now, remark
    if appeal is not None:
        # A refused correction leaves the question open: another one may be proposed.
        appeal.state = "accepted" if accept else "open"
        if accept:
            appeal.decider, appeal.decided = actor, occasion.now
            appeal.answer = remark or correction.reason
    _tell(occasion, correction, spans)


def withdraw(occasion: Occasion, correction: Correction) -> None:
    """Who proposed it takes it back before it is decided.

    :raises NotAllowed: somebody else proposed it
    :raises Conflict: it is decided already
    """
    if occasion.require_actor().id != correction.proposer:
        raise NotAllowed(_("Only who proposed a correction can withdraw it."))
    if correction.state != "proposed":
        raise Conflict(_("This correction is decided already."))
    correction.state = "withdrawn"
    correction.decided = occasion.now
    appeal = _appeal(occasion, correction)
    if appeal is not None:
        appeal.state = "open"
    _tell(occasion, correction)


def of_course(occasion: Occasion, course: Course, state: str = "") -> list[Correction]:
    """The corrections of a course that the actor may see, newest first; with `state` only those.

    :raises NotAllowed: the actor may not see study time here
    """
    occasion.require(Capability.STUDY_VIEW, course)
    found = [
        c
        for c in _all(occasion, course)
        if (not state or c.state == state)
        and (enrolment := course.enrolments.get(c.user_id)) is not None
        and may_see(occasion, course, enrolment)
    ]
    return sorted(found, key=lambda c: -c.proposed)


def _all(occasion: Occasion, course: Course) -> Iterator[Correction]:
    study = occasion.site.study
    papers = study.papers.get(course.id) if study is not None else None
    return iter(papers.corrections.values()) if papers is not None else iter(())


def _official(occasion: Occasion, course: Course, enrolment: Enrolment, capability: str) -> int:
    """The actor's id, if they may act on this learner's study time.

    :raises NotAllowed: they may not, or are the learner
    """
    occasion.require(capability, course)
    actor = occasion.require_actor()
    if actor.id == enrolment.user_id:
        raise NotAllowed(_("Nobody corrects their own study time."))
    if not may_see(occasion, course, enrolment):
        raise NotAllowed(_("This learner is not in one of your cohorts."))
    return actor.id


def _check(enrolment: Enrolment, activity_id: int, seconds: int, void: int) -> Void | None:
    """The void that would be taken back.

    :raises Invalid: at `seconds`
    :raises Conflict: the void is taken back already
    """
    record: EnrolmentStudy | None = enrolment.study
    own: ActivityStudy | None = record.activities.get(activity_id) if record is not None else None
    if not seconds or abs(seconds) > MOST:
        raise Invalid(
            _("A correction is about 1 to ${most} seconds.", mapping={"most": MOST}), "seconds"
        )
    have = own.credited + own.corrected if own is not None else 0
    if have + seconds < 0:
        raise Invalid(
            _("Only ${have} seconds are credited there.", mapping={"have": have}), "seconds"
        )
    if not void:
        return None
    found = next((v for v in own.voids if v.id == void), None) if own is not None else None
    if own is None or found is None or found.restored:
        raise Conflict(_("This void is taken back already."))
    most = min(found.seconds, size(own.restorable(found)))
    if not 0 < seconds <= most:
        raise Invalid(
            _("Of this void at most ${most} seconds can be given back.", mapping={"most": most}),
            "seconds",
        )
    return found


def _place(occasion: Occasion, correction: Correction) -> tuple[Course, Enrolment]:
    course: Course | None = occasion.site.courses.get(correction.course_id)
    enrolment = course.enrolments.get(correction.user_id) if course is not None else None
    if course is None or enrolment is None:
        raise Conflict(_("The course of this study session is gone."))
    return course, enrolment


def _appeal(occasion: Occasion, correction: Correction) -> Appeal | None:
    if not correction.appeal_id:
        return None
    papers = study_of(occasion.site).papers_of(correction.course_id)
    found: Appeal | None = papers.appeals.get(correction.appeal_id)
    return found


def _tell(occasion: Occasion, correction: Correction, spans: tuple[int, ...] = EMPTY) -> None:
    occasion.record(
        "study_corrected",
        subject=correction.user_id,
        course=correction.course_id,
        values={
            "correction": correction.id,
            "activity": correction.activity_id,
            "seconds": correction.seconds,
            "reason": correction.reason,
            "proposer": correction.proposer,
            "state": correction.state,
            "decider": correction.decider,
            "remark": correction.remark,
            "void": correction.void_id,
            "appeal": correction.appeal_id,
            "spans": as_pairs(spans),
        },
    )
