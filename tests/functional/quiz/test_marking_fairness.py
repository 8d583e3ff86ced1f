"""Who may mark what, and what a marker must not know."""

import csv
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from transaction.interfaces import TransientError

from modou.errors import NotAllowed, NotFound
from modou_quiz.models.attempts import Given
from modou_quiz.models.marking import Rule
from modou_quiz.services.marking import deciding, giving, queue, regrading
from modou_quiz.services.marking.giving import Said
from modou_quiz.services.marking.shelf import find_marking
from modou_quiz.services.sitting import ending
from tests import exams, factories
from tests.conftest import SiteUnderTest

MakeSite = Callable[..., SiteUnderTest]
SECRET = "只有我这样写"


@pytest.fixture
def quiz_site(make_site: MakeSite) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def elsewhere(work: Callable[[], None]) -> None:
    """Do something in another thread, as another visitor would, and wait for it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result(60)


def _pages(app: Any, base: str, attempt: str) -> Iterator[tuple[str, str]]:
    """Every page on which a name and what was answered could stand together."""
    for page in (
        f"{base}/results?marks=1",
        f"{base}/results/{attempt}",
        f"{base}/quiz/{attempt}/review",
        f"{base}/results/responses.csv",
        f"{base}/results/results.csv",
    ):
        yield page, app.get(page).text


def test_nobody_marks_their_own_answer(quiz_site: SiteUnderTest) -> None:
    """An operator takes part in a course: the queue neither lists nor gives out the own answer."""
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述", rubric=False)], [10])
        both = factories.user(occasion, "both", role="operator")
        factories.enrolment(occasion, exam.course_of(occasion), both)
        exams.sit(occasion, exam, both, {0: exams.text("我的")})
        other = factories.user(occasion, "other", role="operator")
        factories.enrolment(occasion, exam.course_of(occasion), other)
        marking = find_marking(occasion.site, exam.activity)
        assert marking is not None
        work = next(iter(marking.works.values())).key
        base = exam.path(occasion)
    with site.occasion("other") as occasion:
        piece = queue.find(occasion, exam.activity_of(occasion), work, (0, 0))
        activity = exam.activity_of(occasion)
        assert queue.Learners(occasion, activity).lines()[0].waiting == 1
        assert queue.by_question(occasion, activity)[0].waiting == 1
    with site.occasion("both") as occasion:
        activity = exam.activity_of(occasion)
        assert queue.by_question(occasion, activity) == []
        assert len(queue.Learners(occasion, activity)) == 0
        for scope in ({}, {"question": exam.questions[0]}, {"work": piece.ref.work}):
            assert queue.following(occasion, activity, done=True, **scope) is None
        with pytest.raises(NotAllowed, match="your own answer"):
            queue.find(occasion, activity, work, (0, 0))
        with pytest.raises(NotAllowed, match="your own answer"):
            giving.mark(occasion, activity, piece, Said(10.0), 0)
    app = site.browser("both")
    refused = app.get(f"{base}/marking/{work}/0/0", status=403)
    assert "自己的答案" in refused.text or "your own answer" in refused.text


def test_no_name_beside_an_answer_that_is_marked_without_names(quiz_site: SiteUnderTest) -> None:
    """Who marks an anonymous quiz and sees its results cannot tell whose answer it is, until the
    attempt is marked; who marks nothing sees everything at once."""
    site = quiz_site
    with site.occasion() as occasion:
        contents = [exams.single("单选"), exams.essay("一", rubric=False), exams.essay("二")]
        exam = exams.exam(occasion, contents, [10, 30, 30], anonymous=True)
        li = exams.learner(occasion, exam, "li", "李某")
        given = {0: 0, 1: exams.text(SECRET), 2: exams.text(SECRET + "二")}
        exams.sit(occasion, exam, li, given)
        # One that goes on: what it says now is handed in later.
        zhou = exams.learner(occasion, exam, "zhou", "周某")
        exams.sit(occasion, exam, zhou, {1: exams.text(SECRET)}, hand_in=False)
        course = exam.course_of(occasion)
        factories.enrolment(occasion, course, factories.user(occasion, "wang"), "teacher")
        factories.user(occasion, "judge", role="supervisor")
        marking = find_marking(occasion.site, exam.activity)
        assert marking is not None
        work = next(iter(marking.works.values())).key
        attempts = [exam.attempt(occasion, number).key for number in (0, 1)]
        base = exam.path(occasion)
    teacher, judge = site.browser("wang"), site.browser("judge")
    for attempt in attempts:
        for page, text in _pages(teacher, base, attempt):
            assert SECRET not in text, page
    assert SECRET in judge.get(f"{base}/results/{attempts[0]}").text
    # The first of two essays is done: neither text nor marks nor words beside the name yet.
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        piece = queue.find(occasion, activity, work, (1, 0))
        giving.mark(occasion, activity, piece, Said(21.75, "评语如此"), piece.seen)
    for page, text in _pages(teacher, base, attempts[0]):
        assert not [word for word in (SECRET, "21.75", "评语如此") if word in text], page
    table = list(csv.reader(io.StringIO(judge.get(f"{base}/results/results.csv").text)))
    assert "21.75" in table[1] + table[2]
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        piece = queue.find(occasion, activity, work, (2, 0))
        giving.mark(occasion, activity, piece, Said(3.0), piece.seen)
    for page, text in _pages(teacher, base, attempts[0]):
        assert SECRET in text or "21.75" in text, page
    assert "评语如此" in teacher.get(f"{base}/results/{attempts[0]}").text


def test_a_rule_that_changes_while_somebody_hands_in(quiz_site: SiteUnderTest) -> None:
    """Whichever of the two is first in the database, the attempt is marked by the new rule."""
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选"), exams.single("又一")], [10, 10])
        for name in ("li", "zhou"):
            user = exams.learner(occasion, exam, name)
            exams.sit(occasion, exam, user, {0: 1}, hand_in=False)
        factories.enrolment(
            occasion, exam.course_of(occasion), factories.user(occasion, "wang"), "teacher"
        )

    def hand_in(number: int, username: str, meanwhile: Callable[[], None] | None = None) -> None:
        with site.occasion(username) as occasion:
            ending.hand_in(occasion, exam.activity, exam.attempts[number])
            if meanwhile is not None:
                elsewhere(meanwhile)

    def set_rule(place: int, meanwhile: Callable[[], None] | None = None) -> None:
        with site.occasion("wang") as occasion:
            activity = exam.activity_of(occasion)
            rules = {exam.questions[place]: Rule(void="full")}
            regrading.set_rules(occasion, activity, rules, "题目有误")
            regrading.begin(occasion, activity, "题目有误", 100)
            if meanwhile is not None:
                elsewhere(meanwhile)

    def score(number: int) -> float | None:
        with site.occasion() as occasion:
            return exam.attempt(occasion, number).score

    # The rule is there first: who hands in has read the old one, and does it again.
    with pytest.raises(TransientError):
        hand_in(0, "li", lambda: set_rule(0))
    hand_in(0, "li")
    assert score(0) == 10.0
    site.work()
    # The hand-in is there first: the teacher's transaction has not seen it, the job behind it does.
    set_rule(1, lambda: hand_in(1, "zhou"))
    assert score(1) == 10.0
    site.work()
    assert (score(0), score(1)) == (20.0, 20.0)


def test_what_the_first_marker_said_outlives_a_voided_question(quiz_site: SiteUnderTest) -> None:
    """Two markers: the question is voided after the first of them, and taken back."""
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述", rubric=False)], [10], second_marker=True)
        exams.sit(occasion, exam, exams.learner(occasion, exam, "li"), {0: exams.text()})
        for name in ("m1", "m2"):
            user = factories.user(occasion, name)
            factories.enrolment(occasion, exam.course_of(occasion), user, "teacher")

    def decide(void: str) -> None:
        with site.occasion("m1") as occasion:
            activity = exam.activity_of(occasion)
            rules = {exam.questions[0]: Rule(void=void)}
            regrading.set_rules(occasion, activity, rules, "待定")
            regrading.begin(occasion, activity, "待定", 100)

    with site.occasion("m1") as occasion:
        activity = exam.activity_of(occasion)
        ref = queue.following(occasion, activity)
        assert ref is not None
        piece = queue.find(occasion, activity, ref.key, (0, 0))
        assert not giving.mark(occasion, activity, piece, Said(6.0, "先"), piece.seen)
    decide("full")
    with site.occasion("m2") as occasion:
        activity = exam.activity_of(occasion)
        assert queue.by_question(occasion, activity) == []
        for scope in ({}, {"question": exam.questions[0]}, {"work": ref.work}):
            assert queue.following(occasion, activity, **scope) is None
        with pytest.raises(NotFound):
            queue.find(occasion, activity, ref.key, (0, 0))
    decide("")
    with site.occasion("m2") as occasion:
        activity = exam.activity_of(occasion)
        piece = queue.find(occasion, activity, ref.key, (0, 0))
        assert (piece.part.stage, queue.by_question(occasion, activity)[0].second) == ("second", 1)
        assert giving.mark(occasion, activity, piece, Said(6.5, "后"), piece.seen)
        attempt = exam.attempt(occasion, 0)
        assert (attempt.score, attempt.marks[0, 0].comment) == (6.25, "先\n\n后")
    # An answer that was changed since is marked from the beginning.
    with site.occasion("m1") as occasion:
        activity, attempt = exam.activity_of(occasion), exam.attempt(occasion, 0)
        deciding.reopen(occasion, activity, attempt, 0, "续写")
        changed = Given(exams.text("新的"), 2, occasion.now * 1000 + 1000)
        attempt.answers.given = {0: changed}
    site.clock.move(seconds=60)
    with site.occasion("li") as occasion:
        ending.hand_in(occasion, exam.activity, exam.attempts[0])
    with site.occasion("m1") as occasion:
        piece = queue.find(occasion, exam.activity_of(occasion), ref.key, (0, 0))
        assert (piece.part.stage, piece.part.said) == ("first", ())
