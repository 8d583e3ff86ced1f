"""The way of a roster through the pages: upload, verdicts, taking, result."""

import io

import pytest
from openpyxl import load_workbook
from webtest import TestApp, TestResponse, Upload

from modou.services import cohorts, rosters
from tests import factories
from tests import rosters as paper
from tests.conftest import SiteUnderTest
from tests.pages import main_form


@pytest.fixture
def school(site: SiteUnderTest) -> SiteUnderTest:
    """A course C-1, a cohort B-1, an operator, a teacher."""
    with site.occasion() as occasion:
        course = factories.course(occasion)
        course.code = "C-1"
        cohorts.create_cohort(occasion, title="电工 1 班", number="B-1")
        factories.user(occasion, "olga", "欧尔佳", role="operator")
        factories.user(occasion, "wang", "王芳")
    return site


def course_path(school: SiteUnderTest) -> str:
    with school.occasion() as occasion:
        (course,) = occasion.site.courses
        return f"/courses/{course.key}"


def upload(
    school: SiteUnderTest, browser: TestApp, address: str, data: bytes, name: str = "一班.csv"
) -> TestResponse:
    """The page of the roster after it was checked."""
    form = main_form(browser.get(address), 0)
    form["file"] = Upload(name, data)
    answer = form.submit(status=303)
    school.work()
    return answer.follow()


def press(school: SiteUnderTest, page: TestResponse, action: str) -> TestResponse:
    """The page after pressing a button, when the work is done."""
    button = page.html.find("button", {"value": action})
    number = page.html.find_all("form").index(button.find_parent("form"))
    answer = page.forms[number].submit("action", value=action, status=303)
    school.work()
    return answer.follow()


def sheet(answer: TestResponse) -> list[tuple[object, ...]]:
    return list(load_workbook(io.BytesIO(answer.body)).active.iter_rows(values_only=True))


class TestForTheSite:
    @pytest.mark.both_storages
    def test_from_the_file_to_the_result(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        rows = paper.people(0, 60, course="C-1", cohort="B-1")
        rows[1][2] = "110105199003070011"
        rows[2][6] = "国王"
        page = upload(school, browser, "/admin/roster", paper.csv_bytes(rows, encoding="gb18030"))
        assert "58 of 60 rows can be taken" in page.text
        assert "GB 11643" in page.text
        assert paper.id_number(0) not in page.text
        assert paper.phone(0) not in page.text
        bad = page.click(href="kind=bad")
        assert [row.td.text for row in bad.html.select("tbody tr")] == ["3", "4"]
        assert len(page.click(href="page=2", index=0).html.select("tbody tr")) == 10
        with school.occasion() as occasion:
            assert len(occasion.site.users) == 2
        done = press(school, page, "start")
        assert "All rows were worked through" in done.text
        with school.occasion() as occasion:
            assert len(occasion.site.users) == 60
            (course,) = occasion.site.courses
            assert len(course.enrolments) == 58
        answer = done.click(href="result.xlsx")
        assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        table = sheet(answer)
        assert len(table) == 61
        assert table[0][5:] == ("Result", "Remark", "Activation code")
        assert table[2][5] == "Not taken"
        assert "GB 11643" in str(table[2][6])
        assert len(str(table[1][7])) == 9
        assert paper.id_number(0) not in str(table)

        again = upload(school, browser, "/admin/roster", paper.csv_bytes(rows))
        assert "No row needs to be taken" in again.text
        listing = browser.get("/admin/roster")
        assert len(listing.html.select("tbody tr")) == 2
        gone = press(school, done, "discard")
        assert "dropped" in gone.text

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (paper.csv_bytes(paper.people(0, 3)) + b'\r\n"abc', "line 5"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls"),
            (paper.csv_bytes([["a", "b"]], ["姓名", "班级"]), "No column tells who people are"),
            (paper.xlsx_bytes(paper.people(0, 3))[:-400], "no readable .xlsx"),
        ],
    )
    def test_bad_files_are_answered_with_a_sentence(
        self, school: SiteUnderTest, data: bytes, said: str
    ) -> None:
        browser = school.browser("olga")
        form = main_form(browser.get("/admin/roster"), 0)
        form["file"] = Upload("一班.csv", data)
        answer = form.submit(status=200)
        assert said in answer.text
        with school.occasion() as occasion:
            assert len(occasion.site.rosters) == 0

    def test_no_file(self, school: SiteUnderTest) -> None:
        form = main_form(school.browser("olga").get("/admin/roster"), 0)
        assert "Choose a file" in form.submit(status=200).text

    def test_the_template(self, school: SiteUnderTest) -> None:
        answer = school.browser("olga").get("/admin/roster").click(href="template.xlsx")
        heading, sample = sheet(answer)
        assert heading[0] == "姓名"
        cell = load_workbook(io.BytesIO(answer.body)).active["C2"]
        assert (cell.number_format, cell.value) == ("@", sample[2])

    def test_not_for_everybody(self, school: SiteUnderTest) -> None:
        for address in ("/admin/roster", course_path(school) + "/roster"):
            school.browser("wang").get(address, status=403)
            assert "/login" in school.browser().get(address, status=302).location


class TestForOneCourse:
    def test_into_the_course(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        address = course_path(school) + "/roster"
        page = upload(school, browser, address, paper.xlsx_bytes(paper.people(0, 3)), "x.xlsx")
        done = press(school, page, "start")
        assert len(sheet(done.click(href="result.xlsx"))) == 4
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            assert len(course.enrolments) == 3
            (job,) = occasion.site.rosters
        browser.get(f"/admin/roster/{job.key}", status=404)
        browser.get(f"{address}/0000000000000", status=404)

    @pytest.mark.both_storages
    def test_progress_and_going_on(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        address = course_path(school) + "/roster"
        page = upload(school, browser, address, paper.csv_bytes(paper.people(0, 300)))
        with school.occasion() as occasion:
            (job,) = occasion.site.rosters
            rosters.launch(occasion, job)  # a worker that never begins: its process was killed
        here = page.request.path
        answer = browser.get(here, headers={"HX-Request": "true"})
        assert "HX-Refresh" not in answer.headers
        assert answer.html.find("progress")["value"] == "0"
        assert "http-equiv" in answer.text
        school.clock.move(minutes=2)
        stopped = browser.get(here)
        assert "The work stopped" in stopped.text
        done = press(school, stopped, "start")
        assert "All rows were worked through" in done.text
        answer = browser.get(here, headers={"HX-Request": "true"})
        assert answer.headers["HX-Refresh"] == "true"

    @pytest.mark.both_storages
    def test_stopped_and_gone_on(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        address = course_path(school) + "/roster"
        page = upload(school, browser, address, paper.csv_bytes(paper.people(0, 3)))
        with school.occasion() as occasion:
            (job,) = occasion.site.rosters
            rosters.launch(occasion, job)
        running = browser.get(page.request.path)
        stopped = press(school, running, "cancel")
        assert "Stopped after 0 of 3 rows" in stopped.text
        assert "All rows were worked through" in press(school, stopped, "start").text
