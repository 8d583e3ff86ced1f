"""A learner's own study time: all courses, one course."""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import SignInNeeded
from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services.studying import appeals, reading, totals
from modou.web.courses import frame
from modou.web.views.study.showing import class_hours, person_values


@view_config(route_name="my_study", renderer="my_study.jinja2")
def my_study(request: Request) -> Any:
    """The class hours of all the reader's courses."""
    occasion = request.occasion
    user = occasion.actor
    if user is None:
        raise SignInNeeded(_("Please sign in to go on."))
    request.page.title = request.page.gettext(_("My study time"))
    rows = []
    for id in reversed(user.courses):
        course = occasion.site.courses.get(id)
        enrolment = course.enrolments.get(user.id) if course is not None else None
        if course is None or enrolment is None or enrolment.study is None:
            continue
        if not occasion.can(Capability.PROGRESS_OWN, course):
            continue
        sums = totals.totals_of(occasion, enrolment)
        last = reading.sessions_of(enrolment, 1)
        rows.append((course, sums, class_hours(course, sums), last[0].started // 1000))
    return {"rows": rows}


@view_config(route_name="study", permission=Capability.PROGRESS_OWN, renderer="study_own.jinja2")
def study(context: Course, request: Request) -> Any:
    """The reader's study time in a course: what is credited, what is missing, and why."""
    user = request.occasion.actor
    enrolment = context.enrolments.get(user.id) if user is not None else None
    frame(request.page, context, _("My study time"))
    if enrolment is None:
        return {"course": context, "enrolled": False}
    return {
        "enrolled": True,
        "appeals": appeals.of_learner(request.occasion, context, enrolment),
        "titles": {activity.id: activity.title for activity in context.ordered_activities()},
        **person_values(request, context, enrolment),
    }
