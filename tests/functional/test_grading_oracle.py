"""The total of the real services against plain arithmetic in fractions, over random grade books."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from modou.models.grades import GradeCategory, GradeSheet
from modou.services import grading
from tests import factories

AGGREGATIONS = ["weighted_mean", "mean", "sum", "points_mean", "highest", "lowest", "median"]
LINEAR = ["weighted_mean", "mean", "sum", "points_mean"]
LIMITS = [(0, 100), (0, 10), (0, 33), (1, 5), (-20, 20)]
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Oracle:
    """A learner's total as the rules in docs/explanation/grading.md have it, without floats."""

    def __init__(self, book, grades, excluded):
        self.book = book
        self.grades = grades
        self.excluded = excluded

    def percent(self):
        fraction, _points, _counts = self.category(self.book.root)
        return None if fraction is None else fraction * 100

    def node(self, id):
        """Fraction (or None), points, whether it can count."""
        node = self.book.node(id)
        if isinstance(node, GradeCategory):
            return self.category(node)
        span = Fraction(node.maximum) - Fraction(node.minimum)
        value = self.grades.get(id)
        if value is None:
            return None, span, True
        return (Fraction(value) - Fraction(node.minimum)) / span, span, True

    def category(self, category):
        present, everything = [], []
        for id in category.children:
            node = self.book.node(id)
            fraction, points, counts = self.node(id)
            if id in self.excluded or getattr(node, "hidden", False) or not counts:
                continue
            entry = (fraction or Fraction(0), Fraction(node.weight), points, node.extra, node)
            everything.append((Fraction(0), *entry[1:]) if fraction is None else entry)
            if fraction is not None or not category.only_graded:
                present.append(entry)
        kept = self.drop(category, present)
        result = self.combine(category, kept)
        points = Fraction(100)
        if result is None:
            kept = self.drop(category, everything)
        if category.aggregation == "sum":
            points = sum((entry[2] for entry in kept if not entry[3]), Fraction(0))
        counts = result is not None or self.combine(category, kept) is not None
        if result is not None:
            result = min(max(result, Fraction(0)), Fraction(1))
        return result, points, counts

    @staticmethod
    def drop(category, entries):
        ranked = sorted((e for e in entries if not e[3]), key=lambda entry: entry[0])
        remain = max(1, len(ranked) - category.drop_lowest)
        if category.keep_highest:
            remain = min(remain, category.keep_highest)
        surplus = max(0, len(ranked) - remain)
        if surplus:
            last, first = ranked[surplus - 1], ranked[surplus]
            # Which of two equal grades goes is fixed for exact numbers only.
            computed = isinstance(last[4], GradeCategory) or isinstance(first[4], GradeCategory)
            assume(not (computed and abs(last[0] - first[0]) < Fraction(1, 10**9)))
        gone = {id(entry) for entry in ranked[:surplus]}
        return [entry for entry in entries if id(entry) not in gone]

    @staticmethod
    def combine(category, entries):
        expected = sorted(entry[0] for entry in entries if not entry[3])
        if category.aggregation in {"highest", "lowest", "median"}:
            if not expected:
                return None
            if category.aggregation == "median":
                half = len(expected) // 2
                return (expected[half] + expected[-half - 1]) / 2
            return expected[-1] if category.aggregation == "highest" else expected[0]
        sizes = {
            "weighted_mean": lambda entry: entry[1],
            "mean": lambda _entry: Fraction(1),
            "sum": lambda entry: entry[2],
            "points_mean": lambda entry: entry[2],
        }[category.aggregation]
        together = sum(sizes(entry) for entry in entries if not entry[3])
        if not together:
            return None
        return sum(entry[0] * sizes(entry) for entry in entries) / together


