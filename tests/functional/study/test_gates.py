"""Credit under reserve: the idle question, gates of plugins, what they confirm and void."""

import random
from typing import Any

import pytest

from modou.declarations import Challenge, Hold, Reject
from modou.errors import Conflict, Unavailable
from modou.services import outlines
from modou.services.studying import gates, policies, totals
from tests.conftest import SiteUnderTest
from tests.studying import Player, close_silent, enrolment_of, events, reel, school


def sums(site: SiteUnderTest, username: str = "lin") -> tuple[int, int, int]:
    """Credited, held, voided."""
    with site.occasion() as occasion:
        found = totals.totals_of(occasion, enrolment_of(occasion, username))
        return found.credited, found.held, found.voided


def pass_gate(site: SiteUnderTest, gate: str, *, fail: bool = False, session: int = -1) -> None:
    with site.occasion() as occasion:
        sessions = sorted(
            enrolment_of(occasion, "lin").study.sessions.values(), key=lambda s: s.started
        )
        if fail:
            gates.fail_gate(occasion, sessions[session], gate, "wrong")
        else:
            gates.pass_gate(occasion, sessions[session], gate)


@pytest.fixture
def asking(studio: SiteUnderTest) -> SiteUnderTest:
    """The studio with the idle question, after 100 to 100 seconds."""
    with studio.occasion() as occasion:
        changes = {"idle_prompt": True, "idle_from": 100, "idle_to": 100}
        policies.change_policy(occasion, reel(occasion).course, changes)
    return studio


class TestIdleQuestion:
    def test_credit_waits_for_the_answer(self, asking: SiteUnderTest) -> None:
        player = Player(asking, "lin")
        answer = player.play(90)
        assert (answer.credit["credited"], answer.credit["held"]) == (0, 90)
        assert answer.challenge is None
        answer = player.play(15)
        assert answer.challenge.kind == "presence"
        assert player.json["challenge"]["seconds"] == 60
        asking.clock.move(seconds=10)
        answer = player.reply("here")
        assert (answer.credit["credited"], answer.credit["held"]) == (105, 0)
        assert sums(asking) == (105, 0, 0)
        assert [e.values["seconds"] for e in events(asking, "study_passed")] == [105]

    def test_without_an_answer_time_is_voided_back_to_the_last_one(
        self, asking: SiteUnderTest
    ) -> None:
        player = Player(asking, "lin")
        player.play(105)
        player.reply("here")
        player.play(105)
        assert player.answer.challenge is not None
        answer = player.play(90)
        assert answer.state == "paused"
        assert answer.reason.code == "unanswered"
        assert answer.credit["credited"] == 105
        assert answer.credit["voided"] == 180  # 105 before the question, 75 while it was open
        assert answer.frontier == answer.position == 105
        assert answer.covered == [[0, 105]]
        assert player.play(60).credit["held"] == 0
        assert player.resume().state == "live"
        player.position = 105.0
        assert player.play(15).credit["held"] == 15

    def test_who_did_not_answer_is_asked_at_once(self, asking: SiteUnderTest) -> None:
        player = Player(asking, "lin")
        player.play(105)
        assert player.play(90).state == "paused"
        player.resume()
        player.position = 0.0
        answer = player.play(15)
        assert answer.challenge is not None
        answer = player.reply("here")
        assert (answer.credit["credited"], answer.challenge) == (15, None)
        assert player.play(60).challenge is None

    def test_an_answer_may_be_fifteen_seconds_on_its_way(self, asking: SiteUnderTest) -> None:
        player = Player(asking, "lin")
        player.play(105)
        asked = player.answer.challenge.id
        for seconds in (40, 34):
            asking.clock.move(seconds=seconds)
            player.beat(playing=False)
        assert player.reply("here", asked).credit["credited"] == 105
        player.play(105)
        asked = player.answer.challenge.id
        asking.clock.move(seconds=40)
        player.beat(playing=False)
        asking.clock.move(seconds=36)
        answer = player.reply("here", asked)
        assert (answer.state, answer.credit["credited"]) == ("paused", 105)
        assert answer.credit["voided"] == 105

    def test_leaving_while_asked_is_no_answer(self, asking: SiteUnderTest) -> None:
        player = Player(asking, "lin")
        player.play(105)
        player.leave()
        asking.clock.move(seconds=61)
        close_silent(asking)
        assert sums(asking) == (0, 0, 105)

    def test_another_device_while_asked_is_no_answer(self, asking: SiteUnderTest) -> None:
        Player(asking, "lin").play(105)
        Player(asking, "lin", login=b"\1" * 32)
        assert sums(asking) == (0, 0, 105)

    def test_reopening_shows_the_question_again(self, asking: SiteUnderTest) -> None:
        one = Player(asking, "lin")
        one.play(105)
        asking.clock.move(seconds=20)
        two = Player(asking, "lin")
        assert two.opened["challenge"]["seconds"] == 40
        two.answer = one.answer
        assert two.reply("here").credit["credited"] == 105

    def test_the_moment_is_kept_across_sessions(self, asking: SiteUnderTest) -> None:
        for _time in range(2):
            player = Player(asking, "lin")
            player.play(45)
            assert player.answer.challenge is None
            player.leave()
            asking.clock.move(minutes=5)
            close_silent(asking)
        assert sums(asking) == (90, 0, 0)
        player = Player(asking, "lin")
        assert player.play(15).challenge is not None

    def test_the_end_of_a_lesson_confirms(self, studio: SiteUnderTest) -> None:
        with studio.occasion() as occasion:
            changes = {"idle_prompt": True, "idle_from": 900}
            policies.change_policy(occasion, reel(occasion).course, changes)
        answer = Player(studio, "lin").play(600)
        assert answer.complete
        assert (answer.credit["credited"], answer.credit["held"]) == (600, 0)

    def test_nothing_tells_when_it_will_come(self, studio: SiteUnderTest) -> None:
        with studio.occasion() as occasion:
            policies.change_policy(occasion, reel(occasion).course, {"idle_prompt": True})
        player = Player(studio, "lin")
        player.play(30)
        with studio.occasion() as occasion:
            (session,) = occasion.site.study.live.values()
            due = session.gates["idle"].memo
        assert 480 <= due <= 900
        assert str(due) not in str(player.opened) + str(player.json)

    def test_the_moments_are_spread_evenly(self) -> None:
        from modou.services.studying.idle import draw

        drawn = sorted(draw(480, 900) for _number in range(10_000))
        assert 480 <= drawn[0] < drawn[-1] <= 900
        # Kolmogorov and Smirnov: 1.63 / sqrt(n) is passed by chance once in a hundred times; twice
        # as much practically never.
        worst = max(abs((n + 1) / 10_000 - (d - 479) / 421) for n, d in enumerate(drawn))
        assert worst < 2 * 1.63 / 100


