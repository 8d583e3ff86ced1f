"""A page opens a player: who may, in which session, and what the page has to know."""

from typing import Any

from modou.declarations import Timeline
from modou.errors import Conflict, NotFound
from modou.i18n import _
from modou.models.courses import Activity
from modou.models.enrolments import Enrolment
from modou.models.identity_numbers import mask_name
from modou.models.people import User
from modou.models.study import ActivityStudy, EnrolmentStudy, Meter, StudySession, study_of
from modou.permissions import Capability
from modou.services import learning
from modou.services.occasion import Occasion
from modou.services.studying import closing, crediting, gates, tokens
from modou.services.studying.crediting import Rules
from modou.services.studying.policies import policy_of, rules_of
from modou.services.studying.shapes import (
    BEAT,
    Reason,
    Translate,
    challenge_json,
    covered_json,
    credit_json,
    frontier_of,
    policy_json,
    reason_json,
    sentence,
    stop_reason,
)
from modou.services.studying.sittings import Sitting, milliseconds, sitting_of
from modou.services.studying.totals import Totals, summed, totals_of

_LONGEST_DEVICE = 60


def timeline_of(occasion: Occasion, activity: Activity) -> Timeline:
    """What of an activity can be studied by the second.

    :raises NotFound: nothing of it
    """
    kind = occasion.assembled.activity_types.get(activity.type)
    timeline: Timeline | None = None
    if kind is not None and kind.timeline is not None:
        timeline = kind.timeline(occasion, activity)
    if timeline is None or timeline.length <= 0:
        raise NotFound(_("This activity has nothing that is studied by the clock."))
    return timeline


def open_player(
    occasion: Occasion,
    activity: Activity,
    translate: Translate,
    *,
    device: str = "",
    login: bytes = b"",
) -> dict[str, Any]:
    """Open a player of `activity` for the actor: what the page has to know.

    The learner's live session goes on if it is the same login and course and its last sign of life
    is at most a minute old; else it ends, and a new one begins. Older players are over.

    :param translate: for the reader's language
    :param device: what the learner's device calls itself
    :param login: key of the login session, b"" for an API token
    :raises SignInNeeded, NotAllowed, StepNeeded: the activity is not open to the actor
    :raises Conflict: the actor makes no progress here
    :raises NotFound: the activity has no timeline
    """
    user, enrolment = _learner(occasion, activity)
    learning.require_open(occasion, activity.course, activity.id)
    timeline = timeline_of(occasion, activity)
    now = milliseconds(occasion)
    sitting = _seat(occasion, activity, enrolment, device[:_LONGEST_DEVICE], login, now)
    session, record = sitting.session, sitting.record.of(activity.id)
    record.turn_to(timeline.version, timeline.length)
    session.player += 1
    session.seq = session.left = 0
    session.activity_id = activity.id
    session.version, session.length = timeline.version, timeline.length
    session.meter = session.meter.begin(now)
    session.paused = session.paused_text = ""
    progress = enrolment.progress
    if progress.last_activity != activity.id:
        progress.last_activity, progress.last_seen = activity.id, occasion.now
    closing.watch(occasion, user.id, now)
    player = _shape(
        occasion, activity, timeline, record, session, session.meter,
        summed(sitting.record, session), now, translate,
    )  # fmt: skip
    player["player"] = tokens.make(
        occasion.keys, tokens.Player(user.id, session.id, session.player)
    )
    altered: dict[str, Any] = occasion.hooks.alter(
        "alter_player", "player", player, occasion=occasion, activity=activity
    )
    return altered


def state_of(occasion: Occasion, activity: Activity, translate: Translate) -> dict[str, Any]:
    """How the actor stands in an activity: as `open_player`, without opening one.

    :raises SignInNeeded, NotAllowed, Conflict, NotFound: as `open_player`
    """
    _user, enrolment = _learner(occasion, activity)
    timeline = timeline_of(occasion, activity)
    study = occasion.site.study
    record: EnrolmentStudy | None = enrolment.study
    own: ActivityStudy | None = record.activities.get(activity.id) if record is not None else None
    session: StudySession | None = study.live.get(enrolment.user_id) if study is not None else None
    learner = study.learners.get(enrolment.user_id) if study is not None else None
    meter = session.meter if session is not None else learner.meter if learner else Meter()
    here = session if session is not None and session.activity_id == activity.id else None
    return _shape(
        occasion, activity, timeline, own, here, meter,
        totals_of(occasion, enrolment), milliseconds(occasion), translate,
    )  # fmt: skip


