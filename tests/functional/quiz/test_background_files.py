"""What is made behind the pages and fetched later: large papers, exports of questions."""

from collections.abc import Callable
from typing import Any

import pytest

from modou.models.jobs import FAILED
from modou.services import jobs
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, shelf
from tests import banking, factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


@pytest.fixture
def scene(site: SiteUnderTest) -> dict[str, Any]:
    """A course with a quiz of 41 questions, and two teachers."""
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=1)
        activity = next(iter(course.activities))
        top = bank.top_of(occasion, "course", course.id)
        asked = [banking.question(occasion, top).id for _number in range(41)]
        quiz = Quiz(course.id)
        quiz.paper = Paper((PaperSection("一", tuple(map(Fixed, asked))),))
        shelf.put(occasion, activity, quiz)
        for name in ("teacher", "colleague"):
            user = factories.user(occasion, name)
            factories.enrolment(occasion, course, user, "teacher")
        base = f"/courses/{course.key}"
        return {
            "course": base,
            "activity": activity.key,
            "paper": f"{base}/a/{activity.key}/paper",
            "questions": asked,
        }


def form_with(page: Any, *names: str) -> Any:
    """The last form that has fields of these names."""
    forms = dict.fromkeys(page.forms.values())
    return [form for form in forms if all(name in form.fields for name in names)][-1]


def fail_jobs(site: SiteUnderTest, name: str, reason: str = "") -> None:
    """Let all jobs of a name have failed for good."""
    with site.occasion() as occasion:
        for record in list(occasion.site.jobs.records):
            if record.name == name:
                record.error = reason
                occasion.site.jobs.end(record, FAILED, occasion.now)


def test_a_large_paper_is_printed_in_the_background(
    site: SiteUnderTest, scene: dict[str, Any]
) -> None:
    teacher, colleague = site.browser("teacher"), site.browser("colleague")
    page = teacher.get(f"{scene['paper']}/print")
    form = form_with(page, "sheet")
    form["answers"] = "key"
    waiting = form.submit().follow()
    assert "job-progress" in waiting
    assert "http-equiv" in waiting
    teacher.get(f"{waiting.request.path}/file", status=404)
    site.work()
    ready = teacher.get(waiting.request.path)
    assert "The paper is ready." in ready
    made = ready.click("Open the PDF file")
    assert made.content_type == "application/pdf"
    assert made.body.startswith(b"%PDF-")
    assert "Printed lately" in teacher.get(f"{scene['paper']}/print")
    # It is nobody else's.
    for path in (waiting.request.path, f"{waiting.request.path}/file"):
        colleague.get(path, status=404)
    assert "Printed lately" not in colleague.get(f"{scene['paper']}/print")
    # One that fails for good says so.
    failed = form_with(teacher.get(f"{scene['paper']}/print"), "sheet").submit().follow()
    fail_jobs(site, "quiz_print", "Out of ink.")
    failed = teacher.get(failed.request.path)
    assert "could not be printed" in failed
    assert "Out of ink." in failed
    # After a week they are dropped, with their files.
    site.clock.move(days=8)
    with site.occasion() as occasion:
        (held,) = occasion.site.plugins["quiz"]["prints"].values()
        (file,) = [made.file for made in held.prints if made.file]
        jobs.enqueue(occasion, "quiz_drop_files")
    site.work()
    with site.occasion() as occasion:
        assert not occasion.site.plugins["quiz"]["prints"]
        assert occasion.site.files.get(file) is None