class TestGatesOfPlugins:
    def test_two_gates_must_both_pass(self, asking: SiteUnderTest, guard: Any) -> None:
        guard.policy = lambda claim: Hold("guard", at_end="keep")
        player = Player(asking, "lin")
        player.play(105)
        assert player.reply("here").credit["held"] == 105
        pass_gate(asking, "guard")
        assert sums(asking) == (105, 0, 0)

    def test_one_that_fails_voids_what_both_held(self, asking: SiteUnderTest, guard: Any) -> None:
        guard.policy = lambda claim: Hold("guard", at_end="keep")
        Player(asking, "lin").play(90)
        pass_gate(asking, "guard", fail=True)
        assert sums(asking) == (0, 0, 90)

    @pytest.mark.parametrize(
        ("at_end", "expected"),
        [("confirm", (60, 0, 0)), ("keep", (0, 60, 0)), ("void", (0, 0, 60))],
    )
    def test_what_the_end_of_the_session_does(
        self, studio: SiteUnderTest, guard: Any, at_end: Any, expected: tuple[int, int, int]
    ) -> None:
        guard.policy = lambda claim: Hold("guard", at_end=at_end)
        Player(studio, "lin").play(60)
        studio.clock.move(minutes=5)
        close_silent(studio)
        assert sums(studio) == expected

    @pytest.mark.parametrize(("fail", "expected"), [(False, (60, 0, 0)), (True, (0, 0, 60))])
    def test_what_was_kept_is_decided_later(
        self, studio: SiteUnderTest, guard: Any, fail: bool, expected: tuple[int, int, int]
    ) -> None:
        guard.policy = lambda claim: Hold("guard", at_end="keep")
        Player(studio, "lin").play(60)
        studio.clock.move(minutes=5)
        close_silent(studio)
        guard.policy = None
        player = Player(studio, "lin", "reel 2")
        player.play(30)
        pass_gate(studio, "guard", fail=fail, session=0)
        credited, held, voided = sums(studio)
        assert (credited - 30, held, voided) == expected
        assert player.play(15).state == "live"

    def test_a_held_lesson_is_complete_when_it_is_confirmed(
        self, studio: SiteUnderTest, guard: Any
    ) -> None:
        guard.policy = lambda claim: Hold("guard", at_end="keep")
        assert not Player(studio, "lin").play(600).complete
        pass_gate(studio, "guard")
        with studio.occasion() as occasion:
            assert reel(occasion).id in enrolment_of(occasion, "lin").progress.completed

    def test_a_rejected_beat_brings_nothing_and_can_be_seen_again(
        self, studio: SiteUnderTest, guard: Any
    ) -> None:
        guard.policy = lambda claim: Reject("Not in this room.")
        player = Player(studio, "lin")
        answer = player.play(15)
        assert (answer.reason.text, answer.position) == ("Not in this room.", 0)
        guard.policy = None
        player.position = 0.0
        assert player.play(15).credit["credited"] == 15

    def test_a_gate_that_breaks_refuses_and_nothing_is_taken(
        self, studio: SiteUnderTest, guard: Any
    ) -> None:
        def broken(claim: Any) -> Any:
            raise RuntimeError("no camera")

        guard.policy = broken
        player = Player(studio, "lin")
        studio.clock.move(seconds=15)
        with pytest.raises(Unavailable):
            player.beat((0.0, 15.0))
        guard.policy = None
        assert player.beat((0.0, 15.0)).credit["credited"] == 15

    def test_an_answer_that_nobody_judges_is_refused(
        self, studio: SiteUnderTest, guard: Any
    ) -> None:
        guard.policy = lambda claim: Challenge("stranger", "riddle", 60)
        player = Player(studio, "lin")
        player.play(15)
        with pytest.raises(Conflict):
            player.reply("2")

    def test_voided_time_does_not_use_up_the_day(self, studio: SiteUnderTest, guard: Any) -> None:
        guard.policy = lambda claim: Hold("guard")
        player = Player(studio, "lin")
        assert player.play(60).credit["today"] == 60
        pass_gate(studio, "guard", fail=True)
        assert player.resume().credit["today"] == 0


