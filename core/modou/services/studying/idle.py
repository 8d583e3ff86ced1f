"""Is anybody there? The built-in gate: a question at random moments of studied time.

All credit waits for the next answer. The moment is drawn by the server when the last question was
answered, uniformly between `idle_from` and `idle_to` seconds of credited time; it is kept across
sessions, so that nobody escapes it by coming and going, and is never sent to the learner.

Who did not answer is asked at once when they go on, and until they have answered the end of a
session confirms nothing: else a program would come and go every minute and lose hardly any.
"""

import secrets

from modou.declarations import Challenge, Claim, CreditVerdict, Hold
from modou.services.studying.schema import StudyPolicy

GATE = "idle"
KIND = "presence"


def claim(claim: Claim) -> CreditVerdict:
    """Hold until the next answer; ask when its moment has come."""
    policy: StudyPolicy = claim.policy
    if not policy.idle_prompt:
        return None
    if GATE in claim.failing:
        return Challenge(GATE, KIND, policy.idle_answer, at_end="void")
    due = claim.memos.get(GATE)
    if due is None:
        due = draw(policy.idle_from, policy.idle_to)
    # A policy that was made stricter holds from the next beat on.
    due = min(due, policy.idle_to)
    if claim.since.get(GATE, 0) + claim.seconds >= due:
        return Challenge(GATE, KIND, policy.idle_answer, memo=due)
    return Hold(GATE, memo=due)


def draw(low: int, high: int) -> int:
    """A whole number of seconds, uniformly from `low` to `high`."""
    return low + secrets.randbelow(max(1, high - low + 1))


def judge(gate: str, answer: object) -> bool | None:
    """Any answer in time says that somebody is there."""
    return bool(answer) if gate == GATE else None
