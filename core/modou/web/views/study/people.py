"""Study time for those who teach and supervise: the class, one learner, one lesson."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.permissions import Capability
from modou.services import cohorts, enrolling, participants
from modou.services.participants import Filters
from modou.services.studying import reading
from modou.services.studying.reading import ClassRow, Lesson
from modou.services.studying.totals import Totals, tenths
from modou.web.courses import frame
from modou.web.paging import Pager, Sorting
from modou.web.resources import EnrolmentContext
from modou.web.views.study.showing import (
    class_hours,
    person_values,
    refused_text,
    study_tabs,
)

#: Learners of at most that many are sorted by what they studied; larger classes by their rows.
_MOST_SORTED = 3_000
_BY_STUDY = {
    "credited": lambda row: row.totals.credited,
    "held": lambda row: row.totals.held,
    "voided": lambda row: row.totals.voided,
    "studied": lambda row: row.studied,
    "last": lambda row: row.last,
}
_LEARNER = "learner"


@dataclass(frozen=True, slots=True)
class Listed:
    """A learner in the list of a class."""

    key: str
    name: str
    username: str
    cohort: str
    row: ClassRow
    hours: str


def _crumb(request: Request, course: Course) -> tuple[str, str]:
    page = request.page
    return page.gettext(_("Study time")), page.url("study_class", course=course.key)


class _Class:
    """The learners that the actor may see, as the address asks for them."""

    def __init__(self, request: Request, course: Course) -> None:
        occasion = request.occasion
        self._occasion = occasion
        self._course = course
        limited = enrolling.visible_cohorts(occasion, course)
        known = cohorts.cohorts_of(occasion, course)
        self.cohorts = [c for c in known if limited is None or c.id in limited]
        self.titles = {c.id: c.title for c in self.cohorts}
        self.chosen = request.GET.get("cohort", "")
        chosen = next((c.id for c in self.cohorts if c.key == self.chosen), 0)
        self.text = request.GET.get("q", "").strip()
        self.filters = Filters(
            text=self.text, role=_LEARNER, state="present", cohort=chosen, cohorts=limited
        )

    def ids(self, sort: str = "name") -> list[int]:
        return participants.select(self._occasion, self._course, self.filters, sort, self.titles)

    def listed(self, ids: Sequence[int], lessons: int) -> list[Listed]:
        return [
            Listed(
                user.key,
                user.display_name,
                user.username,
                self.titles.get(enrolment.cohort, ""),
                row := reading.class_row(self._occasion, enrolment, lessons),
                tenths(row.totals.credited),
            )
            for user, enrolment in participants.opened(self._occasion, self._course, ids)
        ]


@view_config(
    route_name="study_class", permission=Capability.STUDY_VIEW, renderer="study_class.jinja2"
)
def study_class(context: Course, request: Request) -> Any:
    """All learners with their class hours, and the lessons with who has seen which part."""
    occasion = request.occasion
    frame(request.page, context, _("Study time"))
    people = _Class(request, context)
    lessons = list(reading.timelines(occasion, context))
    sorting = Sorting(request, ("name", "cohort", *_BY_STUDY), "name")
    by = sorting.key.removeprefix("-")
    ids = people.ids("name" if by in _BY_STUDY else sorting.key)
    pager = Pager(request, len(ids))
    if by in _BY_STUDY and len(ids) <= _MOST_SORTED:
        everybody = people.listed(ids, len(lessons))
        everybody.sort(
            key=lambda listed: _BY_STUDY[by](listed.row), reverse=sorting.key.startswith("-")
        )
        rows = pager.part(everybody)
    else:
        rows = people.listed(pager.part(ids), len(lessons))
    return {
        "course": context,
        "tabs": study_tabs(request, context),
        "people": people,
        "rows": rows,
        "pager": pager,
        "sorting": sorting,
        "lessons": [activity for activity, _timeline in lessons],
        "planned": class_hours(context, Totals()).planned,
    }


@view_config(
    route_name="study_person", permission=Capability.STUDY_VIEW, renderer="study_person.jinja2"
)
def study_person(context: EnrolmentContext, request: Request) -> Any:
    """One learner: lessons, attendance, voided time."""
    course = context.course
    frame(request.page, course, context.user.display_name)
    request.page.breadcrumbs.append(_crumb(request, course))
    return {
        "person": context.user,
        "may_correct": request.occasion.can(Capability.STUDY_CORRECT, course),
        **person_values(request, course, context.enrolment),
    }


@view_config(
    route_name="study_lesson", permission=Capability.STUDY_VIEW, renderer="study_lesson.jinja2"
)
def study_lesson(context: Activity, request: Request) -> Any:
    """One lesson: which parts of it were seen by how many, and how far everybody is."""
    occasion = request.occasion
    course = context.course
    timeline = next(
        (line for activity, line in reading.timelines(occasion, course) if activity is context),
        None,
    )
    frame(request.page, course, context.title)
    request.page.breadcrumbs.append(_crumb(request, course))
    if timeline is None:
        return {"course": course, "activity": context, "watching": None}
    people = _Class(request, course)
    ids = people.ids()
    pager = Pager(request, len(ids))
    enrolments = (enrolment for _user, enrolment in participants.opened(occasion, course, ids))
    shown: list[tuple[Any, Lesson, str]] = []
    for user, enrolment in participants.opened(occasion, course, pager.part(ids)):
        record = enrolment.study.activities.get(context.id) if enrolment.study else None
        lesson = reading.lesson_of(context, timeline, record)
        shown.append((user, lesson, refused_text(request, lesson)))
    return {
        "course": course,
        "activity": context,
        "people": people,
        "pager": pager,
        "watching": reading.watching(timeline, context, enrolments),
        "rows": shown,
    }
