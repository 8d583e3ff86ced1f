"""What is made behind the pages and fetched later: large papers, exports of questions."""

from collections.abc import Callable
from typing import Any

import pytest

from modou.services import jobs
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, duplicate_search, shelf
from tests import banking, exams, factories
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


def fail_jobs(site: SiteUnderTest, name: str, reason: str) -> None:
    with site.occasion() as occasion:
        exams.fail_jobs(occasion, name, reason)


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


def test_duplicates_of_a_large_bank_are_looked_for_by_a_job(
    site: SiteUnderTest, scene: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = site.browser("teacher")
    address = f"{scene['course']}/questions/duplicates"
    with site.occasion() as occasion:
        store = shelf.bank_of(occasion)
        said = store.questions.by_id(scene["questions"][0])
        top = store.categories.by_id(said.category)
        content = shelf.content_of(occasion, said, said.latest)
        twin = bank.create_question(occasion, top, "single", content, title="双胞胎")
    # A small bank is compared at once; reading the page changes nothing.
    size = site.database.lastTransaction()
    page = teacher.get(address)
    assert "The same text (1)" in page
    assert "Look again" not in page
    monkeypatch.setattr(duplicate_search, "AT_ONCE", 10)
    page = teacher.get(address)
    assert "The same text" not in page
    assert site.database.lastTransaction() == size
    form = [f for f in page.forms.values() if f.action.endswith("duplicates")][-1]
    waiting = form.submit().follow()
    assert "job-progress" in waiting
    site.work()
    page = teacher.get(address)
    assert "The same text (1)" in page
    assert "Look again" in page
    # What was deleted since is not shown; another's search is not one's own.
    assert "Look for duplicates" in site.browser("colleague").get(address)
    with site.occasion() as occasion:
        assert bank.delete_question(occasion, shelf.bank_of(occasion).questions.by_id(twin.id))
    assert twin.key not in teacher.get(address)
    # One that fails says so, and can be begun again.
    form = [f for f in page.forms.values() if f.action.endswith("duplicates")][-1]
    form.submit()
    fail_jobs(site, "quiz_duplicates", "Lost the thread.")
    page = teacher.get(address)
    assert "Lost the thread." in page
    assert "Look for duplicates" in page


def test_a_site_without_a_bank_is_not_given_one_by_looking(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        factories.user(occasion, "operator", role="operator")
    browser = site.browser("operator")
    assert "No two questions say the same." in browser.get("/admin/questions/duplicates")
    with site.occasion() as occasion:
        assert shelf.find_bank(occasion.site) is None
