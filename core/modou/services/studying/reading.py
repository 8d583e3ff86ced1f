"""What teachers and learners look up: how somebody stands in each lesson, sessions, voided time,
how a class has watched a lesson."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate
from typing import NamedTuple

from modou.declarations import Timeline
from modou.models.courses import Activity, Course
from modou.models.coverage import EMPTY, Cover, pieces, size, union, without
from modou.models.enrolments import Enrolment
from modou.models.study import ActivityStudy, EnrolmentStudy, StudySession, Void
from modou.services.occasion import Occasion
from modou.services.studying.totals import Totals, live_session, totals_of

#: Parts into which a lesson is divided for drawing who watched what.
PARTS = 120


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a learner stands in one activity. Covers are of the newest version; seconds.

    :param length: of the version that the numbers are about
    :param covered: with what is held in it
    :param voided: cells that were taken back and not covered again
    :param voids: what was taken back, newest first
    :param refused: why cells did not count -> how many
    :param outdated: the teacher has replaced the content since
    """

    activity: Activity
    length: int
    covered: Cover = EMPTY
    held: Cover = EMPTY
    voided: Cover = EMPTY
    credited: int = 0
    corrected: int = 0
    held_seconds: int = 0
    voided_seconds: int = 0
    voids: tuple[Void, ...] = ()
    refused: tuple[tuple[str, int], ...] = ()
    completed: int = 0
    last: int = 0
    outdated: bool = False

    @property
    def missing(self) -> int:
        """Seconds that were not covered yet."""
        return max(0, self.length - size(self.covered))

    @property
    def ratio(self) -> float:
        """0 to 1 of the length that is covered."""
        return size(self.covered) / self.length if self.length else 0.0


def timelines(occasion: Occasion, course: Course) -> Iterator[tuple[Activity, Timeline]]:
    """The activities of a course that are studied by the second, in the order of the outline."""
    kinds = occasion.assembled.activity_types
    for activity in course.ordered_activities():
        kind = kinds.get(activity.type)
        if kind is None or kind.timeline is None:
            continue
        timeline: Timeline | None = kind.timeline(occasion, activity)
        if timeline is not None and timeline.length > 0:
            yield activity, timeline


def lessons_of(occasion: Occasion, course: Course, enrolment: Enrolment) -> list[Lesson]:
    """How the learner of `enrolment` stands in each lesson of the course."""
    record: EnrolmentStudy | None = enrolment.study
    found = []
    for activity, timeline in timelines(occasion, course):
        own = record.activities.get(activity.id) if record is not None else None
        found.append(lesson_of(activity, timeline, own))
    return found


def lesson_of(activity: Activity, timeline: Timeline, record: ActivityStudy | None) -> Lesson:
    """One learner's standing in one activity."""
    if record is None or not record.version:
        return Lesson(activity, timeline.length)
    current = record.version == timeline.version
    covered = record.covered if current else record.covers.get(timeline.version, EMPTY)
    voided = EMPTY
    for void in record.voids:
        if void.version == timeline.version and not void.restored:
            voided = union(voided, void.cells)
    return Lesson(
        activity,
        timeline.length,
        covered,
        record.held_cells() if current else EMPTY,
        without(voided, covered),
        record.credited + record.corrected,
        record.corrected,
        record.held_seconds,
        record.voided,
        tuple(reversed(record.voids)),
        tuple(sorted(record.refused.items(), key=lambda item: -item[1])),
        record.completed if current else 0,
        record.last,
        not current,
    )


def sessions_of(enrolment: Enrolment, limit: int = 100) -> list[StudySession]:
    """The newest study sessions of one enrolment: the attendance sheet."""
    record: EnrolmentStudy | None = enrolment.study
    if record is None:
        return []
    return nlargest(limit, record.sessions.values(), key=lambda session: session.started)


class ClassRow(NamedTuple):
    """A learner in the list of a class. `last`: seconds UTC of the last sign of life."""

    totals: Totals
    studied: int
    last: int
    live: bool


def class_row(occasion: Occasion, enrolment: Enrolment, lessons: int) -> ClassRow:
    """What the list shows of one learner.

    :param lessons: how many the course has; without any nothing is looked up
    """
    record: EnrolmentStudy | None = enrolment.study
    live = live_session(occasion, enrolment)
    if record is None or not lessons:
        return ClassRow(Totals(), 0, 0, live is not None)
    records = list(record.activities.values())
    last = max((r.last for r in records), default=0)
    studied = sum(1 for r in records if r.completed)
    return ClassRow(totals_of(occasion, enrolment), studied, last, live is not None)


@dataclass(frozen=True, slots=True)
class Watching:
    """How a class has watched a lesson.

    :param learners: how many of the class were looked at
    :param begun: how many of them have seen some of it
    :param whole: how many have seen all of it
    :param shares: for each of `PARTS` parts of the length, the share of those who have begun
        (0 to 1) that has seen it
    """

    length: int
    learners: int
    begun: int
    whole: int
    shares: tuple[float, ...]


def watching(timeline: Timeline, activity: Activity, enrolments: Iterable[Enrolment]) -> Watching:
    """Which parts of a lesson have been seen by how many of these learners, in its newest version;
    one pass over their records, whatever the length."""
    parts = min(PARTS, timeline.length)
    scale = parts / timeline.length
    steps = [0.0] * (parts + 1)
    learners = begun = whole = 0
    for enrolment in enrolments:
        learners += 1
        record: EnrolmentStudy | None = enrolment.study
        own = record.activities.get(activity.id) if record is not None else None
        covered = own.covers.get(timeline.version, EMPTY) if own is not None else EMPTY
        if own is None or not covered:
            continue
        begun += 1
        whole += own.version == timeline.version and own.whole
        _add(steps, covered, scale)
    seen = list(accumulate(steps))[:parts]
    shares = tuple(min(1.0, max(0.0, count / begun)) if begun else 0.0 for count in seen)
    return Watching(timeline.length, learners, begun, whole, shares)


def _add(steps: list[float], covered: Cover, scale: float) -> None:
    """Add a cover to the differences between neighbouring parts; parts that an interval covers
    half count half."""
    last = len(steps) - 1
    for a, b in pieces(covered):
        for at, sign in ((a * scale, 1.0), (b * scale, -1.0)):
            part = min(int(at), last)
            rest = at - part
            steps[part] += sign * (1.0 - rest)
            if part < last:
                steps[part + 1] += sign * rest
