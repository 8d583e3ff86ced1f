"""Pages about who takes part: enrolling oneself, participants, cohorts."""

import io

import pytest
from openpyxl import load_workbook
from webtest import TestResponse

from modou.builtin.enrol import KEY, SELF
from modou.services import cohorts, enrol_methods, enrolling
from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form


@pytest.fixture
def school(site: SiteUnderTest) -> SiteUnderTest:
    """A course with a teacher, three learners, two of them in a cohort with a class teacher."""
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=2)
        course.code = "C-1"
        factories.user(occasion, "olga", "欧尔佳", role="operator")
        teacher = factories.user(occasion, "tian", "田老师")
        enrolling.enrol(occasion, course, [teacher], role="teacher")
        learners = [
            factories.user(occasion, name, title)
            for name, title in (("zhang", "张伟"), ("li", "李娜"), ("wang", "王芳"))
        ]
        head = factories.user(occasion, "ban", "班主任")
        cohort = cohorts.create_cohort(
            occasion, title="电工 1 班", number="B-1", class_teacher=head, planned_number=40
        )
        cohorts.add_members(occasion, cohort, learners[:2])
        cohorts.enrol_cohort(occasion, cohort, course)
        enrolling.enrol(occasion, course, [learners[2]])
        factories.user(occasion, "neu", "新同学")
    return site


def path(school: SiteUnderTest, tail: str = "") -> str:
    with school.occasion() as occasion:
        (course,) = occasion.site.courses
        return f"/courses/{course.key}{tail}"


def key_of(school: SiteUnderTest, username: str) -> str:
    with school.occasion() as occasion:
        id = occasion.site.user_index.usernames[username]
        return str(occasion.site.users.by_id(id).key)


def status_of(school: SiteUnderTest, username: str) -> str:
    with school.occasion() as occasion:
        (course,) = occasion.site.courses
        id = occasion.site.user_index.usernames[username]
        return str(course.enrolments[id].status)


def names(answer: TestResponse) -> list[str]:
    return [cell.text.strip() for cell in answer.html.select("tbody th[scope=row]")]


