"""Beats: what players report every few seconds, and what it comes to.

Everything is checked before anything is changed, since beats of many learners are written in one
transaction. A beat that was taken once brings nothing when it comes again.
"""

from dataclasses import dataclass
from typing import Any

from modou.declarations import Challenge, Claim, Hold, Reject, Timeline
from modou.errors import Conflict, Message
from modou.i18n import _
from modou.models.coverage import EMPTY, as_pairs, size
from modou.models.study import ActivityStudy, Held
from modou.services.occasion import Occasion
from modou.services.studying import closing, crediting, gates
from modou.services.studying.crediting import LONGEST_GAP, Outcome, Rules
from modou.services.studying.policies import policy_of, rules_of
from modou.services.studying.schema import StudyPolicy
from modou.services.studying.shapes import (
    Answer,
    Reason,
    covered_json,
    credit_json,
    frontier_of,
    sentence,
    stop_reason,
)
from modou.services.studying.sittings import Sitting, barred, by_token, ended
from modou.services.studying.tokens import OutOfSequence
from modou.services.studying.totals import summed

#: Spans that one beat may report; a player that is sought through wildly reports the newest.
MOST_SPANS = 100


@dataclass(frozen=True, slots=True)
class Beat:
    """What a player reports. Nothing of it is believed beyond what the server's clock allows.

    :param seq: 1, 2, … within the player
    :param spans: positions played through since the last beat, (from, to) in lesson seconds
    :param position: where the player is
    :param rate: its speed
    :param playing: whether it goes on playing
    :param visible: whether the page is visible
    """

    seq: int
    spans: tuple[tuple[float, float], ...] = ()
    position: float = 0.0
    rate: float = 1.0
    playing: bool = True
    visible: bool = True


def take_beat(occasion: Occasion, token: str, beat: Beat) -> Answer:
    """Take a beat: credit what the rules allow, and say how things stand.

    :raises UnknownPlayer: no token of this site
    :raises Ended: the player's time is over
    :raises OutOfSequence: a beat before this one is missing
    :raises Unavailable: a plugin failed; nothing was taken
    """
    sitting, _player = by_token(occasion, token)
    session = sitting.session
    if beat.seq <= session.seq:
        return answer(sitting)
    if beat.seq != session.seq + 1:
        raise OutOfSequence(session.seq + 1)
    why = barred(sitting)
    if not sitting.live:
        return _take_late(sitting, beat, why)
    if why:
        closing.close(sitting, why, min(sitting.now, session.meter.last + LONGEST_GAP))
        return answer(sitting)
    if sitting.now - session.meter.last > LONGEST_GAP:
        verdicts = _prepare(sitting, beat, live=False)
        closing.close(sitting, "lost", session.meter.last)
        return _apply_late(sitting, beat, verdicts)
    late = gates.expired(sitting)
    work = None if late or session.paused else _prepare(sitting, beat)
    if late and session.challenge is not None:
        gates.fail_gate(occasion, session, session.challenge.gate, "unanswered")
    session.seq = beat.seq
    closing.watch(occasion, session.user_id, sitting.now)
    if work is None:
        session.meter = session.meter.begin(sitting.now)
        return answer(sitting, changed=late)
    record = _apply(sitting, beat, work)
    _remember_position(record, session.version, beat, work.rules)
    timeline = _timeline(sitting, session.activity_id)
    if timeline is None or timeline.version != session.version:
        # What was watched stays with its version; the page has to be opened again.
        session.left = sitting.now
        return answer(sitting, reason="replaced", over=True)
    return answer(
        sitting,
        ahead=work.outcome.ahead,
        changed=bool(work.outcome.refused),
        reason=work.rejected or work.hidden,
    )


@dataclass(slots=True)
class _Work:
    """What a beat will come to: everything that could fail has been asked."""

    outcome: Outcome
    rules: Rules
    holds: dict[str, Hold | Challenge]
    challenge: Challenge | None = None
    rejected: Message = ""
    hidden: str = ""


