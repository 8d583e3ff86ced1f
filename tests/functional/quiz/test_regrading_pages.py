"""Grading a quiz with many attempts again: what is asked of all of them, a job answers."""

from collections.abc import Callable
from typing import Any

import pytest

from modou.store.containers import encode_id
from modou_quiz.services import bank, shelf
from modou_quiz.services.marking import previews, regrading
from tests import exams, factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def test_many_attempts_are_looked_at_by_a_job(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选"), exams.single("又一题")], [10, 20])
        for name, given in (("li", {0: 0, 1: 0}), ("zhou", {0: 1, 1: 0}), ("wu", {0: 1})):
            user = exams.learner(occasion, exam, name)
            exams.sit(occasion, exam, user, given)
        teacher = factories.user(occasion, "teacher")
        course, activity = exam.course_of(occasion), exam.activity_of(occasion)
        factories.enrolment(occasion, course, teacher, "teacher")
        base = f"/courses/{course.key}/a/{activity.key}/regrade"
        question = shelf.bank_of(occasion).questions.by_id(exam.questions[0])
        bank.add_version(occasion, question, exams.single("单选，改了"))
    app = site.browser("teacher")
    expected = str(app.get(base).html.find("table"))
    monkeypatch.setattr(previews, "AT_ONCE", 2)
    with monkeypatch.context() as patch:
        # The page itself looks at no attempt.
        patch.setattr(regrading, "closed", None)
        page = app.get(base)
        assert "Count the questions" in page
        waiting = form_of(page, "count").submit("count").follow()
        assert "job-progress" in waiting
    site.work()
    with monkeypatch.context() as patch:
        patch.setattr(regrading, "closed", None)
        page = app.get(base)
        assert str(page.html.find("table")) == expected
        form = form_of(page, "how")
        form["question"], form["how"] = encode_id(exam.questions[0]), "full"
        waiting = form.submit().follow()
        assert "job-progress" in waiting
    site.work()
    with monkeypatch.context() as patch:
        patch.setattr(regrading, "closed", None)
        page = app.get(waiting.request.path_qs)
        assert "What would change" in page
        assert page.html.find("section").find_all("tr")[1:]
        form = form_of(page, "how")
        assert (form["question"].value, form["how"].value) == (
            encode_id(exam.questions[0]),
            "full",
        )
        form["reason"] = "题目有误"
        form.submit("apply").follow()
    site.work()
    with site.occasion() as occasion:
        assert {exam.attempt(occasion, number).score for number in range(3)} == {30.0, 10.0}
    # What fails for good says so.
    form = form_of(app.get(base), "how")
    form["question"], form["how"] = encode_id(exam.questions[0]), "none"
    waiting = form.submit().follow()
    with site.occasion() as occasion:
        exams.fail_jobs(occasion, previews.JOB, "Lost the thread.")
    assert "Lost the thread." in app.get(waiting.request.path_qs)


def form_of(page: Any, name: str) -> Any:
    return next(form for form in page.forms.values() if name in form.fields)