def fill(data, occasion, course, aggregations, *, extra):
    """A random tree through the verbs."""
    flag = st.booleans() if extra else st.just(False)
    parents = [0]
    for number in range(data.draw(st.integers(0, 4), "categories")):
        values = {
            "title": f"类别 {number}",
            "parent": data.draw(st.sampled_from(parents)),
            "aggregation": data.draw(st.sampled_from(aggregations)),
            "weight": float(data.draw(st.integers(0, 5))),
            "drop_lowest": data.draw(st.integers(0, 2)),
            "keep_highest": data.draw(st.integers(0, 2)),
            "only_graded": data.draw(st.booleans()),
            "extra": data.draw(flag),
        }
        parents.append(grading.add_category(occasion, course, values).id)
    root = {
        "aggregation": data.draw(st.sampled_from(aggregations)),
        "drop_lowest": data.draw(st.integers(0, 1)),
        "only_graded": data.draw(st.booleans()),
    }
    book = grading.book_of(course)
    grading.change_category(occasion, course, book.root, root)
    for number in range(data.draw(st.integers(1, 8), "items")):
        minimum, maximum = data.draw(st.sampled_from(LIMITS))
        values = {
            "title": f"成绩项 {number}",
            "category": data.draw(st.sampled_from(parents)),
            "minimum": float(minimum),
            "maximum": float(maximum),
            "weight": float(data.draw(st.integers(0, 5))),
            "hidden": data.draw(st.integers(0, 5)) == 0,
            "extra": data.draw(flag),
        }
        grading.add_item(occasion, course, values)


def grade(data, occasion, course, enrolment):
    """Random grades and exclusions through the verbs; what was given."""
    given_, excluded = {}, set()
    for item in grading.book_of(course).ordered_items():
        value = data.draw(st.none() | st.integers(int(item.minimum), int(item.maximum)))
        if value is not None:
            grading.set_grade(occasion, course, item, enrolment, float(value), source="manual")
            given_[item.id] = value
        if data.draw(st.integers(0, 5)) == 0:
            grading.exclude(occasion, course, item, enrolment, "病假")
            excluded.add(item.id)
    return given_, excluded


@MANY
@given(data=st.data())
def test_the_total_is_what_plain_arithmetic_gives(site, data):
    with site.occasion() as occasion:
        course = factories.course(occasion)
        enrolment = factories.enrolment(occasion, course, factories.user(occasion))
        fill(data, occasion, course, AGGREGATIONS, extra=True)
        values, excluded = grade(data, occasion, course, enrolment)
        expected = Oracle(grading.book_of(course), values, excluded).percent()
        total = grading.total_of(occasion, course, enrolment).percent
        if expected is None:
            assert total is None
        else:
            assert total == pytest.approx(float(expected), abs=1e-9)


@MANY
@given(data=st.data())
def test_contributions_add_up_to_the_total(site, data):
    with site.occasion() as occasion:
        course = factories.course(occasion)
        enrolment = factories.enrolment(occasion, course, factories.user(occasion))
        fill(data, occasion, course, LINEAR, extra=False)
        grade(data, occasion, course, enrolment)
        report = grading.report_of(occasion, course, enrolment)
        brought = [line.contribution or 0.0 for line in report.lines if line.is_item]
        assert sum(brought) == pytest.approx(report.total.percent or 0.0, abs=1e-9)
        if report.total.percent is not None:
            shares = [line.share or 0.0 for line in report.lines if not line.depth]
            assert sum(shares) == pytest.approx(100.0, abs=1e-9)


@MANY
@given(data=st.data())
def test_a_kept_total_is_never_stale(site, data):
    with site.occasion() as occasion:
        course = factories.course(occasion)
        enrolment = factories.enrolment(occasion, course, factories.user(occasion))
        fill(data, occasion, course, AGGREGATIONS, extra=True)
        for _step in range(4):
            grading.total_of(occasion, course, enrolment)
            book = grading.book_of(course)
            item = data.draw(st.sampled_from(book.ordered_items()))
            if data.draw(st.booleans()):
                weight = float(data.draw(st.integers(0, 9)))
                grading.change_item(occasion, course, item, {"weight": weight})
            else:
                value = float(data.draw(st.integers(int(item.minimum), int(item.maximum))))
                grading.set_grade(occasion, course, item, enrolment, value, source="manual")
            kept = grading.total_of(occasion, course, enrolment)
            fresh = GradeSheet()
            fresh.grades = enrolment.grades.grades if enrolment.grades is not None else {}
            enrolment_sheet, enrolment.grades = enrolment.grades, fresh
            assert kept == grading.total_of(occasion, course, enrolment)
            enrolment.grades = enrolment_sheet
