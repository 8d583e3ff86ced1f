"""Grades are reckoned as documented: by example, and against exact arithmetic on random trees."""

import math
import timeit
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modou.models.aggregation import (
    AGGREGATIONS,
    BUILT_IN,
    FIVE_LEVELS,
    CategoryNode,
    ItemNode,
    LetterScale,
    Result,
    aggregate,
    passed,
    prepare,
)

# --- the oracle: the rules of docs/explanation/grading.md in exact fractions ----------------------


def oracle(node, values, excluded, overrides):
    """Give {id: (value, maximum, fraction)} and whether the top can count."""
    if isinstance(node, ItemNode):
        return oracle_item(node, values, overrides)
    table, seen = {}, []
    for child in node.children:
        below, counts = oracle(child, values, excluded, overrides)
        table.update(below)
        if counts and not child.excluded and child.id not in excluded:
            seen.append((child, *below[child.id][1:]))
    present = [
        (child, top, Fraction(0) if share is None else share)
        for child, top, share in seen
        if share is not None or not node.aggregate_only_graded
    ]
    zeros = [(child, top, Fraction(0)) for child, top, share in seen]
    chosen = oracle_choice(present, node)
    share = oracle_combine(chosen, node.aggregation)
    counts = True
    if share is None:
        chosen = oracle_choice(zeros, node)
        counts = oracle_combine(chosen, node.aggregation) is not None
    else:
        share = max(Fraction(0), min(Fraction(1), share))
    top = Fraction(node.max)
    if node.aggregation == "sum":
        top = sum((points(child, top) for child, top, _s in chosen if not child.extra), Fraction())
    value = None if share is None else share * top
    if node.id in overrides:
        value = Fraction(overrides[node.id])
        share = value / top if top else None
        counts = share is not None
    table[node.id] = (value, top, share)
    return table, counts


def oracle_item(item, values, overrides):
    low, high = Fraction(item.min), Fraction(item.max)
    if item.id in overrides:
        value = Fraction(overrides[item.id])
    elif values.get(item.id) is not None:
        value = sorted([low, Fraction(values[item.id]), high])[1]
    else:
        return {item.id: (None, high, None)}, True
    return {item.id: (value, high, (value - low) / (high - low))}, True


def points(child, top):
    return top - Fraction(child.min) if isinstance(child, ItemNode) else top


def oracle_choice(present, node):
    rivals = [entry for entry in present if not entry[0].extra]
    # sorted() is stable: among equals the first in order goes first.
    rivals = sorted(rivals, key=lambda entry: entry[2])
    gone = rivals[: min(node.drop_lowest, len(rivals) - 1)] if rivals else []
    rivals = rivals[len(gone) :]
    if node.keep_highest:
        surplus = max(0, len(rivals) - node.keep_highest)
        gone = gone + rivals[:surplus]
    return [entry for entry in present if entry[0].id not in {one[0].id for one in gone}]


def oracle_combine(chosen, aggregation):
    plain = [entry for entry in chosen if not entry[0].extra]
    shares = sorted(share for _child, _top, share in plain)
    if aggregation in ("highest", "lowest", "median"):
        if not shares:
            return None
        half = len(shares) // 2
        return {
            "highest": shares[-1],
            "lowest": shares[0],
            "median": (shares[half] + shares[~half]) / 2,
        }[aggregation]
    share_of = {
        "weighted_mean": lambda child, top: Fraction(child.weight),
        "mean": lambda child, top: Fraction(1),
        "points_mean": points,
        "sum": points,
    }[aggregation]
    below = sum((share_of(child, top) for child, top, _share in plain), Fraction())
    above = sum((share_of(child, top) * share for child, top, share in chosen), Fraction())
    return above / below if below else None


