"""The grade book by keyboard, by touch, without scripts; and the order of the set-up."""

import pytest
from playwright.sync_api import Page, expect

from modou.models.grades import Grade
from modou.services import grading
from tests import factories
from tests.conftest import SiteUnderTest

NAMES = ("李强", "王芳", "赵敏")


@pytest.fixture
def book(site: SiteUnderTest) -> str:
    """Path of a grade book of three learners by two items; the first comes from an activity."""
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=1)
        factories.enrolment(occasion, course, factories.user(occasion, "teacher"), "teacher")
        for number, name in enumerate(NAMES):
            user = factories.user(occasion, f"learner{number}", name)
            factories.enrolment(occasion, course, user)
        activity = next(course.ordered_activities())
        activity.title = "测验"
        quiz = grading.ensure_item(occasion, course, activity)
        grading.add_item(occasion, course, {"title": "实操"})
        for enrolment in course.enrolments.values():
            if enrolment.role == "learner":
                grading.set_grade(occasion, course, quiz, enrolment, 70.0, source="page")
        return f"/courses/{course.key}/grades"


def cell(page: Page, row: int, item: int):
    """The cell of a learner (by place) and an item (0: the activity's, 1: by hand)."""
    return page.locator("tbody tr").nth(row).locator("[data-cell]").nth(item)


def stored(site: SiteUnderTest, name: str, item: int) -> Grade:
    with site.occasion() as occasion:
        course = next(iter(occasion.site.courses))
        user = next(user for user in occasion.site.users if user.name == name)
        wanted = course.grade_book.ordered_items()[item]
        return grading.grade_of(course.enrolments[user.id], wanted)


def total(page: Page, row: int):
    return page.locator("tbody tr").nth(row).locator('[data-column="total"]')


class TestKeyboard:
    def test_walking_typing_saving(self, site, book, open_page):
        page = open_page(book, "teacher")
        first = page.locator('tbody [role="gridcell"]').first
        first.focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        expect(cell(page, 0, 1)).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.type("85,5")
        page.keyboard.press("Enter")
        expect(cell(page, 1, 1)).to_be_focused()
        expect(cell(page, 0, 1)).to_have_text("85.5")
        expect(total(page, 0)).to_have_text("77.75")
        expect(page.locator("[data-grid-status]")).to_have_text("Saved")
        page.keyboard.type("90")
        page.keyboard.press("ArrowDown")
        expect(cell(page, 1, 1)).to_have_text("90")
        expect(total(page, 1)).to_have_text("80")
        assert stored(site, "李强", 1).value == 85.5
        assert stored(site, "王芳", 1).value == 90.0

    def test_escape_leaves_everything_as_it_was(self, site, book, open_page):
        page = open_page(book, "teacher")
        cell(page, 0, 1).focus()
        page.keyboard.type("12")
        page.keyboard.press("Escape")
        expect(cell(page, 0, 1)).to_be_focused()
        expect(cell(page, 0, 1)).to_have_text("–")
        assert stored(site, "李强", 1).value is None

    def test_a_refused_value_stays_to_be_corrected(self, site, book, open_page):
        page = open_page(book, "teacher")
        cell(page, 0, 1).focus()
        page.keyboard.type("850")
        page.keyboard.press("Enter")
        status = page.locator("[data-grid-status]")
        expect(status).to_contain_text("takes 0 to 100 points, not 850")
        expect(cell(page, 0, 1)).to_have_attribute("aria-invalid", "true")
        cell(page, 0, 1).focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Backspace")
        page.keyboard.type("85")
        page.keyboard.press("Enter")
        expect(status).to_have_text("Saved")
        assert stored(site, "李强", 1).value == 85.0

    def test_an_override_takes_the_reason_above_the_grid(self, site, book, open_page):
        page = open_page(book, "teacher")
        cell(page, 0, 0).focus()
        page.keyboard.type("80")
        page.keyboard.press("Enter")
        expect(page.locator("[data-grid-status]")).to_contain_text("Say why")
        page.get_by_label("Reason for changes").fill("补考")
        cell(page, 0, 0).focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(cell(page, 0, 0)).to_have_attribute("data-level", "override")
        grade = stored(site, "李强", 0)
        assert (grade.value, grade.given, grade.reason) == (80.0, 70.0, "补考")

    def test_the_second_teacher_is_told_and_may_then_insist(self, site, book, open_page):
        page = open_page(book, "teacher")
        with site.occasion("teacher") as occasion:
            course = next(iter(occasion.site.courses))
            user = next(user for user in occasion.site.users if user.name == "李强")
            by_hand = course.grade_book.ordered_items()[1]
            enrolment = course.enrolments[user.id]
            grading.set_grade(occasion, course, by_hand, enrolment, 60.0, source="manual")
        cell(page, 0, 1).focus()
        page.keyboard.type("95")
        page.keyboard.press("Enter")
        status = page.locator("[data-grid-status]")
        expect(status).to_contain_text("changed meanwhile: teacher made it 60")
        assert stored(site, "李强", 1).value == 60.0
        cell(page, 0, 1).focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(status).to_have_text("Saved")
        assert stored(site, "李强", 1).value == 95.0

    def test_a_click_on_the_link_edits_instead_of_leading_away(self, book, open_page):
        page = open_page(book, "teacher")
        cell(page, 1, 1).locator("a").click()
        expect(cell(page, 1, 1)).to_be_focused()
        assert page.url.endswith(book)


class TestWithoutScripts:
    def test_a_cell_leads_to_a_form(self, site, book, open_page):
        page = open_page(book, "teacher", java_script_enabled=False)
        cell(page, 2, 1).locator("a").click()
        page.get_by_label("Grade", exact=True).fill("66")
        with page.expect_navigation():
            page.get_by_role("button", name="Save").click()
        assert stored(site, "赵敏", 1).value == 66.0


class TestSetUp:
    def test_items_are_ordered_by_keyboard(self, site, book, open_page):
        page = open_page(f"{book}-setup", "teacher")
        page.get_by_role("button", name="Move 测验").focus()
        with page.expect_response("**/grades-setup/order"):
            for key in ("Space", "ArrowDown", "Space"):
                page.keyboard.press(key)
        with site.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            titles = [item.title for item in course.grade_book.ordered_items()]
        assert titles == ["实操", "测验"]
