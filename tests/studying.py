"""A learner's player for tests of study time, at the level of the services.

::

    player = Player(site, "lin", "reel one")      # opens it
    player.play(60)                               # a minute, in beats of 15 seconds
    assert player.answer.credit["activity_credited"] == 60
"""

from typing import Any

from modou.errors import in_english
from modou.models.courses import Activity, Course
from modou.services.studying import beating, closing, opening, shapes
from modou.services.studying.beating import Beat
from modou.services.studying.shapes import Answer
from tests import factories
from tests.conftest import SiteUnderTest


def add_reel(
    occasion: Any, course: Course, title: str, length: int = 600, pages: tuple[int, ...] = ()
) -> Activity:
    """An activity that is studied by the second (plugin `reel` of the tests)."""
    import acme_reel

    activity = course.add_activity(Activity("reel", title), course.outline[0])
    activity.completion = ("studied",)
    acme_reel.put(occasion.site, activity, length, pages=pages)
    course.touch(occasion.now)
    return activity


def school(site: SiteUnderTest, lessons: int = 2, length: int = 600, **policy: Any) -> None:
    """A course of reels "reel 1", … with the learners lin and zhou; no prompts unless wanted."""
    with site.occasion() as occasion:
        course = factories.course(occasion, "低压电工作业")
        course.study_policy = {"idle_prompt": False, **policy}
        for number in range(1, lessons + 1):
            add_reel(occasion, course, f"reel {number}", length)
        for name in ("lin", "zhou"):
            factories.enrolment(occasion, course, factories.user(occasion, name, "林小燕"))


def reel(occasion: Any, title: str = "reel 1") -> Activity:
    for course in occasion.site.courses:
        for activity in course.ordered_activities():
            if activity.title == title:
                return activity
    raise KeyError(title)


def enrolment_of(occasion: Any, username: str) -> Any:
    user_id = occasion.site.user_index.usernames[username]
    return reel(occasion).course.enrolments[user_id]


class Player:
    """A page that plays `title`, as honest as the test makes it."""

    def __init__(
        self,
        site: SiteUnderTest,
        username: str,
        title: str = "reel 1",
        login: bytes = b"",
        device: str = "test",
    ) -> None:
        self.site = site
        self.username = username
        self.title = title
        with site.occasion(username) as occasion:
            self.opened = opening.open_player(
                occasion, reel(occasion, title), in_english, device=device, login=login
            )
        self.token: str = self.opened["player"]
        self.seq = 0
        self.position = float(self.opened["position"])
        self.answer: Answer

    def beat(self, *spans: tuple[float, float], seq: int = 0, **values: Any) -> Answer:
        """Send one beat; with `seq` any, else the next one."""
        number = seq or self.seq + 1
        position = spans[-1][1] if spans else self.position
        beat = Beat(number, spans, **{"position": position, **values})
        with self.site.occasion() as occasion:
            self.answer = beating.take_beat(occasion, self.token, beat)
        self.seq = max(self.seq, number)
        self.position = position
        return self.answer

    def play(self, seconds: int, every: int = 15) -> Answer:
        """Let it play at its own speed, from where it is."""
        while seconds > 0:
            step = min(every, seconds)
            self.site.clock.move(seconds=step)
            self.beat((self.position, self.position + step))
            seconds -= step
        return self.answer

    def leave(self) -> None:
        with self.site.occasion() as occasion:
            beating.leave(occasion, self.token)

    def resume(self) -> Answer:
        with self.site.occasion() as occasion:
            self.answer = beating.resume(occasion, self.token)
        return self.answer

    def reply(self, answer: Any, challenge: str = "") -> Answer:
        """Answer the open challenge."""
        asked = challenge or self.answer.challenge.id
        with self.site.occasion() as occasion:
            self.answer = beating.answer_challenge(occasion, self.token, asked, answer)
        return self.answer

    @property
    def json(self) -> dict[str, Any]:
        """The last answer as the protocol has it."""
        return shapes.as_json(self.answer, in_english)


class Page:
    """A browser's page that plays over HTTP."""

    def __init__(self, site: SiteUnderTest, username: str, browser: Any = None) -> None:
        self.site = site
        self.browser = browser or site.browser(username)
        self.headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf()}
        with site.occasion() as occasion:
            self.activity = reel(occasion).key
        self.token = ""

    def csrf(self) -> str:
        page = self.browser.get("/profile")
        token: str = page.html.select_one("input[name=csrf_token]")["value"]
        return token

    def open(self, status: int = 201, device: str = "desk") -> Any:
        answer = self.browser.post_json(
            "/api/v1/study/players",
            {"activity": self.activity, "device": device},
            headers=self.headers,
            status=status,
        )
        if status == 201:
            self.token = answer.json["player"]
        return answer.json

    def post(self, what: str, body: Any, status: Any = "*") -> Any:
        return self.browser.post_json(
            f"/api/v1/study/{what}",
            body,
            headers={"Authorization": f"Bearer {self.token}"},
            status=status,
        )

    def send(self, what: str, body: Any, status: int = 200) -> Any:
        answer = self.post(what, body, status)
        return answer.json if status != 204 else None

    def beat(self, seq: int, *spans: tuple[float, float], status: int = 200, **more: Any) -> Any:
        return self.send("beats", {"seq": seq, "spans": spans, **more}, status)


def close_silent(site: SiteUnderTest) -> None:
    """What the committer does every few seconds."""
    with site.occasion() as occasion:
        closing.close_watched(occasion)


def events(site: SiteUnderTest, kind: str) -> list[Any]:
    with site.occasion() as occasion:
        return [event for event in occasion.site.journal if event.kind == kind]
