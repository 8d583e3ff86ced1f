"""Learners who beat over HTTP, whatever happens to the server; whether all is there afterwards.

For the crash tests and the benchmarks of study beats. The activity is the tests' plugin `reel`,
which is nothing but so many seconds.
"""

import sys
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
from tests.crowds import Crowd, Person

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


class Learner(Person[Told]):
    """A player that beats."""

    path = PATH

    def __init__(self, token: str, cookie: str) -> None:
        super().__init__(Told(), {"Authorization": f"Bearer {token}", "Cookie": f"modou={cookie}"})
        self._position = 0

    def body(self) -> Any:
        self.told.sent = self.told.acknowledged + 1
        begin = self._position
        return {"seq": self.told.sent, "spans": [[begin, begin + 2]], "position": begin + 2}

    def take(self, answer: Any) -> None:
        self.told.acknowledged = self.told.sent
        self.told.seconds = credit_of(answer)
        self._position = answer["frontier"]
        if answer["state"] != "live":
            self.bad.append(str(answer))


class Class(Crowd[Learner]):
    """Some learners at their lessons, by their users."""

    def __init__(self, access: SiteAccess, count: int) -> None:
        from tests import factories

        super().__init__()
        with access.occasion() as occasion:
            course = factories.course(occasion, "低压电工作业")
            self.course_id = course.id
            lesson = add_lesson(occasion, course, 100_000)
            for number in range(count):
                user = factories.user(occasion, f"learner{number}")
                factories.enrolment(occasion, course, user)
                root = {"modou": occasion.site}
                own = access._occasion(root, occasion.tm, user.id, None)
                self.people[user.id] = Learner(*open_player(own, lesson))

    def check(self, access: SiteAccess) -> Found:
        """Compare, with nobody writing; assert that nothing is lost or twice."""
        found = compare(access, self.course_id, self.told)
        self.check_found(found)
        return found
