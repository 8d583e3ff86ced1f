"""The heart of study time as a pure function: examples, and 100,000 random histories.

A history is what an arbitrary client sends at arbitrary moments: honest playing, leaps, replays,
claims of hours, silence, clocks that go backwards, gates that pass and fail. The bookkeeping is the
one that is stored (`ActivityStudy`), without a database.
"""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modou.models import coverage
from modou.models.coverage import EMPTY, size, union
from modou.models.study import ActivityStudy, Held, Meter
from modou.services.studying.crediting import (
    DAY,
    LONGEST_GAP,
    Rules,
    admit,
    cells,
    countable,
    credit,
    day_of,
    start_of,
    stop_at,
)
from modou.services.studying.totals import CLASS_HOUR, hours

#: 2026-03-02 09:00 in Asia/Shanghai.
NINE = 1_772_413_200_000
FREE = Rules()


def play(meter: Meter, covered: tuple[int, ...], now: int, *spans: Any, **more: Any) -> Any:
    rules = more.pop("rules", FREE)
    return credit(meter, covered, cells(spans, 10_000), now, rules, **more)


class TestExamples:
    def test_what_is_new_within_the_time(self) -> None:
        out = play(Meter(NINE), EMPTY, NINE + 15_000, (0, 15.9))
        assert (out.credit, out.taken) == (15, (0, 15))
        assert out.days == ((day_of(NINE), 15),)

    def test_a_claim_of_hours_is_worth_the_time(self) -> None:
        out = play(Meter(NINE), EMPTY, NINE + 15_000, (0, 9_000))
        assert (out.credit, out.taken, out.ahead) == (15, (0, 15), True)
        assert out.refused == {"too_fast": 8_985}

    def test_a_late_beat_leaves_time_to_the_next_one(self) -> None:
        late = play(Meter(NINE), EMPTY, NINE + 35_000, (0, 15))
        assert late.meter.carry == 20_000
        soon = play(late.meter, late.taken, NINE + 36_000, (15, 35))
        assert soon.credit == 20

    def test_a_pause_leaves_hardly_any(self) -> None:
        out = play(Meter(NINE), EMPTY, NINE + 35_000, (0, 15), running=False)
        assert out.meter.carry == 3_000

    def test_a_silence_is_worth_a_minute(self) -> None:
        out = play(Meter(NINE), EMPTY, NINE + 3_600_000, (0, 3_600))
        assert out.credit == 60

    def test_a_clock_that_goes_back_gives_nothing(self) -> None:
        out = play(Meter(NINE), EMPTY, NINE - 100_000, (0, 15))
        assert (out.credit, out.meter.last) == (0, NINE)

    def test_a_faster_rate_covers_more_and_credits_the_time(self) -> None:
        out = play(Meter(NINE), EMPTY, NINE + 10_000, (0, 20), rules=Rules(rate=2.0))
        assert (out.credit, out.taken) == (10, (0, 20))

    def test_numbers_that_are_none(self) -> None:
        nan, inf = float("nan"), float("inf")
        assert cells([(nan, 5), (0, inf), (-5, 3), (8, 2), (1, 1.9)], 10) == [(0, 3)]

    def test_many_crumbs_are_not_kept(self) -> None:
        crumbs = [(i, i + 1) for i in range(0, 2_000, 3)]
        taken, ahead, over = admit(EMPTY, crumbs, 10_000, seek=True)
        assert len(taken) == 400
        assert ahead + over + size(taken) == len(crumbs)

    def test_stops(self) -> None:
        rules = Rules(cap=100, opens=6 * 3_600_000, closes=23 * 3_600_000)
        midnight = start_of(day_of(NINE))
        assert stop_at(NINE, Meter(), rules) is None
        assert stop_at(midnight, Meter(), rules) == ("window", midnight + 6 * 3_600_000)
        late = midnight + 23 * 3_600_000
        assert stop_at(late, Meter(), rules) == ("window", midnight + DAY + 6 * 3_600_000)
        full = Meter(days=((day_of(NINE), 100),))
        assert stop_at(NINE, full, rules) == ("daily_cap", midnight + DAY + 6 * 3_600_000)
        assert stop_at(NINE, Meter(rest_until=NINE + 1), rules) == ("rest", NINE + 1)

    def test_countable_time_is_cut_at_midnight_and_at_the_window(self) -> None:
        rules = Rules(opens=1_000, closes=DAY - 1_000)
        midnight = start_of(day_of(NINE) + 1)
        day = day_of(NINE)
        assert countable(midnight - 5_000, midnight + 5_000, 0, rules) == [
            (day, 4_000),
            (day + 1, 4_000),
        ]
        assert countable(midnight - 5_000, midnight, midnight - 3_000, rules) == [(day, 2_000)]


