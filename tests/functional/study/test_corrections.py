"""Corrections by two people, appeals, and what is looked up."""

from typing import Any

import pytest

from modou.declarations import Hold
from modou.errors import Conflict, Invalid, NotAllowed
from modou.services.studying import appeals, corrections, gates, reading, totals
from tests import factories
from tests.conftest import SiteUnderTest
from tests.studying import Player, enrolment_of, events, reel


@pytest.fixture
def office(studio: SiteUnderTest) -> SiteUnderTest:
    """The studio with the teacher wang and the institution's admins olga and pei."""
    with studio.occasion() as occasion:
        course = reel(occasion).course
        factories.enrolment(occasion, course, factories.user(occasion, "wang"), "teacher")
        for name in ("olga", "pei"):
            factories.user(occasion, name, role="institution_admin")
        factories.user(occasion, "sun", role="supervisor")
    return studio


def voided(site: SiteUnderTest, guard: Any, seconds: int = 60) -> int:
    """Let lin study, and void it; the id of the void."""
    guard.policy = lambda claim: Hold("guard", at_end="keep")
    Player(site, "lin").play(seconds)
    guard.policy = None
    with site.occasion() as occasion:
        enrolment = enrolment_of(occasion, "lin")
        (session,) = occasion.site.study.live.values()
        gates.fail_gate(occasion, session, "guard", "wrong")
        (void,) = enrolment.study.activities[reel(occasion).id].voids
        return void.id


def propose(site: SiteUnderTest, who: str, seconds: int, **more: Any) -> int:
    with site.occasion(who) as occasion:
        made = corrections.propose(
            occasion, enrolment_of(occasion, "lin"), reel(occasion), seconds, "Power cut.", **more
        )
        return made.id


def decide(site: SiteUnderTest, who: str, id: int, accept: bool = True, remark: str = "") -> None:
    with site.occasion(who) as occasion:
        corrections.decide(occasion, found(occasion, id), accept, remark)


def found(occasion: Any, id: int) -> Any:
    papers = occasion.site.study.papers[reel(occasion).course.id]
    return papers.corrections[id]


def credited(site: SiteUnderTest) -> int:
    with site.occasion() as occasion:
        return totals.totals_of(occasion, enrolment_of(occasion, "lin")).credited


