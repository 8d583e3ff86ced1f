"""The core's resources: courses, enrolments, grades, accounts, as programs see them."""

from collections.abc import Callable
from typing import Any

import pytest

from modou.models.courses import Prerequisite
from modou.services import enrolling, grading, identity, learning
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client, token_for


@pytest.fixture
def school(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    """Operator olga, teacher tao and learners lin, bo in a course of three activities."""
    site = make_site()
    with site.occasion() as occasion:
        for role in occasion.site.roles.values():
            if role.name == "member":
                role.capabilities |= {"api:token"}
        factories.user(occasion, "olga", "欧阳", role="operator")
        course = factories.course(occasion, "低压电工作业", activities=3)
        tao = factories.user(occasion, "tao", "陶行")
        lin = factories.user(occasion, "lin", "林一")
        bo = factories.user(occasion, "bo", "薄二")
        enrolling.admit(occasion, course, [tao], role="teacher")
        enrolling.admit(occasion, course, [lin, bo])
        factories.user(occasion, "neu", "钮三")
        grading.add_item(occasion, course, {"title": "实操", "maximum": 50})
        grading.add_item(occasion, course, {"title": "隐藏", "maximum": 10, "hidden": True})
    return site


def client(site: SiteUnderTest, name: str) -> Client:
    return Client(site, token_for(site, name))


def key_of(site: SiteUnderTest, username: str) -> str:
    with site.occasion() as occasion:
        return site._user(occasion.site, username).key


def course_of(site: SiteUnderTest) -> str:
    with site.occasion() as occasion:
        return next(iter(occasion.site.courses)).key


class TestCourses:
    def test_pages_of_the_catalogue_neither_repeat_nor_skip(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            for number in range(6):
                school.clock.move(seconds=number % 2)
                factories.course(occasion, f"课程 {number}")
        asker = client(school, "lin")
        first = asker("GET", "/courses?limit=3").json
        assert len(first["items"]) == 3
        with school.occasion() as occasion:
            # What comes meanwhile stands at the beginning; what goes meanwhile is missing.
            school.clock.move(hours=1)
            factories.course(occasion, "neu")
            gone = occasion.site.courses[first["items"][2]["id"]]
            gone.visible = False
            occasion.site.course_index.drop(gone.id)
        titles = [c["title"] for c in first["items"]]
        cursor = first["next"]
        while cursor:
            page = asker("GET", f"/courses?limit=3&cursor={cursor}").json
            titles += [c["title"] for c in page["items"]]
            cursor = page["next"]
        assert sorted(titles) == sorted([*(f"课程 {n}" for n in range(6)), "低压电工作业"])

    def test_a_cursor_goes_on_with_its_own_question(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            factories.course(occasion, "焊工")
        asker = client(school, "olga")
        cursor = asker("GET", "/courses?limit=1").json["next"]
        assert asker("GET", f"/courses?limit=9&cursor={cursor}").status_int == 200
        for query in (f"of=all&cursor={cursor}", f"text=a&cursor={cursor}", "cursor=abc"):
            answer = asker("GET", f"/courses?{query}")
            assert answer.status_int == 422
            assert answer.json["errors"][0]["parameter"] == "cursor"

    def test_drafts_are_the_administrations(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            draft = factories.course(occasion, "草稿")
            draft.status = "draft"
            from modou.services import teaching

            teaching.index_course(occasion, draft)
            key = draft.key
        assert "草稿" not in client(school, "lin")("GET", "/courses").text
        assert client(school, "lin")("GET", "/courses?of=all").status_int == 403
        assert client(school, "lin")("GET", f"/courses/{key}").status_int == 403
        found = client(school, "olga")("GET", "/courses?of=all").json["items"]
        assert {c["title"]: c["status"] for c in found}["草稿"] == "draft"

    def test_the_outline_says_where_a_learner_stands(self, school: SiteUnderTest) -> None:
        key = course_of(school)
        with school.occasion() as occasion:
            course = occasion.site.courses[key]
            first, second, _third = course.ordered_activities()
            first.completion = second.completion = ("viewed",)
            second.prerequisites = (Prerequisite("completed", first.id),)
            course.touch(occasion.now)
        asker = client(school, "lin")
        (section,) = asker("GET", f"/courses/{key}/outline").json["sections"]
        states = [a["state"] for a in section["activities"]]
        assert states == ["open", "locked", ""]
        assert section["activities"][1]["reason"]
        with school.occasion("lin") as occasion:
            course = occasion.site.courses[key]
            learning.note_view(occasion, course, next(course.ordered_activities()))
        (section,) = asker("GET", f"/courses/{key}/outline").json["sections"]
        assert [a["state"] for a in section["activities"]] == ["done", "open", ""]
        (section,) = client(school, "tao")("GET", f"/courses/{key}/outline").json["sections"]
        assert {a["state"] for a in section["activities"]} == {""}


class TestMe:
    def test_own_courses_with_progress(self, school: SiteUnderTest) -> None:
        key = course_of(school)
        with school.occasion() as occasion:
            course = occasion.site.courses[key]
            for activity in course.ordered_activities():
                activity.completion = ("viewed",)
            course.touch(occasion.now)
        with school.occasion("lin") as occasion:
            course = occasion.site.courses[key]
            learning.note_view(occasion, course, next(course.ordered_activities()))
        (mine,) = client(school, "lin")("GET", "/me/enrolments").json["items"]
        assert mine["course"]["id"] == key
        assert (mine["progress"]["done"], mine["progress"]["total"]) == (1, 3)
        assert mine["next"]
        (taught,) = client(school, "tao")("GET", "/me/enrolments").json["items"]
        assert (taught["role"], taught["progress"]) == ("teacher", None)


class TestEnrolments:
    def test_the_list_by_name_in_pages(self, school: SiteUnderTest) -> None:
        asker = client(school, "tao")
        path = f"/courses/{course_of(school)}/enrolments"
        first = asker("GET", f"{path}?limit=2").json
        second = asker("GET", f"{path}?limit=2&cursor={first['next']}").json
        names = [e["user"]["username"] for e in first["items"] + second["items"]]
        assert names == ["bo", "lin", "tao"]
        assert second["next"] is None
        found = asker("GET", f"{path}?role=learner&text=lin").json["items"]
        assert [e["user"]["name"] for e in found] == ["林一"]
        assert found[0]["progress"] == {
            "done": 0,
            "total": 0,
            "completed": None,
            "last_seen": None,
        }

    def test_enrolling_is_repeatable(self, school: SiteUnderTest) -> None:
        asker = client(school, "olga")
        path = f"/courses/{course_of(school)}/enrolments"
        body = {"username": "neu", "ends": "2027-01-01T00:00:00+08:00"}
        made = asker("POST", path, body)
        assert made.status_int == 201
        assert made.headers["Location"].endswith(f"{path}/{key_of(school, 'neu')}")
        assert made.json["ends"] == "2026-12-31T16:00:00Z"
        again = asker("POST", path, body)
        assert (again.status_int, again.json) == (200, made.json)

    def test_what_is_wrong_stands_at_its_place(self, school: SiteUnderTest) -> None:
        asker = client(school, "olga")
        path = f"/courses/{course_of(school)}/enrolments"
        for body, pointer in (
            ({"username": "nobody"}, "/username"),
            ({"username": "neu", "role": "king"}, "/role"),
            ({"username": "neu", "ends": "2001-01-01T00:00:00Z"}, None),
            ({"username": "neu", "ends": "2001-01-01T00:00:00"}, "/ends"),
            (
                {
                    "username": "neu",
                    "starts": "2028-01-01T00:00:00Z",
                    "ends": "2027-01-01T00:00:00Z",
                },
                "/ends",
            ),
        ):
            answer = asker("POST", path, body)
            if pointer is not None:
                assert answer.status_int == 422
                assert [e["pointer"] for e in answer.json["errors"]] == [pointer]

    def test_a_refused_person_is_named(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            school._user(occasion.site, "neu").status = "suspended"
        path = f"/courses/{course_of(school)}/enrolments"
        answer = client(school, "olga")("POST", path, {"username": "neu"})
        assert answer.status_int in {403, 409}
        assert answer.json["detail"]

    def test_changing_and_ending(self, school: SiteUnderTest) -> None:
        asker = client(school, "olga")
        path = f"/courses/{course_of(school)}/enrolments/{key_of(school, 'lin')}"
        assert asker("PATCH", path, {"status": "suspended"}).json["state"] == "suspended"
        assert asker("PATCH", path, {"status": "active"}).json["state"] == "active"
        assert asker("DELETE", path).status_int == 204
        assert asker("DELETE", path).status_int == 204
        assert asker("GET", path).json["state"] == "ended"
        assert client(school, "tao")("DELETE", path).status_int == 403
        assert asker("GET", path[:-13] + "0" * 13).status_int == 404
        assert asker("GET", path[:-13] + "not-a-key").status_int == 404


class TestGrades:
    def item(self, asker: Client, course: str) -> str:
        found = asker("GET", f"/courses/{course}/grade-items").json["items"]
        return str(next(i["id"] for i in found if i["title"] == "实操"))

    def test_giving_and_reading(self, school: SiteUnderTest) -> None:
        course, lin = course_of(school), key_of(school, "lin")
        teacher, learner = client(school, "tao"), client(school, "lin")
        item = self.item(teacher, course)
        path = f"/courses/{course}/grades/{lin}"
        given = teacher("PUT", f"{path}/{item}", {"value": 40, "feedback": "好"})
        assert given.status_int == 200
        assert (given.json["value"], given.json["percent"]) == (40.0, 80.0)
        own = learner("GET", path).json
        assert [g["value"] for g in own["grades"]] == [40.0]
        assert (own["total"]["percent"], own["total"]["passed"]) == (80.0, True)
        sheet = teacher("GET", f"/courses/{course}/grades").json
        assert [row["user"]["username"] for row in sheet["items"]] == ["bo", "lin"]
        assert sheet["items"][1]["grades"] == own["grades"]
        assert sheet["items"][0]["total"]["percent"] is None

    def test_a_value_that_changed_meanwhile_is_not_overwritten(self, school: SiteUnderTest) -> None:
        course, lin = course_of(school), key_of(school, "lin")
        teacher = client(school, "tao")
        path = f"/courses/{course}/grades/{lin}/{self.item(teacher, course)}"
        teacher("PUT", path, {"value": 40})
        answer = teacher("PUT", path, {"value": 30, "expected": None})
        assert (answer.status_int, answer.json["code"]) == (409, "grade-changed")
        assert teacher("PUT", path, {"value": 30, "expected": 40}).status_int == 200
        out = teacher("PUT", path, {"value": 51})
        assert [e["pointer"] for e in out.json["errors"]] == ["/value"]
        assert teacher("PUT", path[:-13] + "0" * 13, {"value": 1}).status_int == 404

    def test_learners_see_their_own_and_nothing_hidden(self, school: SiteUnderTest) -> None:
        course = course_of(school)
        learner = client(school, "lin")
        items = learner("GET", f"/courses/{course}/grade-items").json["items"]
        assert [i["title"] for i in items] == ["实操"]
        assert (
            len(client(school, "tao")("GET", f"/courses/{course}/grade-items").json["items"]) == 2
        )
        assert learner("GET", f"/courses/{course}/grades").status_int == 403
        assert learner("GET", f"/courses/{course}/grades/{key_of(school, 'bo')}").status_int == 403


class TestAccounts:
    def test_they_are_masked(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            lin = school._user(occasion.site, "lin")
            identity.set_phone(occasion, lin, "13820001234")
        answer = client(school, "olga")("GET", f"/users/{key_of(school, 'lin')}")
        assert answer.json["phone"].endswith("1234")
        assert "13820001234" not in answer.text

    def test_the_list_in_pages(self, school: SiteUnderTest) -> None:
        asker = client(school, "olga")
        names: list[str] = []
        cursor = ""
        while True:
            more = f"&cursor={cursor}" if cursor else ""
            page = asker("GET", f"/users?limit=2{more}").json
            names += [u["username"] for u in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert names == ["bo", "lin", "neu", "olga", "tao"]
        found = asker("GET", "/users?text=lin").json
        assert [u["username"] for u in found["items"]] == ["lin"]


class TestReference:
    def test_the_document_is_openapi(self, school: SiteUnderTest) -> None:
        document = Client(school)("GET", "/openapi.json").json
        assert document["openapi"] == "3.1.0"
        operation: Any = document["paths"]["/courses/{course}/enrolments"]["post"]
        assert operation["security"] == [{"token": ["enrolments:write"]}, {"session": []}]
        assert {"200", "201", "401", "403", "404", "409", "422", "429"} <= set(
            operation["responses"]
        )
        etag = Client(school)("GET", "/openapi.json").headers["ETag"]
        assert Client(school)("GET", "/openapi.json", If_None_Match=etag).status_int == 304

    @pytest.mark.parametrize(("locale", "text"), [("en", "Enrol a person"), ("zh_CN", "学员报名")])
    def test_the_page_is_readable_in_both_languages(
        self, school: SiteUnderTest, locale: str, text: str
    ) -> None:
        browser = school.browser()
        browser.set_cookie("modou_locale", locale)
        answer = browser.get("/api/v1/docs")
        assert text in answer.text
        assert "items[].user.username" in answer.text
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
