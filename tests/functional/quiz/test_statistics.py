"""What the job counts, against formulas written down the long way."""

import math
import random
from collections.abc import Callable
from statistics import fmean, stdev, variance
from typing import Any

import pytest

from modou.services import jobs
from modou_quiz.models.attempts import Given
from modou_quiz.models.marking import Rule
from modou_quiz.services import marking, shelf, statistics
from modou_quiz.services.marking.shelf import find_marking
from modou_quiz.services.marking.walking import closed
from modou_quiz.services.statistics import reading
from tests import exams, factories
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages

MakeSite = Callable[..., SiteUnderTest]
LEARNERS = 41
QUESTIONS = 6


@pytest.fixture
def quiz_site(make_site: MakeSite) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def pearson(xs: list[float], ys: list[float]) -> float | None:
    mx, my = fmean(xs), fmean(ys)
    below = sum((x - mx) ** 2 for x in xs) * sum((y - my) ** 2 for y in ys)
    if below < 1e-18:
        return None
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / math.sqrt(below)


def test_counted_as_the_formulas_say(quiz_site: SiteUnderTest) -> None:
    site = quiz_site
    chance = random.Random(11)
    marks = [2.0, 3.0, 5.0, 1.0, 4.0, 1.0]
    with site.occasion() as occasion:
        contents = [exams.single(f"第 {n + 1} 题", right=n % 4) for n in range(QUESTIONS)]
        exam = exams.exam(occasion, contents, marks, attempts=0)
        table: list[list[int | None]] = []
        for learner in range(LEARNERS):
            user = exams.learner(occasion, exam, f"l{learner}")
            strength = learner / LEARNERS
            row: list[int | None] = []
            for n in range(QUESTIONS):
                # In the last question the best take a wrong option.
                right = n % 4 if n < QUESTIONS - 1 else (2 if strength > 0.4 else n % 4)
                row.append(right if chance.random() < strength else chance.randrange(4))
            if learner % 5 == 0:
                row[3] = None
            table.append(row)
            given = {n: r for n, r in enumerate(row) if r is not None}
            exams.sit(occasion, exam, user, given, seconds=60 * (learner + 7))
            if learner % 4 == 0:
                # A second attempt, which the first ones' statistics pass over.
                exams.sit(occasion, exam, user, {0: 0, 5: 1}, seconds=60)
        factories.enrolment(
            occasion, exam.course_of(occasion), factories.user(occasion, "wang"), "teacher"
        )
        first = statistics.gather(occasion, exam.activity, "first")
        assert statistics.gather(occasion, exam.activity, "all").totals.n == len(exam.attempts)
    earned = [[marks[n] * (answer == n % 4) for n, answer in enumerate(row)] for row in table]
    totals = [sum(row) for row in earned]
    most = sum(marks)
    # Upper and lower 27 % by share of all marks, ties by the attempts' ids.
    with site.occasion() as occasion:
        ids = {a.user: a.id for a in closed(occasion.site, exam.activity) if a.number == 1}
        users = [occasion.site.user_index.usernames[f"l{n}"] for n in range(LEARNERS)]
    order = sorted(range(LEARNERS), key=lambda n: (totals[n] / most, ids[users[n]]))
    size = round(0.27 * LEARNERS)
    lower, upper = order[:size], order[-size:]
    for n, question in enumerate(exam.questions):
        item = first.items[question, 1]
        share = [row[n] / marks[n] for row in earned]
        rest = [(totals[k] - earned[k][n]) / (most - marks[n]) for k in range(LEARNERS)]
        assert item.n == LEARNERS
        assert item.facility == pytest.approx(fmean(share))
        assert item.discrimination == pytest.approx(
            fmean(share[k] for k in upper) - fmean(share[k] for k in lower)
        )
        assert item.correlation == pytest.approx(pearson(share, rest))
        assert item.omitted == sum(row[n] is None for row in table)
        for choice in range(4):
            taken = [k for k in range(LEARNERS) if table[k][n] == choice]
            expected = [len(taken), len({*taken} & {*upper}), len({*taken} & {*lower})]
            assert item.choices.get(("", str(choice)), [0, 0, 0]) == expected
    assert first.totals.mean == pytest.approx(fmean(totals))
    assert first.totals.deviation == pytest.approx(stdev(totals))
    kind, reliability = first.reliability
    assert kind == "alpha"
    assert reliability == pytest.approx(
        QUESTIONS
        / (QUESTIONS - 1)
        * (
            1
            - sum(variance([row[n] for row in earned]) for n in range(QUESTIONS)) / variance(totals)
        )
    )
    # By the job, into the plugin's data and beside the questions.
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        assert reading.counted(occasion, activity) is None
        jobs.enqueue(occasion, "quiz_statistics", activity=exam.activity, which="first")
    site.work()
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        counted = reading.counted(occasion, activity)
        assert counted is not None
        assert (counted.stale, counted.quiz["attempts"]) == (False, LEARNERS)
        assert sum(counted.quiz["histogram"]) == LEARNERS
        assert sum(counted.quiz["times"]["bins"]) == LEARNERS
        lines = {line.question: line for line in reading.sorted_items(counted, "facility")}
        assert "key" in lines[exam.questions[5]].flags
        assert reading.sorted_items(counted, "")[0].question == exam.questions[5]
        question = shelf.bank_of(occasion).questions.by_id(exam.questions[0])
        assert question.statistics is not None
        assert question.statistics["sittings"] == LEARNERS
        assert question.statistics["facility"] == pytest.approx(
            first.items[exam.questions[0], 1].facility
        )
        # Something new makes it stale, and the nightly job sees to it.
        exams.sit(occasion, exam, exams.learner(occasion, exam, "late"), {0: 0})
        assert reading.counted(occasion, activity).stale  # type: ignore[union-attr]
        kept = find_marking(occasion.site, exam.activity)
        assert kept is not None
        kept.rules = {exam.questions[5]: Rule(void="none")}
        jobs.enqueue(occasion, "quiz_statistics_all")
    site.work()
    with site.occasion("wang") as occasion:
        counted = reading.counted(occasion, exam.activity_of(occasion))
        assert counted is not None
        assert (counted.stale, counted.quiz["attempts"]) == (False, LEARNERS + 1)
        assert exam.questions[5] not in counted.items