@st.composite
def trees(draw):
    count = [0]

    def flags():
        count[0] += 1
        return {
            "id": f"n{count[0]}",
            "weight": draw(st.integers(0, 5)),
            "excluded": draw(st.integers(0, 9)) == 0,
            "extra": draw(st.integers(0, 7)) == 0,
        }

    def item():
        low = draw(st.sampled_from([0, 0, 0, -5, 10]))
        return ItemNode(min=low, max=low + draw(st.sampled_from([1, 10, 20, 100])), **flags())

    def category(depth):
        own = flags()
        children = tuple(
            category(depth + 1) if depth < 4 and draw(st.integers(0, 3)) == 0 else item()
            for _child in range(draw(st.integers(0, 5)))
        )
        return CategoryNode(
            aggregation=draw(st.sampled_from(sorted(AGGREGATIONS))),
            children=children,
            max=draw(st.sampled_from([100, 60])),
            drop_lowest=draw(st.sampled_from([0, 0, 1, 2])),
            keep_highest=draw(st.sampled_from([0, 0, 1, 2])),
            aggregate_only_graded=draw(st.booleans()),
            **own,
        )

    tree = category(1)
    ids = [f"n{number}" for number in range(1, count[0] + 1)]
    values = draw(
        st.dictionaries(st.sampled_from(ids), st.none() | st.integers(-10, 120), max_size=count[0])
    )
    excluded = draw(st.sets(st.sampled_from(ids), max_size=2))
    overrides = draw(st.dictionaries(st.sampled_from(ids), st.integers(0, 110), max_size=2))
    return tree, values, excluded, overrides


def close(left, right):
    if left is None or right is None:
        return left is right
    return math.isclose(left, right, rel_tol=0, abs_tol=1e-9)


class TestAgainstTheOracle:
    @settings(max_examples=400, deadline=None)
    @given(trees())
    def test_every_node_is_equal_to_a_billionth(self, drawn):
        tree, values, excluded, overrides = drawn
        results = aggregate(tree, values, excluded, overrides)
        expected, _counts = oracle(tree, values, excluded, overrides)
        assert results.keys() == expected.keys()
        for node_id, (value, top, share) in expected.items():
            got = results[node_id]
            assert close(got.value, value), node_id
            assert close(got.max, top), node_id
            assert close(got.percent, None if share is None else share * 100), node_id

    @settings(max_examples=50, deadline=None)
    @given(trees())
    def test_a_prepared_tree_remembers_nobody(self, drawn):
        tree, values, excluded, overrides = drawn
        prepared = prepare(tree)
        before = prepared.evaluate({})
        prepared.evaluate(values, excluded, overrides)
        assert prepared.evaluate({}) == before


# --- by example -----------------------------------------------------------------------------------


def course(*children, **options):
    return CategoryNode("course", children=children, **options)


def total(tree, values, *more):
    return aggregate(tree, values, *more)["course"]


A, B, C = ItemNode("a"), ItemNode("b", max=50), ItemNode("c", max=20)