def _prepare(sitting: Sitting, beat: Beat, live: bool = True) -> _Work:
    """Compute and ask, and change nothing."""
    session, occasion = sitting.session, sitting.occasion
    policy = policy_of(occasion, sitting.course)
    rules = rules_of(occasion, sitting.course)
    record: ActivityStudy | None = sitting.record.activities.get(session.activity_id)
    covered = record.covers.get(session.version, EMPTY) if record is not None else EMPTY
    unseen = policy.pause_hidden and not beat.visible and beat.playing
    claimed = (
        []
        if unseen and not policy.picture_in_picture
        else crediting.cells(beat.spans[:MOST_SPANS], session.length)
    )
    outcome = crediting.credit(
        session.meter, covered, claimed, sitting.now, rules, running=beat.playing and beat.visible
    )
    work = _Work(outcome, rules, {}, hidden="hidden" if unseen and not claimed else "")
    if not outcome.credit:
        return work
    claim = _claim(sitting, policy, outcome, live)
    for _plugin, verdict in occasion.hooks.answers("before_credit", occasion=occasion, claim=claim):
        match verdict:
            case Reject(reason):
                # The time is used up, the lesson is not: it can be seen again.
                refused = {**outcome.refused, "rejected": size(outcome.taken)}
                empty = crediting.credit(
                    session.meter, covered, [], sitting.now, rules, running=False
                )
                work.outcome = empty._replace(
                    meter=empty.meter._replace(carry=0), refused=refused, ahead=True
                )
                work.rejected = reason
                work.holds, work.challenge = {}, None
                return work
            case Hold() | Challenge():
                work.holds[verdict.gate] = verdict
                if isinstance(verdict, Challenge) and work.challenge is None and live:
                    work.challenge = verdict
            case _:
                raise TypeError(f"before_credit: no verdict: {verdict!r}")
    return work


def _claim(sitting: Sitting, policy: StudyPolicy, outcome: Outcome, live: bool) -> Claim:
    session = sitting.session
    return Claim(
        session.user_id,
        session.course_id,
        session.activity_id,
        session.id,
        outcome.taken,
        outcome.credit,
        policy,
        {gate: state.since for gate, state in session.gates.items()},
        {gate: state.memo for gate, state in session.gates.items() if state.memo is not None},
        frozenset({session.challenge.gate}) if session.challenge is not None else frozenset(),
        frozenset(gate for gate, state in session.gates.items() if state.failing),
        live,
    )


def _apply(sitting: Sitting, beat: Beat, work: _Work) -> ActivityStudy:
    """Write down what a beat came to."""
    session, outcome = sitting.session, work.outcome
    record = sitting.record.of(session.activity_id)
    session.meter = outcome.meter
    session.seq = beat.seq
    if outcome.refused:
        record.refuse(outcome.refused)
        session.refuse(outcome.refused)
    if not outcome.credit:
        return record
    record.last = sitting.now // 1000
    if not record.first:
        record.first = record.last
    if work.holds:
        held = Held(
            session.id,
            tuple(sorted(work.holds)),
            session.version,
            outcome.credit,
            outcome.days,
            outcome.taken,
        )
        gates.hold(sitting, record, held, work.holds)
    else:
        record.credit(session.version, outcome.taken, outcome.credit)
        session.credited += outcome.credit
    sitting.tell(
        "studied",
        activity=session.activity_id,
        version=session.version,
        spans=as_pairs(outcome.taken),
        credited=0 if work.holds else outcome.credit,
        held=outcome.credit if work.holds else 0,
    )
    if sitting.live:
        if work.challenge is not None:
            gates.ask(sitting, work.challenge)
        gates.settle_whole(sitting, record)
    gates.note_completion(sitting, record)
    return record


def _take_late(sitting: Sitting, beat: Beat, why: str) -> Answer:
    """A beat for a session that was lost: kept by the browser, and no other one came since."""
    if why or sitting.session.unanswered:
        raise ended("lost")
    return _apply_late(sitting, beat, _prepare(sitting, beat, live=False))


def _apply_late(sitting: Sitting, beat: Beat, work: _Work) -> Answer:
    """Credit what the silence can be worth to a session that has ended by it."""
    session = sitting.session
    if session.unanswered:
        session.seq = beat.seq
        return answer(sitting)
    credited, held, voided = session.credited, session.held, session.voided
    record = sitting.record
    before = record.credited, record.held, record.voided
    own = _apply(sitting, beat, work)
    closing.settle(sitting)
    _remember_position(own, session.version, beat, work.rules)
    # The steps above moved between the record's numbers what was there before: count once.
    record.credited = before[0] + session.credited - credited
    record.held = before[1] + session.held - held
    record.voided = before[2] + session.voided - voided
    if work.outcome.credit:
        # The learner was there for so much longer than the server knew.
        session.ended += work.outcome.credit * 1000
        closing.tell_end(sitting)
    sitting.learner.ended(session)
    return answer(sitting)


def _remember_position(record: ActivityStudy, version: str, beat: Beat, rules: Rules) -> None:
    """Where to go on: independent of what was credited, but never beyond what may be seen."""
    if version != record.version or not beat.position >= 0:
        return
    furthest = record.length if rules.seek else frontier_of(record)
    position = int(min(beat.position, furthest))
    if position != record.position:
        record.position = position


