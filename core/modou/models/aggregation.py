"""How many grades become one: pure arithmetic over a tree of grade items and categories.

`prepare` checks a tree once; `PreparedTree.evaluate` then reckons one learner after the other::

    tree = CategoryNode("course", "weighted_mean", children=(
        ItemNode("attendance", weight=2),
        CategoryNode("quizzes", "mean", weight=3, drop_lowest=1, children=(
            ItemNode("quiz 1", max=10), ItemNode("quiz 2", max=10), ItemNode("quiz 3", max=20),
        )),
    ))
    prepare(tree).evaluate({"attendance": 90, "quiz 1": 8, "quiz 2": 5})
    # course: value 84.0 of 100; "quizzes": 80.0 of 100; "quiz 2": dropped

The rules, in the order in which they apply (docs/explanation/grading.md shows each by example):

1. *Fraction.* A value is kept between `min` and `max` of its item; its fraction is
   `(value - min) / (max - min)`, its points are `value - min` of `max - min`. A category is a grade
   from 0 to its maximum for the category above.
2. *Override.* A value set by hand replaces what an item has or a category reckons, and is taken as
   it is, even outside the limits. What lies below an overridden category is still reckoned.
3. *Exclusion.* An excluded item or category leaves the category above as if it were not there,
   overridden or not. Its own result is still given.
4. *Empty.* No value, or a category without a result, is empty. With `aggregate_only_graded` it
   leaves the category above, otherwise it counts there as 0 %. A category in which nothing can
   count (no children, all of them excluded, only extra credit, weights that add up to 0) always
   leaves.
5. *Dropping.* Of what is left, extra credit apart, the `drop_lowest` grades with the lowest
   fractions go, then all but the `keep_highest` with the highest. Among equals the first in order
   is the first to go. One grade is always kept.
6. *Combining* by the named function of the rest. Extra credit adds to the numerator alone; only
   the means and the sum know it. The result is kept between 0 and 100 %.
7. *Maximum* of a category: its own `max`; with "sum" the points of the grades that count without
   extra credit or, while there is no grade, of those that would count.

Arithmetic is in floating point. Comparisons with boundaries and pass marks (`LetterScale`,
`passed`) round to five decimals first, so that 59.999999999 never fails somebody.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from modou.declarations import GradeAggregation
from modou.i18n import _

NodeId = int | str
Number = int | float | Fraction

_DECIMALS = 5
# Fractions that agree so far are equal: what is dropped must not hang on the last bit of a sum.
_TIE_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class ItemNode:
    """A grade item.

    :param weight: share in a weighted mean; other ways of aggregation do not look at it
    :param excluded: leaves the reckoning for every learner, e.g. while it is hidden
    :param extra: extra credit: adds, but is not expected of anybody
    :raises ValueError: when `max` is not above `min`, or a number is negative or not finite
    """

    id: NodeId
    max: float = 100.0
    min: float = 0.0
    weight: float = 1.0
    excluded: bool = False
    extra: bool = False

    def __post_init__(self) -> None:
        _check(self.id, self.max, self.min, self.weight)


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A category of grade items and categories; the top of the tree is the course.

    :param aggregation: name of the way to combine, see `BUILT_IN`
    :param max: what 100 % of it are worth; "sum" finds its own
    :param drop_lowest: how many of the lowest grades do not count
    :param keep_highest: how many of the highest grades count, 0 for all
    :param aggregate_only_graded: whether empty grades leave the reckoning or count as 0 %
    """

    id: NodeId
    aggregation: str = "weighted_mean"
    children: Sequence["ItemNode | CategoryNode"] = ()
    weight: float = 1.0
    max: float = 100.0
    drop_lowest: int = 0
    keep_highest: int = 0
    aggregate_only_graded: bool = True
    excluded: bool = False
    extra: bool = False

    def __post_init__(self) -> None:
        _check(self.id, self.max, 0.0, self.weight)
        if self.drop_lowest < 0 or self.keep_highest < 0:
            raise ValueError(f"grade category {self.id!r}: a number to drop or keep is negative")


def _check(node_id: NodeId, maximum: float, minimum: float, weight: float) -> None:
    if not all(map(math.isfinite, (maximum, minimum, weight))):
        raise ValueError(f"grade item {node_id!r}: max, min and weight must be finite")
    if maximum <= minimum:
        raise ValueError(f"grade item {node_id!r}: max must be above min")
    if weight < 0:
        raise ValueError(f"grade item {node_id!r}: weight must not be negative")


