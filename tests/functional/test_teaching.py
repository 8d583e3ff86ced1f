"""Teachers' pages: a course is made, filled, ordered, published and deleted in the browser."""

import io
from typing import Any

import pytest
from PIL import Image
from webtest import Upload

from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form


def png(size: tuple[int, int] = (640, 360)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def school(site: SiteUnderTest) -> SiteUnderTest:
    """People: ops (operator), wang (teacher of the course), li (learner in it), zhao (nobody)."""
    with site.occasion() as occasion:
        factories.user(occasion, "ops", "运营", role="operator")
        course = factories.course(occasion, "低压电工作业", sections=2, activities=2)
        factories.enrolment(occasion, course, factories.user(occasion, "wang", "王"), "teacher")
        factories.enrolment(occasion, course, factories.user(occasion, "li", "李"))
        factories.user(occasion, "zhao", "赵")
    return site


def keys(site: SiteUnderTest) -> dict[str, Any]:
    with site.occasion() as occasion:
        course = next(c for c in occasion.site.courses if c.title == "低压电工作业")
        inside = [[course.activities.by_id(i) for i in s.activities] for s in course.outline]
        return {
            "course": course.key,
            "code": course.code,
            "sections": [s.key for s in course.outline],
            "activities": [[a.key for a in activities] for activities in inside],
            "titles": [[a.title for a in activities] for activities in inside],
        }


class TestMakingACourse:
    @pytest.mark.both_storages
    def test_from_nothing_to_a_published_course(self, school: SiteUnderTest) -> None:
        browser = school.browser("ops")
        form = main_form(browser.get("/courses/new"))
        form["title"] = "养老护理员（四级）·𠮷"
        form["code"] = "YL-04"
        form["planned_hours"] = "24"
        form["cover"] = Upload("封面.png", png())
        outline = form.submit(status=303).follow()
        assert "养老护理员（四级）·𠮷" in outline.text
        form = main_form(outline.click(href="/sections/new", index=0))
        form["title"] = "第一章"
        outline = form.submit(status=303).follow()
        form = main_form(outline.click(href="/new/page$"))
        form["title"] = "导学"
        form["content-source"] = "## 目标\n\n<script>alert(1)</script>**重点**"
        form["content-pictures"] = [Upload("现场.png", png())]
        outline = form.submit(status=303).follow()
        page = outline.click(href=r"/a/[0-9a-z]{13}$", index=0)
        assert "<strong>重点</strong>" in page.text
        assert "<script>alert" not in page.text
        # The picture has an address that is good now, and that a browser shows.
        picture = page.html.select_one(".prose img")["src"]
        assert browser.get(picture).content_type == "image/png"
        course = page.click("养老护理员（四级）·𠮷", index=0)
        course = main_form(course.click("Publish", index=0)).submit(status=303).follow()
        assert "Draft" not in course.html.select_one("main").text
        catalogue = school.browser().get("/courses", {"q": "护理"})
        assert "养老护理员（四级）·𠮷" in catalogue.text
        assert "24 class hours" in catalogue.text
        cover = catalogue.html.select_one(".course-card img")["src"]
        answer = school.browser().get(cover)
        assert answer.content_type == "image/webp"
        assert "public" in answer.headers["Cache-Control"]

    def test_errors_stand_at_their_fields_and_nothing_is_kept(self, school: SiteUnderTest) -> None:
        browser = school.browser("ops")
        before = school.database.lastTransaction()
        form = main_form(browser.get("/courses/new"))
        form["title"], form["code"], form["occupation_code"] = "好", "A-1", "12345"
        answer = form.submit(status=200)
        assert (
            "An occupation code looks like"
            in answer.html.select_one("#occupation_code-errors").text
        )
        # All is right but the cover: the course is not made either.
        form = main_form(answer)
        form["occupation_code"] = ""
        form["cover"] = Upload("x.png", b"<svg/>")
        answer = form.submit(status=200)
        assert answer.html.select_one("#cover-errors")
        form = main_form(answer)
        form["title"] = "字" * 10_000_000
        answer = form.submit(status=200)
        assert "The limit is 200" in answer.html.select_one("#title-errors").text
        assert school.database.lastTransaction() == before

    def test_a_course_is_deleted_after_its_code_was_typed(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            course = factories.course(occasion, "旧课", activities=1)
            key, code = course.key, course.code
        browser = school.browser("ops")
        form = main_form(browser.get(f"/courses/{key}/delete"))
        form["code"] = "wrong"
        answer = form.submit(status=200)
        assert "not the course" in answer.text
        form = main_form(answer)
        form["code"] = code
        form.submit(status=303)
        browser.get(f"/courses/{key}", status=404)

    def test_a_course_with_learners_stays(self, school: SiteUnderTest) -> None:
        known = keys(school)
        form = main_form(school.browser("ops").get(f"/courses/{known['course']}/delete"))
        form["code"] = known["code"]
        assert "must be kept" in form.submit(status=200).text


class TestOutline:
    def test_buttons_move_without_scripts(self, school: SiteUnderTest) -> None:
        known = keys(school)
        browser = school.browser("wang")
        page = browser.get(f"/courses/{known['course']}/outline")
        token = page.html.select_one("#move input[name=csrf_token]")["value"]
        last = known["activities"][0][1]
        browser.post(
            f"/courses/{known['course']}/order",
            {"move": f"down:activity:{last}", "csrf_token": token},
            status=303,
        )
        assert keys(school)["activities"] == [
            known["activities"][0][:1],
            [last, *known["activities"][1]],
        ]

    def order(self, browser: Any, known: dict[str, Any], body: Any, status: int = 200) -> Any:
        page = browser.get(f"/courses/{known['course']}/outline")
        token = page.html.select_one("meta[name=csrf-token]")["content"]
        return browser.post_json(
            f"/courses/{known['course']}/order",
            body,
            headers={"X-CSRF-Token": token, "Accept": "application/json"},
            status=status,
        )

    def test_a_script_sends_the_whole_order(self, school: SiteUnderTest) -> None:
        known = keys(school)
        browser = school.browser("wang")
        one, two = known["sections"]
        (a, b), (c, d) = known["activities"]
        self.order(
            browser, known, {"lists": [{"list": one, "ids": [b]}, {"list": two, "ids": [d, a, c]}]}
        )
        self.order(browser, known, {"ids": [two, one]})
        after = keys(school)
        assert after["sections"] == [two, one]
        assert after["activities"] == [[d, a, c], [b]]

    def test_an_order_that_does_not_fit_is_refused_in_words(self, school: SiteUnderTest) -> None:
        known = keys(school)
        browser = school.browser("wang")
        one, two = known["sections"]
        (a, b), (_c, _d) = known["activities"]
        for wrong in (
            {"ids": [one]},
            {"ids": [one, two, two]},
            {"ids": [one, "nonsense"]},
            {"ids": "x"},
            {"lists": [{"list": one, "ids": [a]}]},
            {"lists": [{"list": one, "ids": [a, b, a]}]},
            {"lists": [{"list": "zzzz", "ids": []}]},
            {"lists": [{"ids": [a]}]},
            [],
            "text",
        ):
            answer = self.order(browser, known, wrong, status=409)
            assert "changed meanwhile" in answer.json["detail"]
        assert keys(school) == known

    def test_a_section_is_copied_and_deleted(self, school: SiteUnderTest) -> None:
        known = keys(school)
        browser = school.browser("wang")
        page = browser.get(f"/courses/{known['course']}/outline")
        copies = [f for f in page.forms.values() if "copy" in f.fields]
        page = copies[0].submit(status=303).follow()
        assert len(keys(school)["sections"]) == 3
        section = keys(school)["sections"][1]
        form = main_form(browser.get(f"/courses/{known['course']}/sections/{section}/delete"))
        form.submit(status=303)
        assert keys(school) == known

    def test_the_form_of_an_activity_shows_what_is_stored(self, school: SiteUnderTest) -> None:
        known = keys(school)
        browser = school.browser("wang")
        (a, b), _rest = known["activities"]
        edit = f"/courses/{known['course']}/a/%s/edit"
        form = main_form(browser.get(edit % a))
        form["completion"] = ["viewed", "manual"]
        form.submit(status=303)
        form = main_form(browser.get(edit % b))
        form["prerequisites-0"] = a
        form["opens"] = "2026-03-03T08:00"
        form["graded"] = True
        form["max_points"], form["pass_mark"] = "50", "30"
        form.submit(status=303)
        form = main_form(browser.get(edit % b))
        assert form["prerequisites-0"].value == a
        assert form["opens"].value == "2026-03-03T08:00"
        assert form["max_points"].value == "50.0"
        # A circle is refused at its place, what was typed stays.
        with school.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            course.activities[b].completion = ("viewed",)
        form = main_form(browser.get(edit % a))
        form["title"] = "改名"
        form["prerequisites-0"] = b
        answer = form.submit(status=200)
        assert "neither would ever open" in answer.text
        assert main_form(answer)["title"].value == "改名"
        assert keys(school)["titles"][0][0] == "第 1 节"


class TestCategories:
    def test_operators_build_the_tree(self, school: SiteUnderTest) -> None:
        browser = school.browser("ops")
        for title in ("电工", "焊工"):
            form = main_form(browser.get("/admin/categories/new"))
            form["title"] = title
            form.submit(status=303)
        page = browser.get("/admin/categories")
        form = main_form(page)
        button = next(b for b in page.html.select("button[name=move]") if "焊工" in b["aria-label"])
        page = form.submit("move", value=button["value"], status=303).follow()
        titles = [row.text.strip() for row in page.html.select("th.tree")]
        assert titles == ["焊工", "电工"]
        form = main_form(page.click("焊工"), 0)
        form["title"] = "焊工作业"
        page = form.submit(status=303).follow()
        page = main_form(page.click("焊工作业")).submit(status=303).follow()
        assert "焊工" not in page.html.select_one("main").text

    def test_the_list_of_courses_is_searched_and_sorted(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            factories.course(occasion, "养老护理员").status = "draft"
        browser = school.browser("ops")
        page = browser.get("/admin/courses", {"q": "护理"})
        assert [r.th.text for r in page.html.select("tbody tr")] == ["养老护理员"]
        page = browser.get("/admin/courses?sort=-title&category=nonsense&page=nonsense")
        assert [r.th.text for r in page.html.select("tbody tr")] == ["养老护理员", "低压电工作业"]


def routes(known: dict[str, Any]) -> dict[str, tuple[str, set[str]]]:
    """Path -> (method, who may use it)."""
    course = f"/courses/{known['course']}"
    section = f"{course}/sections/{known['sections'][0]}"
    activity = f"{course}/a/{known['activities'][0][0]}"
    teach, ops = {"ops", "wang"}, {"ops"}
    return {
        "/courses/new": ("GET", ops),
        f"{course}/edit": ("GET", teach),
        f"{course}/outline": ("GET", teach),
        f"{course}/order": ("POST", teach),
        f"{course}/publish": ("GET", ops),
        f"{course}/delete": ("GET", ops),
        f"{course}/sections/new": ("GET", teach),
        f"{section}/edit": ("GET", teach),
        f"{section}/delete": ("GET", teach),
        f"{section}/new/page": ("GET", teach),
        f"{activity}/edit": ("GET", teach),
        f"{activity}/delete": ("GET", teach),
        f"{activity}/copy": ("POST", teach),
        f"{activity}/done": ("POST", {"ops", "wang", "li"}),
        activity: ("GET", {"ops", "wang", "li"}),
        f"{course}/about": ("GET", {"ops", "wang", "li", "zhao"}),
        "/admin/categories": ("GET", ops),
        "/admin/categories/new": ("GET", ops),
        "/admin/courses": ("GET", ops),
    }


@pytest.mark.parametrize("who", ["ops", "wang", "li", "zhao"])
def test_every_page_is_closed_to_those_without_the_capability(
    school: SiteUnderTest, who: str
) -> None:
    known = keys(school)
    browser = school.browser(who)
    token = browser.get("/").html.select_one("meta[name=csrf-token]")["content"]
    for path, (method, allowed) in routes(known).items():
        if method == "GET":
            answer = browser.get(path, expect_errors=True)
        else:
            answer = browser.post(path, {"csrf_token": token}, expect_errors=True)
        # A teacher ticks nothing off: allowed to try, refused with a reason.
        closed = answer.status_int == 403
        if path.endswith("/done") and who in {"ops", "wang"}:
            continue
        assert closed == (who not in allowed), f"{who} {method} {path}: {answer.status}"


def test_visitors_are_led_to_sign_in(school: SiteUnderTest) -> None:
    known = keys(school)
    for path, (method, _allowed) in routes(known).items():
        if method == "GET" and not path.endswith("/about"):
            answer = school.browser().get(path, status=302)
            assert answer.location.startswith("http://localhost/login")
