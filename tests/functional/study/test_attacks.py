"""What people try in order to get study time that they did not study: each gains 0 seconds.

Over HTTP, as an attacker would, on lessons of ten minutes. `gained` is everything that the site
counts for the learner, under reserve or not.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from modou.clock import FrozenClock
from modou.services import sessions
from modou.services.studying import closing, policies, totals
from tests import factories
from tests.conftest import SiteUnderTest
from tests.studying import Page, add_reel, enrolment_of, events, reel


def gained(site: SiteUnderTest, username: str = "lin") -> int:
    with site.occasion() as occasion:
        found = totals.totals_of(occasion, enrolment_of(occasion, username))
        return found.credited + found.held


@pytest.fixture
def page(studio: SiteUnderTest) -> Page:
    """A player that was opened just now, at 9 in the morning."""
    page = Page(studio, "lin")
    page.open()
    return page


@pytest.fixture
def tick(studio: SiteUnderTest) -> Callable[[float], None]:
    def move(seconds: float) -> None:
        studio.clock.move(seconds=seconds)

    return move


def test_one_beat_that_claims_the_whole_length(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    answer = page.beat(1, (0, 600), position=600)
    assert gained(studio) == 0
    assert answer["complete"] is False
    tick(1)
    page.beat(2, (0, 600), position=600)
    assert gained(studio) == 1


def test_a_duration_that_is_no_number(studio: SiteUnderTest, page: Page) -> None:
    for body in (b'{"seq": 1, "spans": [[0, NaN]]}', b'{"seq": 1, "spans": [[0, 1e400]]}'):
        page.browser.post(
            "/api/v1/study/beats",
            body,
            headers={"Authorization": f"Bearer {page.token}"},
            content_type="application/json",
            status="4*",
        )
    assert gained(studio) == 0


def test_the_same_beat_a_hundred_times(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(15)
    for _time in range(100):
        assert page.beat(1, (0, 15))["credit"]["credited"] == 15
    tick(15)
    for _time in range(100):
        page.beat(1, (15, 30))
    assert gained(studio) == 15
    assert len(events(studio, "studied")) == 1


@pytest.mark.both_storages
def test_a_hundred_senders_at_once(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(15)
    statuses: list[int] = []

    def send(number: int) -> None:
        # Half of them the same number, half of them each its own.
        seq = 1 if number % 2 else 1 + number // 2
        answer = Page.__new__(Page)
        answer.browser, answer.token = studio.browser(), page.token
        statuses.append(answer.post("beats", {"seq": seq, "spans": [[0, 600]]}).status_int)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 100
    assert set(statuses) <= {200, 409}
    assert gained(studio) == 15
    assert sum(e.values["credited"] for e in events(studio, "studied")) == 15


@pytest.mark.parametrize("jump", [-3_600, -1, 0])
def test_a_clock_that_stands_or_goes_back(studio: SiteUnderTest, page: Page, jump: int) -> None:
    clock: FrozenClock = studio.clock
    for seq in range(1, 11):
        clock.move(seconds=jump)
        page.beat(seq, (15 * seq - 15, 15 * seq))
    assert gained(studio) == 0


def test_a_clock_that_leaps_ahead(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(7_200)
    page.beat(1, (0, 600))
    assert gained(studio) == 60


def test_a_player_at_sixteen_times_the_speed(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    # First at rest, to save up time, then as fast as it goes; its reports are honest.
    for seq in range(1, 5):
        tick(15)
        page.beat(seq, playing=False)
    tick(15)
    answer = page.beat(5, (0, 240), position=240, rate=16)
    assert gained(studio) <= 15 + 3
    assert answer["position"] == answer["frontier"] == gained(studio)
    tick(15)
    page.beat(6, (240, 480), position=480, rate=16)
    assert gained(studio) <= 15 + 3


def test_a_leap_to_the_end(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    for seq in range(1, 5):
        tick(15)
        answer = page.beat(seq, (585, 600), position=600)
        assert answer["position"] == 0
        assert answer["complete"] is False
    assert gained(studio) == 0
    # The attack on a labour bureau's platform that is publicly told: currentTime = duration - 1.
    tick(15)
    page.beat(5, (0, 1), (599, 600), position=600)
    assert gained(studio) == 1
    again = page.open()
    assert (again["position"], again["frontier"]) == (1, 1)


def test_numbers_that_are_forged_reordered_or_left_out(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(15)
    for seq in (2, 3, 100, 2**31):
        assert page.beat(seq, (0, 15), status=409)["expected"] == 1
    for seq in (0, -1, 2**31 + 1):
        page.beat(seq, (0, 15), status=422)
    assert gained(studio) == 0
    page.beat(1, (0, 15))
    tick(15)
    page.beat(2, (15, 30))
    for seq in (1, 2, 1):
        tick(15)
        page.beat(seq, (30, 45))
    assert gained(studio) == 30


def test_two_devices(studio: SiteUnderTest, page: Page, tick: Callable[[float], None]) -> None:
    phone = Page(studio, "lin")
    phone.open(device="phone")
    for seq in range(1, 5):
        tick(15)
        phone.beat(seq, (15 * seq - 15, 15 * seq))
        problem = page.beat(1, (15 * seq - 15, 15 * seq), status=410)
        assert problem["reason"] == "taken_over"
        assert problem["detail"]
    assert gained(studio) == 60
    assert [e.values["how"] for e in events(studio, "study_ended")] == ["taken_over"]


def test_two_devices_that_take_turns(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    pages = [page, Page(studio, "lin")]
    for turn in range(10):
        one = pages[turn % 2]
        one.open()
        tick(3)
        one.beat(1, (0, 600))
    assert gained(studio) <= 30


def test_two_tabs(studio: SiteUnderTest, page: Page, tick: Callable[[float], None]) -> None:
    tab = Page(studio, "lin", page.browser)
    tab.activity = page.activity
    tab.open()
    tick(15)
    tab.beat(1, (0, 15))
    assert page.beat(1, (15, 30), status=410)["reason"] == "taken_over"
    assert gained(studio) == 15


def test_two_lessons_in_two_courses_at_once(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    with studio.occasion() as occasion:
        other = factories.course(occasion, "高处作业")
        add_reel(occasion, other, "elsewhere")
        user_id = occasion.site.user_index.usernames["lin"]
        factories.enrolment(occasion, other, occasion.site.users.by_id(user_id))
        second_key = reel(occasion, "elsewhere").key
    second = Page(studio, "lin", page.browser)
    second.activity = second_key
    tick(15)
    page.beat(1, (0, 15))
    second.open()
    tick(15)
    assert second.beat(1, (0, 15))["credit"]["today"] == 30
    page.beat(2, (15, 30), status=410)
    assert gained(studio) == 15


def test_beats_for_somebody_else(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    zhou = Page(studio, "zhou")
    zhou.open()
    token = page.token
    tick(15)
    # Another learner's cookie with this token counts for the token's learner alone.
    zhou.token = token
    zhou.beat(1, (0, 15))
    assert (gained(studio), gained(studio, "zhou")) == (15, 0)
    for forged in (
        token[:20] + ("A" if token[20] != "A" else "B") + token[21:],
        "",
        "x",
        token * 2,
    ):
        page.token = forged
        page.beat(1, (0, 15), status=401)
    with studio.occasion() as occasion:
        stranger = factories.course(occasion, "焊接")
        add_reel(occasion, stranger, "foreign")
        page.activity = reel(occasion, "foreign").key
    page.open(status=404)
    assert gained(studio) == 15


def test_a_page_that_nobody_sees(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    for seq in range(1, 5):
        tick(15)
        answer = page.beat(seq, (15 * seq - 15, 15 * seq), visible=False)
        assert (answer["state"], answer["reason"]["code"]) == ("paused", "hidden")
    assert gained(studio) == 0


def test_a_headless_page_that_says_it_is_visible_meets_the_question(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    """The dialog is removed from the page, the beats go on: nothing since the last answer stays."""
    with studio.occasion() as occasion:
        course = reel(occasion).course
        changes = {"idle_prompt": True, "idle_from": 60, "idle_to": 120}
        policies.change_policy(occasion, course, changes)
    asked = False
    for seq in range(1, 21):
        tick(15)
        answer = page.beat(seq, (15 * seq - 15, 15 * seq))
        asked = asked or answer["challenge"] is not None
    assert asked
    assert (answer["state"], answer["reason"]["code"]) == ("paused", "unanswered")
    assert gained(studio) == 0
    assert answer["credit"]["voided"] > 0
    # Going on again and again does not help either.
    for _time in range(3):
        page.send("resume", {})
        start = 0
        for _beat in range(14):
            seq += 1
            tick(15)
            page.beat(seq, (start, start + 15))
            start += 15
    page.send("leave", {}, status=204)
    tick(61)
    studio.registry.access.together(closing.close_watched)
    assert gained(studio) == 0


def test_coming_and_going_instead_of_answering(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    """Two logins take over from each other every 15 s, so that each end confirms a little."""
    with studio.occasion() as occasion:
        changes = {"idle_prompt": True, "idle_from": 60, "idle_to": 60}
        policies.change_policy(occasion, reel(occasion).course, changes)
    pages = [page, Page(studio, "lin")]
    for turn in range(30):
        one = pages[turn % 2]
        at = one.open()["position"]
        tick(15)
        one.beat(1, (at, at + 15), position=at + 15)
    page.open()
    page.send("leave", {}, status=204)
    tick(61)
    studio.registry.access.together(closing.close_watched)
    # What lies before the first question that nobody answered, and nothing of the 400 s after it.
    assert gained(studio) <= 60


def test_beats_after_the_end(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(15)
    page.beat(1, (0, 15))
    page.send("leave", {}, status=204)
    for seq in (2, 3):
        tick(15)
        page.beat(seq, (15, 30), status=410)
    page.open()
    with studio.occasion("lin") as occasion:
        sessions.end_all(occasion, occasion.actor)
    for seq in (1, 2):
        tick(15)
        assert page.beat(seq, (15, 30), status=410)["reason"] == "signed_out"
    assert gained(studio) == 15


def test_kept_beats_after_an_hour_offline(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(15)
    page.beat(1, (0, 15))
    tick(3_600)
    studio.registry.access.together(closing.close_watched)
    # An hour's worth of beats was kept; the silence is worth a minute, of which 15 s were played.
    for seq in range(2, 242):
        page.beat(seq, (15 * seq - 15, 15 * seq))
    assert gained(studio) <= 15 + 60
    # With another session meanwhile it is worth nothing.
    kept, kept_seq = page.token, 242
    page.browser = studio.browser("lin")
    page.headers = {**page.headers, "X-CSRF-Token": page.csrf()}
    page.open()
    tick(3_600)
    before = gained(studio)
    page.token = kept
    page.beat(kept_seq, (75, 90), status=410)
    assert gained(studio) == before


def test_a_thousand_short_sessions(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    """Opening again does not make time: not even the rounding adds up."""
    began = studio.clock.now()
    for _time in range(40):
        page.open()
        tick(0.9)
        page.beat(1, (0, 600))
    assert gained(studio) <= (studio.clock.now() - began).total_seconds()
    assert gained(studio) == 0


def test_a_lesson_that_is_locked_or_hidden(
    studio: SiteUnderTest, page: Page, tick: Callable[[float], None]
) -> None:
    tick(15)
    page.beat(1, (0, 15))
    with studio.occasion() as occasion:
        reel(occasion).visible = False
        reel(occasion).course.touch(occasion.now)
    tick(15)
    answer = page.beat(2, (15, 30))
    assert (answer["state"], answer["reason"]["code"]) == ("ended", "closed")
    page.open(status=403)
    assert gained(studio) == 15


def test_the_answers_to_nobodys_question(studio: SiteUnderTest, page: Page, guard: Any) -> None:
    page.send("answers", {"challenge": "x", "answer": "2"})
    page.send("answers", {"challenge": "", "answer": None})
    assert gained(studio) == 0
