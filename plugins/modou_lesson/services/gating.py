"""What of a lesson may be handed out to whom: a first viewer gets nothing beyond what was watched
and the next minute; teachers, and who has seen it all, get everything.

The addresses of stored files are good for whoever has them. So nobody gets one too early, and they
end soon.
"""

from dataclasses import dataclass

from modou.declarations import Timeline
from modou.errors import NotFound
from modou.models.courses import Course
from modou.models.coverage import EMPTY, frontier, widest_gap
from modou.models.study import LARGEST_GAP
from modou.services import learning
from modou.services.occasion import Occasion
from modou.services.studying.crediting import LEAP
from modou.services.studying.policies import policy_of
from modou_lesson.i18n import _
from modou_lesson.models import Lesson, MediaVersion
from modou_lesson.services import timelines

#: Seconds beyond the watched frontier that a player may fetch.
AHEAD = 60
#: Seconds that an address of a segment is good for, at least half of it when it is made.
LIFETIME = 900


@dataclass(frozen=True, slots=True)
class Opened:
    """A version and how far it may be handed out.

    :param until: seconds of the time line before which it may; None: all of it
    """

    version: MediaVersion
    line: Timeline
    page_seconds: int
    until: int | None


def opened(
    occasion: Occasion, course: Course, activity_id: int, lesson: Lesson, name: str
) -> Opened | None:
    """The version called `name` (the one that opens now when empty) for the actor; None for texts
    and for lessons of which nothing can be studied yet.

    :raises NotFound: there is no such version (any more)
    """
    number, seconds = lesson.current, lesson.page_seconds
    if name:
        try:
            number, seconds = timelines.read_name(name)
        except ValueError:
            number = -1
    if number == 0:
        return None
    version = lesson.version(number)
    line = timelines.timeline_of_version(version, seconds) if version is not None else None
    if version is None or line is None or (name and line.version != name):
        raise NotFound(_("This version is gone. Reload the page."))
    return Opened(version, line, seconds, limit(occasion, course, activity_id, line))


def limit(occasion: Occasion, course: Course, activity_id: int, line: Timeline) -> int | None:
    """Seconds of the time line before which the actor may fetch it; None: all of it."""
    enrolment = learning.own_enrolment(occasion, course)
    if enrolment is None or policy_of(occasion, course).first_view_seek:
        return None
    study = enrolment.study
    record = study.activities.get(activity_id) if study is not None else None
    cover = record.covers.get(line.version, EMPTY) if record is not None else EMPTY
    if cover and widest_gap(cover, line.length) <= LARGEST_GAP:
        return None
    return frontier(cover, LEAP) + AHEAD