def _timeline(sitting: Sitting, activity_id: int) -> Timeline | None:
    activity = sitting.course.activities.get(activity_id)
    kind = sitting.occasion.assembled.activity_types.get(activity.type) if activity else None
    if kind is None or kind.timeline is None:
        return None
    return kind.timeline(sitting.occasion, activity)


def answer(
    sitting: Sitting,
    *,
    ahead: bool = False,
    changed: bool = False,
    reason: Message = "",
    over: bool = False,
) -> Answer:
    """How things stand: the answer to a beat, also to one that was taken before.

    :param ahead: whether the player has to go back to the frontier
    :param changed: whether it must learn anew what is covered
    :param reason: a code or sentence why nothing was credited
    :param over: whether the page has to be opened again
    """
    session, occasion, now = sitting.session, sitting.occasion, sitting.now
    rules = rules_of(occasion, sitting.course)
    record: ActivityStudy | None = sitting.record.activities.get(session.activity_id)
    state, why = _state(sitting, rules, reason, over)
    furthest = frontier_of(record)
    return Answer(
        session.seq,
        state,
        why,
        furthest if ahead or session.paused else None,
        furthest,
        covered_json(record) if changed or session.paused else None,
        credit_json(
            summed(sitting.record, session if sitting.live else None),
            record,
            session.meter,
            rules,
            now,
        ),
        session.challenge,
        bool(record is not None and record.completed),
        now,
    )


def _state(
    sitting: Sitting, rules: Rules, reason: Message, over: bool
) -> tuple[str, Reason | None]:
    session = sitting.session
    if session.ended:
        return "ended", Reason(session.how, sentence(session.how))
    if over:
        return "ended", Reason(str(reason), sentence(str(reason)))
    if session.paused:
        return "paused", Reason(session.paused, sentence(session.paused_text or session.paused))
    stop = crediting.stop_at(sitting.now, session.meter, rules)
    if stop is not None:
        return "paused", stop_reason(stop)
    if reason == "hidden":
        return "paused", Reason("hidden", sentence("hidden"))
    if reason:
        return "live", Reason("rejected", reason)
    return "live", None


def resume(occasion: Occasion, token: str) -> Answer:
    """The learner goes on after a pause. Time begins to count now.

    :raises UnknownPlayer, Ended: as `take_beat`
    """
    sitting, _player = by_token(occasion, token)
    session = sitting.session
    if not sitting.live:
        raise ended(session.how)
    if end := closing.silent(session, sitting.now):
        closing.close(sitting, *end)
        return answer(sitting)
    if why := barred(sitting):
        closing.close(sitting, why)
        return answer(sitting)
    if gates.expired(sitting) and session.challenge is not None:
        gates.fail_gate(occasion, session, session.challenge.gate, "unanswered")
    elif session.paused:
        session.paused = session.paused_text = ""
        session.meter = session.meter.begin(sitting.now)
        closing.watch(occasion, session.user_id, sitting.now)
    return answer(sitting)


def answer_challenge(occasion: Occasion, token: str, challenge_id: str, given: Any) -> Answer:
    """The learner answered a challenge; one that is over changes nothing.

    :raises UnknownPlayer, Ended: as `take_beat`
    :raises Conflict: this kind is decided elsewhere
    """
    sitting, _player = by_token(occasion, token)
    session, challenge = sitting.session, sitting.session.challenge
    if not sitting.live:
        raise ended(session.how)
    if end := closing.silent(session, sitting.now):
        closing.close(sitting, *end)
        return answer(sitting, changed=True)
    if challenge is None or challenge.id != challenge_id:
        return answer(sitting)
    if gates.expired(sitting):
        gates.fail_gate(occasion, session, challenge.gate, "unanswered")
        return answer(sitting, changed=True)
    verdicts = occasion.hooks.answers(
        "judge_answer", occasion=occasion, session=session, challenge=challenge, answer=given
    )
    if not verdicts:
        raise Conflict(_("This check is decided in another place."))
    if all(right for _plugin, right in verdicts):
        gates.pass_gate(occasion, session, challenge.gate)
        return answer(sitting)
    gates.fail_gate(occasion, session, challenge.gate, "wrong")
    return answer(sitting, changed=True)


def leave(occasion: Occasion, token: str, beat: Beat | None = None) -> None:
    """The learner closes the page. The session goes on for a minute, so that the next lesson or a
    reload continues it; then it has ended at this moment.

    :param beat: the player's last one, if it was not sent before
    :raises UnknownPlayer: no token of this site
    """
    sitting, _player = by_token(occasion, token)
    session = sitting.session
    if beat is not None and beat.seq == session.seq + 1:
        take_beat(occasion, token, beat)
    if sitting.live and not session.left:
        session.left = sitting.now
        closing.watch(occasion, session.user_id, sitting.now)
