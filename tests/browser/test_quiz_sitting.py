"""Sitting a quiz in a browser: answers survive broken lines, reloads and second windows, and the
page says what became of them. The rules are tested in tests/functional/quiz."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from modou.clock import FrozenClock
from modou.services import sessions
from modou.web.security import SESSION_COOKIE
from modou_quiz.services import shelf
from tests import factories
from tests.browser.conftest import PATIENCE
from tests.conftest import START, SiteUnderTest
from tests.serving import served
from tests.sitting import Scene, everything, single

pytestmark = pytest.mark.xdist_group("quiz_sitting")
HOUR = 3600


class RunningClock(FrozenClock):
    """Runs from the moment of its making on."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._begun)

    def seconds(self) -> int:
        return int(self.now().timestamp())


class Room:
    """A served site with a quiz, and learners who come in."""

    def __init__(self, site: SiteUnderTest, scene: Scene, address: str, chromium: Browser) -> None:
        self.site, self.scene, self.address, self.chromium = site, scene, address, chromium
        self.contexts: list[Any] = []
        self.faults: list[str] = []
        self.learners = 0

    def learner(self) -> str:
        self.learners += 1
        name = f"learner{self.learners}"
        with self.site.occasion() as occasion:
            course = occasion.site.courses.by_id(self.scene.course_id)
            factories.enrolment(occasion, course, factories.user(occasion, name, "林小燕"))
        return name

    def browser(self, username: str, **options: Any) -> Any:
        context = self.chromium.new_context(base_url=self.address, **options)
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        with self.site.occasion() as occasion:
            user = occasion.site.users.by_id(occasion.site.user_index.usernames[username])
            token = sessions.start(occasion, user)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.address}])
        return context

    def page(self, context: Any, path: str = "") -> Page:
        page: Page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda m: self.faults.append(m.text) if "Content Security" in m.text else None,
        )
        page.goto(path or self.scene.address)
        return page

    def sit(self, context: Any) -> Page:
        page = self.page(context)
        page.click(".quiz-begin .btn-lg")
        expect(state(page)).to_have_text("All answers are saved")
        return page

    def given(self, username: str) -> dict[int, Any]:
        with self.site.occasion() as occasion:
            user_id = occasion.site.user_index.usernames[username]
            held = shelf.attempts_of(occasion.site, self.scene.activity_id)
            attempt = held.by_id[held.by_user[user_id][-1]]
            return {slot: one.response for slot, one in attempt.answers.given.items()}


def state(page: Page) -> Any:
    return page.locator("[data-part=state]")


def choose(page: Page, place: int, option: int) -> None:
    page.locator(f"#q{place} input[type=radio]").nth(option).check()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("quiz_room")
    site = SiteUnderTest(folder, clock=RunningClock(START), **{"modou.plugins": "quiz"})
    questions = [("single", single(f"第 {n} 题", n % 3)) for n in range(6)]
    scene = Scene(site, questions, time_limit=HOUR, review=everything(), per_page=3)
    with served(site.app) as address:
        made = Room(site, scene, address, chromium)
        yield made
        for context in made.contexts:
            context.close()
    site.close()
    assert not made.faults


def test_answers_are_saved_as_they_are_given_and_handed_in(room: Room) -> None:
    name = room.learner()
    page = room.sit(room.browser(name, viewport={"width": 360, "height": 740}))
    choose(page, 0, 0)
    expect(page.locator("#q0 [data-saved]")).to_have_text("Saved")
    expect(page.locator("[data-part=count]")).to_have_text("1 / 6")
    # The other page of the paper is there without asking the server.
    expect(page.locator("#q3")).to_be_hidden()
    page.context.set_offline(True)
    page.click("[data-turn='1']")
    expect(page.locator("#q3")).to_be_visible()
    page.context.set_offline(False)
    page.locator("#q3 input[name=flag]").check()
    choose(page, 3, 0)
    expect(page.locator("#q3 [data-saved]")).to_have_text("Saved")
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    bad = [v["id"] for v in found.response["violations"] if v["impact"] in {"serious", "critical"}]
    assert bad == []
    page.click("button[value=hand-in]")
    expect(page.locator("[data-part=hand-in-summary]")).to_contain_text("4 of 6 unanswered")
    expect(page.locator("[data-part=hand-in-summary]")).to_contain_text("1 marked")
    page.click("[data-part=hand-in-open] >> text=2")
    expect(page.locator("#q1")).to_be_visible()
    choose(page, 1, 1)
    page.click("button[value=hand-in]")
    page.click("[data-part=hand-in-button]")
    page.wait_for_url(re.compile("/review$"))
    assert room.given(name) == {0: 0, 1: 1, 3: 0}
    expect(page.locator(".stat-number")).to_have_text("3")


def test_who_is_offline_loses_nothing(room: Room) -> None:
    name = room.learner()
    page = room.sit(room.browser(name))
    page.context.set_offline(True)
    choose(page, 0, 2)
    choose(page, 1, 2)
    choose(page, 0, 1)  # changed her mind meanwhile
    expect(state(page)).to_have_text("No connection: 2 kept in this browser")
    expect(page.locator("#q1 [data-saved]")).to_have_text("Kept in this browser")
    assert room.given(name) == {}
    # Nobody hands in what has not arrived.
    page.click("button[value=hand-in]")
    expect(page.locator("[data-part=hand-in-button]")).to_be_disabled()
    page.context.set_offline(False)
    expect(state(page)).to_have_text("All answers are saved")
    expect(page.locator("[data-part=hand-in-button]")).to_be_enabled()
    assert room.given(name) == {0: 1, 1: 2}


