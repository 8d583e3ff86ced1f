"""Sums of study time, and class hours.

1 class hour (课时) = 45 minutes = 2,700 s. Seconds are summed as they are; hours are rounded once,
at the end, downward.
"""

from dataclasses import dataclass

from modou.models.enrolments import Enrolment
from modou.models.study import EnrolmentStudy, Study, StudySession
from modou.services.occasion import Occasion

#: Seconds.
CLASS_HOUR = 2_700


@dataclass(frozen=True, slots=True)
class Totals:
    """Seconds of one enrolment. `credited`: confirmed, with `corrected` (may be negative) in it."""

    credited: int = 0
    held: int = 0
    voided: int = 0
    corrected: int = 0

    @property
    def hours(self) -> int:
        """Whole class hours."""
        return hours(self.credited)


def hours(seconds: int) -> int:
    """Whole class hours of `seconds`."""
    return seconds // CLASS_HOUR


def tenths(seconds: int) -> str:
    """Class hours for display, one decimal, rounded down: "12.5"."""
    whole, rest = divmod(seconds * 10 // CLASS_HOUR, 10)
    return f"{whole}.{rest}" if rest else str(whole)


def live_session(occasion: Occasion, enrolment: Enrolment) -> StudySession | None:
    """The learner's live session, if it is in this course."""
    study: Study | None = occasion.site.study
    session: StudySession | None = study.live.get(enrolment.user_id) if study is not None else None
    return session if session is not None and session.course_id == enrolment.course_id else None


def totals_of(occasion: Occasion, enrolment: Enrolment) -> Totals:
    """What was credited in one enrolment; reads two or three objects, however long the course."""
    record: EnrolmentStudy | None = enrolment.study
    if record is None:
        return Totals()
    return summed(record, live_session(occasion, enrolment))


def summed(record: EnrolmentStudy, live: StudySession | None) -> Totals:
    """The record's numbers and those of the session that has not ended."""
    credited, held, voided = record.credited, record.held, record.voided
    if live is not None:
        credited += live.credited
        held += live.held
        voided += live.voided
    return Totals(credited + record.corrected, held, voided, record.corrected)
