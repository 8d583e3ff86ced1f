"""The pages of study time: the learner's own, the class, one learner, one lesson, the rules."""

from typing import Any

import pytest

from modou.services.studying import policies, reading, totals
from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form
from tests.studying import Player, enrolment_of, reel


def key(site: SiteUnderTest) -> str:
    with site.occasion() as occasion:
        return reel(occasion).course.key


@pytest.fixture
def school(studio: SiteUnderTest) -> SiteUnderTest:
    """Lin has studied 90 seconds of the first reel; wang teaches."""
    with studio.occasion() as occasion:
        course = reel(occasion).course
        course.planned_seconds = 5_400
        factories.enrolment(
            occasion, course, factories.user(occasion, "wang", "王老师"), role="teacher"
        )
    player = Player(studio, "lin")
    player.play(90)
    player.leave()
    return studio


def text(answer: Any) -> str:
    return " ".join(answer.html.select_one("main").get_text(" ").split())


class TestLearner:
    def test_sees_hours_lessons_and_attendance(self, school: SiteUnderTest) -> None:
        page = school.browser("lin").get(f"/courses/{key(school)}/study")
        shown = text(page)
        assert "0 / 2 class hours" in shown
        assert "reel 1" in shown
        assert "1:30 / 10:00" in shown
        assert "8:30" in shown
        strip = page.html.select_one("svg.study-strip .study-covered")
        assert (strip["x"], strip["width"]) == ("0", "90")

    def test_sees_all_courses(self, school: SiteUnderTest) -> None:
        browser = school.browser("lin")
        page = browser.get("/my/study")
        assert "低压电工作业" in text(page)
        browser.get(page.html.select_one("tbody th a")["href"])
        assert "No study time yet" in school.browser("zhou").get("/my/study")

    def test_is_told_why_something_did_not_count(self, school: SiteUnderTest) -> None:
        player = Player(school, "lin")
        school.clock.move(seconds=15)
        player.beat((500, 515))
        assert "leapt ahead (15 s)" in text(
            school.browser("lin").get(f"/courses/{key(school)}/study")
        )

    def test_does_not_see_others(self, school: SiteUnderTest) -> None:
        browser = school.browser("lin")
        browser.get(f"/courses/{key(school)}/study-class", status=403)


class TestTeacher:
    def test_sees_the_class(self, school: SiteUnderTest) -> None:
        browser = school.browser("wang")
        page = browser.get(f"/courses/{key(school)}/study-class", {"sort": "-credited"})
        names = [cell.get_text() for cell in page.html.select("tbody th")]
        assert len(names) == 2
        rows = page.html.select("tbody tr")
        assert "0 / 2" in " ".join(rows[0].get_text(" ").split())
        assert "No study" not in page
        person = browser.get(page.html.select_one("tbody th a")["href"])
        assert "1:30 / 10:00" in text(person)
        assert "Signed off" in text(person)

    def test_sees_who_watched_which_part(self, school: SiteUnderTest) -> None:
        browser = school.browser("wang")
        with school.occasion() as occasion:
            address = f"/courses/{key(school)}/a/{reel(occasion).key}/watching"
        page = browser.get(address)
        heights = [float(bar["height"]) for bar in page.html.select("svg.study-heat .study-seen")]
        assert len(heights) == reading.PARTS
        # 90 of 600 seconds are 18 of 120 parts.
        assert heights[:18] == [10.0] * 18
        assert heights[18:] == [0.0] * 102
        assert "0 / 2" in text(page)

    def test_finds_learners(self, school: SiteUnderTest) -> None:
        page = school.browser("wang").get(f"/courses/{key(school)}/study-class", {"q": "nobody"})
        assert "Nobody was found" in page


class TestRules:
    def test_a_course_differs_from_the_site(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            reel(occasion).course.study_policy = {}
            factories.user(occasion, "olga").grant("site", 0, "operator")
        browser = school.browser("olga")
        address = f"/courses/{key(school)}/study-rules"
        form = main_form(browser.get(address))
        form["daily_cap"] = "3600"
        form.submit(status=303)
        with school.occasion() as occasion:
            course = reel(occasion).course
            assert course.study_policy == {"daily_cap": 3600}
            assert policies.policy_of(occasion, course).daily_cap == 3600
        page = browser.get(address)
        assert "Most study time a day" in text(page)
        main_form(page).submit("reset", status=303)
        with school.occasion() as occasion:
            assert reel(occasion).course.study_policy == {}

    def test_what_cannot_be_is_said(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            factories.user(occasion, "olga").grant("site", 0, "operator")
        form = main_form(school.browser("olga").get(f"/courses/{key(school)}/study-rules"))
        form["window_from"] = "25:00"
        answer = form.submit(status=200)
        assert answer.html.select("[aria-invalid]")


def test_a_lesson_is_not_taken_for_more_than_it_is(school: SiteUnderTest) -> None:
    with school.occasion() as occasion:
        enrolment = enrolment_of(occasion, "lin")
        course = reel(occasion).course
        lessons = reading.lessons_of(occasion, course, enrolment)
        assert sum(lesson.credited for lesson in lessons) == 90
        assert totals.totals_of(occasion, enrolment).credited == 90
        assert lessons[0].missing == 510
        (session,) = reading.sessions_of(enrolment)
        assert session.online >= 90
