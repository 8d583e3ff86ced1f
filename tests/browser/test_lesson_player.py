"""Studying lessons in a browser: what is played is credited, and what is not played is not.

One site for the whole file, with a clock that runs, and a beat of two seconds instead of fifteen;
every test has a learner of its own. The rules themselves are tested in tests/functional; here it is
whether the page keeps to them and says what is going on.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from modou.clock import FrozenClock
from modou.models.study import ActivityStudy, EnrolmentStudy, Gate, StudySession, study_of
from modou.services import sessions, teaching
from modou.services.studying import opening, shapes
from modou.services.teaching import ActivityValues
from modou.web.security import SESSION_COOKIE
from tests import factories
from tests import lesson_media as media
from tests.browser.conftest import PATIENCE
from tests.conftest import START, SiteUnderTest
from tests.serving import served

pytestmark = [media.needs_ffmpeg, pytest.mark.xdist_group("lesson_player")]

CAPTIONS = "WEBVTT\n\n00:00.000 --> 01:30.000\n先验电，再挂接地线。\n"
TEXT = "## 停电\n\n" + "在电气设备上工作，应先停电、验电、装设接地线。\n\n" * 12
_numbers = count(1)
#: Other work may keep the machine busy.


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
    """The site with its lessons, served, and a way in for new learners."""

    address = ""

    def __init__(self, site: SiteUnderTest, chromium: Browser) -> None:
        self.site, self.chromium = site, chromium
        self.paths: dict[str, str] = {}
        self.ids: dict[str, int] = {}
        self.course = 0
        self.faults: list[str] = []
        self.contexts: list[BrowserContext] = []

    def learner(self) -> str:
        """A new learner of the course; the username."""
        name = f"learner{next(_numbers)}"
        with self.site.occasion() as occasion:
            user = factories.user(occasion, name, "张学员")
            factories.enrolment(occasion, occasion.site.courses.by_id(self.course), user)
        return name

    def sign_in(self, username: str, **options: Any) -> BrowserContext:
        """A browser of its own, signed in."""
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = self.chromium.new_context(base_url=self.address, **options)
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE)
        with self.site.occasion() as occasion:
            user = occasion.site.users.by_id(occasion.site.user_index.usernames[username])
            token = sessions.start(occasion, user)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.address}])
        return context

    def open(self, context: BrowserContext, kind: str = "video") -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{error.stack}"))
        page.on(
            "console",
            lambda message: (
                self.faults.append(message.text) if "Content Security" in message.text else None
            ),
        )
        page.goto(self.paths[kind])
        return page

    def record(
        self, username: str, kind: str = "video"
    ) -> tuple[ActivityStudy, list[StudySession]]:
        """What the server keeps of a learner: the activity's record, the sessions."""
        with self.site.occasion() as occasion:
            user = occasion.site.user_index.usernames[username]
            study = occasion.site.courses.by_id(self.course).enrolments[user].study
            if study is None:
                return ActivityStudy(0), []
            found = study.of(self.ids[kind])
            own = list(study.sessions.values())
            for thing in (found, *own):
                thing._p_activate()
            return found, own

    def given(self, username: str, kind: str = "video") -> int:
        """Seconds that count or wait to be confirmed."""
        record, _sessions = self.record(username, kind)
        return record.credited + record.held_seconds


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Room]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "BEAT", 2)
        patch.setattr(opening, "BEAT", 2)
        folder = tmp_path_factory.mktemp("lessons")
        site = SiteUnderTest(folder, RunningClock(START), **{"modou.plugins": "lesson"})
        try:
            room = Room(site, chromium)
            _furnish(room)
            with served(site.app, threads=8) as room.address:
                yield room
        finally:
            site.close()


