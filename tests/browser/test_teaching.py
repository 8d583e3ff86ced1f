"""Ordering an outline by mouse, keyboard and without scripts; ticking off; accessibility."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def course(site: SiteUnderTest) -> str:
    """The path of a course of two sections with two activities each, taught by wang; li learns."""
    with site.occasion() as occasion:
        made = factories.course(occasion, "低压电工作业", sections=2, activities=2)
        for number, activity in enumerate(made.ordered_activities()):
            activity.title = "甲乙丙丁"[number]
            activity.completion = ("manual",)
        factories.enrolment(occasion, made, factories.user(occasion, "wang", "王"), "teacher")
        factories.enrolment(occasion, made, factories.user(occasion, "li", "李"))
        return f"/courses/{made.key}"


def stored(site: SiteUnderTest) -> list[str]:
    """The activities' titles, a string for each section."""
    with site.occasion() as occasion:
        made = next(iter(occasion.site.courses))
        return ["".join(made.activities.by_id(i).title for i in s.activities) for s in made.outline]


def handle(page: Page, title: str) -> Any:
    return page.locator(f".outline-activity[data-title='{title}'] [data-reorder-handle]")


class TestOrder:
    def test_dragging_into_another_section(
        self, site: SiteUnderTest, course: str, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(f"{course}/outline", "wang", viewport={"width": 1000, "height": 1400})
        # Handles show once the script has come.
        expect(handle(page, "甲")).to_be_visible()
        source = handle(page, "甲").bounding_box()
        assert source
        second = page.locator(".outline-section").nth(1)
        page.mouse.move(source["x"] + 15, source["y"] + 15)
        page.mouse.down()
        with page.expect_response("**/order") as answered:
            # The list makes room while the mouse moves: aim anew until it has taken the item in.
            for _attempt in range(50):
                expect(handle(page, "丁")).to_be_visible()
                target = handle(page, "丁").bounding_box()
                assert target
                page.mouse.move(target["x"] + 15, target["y"] + 20, steps=8)
                if second.locator("[data-title='甲']").count():
                    break
            page.mouse.up()
        assert answered.value.ok
        one, two = stored(site)
        assert one == "乙"
        assert sorted(two) == sorted("甲丙丁")

    def test_the_keyboard_moves_across_sections_and_escape_puts_back(
        self, site: SiteUnderTest, course: str, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(f"{course}/outline", "wang")
        handle(page, "乙").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        expect(handle(page, "乙")).to_be_focused()
        assert stored(site) == ["甲乙", "丙丁"]
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        with page.expect_response("**/order"):
            page.keyboard.press("Space")
        assert stored(site) == ["甲", "丙乙丁"]
        expect(page.locator("#live")).to_have_text("Order saved")

    def test_a_whole_section_is_moved_by_keyboard(
        self, site: SiteUnderTest, course: str, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(f"{course}/outline", "wang")
        page.locator(".outline-section-head [data-reorder-handle]").first.focus()
        page.keyboard.press("Space")
        page.keyboard.press("End")
        with page.expect_response("**/order"):
            page.keyboard.press("Space")
        assert stored(site) == ["丙丁", "甲乙"]

    def test_an_order_that_is_out_of_date_is_put_back_with_a_reason(
        self, site: SiteUnderTest, course: str, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(f"{course}/outline", "wang")
        with site.occasion() as occasion:
            made = next(iter(occasion.site.courses))
            made.drop_activity(made.outline[0].activities[0])
        handle(page, "乙").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Space")
        expect(page.locator(".reorder-error")).to_contain_text("changed meanwhile")
        titles = page.locator(".outline-section").first.locator(".outline-activity")
        assert titles.evaluate_all("all => all.map(one => one.dataset.title)") == ["甲", "乙"]

    def test_buttons_do_it_without_scripts(
        self, site: SiteUnderTest, course: str, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(f"{course}/outline", "wang", java_script_enabled=False)
        expect(handle(page, "甲")).to_be_hidden()
        page.get_by_role("button", name="Move 甲 down").click()
        assert stored(site) == ["乙甲", "丙丁"]


class TestLearning:
    @pytest.mark.parametrize("scripts", [True, False])
    def test_ticking_off_and_back(
        self, course: str, open_page: Callable[..., Page], scripts: bool
    ) -> None:
        page = open_page(course, "li", java_script_enabled=scripts)
        page.get_by_role("link", name="Start").click()
        page.get_by_role("button", name="Mark as done").click()
        button = page.get_by_role("button", name="Marked as done")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".outline [aria-current] .mark-state")).to_have_attribute(
            "data-state", "done"
        )
        page.get_by_role("link", name="Next").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("乙")
        page.go_back()
        page.get_by_role("button", name="Marked as done").click()
        expect(page.get_by_role("button", name="Mark as done")).to_be_visible()


# The other two pairs: test_every_page.py.
@pytest.mark.parametrize(("width", "mode"), [(360, "light"), (1280, "dark")])
def test_the_pages_are_accessible_and_fit(
    course: str, open_page: Callable[..., Page], width: int, mode: str
) -> None:
    wrong = []
    pages = (
        ("/", ""),
        ("/courses", ""),
        (f"{course}/about", ""),
        ("/", "li"),
        (course, "li"),
        ("/my/courses", "li"),
        (f"{course}/outline", "wang"),
        (f"{course}/edit", "wang"),
    )
    for path, who in pages:
        page = open_page(path, who, color_scheme=mode, viewport={"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{path}: wider than the screen")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        wrong += [
            f"{path} ({who}): {v['id']}: {v['nodes'][0]['html'][:150]}"
            for v in found
            if v["impact"] in {"serious", "critical"}
        ]
        page.context.close()
    assert not wrong, "\n".join(wrong)
