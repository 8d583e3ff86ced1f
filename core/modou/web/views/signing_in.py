"""Coming in and going out: sign-in, registration, forgotten passwords, confirmed addresses.

The empty forms are the same for everybody, so a proxy may keep them (`public=True`).
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from markupsafe import escape
from pyramid import security
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Invalid, ModouError, NotAllowed, NotFound, StepNeeded, TooMany
from modou.i18n import _
from modou.models.people import User
from modou.permissions import Capability
from modou.services import consents, logins, recovery, registration, sessions
from modou.services.consents import Consent
from modou.services.settings import site_settings
from modou.web.forms.accounts import ForgotForm, LoginForm, NewPasswordForm, RegistrationForm
from modou.web.page import Page, flash, render_cached
from modou.web.security import session_token
from modou.web.views.home import local_path


def mail_link(request: Request, route: str) -> recovery.Link:
    """From a token to the full address of `route`, as it stands in a mail."""
    # Not the Host header: whoever sends the request chooses it, and the link reaches another one.
    base = request.registry.modou_config["address"] or request.host_url

    def link(token: str) -> str:
        return base + str(request.route_path(route, token=token))

    return link


def enter(request: Request, user: User, next_path: str = "") -> Response:
    """Start a fresh session for `user`, end the one that this browser had, and go on."""
    old = session_token(request)
    if old:
        sessions.end(request.occasion, sessions.key_of(old))
    headers = security.remember(request, user.id)
    path = next_path or first_page(request)
    if consents.unanswered(request.occasion, user):
        path = consent_path(request, path)
    return HTTPSeeOther(path, headers=headers)


def consent_path(request: Request, next_path: str) -> str:
    """The page that asks for consents and goes on to `next_path` afterwards."""
    query = f"?{urlencode({'next': next_path})}" if next_path else ""
    return f"{request.route_path('consents')}{query}"


def consent_rows(request: Request, asked: list[Consent]) -> list[dict[str, Any]]:
    """Consents for a form: name, title, whether it must be, address of its text."""
    return [
        {
            "name": consent.name,
            "title": request.page.gettext(consent.title),
            "required": consent.required,
            "version": consent.version,
            "href": request.route_path("consent", consent=consent.name),
        }
        for consent in asked
    ]


def first_page(request: Request) -> str:
    """Where people go who did not ask for anything in particular."""
    route = "admin" if request.occasion.can(Capability.ADMIN_VIEW) else "my_courses"
    return str(request.route_path(route))


def _next(request: Request, values: Any) -> str:
    path = local_path(str(values.get("next", "")))
    return "" if path == "/" else path


def _next_leaves(path: str) -> dict[str, Callable[..., str]]:
    """The page to go on with, for the hidden field and for links between the forms."""
    query = f"?{urlencode({'next': path})}" if path else ""
    return {"next": lambda: escape(path), "next_query": lambda: escape(query)}


@view_config(route_name="login", request_method="GET")
def login_form(request: Request) -> Response:
    """The empty form, or straight on for those who are in."""
    if request.occasion.actor is not None:
        return HTTPSeeOther(_next(request, request.GET) or first_page(request))

    def values(page: Page) -> dict[str, Any]:
        page.title = page.gettext(_("Sign in"))
        return _login_values(request, LoginForm.of(request))

    fillers = _next_leaves(_next(request, request.GET))
    return render_cached(request, "login.jinja2", (), values, fillers, public=True)


def _login_values(request: Request, form: LoginForm) -> dict[str, Any]:
    return {"form": form, "registration": site_settings(request.occasion).registration}


@view_config(route_name="login", request_method="POST", renderer="login.jinja2")
def login(request: Request) -> Any:
    """Try what was entered; a failure is counted with this request's commit."""
    page = request.page
    form = LoginForm.of(request)
    next_path = _next(request, request.POST)
    page.fillers.update(_next_leaves(next_path))
    page.title = page.gettext(_("Sign in"))
    if form.validate():
        try:
            came = logins.sign_in(request.occasion, form.login.data, form.password.data)
        except StepNeeded:
            raise
        except ModouError as error:
            form.form_errors.append(error.message)
        else:
            if came.user is not None:
                return enter(request, came.user, next_path)
            if came.reset_token:
                return HTTPSeeOther(request.route_path("reset", token=came.reset_token))
            form.form_errors.append(came.problem)
            if came.retry_after:
                request.response.status = 429
                request.response.headers["Retry-After"] = str(came.retry_after)
    return _login_values(request, form)


@view_config(route_name="logout", request_method="POST")
def logout(request: Request) -> Response:
    """End this browser's session."""
    headers = security.forget(request)
    return HTTPSeeOther(request.route_path("home"), headers=headers)