def _furnish(room: Room) -> None:
    """A course with a lesson of every kind, taught by `teacher`."""
    site = room.site
    film = media.video(90, "640x360")
    files: dict[str, dict[str, Any]] = {
        "video": {
            "media": media.upload(film),
            "captions": media.upload(CAPTIONS.encode(), "字幕.vtt"),
            "chapters": "0:00 开场\n0:20 验电器的检查\n1:15 挂接地线",
        },
        "audio": {"media": media.upload(media.sound(seconds=30), "口诀.mp3")},
        "pdf": {"media": media.upload(media.pdf(3), "图册.pdf"), "page_seconds": 4},
        "text": {"source": TEXT, "page_seconds": 4},
    }
    with site.occasion() as occasion:
        course = factories.course(occasion, "低压电工作业")
        room.course = course.id
        factories.user(occasion, "operator", role="operator")
        factories.enrolment(occasion, course, factories.user(occasion, "teacher"), "teacher")
    with site.occasion("operator") as occasion:
        course = occasion.site.courses.by_id(room.course)
        for kind, values in files.items():
            activity = teaching.create_activity(
                occasion,
                course,
                course.outline[0],
                "lesson",
                ActivityValues(f"第 1 节 {kind}"),
                {"kind": kind, **values},
            )
            room.ids[kind] = activity.id
            room.paths[kind] = f"/courses/{course.key}/a/{activity.key}"
    site.work()


@pytest.fixture
def room(lessons: Room) -> Iterator[Room]:
    yield lessons
    for context in lessons.contexts:
        context.close()
    lessons.contexts.clear()
    faults, lessons.faults[:] = lessons.faults[:], []
    assert not faults, "\n".join(faults)


def play(page: Page) -> None:
    """Press the one primary button, and see it play."""
    page.get_by_role("button", name="Play Video").click()
    plays(page)


def plays(page: Page) -> None:
    becomes(page, "(v => !v.paused && v.currentTime > 0.2)(document.querySelector('video'))")


def position(page: Page) -> float:
    return float(page.evaluate("document.querySelector('video').currentTime"))


def played(page: Page, seconds: float) -> None:
    """Wait until the film has come to a second."""
    until(lambda: position(page) >= seconds, seconds + 25)


