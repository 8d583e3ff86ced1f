"""The demonstration: filled once, then looked at through the pages."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from modou import demo
from modou.demo import drawing, reading
from modou.errors import ConfigurationError
from modou.models.courses import Course
from modou.models.grades import GradeItem
from modou.services import grading, identity, learning
from modou.services.teaching import find_by_code
from modou.services.user_index import find_by_username
from tests.commands import modou, refused, write_ini
from tests.conftest import SiteUnderTest
from tests.pages import main_form

# One worker fills it once.
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """A site with the demonstration, and the plugin that adds to it."""
    under_test = SiteUnderTest(
        tmp_path_factory.mktemp("demo"), **{"modou.plugins": "notices", "modou.locale": "zh_CN"}
    )
    told: list[str] = []
    assert demo.fill(under_test.registry.access, told.append)
    assert told
    yield under_test
    under_test.close()


@pytest.fixture
def learner(filled: SiteUnderTest) -> TestApp:
    return filled.browser("learner")


def main_course(occasion: Any) -> Course:
    course = find_by_code(occasion, "DYDG")
    assert course is not None
    return course


class TestContent:
    def test_every_picture_that_a_page_names_can_be_drawn_and_is_used(self) -> None:
        texts = "\n".join(
            activity.text
            for course in reading.courses()
            for section in course.sections
            for activity in section.activities
        )
        named = set(re.findall(r"\(drawing:([a-z0-9-]+)\)", texts))
        named |= {course.cover for course in reading.courses() if course.cover}
        assert named == drawing.DRAWINGS.keys()

    @pytest.mark.parametrize("name", sorted(drawing.DRAWINGS))
    def test_drawings_need_no_chinese_font(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("modou.services.pictures._font", lambda names, size: None)
        assert drawing.draw(name).startswith(b"\x89PNG")

    def test_a_mistake_in_a_file_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "site.toml").write_text('name = "x"\ncolour = "red"\n', encoding="utf-8")
        monkeypatch.setattr(reading, "FOLDER", tmp_path)
        reading.site.cache_clear()
        with pytest.raises(ConfigurationError, match=r"site\.toml"):
            reading.site()
        reading.site.cache_clear()


class TestSite:
    def test_it_has_what_the_tour_promises(self, filled: SiteUnderTest) -> None:
        with filled.occasion() as occasion:
            site = occasion.site
            assert Counter(c.status for c in site.courses) == {"published": 3, "draft": 1}
            course = main_course(occasion)
            assert len(course.outline) == 8
            assert [len(section.activities) for section in course.outline] == [5] * 8
            assert Counter(c.status for c in site.cohorts) == {"running": 1, "finished": 1}
            learners = {id for cohort in site.cohorts for id in cohort.members}
            assert len(learners) == 60
            names = {site.users.by_id(id).name for id in learners}
            assert len(names) == 60
            assert "买买提·吐尔逊" in names
            assert any("𠮷" in name for name in names)

    def test_everybody_has_a_valid_id_number_of_their_own(self, filled: SiteUnderTest) -> None:
        with filled.occasion() as occasion:
            site = occasion.site
            numbers = set()
            for cohort in site.cohorts:
                for id in cohort.members:
                    known = identity.read_identity(occasion, site.users.by_id(id))
                    numbers.add(identity.parse_document(occasion, "id_card", known.id_number))
            assert len(numbers) == 60
            assert {number[:6] for number in numbers} == {"120000"}

    def test_progress_and_grades_are_spread(self, filled: SiteUnderTest) -> None:
        with filled.occasion() as occasion:
            course = main_course(occasion)
            learners = [e for e in course.enrolments.values() if e.role == "learner"]
            done = [len(e.progress.completed) for e in learners]
            assert min(done) < 12
            assert 10 < sum(1 for number in done if number == 40) < 35
            assert len(set(done)) > 8
            assert any(e.status == "ended" for e in learners)
            totals = [grading.total_of(occasion, course, e) for e in learners if e.grades]
            percents = [t.percent for t in totals if t.percent is not None]
            assert min(percents) < 70
            assert max(percents) > 88
            assert any(
                grade.excluded for e in learners if e.grades for grade in e.grades.grades.values()
            )

    def test_nothing_happened_in_the_future_and_the_journal_is_in_order(
        self, filled: SiteUnderTest
    ) -> None:
        with filled.occasion() as occasion:
            times = [event.time for event in occasion.site.journal]
            assert times == sorted(times)
            assert times[-1] <= occasion.now * 1_000_000
            assert times[0] < (occasion.now - 40 * 7 * 86_400) * 1_000_000

    def test_the_learner_is_in_the_middle_of_it(self, filled: SiteUnderTest) -> None:
        with filled.occasion("learner") as occasion:
            course = main_course(occasion)
            enrolment = learning.own_enrolment(occasion, course)
            assert enrolment is not None
            standing = learning.standing(
                occasion, course, enrolment, learning.outline_of(occasion, course)
            )
            assert 0.2 < standing.ratio < 0.9
            assert standing.next is not None
            assert "locked" in standing.states.values()

    def test_it_is_the_same_every_time(self, filled: SiteUnderTest, tmp_path: Path) -> None:
        def story(site: SiteUnderTest) -> list[tuple[Any, ...]]:
            with site.occasion() as occasion:
                course = main_course(occasion)
                users = occasion.site.users
                return sorted(
                    (
                        users.by_id(enrolment.user_id).username,
                        users.by_id(enrolment.user_id).name,
                        users.by_id(enrolment.user_id).id_masked,
                        sorted(enrolment.progress.completed.values()),
                        sorted(g.value or 0 for g in enrolment.grades.grades.values())
                        if enrolment.grades
                        else [],
                    )
                    for enrolment in course.enrolments.values()
                )

        again = SiteUnderTest(tmp_path)
        try:
            assert demo.fill(again.registry.access, lambda text: None)
            assert story(again) == story(filled)
        finally:
            again.close()

    def test_logins_are_told_as_long_as_they_work(self, filled: SiteUnderTest) -> None:
        access = filled.registry.access
        assert [username for _who, username, _password in demo.logins(access)] == [
            "operator",
            "teacher",
            "learner",
        ]
        with filled.occasion() as occasion:
            learner = find_by_username(occasion, "learner")
            kept, learner.password = learner.password, ""
        assert "learner" not in [username for _who, username, _password in demo.logins(access)]
        with filled.occasion() as occasion:
            find_by_username(occasion, "learner").password = kept

    def test_filling_again_changes_nothing(self, filled: SiteUnderTest) -> None:
        before = filled.database.lastTransaction()
        assert not demo.fill(filled.registry.access, lambda text: None)
        assert filled.database.lastTransaction() == before


class TestPages:
    def test_everything_that_is_open_to_the_learner_opens(
        self, filled: SiteUnderTest, learner: TestApp
    ) -> None:
        with filled.occasion("learner") as occasion:
            course = main_course(occasion)
            enrolment = learning.own_enrolment(occasion, course)
            assert enrolment is not None
            states = learning.standing(
                occasion, course, enrolment, learning.outline_of(occasion, course)
            ).states
            opened = [a.key for a in course.ordered_activities() if states[a.id] != "locked"]
            key = course.key
        assert len(opened) > 20
        for activity in opened:
            learner.get(f"/courses/{key}/a/{activity}", status=200)

    def test_every_page_picture_and_handout_of_every_course_is_served(
        self, filled: SiteUnderTest
    ) -> None:
        teacher = filled.browser("operator")
        with filled.occasion() as occasion:
            addresses = [
                f"/courses/{course.key}/a/{activity.key}"
                for course in occasion.site.courses
                for activity in course.ordered_activities()
            ]
        assert len(addresses) == 58
        kinds: Counter[str] = Counter()
        for address in addresses:
            page = teacher.get(address, status=200)
            for file in set(re.findall(r'"((?:http://localhost)?/files/[^"]+)"', page.text)):
                answer = teacher.get(file.replace("&amp;", "&"), status=200)
                kinds[answer.content_type] += 1
        covers = [course.cover for course in reading.courses() if course.cover]
        assert kinds["image/png"] >= len(drawing.DRAWINGS) - len(covers)
        assert kinds["application/pdf"] >= 2

    def test_a_picture_leads_to_itself_in_full_size(
        self, filled: SiteUnderTest, learner: TestApp
    ) -> None:
        with filled.occasion() as occasion:
            course = main_course(occasion)
            key = course.key
            activity = next(a.key for a in course.activities if "TN-S" in a.title)
        pictures = learner.get(f"/courses/{key}/a/{activity}").html.select(".prose img")
        assert len(pictures) == 2
        for picture in pictures:
            assert picture["alt"]
            assert picture.parent.name == "a"
            assert picture.parent["href"] == picture["src"]

    def test_the_course_s_pages_open_for_the_teacher(self, filled: SiteUnderTest) -> None:
        teacher = filled.browser("teacher")
        with filled.occasion() as occasion:
            course = main_course(occasion)
            key = course.key
            book = grading.read_book(course)
            titles = [node.title for _depth, node in book.walk() if isinstance(node, GradeItem)]
        assert len(titles) == 9
        page = teacher.get(f"/courses/{key}/grades", status=200)
        assert "结业考试" in page.text
        for address in (f"/courses/{key}", f"/courses/{key}/participants"):
            teacher.get(address, status=200)

    def test_the_plugin_s_notices_are_there(self, filled: SiteUnderTest, learner: TestApp) -> None:
        with filled.occasion() as occasion:
            key = main_course(occasion).key
        assert "实训中心开放时间调整" in learner.get("/").text
        assert "请带绝缘鞋" in learner.get(f"/courses/{key}").text

    @pytest.mark.parametrize("username", [p.username for p in reading.people().staff])
    def test_everybody_can_sign_in(self, filled: SiteUnderTest, username: str) -> None:
        browser = filled.browser()
        form = main_form(browser.get("/login"))
        form["login"] = username
        form["password"] = demo.PASSWORD
        form.submit(status=303)
        browser.get("/profile", status=200)


class TestFailures:
    def test_a_plugin_that_fails_costs_only_its_part(self, tmp_path: Path) -> None:
        under_test = SiteUnderTest(tmp_path)
        try:
            assembled = under_test.registry.assembled
            assembled.demo_parts.append(("builtin", type("Part", (), {"fill": "not callable"})()))
            assert demo.fill(under_test.registry.access, lambda text: None)
            with under_test.occasion() as occasion:
                assert len(occasion.site.courses) == 4
        finally:
            under_test.close()

    def test_what_breaks_off_leaves_nothing_behind(self, tmp_path: Path) -> None:
        under_test = SiteUnderTest(tmp_path)

        def stop(text: str) -> None:
            if text.startswith("cohort"):
                raise KeyboardInterrupt

        try:
            with pytest.raises(KeyboardInterrupt):
                demo.fill(under_test.registry.access, stop)
            with under_test.occasion() as occasion:
                assert len(occasion.site.users) == len(occasion.site.courses) == 0
                assert len(occasion.site.files) == 0
        finally:
            under_test.close()


class TestCommand:
    def test_it_fills_and_then_refuses(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, "modou.development = true")
        ended = modou("demo", "-c", ini)
        assert ended.returncode == 0
        assert "learner" in ended.stdout
        assert "has people or courses" in refused("demo", "-c", ini)

    def test_only_in_development(self, tmp_path: Path) -> None:
        assert "modou.development = true" in refused("demo", "-c", write_ini(tmp_path))
        assert not (tmp_path / "var").exists()