def test_answers_that_were_kept_come_with_the_next_page(room: Room) -> None:
    name = room.learner()
    context = room.browser(name)
    page = room.sit(context)
    choose(page, 0, 0)
    expect(page.locator("#q0 [data-saved]")).to_have_text("Saved")
    # The requests with answers are lost; then the page is gone.
    context.route("**/api/v1/quiz/answers", lambda route: route.abort())
    choose(page, 0, 2)
    choose(page, 1, 1)
    expect(state(page)).to_have_text("No connection: 2 kept in this browser")
    address = page.url
    page.close(run_before_unload=False)
    assert room.given(name) == {0: 0}
    context.unroute("**/api/v1/quiz/answers")
    again = room.page(context, address)
    expect(again.locator("#q0 input[type=radio]").nth(2)).to_be_checked()
    expect(again.locator("#q1 input[type=radio]").nth(1)).to_be_checked()
    expect(state(again)).to_have_text("All answers are saved")
    assert room.given(name) == {0: 2, 1: 1}


def test_a_busy_server_is_asked_again_when_it_said(room: Room) -> None:
    name = room.learner()
    context = room.browser(name)
    page = room.sit(context)
    asked: list[float] = []

    def busy(route: Any) -> None:
        asked.append(time.monotonic())
        if len(asked) > 1:
            route.continue_()
        else:
            route.fulfill(status=503, headers={"Retry-After": "2"}, json={"detail": "busy"})

    context.route("**/api/v1/quiz/answers", busy)
    choose(page, 0, 1)
    expect(state(page)).to_have_text("The site is busy: 1 wait to be saved")
    expect(state(page)).to_have_text("All answers are saved")
    assert asked[1] - asked[0] >= 2
    assert room.given(name) == {0: 1}


def test_a_second_window_and_a_second_device_take_over_only_when_asked(room: Room) -> None:
    name = room.learner()
    context = room.browser(name)
    page = room.sit(context)
    choose(page, 0, 0)
    expect(page.locator("#q0 [data-saved]")).to_have_text("Saved")
    window = room.page(context, page.url)
    expect(window.locator("[data-part=notice-text]")).to_contain_text("another window")
    choose(page, 1, 1)  # the first one still has it
    expect(page.locator("#q1 [data-saved]")).to_have_text("Saved")
    window.click("[data-part=take] button")
    expect(window.locator("[data-part=count]")).to_have_text("2 / 6")
    expect(page.locator("[data-part=notice-text]")).to_contain_text("opened in another window")
    expect(state(window)).to_have_text("All answers are saved")
    choose(window, 2, 2)
    expect(window.locator("#q2 [data-saved]")).to_have_text("Saved")
    device = room.page(room.browser(name), window.url)
    expect(device.locator(".notice")).to_contain_text("open in another place")
    device.click("button:has-text('Go on here')")
    expect(state(device)).to_have_text("All answers are saved")
    choose(window, 0, 2)
    expect(window.locator("[data-part=notice-text]")).to_contain_text("another device")
    assert room.given(name) == {0: 0, 1: 1, 2: 2}


def test_the_time_is_the_servers_and_ends_the_attempt(room: Room) -> None:
    name = room.learner()
    context = room.browser(name, timezone_id="America/New_York")
    # A device whose clock is hours off, and goes on being set.
    context.add_init_script("Date.now = () => 0; Math.random = () => 0;")
    page = room.page(context)
    with room.site.occasion() as occasion:
        room.scene.quiz(occasion).time_limit = 15
    try:
        page.click(".quiz-begin .btn-lg")
        expect(page.locator("[data-part=time]")).to_have_text(re.compile("^00:(0[0-9]|1[0-5])$"))
        choose(page, 0, 0)
        page.wait_for_url(re.compile("/review$"))
    finally:
        with room.site.occasion() as occasion:
            room.scene.quiz(occasion).time_limit = HOUR
    expect(page.locator(".facts")).to_contain_text("by the clock")
    assert room.given(name) == {0: 0}


def test_leaving_the_page_is_counted(room: Room) -> None:
    name = room.learner()
    page = room.sit(room.browser(name))
    page.evaluate(
        """() => {
          let hidden = true;
          Object.defineProperty(document, "visibilityState", {
            get: () => (hidden ? "hidden" : "visible"), configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
          hidden = false;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(page.locator("[data-part=leaves]")).to_contain_text("left this page 1 times")
    page.reload()
    expect(state(page)).to_have_text("All answers are saved")
    expect(page.locator("[data-part=leaves]")).to_contain_text("left this page 1 times")


def test_a_practice_question_is_tried_again_with_its_hint(room: Room) -> None:
    before = room.scene.site
    with before.occasion() as occasion:
        quiz = room.scene.quiz(occasion)
        was = {name: getattr(quiz, name) for name in ("kind", "instant", "tries", "review")}
    during = frozenset(("during", what) for what in ("correct", "feedback", "right"))
    room.scene.rule(kind="practice", instant="tries", tries=2, review=during)
    try:
        name = room.learner()
        page = room.sit(room.browser(name))
        choose(page, 0, 2)
        # The answer that is on its way is waited for, then the page comes back to the question.
        page.locator("#q0 .quiz-check").click()
        expect(page.locator("#q0 .quiz-tries")).to_contain_text("Try 1 of 2")
        expect(state(page)).to_have_text("All answers are saved")
        choose(page, 0, 0)
        page.locator("#q0 .quiz-check").click()
        expect(page.locator("#q0 .question-head .verdict")).to_have_text("Right")
        assert room.given(name) == {0: 0}
    finally:
        room.scene.rule(**was)
