"""What the pages of study time share: words for codes, sums, rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from modou.errors import Message
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.study import StudySession
from modou.permissions import Capability
from modou.services.occasion import Occasion
from modou.services.studying import reading, totals
from modou.services.studying.reading import Lesson
from modou.services.studying.shapes import sentence
from modou.services.studying.sittings import milliseconds
from modou.services.studying.totals import Totals
from modou.web.page import Link

#: How a session ended, in a few words.
HOW: dict[str, Message] = {
    "": _("Is studying now"),
    "left": _("Signed off"),
    "lost": _("Connection lost"),
    "taken_over": _("Went on elsewhere"),
    "signed_out": _("Signed out"),
    "closed": _("No longer open"),
}
#: Endings that somebody should look at.
ODD = frozenset({"lost", "taken_over", "closed"})

#: Why claimed seconds did not count, in words.
REFUSED: dict[str, Message] = {
    "ahead": _("leapt ahead"),
    "too_fast": _("played faster than time passed"),
    "daily_cap": _("over the day's limit"),
    "window": _("outside of study hours"),
    "rest": _("during a rest"),
    "hidden": _("page was hidden"),
    "paused": _("while paused"),
    "late": _("sent too late"),
}


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of the attendance sheet; moments in seconds UTC."""

    started: int
    ended: int
    how: Message
    odd: bool
    device: str
    ip: str
    online: int
    credited: int
    held: int
    voided: int


@dataclass(frozen=True, slots=True)
class VoidRow:
    """Time that was taken back. `moment`: seconds UTC."""

    key: str
    moment: int
    lesson: Lesson
    seconds: int
    reason: Message
    restored: bool


def session_rows(occasion: Occasion, sessions: Iterable[StudySession]) -> list[SessionRow]:
    """The attendance sheet, as the page shows it."""
    now = milliseconds(occasion)
    rows = []
    for session in sessions:
        live = not session.ended
        end = session.ended or (now if live else session.meter.last)
        rows.append(
            SessionRow(
                session.started // 1000,
                0 if live else end // 1000,
                HOW.get(session.how, session.how),
                session.how in ODD or session.unanswered,
                session.device or _browser(session.agent),
                session.ip,
                session.online,
                session.credited,
                session.held,
                session.voided,
            )
        )
    return rows


def _browser(agent: str) -> str:
    """A few letters of a User-Agent that people know."""
    known = (
        ("MicroMessenger", "微信"),
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    return next((name for part, name in known if part in agent), "")


def void_rows(lessons: Sequence[Lesson]) -> list[VoidRow]:
    """Everything that was taken back in these lessons, newest first."""
    rows = [
        VoidRow(
            void.key,
            void.moment // 1000,
            lesson,
            void.seconds,
            sentence(void.reason),
            void.restored,
        )
        for lesson in lessons
        for void in lesson.voids
    ]
    return sorted(rows, key=lambda row: -row.moment)


def refused_text(request: Request, lesson: Lesson) -> str:
    """Why some of what was played did not count, e.g. "leapt ahead (12 s)"; "" when all did."""
    page = request.page
    return page.gettext(_("; ")).join(
        page.gettext(
            _(
                "${why} (${seconds} s)",
                mapping={"why": page.gettext(REFUSED.get(why, why)), "seconds": count},
            )
        )
        for why, count in lesson.refused
    )


@dataclass(frozen=True, slots=True)
class Hours:
    """Class hours as the page says them: "12.5 / 40 课时, 还差 27.5"."""

    credited: str
    planned: str
    rest: str
    ratio: float
    done: bool


def class_hours(course: Course, sums: Totals) -> Hours:
    """Credited of planned class hours; the planned ones are empty when the course has none."""
    planned = course.planned_seconds
    left = max(0, planned - sums.credited)
    # What is left is rounded up: credited and left never add up to more than planned.
    rounded = totals.tenths(left + (-left % (totals.CLASS_HOUR // 10)))
    return Hours(
        totals.tenths(sums.credited),
        totals.tenths(planned) if planned else "",
        rounded if planned else "",
        min(1.0, sums.credited / planned) if planned else 0.0,
        bool(planned) and sums.credited >= planned,
    )


#: Pages about a course's study time: route, title, what it takes.
_TABS = (
    ("study_class", _("Study time"), Capability.STUDY_VIEW),
    ("study_papers", _("Appeals and corrections"), Capability.STUDY_VIEW),
    ("study_rules", _("Rules"), Capability.STUDY_POLICY),
)


def study_tabs(request: Request, course: Course) -> list[Link]:
    """Links between these pages, as far as the reader may open them."""
    page = request.page
    here = request.matched_route.name
    return [
        Link(page.gettext(title), page.url(route, course=course.key), active=here == route)
        for route, title, capability in _TABS
        if request.occasion.can(capability, course)
    ]


def person_values(request: Request, course: Course, enrolment: Enrolment) -> dict[str, Any]:
    """One learner's study time in a course, for the learner's page and the teacher's."""
    occasion = request.occasion
    lessons = reading.lessons_of(occasion, course, enrolment)
    sums = totals.totals_of(occasion, enrolment)
    return {
        "course": course,
        "lessons": lessons,
        "refused": {lesson.activity.id: refused_text(request, lesson) for lesson in lessons},
        "sums": sums,
        "hours": class_hours(course, sums),
        "voids": void_rows(lessons),
        "sessions": session_rows(occasion, reading.sessions_of(enrolment, 50)),
    }
