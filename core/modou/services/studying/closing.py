"""How study sessions end: left, lost, taken over, signed out, closed.

A session without a beat for a minute is closed by the server, at its last beat. The process that
took the beats looks after its own sessions (`watched`, `close_silent`); what a crash left over is
found by `close_all_silent`.
"""

from collections.abc import Iterable
from functools import partial
from itertools import islice

from modou.models.study import StudySession
from modou.services.occasion import Occasion
from modou.services.studying import gates
from modou.services.studying.crediting import LONGEST_GAP
from modou.services.studying.sittings import Sitting, milliseconds, sitting_of

#: Milliseconds that a session waits for the next page after its player was left.
LINGER = LONGEST_GAP
#: Seconds between two looks at sessions that may have ended by themselves.
EVERY = 10


def close(sitting: Sitting, how: str, at: int = 0) -> None:
    """End a live session.

    :param how: see `StudySession`
    :param at: the moment of signing out, milliseconds UTC; 0: now
    """
    session = sitting.session
    if session.challenge is not None:
        # Who leaves while asked does not keep what the question was about.
        gate = session.challenge.gate
        session.unanswered = True
        gates.fail_gate(sitting.occasion, session, gate, "unanswered")
    settle(sitting)
    session.ended = at or sitting.now
    session.how = how
    session.paused = session.paused_text = ""
    learner = sitting.learner
    learner.ended(session)
    record = sitting.record
    record.credited += session.credited
    record.held += session.held
    record.voided += session.voided
    sitting.study.live.pop(session.user_id, None)
    tell_end(sitting)


def settle(sitting: Sitting) -> None:
    """Each gate's `at_end`."""
    session = sitting.session
    if not session.holding:
        return
    for gate, state in session.gates.items():
        if state.at_end == "void":
            gates.void(sitting, gate, "ended")
    easy = frozenset(g for g, state in session.gates.items() if state.at_end == "confirm")
    if easy:
        gates.release(sitting, easy)


def tell_end(sitting: Sitting) -> None:
    """Record that and how the session ended."""
    session = sitting.session
    sitting.tell(
        "study_ended",
        how=session.how,
        online=session.online,
        credited=session.credited,
        held=session.held,
        voided=session.voided,
    )


def silent(session: StudySession, now: int) -> tuple[str, int] | None:
    """How and when a live session has ended by itself at the moment `now`; None: it has not."""
    if session.left:
        return ("left", session.left) if now - session.left > LINGER else None
    if now - session.meter.last > LONGEST_GAP:
        return "lost", session.meter.last
    return None


def close_if_silent(occasion: Occasion, user_id: int, now: int = 0) -> bool:
    """Close the learner's live session if it has ended by itself; whether it did."""
    study = occasion.site.study
    if study is None:
        return False
    session: StudySession | None = study.live.get(user_id)
    if session is None:
        return False
    now = now or milliseconds(occasion)
    end = silent(session, now)
    if end is None:
        return False
    sitting = sitting_of(occasion, session, now)
    if sitting is None:
        study.live.pop(user_id, None)
        return True
    close(sitting, *end)
    return True


def watch(occasion: Occasion, user_id: int, now: int) -> None:
    """Remember in this process that the learner's session gave a sign of life."""
    occasion.assembled.watched_learners[user_id] = now


def close_watched(occasion: Occasion) -> None:
    """Close the sessions that this process has not heard of for a minute; see `modou.app`."""
    watched, now = occasion.assembled.watched_learners, milliseconds(occasion)
    for user_id in [id for id, heard in list(watched.items()) if now - heard > LONGEST_GAP]:
        close_if_silent(occasion, user_id, now)
        # Forgotten only when it is durable: else the next time finds it again.
        occasion.after_commit(partial(_forget, watched, user_id, watched.get(user_id, 0)))


def _forget(watched: dict[int, int], user_id: int, heard: int) -> None:
    if watched.get(user_id) == heard:
        del watched[user_id]


def close_silent(occasion: Occasion, user_ids: Iterable[int]) -> int:
    """Close those of these learners' sessions that have ended by themselves; how many."""
    now = milliseconds(occasion)
    return sum([close_if_silent(occasion, user_id, now) for user_id in user_ids])


def close_all_silent(occasion: Occasion, after: int = 0, limit: int = 1000) -> tuple[int, int]:
    """As `close_silent` for all live sessions behind the user id `after`, `limit` of them.

    :returns: how many were closed, and the id to go on after; 0 at the end
    """
    study = occasion.site.study
    if study is None:
        return 0, 0
    ids = list(islice(study.live.keys(after, excludemin=bool(after)), limit))
    return close_silent(occasion, ids), ids[-1] if len(ids) == limit else 0


def signed_out(occasion: Occasion, user_id: int, login: bytes) -> None:
    """A login session ended: the study session in it ends too."""
    study = occasion.site.study
    session = study.live.get(user_id) if study is not None else None
    if session is not None and session.login == login:
        sitting = sitting_of(occasion, session)
        if sitting is not None:
            end = silent(session, sitting.now)
            close(sitting, *(end or ("signed_out", 0)))
