"""What learners have got: one course in detail, or all courses with their totals."""

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import SignInNeeded
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.people import User
from modou.permissions import Capability
from modou.services import grading
from modou.services.grading import format_points
from modou.services.grading.totals import Report, ReportLine
from modou.web.page import Page
from modou.web.resources import EnrolmentContext
from modou.web.views.grades.cell import source_name
from modou.web.views.grades.frame import NONE, book_crumb, frame


@view_config(
    route_name="grade_report",
    permission=Capability.GRADE_VIEW_OWN,
    renderer="grade_report.jinja2",
)
def grade_report(context: Course, request: Request) -> Any:
    """The reader's own grades in a course."""
    user = request.occasion.actor
    enrolment = context.enrolments.get(user.id) if user is not None else None
    frame(request, context, request.page.gettext(_("My grades")))
    if enrolment is None:
        return {"course": context, "learner": user, "report": None, "own": True}
    return _values(request, context, user, enrolment, own=True)


@view_config(
    route_name="grade_report_user",
    permission=Capability.GRADE_VIEW,
    renderer="grade_report.jinja2",
)
def grade_report_user(context: EnrolmentContext, request: Request) -> Any:
    """A learner's grades, for teachers."""
    frame(
        request,
        context.course,
        context.user.display_name,
        book_crumb(request, context.course),
    )
    return _values(request, context.course, context.user, context.enrolment, own=False)


def _values(
    request: Request, course: Course, user: User, enrolment: Enrolment, *, own: bool
) -> dict[str, Any]:
    occasion = request.occasion
    may_view = occasion.can(Capability.GRADE_VIEW, course) and not own
    report = grading.report_of(occasion, course, enrolment, with_hidden=may_view)
    book = grading.read_book(course)
    return {
        "course": course,
        "learner": user,
        "own": own,
        "report": report,
        "total": _total(request.page, report.total),
        "pass_percent": format_points(book.pass_percent),
        "lines": [_line(request, line) for line in report.lines],
        "bars": _bars(report),
        "editable": may_view and occasion.can(Capability.GRADE_EDIT, course),
        "history": may_view,
    }


def _total(page: Page, total: grading.Total) -> dict[str, Any]:
    return {
        "points": format_points(total.points) or NONE,
        "maximum": format_points(total.maximum),
        "percent": format_points(total.percent) or NONE,
        "ratio": (total.percent or 0.0) / 100.0,
        "letter": page.gettext(total.letter) if total.letter is not None else "",
        "passed": total.passed,
    }


def _line(request: Request, line: ReportLine) -> dict[str, Any]:
    page = request.page
    result = line.result
    node = line.node
    letter = page.gettext(line.letter) if line.letter is not None else ""
    value = line.grade.value if line.is_item else (result.value if result is not None else None)
    minimum, maximum = 0.0, result.max if result is not None else 100.0
    if line.is_item:
        minimum, maximum = node.minimum, node.maximum  # type: ignore[union-attr]
    return {
        "key": node.key,
        "title": node.title,
        "depth": min(line.depth, 5),
        "is_item": line.is_item,
        "value": format_points(value) or NONE,
        "range": format_points(maximum)
        if not minimum
        else f"{format_points(minimum)}–{format_points(maximum)}",
        "percent": format_points(result.percent) if result is not None else "",
        "share": format_points(line.share),
        "contribution": format_points(line.contribution),
        "letter": letter,
        "passed": line.passed if line.is_item else None,
        "pass_mark": format_points(line.pass_mark),
        "dropped": result is not None and result.dropped,
        "excluded": line.grade.excluded,
        "overridden": line.grade.replaces,
        "given": format_points(line.grade.given) or NONE,
        "reason": line.grade.reason,
        "feedback": line.feedback,
        "hidden": line.is_item and node.hidden,  # type: ignore[union-attr]
        "source": source_name(request, line.grade.source) if line.grade.source else "",
    }


def _bars(report: Report) -> list[dict[str, Any]]:
    """The drawing: for each item that counts, the share that it can bring (0 to 100, where it
    begins) and what it brings."""
    bars = []
    start = 0.0
    for line in report.lines:
        if not line.is_item or line.share is None or line.node.extra:
            continue
        bars.append(
            {
                "title": line.node.title,
                "start": f"{start:.2f}",
                "share": f"{line.share:.2f}",
                "got": f"{line.contribution or 0.0:.2f}",
                "percent": format_points(line.result.percent) if line.result is not None else "",
            }
        )
        start += line.share
    return bars


@view_config(route_name="my_grades", renderer="my_grades.jinja2")
def my_grades(request: Request) -> Any:
    """The reader's totals in all courses."""
    occasion, page = request.occasion, request.page
    user = occasion.actor
    if user is None:
        raise SignInNeeded(_("Please sign in to see your grades."))
    page.title = page.gettext(_("My grades"))
    courses = []
    for course_id in reversed(user.courses):
        course = occasion.site.courses.get(course_id)
        enrolment = course.enrolments.get(user.id) if course is not None else None
        if course is None or enrolment is None:
            continue
        if not occasion.can(Capability.GRADE_VIEW_OWN, course):
            continue
        book = grading.read_book(course)
        sheet = enrolment.grades
        visible = [item for item in book.items.values() if not item.hidden]
        graded = 0
        if sheet is not None:
            graded = sum(sheet.grade(item.id).value is not None for item in visible)
        courses.append(
            {
                "title": course.title,
                "href": page.url("grade_report", course=course.key),
                "total": _total(page, grading.total_of(occasion, course, enrolment)),
                "graded": graded,
                "of": len(visible),
            }
        )
    return {"courses": courses}
