"""The pages of study time: the learner's own, the class, one learner, one lesson, the rules."""

from typing import Any

import pytest

from modou.declarations import Challenge
from modou.services import audit
from modou.services.studying import appeals, policies, reading, totals
from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form
from tests.studying import Player, close_silent, enrolment_of, reel


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


class TestAppealsAndCorrections:
    """A void by an unanswered question, the learner's appeal, a proposal, a second person."""

    @pytest.fixture
    def voided(self, school: SiteUnderTest, guard: Any) -> SiteUnderTest:
        guard.policy = lambda claim: Challenge("guard", "riddle", 60, at_end="keep")
        player = Player(school, "zhou")
        player.play(60)
        school.clock.move(minutes=10)
        close_silent(school)
        with school.occasion() as occasion:
            own = enrolment_of(occasion, "zhou").study.of(reel(occasion).id)
            assert own.voids
            factories.user(occasion, "olga", "周奥").grant("site", 0, "operator")
        return school

    def test_from_appeal_to_credit(self, voided: SiteUnderTest) -> None:
        course = f"/courses/{key(voided)}"
        learner = voided.browser("zhou")
        page = learner.get(f"{course}/study")
        assert "was not answered" in text(page)
        form = main_form(learner.get(page.html.select_one("td.row-actions a")["href"]))
        assert "text" in str(form.submit(status=200).html.select("[aria-invalid]"))
        form["text"] = "网络断了，题目没有看到"
        form.submit(status=303)
        assert "Waits for an answer" in text(learner.get(f"{course}/study"))

        teacher = voided.browser("wang")
        papers = teacher.get(f"{course}/study-papers")
        assert "网络断了" in text(papers)
        (link,) = [a["href"] for a in papers.html.select("main a") if "correct" in a["href"]]
        form = main_form(teacher.get(link))
        assert int(form["seconds"].value) > 0
        form["reason"] = "服务器日志证实断线"
        form.submit(status=303)
        assert "Somebody else has to decide" in text(teacher.get(f"{course}/study-papers"))

        decider = voided.browser("olga")
        main_form(decider.get(f"{course}/study-papers"), 0).submit("act", status=303)
        page = learner.get(f"{course}/study")
        assert "given back" in text(page)
        assert "Accepted" in text(page)
        with voided.occasion() as occasion:
            assert totals.totals_of(occasion, enrolment_of(occasion, "zhou")).corrected > 0

    def test_a_refusal_needs_an_answer(self, voided: SiteUnderTest) -> None:
        with voided.occasion("zhou") as occasion:
            enrolment = enrolment_of(occasion, "zhou")
            appeals.appeal(occasion, enrolment, reel(occasion), "没有看到题目")
        course = f"/courses/{key(voided)}"
        browser = voided.browser("olga")
        form = main_form(browser.get(f"{course}/study-papers"))
        form["remark"] = ""
        form.submit("act", status=303)
        with voided.occasion() as occasion:
            (found,) = appeals.of_course(occasion, reel(occasion).course)
            assert found.state == "open"
        form["remark"] = "记录显示页面已离开"
        form.submit("act", status=303)
        assert "记录显示页面已离开" in text(voided.browser("zhou").get(f"{course}/study"))

    def test_learners_see_no_papers(self, voided: SiteUnderTest) -> None:
        voided.browser("lin").get(f"/courses/{key(voided)}/study-papers", status=403)


def test_beats_do_not_flood_the_audit_trail(school: SiteUnderTest) -> None:
    with school.occasion() as occasion:
        kinds = {event.kind for event in audit.trail(occasion, limit=1000).events}
        assert "study_started" in kinds
        assert "studied" not in kinds
        assert len(audit.trail(occasion, kind="studied").events) == 6
