"""Learners who beat over HTTP, whatever happens to the server; whether all is there afterwards.

For the crash tests and the benchmarks of study beats. The activity is the tests' plugin `reel`,
which is nothing but so many seconds.
"""

import http.client
import json
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modou.errors import in_english
from modou.models.courses import Activity, Course
from modou.services import sessions
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou.services.studying import opening
from modou.store.journal import verify

REEL = Path(__file__).parent / "plugins" / "reel"
PATH = "/api/v1/study/beats"
#: Nothing but the clock decides, at whatever hour the tests run.
POLICY = {
    "idle_prompt": False,
    "daily_cap": 0,
    "rest_after": 0,
    "window_from": "00:00",
    "window_to": "24:00",
}


def use_reel() -> None:
    """Let this process import the plugin."""
    if str(REEL) not in sys.path:
        sys.path.append(str(REEL))


def add_lesson(occasion: Occasion, course: Course, seconds: int) -> Activity:
    """A lesson of so many seconds in a course that has a section."""
    import acme_reel

    lesson = course.add_activity(Activity("reel", "用电安全"), course.outline[0])
    lesson.completion = ("studied",)
    acme_reel.put(occasion.site, lesson, seconds)
    course.study_policy = dict(POLICY)
    course.touch(occasion.now)
    return lesson


def open_player(occasion: Occasion, lesson: Activity) -> tuple[str, str]:
    """The actor signs in and opens the lesson: the player's token, the cookie."""
    cookie = sessions.start(occasion, occasion.require_actor())
    opened = opening.open_player(
        occasion, lesson, in_english, device="test", login=sessions.key_of(cookie)
    )
    return opened["player"], cookie


@dataclass
class Told:
    """What a learner knows: newest beat acknowledged, newest sent, seconds credited."""

    acknowledged: int = 0
    sent: int = 0
    seconds: int = 0


@dataclass
class Found:
    """What the database holds after beats, compared with what was told."""

    events: int = 0
    batches: int = 0
    #: Learners of whom something acknowledged is not there, or something is there twice.
    lost: int = 0
    twice: int = 0
    faults: int = 0
    seconds: int = 0


def compare(access: SiteAccess, course_id: int, told: dict[int, Told]) -> Found:
    """Look into the journal and at each learner.

    :param told: by user id
    """
    found = Found()
    with access.occasion() as occasion:
        site = occasion.site
        credited = dict.fromkeys(told, 0)
        for log in site.journal.logs.values():
            for _number, batch in log.after(0):
                studied = [event for event in batch if event.kind == "studied"]
                found.batches += bool(studied)
                found.events += len(studied)
                for event in studied:
                    credited[event.subject] += event.values["credited"] + event.values["held"]
        course = site.courses.by_id(course_id)
        for user_id, known in told.items():
            session = site.study.live.get(user_id) or site.study.learners[user_id].latest
            records = course.enrolments[user_id].study.activities.values()
            stored = sum(record.credited + record.held_seconds for record in records)
            covered = sum(record.covered_seconds for record in records)
            found.seconds += stored
            if session.seq < known.acknowledged or stored < known.seconds:
                found.lost += 1
            if session.seq > known.sent or credited[user_id] != stored or covered != stored:
                found.twice += 1
        found.faults = len(verify(site.journal).faults)
    return found


def credit_of(answer: dict[str, Any]) -> int:
    """Seconds that the learner is told were credited in the activity."""
    credit = answer["credit"]
    return int(credit["activity_credited"] + credit["activity_held"])


class UnixConnection(http.client.HTTPConnection):
    """To a socket in the file system."""

    def __init__(self, path: Path, timeout: float = 20) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


#: Where a site answers: a port of this machine, or the socket of a front.
Place = int | Path


def connection_to(place: Place) -> http.client.HTTPConnection:
    if isinstance(place, Path):
        return UnixConnection(place)
    return http.client.HTTPConnection("127.0.0.1", place, timeout=20)


