"""Learners' pages: what they see of a course, how they go on, what is kept of it."""

import io
from typing import Any

import pytest
from PIL import Image

from modou.models.courses import Prerequisite
from modou.services import teaching
from modou.services.files import Upload
from modou.services.teaching import ActivityValues
from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form


@pytest.fixture
def course(site: SiteUnderTest) -> dict[str, Any]:
    """A course with li in it: page (viewed), page (manual), page locked by the second, hidden."""
    with site.occasion() as occasion:
        made = factories.course(occasion, "低压电工作业", sections=1, activities=4)
        first, second, third, hidden = made.ordered_activities()
        first.completion, second.completion = ("viewed",), ("manual",)
        third.completion = ("viewed",)
        third.prerequisites = (Prerequisite("completed", second.id),)
        hidden.visible = False
        hidden.title = "隐藏的"
        factories.enrolment(occasion, made, factories.user(occasion, "li", "李"))
        factories.enrolment(occasion, made, factories.user(occasion, "zhang", "张"))
        factories.enrolment(occasion, made, factories.user(occasion, "wang", "王"), "teacher")
        factories.user(occasion, "zhao", "赵")
        return {
            "path": f"/courses/{made.key}",
            "pages": [f"/courses/{made.key}/a/{a.key}" for a in made.ordered_activities()],
        }


def states(answer: Any) -> list[str]:
    return [mark["data-state"] for mark in answer.html.select(".activities .mark-state")]