@view_config(route_name="register", request_method="GET")
def register_form(request: Request) -> Response:
    """The empty form, as far as the site's setting lets people register."""
    if request.occasion.actor is not None:
        return HTTPSeeOther(_next(request, request.GET) or first_page(request))
    code = request.GET.get("invitation", "")[:40]
    mode = site_settings(request.occasion).registration
    obstacle = None
    if code or mode == "closed":
        try:
            registration.require_open(request.occasion, code)
        except (NotAllowed, NotFound) as error:
            obstacle = error.message

    def values(page: Page) -> dict[str, Any]:
        page.title = page.gettext(_("Register"))
        form = RegistrationForm.of(request)
        return {
            "form": form,
            "obstacle": obstacle,
            "asks_code": mode == "invitation" or bool(code),
            "consents": consent_rows(request, consents.asked(request.occasion)),
            "ticked": (),
        }

    next_leaves = _next_leaves(_next(request, request.GET))
    fillers = {"invitation": lambda: escape(code), **next_leaves}
    revision = request.site.settings_revision
    key = (obstacle is None or str(obstacle), bool(code), revision)
    return render_cached(request, "register.jinja2", key, values, fillers, public=not code)


@view_config(route_name="register", request_method="POST", renderer="register.jinja2")
def register(request: Request) -> Any:
    """Make the account and come in."""
    occasion = request.occasion
    page = request.page
    form = RegistrationForm.of(request)
    next_path = _next(request, request.POST)
    page.fillers.update(_next_leaves(next_path))
    obstacle = None
    ticked = set(request.POST.getall("consent"))
    if form.validate():
        try:
            user = registration.register(occasion, **form.data, given=ticked)
        except Invalid as error:
            form.take(error)
        except (NotAllowed, NotFound) as error:
            obstacle = error.message
        else:
            recovery.ask_confirmation(occasion, user, mail_link(request, "confirm_email"))
            logins.let_in(occasion, user)
            flash(request, _("Welcome. Your account is ready."))
            return enter(request, user, next_path)
    page.title = page.gettext(_("Register"))
    page.fillers["invitation"] = lambda: escape(form.invitation.data or "")
    mode = site_settings(occasion).registration
    asks_code = mode == "invitation" or bool(form.invitation.data)
    return {
        "form": form,
        "obstacle": obstacle,
        "asks_code": asks_code,
        "consents": consent_rows(request, consents.asked(occasion)),
        "ticked": ticked,
    }


@view_config(route_name="forgot", request_method="GET")
def forgot_form(request: Request) -> Response:
    """Whom the mail shall go to."""

    def values(page: Page) -> dict[str, Any]:
        page.title = page.gettext(_("Forgotten password"))
        return {"form": ForgotForm.of(request), "sent": False}

    return render_cached(request, "forgot.jinja2", (), values, public=True)


@view_config(route_name="forgot", request_method="POST", renderer="forgot.jinja2")
def forgot(request: Request) -> dict[str, Any]:
    """Says the same whether there is such an account or not."""
    page = request.page
    page.title = page.gettext(_("Forgotten password"))
    form = ForgotForm.of(request)
    sent = False
    if form.validate():
        try:
            recovery.forgot_password(request.occasion, form.login.data, mail_link(request, "reset"))
        except TooMany as error:
            form.form_errors.append(error.message)
        else:
            sent = True
    return {"form": form, "sent": sent}


@view_config(route_name="reset", renderer="reset.jinja2")
def reset(request: Request) -> Any:
    """Choose a new password with the token of a mail or of a one-time code."""
    occasion = request.occasion
    page = request.page
    token = request.matchdict["token"]
    page.title = page.gettext(_("Choose a password"))
    request.response.headers["Cache-Control"] = "no-store"
    try:
        user = recovery.owner_of(occasion, token, "reset")
    except NotFound as error:
        return _stale(request, error)
    form = NewPasswordForm.of(request)
    if request.method == "POST" and form.validate():
        try:
            recovery.reset_password(occasion, token, form.password.data)
        except Invalid as error:
            form.take(error)
        else:
            logins.forget_failures(occasion, user)
            logins.let_in(occasion, user)
            flash(request, _("Your new password is set."))
            return enter(request, user)
    return {"form": form, "problem": None, "username": user.username}


@view_config(route_name="confirm_email", renderer="confirm_email.jinja2")
def confirm_email(request: Request) -> Any:
    """Confirm by a button: programs that scan mails open every link in them."""
    page = request.page
    token = request.matchdict["token"]
    page.title = page.gettext(_("Confirm your e-mail address"))
    request.response.headers["Cache-Control"] = "no-store"
    try:
        user = recovery.owner_of(request.occasion, token, "email")
        if request.method == "POST":
            recovery.confirm_email(request.occasion, token)
            flash(request, _("Your e-mail address is confirmed."))
            signed_in = request.occasion.actor is not None
            return HTTPSeeOther(request.route_path("profile" if signed_in else "login"))
    except NotFound as error:
        return _stale(request, error)
    return {"problem": None, "email": user.email}


def _stale(request: Request, error: NotFound) -> dict[str, Any]:
    request.response.status = 404
    return {"form": None, "problem": error.message, "username": "", "email": ""}


def includeme(config: Configurator) -> None:
    config.scan(__name__)
