"""How much a beat is worth: the rules of study time, as one pure function.

Nothing here knows a database, a request or a clock. What a learner's player claims (`spans`,
positions in the lesson) is only ever an upper bound; what counts is the server's time since the
last beat. See docs/explanation/study-time.md.

Times are milliseconds UTC since 1970, credits whole seconds, positions whole seconds of the lesson.
"""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import NamedTuple

from modou.models.coverage import (
    EMPTY,
    Cover,
    frontier,
    pieces,
    prefix,
    size,
    union,
    without,
)
from modou.models.study import Meter

#: Milliseconds: what one silence between two beats can be worth at most.
LONGEST_GAP = 60_000
#: Milliseconds of time not yet used that a player at rest keeps; rounding and latency, no more.
CARRY_AT_REST = 3_000
#: Milliseconds that a running player keeps: a beat that comes late leaves the next one little time
#: of its own, though the learner watched all along. Never more than a silence can be worth.
CARRY_RUNNING = LONGEST_GAP
#: Cells that a player may leave out between two spans: rounding of positions.
LEAP = 2
#: Pieces of coverage that are kept for one lesson at most; see `admit`.
MOST_PIECES = 200
#: Asia/Shanghai has been UTC+8 without summer time since 1991-09-15.
SHANGHAI_OFFSET = 8 * 3_600_000
DAY = 86_400_000


class Rules(NamedTuple):
    """A course's policy, in the engine's units.

    :param seek: whether a first view may leap forward
    :param rate: lesson seconds that a second is worth on first view, at least 1.0
    :param cap: seconds that count on one day (Asia/Shanghai), 0 for no limit
    :param opens, closes: milliseconds after midnight (Asia/Shanghai) between which time counts
    :param rest_after: seconds of study after which a rest is due, 0 for never
    :param rest_for: seconds that a rest lasts
    """

    seek: bool = False
    rate: float = 1.0
    cap: int = 0
    opens: int = 0
    closes: int = DAY
    rest_after: int = 0
    rest_for: int = 0


class Stop(NamedTuple):
    """Why time does not count: "daily_cap", "window" or "rest", and until when (milliseconds)."""

    code: str
    until: int


class Outcome(NamedTuple):
    """What a beat came to.

    :param meter: the learner's meter after it
    :param taken: cells that are newly covered
    :param credit: seconds
    :param days: (day, seconds) shares of the credit
    :param refused: why cells were not taken -> how many ("ahead", "too_fast", "daily_cap", …)
    :param ahead: whether the player is where it may not be yet
    """

    meter: Meter
    taken: Cover
    credit: int
    days: tuple[tuple[int, int], ...]
    refused: dict[str, int]
    ahead: bool


def day_of(moment: int) -> int:
    """The number of the day in Asia/Shanghai, counted from 1970-01-01."""
    return (moment + SHANGHAI_OFFSET) // DAY


def start_of(day: int) -> int:
    """When a day begins in Asia/Shanghai, milliseconds UTC."""
    return day * DAY - SHANGHAI_OFFSET


def cells(spans: Iterable[Sequence[float]], length: int) -> list[tuple[int, int]]:
    """Claimed spans as intervals of cells within the lesson: both ends rounded down."""
    made = []
    for a, b in spans:
        if isfinite(a) and isfinite(b):
            low, high = max(0, int(a)), min(int(b), length)
            if low < high:
                made.append((low, high))
    return made


def stop_at(now: int, meter: Meter, rules: Rules) -> Stop | None:
    """Why time does not count at the moment `now`; None when it does."""
    day = day_of(now)
    within = now - start_of(day)
    if not rules.opens <= within < rules.closes:
        return Stop("window", start_of(day + (within >= rules.closes)) + rules.opens)
    if rules.cap and meter.on(day) >= rules.cap:
        return Stop("daily_cap", start_of(day + 1) + rules.opens)
    if now < meter.rest_until:
        return Stop("rest", meter.rest_until)
    return None


