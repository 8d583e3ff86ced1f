"""The pages of sitting a quiz: before it, the sitting itself, the hand-in, the result."""

from collections.abc import Callable
from typing import Any, TypeVar

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Invalid, NotFound
from modou.permissions import Capability
from modou.services import learning, sessions
from modou.services.occasion import Occasion
from modou.store.containers import decode_id, encode_id
from modou.web import resources
from modou.web.activities import show
from modou.web.page import Page, flash
from modou.web.security import session_token
from modou_quiz.contexts import QuizContext
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.permissions import MANAGE, MARK, RESULTS
from modou_quiz.services import shelf
from modou_quiz.services.sitting import ending, finding, pages, saving, showing, starting
from modou_quiz.services.sitting.errors import TakenOver
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.saving import Posted
from modou_quiz.services.sitting.starting import Standing, WrongPassword
from modou_quiz.views import posted, sitting_page, words
from modou_quiz.views.addresses import signs
from modou_quiz.views.frame import address, frame, not_kept

T = TypeVar("T")
_ID = "[0-9a-z]{13}"


# -- what every page here needs


def together(request: Request, work: Callable[[Occasion], T]) -> T:
    """In a transaction shared with others', as who asks: thousands begin and end at once."""
    actor = request.occasion.require_actor()
    done: T = request.registry.access.together(work, actor=actor.id, origin=request.occasion.origin)
    return done


def login_of(request: Request) -> bytes:
    return sessions.key_of(session_token(request))


def attempt_id(request: Request) -> int:
    """:raises NotFound: it cannot be one"""
    try:
        return decode_id(request.matchdict["attempt"])
    except KeyError:
        raise NotFound(finding.GONE) from None


# -- before it


@view_config(route_name="activity", context=QuizContext, permission=Capability.ACTIVITY_VIEW)
def quiz(context: QuizContext, request: Request) -> Response:
    """What the quiz asks for, one's attempts so far, and the button that begins."""
    occasion, activity = request.occasion, context.activity
    if starting.is_new_to(occasion, context.course, activity):
        access = request.registry.access
        # Who waits for the tick sees it on this page.
        note = access.together if "viewed" in activity.completion else access.later
        actor = occasion.require_actor().id
        note(lambda o: starting.note_view(o, activity.id), actor=actor, origin=occasion.origin)
    return _quiz_page(context, request)


def _quiz_page(context: QuizContext, request: Request, error: str = "") -> Response:
    def values(page: Page) -> dict[str, Any]:
        t = page.in_domain(DOMAIN)
        return {
            "t": t,
            "quiz": context.content,
            "kind": t(words.KINDS[context.content.kind]),
            "static": lambda path: request.static_path(f"modou_quiz:static/{path}"),
        }

    return show(
        request,
        "modou_quiz:templates/quiz.jinja2",
        key=("quiz", context.content.revision),
        values=values,
        fillers={"quiz_standing": lambda: _standing(context, request, error)},
        note=False,
    )


def _standing(context: QuizContext, request: Request, error: str) -> str:
    """The part of the quiz's page that is one's own."""
    # Not `request.page`: that may be the one which leaves everything personal open.
    occasion, page = request.occasion, Page(request)
    course, activity, content = context.course, context.activity, context.content
    if occasion.actor is None:
        return ""
    t = page.in_domain(DOMAIN)
    standing = starting.standing(occasion, course, activity, content)
    learner = learning.own_enrolment(occasion, course) is not None
    shown = {
        attempt.id: showing.score_shown(occasion, activity.id, attempt.id)
        for attempt in standing.attempts
    }
    values = {
        "t": t,
        "page": page,
        "quiz": content,
        "learner": learner,
        "standing": standing,
        "ends": _ends(context, occasion, standing),
        "idle_days": shelf.settings(occasion).idle_days,
        "shown": shown,
        "facts": words.facts(page, activity, content, standing.limits),
        "rules": words.rules(page, content, standing.limits),
        "number": words.number,
        "states": {name: t(text) for name, text in words.STATES.items()},
        "error": error,
        "tools": _tools(context, request),
        "start": address(request, context, "quiz_start"),
        "preview": address(request, context, "quiz_preview"),
        "has_questions": words.questions_in(content) > 0,
        "may_edit": occasion.can(Capability.ACTIVITY_EDIT, course),
        "link": lambda route, attempt: address(request, context, route, attempt=attempt.key),
    }
    return Markup(render("modou_quiz:templates/parts/standing.jinja2", values, request=request))  # noqa: S704 - autoescaped by Jinja


def _ends(context: QuizContext, occasion: Occasion, standing: Standing) -> int:
    """When the attempt that goes on ends, 0: never."""
    if standing.open is None:
        return 0
    return finding.find(occasion, context.activity.id, standing.open.id).ends


