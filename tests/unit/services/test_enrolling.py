"""Enrolling, ending and changing; who may give which role; who sees whom."""

import pytest

from modou.declarations import Deny
from modou.errors import Invalid, NotAllowed
from modou.models.cohorts import Cohort
from modou.services import accounts, enrolling, participants
from modou.services.participants import Filters
from tests import factories
from tests.conftest import SiteUnderTest


def kinds(site: SiteUnderTest) -> list[str]:
    with site.occasion() as occasion:
        return [event.kind for event in occasion.site.journal]


class TestEnrol:
    def test_twice_is_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            wang, li = factories.user(occasion, "wang"), factories.user(occasion, "li")
            report = enrolling.enrol(occasion, course, [wang, li, wang])
            assert sorted(report.enrolled) == sorted([wang.id, li.id])
        before = kinds(site)
        assert before.count("enrolled") == 2
        with site.occasion() as occasion:
            (course,) = occasion.site.courses
            again = enrolling.enrol(occasion, course, list(occasion.site.users), role="teacher")
            assert (again.enrolled, again.revived, again.changed) == ([], [], [])
            assert len(again.unchanged) == again.in_course == 2
            assert {e.role for e in course.enrolments.values()} == {"learner"}
            assert [user.courses for user in occasion.site.users] == [(course.id,)] * 2
        assert kinds(site) == before

    def test_who_comes_back_finds_what_was_achieved(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, wang = factories.course(occasion), factories.user(occasion, "wang")
            enrolling.enrol(occasion, course, [wang])
            course.enrolments[wang.id].progress.set_completed(7, 1234)
            assert enrolling.unenrol(occasion, course, [wang]) == [wang.id]
            assert enrolling.unenrol(occasion, course, [wang]) == []
            assert course.enrolments[wang.id].status == "ended"
            assert course.roles_of(wang, occasion.now) == ()
            report = enrolling.enrol(occasion, course, [wang])
            assert report.revived == [wang.id]
            assert course.enrolments[wang.id].progress.completed == {7: 1234}
            assert course.roles_of(wang, occasion.now) == ("learner",)
        assert kinds(site) == ["enrolled", "unenrolled", "enrolled"]

    def test_an_expired_enrolment_is_renewed_and_a_suspended_one_stays(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:
            course, wang = factories.course(occasion), factories.user(occasion)
            enrolling.enrol(occasion, course, [wang], ends=occasion.now + 60)
        site.clock.move(hours=1)
        with site.occasion() as occasion:
            (course,), (wang,) = occasion.site.courses, occasion.site.users
            assert enrolling.enrol(occasion, course, [wang]).revived == [wang.id]
            enrolling.change_enrolment(occasion, course, [wang], status="suspended")
            assert enrolling.enrol(occasion, course, [wang]).unchanged == [wang.id]
            assert course.enrolments[wang.id].status == "suspended"

    def test_dates_must_be_in_order(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, wang = factories.course(occasion), factories.user(occasion)
            with pytest.raises(Invalid) as refused:
                enrolling.enrol(occasion, course, [wang], starts=200, ends=100)
            assert "ends" in refused.value.errors
            assert not course.enrolments

    def test_a_suspended_account_is_not_enrolled(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            good, bad = factories.user(occasion), factories.user(occasion)
            bad.status = "suspended"
            report = enrolling.enrol(occasion, course, [good, bad])
            assert report.enrolled == [good.id]
            assert list(report.refused) == [bad.id]

    def test_a_plugin_may_refuse_some_and_is_asked_once(
        self, site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        class Gate:
            name = "gate"

            def __call__(self, course: object, users: list[object], method: str) -> object:
                asked.append((len(users), method))
                return {users[0].id: Deny("no promise signed")}  # type: ignore[attr-defined]

        from modou.plugins import HookStats, _Impl

        impl = _Impl("builtin", Gate(), ("course", "users", "method"), HookStats())
        monkeypatch.setitem(site.registry.hooks._impls, "before_enrolment", [impl])
        with site.occasion() as occasion:
            course = factories.course(occasion)
            users = [factories.user(occasion) for _ in range(3)]
            report = enrolling.enrol(occasion, course, users, method="roster")
            assert asked == [(3, "roster")]
            assert report.refused == {users[0].id: "no promise signed"}
            assert set(course.enrolments) == {users[1].id, users[2].id}


class TestPermission:
    def test_a_learner_enrols_nobody(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            wang = factories.user(occasion, "wang")
            factories.enrolment(occasion, course, wang)
        with site.occasion("wang") as occasion:
            (course,) = occasion.site.courses
            for verb in (enrolling.enrol, enrolling.unenrol, enrolling.change_enrolment):
                with pytest.raises(NotAllowed):
                    verb(occasion, course, list(occasion.site.users))

    def test_nobody_gives_more_than_they_have(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            factories.user(occasion, "admin", role="institution_admin")
            factories.user(occasion, "op", role="operator")
            teacher = factories.user(occasion, "teacher")
            enrolling.enrol(occasion, course, [teacher], role="teacher")
        with site.occasion("admin") as occasion:
            (course,), (me, *_rest) = occasion.site.courses, [occasion.actor]
            assert enrolling.grantable_roles(occasion, course) == ["learner", "class_teacher"]
            with pytest.raises(NotAllowed):
                enrolling.enrol(occasion, course, [me], role="teacher")
            enrolling.enrol(occasion, course, [me])
            with pytest.raises(NotAllowed):
                enrolling.change_enrolment(occasion, course, [me], role="teacher")
            with pytest.raises(NotAllowed):
                enrolling.unenrol(occasion, course, list(occasion.site.users))
            assert len([e for e in course.enrolments.values() if e.status == "active"]) == 2
        with site.occasion("op") as occasion:
            (course,) = occasion.site.courses
            enrolling.enrol(occasion, course, [occasion.actor], role="teacher")
            with pytest.raises(Invalid):
                enrolling.enrol(occasion, course, [occasion.actor], role="supervisor")


class TestChange:
    def test_it_notes_each_kind_of_change(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, wang = factories.course(occasion), factories.user(occasion)
            enrolling.enrol(occasion, course, [wang])
            change = enrolling.change_enrolment
            assert change(occasion, course, [wang], ends=occasion.now + 9) == [wang.id]
            assert change(occasion, course, [wang], ends=occasion.now + 9) == []
            assert change(occasion, course, [wang], role="teacher", status="suspended")
            assert change(occasion, course, [wang], status="ended")
            assert change(occasion, course, [wang], status="active")
            with pytest.raises(Invalid):
                change(occasion, course, [wang], status="gone")
        assert kinds(site) == [
            "enrolled", "enrolment_changed", "enrolment_changed", "unenrolled", "enrolled",
        ]  # fmt: skip


class TestVisibleCohorts:
    def test_a_class_teacher_sees_the_own_cohort(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            cohorts = [occasion.site.cohorts.add(Cohort(t, t)) for t in ("A", "B")]
            course.cohorts = tuple(c.id for c in cohorts)
            head = factories.user(occasion, "head")
            cohorts[0].class_teacher = head.id
            enrolling.enrol(occasion, course, [head], role="class_teacher", cohort=cohorts[0].id)
            for cohort in cohorts:
                enrolling.enrol(occasion, course, [factories.user(occasion)], cohort=cohort.id)
            ids = {e.cohort: e for e in course.enrolments.values() if e.role == "learner"}
            first, second = ids[cohorts[0].id], ids[cohorts[1].id]
            wanted = frozenset({cohorts[0].id})
        with site.occasion("head") as occasion:
            (course,) = occasion.site.courses
            assert enrolling.visible_cohorts(occasion, course) == wanted
            assert enrolling.may_see(occasion, course, first)
            assert not enrolling.may_see(occasion, course, second)
        with site.occasion() as occasion:
            (course,) = occasion.site.courses
            assert enrolling.visible_cohorts(occasion, course) is None
            occasion.site.users.by_id(head.id).grant("site", 0, "supervisor")
        with site.occasion("head") as occasion:
            (course,) = occasion.site.courses
            assert enrolling.visible_cohorts(occasion, course) is None


class TestParticipants:
    def test_sorted_by_pinyin_filtered_and_searched(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            made = {
                n: factories.user(occasion, f"u{i}", n)
                for i, n in enumerate(["张伟", "李娜", "阿不都·热合曼", "王芳", "𠮷田", ""])
            }
            names = {user.id: name for name, user in made.items()}
            enrolling.enrol(occasion, course, list(made.values()))
            enrolling.unenrol(occasion, course, [made["王芳"]])

            def listed(sort: str = "name", **filters: object) -> list[str]:
                found = participants.select(occasion, course, Filters(**filters), sort)  # type: ignore[arg-type]
                return [names[id] for id in found]

            assert listed() == ["阿不都·热合曼", "𠮷田", "李娜", "", "王芳", "张伟"]
            assert listed(sort="-username")[0] == ""
            assert listed(text="zhangw") == listed(text="zw") == listed(text="伟") == ["张伟"]
            assert listed(text="U1") == ["李娜"]
            assert listed(text="𠮷") == ["𠮷田"]
            assert listed(state="ended") == ["王芳"]
            assert "王芳" not in listed(state="present")
            assert participants.count(occasion, course) == 5

    def test_a_new_name_shows(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, user = factories.course(occasion), factories.user(occasion, "a", "张伟")
            enrolling.enrol(occasion, course, [user])
            accounts.change_profile(occasion, user, name="安然")
            assert participants.select(occasion, course, Filters(text="anran")) == [user.id]

    def test_enrolments_made_by_other_ways_are_listed(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, user = factories.course(occasion), factories.user(occasion, "a", "张伟")
            factories.enrolment(occasion, course, user)
            assert participants.select(occasion, course) == [user.id]
