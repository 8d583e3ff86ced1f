"""A study session with all that belongs to it at hand, and whether its learner may go on."""

from dataclasses import dataclass
from typing import Any

from modou.errors import Message
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.study import (
    EnrolmentStudy,
    LearnerStudy,
    Study,
    StudySession,
    study_of,
)
from modou.services import logins_live
from modou.services.occasion import Occasion
from modou.services.studying import tokens
from modou.services.studying.crediting import LONGEST_GAP
from modou.services.studying.tokens import Ended, Player

#: How a session ended, or why a player is over -> the sentence for the learner.
ENDINGS: dict[str, Message] = {
    "left": _("You left the lesson."),
    "lost": _("The connection was lost for more than a minute."),
    "taken_over": _("You study on another page or device now."),
    "signed_out": _("You were signed out."),
    "closed": _("The lesson is no longer open to you."),
    "replaced": _("The lesson has a new version."),
}


@dataclass(slots=True)
class Sitting:
    """A session, whose it is and where. `now`: milliseconds UTC."""

    occasion: Occasion
    study: Study
    course: Course
    enrolment: Enrolment
    record: EnrolmentStudy
    session: StudySession
    now: int

    @property
    def live(self) -> bool:
        return not self.session.ended

    @property
    def learner(self) -> LearnerStudy:
        return self.study.learner(self.session.user_id)

    def tell(self, event: str, **values: Any) -> None:
        """Record an event about the learner."""
        self.occasion.record(
            event,
            subject=self.session.user_id,
            course=self.session.course_id,
            values={"session": self.session.id, **values},
        )


def milliseconds(occasion: Occasion) -> int:
    """The server's time."""
    return int(occasion.clock.now().timestamp() * 1000)


def sitting_of(occasion: Occasion, session: StudySession, now: int = 0) -> Sitting | None:
    """The sitting of a session; None when its course or enrolment is gone."""
    course: Course | None = occasion.site.courses.get(session.course_id)
    enrolment = course.enrolments.get(session.user_id) if course is not None else None
    if course is None or enrolment is None or enrolment.study is None:
        return None
    return Sitting(
        occasion,
        study_of(occasion.site),
        course,
        enrolment,
        enrolment.study,
        session,
        now or milliseconds(occasion),
    )


def ended(reason: str) -> Ended:
    """The refusal for a player whose time is over."""
    return Ended(reason, ENDINGS.get(reason, ENDINGS["lost"]))


def by_token(occasion: Occasion, token: str) -> tuple[Sitting, Player]:
    """The sitting that a player belongs to: the live one, or the learner's newest, which was lost.

    :raises UnknownPlayer: no token of this site
    :raises Ended: another session or player came after it, or it ended for good
    """
    player = tokens.read(occasion.keys, token)
    study: Study | None = occasion.site.study
    if study is None:
        raise tokens.UnknownPlayer
    session: StudySession | None = study.live.get(player.user)
    learner: LearnerStudy | None = None
    if session is None or session.id != player.session:
        newer = session
        learner = study.learners.get(player.user)
        session = learner.latest if learner is not None else None
        known = dict(learner.recent) if learner is not None else {}
        how = known.get(player.session, "lost")
        if session is None or session.id != player.session or newer is not None or how != "lost":
            raise ended(how if how != "lost" or newer is None else "taken_over")
    if player.number != session.player:
        raise ended("taken_over")
    if session.left:
        raise ended("left")
    sitting = sitting_of(occasion, session)
    if sitting is None:
        raise ended("closed")
    return sitting, player


def barred(sitting: Sitting) -> str:
    """Why the learner may not go on ("signed_out", "closed"); "" when they may.

    Notes on the login session that somebody was there (a write, but rarely).
    """
    occasion, session = sitting.occasion, sitting.session
    if session.login:
        # A beat that was kept over a silence tells of the time before it.
        heard = session.ended or session.meter.last
        then = min(sitting.now, heard + LONGEST_GAP) // 1000
        live = sitting.now <= heard + LONGEST_GAP
        if not logins_live.goes_on(occasion, session.login, then, note=live):
            return "signed_out"
    user = occasion.site.users.get(session.user_id)
    course = sitting.course
    activity = course.activities.get(session.activity_id)
    if (
        user is None
        or user.status != "active"
        or not sitting.enrolment.active_at(occasion.now)
        or not (course.published and course.visible)
        or activity is None
        or not activity.visible
    ):
        return "closed"
    return ""
