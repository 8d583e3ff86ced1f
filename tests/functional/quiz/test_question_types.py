"""The page on which question types are tried: every type shown, posted and reviewed without
scripts, as sittings do."""

from collections.abc import Callable
from typing import Any

import pytest

from modou_quiz.types import QUESTION_TYPES
from modou_quiz.types.examples import EXAMPLES
from tests import factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def quiz_site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    made = make_site(**{"modou.plugins": "quiz"})
    with made.occasion() as occasion:
        factories.user(occasion, "admin", role="system_admin")
        factories.user(occasion, "teacher", role="teacher")
    return made


def _answer(form: Any, name: str) -> None:
    if name in {"single", "case"}:
        form["try-choice" if name == "single" else "try-0.choice"] = "0"
    if name == "multiple":
        form.set("try-choice", True, index=0)
    if name in {"truefalse", "case"}:
        form["try-choice" if name == "truefalse" else "try-1.choice"] = "false"
    if name == "short":
        form["try-text"] = "ｐｅｎ"
    if name == "cloze":
        for place, text in enumerate(("120", "0", "線", "綠", "黄色", "蓝")):
            form[f"try-{place}"] = text
    if name == "numerical":
        form["try-value"] = "24.2"
    if name == "matching":
        form["try-0"] = "1"
    if name == "ordering":
        for item in range(4):
            form[f"try-{item}"] = str(item + 1)
    if name == "essay":
        form["try-text"] = "先验电"


def test_every_type_is_answered_reviewed_and_edited_without_scripts(
    quiz_site: SiteUnderTest,
) -> None:
    browser = quiz_site.browser("admin")
    listed = browser.get("/admin/quiz/types")
    for kind in QUESTION_TYPES:
        name = kind.name
        page = listed.click(href=f"/admin/quiz/types/{name}$")
        assert "question-review" not in page
        if kind.answerable:
            form = next(one for one in page.forms.values() if one.action.endswith(f"/types/{name}"))
            _answer(form, name)
            reviewed = form.submit()
            assert 'class="verdict' in reviewed, name
        # Editing: "add three more", then a preview, and what was written is still there.
        page = browser.get(f"/admin/quiz/types/{name}/editor")
        form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
        assert form["stem"].value == EXAMPLES[name].stem.source
        adding = [b for b in form.fields["edit"] if b._value.endswith(":add")]
        if adding:
            before = len(form.fields)
            button = adding[0]
            page = form.submit("edit", index=form.fields["edit"].index(button))
            form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
            assert len(form.fields) > before, name
        previews = [n for n, b in enumerate(form.fields["edit"]) if b._value == "preview"]
        page = form.submit("edit", index=previews[0])
        assert 'id="preview-title"' in page, name


def test_rows_are_moved_and_removed(quiz_site: SiteUnderTest) -> None:
    page = quiz_site.browser("admin").get("/admin/quiz/types/single/editor")

    def press(page: Any, value: str) -> Any:
        form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
        buttons = [b._value for b in form.fields["edit"]]
        return form.submit("edit", index=buttons.index(value))

    def texts(page: Any) -> list[str]:
        form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
        return [f.value for n, (f, *_) in form.fields.items() if n and n.endswith("-text")]

    first = texts(page)
    page = press(page, "options:up:1")
    assert texts(page) == [first[1], first[0], *first[2:]]
    page = press(page, "options:remove:0")
    assert texts(page) == [first[0], *first[2:]]
    assert texts(press(page, "options:down:1")) == [first[0], first[3], first[2]]


def test_what_is_wrong_with_a_question_is_said(quiz_site: SiteUnderTest) -> None:
    page = quiz_site.browser("admin").get("/admin/quiz/types/numerical/editor")
    form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
    form["answers-0-value"] = "twelve"
    form["answers-1-fraction"] = "120"
    previews = [n for n, b in enumerate(form.fields["edit"]) if b._value == "preview"]
    page = form.submit("edit", index=previews[0])
    assert "Enter a number" in page
    form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
    assert form["answers-0-value"].value == "twelve"
    form["answers-0-value"] = "12"
    form["answers-0-fraction"] = "50"
    page = form.submit("edit", index=previews[0])
    assert "answers / 1 / fraction" in page
    form = next(one for one in page.forms.values() if one.action.endswith("/editor"))
    form["answers-1-fraction"] = "20"
    page = form.submit("edit", index=previews[0])
    assert "No number is worth 100 %." in page


def test_who_may_try_them(quiz_site: SiteUnderTest) -> None:
    for path in (
        "/admin/quiz/types",
        "/admin/quiz/types/single",
        "/admin/quiz/types/single/editor",
    ):
        quiz_site.browser("teacher").get(path, status=403)
        assert quiz_site.browser().get(path).status_int in {302, 303}
    quiz_site.browser("admin").get("/admin/quiz/types/unknown", status=404)