class Grade(NamedTuple):
    """One grade as a way of aggregation sees it."""

    #: From 0 to 1.
    fraction: float
    weight: float
    #: How many points 100 % of it are worth.
    points: float
    #: Extra credit.
    extra: bool


class Result(NamedTuple):
    """What one node has come to for one learner."""

    #: On the node's own scale, None when it is empty.
    value: float | None
    max: float
    #: From 0 to 100, None when it is empty.
    percent: float | None
    #: It does not count because of `drop_lowest` or `keep_highest` of the category above.
    dropped: bool
    #: It is among the grades that the category above combines.
    counts: bool = True


#: Makes one fraction of the grades that count, None when there is nothing to divide by. Plugins
#: offer their own through the hook `grade_aggregations`.
Combine = Callable[[Sequence[Grade]], float | None]


def weighted_mean(grades: Sequence[Grade]) -> float | None:
    """Combine by the weights: Σ fraction * weight / Σ weight."""
    total = weights = 0.0
    for fraction, weight, _points, extra in grades:
        total += fraction * weight
        if not extra:
            weights += weight
    return total / weights if weights else None


def mean(grades: Sequence[Grade]) -> float | None:
    """Combine all alike: Σ fraction / number."""
    total, number = 0.0, 0
    for fraction, _weight, _points, extra in grades:
        total += fraction
        number += not extra
    return total / number if number else None


def add_points(grades: Sequence[Grade]) -> float | None:
    """Combine by the points, as a natural sum does: Σ fraction * points / Σ points."""
    total = points_in_all = 0.0
    for fraction, _weight, points, extra in grades:
        total += fraction * points
        if not extra:
            points_in_all += points
    return total / points_in_all if points_in_all else None


def _expected(grades: Sequence[Grade]) -> list[float]:
    return sorted([fraction for fraction, _weight, _points, extra in grades if not extra])


def highest(grades: Sequence[Grade]) -> float | None:
    """Take the highest fraction."""
    return max(_expected(grades), default=None)


def lowest(grades: Sequence[Grade]) -> float | None:
    """Take the lowest fraction."""
    return min(_expected(grades), default=None)


def median(grades: Sequence[Grade]) -> float | None:
    """Take the middle fraction, or the mean of the two in the middle."""
    fractions = _expected(grades)
    middle = len(fractions) // 2
    if not fractions:
        return None
    if len(fractions) % 2:
        return fractions[middle]
    return (fractions[middle - 1] + fractions[middle]) / 2


#: What the core itself offers through the hook `grade_aggregations`.
BUILT_IN: Final = (
    GradeAggregation(
        "weighted_mean",
        _("Weighted mean"),
        weighted_mean,
        _("Each grade counts by its weight, whatever its maximum."),
    ),
    GradeAggregation("mean", _("Mean"), mean, _("All grades count alike.")),
    GradeAggregation(
        "points_mean",
        _("Mean weighted by points"),
        add_points,
        _("Each grade counts by its maximum."),
    ),
    GradeAggregation(
        "sum",
        _("Sum of points"),
        add_points,
        _("Points are added up; the maximum is the sum of the maxima."),
    ),
    GradeAggregation("highest", _("Highest grade"), highest, _("Only the best grade counts.")),
    GradeAggregation("lowest", _("Lowest grade"), lowest, _("Only the worst grade counts.")),
    GradeAggregation(
        "median", _("Median grade"), median, _("The grade in the middle of all of them counts.")
    ),
)
#: The way of aggregation whose maximum is the sum of the maxima below it.
SUM: Final = "sum"
AGGREGATIONS: Final[Mapping[str, Combine]] = {entry.name: entry.function for entry in BUILT_IN}


class _Child(NamedTuple):
    """An item or a category below another one, with all that the reckoning asks of it."""

    id: NodeId
    min: float
    max: float
    #: `max - min`; of a category for the time being, since a sum finds its own.
    points: float
    weight: float
    extra: bool
    #: Excluded for every learner.
    excluded: bool
    #: Result of an item without a grade.
    nothing: "Result"
    #: Set if it is a category.
    category: "_Category | None"


@dataclass(frozen=True, slots=True)
class _Category:
    id: NodeId
    children: tuple[_Child, ...]
    combine: Combine
    max: float
    adds_points: bool
    drop_lowest: int
    keep_highest: int
    only_graded: bool


