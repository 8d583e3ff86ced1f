"""One grade: its form, the grid's way to save it, and its history."""

from typing import Any

import wtforms
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Invalid
from modou.i18n import TranslationString, _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.grades import BY_HAND, IMPORTED, GradeItem
from modou.permissions import Capability
from modou.services import grading
from modou.services.grading import exact_points, format_points
from modou.services.grading.marks import FEEDBACK_LENGTH, REASON_LENGTH
from modou.web.forms.base import Form
from modou.web.page import flash
from modou.web.problems import answer
from modou.web.views.grades.frame import (
    book_crumb,
    cell,
    frame,
    item_of,
    learner_of,
    letters,
    total_cells,
)


class GradeForm(Form):
    """A grade, as a person gives it."""

    value = wtforms.StringField(
        _("Grade"), description=_("Points, a percentage such as 85%, or a level. Empty: no grade.")
    )
    excluded = wtforms.BooleanField(
        _("Does not count for this learner"),
        description=_("For example sick leave, or recognised earlier training."),
    )
    reason = wtforms.StringField(
        _("Reason"),
        [wtforms.validators.Length(max=REASON_LENGTH)],
        description=_("Needed when a grade given by an activity is changed, or does not count."),
    )
    feedback = wtforms.TextAreaField(
        _("Feedback to the learner"), [wtforms.validators.Length(max=FEEDBACK_LENGTH)]
    )
    old = wtforms.HiddenField()


@view_config(
    route_name="grade_cell", permission=Capability.GRADE_EDIT, renderer="grade_cell.jinja2"
)
def grade_cell(context: Course, request: Request) -> Any:
    """The form of one grade; also what the grid posts as JSON."""
    user, enrolment = learner_of(request, context)
    item = item_of(request, context)
    if request.method == "POST" and request.content_type == "application/json":
        return _save_from_grid(context, request, item, enrolment)
    grade = grading.grade_of(enrolment, item)
    sheet = enrolment.grades
    form = GradeForm.of(
        request,
        data={
            "value": exact_points(grade.value),
            "excluded": grade.excluded,
            "reason": "",
            "feedback": sheet.feedback.get(item.id, "") if sheet is not None else "",
            "old": exact_points(grade.value),
        },
    )
    if request.method == "POST" and form.validate():
        try:
            _save_form(context, request, item, enrolment, form)
        except grading.GradeChanged as error:
            form.form_errors.append(error.message)
            form.old.data = exact_points(error.grade.value)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            report = request.route_path("grade_report_user", course=context.key, user=user.key)
            return HTTPSeeOther(report)
    page = request.page
    frame(
        request,
        context,
        item.title,
        book_crumb(request, context),
        (user.display_name, page.url("grade_report_user", course=context.key, user=user.key)),
    )
    return {
        "form": form,
        "course": context,
        "learner": user,
        "item": item,
        "grade": grade,
        "present": format_points(grade.value),
        "given": format_points(grade.given),
        "minimum": format_points(item.minimum),
        "maximum": format_points(item.maximum),
        "pass_mark": format_points(grading.pass_points(context, item)),
    }


def _save_form(
    course: Course, request: Request, item: GradeItem, enrolment: Enrolment, form: GradeForm
) -> None:
    known = letters(request, grading.read_book(course))
    grading.edit_grade(
        request.occasion,
        course,
        item,
        enrolment,
        value=grading.parse_mark(form.value.data or "", item, known),
        excluded=form.excluded.data,
        reason=form.reason.data or "",
        feedback=form.feedback.data or "",
        expected=grading.parse_mark(form.old.data or "", item),
    )


def _save_from_grid(
    course: Course, request: Request, item: GradeItem, enrolment: Enrolment
) -> dict[str, Any] | Response:
    """See `macros/grades.jinja2` for what comes and what goes."""
    sent = _sent(request)
    book = grading.read_book(course)
    try:
        grade = grading.edit_grade(
            request.occasion,
            course,
            item,
            enrolment,
            value=grading.parse_mark(sent["value"], item, letters(request, book)),
            reason=sent["reason"],
            expected=grading.parse_mark(sent["old"], item),
        )
    except grading.GradeChanged as error:
        present = {"value": exact_points(error.grade.value)}
        return answer(request, error.status, error.code, error.title, error.message, present)
    results = grading.results_of(request.occasion, book, enrolment)
    dropped = results is not None and results[item.id].dropped
    shown = cell(request, item, grade, dropped=dropped, pass_mark=grading.pass_points(course, item))
    total = grading.total_of(request.occasion, course, enrolment)
    row = request.matchdict["user"]
    cells = [{"row": row, **computed} for computed in total_cells(request, total)]
    response = request.response
    response.content_type = "application/json"
    response.charset = "utf-8"
    response.json_body = {**shown, "cells": cells}
    return response


def _sent(request: Request) -> dict[str, str]:
    """The grid's JSON: value, old and reason as text."""
    try:
        body = request.json_body
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Invalid(_("This is no JSON object."))
    sent = {}
    for name in ("value", "old", "reason"):
        value = body.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = repr(value)
        if value is not None and not isinstance(value, str):
            raise Invalid(_("“${name}” must be text.", mapping={"name": name}), name)
        sent[name] = (value or "")[: REASON_LENGTH + 1]
    return sent


ACTIONS: dict[str, TranslationString] = {
    "grade": _("Graded"),
    "override": _("Overridden"),
    "restore": _("Override taken back"),
    "exclude": _("Excluded"),
    "include": _("Counts again"),
    "feedback": _("Feedback changed"),
    "rescale": _("Converted to new limits"),
    "drop": _("Grade item deleted"),
}


@view_config(
    route_name="grade_history", permission=Capability.GRADE_VIEW, renderer="grade_history.jinja2"
)
def grade_history(context: Course, request: Request) -> Any:
    """Every change of one grade, newest first."""
    user, enrolment = learner_of(request, context)
    item = item_of(request, context)
    page = request.page
    frame(
        request,
        context,
        page.gettext(_("History: ${item}", mapping={"item": item.title})),
        book_crumb(request, context),
        (user.display_name, page.url("grade_report_user", course=context.key, user=user.key)),
    )
    changes = enrolment.grades.history_of(item.id) if enrolment.grades is not None else []
    return {
        "course": context,
        "learner": user,
        "item": item,
        "changes": [
            {
                "time": page.when(change.time),
                "who": _name(request, change.actor),
                "action": page.gettext(ACTIONS.get(change.action, change.action)),
                "old": format_points(change.old),
                "new": format_points(change.new),
                "reason": change.reason,
                "source": source_name(request, change.source),
            }
            for change in changes
        ],
    }


def _name(request: Request, user_id: int) -> str:
    user = request.site.users.get(user_id)
    name: str = user.display_name if user is not None else request.page.gettext(_("System"))
    return name


def source_name(request: Request, source: str) -> str:
    """Where a grade came from, in words."""
    gettext = request.page.gettext
    if source == BY_HAND:
        return gettext(_("Entered by hand"))
    if source == IMPORTED:
        return gettext(_("Imported"))
    activity_type = request.occasion.assembled.activity_types.get(source)
    return gettext(activity_type.title) if activity_type is not None else source
