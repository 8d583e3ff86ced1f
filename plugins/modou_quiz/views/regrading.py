"""Grading again: what becomes of a question, who would change, and doing it."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, Invalid
from modou.store.containers import decode_id, encode_id
from modou.web.forms.base import set_choices
from modou.web.page import flash
from modou_quiz import permissions
from modou_quiz.contexts import QuizContext
from modou_quiz.forms.marking import RegradeForm
from modou_quiz.i18n import _
from modou_quiz.models.marking import Rule
from modou_quiz.services.marking import regrading
from modou_quiz.services.marking.desk import name_of
from modou_quiz.services.marking.regrading import Asked
from modou_quiz.views.desk import frame, quiz_desk, url_of

#: Up to so many attempts are graded again at once, more by a job.
_AT_ONCE = 100


@view_config(
    route_name="quiz_regrade",
    permission=permissions.MANAGE,
    request_method="GET",
    renderer="modou_quiz:templates/marking/regrade.jinja2",
)
def overview(context: QuizContext, request: Request) -> dict[str, Any]:
    """The questions, and by what each is graded."""
    asked = regrading.asked(request.occasion, context.activity)
    return _values(context, request, _form(request, asked), asked)


@view_config(
    route_name="quiz_regrade",
    permission=permissions.MANAGE,
    request_method="POST",
    renderer="modou_quiz:templates/marking/regrade.jinja2",
)
def regrade(context: QuizContext, request: Request) -> Any:
    """Say who would change; with `apply`, do it."""
    occasion, activity = request.occasion, context.activity
    asked = regrading.asked(occasion, activity)
    form = _form(request, asked)
    found = None
    if form.validate():
        try:
            rules = _rules(form, asked)
            if "apply" in request.POST:
                regrading.set_rules(occasion, activity, rules, form.reason.data or "")
                return _apply(context, request, form.reason.data or "")
            found = regrading.preview(occasion, activity, rules)
        except Invalid as error:
            form.take(error)
        except Conflict as error:
            form.form_errors.append(error.message)
    if form.errors:
        request.response.status = 422
    return _values(context, request, form, asked, found)


def _apply(context: QuizContext, request: Request, reason: str) -> HTTPSeeOther:
    occasion, activity = request.occasion, context.activity
    job, changed = regrading.begin(occasion, activity, reason, _AT_ONCE)
    if changed is None:
        flash(request, _("The attempts are graded again, which takes a while."), "info")
        return HTTPSeeOther(url_of(request, context, "quiz_regrade", _query={"job": job.key}))
    flash(request, _("${count} attempts have changed.", mapping={"count": changed}))
    return HTTPSeeOther(url_of(request, context, "quiz_regrade"))


def _form(request: Request, asked: list[Asked]) -> RegradeForm:
    form = RegradeForm.of(request)
    t = request.page.gettext
    set_choices(
        form.question, [(encode_id(one.question), t(one.title)) for one in asked], lambda text: text
    )
    return form


def _rules(form: RegradeForm, asked: list[Asked]) -> dict[int, Rule]:
    question = decode_id(form.question.data)
    one = next(one for one in asked if one.question == question)
    how = form.how.data
    if how == "latest":
        return {question: Rule(version=one.latest)}
    return {question: Rule(void=how if how in {"full", "none"} else "")}


def _values(
    context: QuizContext,
    request: Request,
    form: RegradeForm,
    asked: list[Asked],
    found: regrading.Preview | None = None,
) -> dict[str, Any]:
    values = frame(request, context, _("Grade again"), "quiz_regrade")
    occasion = request.occasion
    return {
        **values,
        "form": form,
        "asked": asked,
        "key": encode_id,
        "found": found,
        "name": lambda user: values["t"](name_of(occasion, user)),
        "shown": regrading.SHOWN,
    }


def includeme(config: Configurator) -> None:
    config.add_route("quiz_regrade", "/courses/{course}/a/{activity}/regrade", factory=quiz_desk)
    config.scan(__name__)
