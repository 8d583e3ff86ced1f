"""Attempts whose end is not where it was, or that have none."""

from collections.abc import Callable

import pytest

from modou.services import jobs
from modou_quiz.services import quizzes, results, shelf
from modou_quiz.services.marking import deciding
from modou_quiz.services.sitting import finding
from tests import exams
from tests.conftest import SiteUnderTest
from tests.sitting import Scene

MakeSite = Callable[..., SiteUnderTest]
HOUR = 3600


@pytest.fixture
def site(make_site: MakeSite) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def run(site: SiteUnderTest, name: str) -> None:
    with site.occasion() as occasion:
        jobs.enqueue(occasion, name)
    site.work()


def test_what_nobody_goes_on_with_is_handed_in(site: SiteUnderTest) -> None:
    """Thirty days after the last answer, where there is no end; who goes on is left alone."""
    scene = Scene(site)
    left, active = scene.begin(), scene.begin("zhou")
    left.save((0, 0))
    site.clock.move(seconds=29 * 24 * HOUR)
    active.save((0, 0))
    run(site, "close_idle_quiz_attempts")
    site.clock.move(seconds=2 * 24 * HOUR)
    with site.occasion() as occasion:
        assert {scene.attempt(occasion, one.attempt_id).state for one in (left, active)} == {"open"}
    run(site, "close_idle_quiz_attempts")
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, left.attempt_id)
        assert (attempt.state, attempt.handed_in_by) == ("graded", "idle")
        # Not a month: nobody knows how long it took.
        assert results.seconds_of(attempt) is None
        assert scene.attempt(occasion, active.attempt_id).state == "open"
    assert len(scene.events("attempt_closed")) == 1
    # Given back without an end, the days begin anew.
    with site.occasion("wang") as occasion:
        activity = scene.activity(occasion)
        attempt = scene.attempt(occasion, left.attempt_id)
        deciding.reopen(occasion, activity, attempt, 0, "生病")
    run(site, "close_idle_quiz_attempts")
    with site.occasion() as occasion:
        assert scene.attempt(occasion, left.attempt_id).state == "open"
    site.clock.move(seconds=30 * 24 * HOUR)
    run(site, "close_idle_quiz_attempts")
    with site.occasion() as occasion:
        for one in (left, active):
            assert scene.attempt(occasion, one.attempt_id).handed_in_by == "idle"
        held = shelf.attempts_of(occasion.site, scene.activity_id)
        assert held is not None
        assert len(held.deadlines) == 0


def test_a_rule_counts_for_many_at_once_and_is_noted_behind_the_page(site: SiteUnderTest) -> None:
    """More time for more attempts than a request looks at: nobody is closed by the old end."""
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选")], [10], time_limit=HOUR)
        held = shelf.attempts_of(occasion.site, exam.activity)
        assert held is not None
        for number in range(120):
            user = exams.learner(occasion, exam, f"l{number}")
            attempt = exams.sit(occasion, exam, user, {0: 1}, seconds=0, hand_in=False)
            attempt.deadline = held.deadlines[attempt.id] = occasion.now + HOUR
        ends = occasion.now + HOUR
    with site.occasion() as occasion:
        activity = exam.activity_of(occasion)
        values = quizzes.values_of(occasion, activity)
        quizzes.save(occasion, activity, {**values, "intro": "只改说明"})
        assert _deadlines(occasion.site, exam) == {ends}
        quizzes.save(occasion, activity, {**values, "time_limit": 120})
        # Not one by one within the request; each is judged by the new rule all the same.
        assert _deadlines(occasion.site, exam) == {ends}
        sitting = finding.find(occasion, exam.activity, exam.attempts[0])
        assert sitting.ends == ends + HOUR
    site.work()
    with site.occasion() as occasion:
        assert _deadlines(occasion.site, exam) == {ends + HOUR}
        # A rule after it takes back what was promised to nobody.
        activity = exam.activity_of(occasion)
        quizzes.save(occasion, activity, {**quizzes.values_of(occasion, activity), "time_limit": 1})
        sitting = finding.find(occasion, exam.activity, exam.attempts[0])
        assert sitting.ends == sitting.attempt.deadline == ends + HOUR
    site.clock.move(seconds=HOUR + 60)
    site.work()
    with site.occasion() as occasion:
        assert exam.attempt(occasion, 0).state == "open"
    site.clock.move(seconds=HOUR)
    site.work()
    with site.occasion() as occasion:
        assert exam.attempt(occasion, 119).handed_in_by == "time"


def _deadlines(root: object, exam: exams.Exam) -> set[int]:
    held = shelf.attempts_of(root, exam.activity)  # type: ignore[arg-type]
    assert held is not None
    return set(held.deadlines.values())