def _learner(occasion: Occasion, activity: Activity) -> tuple[User, Enrolment]:
    user = occasion.require_actor()
    occasion.require(Capability.ACTIVITY_VIEW, activity.course)
    enrolment = learning.own_enrolment(occasion, activity.course)
    if enrolment is None:
        raise Conflict(_("Only enrolled learners make progress in this course."))
    return user, enrolment


def _seat(
    occasion: Occasion,
    activity: Activity,
    enrolment: Enrolment,
    device: str,
    login: bytes,
    now: int,
) -> Sitting:
    """The learner's session for this player: the live one, or a new one."""
    study = study_of(occasion.site)
    user_id, course = enrolment.user_id, activity.course
    live: StudySession | None = study.live.get(user_id)
    if live is not None:
        sitting = sitting_of(occasion, live, now)
        if sitting is None:
            study.live.pop(user_id)
        else:
            if gates.expired(sitting) and live.challenge is not None:
                gates.fail_gate(occasion, live, live.challenge.gate, "unanswered")
            if end := closing.silent(live, now):
                closing.close(sitting, *end)
            elif live.login == login and live.course_id == course.id:
                return sitting
            else:
                closing.close(sitting, "taken_over", live.left)
    if enrolment.study is None:
        enrolment.study = EnrolmentStudy()
    record: EnrolmentStudy = enrolment.study
    learner = study.learner(user_id)
    session = StudySession(
        user_id,
        course.id,
        login=login,
        device=device,
        ip=occasion.origin.ip,
        agent=occasion.origin.agent,
        now=now,
    )
    session.meter = learner.meter
    session.gates = learner.gates
    record.sessions[session.id] = session
    study.live[user_id] = session
    sitting = Sitting(occasion, study, course, enrolment, record, session, now)
    sitting.tell("study_started", activity=activity.id, device=device)
    return sitting


def _shape(
    occasion: Occasion,
    activity: Activity,
    timeline: Timeline,
    record: ActivityStudy | None,
    session: StudySession | None,
    meter: Meter,
    totals: Totals,
    now: int,
    translate: Translate,
) -> dict[str, Any]:
    """The answer to POST /study/players, without the token."""
    course = activity.course
    policy, rules = policy_of(occasion, course), rules_of(occasion, course)
    own = record if record is not None and record.version == timeline.version else None
    reason: Reason | None = None
    if session is not None and session.paused:
        reason = Reason(session.paused, sentence(session.paused_text or session.paused))
    elif stop := crediting.stop_at(now, meter, rules):
        reason = stop_reason(stop)
    return {
        "player": "",
        "session": session.key if session is not None else "",
        "activity": activity.key,
        "version": timeline.version,
        "length": timeline.length,
        "media": timeline.media,
        "pages": list(timeline.pages),
        "state": "paused" if reason is not None else "live",
        "reason": reason_json(reason, translate),
        "position": _position(own, rules) if own is not None else 0,
        "covered": covered_json(own),
        "frontier": frontier_of(own),
        "beat_every": BEAT,
        "policy": policy_json(policy),
        "credit": credit_json(totals, record, meter, rules, now),
        "watermark": "",
        "seq": 0,
        "challenge": challenge_json(session.challenge if session is not None else None, now),
        "complete": bool(own is not None and own.completed),
        "modules": {},
    }


def _position(record: ActivityStudy, rules: Rules) -> int:
    """Where to go on. What was voided since lies before it."""
    return record.position if rules.seek else min(record.position, frontier_of(record))


def with_watermark(
    player: dict[str, Any], occasion: Occasion, activity: Activity
) -> dict[str, Any] | None:
    """The learner's masked name and phone, to move over the picture where the policy says so."""
    user = occasion.actor
    if user is None or not policy_of(occasion, activity.course).watermark:
        return None
    parts = (mask_name(user.display_name), user.phone_masked)
    return {**player, "watermark": " ".join(part for part in parts if part)}