class Ledger:
    """One learner's time in one lesson, and what must hold of it after every step."""

    GATES = ("idle", "guard")

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.length = chance.choice((30, 600, 2_700, 36_000))
        self.rules = Rules(
            seek=chance.random() < 0.3,
            rate=chance.choice((1.0, 1.0, 1.5, 2.0)),
            cap=chance.choice((0, 0, 100, 21_600)),
            opens=chance.choice((0, 9 * 3_600_000)),
            closes=chance.choice((DAY, 9 * 3_600_000 + 300_000)),
            rest_after=chance.choice((0, 200)),
            rest_for=chance.choice((60, 900)),
        )
        self.now = NINE + chance.randrange(DAY)
        self.opened = self.now
        self.meter = Meter().begin(self.now)
        self.record = ActivityStudy(1)
        self.record.turn_to("1", self.length)
        self.positions = EMPTY
        self.given = self.confirmed = 0
        self.by_day: dict[int, int] = {}
        self.latest = self.now
        self.at = 0.0

    def step(self) -> None:
        what = self.chance.random()
        if what < 0.08:
            self.record.release(1, frozenset({self.chance.choice(self.GATES)}))
        elif what < 0.16:
            self.void()
        elif what < 0.20:
            self.meter = self.meter.begin(self.now)
        else:
            self.beat()
        self.check()

    def void(self) -> None:
        before = self.record.held_seconds
        for gone in self.record.void(1, self.chance.choice(self.GATES), "wrong", self.now):
            self.meter = self.meter.less(gone.days)
            before -= gone.seconds
            for day, seconds in gone.days:
                self.by_day[day] -= seconds
        assert before == self.record.held_seconds

    def beat(self) -> None:
        chance = self.chance
        self.now += chance.choice((15_000, 15_000, 14_700, 15_400, 1, 0, 999, 40_000, 61_000,
                                   7_200_000, -30_000, chance.randrange(100_000)))  # fmt: skip
        claimed = cells(self.spans(), self.length)
        covered = self.record.covered
        out = credit(
            self.meter, covered, claimed, self.now, self.rules, running=chance.random() < 0.8
        )
        self.positions = union(self.positions, coverage.joined(claimed))
        assert out.credit <= (min(max(0, self.now - self.meter.last), LONGEST_GAP)
                              + self.meter.carry) / 1000  # fmt: skip
        assert out.credit <= size(out.taken)
        assert size(out.taken) <= out.credit * self.rules.rate
        assert not size(coverage.common(out.taken, covered))
        assert sum(seconds for _day, seconds in out.days) == out.credit
        self.latest = max(self.latest, self.now)
        self.meter = out.meter
        if not out.credit:
            return
        self.given += out.credit
        for day, seconds in out.days:
            self.by_day[day] = self.by_day.get(day, 0) + seconds
        gates = tuple(g for g in self.GATES if chance.random() < 0.4)
        if gates:
            self.record.hold(Held(1, gates, "1", out.credit, out.days, out.taken))
        else:
            self.record.credit("1", out.taken, out.credit)

    def spans(self) -> list[tuple[float, float]]:
        chance = self.chance
        found = []
        for _span in range(chance.choice((0, 1, 1, 1, 1, 2, 5))):
            kind = chance.random()
            if kind < 0.6:
                span = (self.at, self.at + chance.choice((15.0, 14.7, 15.3, 60.0)))
            elif kind < 0.8:
                start = chance.uniform(0, self.length)
                span = (start, start + chance.choice((1.0, 15.0, 3_600.0)))
            elif kind < 0.9:
                span = (0.0, float(self.length))
            else:
                span = (self.at, self.at - 10.0)
            self.at = max(0.0, min(span[1], float(self.length)))
            found.append(span)
        return found

    def check(self) -> None:
        record = self.record
        # Never more than the real time between opening and the last beat.
        assert self.given <= (self.latest - self.opened) / 1000
        # Never more than what was claimed to have been seen.
        assert not size(coverage.without(record.covered, self.positions))
        assert record.credited + record.held_seconds <= size(record.covered)
        # Every second that was given is confirmed, held or voided.
        assert record.credited + record.held_seconds + record.voided == self.given
        # What was confirmed never shrinks.
        assert record.credited >= self.confirmed
        self.confirmed = record.credited
        if self.rules.cap:
            assert max(self.by_day.values(), default=0) <= self.rules.cap
        assert hours(record.credited) * CLASS_HOUR <= record.credited
        assert list(record.covered) == sorted(set(record.covered))


