"""Credit under reserve: what gates hold, confirm and void.

A gate is a name that a plugin gives when it answers `before_credit` with `Hold` or `Challenge`. A
segment of credit is confirmed when every gate that holds it has passed; one that fails voids
everything that it held since its last pass, and the coverage of it.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from modou.declarations import Challenge, Hold
from modou.errors import Conflict, Message
from modou.i18n import _
from modou.models.courses import Course
from modou.models.coverage import as_pairs
from modou.models.enrolments import Enrolment
from modou.models.study import (
    ActivityStudy,
    Gate,
    Held,
    Meter,
    OpenChallenge,
    StudySession,
)
from modou.services import learning
from modou.services.occasion import Occasion
from modou.services.studying.sittings import Sitting, sitting_of

#: Milliseconds beyond the told time in which an answer is still on its way.
GRACE = 15_000
#: Codes of voids and pauses -> the sentence for the learner. Other reasons are sentences.
REASONS: dict[str, Message] = {
    "unanswered": _("The question whether you are there was not answered in time."),
    "wrong": _("The check was not passed."),
    "ended": _("The session ended before the check."),
}


def pass_gate(occasion: Occasion, session: StudySession, gate: str) -> int:
    """Confirm what `gate` held up to now in this session, also when the session has ended.

    :returns: how many seconds are credited by it
    """
    sitting = _sitting(occasion, session)
    state = session.gates.get(gate, Gate())
    session.gates = {
        **session.gates,
        gate: state._replace(since=0, memo=None, passed=state.passed + 1, failing=False),
    }
    if session.challenge is not None and session.challenge.gate == gate:
        session.challenge = None
    seconds = release(sitting, frozenset({gate}))
    sitting.tell("study_passed", gate=gate, seconds=seconds)
    return seconds


def fail_gate(occasion: Occasion, session: StudySession, gate: str, reason: str) -> int:
    """Void what `gate` held since its last pass, and pause the session.

    :param reason: one of `REASONS`, or an English sentence (message id) for the learner
    :returns: how many seconds are voided by it
    """
    sitting = _sitting(occasion, session)
    state = session.gates.get(gate, Gate())
    session.gates = {
        **session.gates,
        gate: state._replace(since=0, memo=None, failed=state.failed + 1, failing=True),
    }
    if session.challenge is not None and session.challenge.gate == gate:
        session.challenge = None
    seconds = void(sitting, gate, reason)
    if sitting.live:
        session.paused = reason if reason in REASONS else "failed"
        session.paused_text = "" if reason in REASONS else reason
        session.meter = session.meter.begin(sitting.now)
        sitting.tell("study_paused", gate=gate, reason=reason)
    return seconds


def _sitting(occasion: Occasion, session: StudySession) -> Sitting:
    sitting = sitting_of(occasion, session)
    if sitting is None:
        raise Conflict(_("The course of this study session is gone."))
    return sitting


def release(sitting: Sitting, gates: frozenset[str], only: int = 0) -> int:
    """Let these gates go: what no other one holds is confirmed. `only`: of that activity."""
    session = sitting.session
    total = 0
    for id in session.holding:
        if only and id != only:
            continue
        record: ActivityStudy = sitting.record.activities[id]
        seconds = record.release(session.id, gates)
        total += seconds
        if seconds:
            note_completion(sitting, record)
    _moved(sitting, total)
    session.credited += total
    if session.ended:
        sitting.record.credited += total
    return total


def void(sitting: Sitting, gate: str, reason: str) -> int:
    """Take back what `gate` holds."""
    session = sitting.session
    total = 0
    for id in session.holding:
        record: ActivityStudy = sitting.record.activities[id]
        for gone in record.void(session.id, gate, reason, sitting.now):
            total += gone.seconds
            give_back(sitting, gone.days)
            sitting.tell(
                "study_voided",
                activity=id,
                version=gone.version,
                spans=as_pairs(gone.cells),
                seconds=gone.seconds,
                gate=gate,
                reason=reason,
            )
    _moved(sitting, total)
    session.voided += total
    if session.ended:
        sitting.record.voided += total
    return total


def _moved(sitting: Sitting, seconds: int) -> None:
    """Seconds that are no longer held."""
    session = sitting.session
    session.held -= seconds
    holding = tuple(
        id
        for id in session.holding
        if any(h.session == session.id for h in sitting.record.activities[id].held)
    )
    if holding != session.holding:
        session.holding = holding
    if session.ended:
        sitting.record.held -= seconds


def give_back(sitting: Sitting, days: tuple[tuple[int, int], ...]) -> None:
    """Voided seconds do not use up the days that they were studied on."""
    holder: Any = sitting.session
    if session_ended := sitting.session.ended:
        holder = sitting.study.live.get(sitting.session.user_id) or sitting.learner
    meter: Meter = holder.meter.less(days)
    if session_ended or meter != holder.meter:
        holder.meter = meter


def hold(
    sitting: Sitting,
    record: ActivityStudy,
    held: Held,
    verdicts: Mapping[str, Hold | Challenge],
) -> None:
    """Credit under the reserve of `verdicts` (gate -> its answer)."""
    session = sitting.session
    record.hold(held)
    session.held += held.seconds
    if record.activity_id not in session.holding:
        session.holding = (*session.holding, record.activity_id)
    gates = dict(session.gates)
    for gate, verdict in verdicts.items():
        state = gates.get(gate, Gate())
        gates[gate] = state._replace(
            since=state.since + held.seconds, at_end=verdict.at_end, memo=verdict.memo
        )
    session.gates = gates


def ask(sitting: Sitting, challenge: Challenge) -> None:
    """Open a challenge, unless one is open."""
    session = sitting.session
    if session.challenge is not None:
        return
    session.challenge = OpenChallenge(
        secrets.token_urlsafe(9),
        challenge.gate,
        challenge.kind,
        challenge.seconds,
        sitting.now,
        sitting.now + challenge.seconds * 1000,
        challenge.data,
    )
    sitting.tell("study_challenged", gate=challenge.gate, kind=challenge.kind)


def expired(sitting: Sitting) -> bool:
    """Whether the open challenge was not answered in time."""
    challenge = sitting.session.challenge
    return challenge is not None and sitting.now > challenge.deadline + GRACE


def settle_whole(sitting: Sitting, record: ActivityStudy) -> None:
    """A lesson that is watched to its end confirms what would be confirmed if the session ended
    now: else the next lesson would stay locked until it does."""
    session = sitting.session
    if session.challenge is None and record.held and record.whole:
        easy = frozenset(g for g, state in session.gates.items() if state.at_end == "confirm")
        release(sitting, easy, only=record.activity_id)


def note_completion(sitting: Sitting, record: ActivityStudy) -> None:
    """See `note_studied`."""
    note_studied(sitting.occasion, sitting.course, sitting.enrolment, record)


def note_studied(
    occasion: Occasion, course: Course, enrolment: Enrolment, record: ActivityStudy
) -> None:
    """A lesson that is covered, and all of it confirmed, has been studied."""
    if record.completed or not record.whole:
        return
    if any(held.version == record.version for held in record.held):
        return
    activity = course.activities.get(record.activity_id)
    if activity is not None:
        record.completed = occasion.now
        learning.set_fact(occasion, enrolment, activity, "studied", occasion.now)
