"""The marking queue by keyboard and selection, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from modou.services import jobs
from modou.store.containers import encode_id
from modou_quiz.services.marking import giving, queue
from modou_quiz.services.marking.giving import Said
from tests import exams, factories
from tests.conftest import SiteUnderTest
from tests.exams import ESSAY_TEXT, Exam


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


@pytest.fixture
def exam(site: SiteUnderTest) -> Exam:
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [20])
        for number in range(3):
            user = exams.learner(occasion, exam, f"l{number}", f"学员{number}")
            exams.sit(occasion, exam, user, {0: exams.text()})
        teacher = factories.user(occasion, "teacher")
        factories.enrolment(occasion, exam.course_of(occasion), teacher, "teacher")
        return exam


def select(page: Page, words: str) -> None:
    """Select words of the answer as a mouse would."""
    page.evaluate(
        """words => {
          const text = document.querySelector("[data-answer]").firstChild;
          const start = text.data.indexOf(words);
          document.getSelection().setBaseAndExtent(text, start, text, start + words.length);
        }""",
        words,
    )


def test_marking_by_keyboard(site: SiteUnderTest, exam: Exam, open_page: Any) -> None:
    with site.occasion() as occasion:
        base = exam.path(occasion)
    page = open_page(f"{base}/marking", "teacher")
    page.get_by_role("link", name="Mark the next answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("论述")
    page.wait_for_load_state()  # its script listens from then on
    who = page.locator(".mark-who").inner_text()
    # The rubric's sum is told while its levels are chosen.
    page.get_by_label("四个步骤齐全").check()
    expect(page.locator("[data-sum]")).to_be_hidden()
    page.get_by_label("不通顺").check()
    expect(page.locator("[data-sum]")).to_have_text("The rubric comes to 12 / 20")
    # A remark on selected words, behind a character of two UTF-16 units.
    button = page.get_by_role("button", name="Remark on the selected words")
    expect(button).to_be_disabled()
    select(page, "也算一个字")
    expect(button).to_be_enabled()
    page.keyboard.press("r")
    expect(page.locator("[data-note-words]:visible")).to_be_focused()
    page.keyboard.type("多余")
    select(page, "工作前")
    button.click()
    page.keyboard.type("何处？")
    expect(page.locator("[data-note-row]:visible")).to_have_count(2)
    page.get_by_role("button", name="Remove remark 2").click()
    expect(page.locator("[data-note-row]:visible")).to_have_count(1)
    for _more in range(4):
        select(page, "停电")
        button.click()
        page.keyboard.type("好")
    expect(page.locator("[data-note-row]:visible")).to_have_count(5)
    # While somebody writes, single letters are letters.
    page.get_by_label("Comment to the learner").fill("")
    page.keyboard.type("jkmcr")
    expect(page.get_by_label("Comment to the learner")).to_have_value("jkmcr")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.wait_for_load_state()
    assert page.locator(".mark-who").inner_text() != who
    with site.occasion() as occasion:
        attempts = [exam.attempt(occasion, number) for number in range(3)]
        (done,) = [attempt for attempt in attempts if attempt.state == "graded"]
        mark = done.marks[0, 0]
        assert (mark.fraction, mark.comment) == (0.6, "jkmcr")
        remarks = [(ESSAY_TEXT[start:end], words) for start, end, words in mark.notes]
        assert ("也算一个字", "多余") in remarks
        assert remarks.count(("停电", "好")) == 4
    # On with keys alone: marks typed, another one given back, the end of the queue told.
    page.locator("h1").click()
    page.keyboard.press("m")
    expect(page.get_by_label("Marks", exact=True)).to_be_focused()
    page.keyboard.type("13,5")
    who = page.locator(".mark-who").inner_text()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".mark-who")).not_to_have_text(who)
    page.wait_for_load_state()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_label("Marks", exact=True)).to_have_value("20")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing else waits here.")).to_be_visible()
    expect(page.get_by_text("all marked")).to_be_visible()
    with site.occasion() as occasion:
        scores = sorted(exam.attempt(occasion, number).score or 0 for number in range(3))
        assert scores == [12.0, 13.5, 20.0]


def test_every_page_is_accessible_and_fits(site: SiteUnderTest, exam: Exam, open_page: Any) -> None:
    """No serious finding of axe, nothing wider than a phone, in light and dark."""
    with site.occasion() as occasion:
        base = exam.path(occasion)
        attempt = exam.attempt(occasion, 0).key
        other = exams.learner(occasion, exam, "other", "另一位")
        exams.sit(occasion, exam, other, {})
    with site.occasion("teacher") as occasion:
        for _number in range(2):
            activity = exam.activity_of(occasion)
            ref = queue.following(occasion, activity)
            assert ref is not None
            piece = queue.find(occasion, activity, ref.key, (ref.slot, ref.part))
            said = Said(None, "好", {"内容": 1, "表达": 1}, [(0, 3, "何处？")])
            giving.mark(occasion, activity, piece, said, piece.seen)
        jobs.enqueue(occasion, "quiz_statistics", activity=exam.activity)
    site.work()
    question = encode_id(exam.questions[0])
    for scheme in ("light", "dark"):
        page = open_page(
            f"{base}/results",
            "teacher",
            viewport={"width": 360, "height": 800},
            color_scheme=scheme,
        )
        for path in (
            "/results",
            "/results?marks=1",
            f"/results/{attempt}",
            "/marking",
            "/marking?by=learner",
            "/marking/next",
            "/statistics",
            f"/statistics/{question}",
            "/regrade",
        ):
            page.goto(base + path)
            if path == "/regrade":
                page.get_by_role("button", name="Show who changes").click()
                expect(page.get_by_role("heading", name="What would change")).to_be_visible()
            found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            bad = [
                (v["id"], [node["target"] for node in v["nodes"]])
                for v in found
                if v["impact"] in {"serious", "critical"}
            ]
            assert bad == [], f"{path}, {scheme}"
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