class TestExamples:
    def test_the_example_of_the_module(self):
        quizzes = CategoryNode(
            "quizzes",
            "mean",
            (ItemNode("q1", max=10), ItemNode("q2", max=10), ItemNode("q3", max=20)),
            weight=3,
            drop_lowest=1,
        )
        tree = course(ItemNode("attendance", weight=2), quizzes)
        results = aggregate(tree, {"attendance": 90, "q1": 8, "q2": 5})
        assert results["quizzes"] == Result(80.0, 100.0, 80.0, False)
        assert results["q2"] == Result(5.0, 10.0, 50.0, True, counts=False)
        assert results["q3"] == Result(None, 20.0, None, False, counts=False)
        assert close(results["course"].value, 84.0)

    def test_an_empty_grade_leaves_or_counts_as_nothing(self):
        assert total(course(A, B, aggregation="mean"), {"a": 80}).value == 80
        strict = course(A, B, aggregation="mean", aggregate_only_graded=False)
        assert total(strict, {"a": 80}).value == 40
        assert total(course(A, B), {}).value is None

    def test_an_excluded_grade_leaves_even_where_empty_ones_count(self):
        strict = course(A, B, aggregation="mean", aggregate_only_graded=False)
        assert total(strict, {"a": 80}, {"b"}).value == 80
        assert total(strict, {"a": 80}, {"b"}, {"b": 50}).value == 80
        assert aggregate(strict, {"b": 25}, {"b"})["b"].percent == 50

    def test_a_sum_of_points_and_what_is_dropped_from_it(self):
        tree = course(A, B, C, aggregation="sum")
        summed = total(tree, {"a": 50, "b": 50, "c": 5})
        assert close(summed.value, 105)
        assert summed.max == 170
        assert close(summed.percent, 105 / 1.7)
        assert total(tree, {"a": 50}).max == 100
        dropping = course(A, B, C, aggregation="sum", drop_lowest=1)
        results = aggregate(dropping, {"a": 50, "b": 50, "c": 5})
        assert results["c"].dropped
        assert (results["course"].value, results["course"].max) == (100.0, 150.0)

    def test_the_maximum_of_a_sum_without_grades(self):
        assert total(course(A, B, C, aggregation="sum"), {}) == Result(None, 170.0, None, False)
        assert total(course(A, B, C, aggregation="sum", drop_lowest=1), {}).max == 70

    def test_dropping_goes_by_percentage_and_then_by_order(self):
        tree = course(A, B, C, drop_lowest=1)
        results = aggregate(tree, {"a": 49, "b": 25, "c": 10})
        assert [results[key].dropped for key in "abc"] == [True, False, False]
        results = aggregate(tree, {"a": 60, "b": 25, "c": 10})
        assert [results[key].dropped for key in "abc"] == [False, True, False]

    def test_the_last_grade_is_never_dropped(self):
        assert total(course(A, B, drop_lowest=5), {"b": 10}).percent == 20

    def test_only_the_highest_are_kept(self):
        results = aggregate(course(A, B, C, keep_highest=1), {"a": 70, "b": 40, "c": 5})
        assert [results[key].dropped for key in "abc"] == [True, False, True]
        assert results["course"].percent == 80

    def test_extra_credit_adds_but_is_not_expected(self):
        bonus = ItemNode("bonus", max=10, extra=True)
        tree = course(A, B, bonus, aggregation="sum")
        without = total(tree, {"a": 50, "b": 50})
        assert close(without.value, 100)
        assert without.max == 150
        assert close(total(tree, {"a": 50, "b": 50, "bonus": 8}).value, 108)
        assert total(tree, {"a": 100, "b": 50, "bonus": 8}).percent == 100
        assert total(tree, {"bonus": 8}).value is None

    def test_an_override_beats_values_and_limits(self):
        inner = CategoryNode("inner", "mean", (B, C))
        tree = course(A, inner, aggregation="mean")
        results = aggregate(tree, {"a": 50, "b": 0, "c": 0}, (), {"inner": 90, "a": 110})
        assert results["inner"].value == 90
        assert results["b"].value == 0
        assert results["a"].value == 110
        assert close(results["a"].percent, 110)
        assert results["course"].value == 100
        assert total(tree, {"a": 50}, (), {"course": 61.5}).value == 61.5

    def test_values_stay_within_their_limits(self):
        assert total(course(A), {"a": 130}).value == 100
        assert total(course(ItemNode("a", min=10, max=20)), {"a": 3}).value == 0

    def test_a_category_in_which_nothing_counts_does_no_harm(self):
        empty = CategoryNode("empty")
        tree = course(A, empty, aggregation="mean", aggregate_only_graded=False)
        assert total(tree, {"a": 80}).value == 80
        hidden = CategoryNode("hidden", children=(ItemNode("x", excluded=True),))
        tree = course(A, hidden, aggregation="mean", aggregate_only_graded=False)
        assert total(tree, {"a": 80, "x": 0}).value == 80

    def test_fractions_and_floats_and_integers_are_numbers(self):
        values = {"a": Fraction(200, 3), "b": 25.0, "c": 10}
        assert close(total(course(A, B, C, aggregation="mean"), values).value, (200 / 3 + 100) / 3)

    def test_a_plugin_brings_its_own_way(self):
        ways = {**AGGREGATIONS, "first": lambda grades: grades[0].fraction}
        tree = course(A, B, aggregation="first")
        assert aggregate(tree, {"a": 10, "b": 50}, aggregations=ways)["course"].value == 10
        with pytest.raises(ValueError, match="nothing aggregates by 'first'"):
            prepare(tree)

    def test_every_way_has_a_title_and_a_name_of_its_own(self):
        assert len({entry.name for entry in BUILT_IN}) == len(BUILT_IN) == len(AGGREGATIONS)
        assert all(entry.title and entry.description for entry in BUILT_IN)