@pytest.mark.parametrize("seed", range(6))
def test_random_challenges_bracket_what_counts(make_site: Any, guard: Any, seed: int) -> None:
    """A gate that challenges at random moments: passes confirm, failures void back to the last
    pass, and the learner sees both numbers, which the test keeps for itself as well."""
    import acme_reel

    chance = random.Random(seed)
    site = make_site(**{"modou.plugins": "reel"})
    school(site, lessons=1, length=100_000, daily_cap=0, rest_after=0)
    guard.policy = acme_reel.at_random(chance, 60)
    player = Player(site, "lin")
    confirmed = since = voided = 0
    for _step in range(60):
        length = chance.randint(5, 20)
        answer = player.play(length, every=length)
        since += length
        if answer.challenge is not None:
            right = chance.random() < 0.7
            answer = player.reply("2" if right else "3")
            if right:
                confirmed, since = confirmed + since, 0
            else:
                voided, since = voided + since, 0
                assert answer.position == confirmed
                player.resume()
                player.position = float(confirmed)
                answer = player.answer
        credit = answer.credit
        assert (credit["credited"], credit["held"], credit["voided"]) == (confirmed, since, voided)
    assert confirmed
    assert voided
    with site.occasion() as occasion:
        record = enrolment_of(occasion, "lin").study.activities[reel(occasion).id]
        assert record.voided == sum(void.seconds for void in record.voids) == voided
        assert record.covered == (0, confirmed + since)


def test_the_next_lesson_opens_when_the_one_before_it_is_studied(studio: SiteUnderTest) -> None:
    from modou.errors import NotAllowed
    from modou.models.courses import Prerequisite

    with studio.occasion() as occasion:
        second = reel(occasion, "reel 2")
        second.prerequisites = (Prerequisite("completed", reel(occasion).id),)
        second.course.touch(occasion.now)
        assert outlines.outline_of(occasion, second.course).tracked
    with pytest.raises(NotAllowed):
        Player(studio, "lin", "reel 2")
    Player(studio, "lin").play(600)
    Player(studio, "lin", "reel 2")
