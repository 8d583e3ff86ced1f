"""Questions in a real browser: what scripts send is what plain forms send, everything works by
keyboard and by touch, formulas are drawn under the strict policy, and axe finds nothing."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from modou_quiz.types import QUESTION_TYPES
from modou_quiz.types.examples import EXAMPLES
from tests import factories
from tests.conftest import SiteUnderTest

TYPES = {kind.name: kind for kind in QUESTION_TYPES}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 1400}, "has_touch": True}
READ = """async () => {
  const { answerOf } = await import("/static/quiz/js/types/answer.js");
  return answerOf(document.querySelector("[data-question]"));
}"""


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    made = make_site(**{"modou.plugins": "quiz"})
    with made.occasion() as occasion:
        factories.user(occasion, "admin", role="system_admin")
    return made


def response_of(page: Page, name: str) -> Any:
    """What the page's script would send, as the server understands it."""
    kind, content = TYPES[name], EXAMPLES[name]
    arrangement = kind.arrange(content, True, random.Random(7))
    return kind.clean(content, arrangement, page.evaluate(READ))


def check(page: Page, what: str) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{what}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{what} is {wide} px too wide"


def test_players_and_reviews(open_page: Callable[..., Page]) -> None:
    page = open_page("/admin/quiz/types", "admin", **PHONE)
    for name, kind in TYPES.items():
        page.goto(f"/admin/quiz/types/{name}")
        ready(page)
        check(page, name)
        if not kind.answerable:
            continue
        assert response_of(page, name) is None, name
        give(page, name)
        given = response_of(page, name)
        assert given is not None, name
        page.get_by_role("button", name="Answer", exact=True).click()
        page.wait_for_selector(".question.is-readonly")
        ready(page)
        check(page, f"review of {name}")
    page.goto("/admin/quiz/types/single")
    expect(page.locator(".question-stem .katex")).to_have_count(1)


def ready(page: Page) -> None:
    """Wait until scripts have done what they do to questions."""
    expect(page.locator("[data-question]:not([data-ready])")).to_have_count(0)


def give(page: Page, name: str) -> None:
    if name in {"single", "multiple"}:
        page.locator(".option-row").nth(1).click()
        if name == "single":
            page.get_by_role("button", name="Take my choice back").click()
            assert response_of(page, name) is None
            page.locator(".option-row").nth(1).press("Space")
            page.locator(".option-row").nth(2).click()
    elif name == "truefalse":
        page.get_by_label("False").check()
    elif name == "short":
        page.get_by_label("Your answer").fill("N")
    elif name == "cloze":
        page.get_by_label("Gap 1").fill("120")
        page.get_by_label("Gap 2").select_option("60")
        page.get_by_label("Gap 6").fill("红")
        assert response_of(page, name) == ["120", 1, None, None, None, "红"]
    elif name == "numerical":
        page.get_by_label("Your answer").fill("24 Ω")
        assert response_of(page, name) == {"value": "24 Ω", "unit": ""}
    elif name == "matching":
        match(page)
    elif name == "ordering":
        order(page)
    elif name == "essay":
        page.get_by_label("Your answer").fill("停电 and ground")
        expect(page.locator("[data-words]")).to_have_text("4 words")
    elif name == "case":
        page.locator(".option-row").first.click()
        page.get_by_role("button", name="Keep this order").click()
        response = response_of(page, name)
        assert (type(response[0]), response[1], sorted(response[2])) == (int, None, [0, 1, 2, 3])


def match(page: Page) -> None:
    cards, slots = page.locator("[data-card]"), page.locator("[data-slot]")
    # A tap on the choice, a tap on its place.
    cards.nth(2).tap()
    slots.nth(1).locator(".pair-left").tap()
    expect(slots.nth(1).locator("select")).to_have_value("2")
    # By drag, onto the place.
    cards.nth(0).drag_to(slots.nth(0).locator(".pair-left"))
    expect(slots.nth(0).locator("select")).to_have_value("0")
    # By keyboard, the list.
    slots.nth(3).locator("select").select_option("4")
    expect(cards.nth(4)).to_have_class("choice-card is-used")
    assert sum(one is not None for one in response_of(page, "matching")) == 3


def order(page: Page) -> None:
    items = page.locator(".order-item")
    first = items.nth(0).get_attribute("data-title") or ""
    keep = page.get_by_role("button", name="Keep this order")
    expect(keep).to_be_visible()
    items.nth(0).locator("[data-handle]").press("ArrowDown")
    expect(keep).to_be_hidden()
    expect(items.nth(1)).to_have_attribute("data-title", first)
    expect(page.locator(".ordering [aria-live]")).to_contain_text(f"{first}: now 2 of 4")
    expect(items.nth(1).locator("[data-handle]")).to_be_focused()
    # A position in its list does the same.
    items.nth(1).locator("select").select_option("4")
    expect(items.nth(3)).to_have_attribute("data-title", first)
    for n in range(4):
        expect(items.nth(n).locator("select")).to_have_value(str(n + 1))
    # And so does the mouse.
    items.nth(3).locator(".order-text").drag_to(items.nth(0).locator(".order-text"))
    expect(items.nth(0)).to_have_attribute("data-title", first)
    content: Any = EXAMPLES["ordering"]
    response = response_of(page, "ordering")
    assert content.items[response[0]].source == first


def test_editors(open_page: Callable[..., Page]) -> None:
    page = open_page("/admin/quiz/types", "admin", **PHONE)
    for name in TYPES:
        page.goto(f"/admin/quiz/types/{name}/editor")
        check(page, f"editor of {name}")
    page.goto("/admin/quiz/types/single/editor")
    page.get_by_role("button", name="Add 3 more").click()
    expect(page.locator(".row-card")).to_have_count(7)
    page.get_by_role("textbox", name="Option 5", exact=True).fill("新的选项 \\(x^2\\)")
    # The preview follows what is typed, and draws formulas in it.
    preview = page.locator("#question-preview")
    expect(preview.locator(".option")).to_have_count(5)
    expect(preview.locator(".option .katex")).to_have_count(1)
    page.get_by_role("button", name="Remove: Option 1", exact=True).click()
    expect(page.locator(".row-card")).to_have_count(6)
    option = page.get_by_role("textbox", name="Option 4", exact=True)
    expect(option).to_have_value("新的选项 \\(x^2\\)")
