"""What is made behind the pages and fetched later: large papers, exports of questions."""

import io
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from webtest import Upload

from modou.declarations import Deny
from modou.errors import NotAllowed
from modou.services import jobs
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, duplicate_search, shelf
from modou_quiz.services.interchange import finding
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


def press(page: Any, action: str) -> Any:
    """Press the button of a form of its own."""
    for form in page.forms.values():
        if "action" in form.fields and form["action"]._value == action:
            return form.submit("action", value=action)
    raise AssertionError(action)


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


def test_an_export_says_what_is_wrong(site: SiteUnderTest, scene: dict[str, Any]) -> None:
    """A job that fails for good, a colleague's own question, one that is gone."""
    teacher = site.browser("teacher")
    with site.occasion("colleague") as occasion:
        own = bank.top_of(occasion, "user", occasion.actor.id)  # type: ignore[union-attr]
        private = banking.question(occasion, own, title="同事的题").id
    with site.occasion() as occasion:
        quiz = next(iter(occasion.site.plugins["quiz"]["quizzes"].values()))
        asked = (scene["questions"][0], private, 4711)
        quiz.paper = Paper((PaperSection("一", tuple(map(Fixed, asked))),))
    address = f"{scene['course']}/questions/export?activity={scene['activity']}"
    form = form_with(teacher.get(address), "format")
    form["format"] = "gift"
    waiting = form.submit()
    fail_jobs(site, "quiz_write", "No room on the disk.")
    page = teacher.get(waiting.location)
    assert "could not be written" in page
    assert "No room on the disk." in page
    assert "Could not be written" in teacher.get(address)
    # Its maker has it tried again.
    page = form_with(page, "action").submit("action", value="retry").follow()
    assert "job-progress" in page
    site.work()
    page = teacher.get(waiting.location)
    assert "1 of 3 questions are in the file." in page
    assert "同事的题" in page
    assert "Ask its owner" in page
    assert "Number 3 of the list is not in the bank any more." in page
    assert "::" in teacher.get(f"{waiting.location}/file").text
    # Nothing that could be exported.
    with site.occasion() as occasion:
        quiz = next(iter(occasion.site.plugins["quiz"]["quizzes"].values()))
        quiz.paper = Paper((PaperSection("一", tuple(map(Fixed, asked[1:]))),))
    form = form_with(teacher.get(address), "format")
    assert "None of these questions can be exported" in form.submit()


def test_files_that_are_kept_are_limited(
    site: SiteUnderTest, scene: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, colleague = site.browser("teacher"), site.browser("colleague")
    address = f"{scene['course']}/questions/import"
    monkeypatch.setattr(finding, "MOST_KEPT", 2)

    def send(browser: Any) -> Any:
        form = form_with(browser.get(address), "file")
        form["file"] = Upload("a.gift", "甲{TRUE}".encode())
        return form.submit()

    sent = [send(teacher) for _number in range(2)]
    refused = send(teacher)
    assert "You keep 2 files with 0 questions here" in refused
    assert send(colleague).status_int == 303
    # A job that fails for good says so here as well, and is tried again.
    fail_jobs(site, "quiz_read", "Lost the thread.")
    page = teacher.get(sent[0].location)
    assert "Lost the thread." in page
    assert "Could not be read" in teacher.get(address)
    press(page, "retry").follow()
    site.work()
    assert "1 items were found" in teacher.get(sent[0].location)
    press(page, "drop").follow()
    assert send(teacher).status_int == 303
    # What was stored before it was kept whose files are whose is counted all the same.
    with site.occasion() as occasion:
        occasion.site.plugins["quiz"]["interchange"].owned = None
    assert "You keep 2 files" in send(teacher)
    monkeypatch.setattr(finding, "MOST_KEPT", 5)
    send(teacher)
    with site.occasion() as occasion:
        store = occasion.site.plugins["quiz"]["interchange"]
        assert sorted(map(len, store.owned.values())) == [1, 3]
    monkeypatch.setattr(finding, "MOST_ROWS", 0)
    assert "the limits are 5 and 0" in send(teacher)


@pytest.mark.usefixtures("told")
def test_other_plugins_are_asked_about_each_picture_of_an_import(
    make_site: Callable[..., SiteUnderTest], told: Any
) -> None:
    site = make_site(**{"modou.plugins": "quiz probe"})
    picture = io.BytesIO()
    Image.new("RGB", (6, 4), "red").save(picture, "PNG")
    text = (
        '<quiz><question type="truefalse"><name><text>看图</text></name>'
        '<questiontext format="html">'
        '<text>图里有火。<![CDATA[<img src="@@PLUGINFILE@@/a.png">]]></text>'
        f'<file name="a.png" encoding="base64">{b64encode(picture.getvalue()).decode()}</file>'
        '</questiontext><answer fraction="100"><text>true</text></answer>'
        '<answer fraction="0"><text>false</text></answer></question></quiz>'
    )
    with site.occasion() as occasion:
        factories.user(occasion, "operator", role="operator")
    browser = site.browser("operator")
    form = form_with(browser.get("/admin/questions/import"), "file")
    form["file"] = Upload("a.xml", text.encode())
    sent = form.submit()
    told.answers["before_upload"] = Deny("No pictures today.")
    site.work()
    assert "The file a.png cannot be taken: No pictures today." in browser.get(sent.location)
    assert ("a.png", "image/png", len(picture.getvalue())) in told.heard("before_upload")
    # It is asked again when the question is made.
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        files = {"a.png": picture.getvalue()}
        with pytest.raises(NotAllowed):
            banking.question(occasion, top, files=files)
    with site.occasion() as occasion:
        assert len(occasion.site.files) == 1
