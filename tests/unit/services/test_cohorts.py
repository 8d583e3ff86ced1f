"""Cohorts: their data, their members, and what happens in their courses."""

import pytest

from modou.errors import Conflict, Invalid, NotAllowed
from modou.models.cohorts import Cohort
from modou.models.courses import Course
from modou.services import cohorts
from modou.services.occasion import Occasion
from tests import factories
from tests.conftest import SiteUnderTest


def make(occasion: Occasion, number: str = "B1", **values: object) -> Cohort:
    return cohorts.create_cohort(occasion, title=f"电工 {number} 班", number=number, **values)  # type: ignore[arg-type]


def present(course: Course) -> dict[int, str]:
    return {id: e.role for id, e in course.enrolments.items() if e.status == "active"}


class TestData:
    def test_a_number_is_there_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            cohort = make(occasion, "2026-A")
            with pytest.raises(Invalid) as refused:
                cohorts.create_cohort(
                    occasion, title=" ", number="2026-a", starts=9, ends=8, planned_number=-1
                )
            assert set(refused.value.errors) == {"title", "number", "ends", "planned_number"}
            assert len(occasion.site.cohorts) == 1
            assert cohorts.change_cohort(occasion, cohort, number="2026-B") == ["number"]
            assert cohorts.change_cohort(occasion, cohort, number="2026-B") == []
            assert occasion.site.cohorts.by_number("2026-a") is None
            assert occasion.site.cohorts.by_number("2026-b") is cohort
            make(occasion, "2026-A")

    def test_statuses_follow_each_other(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            cohort = make(occasion)
            with pytest.raises(Conflict):
                cohorts.set_status(occasion, cohort, "finished")
            for status in ("running", "finished", "archived"):
                assert cohorts.set_status(occasion, cohort, status)
            assert not cohorts.set_status(occasion, cohort, "archived")
            for verb in (cohorts.add_members, cohorts.remove_members):
                with pytest.raises(Conflict):
                    verb(occasion, cohort, [])
            with pytest.raises(Conflict):
                cohorts.change_cohort(occasion, cohort, title="x")
            assert cohorts.select(occasion) == []
            assert cohorts.select(occasion, status="all", text="电工 b1") == [cohort]

    def test_only_the_right_people(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            make(occasion)
            factories.user(occasion, "wang")
            head = factories.user(occasion, "head")
            cohorts.set_class_teacher(occasion, make(occasion, "B2"), head)
        with site.occasion("wang") as occasion:
            with pytest.raises(NotAllowed):
                make(occasion, "B3")
            with pytest.raises(NotAllowed):
                cohorts.visible(occasion)
        with site.occasion("head") as occasion:
            (mine,) = cohorts.visible(occasion)
            assert mine.number == "B2"
            for verb in (cohorts.add_members, cohorts.remove_members):
                with pytest.raises(NotAllowed):
                    verb(occasion, mine, [])
            with pytest.raises(NotAllowed):
                cohorts.set_status(occasion, mine, "running")


class TestCourses:
    def test_members_come_and_go_with_the_cohort(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, cohort = factories.course(occasion), make(occasion)
            early, late, guest = (factories.user(occasion) for _ in range(3))
            factories.enrolment(occasion, course, guest)
            cohorts.add_members(occasion, cohort, [early, guest])
            report = cohorts.enrol_cohort(occasion, cohort, course)
            assert (report.enrolled, report.changed) == ([early.id], [guest.id])
            added = cohorts.add_members(occasion, cohort, [late, early])
            assert (added.added, added.already) == ([late.id], [early.id])
            assert set(present(course)) == {early.id, late.id, guest.id}
            assert {e.cohort for e in course.enrolments.values()} == {cohort.id}
            again = cohorts.enrol_cohort(occasion, cohort, course)
            assert len(again.unchanged) == 3
            assert course.cohorts == (cohort.id,)

            cohorts.remove_members(occasion, cohort, [early, guest])
            assert set(present(course)) == {late.id, guest.id}
            assert course.enrolments[guest.id].cohort == 0
            assert early.cohorts == ()
            assert cohorts.unenrol_cohort(occasion, cohort, course) == [late.id]
            assert set(present(course)) == {guest.id}
            assert (course.cohorts, cohort.courses) == ((), ())
            assert late.cohorts == (cohort.id,)

    def test_who_is_in_two_cohorts_stays_with_the_other(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, user = factories.course(occasion), factories.user(occasion)
            one, two = make(occasion, "B1"), make(occasion, "B2")
            for cohort in (one, two):
                cohorts.add_members(occasion, cohort, [user])
                cohorts.enrol_cohort(occasion, cohort, course)
            assert course.enrolments[user.id].cohort == one.id
            cohorts.remove_members(occasion, one, [user])
            assert course.enrolments[user.id].cohort == two.id
            assert present(course) == {user.id: "learner"}
            cohorts.remove_members(occasion, two, [user])
            assert present(course) == {}

    def test_the_class_teacher_comes_along_and_is_replaced(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, cohort = factories.course(occasion), make(occasion)
            first, second, member = (factories.user(occasion) for _ in range(3))
            cohorts.add_members(occasion, cohort, [member])
            cohorts.set_class_teacher(occasion, cohort, first)
            cohorts.enrol_cohort(occasion, cohort, course)
            assert present(course) == {member.id: "learner", first.id: "class_teacher"}
            with pytest.raises(Invalid):
                cohorts.set_class_teacher(occasion, cohort, member)
            assert first.id in cohorts.add_members(occasion, cohort, [first]).refused
            assert cohorts.set_class_teacher(occasion, cohort, second)
            assert not cohorts.set_class_teacher(occasion, cohort, second)
            assert present(course) == {member.id: "learner", second.id: "class_teacher"}
            assert (first.leads, second.leads) == ((), (cohort.id,))
            cohorts.unenrol_cohort(occasion, cohort, course)
            assert present(course) == {}
