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
from modou_quiz.services.marking import previews, regrading
from modou_quiz.services.marking.desk import name_of
from modou_quiz.services.marking.regrading import Asked
from modou_quiz.views.desk import frame, quiz_desk, url_of


@view_config(
    route_name="quiz_regrade",
    permission=permissions.MANAGE,
    request_method="GET",
    renderer="modou_quiz:templates/marking/regrade.jinja2",
)
def overview(context: QuizContext, request: Request) -> dict[str, Any]:
    """The questions, and by what each is graded; what was looked for last (`preview`)."""
    state = previews.state(request.occasion, context.activity)
    found = state.preview if "preview" in request.GET else None
    return _values(context, request, _form(request, state), state, found)


@view_config(
    route_name="quiz_regrade",
    permission=permissions.MANAGE,
    request_method="POST",
    renderer="modou_quiz:templates/marking/regrade.jinja2",
)
def regrade(context: QuizContext, request: Request) -> Any:
    """Say who would change; with `apply`, do it; with `count`, have the questions counted."""
    occasion, activity = request.occasion, context.activity
    if "count" in request.POST:
        return _wait(context, request, previews.look(occasion, activity))
    state = previews.state(occasion, activity)
    form = _form(request, state)
    found = None
    if form.validate():
        try:
            question, rule = _rule(form, state.asked or [])
            if "apply" in request.POST:
                reason = form.reason.data or ""
                regrading.set_rules(occasion, activity, {question: rule}, reason)
                return _apply(context, request, reason)
            if previews.is_large(occasion, activity):
                regrading.check_rules(occasion, activity, {question: rule})
                key = previews.look(occasion, activity, question, rule)
                return _wait(context, request, key, preview="1")
            found = regrading.preview(occasion, activity, {question: rule})
        except Invalid as error:
            form.take(error)
        except Conflict as error:
            form.form_errors.append(error.message)
    if form.errors:
        request.response.status = 422
    return _values(context, request, form, state, found)


def _wait(context: QuizContext, request: Request, job: str, **query: str) -> HTTPSeeOther:
    return HTTPSeeOther(url_of(request, context, "quiz_regrade", _query={"job": job, **query}))


def _apply(context: QuizContext, request: Request, reason: str) -> HTTPSeeOther:
    occasion, activity = request.occasion, context.activity
    job, changed = regrading.begin(occasion, activity, reason, previews.AT_ONCE)
    if changed is None:
        flash(request, _("The attempts are graded again, which takes a while."), "info")
        return _wait(context, request, job.key)
    flash(request, _("${count} attempts have changed.", mapping={"count": changed}))
    return HTTPSeeOther(url_of(request, context, "quiz_regrade"))


def _form(request: Request, state: previews.State) -> RegradeForm:
    data = {}
    if state.rule is not None and "preview" in request.GET:
        how = state.rule.void or ("latest" if state.rule.version else "kept")
        data = {"question": encode_id(state.question), "how": how}
    form = RegradeForm.of(request, data=data)
    t = request.page.gettext
    choices = [(encode_id(one.question), t(one.title)) for one in state.asked or ()]
    set_choices(form.question, choices, lambda text: text)
    return form


def _rule(form: RegradeForm, asked: list[Asked]) -> tuple[int, Rule]:
    question = decode_id(form.question.data)
    one = next(one for one in asked if one.question == question)
    how = form.how.data
    if how == "latest":
        return question, Rule(version=one.latest)
    return question, Rule(void=how if how in {"full", "none"} else "")


def _values(
    context: QuizContext,
    request: Request,
    form: RegradeForm,
    state: previews.State,
    found: regrading.Preview | None = None,
) -> dict[str, Any]:
    values = frame(request, context, _("Grade again"), "quiz_regrade")
    occasion = request.occasion
    return {
        **values,
        "form": form,
        "state": state,
        "asked": state.asked,
        "large": previews.is_large(occasion, context.activity),
        "key": encode_id,
        "found": found,
        "name": lambda user: values["t"](name_of(occasion, user)),
        "shown": regrading.SHOWN,
    }


def includeme(config: Configurator) -> None:
    config.add_route("quiz_regrade", "/courses/{course}/a/{activity}/regrade", factory=quiz_desk)
    config.scan(__name__)