def prepare(
    tree: CategoryNode, aggregations: Mapping[str, Combine] = AGGREGATIONS
) -> "PreparedTree":
    """Check a tree and make it ready to be evaluated for many learners.

    :param aggregations: the ways to combine by name, those of plugins among them
    :raises ValueError: for an id that stands twice or an aggregation that nobody offers
    """
    seen = {tree.id}

    def child(node: ItemNode | CategoryNode, above: CategoryNode) -> _Child:
        if node.id in seen:
            raise ValueError(f"grade item {node.id!r} stands twice in the tree")
        seen.add(node.id)
        low = float(node.min) if isinstance(node, ItemNode) else 0.0
        high = float(node.max)
        return _Child(
            node.id,
            low,
            high,
            high - low,
            float(node.weight),
            node.extra,
            node.excluded,
            Result(None, high, None, False, counts=not above.aggregate_only_graded),
            category(node) if isinstance(node, CategoryNode) else None,
        )

    def category(node: CategoryNode) -> _Category:
        combine = aggregations.get(node.aggregation)
        if combine is None:
            raise ValueError(
                f"grade category {node.id!r}: nothing aggregates by {node.aggregation!r}; "
                f"there are {', '.join(sorted(aggregations))}"
            )
        return _Category(
            node.id,
            tuple(child(below, node) for below in node.children),
            combine,
            float(node.max),
            node.aggregation == SUM,
            node.drop_lowest,
            node.keep_highest,
            node.aggregate_only_graded,
        )

    return PreparedTree(category(tree))


def aggregate(
    tree: CategoryNode,
    values: Mapping[NodeId, Number | None],
    excluded: Collection[NodeId] = (),
    overrides: Mapping[NodeId, Number] | None = None,
    aggregations: Mapping[str, Combine] = AGGREGATIONS,
) -> dict[NodeId, Result]:
    """Reckon one learner's grades; for more than one `prepare` the tree once."""
    return prepare(tree, aggregations).evaluate(values, excluded, overrides)


class PreparedTree:
    """A checked tree of grades. Holds nothing of any learner: safe to keep and to share."""

    __slots__ = ("_root",)

    def __init__(self, root: _Category) -> None:
        self._root = root

    def evaluate(
        self,
        values: Mapping[NodeId, Number | None],
        excluded: Collection[NodeId] = (),
        overrides: Mapping[NodeId, Number] | None = None,
    ) -> dict[NodeId, Result]:
        """Reckon all grades of one learner by the rules of this module.

        :param values: item id -> grade on the item's own scale, finite; None or no entry: empty
        :param excluded: ids of items and categories that do not count for this learner
        :param overrides: id of an item or a category -> grade set by hand
        :return: id -> result for every node of the tree
        """
        evaluation = _Evaluation(values, excluded, overrides or {})
        evaluation.category(self._root)
        return evaluation.results


# A plain tuple made into the named one: half the time of calling the class, and a grade book page
# makes thousands.
_new: Final = tuple.__new__