class TestCorrections:
    def test_one_proposes_and_another_one_decides(self, office: SiteUnderTest) -> None:
        Player(office, "lin").play(60)
        id = propose(office, "wang", 30)
        assert credited(office) == 60
        decide(office, "olga", id)
        assert credited(office) == 90
        with office.occasion() as occasion:
            user_ids = occasion.site.user_index.usernames
            proposer, decider = user_ids["wang"], user_ids["olga"]
        one, two = events(office, "study_corrected")
        assert (one.values["state"], one.actor) == ("proposed", proposer)
        assert (two.values["state"], two.actor) == ("accepted", decider)
        assert (two.values["proposer"], two.values["decider"]) == (proposer, decider)
        assert two.values["reason"] == "Power cut."

    def test_never_the_same_person(self, office: SiteUnderTest) -> None:
        id = propose(office, "olga", 30)
        with pytest.raises(NotAllowed, match="Somebody else"):
            decide(office, "olga", id)

    def test_never_without_the_right(self, office: SiteUnderTest) -> None:
        for who in ("lin", "zhou", "sun"):
            with pytest.raises(NotAllowed):
                propose(office, who, 30)
        id = propose(office, "olga", 30)
        for who in ("wang", "lin", "sun"):
            with pytest.raises(NotAllowed):
                decide(office, who, id)

    def test_never_for_oneself(self, office: SiteUnderTest) -> None:
        with office.occasion() as occasion:
            occasion.site.users.by_id(occasion.site.user_index.usernames["lin"]).grant(
                "site", 0, "institution_admin"
            )
        with pytest.raises(NotAllowed, match="their own"):
            propose(office, "lin", 30)
        id = propose(office, "olga", 30)
        with pytest.raises(NotAllowed, match="their own"):
            decide(office, "lin", id)

    def test_decided_once(self, office: SiteUnderTest) -> None:
        id = propose(office, "olga", 30)
        with pytest.raises(Invalid):
            decide(office, "pei", id, accept=False)
        decide(office, "pei", id, accept=False, remark="No evidence.")
        with pytest.raises(Conflict):
            decide(office, "pei", id)
        assert credited(office) == 0

    def test_who_proposed_may_withdraw(self, office: SiteUnderTest) -> None:
        id = propose(office, "olga", 30)
        with pytest.raises(NotAllowed), office.occasion("pei") as occasion:
            corrections.withdraw(occasion, found(occasion, id))
        with office.occasion("olga") as occasion:
            corrections.withdraw(occasion, found(occasion, id))
        with pytest.raises(Conflict):
            decide(office, "pei", id)

    def test_less_than_nothing_is_not_possible(self, office: SiteUnderTest) -> None:
        Player(office, "lin").play(60)
        with pytest.raises(Invalid, match="60"):
            propose(office, "olga", -61)
        one, two = propose(office, "olga", -40), propose(office, "olga", -40)
        decide(office, "pei", one)
        with pytest.raises(Conflict):
            decide(office, "pei", two)
        assert credited(office) == 20
        for seconds in (0, 86_401):
            with pytest.raises(Invalid):
                propose(office, "olga", seconds)

    def test_a_void_comes_back_with_its_coverage(self, office: SiteUnderTest, guard: Any) -> None:
        void = voided(office, guard, 60)
        with pytest.raises(Invalid, match="60"):
            propose(office, "olga", 61, void=void)
        id = propose(office, "olga", 60, void=void)
        decide(office, "pei", id)
        assert credited(office) == 60
        player = Player(office, "lin")
        assert player.opened["covered"] == [[0, 60]]
        player.position = 0.0
        assert player.play(60).credit["credited"] == 60
        with pytest.raises(Conflict):
            propose(office, "olga", 60, void=void)

    def test_what_was_studied_again_does_not_count_twice(
        self, office: SiteUnderTest, guard: Any
    ) -> None:
        void = voided(office, guard, 60)
        id = propose(office, "olga", 60, void=void)
        Player(office, "lin").play(45)
        with pytest.raises(Conflict):
            decide(office, "pei", id)
        decide(office, "pei", propose(office, "olga", 15, void=void))
        assert credited(office) == 60

    def test_a_restored_lesson_is_complete(self, office: SiteUnderTest, guard: Any) -> None:
        void = voided(office, guard, 600)
        decide(office, "pei", propose(office, "olga", 600, void=void))
        with office.occasion() as occasion:
            assert reel(occasion).id in enrolment_of(occasion, "lin").progress.completed