#: What teachers find on the page of a quiz: (route, what, icon, capability).
TOOLS: tuple[tuple[str, Any, str, str], ...] = (
    ("paper", _("Paper"), "file", Capability.ACTIVITY_EDIT),
    ("quiz_results", _("Results"), "grades", RESULTS),
    ("quiz_marking", _("Marking"), "edit", MARK),
    ("quiz_exceptions", _("Exceptions"), "people", MANAGE),
    ("quiz_list", _("Who may sit it"), "cohort", MANAGE),
)


def _tools(context: QuizContext, request: Request) -> list[tuple[str, Any, str]]:
    return [
        (address(request, context, route), title, icon)
        for route, title, icon, capability in TOOLS
        if request.occasion.can(capability, context.course)
    ]


# -- beginning


@view_config(
    route_name="quiz_start",
    context=QuizContext,
    permission=Capability.ACTIVITY_VIEW,
    request_method="POST",
)
def start(context: QuizContext, request: Request) -> Response:
    """Begin an attempt, or go on with the one that is open, in this browser."""
    occasion = request.occasion
    try:
        starting.check_password(
            occasion, context.activity, context.content, posted.text(request.POST, "password")
        )
    except WrongPassword as wrong:
        request.response.status = 403
        return _quiz_page(context, request, request.page.gettext(wrong.title))
    drawn = starting.draw(occasion, context.activity, context.content)
    login = login_of(request)
    begun = together(request, lambda o: starting.start(o, drawn, login))
    return HTTPSeeOther(_attempt_address(request, context, begun.attempt))


@view_config(
    route_name="quiz_preview",
    context=QuizContext,
    permission=Capability.ACTIVITY_EDIT,
    request_method="POST",
)
def preview(context: QuizContext, request: Request) -> Response:
    """Sit the quiz as a learner would; it counts for nothing."""
    drawn = starting.draw(request.occasion, context.activity, context.content)
    begun = starting.preview(request.occasion, drawn, login_of(request))
    return HTTPSeeOther(_attempt_address(request, context, begun.attempt))


def _attempt_address(request: Request, context: QuizContext, id: int, anchor: str = "") -> str:
    more = {"_anchor": anchor} if anchor else {}
    return address(request, context, "quiz_attempt", attempt=encode_id(id), **more)


@view_config(
    route_name="quiz_take",
    context=QuizContext,
    permission=Capability.ACTIVITY_VIEW,
    request_method="POST",
)
def take(context: QuizContext, request: Request) -> Response:
    """Go on with an attempt in this browser; it ends elsewhere."""
    id, login = attempt_id(request), login_of(request)
    together(request, lambda o: pages.take_over(o, context.activity.id, id, login))
    # The script lets other windows of this browser go.
    there = address(request, context, "quiz_attempt", attempt=encode_id(id), _query={"taken": "1"})
    return HTTPSeeOther(there)


# -- the sitting


@view_config(
    route_name="quiz_attempt",
    context=QuizContext,
    permission=Capability.ACTIVITY_VIEW,
    request_method="GET",
)
def attempt(context: QuizContext, request: Request) -> Response:
    """The questions of an attempt that goes on; of one that has ended, its result."""
    id = attempt_id(request)
    sitting = finding.own(request.occasion, context.activity.id, id)
    ending.close_if_over(request.occasion, context.activity.id, id)
    if not sitting.open:
        return HTTPSeeOther(address(request, context, "quiz_review", attempt=encode_id(id)))
    pages.check_place(sitting)
    if sitting.attempt.login != login_of(request):
        return _elsewhere(context, request, sitting)
    return sitting_page.show(context, request, sitting)


def _elsewhere(context: QuizContext, request: Request, sitting: Sitting) -> Response:
    """The attempt is open in another browser: going on here is asked for."""
    frame(request.page, context, context.activity.title)
    key = sitting.attempt.key
    values = {
        "t": request.page.in_domain(DOMAIN),
        "take": address(request, context, "quiz_take", attempt=key),
        "back": address(request, context, "activity"),
        "saved": ending.answered(sitting),
        "expected": ending.expected(sitting),
    }
    return _answer(request, "modou_quiz:templates/sitting_elsewhere.jinja2", values)


@view_config(
    route_name="quiz_answers",
    context=QuizContext,
    permission=Capability.ACTIVITY_VIEW,
    request_method="POST",
)
def answers(context: QuizContext, request: Request) -> Response:
    """A page of answers as a form, and on to what its button says."""
    id = attempt_id(request)
    token = pages.read_token(request.occasion.keys, posted.text(request.POST, "page"))
    if (token.attempt, token.user) != (id, request.occasion.require_actor().id):
        raise TakenOver
    sent = _sent(request)
    refused = together(request, lambda o: saving.save_page(o, token, sent))
    for one in refused:
        flash(request, one.reason, "warning")
    go = posted.text(request.POST, "go")
    if go == "hand-in" and not refused:
        return HTTPSeeOther(address(request, context, "quiz_hand_in", attempt=encode_id(id)))
    if sent.check is not None:
        return HTTPSeeOther(_attempt_address(request, context, id, f"q{sent.check}"))
    if not refused and go != "next":
        flash(request, _("Your answers are saved."))
    return HTTPSeeOther(_attempt_address(request, context, id))