class TestCoursePage:
    def test_each_learner_sees_their_own_states(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        li, zhang = site.browser("li"), site.browser("zhang")
        assert states(li.get(course["path"])) == ["open", "open", "locked"]
        li.get(course["pages"][0])
        page = li.get(course["path"])
        assert states(page) == ["done", "open", "locked"]
        assert "Complete “第 2 节” first" in page.text
        assert page.html.select_one(".resume .stat-number").text == "1"
        assert page.html.select_one(".resume a")["href"] == course["pages"][1]
        assert states(zhang.get(course["path"])) == ["open", "open", "locked"]

    def test_hidden_things_are_for_teachers_only(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        assert "隐藏的" not in site.browser("li").get(course["path"]).text
        site.browser("li").get(course["pages"][3], status=404)
        page = site.browser("wang").get(course["path"])
        assert "隐藏的" in page.text
        assert set(states(page)) == {"none"}
        assert "Edit outline" in page.text

    def test_who_is_not_in_it_learns_what_it_is_about(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        for who in (None, "zhao"):
            about = site.browser(who).get(course["path"], status=302).follow()
            assert about.html.select_one(".about-card a.btn")["href"] == f"{course['path']}/enrol"
        about = site.browser("li").get(f"{course['path']}/about")
        assert about.html.select_one(".about-card a.btn")["href"] == course["path"]

    def test_a_draft_is_closed_to_learners(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        with site.occasion() as occasion:
            teaching.unpublish_course(occasion, next(iter(occasion.site.courses)))
        for path in (course["path"], course["pages"][0], f"{course['path']}/about"):
            site.browser("li").get(path, status=403)
        assert "Draft" in site.browser("wang").get(course["path"]).text


class TestActivityPage:
    def test_reading_again_writes_nothing(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        browser = site.browser("li")
        browser.get(course["pages"][0])
        before = site.database.lastTransaction()
        for _again in range(3):
            browser.get(course["pages"][0])
            browser.get(course["path"])
        assert site.database.lastTransaction() == before

    def test_ticking_off_opens_the_next_and_can_be_taken_back(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        browser = site.browser("li")
        locked = browser.get(course["pages"][2], status=403)
        assert "Complete “第 2 节” first" in locked.text
        assert "正文" not in locked.text
        page = main_form(browser.get(course["pages"][1])).submit(status=303).follow()
        assert page.html.select_one(".completion button")["aria-pressed"] == "true"
        assert "正文 3" in browser.get(course["pages"][2]).text
        assert states(browser.get(course["path"])) == ["open", "done", "done"]
        page = main_form(page).submit(status=303).follow()
        assert page.html.select_one(".completion button")["aria-pressed"] == "false"
        assert states(browser.get(course["path"]))[1] == "started"

    def test_the_last_completion_completes_the_course(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        browser = site.browser("li")
        browser.get(course["pages"][0])
        main_form(browser.get(course["pages"][1])).submit(status=303)
        browser.get(course["pages"][2])
        assert "Completed" in browser.get(course["path"]).html.select_one(".resume").text
        with site.occasion() as occasion:
            done = [e.values["activity"] for e in occasion.site.journal if e.kind == "completed"]
            assert done[-1] == 0
            assert len(done) == 4

    def test_what_is_not_done_by_hand_cannot_be_ticked_off(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        browser = site.browser("li")
        page = browser.get(course["pages"][1])
        token = page.html.select_one("meta[name=csrf-token]")["content"]
        browser.post(f"{course['pages'][0]}/done", {"done": "1", "csrf_token": token}, status=409)
        browser.post(f"{course['pages'][1]}/done", {"done": "1"}, status=403)

    def test_an_activity_of_an_absent_plugin_says_so(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        with site.occasion() as occasion:
            made = next(iter(occasion.site.courses))
            next(made.ordered_activities()).type = "hologram"
            made.touch(occasion.now)
        browser = site.browser("li")
        assert states(browser.get(course["path"]))[0] == "unavailable"
        assert "unavailable at the moment" in browser.get(course["pages"][0]).text
        # The core's part can be edited meanwhile, and the activity deleted.
        form = main_form(site.browser("wang").get(f"{course['pages'][0]}/edit"))
        form["title"] = "仍可改名"
        form.submit(status=303)
        assert "仍可改名" in browser.get(course["path"]).text

    def test_a_title_cannot_pose_as_a_leaf_of_the_cached_page(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        with site.occasion() as occasion:
            made = next(iter(occasion.site.courses))
            next(made.ordered_activities()).title = "\ue000csrf_token\ue001"
            made.touch(occasion.now)
        page = site.browser("li").get(course["path"])
        token = page.html.select_one("meta[name=csrf-token]")["content"]
        assert token not in page.html.select_one(".activities").text


@pytest.mark.both_storages
class TestFiles:
    def file_page(self, site: SiteUnderTest, filename: str, content: bytes) -> str:
        with site.occasion() as occasion:
            course = factories.course(occasion, "文件课")
            activity = teaching.create_activity(
                occasion,
                course,
                course.outline[0],
                "file",
                ActivityValues("规程"),
                {"file": Upload(filename, io.BytesIO(content), 10**7)},
            )
            user = factories.user(occasion, "sun", "孙")
            factories.enrolment(occasion, course, user)
            return f"/courses/{course.key}/a/{activity.key}"

    def test_a_picture_is_shown_and_streamed_in_parts(self, site: SiteUnderTest) -> None:
        stream = io.BytesIO()
        Image.effect_noise((400, 300), 50).save(stream, "PNG")
        content = stream.getvalue()
        path = self.file_page(site, "接线图.png", content)
        browser = site.browser("sun")
        href = browser.get(path).html.select_one(".file-view img")["src"]
        answer = browser.get(href)
        assert answer.body == content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert "filename*=UTF-8''%E6%8E%A5" in answer.headers["Content-Disposition"]
        part = browser.get(href, headers={"Range": "bytes=100-199"}, status=206)
        assert part.body == content[100:200]
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(content)}"
        assert browser.get(href, headers={"Range": "bytes=-50"}, status=206).body == content[-50:]
        browser.get(href, headers={"Range": f"bytes={len(content)}-"}, status=416)
        browser.get(href, headers={"If-None-Match": answer.headers["ETag"]}, status=304)
        assert browser.head(href).content_length == len(content)
        download = browser.get(f"{href}?download")
        assert download.headers["Content-Disposition"].startswith("attachment")

    def test_markup_is_handed_out_as_plain_data(self, site: SiteUnderTest) -> None:
        path = self.file_page(site, "evil.html", b"<script>alert(1)</script>")
        browser = site.browser("sun")
        page = browser.get(path)
        assert not page.html.select_one(".file-view")
        answer = browser.get(page.html.select_one(".file-actions a")["href"])
        assert answer.content_type == "text/plain"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    def test_an_address_is_good_for_its_time_and_for_nothing_else(
        self, site: SiteUnderTest
    ) -> None:
        path = self.file_page(site, "a.txt", b"hello")
        browser = site.browser("sun")
        href = browser.get(path).html.select_one(".file-actions a")["href"].partition("?")[0]
        assert browser.get(href).text == "hello"
        _empty, _files, expires, signature, file, name = href.split("/")
        for wrong in (
            f"/files/{int(expires) + 1}/{signature}/{file}/{name}",
            f"/files/{expires}/{signature[::-1]}/{file}/{name}",
            f"/files/{expires}/{signature}/{file}/b.txt",
            f"/files/x/{signature}/{file}/{name}",
        ):
            browser.get(wrong, status=404)
        site.clock.move(hours=1, minutes=59)
        later = (
            site.browser("sun")
            .get(path)
            .html.select_one(".file-actions a")["href"]
            .partition("?")[0]
        )
        assert later != href
        site.clock.move(seconds=2 * 3600)
        browser.get(href, status=404)

    def test_all_readers_get_the_same_address(self, site: SiteUnderTest) -> None:
        path = self.file_page(site, "a.txt", b"hello")
        with site.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            factories.enrolment(occasion, course, factories.user(occasion, "qian", "钱"))
        links = {
            site.browser(who).get(path).html.select_one(".file-actions a")["href"]
            for who in ("sun", "qian")
        }
        assert len(links) == 1


class TestFrontPages:
    def test_visitors_pages_may_be_kept_by_proxies_and_those_of_others_not(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        for path in ("/", "/courses", "/courses?q=%E7%94%B5", f"{course['path']}/about"):
            answer = site.browser().get(path)
            assert answer.headers["Cache-Control"] == "public, max-age=10", path
            assert "Cookie" in answer.headers["Vary"]
            assert "Set-Cookie" not in answer.headers
            assert "public" not in site.browser("li").get(path).headers["Cache-Control"]

    def test_home_leads_on(self, site: SiteUnderTest, course: dict[str, Any]) -> None:
        li = site.browser("li")
        row = li.get("/").html.select_one(".learning-row")
        assert row.select_one("a.btn")["href"] == course["pages"][0]
        li.get(course["pages"][0])
        assert li.get("/").html.select_one(".learning-row a.btn")["href"] == course["pages"][1]
        taught = site.browser("wang").get("/").html
        assert not taught.select(".learning-row")
        assert taught.select_one(".home-section .course-card a")["href"] == course["path"]
        assert "You are in no course yet" in site.browser("zhao").get("/").text

    def test_a_new_course_shows_at_once(self, site: SiteUnderTest) -> None:
        assert "焊工" not in site.browser().get("/courses").text
        with site.occasion() as occasion:
            factories.course(occasion, "焊工")
        assert "焊工" in site.browser().get("/courses").text
        assert "焊工" in site.browser().get("/").text

    def test_long_lists_have_pages(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            for number in range(30):
                factories.course(occasion, f"课程{number:02}")
        browser = site.browser()
        first = browser.get("/courses")
        second = first.click("Next")
        titles = {a.text for p in (first, second) for a in p.html.select(".course-card-title a")}
        assert len(titles) == 30
        assert len(browser.get("/courses?page=99").html.select(".course-card")) == 6

    def test_a_category_shows_what_lies_below_it(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            top = teaching.create_category(occasion, "电工")
            below = teaching.create_category(occasion, "低压", "", top)
            course = factories.course(occasion, "低压电工")
            course.category = below
            teaching.index_course(occasion, course)
            key = top.key
        page = site.browser().get(f"/categories/{key}")
        assert "低压电工" in page.text
        assert page.html.select_one(".chip").text.startswith("低压")

    def test_my_courses_are_told_apart_by_progress(
        self, site: SiteUnderTest, course: dict[str, Any]
    ) -> None:
        with site.occasion() as occasion:
            other = factories.course(occasion, "短课", activities=1)
            activity = next(other.ordered_activities())
            activity.completion = ("viewed",)
            user = occasion.site.users.by_id(occasion.site.user_index.usernames["li"])
            factories.enrolment(occasion, other, user)
            path = f"/courses/{other.key}/a/{activity.key}"
        browser = site.browser("li")
        browser.get(path)
        page = browser.get("/my/courses")
        assert [r.text for r in page.html.select(".learning-row-title")] == ["低压电工作业"]
        page = page.click("Completed")
        assert [r.text for r in page.html.select(".learning-row-title")] == ["短课"]
        site.browser().get("/my/courses", status=302)

    def test_an_address_that_is_no_text_is_a_bad_request(self, site: SiteUnderTest) -> None:
        assert "cannot be read" in site.browser().get("/courses?q=%ff", status=400).text
