"""The day's cap, hours of the day, rests: where study time stops counting. Asia/Shanghai."""

from typing import Any

import pytest

from modou.clock import SHANGHAI
from modou.errors import Invalid, NotAllowed
from modou.services.studying import policies
from modou.services.studying.totals import hours, tenths
from tests import factories
from tests.conftest import SiteUnderTest
from tests.studying import Player, events, reel


def rules(site: SiteUnderTest, **changes: Any) -> None:
    with site.occasion() as occasion:
        policies.change_policy(occasion, reel(occasion).course, changes)


def to(site: SiteUnderTest, hour: int, minute: int = 0, second: int = 0) -> None:
    """Move the clock to the next moment of that time of day."""
    local = site.clock.now().astimezone(SHANGHAI)
    wanted = local.replace(hour=hour, minute=minute, second=second)
    site.clock.move(seconds=(wanted - local).total_seconds() % 86_400)


def test_the_cap_is_reached_to_the_second(studio: SiteUnderTest) -> None:
    rules(studio, daily_cap=100)
    player = Player(studio, "lin")
    answer = player.play(105)
    assert answer.credit["activity_credited"] == 100
    assert answer.credit["cap_left"] == 0
    assert (answer.state, answer.reason.code) == ("paused", "daily_cap")
    assert answer.frontier == 100
    assert player.play(15).credit["credited"] == 100


def test_the_cap_counts_all_courses(studio: SiteUnderTest) -> None:
    from tests.studying import add_reel

    with studio.occasion() as occasion:
        other = factories.course(occasion, "高处作业")
        add_reel(occasion, other, "elsewhere")
        user_id = occasion.site.user_index.usernames["lin"]
        factories.enrolment(occasion, other, occasion.site.users.by_id(user_id))
        other.study_policy = {"idle_prompt": False, "daily_cap": 100}
    Player(studio, "lin").play(60)
    assert Player(studio, "lin", "elsewhere").play(60).credit["credited"] == 40


def test_the_next_day_counts_again(studio: SiteUnderTest) -> None:
    rules(studio, daily_cap=60)
    Player(studio, "lin").play(75)
    to(studio, 9)
    assert Player(studio, "lin").play(30).credit["credited"] == 90


def test_midnight_splits_a_beat(studio: SiteUnderTest) -> None:
    rules(studio, window_from="00:00", window_to="24:00", daily_cap=30)
    to(studio, 23, 59, 10)
    player = Player(studio, "lin")
    player.play(30)
    assert player.answer.credit["cap_left"] == 0
    player.play(15)
    assert player.answer.credit["credited"] == 30
    player.position = 30.0
    answer = player.play(15)
    # 5 s before midnight, when the day was used up, 10 s after it.
    assert answer.credit["credited"] == 40
    assert answer.credit["today"] == 10


def test_the_window_closes_in_the_middle_of_a_beat(studio: SiteUnderTest) -> None:
    to(studio, 22, 59, 40)
    player = Player(studio, "lin")
    player.play(15)
    answer = player.play(15)
    assert answer.credit["credited"] == 20
    assert (answer.state, answer.reason.code) == ("paused", "window")
    assert "06:00" in player.json["reason"]["text"]
    to(studio, 5, 59)
    early = Player(studio, "lin")
    assert early.opened["reason"]["code"] == "window"
    assert early.play(45).credit["credited"] == 20
    early.play(15)
    early.position = 20.0
    assert early.play(5).credit["credited"] == 25


def test_a_rest_is_due_after_long_study(studio: SiteUnderTest) -> None:
    rules(studio, rest_after=120, rest_for=300)
    player = Player(studio, "lin")
    answer = player.play(135)
    assert answer.credit["credited"] == 120
    assert answer.reason.code == "rest"
    player.position = 120.0
    assert player.play(300).credit["credited"] == 120
    player.position = 120.0
    answer = player.play(60)
    assert answer.state == "live"
    assert answer.credit["credited"] == 180


def test_a_break_of_that_length_is_a_rest(studio: SiteUnderTest) -> None:
    rules(studio, rest_after=120, rest_for=300)
    Player(studio, "lin").play(105)
    studio.clock.move(seconds=301)
    assert Player(studio, "lin").play(105).credit["credited"] == 210


def test_a_beat_of_a_hidden_page_brings_nothing(studio: SiteUnderTest) -> None:
    player = Player(studio, "lin")
    player.play(15)
    studio.clock.move(seconds=15)
    answer = player.beat((15.0, 30.0), visible=False)
    assert (answer.state, answer.reason.code) == ("paused", "hidden")
    assert answer.credit["credited"] == 15
    rules(studio, pause_hidden=False)
    studio.clock.move(seconds=15)
    assert player.beat((15.0, 30.0), visible=False).credit["credited"] == 30


class TestPolicies:
    def test_a_course_keeps_only_what_is_different(self, studio: SiteUnderTest) -> None:
        rules(studio, daily_cap=7200, idle_prompt=None)
        with studio.occasion() as occasion:
            course = reel(occasion).course
            assert course.study_policy == {"daily_cap": 7200}
            assert policies.policy_of(occasion, course).idle_prompt is True
            assert policies.change_policy(occasion, course, {"daily_cap": 7200}) == []
        (event,) = events(studio, "study_policy_changed")
        assert event.values["after"] == {"daily_cap": 7200, "idle_prompt": None}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"window_from": "6"}, "window_from"),
            ({"window_from": "12:00", "window_to": "12:00"}, "window_to"),
            ({"idle_from": 900, "idle_to": 800}, "idle_to"),
            ({"first_view_rate": 16}, "first_view_rate"),
            ({"nonsense": 1}, "nonsense"),
        ],
    )
    def test_nonsense_is_refused_with_the_field(
        self, studio: SiteUnderTest, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            rules(studio, **changes)
        assert field in refusal.value.errors

    def test_teachers_do_not_set_them(self, studio: SiteUnderTest) -> None:
        with studio.occasion() as occasion:
            teacher = factories.user(occasion, "wang")
            factories.enrolment(occasion, reel(occasion).course, teacher, "teacher")
        with pytest.raises(NotAllowed), studio.occasion("wang") as occasion:
            policies.change_policy(occasion, reel(occasion).course, {"daily_cap": 0})


def test_class_hours_are_rounded_down_once() -> None:
    assert [hours(s) for s in (0, 2_699, 2_700, 5_399)] == [0, 0, 1, 1]
    assert [tenths(s) for s in (0, 269, 270, 2_700, 33_750, 33_749)] == [
        "0", "0", "0.1", "1", "12.5", "12.4",
    ]  # fmt: skip