def test_papers_that_differ_have_another_measure(quiz_site: SiteUnderTest) -> None:
    """Also: what waits for a person is not counted, nor are void attempts and previews."""
    with quiz_site.occasion() as occasion:
        contents = [*[exams.single(f"题 {n}") for n in range(4)], exams.essay("论述")]
        exam = exams.exam(occasion, contents, [1, 1, 1, 1, 6])
        made: list[Any] = []
        for n in range(12):
            user = exams.learner(occasion, exam, f"l{n}")
            attempt = exams.sit(occasion, exam, user, {}, hand_in=False)
            places = [0, 1] if n % 2 else [2, 3]
            attempt.slots = tuple(attempt.slots[place] for place in places)
            made.append(attempt)
        for n, attempt in enumerate(made):
            attempt.answers.given = {k: Given(0 if n > 5 else 1, k, 5_000) for k in range(2)}
            attempt.answers._p_changed = True
            attempt.state = "handed_in"
            attempt.preview = n == 0
            marking.grade_attempt(occasion, attempt)
        made[1].state = "void"
        waits = exams.sit(occasion, exam, exams.learner(occasion, exam, "w"), {4: exams.text()})
        assert waits.state == "handed_in"
        found = statistics.gather(occasion, exam.activity, "all")
        assert (len(found.shares), found.waiting) == (10, 1)
        kind, reliability = found.reliability
        assert (kind, found.paper) == ("nested", None)
        assert reliability == pytest.approx(1.0)
        plain = statistics.plain_of(occasion, exam.activity, "all", found)
        assert plain["quiz"]["kind"] == "nested"


def test_nothing_counted_is_no_fault(quiz_site: SiteUnderTest) -> None:
    with quiz_site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("题")])
        found = statistics.gather(occasion, exam.activity)
        plain = statistics.plain_of(occasion, exam.activity, "first", found)
        statistics.keep(occasion, exam.activity, plain)
        assert plain["quiz"]["attempts"] == 0
        assert plain["quiz"]["reliability"] is None
