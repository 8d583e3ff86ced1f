"""Enrolling oneself: ways that are open and closed, the key, places, dates, leaving."""

import pytest

from modou.builtin.enrol import KEY, MANUAL, SELF
from modou.errors import Conflict, Invalid, NotAllowed, SignInNeeded, TooMany
from modou.models.courses import Course
from modou.services import enrol_methods, enrolling
from modou.services.occasion import Occasion
from tests import factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def open_site(site: SiteUnderTest) -> SiteUnderTest:
    """A course that is open to all, and two people."""
    with site.occasion() as occasion:
        course = factories.course(occasion)
        enrol_methods.change_method(occasion, course, SELF, opened=True)
        factories.user(occasion, "wang")
        factories.user(occasion, "li")
    return site


def the_course(occasion: Occasion) -> Course:
    (course,) = occasion.site.courses
    return course


class TestSelf:
    def test_once_and_again(self, open_site: SiteUnderTest) -> None:
        for _ in range(2):
            with open_site.occasion("wang") as occasion:
                enrolment = enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})
                assert (enrolment.role, enrolment.method) == ("learner", "self")
        with open_site.occasion() as occasion:
            assert [e.kind for e in occasion.site.journal].count("enrolled") == 1

    def test_nobody_signed_in(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion() as occasion:
            occasion.system = False
            with pytest.raises(SignInNeeded):
                enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})

    def test_a_closed_way(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion("wang") as occasion:
            for method in (KEY, MANUAL):
                with pytest.raises(Conflict):
                    enrol_methods.enrol_self(occasion, the_course(occasion), method, {})

    def test_a_hidden_course(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion() as occasion:
            the_course(occasion).status = "draft"
        with open_site.occasion("wang") as occasion, pytest.raises(NotAllowed):
            enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})

    def test_it_may_last_some_days(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion() as occasion:
            course = the_course(occasion)
            enrol_methods.change_method(occasion, course, SELF, opened=True, values={"days": 30})
            with pytest.raises(Invalid):
                enrol_methods.change_method(
                    occasion, course, SELF, opened=True, values={"days": -1}
                )
        with open_site.occasion("wang") as occasion:
            enrolment = enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})
            assert enrolment.ends == occasion.now + 30 * 86_400

    def test_a_suspended_learner_can_neither_leave_nor_return(
        self, open_site: SiteUnderTest
    ) -> None:
        with open_site.occasion("wang") as occasion:
            enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})
        with open_site.occasion() as occasion:
            wang = next(u for u in occasion.site.users if u.username == "wang")
            enrolling.change_enrolment(occasion, the_course(occasion), [wang], status="suspended")
        with open_site.occasion("wang") as occasion:
            with pytest.raises(NotAllowed):
                enrol_methods.leave(occasion, the_course(occasion))
            with pytest.raises(NotAllowed):
                enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})


class TestLimits:
    def test_dates(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion() as occasion:
            opens, closes = occasion.now + 3600, occasion.now + 7200
            course = the_course(occasion)
            assert enrol_methods.change_limits(occasion, course, opens=opens, closes=closes)
            assert not enrol_methods.change_limits(occasion, course, opens=opens, closes=closes)
        for hours, allowed in ((0, False), (1, True), (1, False)):
            open_site.clock.move(hours=hours)
            with open_site.occasion("wang" if allowed else "li") as occasion:
                (way,) = enrol_methods.ways_in(occasion, the_course(occasion))
                assert bool(way.closed) is not allowed
                if allowed:
                    enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})
                else:
                    with pytest.raises(Conflict):
                        enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})

    def test_the_last_place_is_taken_once(self, open_site: SiteUnderTest) -> None:
        from ZODB.POSException import ConflictError

        with open_site.occasion() as occasion:
            enrol_methods.change_limits(occasion, the_course(occasion), capacity=1)
            enrol_methods._take_place(the_course(occasion))  # so that both meet in one object
        with pytest.raises(ConflictError):  # noqa: SIM117, PT012
            with open_site.occasion("wang") as first:
                enrol_methods.enrol_self(first, the_course(first), SELF, {})
                with open_site.occasion("li") as second:
                    enrol_methods.enrol_self(second, the_course(second), SELF, {})
        with open_site.occasion("wang") as occasion:
            with pytest.raises(Conflict):
                enrol_methods.enrol_self(occasion, the_course(occasion), SELF, {})
            assert len(the_course(occasion).enrolments) == 1


class TestKey:
    def open(self, site: SiteUnderTest, key: str = "红牌楼-2026") -> None:
        with site.occasion() as occasion:
            course = the_course(occasion)
            assert enrol_methods.change_method(
                occasion, course, KEY, opened=True, values={"key": key, "days": 0}
            )
            assert not enrol_methods.change_method(
                occasion, course, KEY, opened=True, values={"key": "", "days": 0}
            )

    def test_the_right_one_opens_also_in_full_width(self, open_site: SiteUnderTest) -> None:
        self.open(open_site)
        with open_site.occasion("wang") as occasion:
            with pytest.raises(Invalid) as refused:
                enrol_methods.enrol_self(occasion, the_course(occasion), KEY, {"key": "2026"})
            assert "key" in refused.value.errors
            values = {"key": " 红牌楼－２０２６ "}
            assert enrol_methods.enrol_self(occasion, the_course(occasion), KEY, values)

    def test_it_is_not_in_the_database(self, open_site: SiteUnderTest) -> None:
        self.open(open_site, "open-sesame-2026")
        assert b"open-sesame" not in (open_site.folder / "Data.fs").read_bytes()

    def test_it_must_not_be_short_or_missing(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion() as occasion:
            for key in ("", "abc"):
                with pytest.raises(Invalid) as refused:
                    enrol_methods.change_method(
                        occasion, the_course(occasion), KEY, opened=True, values={"key": key}
                    )
                assert "key" in refused.value.errors

    def test_guessing_is_stopped(self, open_site: SiteUnderTest) -> None:
        self.open(open_site)
        right = {"key": "红牌楼-2026"}
        with open_site.occasion("wang") as occasion:
            for _ in range(enrol_methods.WRONG_KEYS):
                with pytest.raises(Invalid):
                    enrol_methods.enrol_self(occasion, the_course(occasion), KEY, {"key": "x"})
        with open_site.occasion("wang") as occasion, pytest.raises(TooMany) as refused:
            enrol_methods.enrol_self(occasion, the_course(occasion), KEY, right)
        assert 0 < refused.value.retry_after <= 900
        with open_site.occasion("li") as occasion:
            enrol_methods.enrol_self(occasion, the_course(occasion), KEY, right)
        open_site.clock.move(minutes=15)
        with open_site.occasion("wang") as occasion:
            enrol_methods.enrol_self(occasion, the_course(occasion), KEY, right)


class TestLeave:
    def test_who_came_by_themselves_may_go(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion("wang") as occasion:
            course = the_course(occasion)
            enrol_methods.enrol_self(occasion, course, SELF, {})
            enrol_methods.leave(occasion, course)
            assert course.enrolments[occasion.actor.id].status == "ended"
            with pytest.raises(NotAllowed):
                enrol_methods.leave(occasion, course)

    def test_who_was_enrolled_may_not(self, open_site: SiteUnderTest) -> None:
        with open_site.occasion() as occasion:
            enrolling.enrol(occasion, the_course(occasion), list(occasion.site.users))
        with open_site.occasion("wang") as occasion, pytest.raises(NotAllowed):
            enrol_methods.leave(occasion, the_course(occasion))
