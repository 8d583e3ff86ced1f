"""The arithmetic of item analysis against the formulas as textbooks write them."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou_quiz.services.statistics.measures import (
    MOST_CHOICES,
    OTHER,
    Item,
    Moments,
    Nested,
    Pairs,
    alpha,
    groups,
    histogram,
    quantile,
)

SHARES = st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0])
NUMBERS = st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=2, max_size=60)


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def variance(values: list[float]) -> float:
    middle = mean(values)
    return math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1)


def correlation(xs: list[float], ys: list[float]) -> float | None:
    mx, my = mean(xs), mean(ys)
    up = math.fsum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True))
    below = math.fsum((x - mx) ** 2 for x in xs) * math.fsum((y - my) ** 2 for y in ys)
    return up / math.sqrt(below) if below > 1e-20 else None


@given(NUMBERS)
def test_mean_and_variance_are_those_of_the_two_pass_formulas(values: list[float]) -> None:
    moments = Moments()
    for value in values:
        moments.add(value)
    assert moments.mean == pytest.approx(mean(values), abs=1e-9)
    assert moments.variance == pytest.approx(variance(values), rel=1e-6, abs=1e-6)


def test_what_does_not_vary_has_no_variance_and_no_correlation() -> None:
    pairs = Pairs()
    for _ in range(1000):
        pairs.add(1 / 3, 0.1)
    assert pairs.x.variance == 0.0
    assert pairs.correlation is None


@given(st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=60))
def test_correlation_is_pearsons(values: list[tuple[float, float]]) -> None:
    pairs = Pairs()
    for x, y in values:
        pairs.add(x, y)
    expected = correlation([x for x, _ in values], [y for _, y in values])
    if expected is None:
        assert pairs.correlation is None
    else:
        assert pairs.correlation == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.booleans(), SHARES), min_size=4, max_size=60))
def test_for_right_and_wrong_it_is_the_point_biserial_coefficient(
    values: list[tuple[bool, float]],
) -> None:
    right = [y for x, y in values if x]
    wrong = [y for x, y in values if not x]
    spread = math.sqrt(mean([(y - mean([b for _, b in values])) ** 2 for _, y in values]))
    pairs = Pairs()
    for x, y in values:
        pairs.add(float(x), y)
    if not right or not wrong or spread < 1e-9:
        assert pairs.correlation is None
        return
    p = len(right) / len(values)
    textbook = (mean(right) - mean(wrong)) / spread * math.sqrt(p * (1 - p))
    assert pairs.correlation == pytest.approx(textbook, abs=1e-9)


@given(st.lists(SHARES, max_size=60))
def test_groups_are_of_equal_size_and_do_not_meet(shares: list[float]) -> None:
    found = groups([(share, number) for number, share in enumerate(shares)])
    upper = [n for n, group in found.items() if group > 0]
    lower = [n for n, group in found.items() if group < 0]
    assert len(upper) == len(lower) == min(max(1, round(0.27 * len(shares))), len(shares) // 2)
    if upper:
        assert min(shares[n] for n in upper) >= max(shares[n] for n in lower)


def test_discrimination_is_upper_less_lower() -> None:
    item = Item()
    for share, group in ((1.0, 1), (1.0, 1), (0.5, 0), (0.0, -1), (1.0, -1)):
        item.add(share, 0.0, group)
    assert item.discrimination == 0.5
    assert item.facility == 0.7


def test_alpha_of_a_worked_example() -> None:
    # Five learners, three questions, right or wrong; KR-20 is alpha then.
    answers = [(1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 0, 0), (1, 1, 1)]
    columns = [[float(row[n]) for row in answers] for n in range(3)]
    sums = [float(sum(row)) for row in answers]
    found = alpha([variance(column) for column in columns], variance(sums), 3)
    pq = sum(mean(c) * (1 - mean(c)) for c in columns)
    kr20 = 3 / 2 * (1 - pq / (variance(sums) * 4 / 5))
    assert found == pytest.approx(kr20)
    assert alpha([0.0], 1.0, 1) is None
    assert alpha([0.0, 0.0], 0.0, 2) is None


@given(st.lists(st.lists(SHARES, min_size=3, max_size=3), min_size=3, max_size=20))
def test_nested_reliability_is_icc_1_k(rows: list[list[float]]) -> None:
    nested = Nested()
    for row in rows:
        nested.add(row)
    n, k = len(rows), 3
    grand = mean([x for row in rows for x in row])
    between = k * math.fsum((mean(row) - grand) ** 2 for row in rows) / (n - 1)
    within = math.fsum((x - mean(row)) ** 2 for row in rows for x in row) / (n * (k - 1))
    if between < 1e-9:
        assert nested.reliability is None or between > 0
    else:
        assert nested.reliability == pytest.approx((between - within) / between, abs=1e-6)


def test_learners_who_differ_are_told_apart_also_by_different_questions() -> None:
    chance = random.Random(4)
    nested = Nested()
    for learner in range(200):
        strength = learner / 200
        nested.add([float(chance.random() < strength) for _ in range(40)])
    assert nested.reliability is not None
    assert nested.reliability > 0.85


@given(st.lists(st.floats(0, 1), max_size=200))
def test_a_histogram_counts_everybody_once(shares: list[float]) -> None:
    assert sum(histogram(shares)) == len(shares)


def test_borders_of_a_histogram_belong_to_the_higher_bar() -> None:
    assert histogram([0.0, 0.1, 0.3, 0.7, 1.0]) == [1, 1, 0, 1, 0, 0, 0, 1, 0, 1]


@given(NUMBERS, st.floats(0, 1))
def test_quantiles_lie_between_the_ends(values: list[float], share: float) -> None:
    ordered = sorted(values)
    assert ordered[0] - 1e-9 <= quantile(ordered, share) <= ordered[-1] + 1e-9
    assert quantile(ordered, 0) == ordered[0]
    assert quantile(ordered, 1) == ordered[-1]


def test_many_different_answers_do_not_fill_the_memory() -> None:
    item = Item()
    for number in range(5_000):
        item.choose("", f"answer {number}", 0)
    assert len(item.choices) <= MOST_CHOICES + 1
    assert sum(found[0] for found in item.choices.values()) == 5_000
    assert item.choices["", OTHER][0] == 5_000 - MOST_CHOICES
