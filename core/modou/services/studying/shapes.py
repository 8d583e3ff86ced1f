"""The JSON of the study protocol: what players are told. Pure; HTTP only carries it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modou.clock import SHANGHAI, from_seconds
from modou.errors import Message
from modou.i18n import TranslationString, _
from modou.models.coverage import as_pairs, frontier
from modou.models.study import ActivityStudy, Meter, OpenChallenge
from modou.services.studying.crediting import LEAP, Rules, Stop, day_of
from modou.services.studying.gates import REASONS
from modou.services.studying.schema import StudyPolicy
from modou.services.studying.sittings import ENDINGS
from modou.services.studying.totals import Totals

Translate = Callable[[Message], str]

#: Seconds between two beats.
BEAT = 15

_STOPS: dict[str, Message] = {
    "daily_cap": _("You have reached today's limit of study time. Time counts again from ${time}."),
    "window": _("Study time does not count at this time of day. It counts again from ${time}."),
    "rest": _("You have studied for a long time. Please rest until ${time}."),
}
_OTHER: dict[str, Message] = {
    "hidden": _("The page was hidden: nothing is credited while you do not see it."),
    "failed": REASONS["wrong"],
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing is credited now. `until`: milliseconds UTC, 0 for no time."""

    code: str
    text: Message = ""
    until: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a player is told after a beat. See `as_json` for the protocol's names."""

    seq: int
    state: str
    reason: Reason | None
    position: int | None
    frontier: int
    covered: list[list[int]] | None
    credit: dict[str, int | None]
    challenge: OpenChallenge | None
    complete: bool
    now: int = 0


def stop_reason(stop: Stop) -> Reason:
    """The reader's sentence for a stop."""
    return Reason(stop.code, sentence(stop.code, stop.until), stop.until)


def sentence(code: str, until: int = 0) -> Message:
    """The sentence for a code; a code that is none is a sentence itself."""
    stop = _STOPS.get(code)
    if stop is not None:
        shown = from_seconds(until // 1000).astimezone(SHANGHAI).strftime("%m-%d %H:%M")
        return stop % {"time": shown} if isinstance(stop, TranslationString) else stop
    found = REASONS.get(code) or ENDINGS.get(code) or _OTHER.get(code)
    return found if found is not None else TranslationString(code, domain="modou")


def credit_json(
    totals: Totals, record: ActivityStudy | None, meter: Meter, rules: Rules, now: int
) -> dict[str, int | None]:
    """The part `credit`: seconds; of the course, of today in all courses, of the activity."""
    today = meter.on(day_of(now))
    return {
        "credited": totals.credited,
        "held": totals.held,
        "voided": totals.voided,
        "today": today,
        "cap_left": max(0, rules.cap - today) if rules.cap else None,
        "activity_credited": record.credited + record.corrected if record is not None else 0,
        "activity_held": record.held_seconds if record is not None else 0,
    }


def frontier_of(record: ActivityStudy | None) -> int:
    """How far the learner got in the newest version."""
    return frontier(record.covered, LEAP) if record is not None else 0


def covered_json(record: ActivityStudy | None) -> list[list[int]]:
    return as_pairs(record.covered) if record is not None else []


def challenge_json(challenge: OpenChallenge | None, now: int) -> dict[str, Any] | None:
    """What the learner is asked; `seconds`: how many are left to answer."""
    if challenge is None:
        return None
    left = max(0, -(-(challenge.deadline - now) // 1000))
    return {
        "id": challenge.id,
        "kind": challenge.kind,
        "seconds": min(left, challenge.seconds),
        "data": challenge.data if challenge.data is not None else {},
    }


def reason_json(reason: Reason | None, translate: Translate) -> dict[str, Any] | None:
    if reason is None:
        return None
    made: dict[str, Any] = {"code": reason.code, "text": translate(reason.text)}
    if reason.until:
        made["until"] = reason.until // 1000
    return made


def policy_json(policy: StudyPolicy) -> dict[str, Any]:
    """What the player has to know; nothing that tells when it will be asked."""
    return policy.model_dump(exclude={"idle_prompt", "idle_from", "idle_to"})


def as_json(answer: Answer, translate: Translate) -> dict[str, Any]:
    """The answer to a beat, as the protocol has it."""
    return {
        "seq": answer.seq,
        "state": answer.state,
        "reason": reason_json(answer.reason, translate),
        "position": answer.position,
        "frontier": answer.frontier,
        "covered": answer.covered,
        "credit": answer.credit,
        "challenge": challenge_json(answer.challenge, answer.now),
        "complete": answer.complete,
        "next": BEAT,
    }