class _Evaluation:
    """The reckoning for one learner."""

    __slots__ = ("_excluded", "_overrides", "_values", "results")

    def __init__(
        self,
        values: Mapping[NodeId, Number | None],
        excluded: Collection[NodeId],
        overrides: Mapping[NodeId, Number],
    ) -> None:
        self._values = values
        self._excluded = excluded
        self._overrides = overrides
        self.results: dict[NodeId, Result] = {}

    def category(self, category: _Category) -> tuple[float | None, float, bool]:
        """Record the results of a category and of everything below it.

        :return: its fraction, its maximum, and whether it can count in the category above
        """
        graded, ids, empty = self._children(category)
        counting = graded
        if category.drop_lowest or category.keep_highest:
            counting, dropped = _drop(graded, category)
            for place in dropped:
                node_id = ids[place]
                self.results[node_id] = self.results[node_id]._replace(dropped=True, counts=False)
        fraction = category.combine(counting) if counting else None
        can_count = True
        if fraction is None:
            counting, _dropped = _drop(graded + empty, category)
            can_count = bool(counting) and category.combine(counting) is not None
        else:
            fraction = min(max(fraction, 0.0), 1.0)
        maximum = category.max
        if category.adds_points:
            maximum = sum([points for _fraction, _weight, points, extra in counting if not extra])
        value = None if fraction is None else fraction * maximum
        override = self._overrides.get(category.id)
        if override is not None:
            value = float(override)
            fraction = value / maximum if maximum else None
            can_count = fraction is not None
        percent = None if fraction is None else fraction * 100.0
        self.results[category.id] = Result(value, maximum, percent, False)
        return fraction, maximum, can_count

    def _children(self, category: _Category) -> tuple[list[Grade], list[NodeId], list[Grade]]:
        """Record the results below a category.

        :return: the grades in the reckoning, their ids, and empty ones that leave it
        """
        graded: list[Grade] = []
        ids: list[NodeId] = []
        empty: list[Grade] = []
        values, overrides, excluded = self._values, self._overrides, self._excluded
        results, only_graded = self.results, category.only_graded
        for node_id, low, high, points, weight, extra, never, nothing, below in category.children:
            fraction: float | None = None
            if below is not None:
                fraction, points, can_count = self.category(below)
                if not can_count or (fraction is None and only_graded):
                    results[node_id] = results[node_id]._replace(counts=False)
                if not can_count:
                    continue
            elif overrides and overrides.get(node_id) is not None:
                value = float(overrides[node_id])
                fraction = (value - low) / points
                results[node_id] = _new(Result, (value, high, fraction * 100.0, False, True))
            elif (given := values.get(node_id)) is not None:
                value = float(given)
                if not low <= value <= high:
                    value = low if value < low else high
                fraction = (value - low) / points
                results[node_id] = _new(Result, (value, high, fraction * 100.0, False, True))
            else:
                results[node_id] = nothing
            if never or (excluded and node_id in excluded):
                results[node_id] = results[node_id]._replace(counts=False)
                continue
            grade = _new(Grade, (fraction or 0.0, weight, points, extra))
            if fraction is None and only_graded:
                empty.append(grade)
            else:
                graded.append(grade)
                ids.append(node_id)
        return graded, ids, empty


def _drop(grades: list[Grade], category: _Category) -> tuple[list[Grade], list[int]]:
    """Give the grades that count, in order, and the places of the others."""
    places = [place for place, grade in enumerate(grades) if not grade.extra]
    remain = max(len(places) - category.drop_lowest, 1)
    if category.keep_highest:
        remain = min(remain, category.keep_highest)
    surplus = len(places) - remain
    if surplus <= 0:
        return grades, []
    places.sort(key=lambda place: round(grades[place].fraction, _TIE_DECIMALS))
    dropped = places[:surplus]
    return [grade for place, grade in enumerate(grades) if place not in dropped], dropped


def passed(result: Result, pass_mark: float | None) -> bool | None:
    """Tell whether a result reaches the pass mark, a value on its own scale.

    :return: None when there is no pass mark or no grade yet
    """
    if pass_mark is None or result.value is None:
        return None
    return round(result.value, _DECIMALS) >= round(pass_mark, _DECIMALS)


class LetterScale:
    """Letters, or words, for percentages.

    :param boundaries: pairs of the lowest percentage and its letter, in any order
    :raises ValueError: when no letter begins at 0, or a boundary stands twice or is not within
        0 to 100
    """

    __slots__ = ("_floors", "_letters")

    def __init__(self, boundaries: Sequence[tuple[float, str]]) -> None:
        rising = sorted(boundaries, key=lambda boundary: boundary[0])
        self._floors = [round(float(floor), _DECIMALS) for floor, _letter in rising]
        self._letters = [letter for _floor, letter in rising]
        if not rising or self._floors[0] != 0.0:
            raise ValueError("the lowest letter must begin at 0 percent")
        if not self._floors[-1] <= 100.0:
            raise ValueError("no letter can begin above 100 percent")
        if len(set(self._floors)) < len(self._floors):
            raise ValueError("two letters begin at the same percentage")

    def letter(self, percent: float | None) -> str | None:
        """Give the letter for a percentage, None for an empty grade."""
        if percent is None:
            return None
        place = bisect_right(self._floors, round(percent, _DECIMALS)) - 1
        return self._letters[max(place, 0)]

    def __iter__(self) -> Iterator[tuple[float, str]]:
        """Pairs of boundary and letter, the highest first."""
        return zip(reversed(self._floors), reversed(self._letters), strict=True)


#: The five levels that Chinese schools and training institutions use.
FIVE_LEVELS: Final = LetterScale(
    (
        (90.0, _("Excellent")),
        (80.0, _("Good")),
        (70.0, _("Fair")),
        (60.0, _("Pass")),
        (0.0, _("Fail")),
    )
)
