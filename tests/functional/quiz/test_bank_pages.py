"""The question bank's pages and the paper editor: a teacher's way from the first question to a
printed paper, and who is turned away on it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, shelf
from tests import banking, factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


@pytest.fixture
def scene(site: SiteUnderTest) -> dict[str, Any]:
    """Two courses with a quiz each, a teacher in each, a learner, an operator; some questions."""
    found: dict[str, Any] = {}
    with site.occasion() as occasion:
        factories.user(occasion, "operator", role="operator")
        site_top = bank.top_of(occasion, "site")
        found["site_question"] = banking.question(occasion, site_top, tags=["公共"]).key
        for name in ("own", "other"):
            course = factories.course(occasion, activities=1)
            activity = next(iter(course.activities))
            shelf.put(occasion, activity, Quiz(course.id))
            teacher = factories.user(occasion, f"{name}_teacher")
            factories.enrolment(occasion, course, teacher, "teacher")
            learner = factories.user(occasion, f"{name}_learner")
            factories.enrolment(occasion, course, learner)
            top = bank.top_of(occasion, "course", course.id)
            found[f"{name}_question"] = banking.question(
                occasion, top, banking.single(f"{name} 的题目，<script>alert(1)</script>？")
            ).key
            found[f"{name}_top"] = top.key
            found[name] = f"/courses/{course.key}"
            found[f"{name}_paper"] = f"/courses/{course.key}/a/{activity.key}/paper"
    return found


def form_with(page: Any, *names: str) -> Any:
    """The last form that has fields or buttons of these names."""
    forms = dict.fromkeys(page.forms.values())
    return [form for form in forms if all(name in form.fields for name in names)][-1]


def check(form: Any, key: str) -> None:
    """Check the box of a row."""
    for box in form.fields["ids"]:
        box.checked = box._value == key


def test_from_the_first_question_to_a_printed_paper(
    site: SiteUnderTest, scene: dict[str, Any]
) -> None:
    browser = site.browser("own_teacher")
    page = browser.get(scene["own"]).click("Question bank")
    assert "own 的题目" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    # A category, and a question in it.
    page = page.click("Categories").click("New category")
    form = form_with(page, "title", "parent")
    form["title"] = "安全用电"
    form["parent"] = scene["own_top"]
    page = form.submit().follow()
    assert "安全用电" in page
    address = f"{scene['own']}/questions/new?type=truefalse"
    page = browser.get(address)
    form = form_with(page, "stem")
    form["stem"] = "停电以后可以不验电就挂接地线。"
    form["filing-category"] = re.search(r'value="([0-9a-z]{13})"[^>]*>\u2003安全用电', page.text)[1]
    form["filing-marks"] = "2"
    form["filing-tags"] = "易错，新规"
    form["filing-point"] = "停电作业"
    refused = form.submit()
    shown = refused.follow()
    assert "停电以后" in shown
    assert "停电作业" in shown
    question = re.search(r"questions/([0-9a-z]{13})$", shown.request.path)[1]
    # Another version, and its difference.
    form = form_with(shown.click("Edit"), "stem")
    form["stem"] = "停电以后可以不验电就装设接地线。"
    shown = form.submit().follow()
    versions = shown.click("Versions")
    assert "<del>挂</del><ins>装设</ins>" in versions
    assert "Version 2" in versions
    # Found by a filter, by pinyin; changed with others.
    for query in ("q=tingdian", "tag=易错", "point=停电作业", "type=truefalse&difficulty=0"):
        listed = browser.get(f"{scene['own']}/questions?{quote(query, safe='=&')}")
        assert "停电以后" in listed
        assert "own 的题目" not in listed
    form = form_with(listed, "ids")
    check(form, question)
    form["difficulty"] = "4"
    assert "1 questions changed" in form.submit("action", value="difficulty").follow()
    # The paper: a part, a chosen question, a line of a blueprint.
    paper = browser.get(scene["own_paper"])
    form = form_with(paper, "title", "action")
    form["title"] = "判断题"
    paper = form.submit("action", value="add").follow()
    choosing = paper.click("Choose questions")
    form = form_with(choosing, "ids")
    check(form, question)
    paper = form.submit("action", value="paper").follow()
    assert "装设接地线" in paper
    line = paper.click("Draw at random")
    form = form_with(line, "number")
    form["number"] = "2"
    counted = form.submit("count")
    assert "3 questions fit" in counted
    paper = form.submit().follow()
    assert "2 drawn at random" in paper
    assert "only" in paper or "share" in paper
    preview = paper.click("Preview")
    assert "装设接地线" in preview
    assert "Right" not in preview
    assert "Right" in preview.click("With answers")
    form = form_with(paper.click("Print"), "sheet")
    form["sheet"] = True
    form["answers"] = "inline"
    made = form.submit()
    assert made.content_type == "application/pdf"
    assert made.body.startswith(b"%PDF-")
    # What is in a paper is retired instead of deleted.
    shown = browser.get(f"{scene['own']}/questions/{question}")
    buttons = next(form for form in shown.forms.values() if "action" in form.fields)
    assert "It is retired now" in buttons.submit("action", value="delete").follow()
    assert "Duplicates" in browser.get(f"{scene['own']}/questions/duplicates")


def test_other_peoples_questions_do_not_exist(site: SiteUnderTest, scene: dict[str, Any]) -> None:
    teacher, operator = site.browser("own_teacher"), site.browser("operator")
    own, other = f"{scene['own']}/questions", f"{scene['other']}/questions"
    for end in ("", "/edit", "/versions"):
        teacher.get(f"{own}/{scene['other_question']}{end}", status=404)
        teacher.get(f"{other}/{scene['other_question']}{end}", status=403)
        operator.get(f"/admin/questions/{scene['other_question']}{end}", status=200)
    teacher.get(f"{own}/{scene['site_question']}", status=200)
    teacher.get(f"{own}/{scene['site_question']}/edit", status=403)
    teacher.get(f"/admin/questions/{scene['site_question']}", status=403)
    teacher.get(scene["other_paper"], status=403)
    page = teacher.get(own)
    assert "other 的题目" not in page
    token = page.html.find("meta", {"name": "csrf-token"})["content"]
    for key in (scene["other_question"], scene["site_question"]):
        for action in ("delete", "retire"):
            answer = teacher.post(
                own, {"csrf_token": token, "ids": key, "action": action}, expect_errors=True
            )
            assert answer.status_int in {303, 404}
    teacher.post(
        f"{own}/{scene['site_question']}", {"csrf_token": token, "action": "delete"}, status=403
    )
    teacher.get(f"{own}?paper={scene['other_paper'].split('/')[4]}&section=0", status=404)
    with site.occasion() as occasion:
        store = shelf.bank_of(occasion)
        for name in ("site", "own", "other"):
            assert store.questions[scene[f"{name}_question"]].status == "ready"
    for who in ("own_learner", None):
        browser = site.browser(who)
        for path in (own, f"{own}/{scene['own_question']}", scene["own_paper"], "/admin/questions"):
            assert browser.get(path, expect_errors=True).status_int in {302, 303, 401, 403, 404}