class TestEnrolOneself:
    def test_a_visitor_is_asked_to_sign_in(self, school: SiteUnderTest) -> None:
        answer = school.browser().get(path(school, "/enrol"), status=302)
        assert "/login" in answer.location

    def test_no_way_is_open(self, school: SiteUnderTest) -> None:
        answer = school.browser("neu").get(path(school, "/enrol"))
        assert "not open" in answer.text

    def test_who_takes_part_goes_to_the_course(self, school: SiteUnderTest) -> None:
        answer = school.browser("zhang").get(path(school, "/enrol"), status=303)
        assert answer.location.endswith(path(school))

    def test_open_to_all_then_leave(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            enrol_methods.change_method(occasion, course, SELF, opened=True)
            for activity in course.activities:
                activity.completion = ("manual",)
        browser = school.browser("neu")
        main_form(browser.get(path(school, "/enrol"))).submit(status=303)
        assert status_of(school, "neu") == "active"
        # With a message waiting the course comes past the cache.
        welcome = browser.get(path(school), status=200)
        assert welcome.html.select_one("progress[max='2']")
        main_form(browser.get(path(school, "/leave"))).submit(status=303)
        assert status_of(school, "neu") == "ended"

    def test_with_a_key_and_wrong_ones_are_counted(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            enrol_methods.change_method(
                occasion, course, KEY, opened=True, values={"key": "melon-42"}
            )
        browser = school.browser("neu")
        for _ in range(enrol_methods.WRONG_KEYS):
            form = main_form(browser.get(path(school, "/enrol")))
            form["key-key"] = "wrong"
            assert "not the enrolment key" in form.submit(status=200).text
        form["key-key"] = "melon-42"
        form.submit(status=429)
        school.clock.move(minutes=16)
        form.submit(status=303)
        assert status_of(school, "neu") == "active"

    def test_who_was_enrolled_cannot_leave(self, school: SiteUnderTest) -> None:
        browser = school.browser("zhang")
        assert "Ask it" in browser.get(path(school, "/leave")).text
        token = browser.get("/").html.find("input", {"name": "csrf_token"})["value"]
        browser.post(path(school, "/leave"), {"csrf_token": token}, status=403)


class TestWaysIn:
    def test_a_teacher_opens_and_closes_them(self, school: SiteUnderTest) -> None:
        browser = school.browser("tian")
        address = path(school, "/enrol-methods")
        by_self, by_key, limits = (main_form(browser.get(address), n) for n in range(3))
        by_self["self-days"] = "30"
        by_self.submit(status=303)
        by_key["key-key"] = "ab"
        assert "too short" in by_key.submit(status=200).text.lower()
        by_key["key-key"] = "melon-42"
        by_key.submit(status=303)
        limits["capacity"] = "2"
        limits["opens"], limits["closes"] = "2026-03-01", "2026-03-31"
        limits.submit(status=303)
        limits["closes"] = "2026-02-01"
        assert "after the start" in limits.submit(status=200).text
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            assert course.enrol_methods["self"] == {"days": 30}
            assert isinstance(course.enrol_methods["key"]["key"], bytes)
            assert course.enrol_capacity == 2
            assert course.enrol_closes - course.enrol_opens == 31 * 86_400
            ways = enrol_methods.ways_in(occasion, course)
            assert [str(way.closed) for way in ways] == ["All places are taken."] * 2
        page = browser.get(address)
        assert "melon" not in page.text
        main_form(page, 0).submit("close", status=303)
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            assert set(course.enrol_methods) == {"key"}

    def test_not_for_learners(self, school: SiteUnderTest) -> None:
        school.browser("zhang").get(path(school, "/enrol-methods"), status=403)


class TestParticipants:
    def test_listed_searched_filtered_sorted(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        address = path(school, "/participants")
        assert names(browser.get(address)) == ["班主任", "李娜", "田老师", "王芳", "张伟"]
        assert names(browser.get(address + "?sort=-name&role=learner")) == ["张伟", "王芳", "李娜"]
        assert names(browser.get(address + "?q=zhangw")) == ["张伟"]
        assert names(browser.get(address + "?cohort=none&role=learner")) == ["王芳"]
        assert "Nobody matches" in browser.get(address + "?state=suspended").text
        browser.get(address + "?sort=nonsense&page=x&cohort=!&state=?")

    def test_pages(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            more = [factories.user(occasion, name=f"学员{n:03}") for n in range(120)]
            enrolling.enrol(occasion, course, more)
        browser = school.browser("tian")
        page = browser.get(path(school, "/participants"))
        assert len(names(page)) == 50
        last = page.click(linkid=None, href=r"page=3")
        assert len(names(last)) == 25
        assert len(names(browser.get(path(school, "/participants?page=99")))) == 25

    def test_a_class_teacher_sees_the_own_cohort_only(self, school: SiteUnderTest) -> None:
        browser = school.browser("ban")
        assert names(browser.get(path(school, "/participants"))) == ["班主任", "李娜", "张伟"]
        browser.get(path(school, "/participants/" + key_of(school, "zhang")))
        browser.get(path(school, "/participants/" + key_of(school, "wang")), status=404)
        export = browser.get(path(school, "/participants-export.csv"))
        assert "王芳" not in export.body.decode("utf-8-sig")
        browser.get(path(school, "/participants/add"), status=403)

    def test_many_are_changed_after_a_look(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        page = browser.get(path(school, "/participants?role=learner"))
        form = main_form(page)
        form.set("ids", True, 0)
        form.set("ids", True, 2)
        look = form.submit("action", value="suspend")
        assert "2 participants" in look.text
        assert status_of(school, "zhang") == "active"
        done = main_form(look).submit(status=303)
        assert "role=learner" in done.location
        assert [status_of(school, n) for n in ("li", "wang", "zhang")] == [
            "suspended", "active", "suspended",
        ]  # fmt: skip

    def test_the_whole_list_gets_dates(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        page = browser.get(path(school, "/participants?role=learner"))
        form = main_form(page)
        fields = [*form.submit_fields("action", submit_value="dates"), ("scope", "all")]
        look = browser.post(path(school, "/participants?role=learner"), fields)
        form = main_form(look)
        form["starts"], form["ends"] = "2026-05-02", "2026-05-01"
        form = main_form(form.submit(status=200))
        form["ends"] = "2026-05-31"
        form.submit(status=303)
        with school.occasion() as occasion:
            (course,) = occasion.site.courses
            spans = {e.ends - e.starts for e in course.enrolments.values() if e.role == "learner"}
            assert spans == {30 * 86_400}

    def test_nobody_chosen(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        form = main_form(browser.get(path(school, "/participants")))
        assert "Choose the people" in form.submit("action", value="end").follow().text

    def test_export(self, school: SiteUnderTest) -> None:
        answer = school.browser("olga").get(path(school, "/participants-export.xlsx?role=learner"))
        sheet = load_workbook(io.BytesIO(answer.body)).active
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[0][:4] == ("Name", "Username", "Cohort", "Role")
        assert [row[0] for row in rows[1:]] == ["李娜", "王芳", "张伟"]
        assert rows[1][2:5] == ("电工 1 班", "Learner", "Active")

    def test_one_participant(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        page = browser.get(path(school, "/participants/" + key_of(school, "zhang")))
        assert "电工 1 班" in page.text
        form = main_form(page)
        form["status"], form["ends"] = "suspended", "2026-12-31"
        form.submit(status=303)
        assert status_of(school, "zhang") == "suspended"
        form["ends"], form["starts"] = "2026-01-01", "2026-02-01"
        assert "after the start" in form.submit(status=200).text
        page = school.browser("tian").get(path(school, "/participants/" + key_of(school, "li")))
        assert not page.html.select("main form")

    def test_people_are_added(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        page = browser.get(path(school, "/participants/add?q=neu"))
        form = main_form(page)
        form.set("ids", True, 0)
        form["role"] = "teacher"
        shown = form.submit(status=303).follow()
        assert "新同学" in names(shown)
        assert status_of(school, "neu") == "active"
        assert "takes part" in browser.get(path(school, "/participants/add?q=neu")).text
        assert "Nobody was found" in browser.get(path(school, "/participants/add?q=zzz")).text


class TestCohorts:
    def test_from_new_to_archived(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        form = main_form(browser.get("/cohorts/new"))
        form["title"], form["number"] = "电工 2 班", "b-1"
        form["starts"], form["ends"] = "2026-05-02", "2026-05-01"
        form["class_teacher"] = "nobody"
        answer = form.submit(status=200)
        form = main_form(answer)
        form["class_teacher"] = "tian"
        answer = form.submit(status=200)
        assert "has this number" in answer.text
        assert "after the start" in answer.text
        form = main_form(answer)
        form["number"], form["ends"] = "B-2", "2026-06-30"
        page = form.submit(status=303).follow()
        assert "田老师" in page.text
        assert "2026" in page.text
        for status in ("running", "finished", "archived"):
            button = page.html.find("button", {"value": status})
            number = page.html.find_all("form").index(button.find_parent("form"))
            page = page.forms[number].submit("status", value=status, status=303).follow()
        assert names(browser.get("/cohorts")) == ["电工 1 班"]
        assert names(browser.get("/cohorts?status=all&sort=number")) == ["电工 1 班", "电工 2 班"]
        assert names(browser.get("/cohorts?status=all&q=b-2")) == ["电工 2 班"]

    def test_members(self, school: SiteUnderTest) -> None:
        browser = school.browser("olga")
        address = names_and_href = browser.get("/cohorts").html.select("tbody th a")[0]["href"]
        page = browser.get(f"{names_and_href}/members?q=neu")
        form = main_form(page, 1)
        form.set("ids", True, 0)
        form.submit("action", value="add", status=303)
        assert status_of(school, "neu") == "active"
        form = main_form(browser.get(f"{address}/members"))
        assert names(browser.get(f"{address}/members")) == ["李娜", "新同学", "张伟"]
        form.set("ids", True, 1)
        form.submit("action", value="remove", status=303)
        assert status_of(school, "neu") == "ended"

    def test_a_class_teacher_sees_only_the_own_ones(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            other = cohorts.create_cohort(occasion, title="别的班", number="X")
            address = f"/cohorts/{other.key}"
        browser = school.browser("ban")
        page = browser.get("/cohorts")
        assert names(page) == ["电工 1 班"]
        browser.get(address, status=403)
        own = browser.get(page.html.select("tbody th a")[0]["href"])
        assert not own.html.select("main form")
        school.browser("zhang").get("/cohorts", status=403)

    def test_a_course_takes_a_cohort(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            cohort = cohorts.create_cohort(occasion, title="电工 3 班", number="B-3")
            new = next(u for u in occasion.site.users if u.username == "neu")
            cohorts.add_members(occasion, cohort, [new])
        browser = school.browser("olga")
        page = browser.get(path(school, "/participants/cohort"))
        assert names(page) == ["电工 1 班", "电工 3 班"]
        main_form(page).submit(status=303)
        assert status_of(school, "neu") == "active"
        main_form(browser.get(path(school, "/participants/cohort")), 1).submit("remove", status=303)
        assert status_of(school, "neu") == "ended"

    def test_a_cohort_takes_a_course(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            cohort = cohorts.create_cohort(occasion, title="电工 3 班", number="B-3")
            new = next(u for u in occasion.site.users if u.username == "neu")
            cohorts.add_members(occasion, cohort, [new])
            address = f"/cohorts/{cohort.key}"
        browser = school.browser("olga")
        page = browser.get(address)
        offers = [f for f in page.forms.values() if "/participants/cohort" in f.action]
        assert offers
        offers[0].submit(status=303)
        assert status_of(school, "neu") == "active"
        assert "No other course was found." in browser.get(address, {"q": "nothing like it"})