def _sent(request: Request) -> Posted:
    """:raises Invalid: numbers that are none
    :raises NotText: a file where a text belongs
    """
    post = request.POST
    fields = [(n, v) for n, v in post.items() if n.startswith("q") and isinstance(v, str)]
    try:
        scripted = posted.text(post, "scripted") == "1"
        check, seen = _check(posted.text(post, "check")) if "check" in post else (None, None)
        flagged = frozenset(int(value) for value in posted.texts(post, "flag"))
        seq = None if scripted else int(posted.text(post, "seq"))
    except ValueError:
        raise Invalid(_("The form cannot be read. Reload the page.")) from None
    return Posted(seq, fields, flagged, check, posted.text(post, "go") == "next", seen)


def _check(value: str) -> tuple[int, int | None]:
    """What the button of a question says: its place and, where it has several tries, how many of
    them its page knows of."""
    place, _dot, seen = value.partition(".")
    return int(place), int(seen) if seen else None


# -- the hand-in


@view_config(route_name="quiz_hand_in", context=QuizContext, permission=Capability.ACTIVITY_VIEW)
def hand_in(context: QuizContext, request: Request) -> Response:
    """What is unanswered, and the button that hands in."""
    id = attempt_id(request)
    there = address(request, context, "quiz_review", attempt=encode_id(id))
    if request.method == "POST":
        together(request, lambda o: ending.hand_in(o, context.activity.id, id))
        return HTTPSeeOther(there)
    sitting = finding.own(request.occasion, context.activity.id, id)
    if not sitting.open:
        return HTTPSeeOther(there)
    frame(request.page, context, request.page.gettext(_("Hand in")))
    values = {
        "t": request.page.in_domain(DOMAIN),
        "summary": showing.hand_in_summary(sitting),
        "sequential": sitting.quiz.sequential,
        "objection": ending.objection_to_hand_in(sitting),
        "action": address(request, context, "quiz_hand_in", attempt=encode_id(id)),
        "back": _attempt_address(request, context, id),
        "ends": request.page.when(sitting.ends) if sitting.ends else "",
    }
    return _answer(request, "modou_quiz:templates/hand_in.jinja2", values)


# -- the result


@view_config(
    route_name="quiz_review",
    context=QuizContext,
    permission=Capability.ACTIVITY_VIEW,
    request_method="GET",
)
def review(context: QuizContext, request: Request) -> Response:
    """What an attempt came to, as far as the rules show it now."""
    occasion, page = request.occasion, request.page
    id = attempt_id(request)
    sitting = finding.readable(occasion, context.activity.id, id)
    ending.close_if_over(occasion, context.activity.id, id)
    own = sitting.attempt.user == occasion.require_actor().id
    if sitting.open and own:
        return HTTPSeeOther(_attempt_address(request, context, id))
    t = page.in_domain(DOMAIN)
    frame(page, context, t("Result"))
    attempt = sitting.attempt
    shown = showing.review_page(sitting, signs(request))
    person = occasion.site.users.get(attempt.user)
    hidden = sitting.quiz.anonymous and not occasion.can(MANAGE, context.course)
    values = {
        "t": t,
        "quiz": sitting.quiz,
        "attempt": attempt,
        "shown": shown,
        "own": own,
        "person": person.display_name if person is not None and not own and not hidden else "",
        "number": words.number,
        "by": t(words.HANDED_IN_BY.get(attempt.handed_in_by, "")) if attempt.handed_in_by else "",
        "used": words.duration(t, max(60, attempt.handed_in - attempt.started))
        if attempt.handed_in and attempt.handed_in_by != "idle"
        else "",
        "state": t(words.STATES[attempt.state]),
        "next_shown": (page.when(shown.next[0]), words.listed(t, shown.next[1]))
        if shown.next
        else None,
        "back": address(request, context, "activity"),
        "static": lambda path: request.static_path(f"modou_quiz:static/{path}"),
    }
    return _answer(request, "modou_quiz:templates/review.jinja2", values)


def _answer(request: Request, template: str, values: dict[str, Any]) -> Response:
    response: Response = request.response
    response.text = render(template, values, request=request)
    return not_kept(response)


def includeme(config: Configurator) -> None:
    base = f"/courses/{{course:{_ID}}}/a/{{activity:{_ID}}}/quiz"
    one = f"{base}/{{attempt:{_ID}}}"
    for name, pattern in (
        ("quiz_start", f"{base}/start"),
        ("quiz_preview", f"{base}/preview"),
        ("quiz_take", f"{one}/take"),
        ("quiz_answers", f"{one}/answers"),
        ("quiz_hand_in", f"{one}/hand-in"),
        ("quiz_review", f"{one}/review"),
        ("quiz_attempt", one),
    ):
        config.add_route(name, pattern, factory=resources.activity)
    config.scan(__name__)
