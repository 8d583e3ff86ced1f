"""What learners and those who look after them look up: lessons, sessions, voids, coverage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from modou.errors import NotAllowed
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.models.coverage import EMPTY, Cover, pieces, size, without
from modou.models.enrolments import Enrolment
from modou.models.study import ActivityStudy, EnrolmentStudy, StudySession, Void
from modou.permissions import Capability
from modou.services.enrolling import may_see
from modou.services.occasion import Occasion
from modou.services.studying.totals import Totals, totals_of


@dataclass(frozen=True, slots=True)
class Lesson:
    """How one learner stands in one activity with a timeline. Seconds; moments in seconds UTC.

    :param covered, held, missing: cells of the newest version
    :param refused: why claimed cells did not count -> how many
    """

    activity: Activity
    length: int
    covered: Cover = EMPTY
    held: Cover = EMPTY
    missing: Cover = EMPTY
    credited: int = 0
    held_seconds: int = 0
    voided: int = 0
    corrected: int = 0
    voids: tuple[Void, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    position: int = 0
    first: int = 0
    last: int = 0
    completed: int = 0

    @property
    def ratio(self) -> float:
        """Of the newest version, 0 to 1."""
        return size(self.covered) / self.length if self.length else 0.0


def require_sight(occasion: Occasion, course: Course, enrolment: Enrolment) -> None:
    """:raises NotAllowed: it is neither the actor's own study time nor may they see it"""
    actor = occasion.actor
    if actor is not None and actor.id == enrolment.user_id:
        return
    occasion.require(Capability.STUDY_VIEW, course)
    if not may_see(occasion, course, enrolment):
        raise NotAllowed(_("This learner is not in one of your cohorts."))


def lessons_of(occasion: Occasion, course: Course, enrolment: Enrolment) -> list[Lesson]:
    """All activities of the course with a timeline, in order, and how the learner stands.

    :raises NotAllowed: see `require_sight`
    """
    require_sight(occasion, course, enrolment)
    record: EnrolmentStudy | None = enrolment.study
    found = []
    for activity in course.ordered_activities():
        kind = occasion.assembled.activity_types.get(activity.type)
        own: ActivityStudy | None = (
            record.activities.get(activity.id) if record is not None else None
        )
        if own is None and (kind is None or kind.timeline is None):
            continue
        timeline = (
            kind.timeline(occasion, activity)
            if kind is not None and kind.timeline is not None
            else None
        )
        found.append(_lesson(activity, own, timeline.length if timeline is not None else 0))
    return found


def _lesson(activity: Activity, own: ActivityStudy | None, length: int) -> Lesson:
    if own is None:
        return Lesson(activity, length, missing=(0, length) if length else EMPTY)
    length = own.length or length
    return Lesson(
        activity,
        length,
        own.covered,
        own.held_cells(),
        without((0, length), own.covered) if length else EMPTY,
        own.credited + own.corrected,
        own.held_seconds,
        own.voided,
        own.corrected,
        own.voids,
        own.refused,
        own.position,
        own.first,
        own.last,
        own.completed,
    )


def sessions_of(occasion: Occasion, course: Course, enrolment: Enrolment) -> list[StudySession]:
    """The learner's study sessions in the course, newest first.

    :raises NotAllowed: see `require_sight`
    """
    require_sight(occasion, course, enrolment)
    record: EnrolmentStudy | None = enrolment.study
    if record is None:
        return []
    return sorted(record.sessions.values(), key=lambda s: -s.started)


def course_totals(
    occasion: Occasion, course: Course, enrolments: Iterable[Enrolment]
) -> dict[int, Totals]:
    """User id -> sums, for those of `enrolments` that the actor may see.

    :raises NotAllowed: the actor may not see study time here
    """
    occasion.require(Capability.STUDY_VIEW, course)
    return {e.user_id: totals_of(occasion, e) for e in enrolments if may_see(occasion, course, e)}


def heat(
    occasion: Occasion, activity: Activity, enrolments: Iterable[Enrolment], buckets: int = 100
) -> list[int]:
    """How many of these learners covered each part of the activity (newest version).

    :param buckets: how many parts; a part counts for whoever covered its middle
    :raises NotAllowed: the actor may not see study time here
    """
    course = activity.course
    occasion.require(Capability.STUDY_VIEW, course)
    counts = [0] * buckets
    for enrolment in enrolments:
        record: EnrolmentStudy | None = enrolment.study
        own: ActivityStudy | None = (
            record.activities.get(activity.id) if record is not None else None
        )
        if own is None or not own.length or not may_see(occasion, course, enrolment):
            continue
        for bucket in range(buckets):
            middle = (2 * bucket + 1) * own.length // (2 * buckets)
            if any(a <= middle < b for a, b in pieces(own.covered)):
                counts[bucket] += 1
    return counts