def countable(start: int, end: int, rest_until: int, rules: Rules) -> list[tuple[int, int]]:
    """(day, milliseconds) of [start, end) that lie within the window and after the rest."""
    start = max(start, rest_until)
    found = []
    while start < end:
        day = day_of(start)
        midnight = start_of(day)
        low = max(start, midnight + rules.opens)
        high = min(end, midnight + rules.closes)
        if low < high:
            found.append((day, high - low))
        start = start_of(day + 1)
    return found


def admit(
    covered: Cover, claimed: Sequence[tuple[int, int]], budget: int, seek: bool
) -> tuple[Cover, int, int]:
    """The new cells of `claimed` that may be covered, in the order in which they were played.

    :param budget: how many at most
    :returns: the cells; how many were refused since they lie ahead; how many over the budget
    """
    taken = EMPTY
    ahead = over = 0
    for span in claimed:
        for a, b in pieces(without(without(span, covered), taken)):
            known = union(covered, taken)
            if not seek and a > frontier(known, LEAP) + LEAP:
                ahead += b - a
            elif len(known) >= 2 * MOST_PIECES and a not in known:
                # A lesson watched in a thousand crumbs would make every beat slow.
                ahead += b - a
            else:
                part = prefix((a, b), budget)
                budget -= size(part)
                over += b - a - size(part)
                taken = union(taken, part) if part else taken
    return taken, ahead, over


def credit(
    meter: Meter,
    covered: Cover,
    claimed: Sequence[tuple[int, int]],
    now: int,
    rules: Rules,
    running: bool = True,
) -> Outcome:
    """What a beat is worth.

    - time: at most the server's time since the last beat, never more than `LONGEST_GAP` of it, and
      what was left over before, inside the window, outside of rests;
    - cells: the claimed ones that are new, as a prefix of at most time x rate;
    - credit: the smaller of both, as far as the day's cap and the next rest allow.

    :param covered: what the learner has covered of the lesson
    :param claimed: see `cells`
    :param running: whether the player says that it goes on playing
    """
    # A clock that is set back gives nothing until it has caught up.
    elapsed_to = max(meter.last, min(now, meter.last + LONGEST_GAP))
    if meter.studied_to and meter.last - meter.studied_to >= rules.rest_for * 1000:
        meter = meter._replace(stretch=0)
    shares = countable(meter.last, elapsed_to, meter.rest_until, rules)
    if meter.carry and not (shares and shares[0][0] == day_of(meter.last)):
        shares.insert(0, (day_of(meter.last), 0))
    time = meter.carry
    whole = 0
    room: list[tuple[int, int]] = []
    for day, milliseconds in shares:
        time += milliseconds
        seconds = time // 1000 - whole
        whole += seconds
        left = max(0, rules.cap - meter.on(day)) if rules.cap else seconds
        room.append((day, min(seconds, left)))
    creditable = sum(seconds for _day, seconds in room)
    if rules.rest_after:
        creditable = min(creditable, max(0, rules.rest_after - meter.stretch))
    taken, ahead, over = admit(covered, claimed, int(creditable * max(1.0, rules.rate)), rules.seek)
    given = min(size(taken), creditable)
    days: list[tuple[int, int]] = []
    left = given
    for day, seconds in room:
        if share := min(seconds, left):
            days.append((day, share))
            left -= share
    limited = creditable < whole
    carry = 0 if limited else min(time - given * 1000, CARRY_RUNNING if running else CARRY_AT_REST)
    after = meter.after(max(meter.last, now), carry, given, days)
    if rules.rest_after and given and after.stretch >= rules.rest_after:
        after = after._replace(rest_until=after.last + rules.rest_for * 1000, stretch=0, carry=0)
    refused = {"ahead": ahead} if ahead else {}
    if over:
        stop = stop_at(max(meter.last, now), after, rules)
        refused[stop.code if stop is not None else "too_fast"] = over
    return Outcome(after, taken, given, tuple(days), refused, bool(ahead) or over > LEAP)
