"""Learners who study: a course with one long lesson, and a player open for each of them."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import _checkout
from sites import add_course, add_learners

from modou.errors import in_english
from modou.models.courses import Activity
from modou.services import sessions
from modou.services.access import SiteAccess
from modou.services.occasion import Origin
from modou.services.studying import opening
from modou.store.journal import verify

#: The tests' plugin with an activity that is nothing but so many seconds: what is measured is
#: beats, not videos.
REEL = _checkout.ROOT / "tests" / "plugins" / "reel"
SETTINGS = "modou.plugins = reel"
#: Seconds of the lesson: longer than any measurement.
LENGTH = 20_000
_BATCH = 2_000
#: Seconds from here to the start of the beats, about: time counts from then.
_AHEAD = 10


def use_reel() -> None:
    """Let this process import the plugin."""
    if str(REEL) not in sys.path:
        sys.path.append(str(REEL))


@dataclass
class Players:
    """What the load needs of each learner: player's token and login cookie."""

    count: int
    tokens: list[tuple[str, str]] = field(default_factory=list)
    user_ids: list[int] = field(default_factory=list)
    course_id: int = 0
    activity_id: int = 0

    def fill(self, access: SiteAccess, progress: Callable[[str], None] = print) -> None:
        """Put the course and its learners into an empty site, and open their players."""
        begin = time.monotonic()
        add_learners(access, self.count, progress=progress)
        self.course_id = add_course(
            access, sections=4, activities=16, learners=self.count, done_share=0.25
        )
        with access.occasion() as occasion:
            import acme_reel

            course = occasion.site.courses.by_id(self.course_id)
            lesson = course.add_activity(Activity("reel", "用电安全"), course.outline[0])
            lesson.completion = ("studied",)
            self.activity_id = lesson.id
            acme_reel.put(occasion.site, lesson, LENGTH)
            # Nothing but the clock decides, at whatever hour this is measured.
            course.study_policy = {
                "idle_prompt": False,
                "daily_cap": 0,
                "rest_after": 0,
                "window_from": "00:00",
                "window_to": "24:00",
            }
            course.touch(occasion.now)
            index = occasion.site.user_index.usernames
            self.user_ids = [index[f"learner{number}"] for number in range(self.count)]
        for first in range(0, self.count, _BATCH):
            self._open(access, self.user_ids[first : first + _BATCH])
            progress(f"{len(self.tokens):,} players are open")
        self._start_clocks(access)
        progress(f"made in {time.monotonic() - begin:.0f} s")

    def _open(self, access: SiteAccess, user_ids: list[int]) -> None:
        with access.occasion() as system:
            for user_id in user_ids:
                origin = Origin("127.0.0.1", "beats.py")
                root = {"modou": system.site}
                occasion = access._occasion(root, system.tm, user_id, origin)
                user = occasion.require_actor()
                cookie = sessions.start(occasion, user)
                course = occasion.site.courses.by_id(self.course_id)
                opened = opening.open_player(
                    occasion,
                    course.activities.by_id(self.activity_id),
                    in_english,
                    device="bench",
                    login=sessions.key_of(cookie),
                )
                self.tokens.append((opened["player"], cookie))

    def _start_clocks(self, access: SiteAccess) -> None:
        """As if all had opened their players a moment ago: else the first ones would be lost."""
        now = int((time.time() + _AHEAD) * 1000)
        for first in range(0, self.count, _BATCH):
            with access.occasion() as occasion:
                for user_id in self.user_ids[first : first + _BATCH]:
                    session = occasion.site.study.live[user_id]
                    session.meter = session.meter._replace(last=now)


@dataclass
class Found:
    """What the database holds after the beats, compared with what was acknowledged."""

    events: int = 0
    batches: int = 0
    lost: int = 0
    twice: int = 0
    faults: int = 0
    seconds: int = 0


def compare(access: SiteAccess, players: Players, told: list[list[int]]) -> Found:
    """Look into the journal and at each learner.

    :param told: for each player: newest beat acknowledged, newest sent, seconds that were told
    """
    found = Found()
    with access.occasion() as occasion:
        site = occasion.site
        credited = dict.fromkeys(players.user_ids, 0)
        for log in site.journal.logs.values():
            for _number, batch in log.after(0):
                studied = [event for event in batch if event.kind == "studied"]
                found.batches += bool(studied)
                found.events += len(studied)
                for event in studied:
                    credited[event.subject] += event.values["credited"] + event.values["held"]
        course = site.courses.by_id(players.course_id)
        for user_id, (acknowledged, sent, seconds) in zip(players.user_ids, told, strict=True):
            session = site.study.live.get(user_id) or site.study.learners[user_id].latest
            record = course.enrolments[user_id].study.activities.get(players.activity_id)
            stored = record.credited + record.held_seconds if record is not None else 0
            found.seconds += stored
            if session.seq < acknowledged or stored < seconds:
                found.lost += 1
            covered = record.covered_seconds if record is not None else 0
            if session.seq > sent or credited[user_id] != stored or covered != stored:
                found.twice += 1
        found.faults = len(verify(site.journal).faults)
    return found


def folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