class TestTrees:
    def test_an_id_stands_once(self):
        with pytest.raises(ValueError, match="'a' stands twice"):
            prepare(course(A, CategoryNode("inner", children=(A,))))
        with pytest.raises(ValueError, match="'course' stands twice"):
            prepare(course(ItemNode("course")))

    @pytest.mark.parametrize(
        "options",
        [{"max": 0}, {"min": 100}, {"weight": -1}, {"max": math.nan}, {"weight": math.inf}],
    )
    def test_an_item_has_sensible_numbers(self, options):
        with pytest.raises(ValueError, match="grade item 'x'"):
            ItemNode("x", **options)

    def test_a_category_has_sensible_numbers(self):
        with pytest.raises(ValueError, match="negative"):
            CategoryNode("x", drop_lowest=-1)

    def test_sixty_four_items_take_less_than_a_blink(self):
        tree = course(
            *(
                CategoryNode(
                    f"c{i}",
                    sorted(AGGREGATIONS)[i % 7],
                    tuple(ItemNode(f"i{i}.{j}", max=10 + j, weight=j) for j in range(8)),
                    drop_lowest=i % 2,
                )
                for i in range(8)
            )
        )
        prepared = prepare(tree)
        values = {f"i{i}.{j}": (i * j) % 10 for i in range(8) for j in range(8)}
        best = min(timeit.repeat(lambda: prepared.evaluate(values), number=20, repeat=15)) / 20
        # Measured 60 µs; the bound leaves room for a busy machine, not for another algorithm.
        assert best < 0.000_6


class TestPassAndLetters:
    def test_passing(self):
        assert passed(Result(60.0, 100.0, 60.0, False), 60) is True
        assert passed(Result(59.999_999_999, 100.0, 60.0, False), 60) is True
        assert passed(Result(59.99, 100.0, 59.99, False), 60) is False
        assert passed(Result(None, 100.0, None, False), 60) is None
        assert passed(Result(10.0, 100.0, 10.0, False), None) is None

    @pytest.mark.parametrize(
        ("percent", "letter"),
        [
            (100, "Excellent"),
            (120, "Excellent"),
            (90, "Excellent"),
            (89.999_999_9, "Excellent"),
            (89.99, "Good"),
            (60, "Pass"),
            (0, "Fail"),
            (-1, "Fail"),
            (None, None),
        ],
    )
    def test_letters(self, percent, letter):
        assert FIVE_LEVELS.letter(percent) == letter

    def test_a_scale_lists_its_boundaries(self):
        scale = LetterScale([(0, "F"), (60, "P")])
        assert list(scale) == [(60.0, "P"), (0.0, "F")]

    @pytest.mark.parametrize(
        ("boundaries", "sentence"),
        [
            ([], "begin at 0"),
            ([(10, "A")], "begin at 0"),
            ([(-1, "A"), (0, "B")], "begin at 0"),
            ([(0, "A"), (101, "B")], "above 100"),
            ([(0, "A"), (math.nan, "B")], "0"),
            ([(0, "A"), (50, "B"), (50, "C")], "same percentage"),
        ],
    )
    def test_a_scale_is_checked(self, boundaries, sentence):
        with pytest.raises(ValueError, match=sentence):
            LetterScale(boundaries)
