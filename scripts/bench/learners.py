"""Learners who study: a course with one long lesson, and a player open for each of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import _checkout  # noqa: F401 - puts this checkout on the path
from sites import add_course, add_learners

from modou.services.access import SiteAccess
from modou.services.occasion import Origin
from tests.beating import add_lesson, open_player

#: The tests' plugin with an activity that is nothing but so many seconds: what is measured is
#: beats, not videos.
SETTINGS = "modou.plugins = reel"
#: Seconds of the lesson: longer than any measurement.
LENGTH = 20_000
_BATCH = 2_000
#: Seconds after which a player is silent for too long; half of it is for the start of the stack.
_SILENT = 60


@dataclass
class Players:
    """What the load needs of each learner: player's token and login cookie.

    :param begin_in: seconds in which they will have sent their first beat
    :param packed: pack the database before they begin, so that it can be said what beats leave
    """

    count: int
    begin_in: int = 0
    packed: bool = False
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
            course = occasion.site.courses.by_id(self.course_id)
            self.activity_id = add_lesson(occasion, course, LENGTH).id
            index = occasion.site.user_index.usernames
            self.user_ids = [index[f"learner{number}"] for number in range(self.count)]
        for first in range(0, self.count, _BATCH):
            self._open(access, self.user_ids[first : first + _BATCH])
            progress(f"{len(self.tokens):,} players are open")
        if self.packed:
            access.database.pack()
        self._start_clocks(access)
        progress(f"made in {time.monotonic() - begin:.0f} s")

    def _open(self, access: SiteAccess, user_ids: list[int]) -> None:
        with access.occasion() as system:
            for user_id in user_ids:
                origin = Origin("127.0.0.1", "beats.py")
                root = {"modou": system.site}
                occasion = access._occasion(root, system.tm, user_id, origin)
                course = occasion.site.courses.by_id(self.course_id)
                lesson = course.activities.by_id(self.activity_id)
                self.tokens.append(open_player(occasion, lesson))

    def _start_clocks(self, access: SiteAccess) -> None:
        """As if all had opened their players a moment ago: else the first ones would be lost."""
        ahead = max(0, self.begin_in - _SILENT // 2)
        now = int((access.clock.now().timestamp() + ahead) * 1000)
        for first in range(0, self.count, _BATCH):
            with access.occasion() as occasion:
                for user_id in self.user_ids[first : first + _BATCH]:
                    session = occasion.site.study.live[user_id]
                    session.meter = session.meter._replace(last=now)
