"""Teachers' pages: exceptions for learners, who may sit a quiz, attempts that go on."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Invalid, NotFound
from modou.models.courses import Activity
from modou.store.containers import decode_id
from modou.web import resources
from modou.web.forms.base import set_choices
from modou.web.page import flash
from modou_quiz.contexts import QuizContext
from modou_quiz.forms.quizzes import ExceptionForm, ListForm
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.models.quizzes import Allowance
from modou_quiz.permissions import MANAGE
from modou_quiz.services.sitting import ending, managing
from modou_quiz.views import posted
from modou_quiz.views.frame import address, frame
from modou_quiz.views.sitting import together

_ID = "[0-9a-z]{13}"
MINUTE = 60


def _key(request: Request, name: str) -> int:
    try:
        return decode_id(posted.text(request.POST, name))
    except KeyError:
        raise NotFound(_("There is no such entry. Reload the page.")) from None


@view_config(
    route_name="quiz_exceptions",
    context=QuizContext,
    permission=MANAGE,
    renderer="modou_quiz:templates/exceptions.jinja2",
)
def exceptions(context: QuizContext, request: Request) -> Any:
    """For whom something is different, and attempts that go on."""
    occasion, activity, quiz = request.occasion, context.activity, context.content
    here = address(request, context, "quiz_exceptions")
    action = posted.text(request.POST, "action") if request.method == "POST" else ""
    if action == "end":
        managing.end_exception(occasion, activity, quiz, _key(request, "user"))
        flash(request, _("The exception is taken back."))
        return HTTPSeeOther(here)
    if action == "hand-in":
        attempt = _key(request, "attempt")
        together(request, lambda o: ending.hand_in_for(o, activity.id, attempt))
        flash(request, _("The attempt is handed in."))
        return HTTPSeeOther(here)
    form = ExceptionForm.of(request)
    if request.method == "POST" and form.validate():
        allowance = Allowance(
            (form.extra.data or 0) * MINUTE,
            form.attempts.data or 0,
            form.opens.data or 0,
            form.closes.data or 0,
            form.why.data or "",
        )
        try:
            managing.except_learner(occasion, activity, quiz, form.username.data or "", allowance)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(here)
    page = request.page
    frame(page, context, page.gettext(_("Exceptions")))
    users = occasion.site.users
    return {
        "t": page.in_domain(DOMAIN),
        "form": form,
        "rows": managing.exceptions(occasion, quiz),
        "open": [
            (attempt, users.get(attempt.user))
            for attempt in managing.open_attempts(occasion, activity)
        ],
        "here": here,
        "back": address(request, context, "activity"),
    }


@view_config(
    route_name="quiz_list",
    context=QuizContext,
    permission=MANAGE,
    renderer="modou_quiz:templates/resit_list.jinja2",
)
def resit_list(context: QuizContext, request: Request) -> Any:
    """Who may sit the quiz: everybody, or those on a list."""
    occasion, activity, quiz, course = (
        request.occasion,
        context.activity,
        context.content,
        context.course,
    )
    here = address(request, context, "quiz_list")
    listed = managing.listed(occasion, quiz)
    form = ListForm.of(request, data={"usernames": "\n".join(user.username for user in listed)})
    others = [
        a for a in course.ordered_activities() if a.max_points is not None and a is not activity
    ]
    set_choices(form.other, [("", "—"), *((a.key, a.title) for a in others)], request.page.gettext)
    if request.method == "POST" and form.validate():
        try:
            if posted.text(request.POST, "action") == "failed":
                managing.list_failed(occasion, activity, quiz, _other(form, others))
            else:
                names = (form.usernames.data or "").splitlines()
                managing.list_learners(occasion, activity, quiz, names)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(here)
    page = request.page
    frame(page, context, page.gettext(_("Who may sit it")))
    return {
        "t": page.in_domain(DOMAIN),
        "form": form,
        "listed": listed,
        "others": others,
        "here": here,
        "back": address(request, context, "activity"),
    }


def _other(form: ListForm, others: list[Activity]) -> Activity:
    """:raises Invalid: none was chosen"""
    for activity in others:
        if activity.key == form.other.data:
            return activity
    raise Invalid(_("Choose a graded activity of this course."), "other")


def includeme(config: Configurator) -> None:
    base = f"/courses/{{course:{_ID}}}/a/{{activity:{_ID}}}/quiz"
    config.add_route("quiz_exceptions", f"{base}/exceptions", factory=resources.activity)
    config.add_route("quiz_list", f"{base}/list", factory=resources.activity)
    config.scan(__name__)