class Learner:
    """A player that beats some ten times a second, and sends what was not acknowledged again."""

    def __init__(self, token: str, cookie: str) -> None:
        self.told = Told()
        self.bad: list[str] = []
        self.failed = 0
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Cookie": f"modou={cookie}",
            "Content-Type": "application/json",
        }
        self._position = 0

    def beat_on(self, place: Place, stop: threading.Event) -> None:
        """Until `stop`."""
        connection: http.client.HTTPConnection | None = None
        while not stop.is_set():
            self.told.sent = self.told.acknowledged + 1
            begin = self._position
            body = json.dumps(
                {"seq": self.told.sent, "spans": [[begin, begin + 2]], "position": begin + 2}
            )
            while not stop.is_set():
                try:
                    if connection is None:
                        connection = connection_to(place)
                    connection.request("POST", PATH, body, self._headers)
                    answer = connection.getresponse()
                    text = answer.read()
                except (OSError, http.client.HTTPException):
                    if connection is not None:
                        connection.close()
                    connection = None
                    self.failed += 1
                    stop.wait(0.05)
                    continue
                if answer.status == 200:
                    self._take(json.loads(text))
                    break
                self.failed += 1
                if answer.status != 503:
                    self.bad.append(f"{answer.status} {text[:300]!r}")
                    return
                stop.wait(0.05)
            stop.wait(0.1)
        if connection is not None:
            connection.close()

    def _take(self, answer: dict[str, Any]) -> None:
        self.told.acknowledged = self.told.sent
        self.told.seconds = credit_of(answer)
        self._position = answer["frontier"]
        if answer["state"] != "live":
            self.bad.append(str(answer))


class Class:
    """Some learners at their lessons.

    ::

        learners = Class(access, 12)          # made in the database
        learners.begin(place)
        …                                     # the server is killed, and started again
        learners.end()
    """

    def __init__(self, access: SiteAccess, count: int) -> None:
        from tests import factories

        self.learners: dict[int, Learner] = {}
        with access.occasion() as occasion:
            course = factories.course(occasion, "低压电工作业")
            self.course_id = course.id
            lesson = add_lesson(occasion, course, 100_000)
            for number in range(count):
                user = factories.user(occasion, f"learner{number}")
                factories.enrolment(occasion, course, user)
                root = {"modou": occasion.site}
                own = access._occasion(root, occasion.tm, user.id, None)
                self.learners[user.id] = Learner(*open_player(own, lesson))
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def begin(self, place: Place) -> None:
        self._stop.clear()
        self._threads = [
            threading.Thread(target=learner.beat_on, args=(place, self._stop), daemon=True)
            for learner in self.learners.values()
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def acknowledged(self) -> int:
        return sum(learner.told.acknowledged for learner in self.learners.values())

    @property
    def failed(self) -> int:
        return sum(learner.failed for learner in self.learners.values())

    def bad(self) -> Sequence[str]:
        return [text for learner in self.learners.values() for text in learner.bad]

    def more(self, count: int, seconds: float = 30) -> None:
        """Wait for so many more acknowledgements."""
        wanted = self.acknowledged + count
        pause = threading.Event()
        for _try in range(int(seconds * 100)):
            if self.acknowledged >= wanted:
                return
            assert not self.bad(), self.bad()
            pause.wait(0.01)
        raise AssertionError(f"{wanted - self.acknowledged} acknowledgements are missing")

    def until_failed(self) -> None:
        """Wait until something was refused or cut off."""
        before = self.failed
        pause = threading.Event()
        for _try in range(3000):
            if self.failed > before:
                return
            pause.wait(0.01)
        raise AssertionError("nothing failed")

    def check(self, access: SiteAccess) -> Found:
        """Compare, with nobody writing; assert that nothing is lost or twice."""
        told = {user_id: learner.told for user_id, learner in self.learners.items()}
        found = compare(access, self.course_id, told)
        assert self.bad() == []
        assert (found.lost, found.twice, found.faults) == (0, 0, 0), found
        return found
