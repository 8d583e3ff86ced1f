"""The study endpoints over HTTP: as a browser uses them."""

from typing import Any

import pytest

from modou.services.studying import closing
from modou.web.security import SESSION_COOKIE
from tests.conftest import SiteUnderTest
from tests.studying import Page


@pytest.fixture
def page(studio: SiteUnderTest) -> Page:
    return Page(studio, "lin")


def test_open_play_and_leave(studio: SiteUnderTest, page: Page) -> None:
    opened = page.open()
    assert opened["length"] == 600
    assert opened["modules"] == {"riddle": "/static/riddle.js"}
    studio.clock.move(seconds=15)
    answer = page.beat(1, (0, 15.02), position=15.02)
    assert answer["credit"]["activity_credited"] == 15
    assert answer["state"] == "live"
    assert answer["frontier"] == 15
    state = page.browser.get(f"/api/v1/study/state?activity={page.activity}").json
    assert (state["player"], state["covered"]) == ("", [[0, 15]])
    studio.clock.move(seconds=10)
    page.send("leave", {"beat": {"seq": 2, "spans": [[15, 25]], "position": 25}}, status=204)
    assert page.beat(3, status=410)["reason"] == "left"
    again = page.open()
    assert (again["position"], again["session"]) == (25, opened["session"])


def test_problems_have_stable_codes(studio: SiteUnderTest, page: Page) -> None:
    assert page.beat(1, status=401)["code"] in {"token", "sign-in-needed"}
    page.token = "nonsense"
    assert page.beat(1, status=401)["code"] == "player"
    page.open()
    problem = page.beat(5, status=409)
    assert (problem["code"], problem["expected"]) == ("sequence", 1)
    for spans in ([["a", 1]], [[-1, 5]], [[0, 1e99]], [[1]], [[0, 1]] * 101):
        page.send("beats", {"seq": 1, "spans": spans}, status=422)
    page.send("beats", {"seq": 1, "span": []}, status=422)


def test_only_pages_of_the_site_open_players(studio: SiteUnderTest, page: Page) -> None:
    page.headers = {"Sec-Fetch-Site": "cross-site"}
    page.open(status=403)
    page.headers = {"Sec-Fetch-Site": "same-origin"}
    page.open(status=403)


def test_an_activity_of_a_foreign_course_is_not_there(studio: SiteUnderTest) -> None:
    from tests import factories

    with studio.occasion() as occasion:
        factories.user(occasion, "eve")
    Page(studio, "eve").open(status=404)


def test_signing_out_ends_the_player(studio: SiteUnderTest, page: Page) -> None:
    page.open()
    studio.clock.move(seconds=15)
    page.beat(1, (0, 15))
    with studio.occasion("lin") as occasion:
        from modou.services import sessions

        sessions.end_all(occasion, occasion.actor)
    problem = page.beat(2, (15, 30), status=410)
    assert (problem["code"], problem["reason"]) == ("ended", "signed_out")
    assert SESSION_COOKIE in page.browser.cookies


def test_the_process_closes_silent_sessions_itself(studio: SiteUnderTest, page: Page) -> None:
    page.open()
    studio.clock.move(seconds=61)
    studio.registry.access.together(closing.close_watched)
    with studio.occasion() as occasion:
        assert not len(occasion.site.study.live)


def test_a_check_is_answered(studio: SiteUnderTest, guard: Any, page: Page) -> None:
    from modou.declarations import Challenge

    guard.policy = lambda claim: Challenge("guard", "riddle", 60, {"riddle": "1 + 1"})
    page.open()
    studio.clock.move(seconds=15)
    answer = page.beat(1, (0, 15))
    assert answer["credit"]["held"] == 15
    asked = answer["challenge"]
    assert (asked["kind"], asked["data"]) == ("riddle", {"riddle": "1 + 1"})
    studio.clock.move(seconds=20)
    answer = page.send("answers", {"challenge": asked["id"], "answer": "2"})
    assert (answer["credit"]["credited"], answer["credit"]["held"]) == (15, 0)
    assert answer["challenge"] is None


def test_a_failed_check_pauses_until_resumed(studio: SiteUnderTest, guard: Any, page: Page) -> None:
    from modou.declarations import Challenge

    guard.policy = lambda claim: Challenge("guard", "riddle", 60)
    page.open()
    studio.clock.move(seconds=15)
    asked = page.beat(1, (0, 15))["challenge"]
    answer = page.send("answers", {"challenge": asked["id"], "answer": "3"})
    assert answer["state"] == "paused"
    assert answer["reason"]["code"] == "wrong"
    assert answer["covered"] == []
    assert answer["position"] == 0
    assert answer["credit"]["voided"] == 15
    studio.clock.move(seconds=15)
    assert page.beat(2, (15, 30))["credit"]["held"] == 0
    guard.policy = None
    assert page.send("resume", {})["state"] == "live"
    studio.clock.move(seconds=15)
    assert page.beat(3, (0, 15))["credit"]["credited"] == 15
