"""The templates that trainers fill in, through the pages: sent, reported, taken."""

from collections.abc import Callable

import pytest
from webtest import TestApp

from modou_quiz.formats.word import Word
from modou_quiz.services import shelf
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.quiz.test_interchange import bank_of, choice, send
from tests.unit.quiz.office_files import place, png, saved, workbook

pytestmark = pytest.mark.functional


def test_a_document_and_a_sheet_become_questions(
    make_site: Callable[..., SiteUnderTest],
) -> None:
    site = make_site(**{"modou.plugins": "quiz"})
    with site.occasion() as occasion:
        course = factories.course(occasion)
        factories.enrolment(occasion, course, factories.user(occasion, "teacher"), role="teacher")
        home = f"/courses/{course.key}/questions"
    browser = site.browser("teacher")

    # The Word template as it is: one question of each kind, without a remark.
    page = _taken(site, browser, home, "试卷.docx", Word().template())
    assert "12 of 12 questions were taken" in page
    assert {"single", "case", "essay", "matching"} <= {kind for _t, kind, *_rest in bank_of(site)}

    book = workbook(
        [
            ("题型", "题干", "选项A", "选项B", "答案", "分类"),
            ("单选题", "图中是什么？", "甲", "乙", "Ｂ", "新分类"),
            ("单选题", "坏题", "甲", "乙", "E", "新分类"),
        ],
        title="试题",
    )
    place(book, "B2", png())
    page = _taken(site, browser, home, "题库.xlsx", saved(book).getvalue())
    assert "试题!E3（答案）" in page
    assert "1 of 2 questions were taken" in page
    with site.occasion() as occasion:
        questions = shelf.bank_of(occasion).questions
        [question] = [q for q in questions if q.title == "图中是什么？"]
        [number] = question.latest.files.values()
        with occasion.site.files.by_id(number).open() as stream:
            assert stream.read() == png()


def _taken(site: SiteUnderTest, browser: TestApp, home: str, name: str, data: bytes) -> str:
    """Send a file, take what is good in it; what the report says then."""
    answer = send(browser, home, name, data)
    site.work()
    form = choice(browser.get(answer.location))
    form["category"] = form["category"].options[0][0]
    form.submit("action", value="take")
    site.work()
    text: str = browser.get(answer.location).text
    return text