class TestAppeals:
    def appeal(self, site: SiteUnderTest, who: str = "lin", **more: Any) -> int:
        with site.occasion(who) as occasion:
            made = appeals.appeal(
                occasion, enrolment_of(occasion, "lin"), reel(occasion), "I was there.", **more
            )
            return made.id

    def one(self, occasion: Any, id: int) -> Any:
        return occasion.site.study.papers[reel(occasion).course.id].appeals[id]

    def test_accepted_by_an_accepted_correction(self, office: SiteUnderTest, guard: Any) -> None:
        void = voided(office, guard)
        id = self.appeal(office, void=void)
        with office.occasion("wang") as occasion:
            (waiting,) = appeals.of_course(occasion, reel(occasion).course, "open")
            made = corrections.propose(
                occasion,
                enrolment_of(occasion, "lin"),
                reel(occasion),
                60,
                "The camera failed.",
                appeal=waiting,
            )
            correction = made.id
            assert waiting.state == "proposed"
        decide(office, "pei", correction, remark="Right.")
        with office.occasion() as occasion:
            appeal = self.one(occasion, id)
            assert (appeal.state, appeal.answer) == ("accepted", "Right.")
        assert credited(office) == 60
        assert events(office, "study_corrected")[-1].values["appeal"] == id

    def test_a_refused_correction_leaves_it_open(self, office: SiteUnderTest, guard: Any) -> None:
        id = self.appeal(office, void=voided(office, guard))
        with office.occasion("wang") as occasion:
            lin, lesson = enrolment_of(occasion, "lin"), reel(occasion)
            made = corrections.propose(
                occasion, lin, lesson, 60, "He says so.", appeal=self.one(occasion, id)
            )
            correction = made.id
        decide(office, "pei", correction, accept=False, remark="Ask the operator first.")
        with office.occasion("olga") as occasion:
            assert self.one(occasion, id).state == "open"
            appeals.refuse(occasion, self.one(occasion, id), "The log shows nobody.")
            assert self.one(occasion, id).state == "refused"

    def test_only_one_s_own_and_once(self, office: SiteUnderTest, guard: Any) -> None:
        void = voided(office, guard)
        with pytest.raises(NotAllowed):
            self.appeal(office, "zhou", void=void)
        with pytest.raises(Invalid):
            self.appeal(office, void=7)
        self.appeal(office, void=void)
        with pytest.raises(Conflict):
            self.appeal(office, void=void)
        self.appeal(office)

    def test_nobody_decides_on_their_own(self, office: SiteUnderTest) -> None:
        id = self.appeal(office)
        for who in ("lin", "wang", "sun"):
            with pytest.raises(NotAllowed), office.occasion(who) as occasion:
                appeals.refuse(occasion, self.one(occasion, id), "No.")


class TestReading:
    def test_what_is_voided_is_shown_with_its_reason(
        self, office: SiteUnderTest, guard: Any
    ) -> None:
        voided(office, guard, 60)
        Player(office, "lin").play(30)
        with office.occasion("wang") as occasion:
            enrolment = enrolment_of(occasion, "lin")
            one, two = reading.lessons_of(occasion, reel(occasion).course, enrolment)
            assert (one.covered, one.missing, one.voided) == ((0, 30), 570, (30, 60))
            assert (one.credited, one.voided_seconds, one.voids[0].reason) == (30, 60, "wrong")
            assert two.missing == 600
            (session,) = reading.sessions_of(enrolment)
            assert (session.device, session.ip) == ("test", "127.0.0.1")

    def test_lists_are_for_those_who_may_see_study_time(self, office: SiteUnderTest) -> None:
        with office.occasion("zhou") as occasion:
            course = reel(occasion).course
            for list_ in (appeals.of_course, corrections.of_course):
                with pytest.raises(NotAllowed):
                    list_(occasion, course)
        with office.occasion("sun") as occasion:
            assert appeals.of_course(occasion, reel(occasion).course) == []


def test_sessions_and_lessons_add_up(office: SiteUnderTest, guard: Any) -> None:
    voided(office, guard, 75)
    player = Player(office, "lin")
    player.play(45)
    player.leave()
    Player(office, "lin", "reel 2").play(30)
    decide(office, "pei", propose(office, "olga", 11))
    office.clock.move(minutes=5)
    Player(office, "lin", "reel 2").play(30)
    with office.occasion() as occasion:
        enrolment = enrolment_of(occasion, "lin")
        record = enrolment.study
        lessons, sessions = record.activities.values(), record.sessions.values()
        sums = totals.totals_of(occasion, enrolment)
        assert sums.credited == sum(a.credited + a.corrected for a in lessons) == 116
        assert sums.credited - sums.corrected == sum(s.credited for s in sessions) == 105
        assert sums.voided == sum(a.voided for a in lessons) == 75
        assert sum(e.values["credited"] + e.values["held"] for e in events(office, "studied")) == (
            sums.credited - sums.corrected + sums.voided
        )