def run(seed: int, steps: int) -> Ledger:
    ledger = Ledger(random.Random(seed))
    for _step in range(steps):
        ledger.step()
    return ledger


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_a_hundred_thousand_histories(part: int) -> None:
    """12,500 in each part; together 100,000, of 2 to 20 steps each."""
    credited = voided = held = 0
    for number in range(12_500):
        seed = part * 12_500 + number
        ledger = run(seed, 2 + seed % 19)
        credited += ledger.record.credited
        voided += ledger.record.voided
        held += ledger.record.held_seconds
    # The histories are about something.
    assert min(credited, voided, held) > 10_000


@given(seed=st.integers(0, 2**62), steps=st.integers(1, 60))
@settings(max_examples=300, deadline=None)
def test_any_history(seed: int, steps: int) -> None:
    run(seed, steps)


COVER = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8).map(coverage.joined)


def as_set(cover: tuple[int, ...]) -> set[int]:
    return {cell for a, b in coverage.pieces(cover) for cell in range(a, b)}


@given(one=COVER, other=COVER, count=st.integers(-1, 70))
def test_covers_are_sets_of_cells(one: tuple[int, ...], other: tuple[int, ...], count: int) -> None:
    a, b = as_set(one), as_set(other)
    assert as_set(coverage.union(one, other)) == a | b
    assert as_set(coverage.without(one, other)) == a - b
    assert as_set(coverage.common(one, other)) == a & b
    assert as_set(coverage.prefix(one, count)) == set(sorted(a)[: max(0, count)])
    assert size(one) == len(a)
    for made in (coverage.union(one, other), coverage.without(one, other)):
        assert list(made) == sorted(set(made))
        assert len(made) % 2 == 0
    missing = [c for c in range(50) if c not in a]
    widest = best = 0
    for cell in range(50):
        widest = widest + 1 if cell in missing else 0
        best = max(best, widest)
    assert coverage.widest_gap(one, 50) == best


@given(one=COVER, leap=st.integers(0, 5))
def test_the_frontier_passes_small_gaps_only(one: tuple[int, ...], leap: int) -> None:
    end = coverage.frontier(one, leap)
    reached = as_set(one)
    at = 0
    while any(cell in reached for cell in range(at, at + leap + 1)):
        at = min(cell for cell in reached if cell >= at) + 1
    assert end == at
