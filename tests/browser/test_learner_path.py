"""A learner's way through the site: registering, enrolling with a key, studying, completing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from modou.builtin.enrol import KEY
from modou.models.courses import Prerequisite
from modou.services import enrol_methods
from tests import factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def course(site: SiteUnderTest) -> str:
    """The path of a course of two sections with a page each that opening completes and one that is
    ticked off; the second section waits for the first one's last page. Its key is melon-42."""
    with site.occasion() as occasion:
        made = factories.course(occasion, "低压电工作业", sections=2, activities=2)
        titles = ("安全常识", "触电急救", "万用表", "结业考核")
        activities = list(made.ordered_activities())
        for activity, title in zip(activities, titles, strict=True):
            activity.title = title
            activity.completion = ("viewed",)
        for activity in activities[1::2]:
            activity.completion = ("viewed", "manual")
        activities[2].prerequisites = (Prerequisite("completed", activities[1].id),)
        enrol_methods.change_method(occasion, made, KEY, opened=True, values={"key": "melon-42"})
        return f"/courses/{made.key}"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_the_front_page_to_the_last_activity(
    site: SiteUnderTest, course: str, open_page: Callable[..., Page], scripts: bool
) -> None:
    page = open_page("/", java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    page.get_by_role("link", name="Find a course").click()
    page.get_by_role("link", name="低压电工作业").click()
    page.get_by_role("link", name="Enrol").click()

    # A visitor is asked who they are, and comes back to what they wanted.
    page.get_by_role("main").get_by_role("link", name="Register").click()
    page.get_by_label("Username").fill("zhang")
    page.get_by_label("Password").fill("Ink line 2026 melon")
    page.locator("[name=name]").fill("张伟")
    page.get_by_role("button", name="Register").click()
    expect(page).to_have_url(page.url.split("/courses")[0] + f"{course}/enrol")

    page.get_by_label("Enrolment key").fill("lemon")
    page.get_by_role("button", name="Enrol now").click()
    expect(page.get_by_text("not the enrolment key").first).to_be_visible()
    page.get_by_label("Enrolment key").fill("melon-42")
    page.get_by_role("button", name="Enrol now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("低压电工作业")

    # What is not open yet says why.
    page.get_by_role("main").get_by_role("link", name="万用表").click()
    expect(page.get_by_text("Not open yet")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("触电急救")
    page.get_by_role("link", name="Back to the course").first.click()

    page.get_by_role("link", name="Start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("安全常识")
    for title in ("触电急救", "万用表", "结业考核"):
        page.locator("a[rel=next]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        if title != "万用表":
            page.get_by_role("button", name="Mark as done").click()
            expect(page.get_by_role("button", name="Marked as done")).to_be_visible()
    page.get_by_role("link", name="Back to the course").click()
    expect(page.get_by_role("main")).to_contain_text("4 / 4 activities")

    with site.occasion() as occasion:
        made = next(iter(occasion.site.courses))
        user = occasion.site.users.by_id(occasion.site.user_index.usernames["zhang"])
        assert made.enrolments[user.id].progress.course_completed
        assert user.name == "张伟"


def press_until(page: Page, target: Locator, key: str = "Tab", most: int = 60) -> None:
    """Move the focus on to `target`, as somebody does who has no mouse."""
    for _step in range(most):
        page.keyboard.press(key)
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{most} times {key} did not reach {target}")


def test_studying_by_keyboard_alone(
    site: SiteUnderTest, course: str, open_page: Callable[..., Page]
) -> None:
    with site.occasion() as occasion:
        made = next(iter(occasion.site.courses))
        factories.enrolment(occasion, made, factories.user(occasion, "li", "李娜"))
    page = open_page("/my/courses", "li")
    heading = page.get_by_role("heading", level=1)

    # Past the frame at once, then on to the first thing that the page is for.
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    press_until(page, page.get_by_role("main").get_by_role("link", name="Start"), most=5)
    page.keyboard.press("Enter")
    expect(heading).to_have_text("安全常识")

    press_until(page, page.locator("a[rel=next]"))
    outline = page.locator("a[rel=next]").evaluate(
        "element => { const s = getComputedStyle(element); return s.outlineStyle }"
    )
    assert outline != "none", "the focus is not to be seen"
    page.keyboard.press("Enter")
    expect(heading).to_have_text("触电急救")

    press_until(page, page.get_by_role("button", name="Mark as done"))
    page.keyboard.press("Space")
    done = page.get_by_role("button", name="Marked as done")
    expect(done).to_be_visible()
    # Going on begins where one was, not at the top of the page.
    press_until(page, page.locator("a[rel=next]"), most=3)
    page.keyboard.press("Enter")
    expect(heading).to_have_text("万用表")
