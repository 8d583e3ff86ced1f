"""What a sitting says when something stands in its way is what is so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from webtest import Upload

from modou.services.occasion import Occasion
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.services.marking import deciding
from modou_quiz.types import contents as c
from tests.conftest import SiteUnderTest
from tests.sitting import Client, Scene, single, text

MakeSite = Callable[..., SiteUnderTest]


@pytest.fixture
def site(make_site: MakeSite) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def test_what_brings_no_marks_waits_for_nobody(site: SiteUnderTest) -> None:
    questions = [("single", single()), ("essay", c.Essay(stem=text("How was it?")))]
    scene = Scene(site, questions)
    with site.occasion() as occasion:
        items = tuple(Fixed(id, 0, 0.0) for id in scene.questions)
        scene.quiz(occasion).paper = Paper((PaperSection("", items),))
    page = scene.begin()
    page.save((0, 1), (1, {"text": "Good.", "files": []}))
    scene.hand_in(page)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert (attempt.state, attempt.score) == ("graded", 0.0)
        review = f"{scene.address}/quiz/{attempt.key}/review"
    shown = scene.browser("lin").get(review)
    assert "Good." in shown.text
    assert "Right" in shown.text  # the machine's word is said, marks or none
    assert "Not marked yet" not in shown.text
    assert "Waits for marking" not in shown.text


def test_who_left_the_course_is_told_so(site: SiteUnderTest) -> None:
    scene = Scene(site)
    client = Client(scene)
    client.begin()
    client.open()
    with site.occasion() as occasion:
        course = occasion.site.courses.by_id(scene.course_id)
        user = occasion.site.user_index.usernames["lin"]
        del course.enrolments[user]
    refused = client.save(0, "0", status=403).json
    assert refused["code"] == "left-course"
    assert "do not take part in this course any more" in refused["detail"]
    assert "Sign in" not in refused["detail"]


def test_a_file_where_a_text_belongs_is_named(site: SiteUnderTest) -> None:
    scene = Scene(site, password="1234")
    browser = scene.browser("lin")
    page = browser.get(scene.address)
    form = next(f for f in page.forms.values() if "password" in f.fields)
    token = form["csrf_token"].value
    sent = {"csrf_token": token, "password": Upload("p.txt", b"1234", "text/plain")}
    refused = browser.post(form.action, sent, status=400)
    assert "“password” has to be a text" in refused.text
    form["password"] = "1234"
    begun = form.submit().follow()
    for name in ("page", "seq", "flag", "check", "go"):
        [sitting] = [f for f in begun.forms.values() if "page" in f.fields]
        fields = {"csrf_token": token, "page": sitting["page"].value, "seq": "1"}
        fields[name] = Upload("p.txt", b"1", "text/plain")
        refused = browser.post(sitting.action, fields, status=400)
        assert f"“{name}” has to be a text" in refused.text


def test_why_a_teacher_handed_it_in_stands_in_the_journal(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    with site.occasion("wang") as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        deciding.hand_in(occasion, scene.activity(occasion), attempt, "设备故障")
    [closed] = scene.events("attempt_closed")
    assert (closed.values["by"], closed.values["reason"]) == ("person", "设备故障")


def test_answers_with_files_are_tried_anew_after_a_conflict(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    tries: list[int] = []

    def touch(occasion: Occasion) -> None:
        scene.attempt(occasion, page.attempt_id).leaves += 1

    def work(occasion: Occasion) -> int:
        touch(occasion)
        tries.append(len(tries))
        if len(tries) == 1:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(site.registry.access.alone, touch).result(60)
        return scene.attempt(occasion, page.attempt_id).leaves

    assert site.registry.access.alone(work) == 2
    assert len(tries) == 2
