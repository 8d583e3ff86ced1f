"""Consents: the texts, the page that asks, one's own answers, the operator's settings."""

from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.events import ContextFound
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Invalid, StepNeeded
from modou.i18n import _
from modou.models.people import User
from modou.services import consents, sessions
from modou.services.consents import Consent
from modou.services.markup import render_markdown
from modou.web.forms.base import Form
from modou.web.page import flash
from modou.web.security import session_token
from modou.web.views.home import local_path
from modou.web.views.profile import begin
from modou.web.views.signing_in import consent_path, consent_rows

#: Routes that are open before the answer.
_OPEN = frozenset({"consents", "consent", "logout", "preferences", "theme_css", "theme_picture"})


def text_of(request: Request, consent: Consent) -> Markup:
    """The text as HTML, in the reader's language where it comes with Modou."""
    return render_markdown(request.page.gettext(consent.text))


@view_config(route_name="consent", renderer="consent.jinja2")
def consent(request: Request) -> dict[str, Any]:
    """One text, for everybody."""
    found = consents.find(request.occasion, request.matchdict["consent"])
    request.page.title = request.page.gettext(found.title)
    return {"text": text_of(request, found), "version": found.version}


@view_config(route_name="consents", renderer="consents.jinja2")
def ask(request: Request) -> Any:
    """What the signed-in user has not answered yet, with its text; then on to where they wanted."""
    occasion = request.occasion
    me = occasion.require_actor()
    page = request.page
    values = request.POST if request.method == "POST" else request.GET
    next_path = local_path(str(values.get("next", "")))
    form = Form.of(request)
    ticked = set(request.POST.getall("consent")) if request.method == "POST" else set()
    if request.method == "POST":
        try:
            consents.answer(occasion, me, ticked)
        except Invalid as error:
            form.form_errors.append(error.message)
    open_ = consents.unanswered(occasion, me)
    if not open_:
        session = request.site.sessions.get(sessions.key_of(session_token(request)))
        if session is not None and session.asks_consent:
            session.asks_consent = False
        return HTTPSeeOther(next_path)
    page.title = page.gettext(_("Before you go on"))
    rows = consent_rows(request, open_)
    for row, one in zip(rows, open_, strict=True):
        row["text"] = text_of(request, one)
        row["changed"] = one.name in me.consents
    return {"form": form, "rows": rows, "ticked": ticked, "next": next_path}


@view_config(route_name="profile_consents", renderer="profile_consents.jinja2")
def own(request: Request) -> Any:
    """What one agreed to, and taking it back."""
    me, values = begin(request, "profile_consents")
    occasion = request.occasion
    if request.method == "POST":
        if "withdraw" in request.POST:
            consents.withdraw(occasion, me, request.POST["withdraw"])
            flash(request, _("Withdrawn."))
        else:
            consents.give(occasion, me, request.POST.get("give", ""))
            flash(request, _("Noted."))
        return HTTPSeeOther(request.path)
    asked = consents.asked(occasion)
    return {**values, "rows": [_own_row(request, me, consent) for consent in asked]}


def _own_row(request: Request, me: User, consent: Consent) -> dict[str, Any]:
    (row,) = consent_rows(request, [consent])
    answer = me.consents.get(consent.name)
    row["answer"] = answer
    return row


def keep_waiting(event: ContextFound) -> None:
    """Who came in without having answered is led to the questions, wherever they go.

    :raises StepNeeded: to the page that asks
    """
    request = event.request
    # Only where the site was opened for the request anyway, and somebody is signed in.
    if "site" not in request.__dict__ or not session_token(request):
        return
    if not request.occasion.actor or "asks_consent" not in request.__dict__:
        return
    if request.matched_route is None or request.matched_route.name in _OPEN:
        return
    wanted = request.path_qs if request.method == "GET" else ""
    raise StepNeeded(
        _("Please answer first what this site asks you to agree to."),
        consent_path(request, wanted),
    )


def includeme(config: Configurator) -> None:
    config.add_subscriber(keep_waiting, ContextFound)
    config.scan(__name__)