def paused(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('video').paused"))


def until(check: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def becomes(page: Page, expression: str) -> None:
    """Wait for what the page knows; Playwright's own way is against the content security policy."""
    until(lambda: bool(page.evaluate(expression)))


def say(page: Page) -> Any:
    return page.locator("[data-panel]")


class TestWatching:
    def test_what_is_watched_counts_and_a_reload_goes_on_there(self, room: Room) -> None:
        who = room.learner()
        page = room.open(room.sign_in(who))
        play(page)
        played(page, 6)
        until(lambda: room.given(who) >= 4)
        page.reload()
        becomes(page, "document.querySelector('video')?.readyState > 0")
        assert 4 <= position(page) <= 8
        play(page)
        played(page, 9)
        until(lambda: room.given(who) >= 7)
        page.goto("/my/courses")
        until(lambda: room.given(who) >= 8)
        record, own = room.record(who)
        assert len(own) == 1
        assert record.covered[:1] == (0,)

    def test_the_end_cannot_be_reached_by_leaping(self, room: Room) -> None:
        who = room.learner()
        page = room.open(room.sign_in(who))
        play(page)
        page.evaluate("document.querySelector('video').currentTime = 85")
        becomes(page, "document.querySelector('video').currentTime < 10")
        expect(page.locator("[data-bar]")).to_contain_text("already seen")
        page.get_by_role("slider", name="Progress of the lesson").focus()
        page.keyboard.press("End")
        page.get_by_role("button", name="挂接地线").click(force=True)
        played(page, 3)
        assert position(page) < 15
        page.evaluate("document.querySelector('video').playbackRate = 16")
        becomes(page, "document.querySelector('video').playbackRate === 1")
        until(lambda: room.given(who) >= 2)
        record, _own = room.record(who)
        assert max(record.covered) < 20

    def test_the_last_second_completes_the_lesson(self, room: Room) -> None:
        who = room.learner()
        with room.site.occasion() as occasion:
            user = occasion.site.user_index.usernames[who]
            enrolment = occasion.site.courses.by_id(room.course).enrolments[user]
            enrolment.study = EnrolmentStudy()
            record = enrolment.study.of(room.ids["video"])
            record.turn_to("1", 90)
            record.credit("1", (0, 86), 86)
            record.position = 85
        page = room.open(room.sign_in(who))
        expect(page.locator("[data-part=credited]")).to_have_text("01:26")
        play(page)
        expect(page.locator("[data-part=rest]")).to_have_text(
            re.compile("Completed|waiting for confirmation")
        )
        record, _own = room.record(who)
        assert record.whole
        page.locator(".vjs-playback-rate button").click()
        expect(page.get_by_role("menuitemradio", name="2x")).to_be_visible()

    def test_captions_are_shown(self, room: Room) -> None:
        page = room.open(room.sign_in(room.learner()))
        play(page)
        page.keyboard.press("c")
        expect(page.locator(".vjs-text-track-cue")).to_have_text("先验电，再挂接地线。")
        page.keyboard.press("c")
        expect(page.locator(".vjs-text-track-cue")).to_have_count(0)

    def test_sound_alone(self, room: Room) -> None:
        who = room.learner()
        page = room.open(room.sign_in(who), "audio")
        page.get_by_role("button", name="Play", exact=True).click()
        until(lambda: room.given(who, "audio") >= 2)

    def test_a_teacher_sees_all_and_nothing_is_counted(self, room: Room) -> None:
        page = room.open(room.sign_in("teacher"))
        expect(page.locator("[data-account]")).to_contain_text("nothing is counted")
        play(page)
        page.get_by_role("button", name="挂接地线").click()
        becomes(page, "document.querySelector('video').currentTime >= 75.2")


class TestTheLine:
    def test_offline_for_a_while_loses_nothing(self, room: Room) -> None:
        who = room.learner()
        context = room.sign_in(who)
        page = room.open(context)
        play(page)
        played(page, 3)
        context.set_offline(True)
        expect(page.locator("[data-bar]")).to_contain_text("No connection")
        played(page, 11)
        assert not paused(page)
        context.set_offline(False)
        expect(page.locator("[data-bar]")).to_be_hidden()
        page.keyboard.press("Space")
        at = position(page)
        until(lambda: room.given(who) >= int(at) - 1)

    def test_what_a_closed_page_could_not_send_is_sent_by_the_next(self, room: Room) -> None:
        who = room.learner()
        context = room.sign_in(who)
        page = room.open(context)
        play(page)
        played(page, 3)
        context.set_offline(True)
        played(page, 8)
        # The browser keeps what it gathered every few seconds.
        page.wait_for_timeout(1500)
        page.close(run_before_unload=False)
        context.set_offline(False)
        room.open(context)
        until(lambda: room.given(who) >= 6)


class TestOnePlayer:
    def test_a_second_tab_takes_over_and_the_first_says_so(self, room: Room) -> None:
        who = room.learner()
        context = room.sign_in(who)
        first = room.open(context)
        play(first)
        second = room.open(context)
        play(second)
        expect(say(first)).to_contain_text("somewhere else")
        assert paused(first)
        first.get_by_role("button", name="Go on here").click()
        plays(first)
        expect(say(second)).to_contain_text("somewhere else")
        _record, own = room.record(who)
        assert len(own) == 1

    def test_a_second_device_takes_over(self, room: Room) -> None:
        who = room.learner()
        first = room.open(room.sign_in(who))
        play(first)
        second = room.open(room.sign_in(who), "pdf")
        second.get_by_role("button", name="Start reading").click()
        expect(say(first)).to_contain_text("somewhere else")
        assert paused(first)
        _record, own = room.record(who)
        assert sorted(session.how for session in own) == ["", "taken_over"]


class TestQuestions:
    """The question whether somebody is there; its moment is near, the answer is due in 10 s."""

    @pytest.fixture
    def asked(self, room: Room) -> tuple[str, Page]:
        who = room.learner()
        with room.site.occasion() as occasion:
            course = occasion.site.courses.by_id(room.course)
            course.study_policy = {"idle_answer": 10}
            user = occasion.site.user_index.usernames[who]
            study_of(occasion.site).learner(user).gates = {"idle": Gate(since=598, memo=600)}
        page = room.open(room.sign_in(who))
        play(page)
        expect(page.get_by_role("dialog")).to_contain_text("Are you still there?")
        return who, page

    def test_a_press_answers_by_keyboard_too(self, room: Room, asked: tuple[str, Page]) -> None:
        who, page = asked
        button = page.get_by_role("button", name="Yes, I am here")
        expect(button).to_be_focused()
        assert paused(page)
        # A script's press is none.
        button.evaluate("button => button.click()")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        plays(page)
        until(lambda: room.record(who)[0].credited >= 2)

    def test_nobody_answers_the_time_is_void(self, room: Room, asked: tuple[str, Page]) -> None:
        who, page = asked
        page.get_by_role("dialog").evaluate("dialog => dialog.remove()")
        page.evaluate("document.querySelector('video').play()")
        page.wait_for_timeout(500)
        assert paused(page)
        expect(say(page)).to_contain_text("nobody answered", timeout=30_000)
        record, _own = room.record(who)
        assert (record.credited, record.held_seconds) == (0, 0)
        assert record.voided >= 2
        missing = page.locator("[data-part=voided]")
        expect(missing).to_contain_text("were not credited")
        expect(missing.get_by_role("link")).to_have_attribute("href", "/my/study")
        page.get_by_role("button", name="I am back").click()
        plays(page)
        assert position(page) < 5


class TestThePage:
    def test_hidden_it_stops(self, room: Room) -> None:
        who = room.learner()
        page = room.open(room.sign_in(who))
        play(page)
        played(page, 2)
        see(page, "hidden")
        becomes(page, "document.querySelector('video').paused")
        at = position(page)
        page.evaluate("document.querySelector('video').play()")
        until(lambda: room.given(who) >= int(at) - 1)
        before = room.given(who)
        page.wait_for_timeout(3000)
        assert room.given(who) == before
        see(page, "visible")
        expect(say(page)).to_contain_text("in the background")
        say(page).get_by_role("button", name="Go on").click()
        plays(page)

    def test_without_its_watermark_it_stops(self, room: Room) -> None:
        page = room.open(room.sign_in(room.learner()))
        play(page)
        expect(page.locator(".lesson-watermark")).to_have_text("张**")
        page.locator(".lesson-watermark").evaluate("mark => mark.remove()")
        expect(say(page)).to_contain_text("watermark")
        becomes(page, "document.querySelector('video').paused")
        expect(page.locator(".lesson-watermark")).to_be_attached()
        page.get_by_role("button", name="Go on").click()
        plays(page)
        page.evaluate(
            "document.querySelector('.lesson-watermark').style.setProperty('display', 'none')"
        )
        expect(say(page)).to_contain_text("watermark")

    def test_by_keyboard_alone(self, room: Room) -> None:
        page = room.open(room.sign_in(room.learner()))
        button = page.get_by_role("button", name="Play Video")
        expect(button).to_be_visible()
        for _attempt in range(30):
            page.keyboard.press("Tab")
            if button.evaluate("button => button === document.activeElement"):
                break
        page.keyboard.press("Enter")
        plays(page)
        page.keyboard.press("k")
        becomes(page, "document.querySelector('video').paused")
        page.keyboard.press("k")
        plays(page)
        page.keyboard.press("m")
        becomes(page, "document.querySelector('video').muted")
        page.keyboard.press("ArrowLeft")
        becomes(page, "document.querySelector('video').currentTime < 1.5")
        page.keyboard.press("f")
        becomes(page, "document.fullscreenElement !== null")
        becomes(page, "document.fullscreenElement?.querySelector('.lesson-watermark') != null")
        page.keyboard.press("f")
        becomes(page, "document.fullscreenElement === null")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Five seconds back")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_without_scripts(self, room: Room) -> None:
        page = room.open(room.sign_in(room.learner(), java_script_enabled=False))
        # Playwright's way of switching scripts off does not make Chromium show <noscript>.
        assert "Studying needs JavaScript" in page.locator("noscript").inner_text()


class TestReading:
    def test_page_after_page(self, room: Room) -> None:
        who = room.learner()
        page = room.open(room.sign_in(who), "pdf")
        following = page.get_by_role("button", name="Next page")
        picture = page.locator("[data-page]")
        expect(picture).to_have_attribute("alt", "Page 1 of 3")
        expect(following).to_have_attribute("aria-disabled", "true")
        page.get_by_text("Text of this page").click()
        expect(page.locator("[data-page-text]")).to_contain_text("Page 1")
        page.get_by_role("button", name="Start reading").click()
        expect(following).to_have_attribute("aria-disabled", "false")
        following.click()
        expect(picture).to_have_attribute("alt", "Page 2 of 3")
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-bar]")).to_contain_text("next page opens in")
        expect(following).to_have_attribute("aria-disabled", "false")
        page.keyboard.press("ArrowRight")
        expect(picture).to_have_attribute("alt", "Page 3 of 3")
        expect(page.locator("[data-part=rest]")).to_have_text(
            re.compile("Completed|waiting for confirmation")
        )
        # What is missing at the end of a page is forgiven, up to five seconds.
        until(lambda: room.given(who, "pdf") >= 10)

    def test_a_text_for_as_long_as_it_asks(self, room: Room) -> None:
        who = room.learner()
        page = room.open(room.sign_in(who), "text")
        expect(page.locator("[data-need]")).to_have_text("Asks for 00:04 more")
        page.get_by_role("button", name="Start reading").click()
        expect(page.locator("[data-need]")).to_have_text("Read long enough")
        until(lambda: room.given(who, "text") == 4)


def see(page: Page, state: str) -> None:
    """Headless Chromium is always visible: say otherwise."""
    page.evaluate(
        """state => {
            Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_every_state_is_accessible_and_fits(room: Room) -> None:
    """On a phone in the dark and on a desk in the light."""
    wrong: list[str] = []
    who = room.learner()
    # Colours would still be on their way from one mode to the other.
    context = room.sign_in(who, reduced_motion="reduce")

    def look(page: Page, state: str) -> None:
        page.bring_to_front()
        for width, mode in ((360, "dark"), (1280, "light")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
            # Until it is drawn anew.
            page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{state}: wider than {width}")
            # The watermark is faint on purpose, and no text that anybody has to read.
            found = (
                Axe()
                .run(page, {"exclude": [".lesson-watermark"]}, {"resultTypes": ["violations"]})
                .response["violations"]
            )
            wrong.extend(
                f"{state}, {width} {mode}: {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found
            )

    with room.site.occasion() as occasion:
        user = occasion.site.user_index.usernames[who]
        occasion.site.courses.by_id(room.course).study_policy = {"idle_answer": 60}
        study_of(occasion.site).learner(user).gates = {"idle": Gate(since=598, memo=600)}
    for kind in ("audio", "pdf", "text"):
        page = room.open(context, kind)
        expect(page.locator(".ink-line")).to_be_attached()
        look(page, kind)
        page.close()
    page = room.open(context)
    expect(page.get_by_role("button", name="Play Video")).to_be_visible()
    look(page, "film")
    play(page)
    expect(page.get_by_role("dialog")).to_contain_text("Are you still there?")
    look(page, "question")
    page.get_by_role("button", name="Yes, I am here").click()
    plays(page)
    page.keyboard.press("c")
    look(page, "playing")
    room.open(context, "text").get_by_role("button", name="Start reading").click()
    expect(say(page)).to_contain_text("somewhere else")
    look(page, "panel")
    assert not wrong, "\n".join(wrong)
