"""One's own account: data, ID document, password, signed-in devices."""

import json
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Conflict, Invalid, NotAllowed
from modou.i18n import _
from modou.models.api_tokens import ApiToken
from modou.models.people import User
from modou.services import accounts, api_tokens, identity, privacy, recovery, sessions
from modou.services.roles import find_role, grants_of, role_title
from modou.web.forms.accounts import ChangePasswordForm, IdentityForm, ProfileForm, TokenForm
from modou.web.forms.base import set_choices
from modou.web.i18n import LOOK
from modou.web.page import flash
from modou.web.security import session_token
from modou.web.views.signing_in import mail_link
from modou.web.views.user_parts import SessionRow, context_title, session_rows


def begin(request: Request, active: str) -> tuple[User, dict[str, Any]]:
    """Who it is, and what all the profile's pages show.

    :raises SignInNeeded:
    """
    me = request.occasion.require_actor()
    page = request.page
    page.title = page.gettext(_("My profile"))
    pages = [
        ("profile", _("Personal data")),
        ("profile_identity", _("ID document")),
        ("profile_password", _("Password")),
        ("profile_sessions", _("Devices")),
        ("profile_consents", _("Consents")),
        ("profile_data", _("My data")),
    ]
    if me.api_tokens or api_tokens.may_have(request.occasion):
        pages.append(("profile_tokens", _("API tokens")))
    tabs = [
        {"title": page.gettext(title), "href": page.url(route), "active": route == active}
        for route, title in pages
    ]
    return me, {"tabs": tabs, "user": me}


@view_config(route_name="profile", renderer="profile.jinja2")
def profile(request: Request) -> Any:
    """Name, phone, e-mail; language and appearance post to the route `preferences`."""
    me, values = begin(request, "profile")
    occasion = request.occasion
    form = ProfileForm.of(request, data={"name": me.name, "email": me.email})
    if request.method == "POST" and "confirm" in request.POST:
        sent = recovery.ask_confirmation(occasion, me, mail_link(request, "confirm_email"))
        flash(request, _("A mail is on its way.") if sent else _("A mail was sent just now."))
        return HTTPSeeOther(request.path)
    if request.method == "POST" and form.validate():
        try:
            _save_profile(request, me, form)
        except Invalid as error:
            form.take(error)
        except NotAllowed as error:
            form.form_errors.append(error.message)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(request.path)
    roles = []
    for grant in grants_of(occasion, me):
        if grant.context is not None and occasion.site.role(grant.role) is not None:
            title = request.page.gettext(role_title(find_role(occasion, grant.role)))
            roles.append((title, context_title(request, grant.context)))
    return {**values, "form": form, "look": LOOK, "roles": roles}


def _save_profile(request: Request, me: User, form: ProfileForm) -> None:
    """:raises Invalid: with the problems of phone and the other fields together"""
    occasion = request.occasion
    # The name cannot be changed once an ID document stands beside it: then it is not in the form.
    name = form.name.data if "name" in request.POST else None
    found = accounts.account_problems(
        occasion,
        username=me.username,
        name=name or "",
        email=form.email.data or "",
        phone=form.phone.data or "",
        exclude=me,
    )
    if found:
        raise Invalid(next(iter(found.values()))[0], errors=found)
    changed_email = (form.email.data or "").strip() != me.email
    accounts.change_profile(occasion, me, name=name, email=form.email.data or "")
    if "remove_phone" in request.POST:
        identity.set_phone(occasion, me, "")
    elif (form.phone.data or "").strip():
        identity.set_phone(occasion, me, form.phone.data)
    if changed_email:
        recovery.ask_confirmation(occasion, me, mail_link(request, "confirm_email"))


@view_config(route_name="profile_identity", renderer="profile_identity.jinja2")
def profile_identity(request: Request) -> Any:
    """The ID document: entered once, shown masked."""
    me, values = begin(request, "profile_identity")
    form = IdentityForm.of(request)
    if request.method == "POST" and form.validate():
        try:
            identity.set_identity(
                request.occasion, me, id_type=form.id_type.data, id_number=form.id_number.data
            )
        except Invalid as error:
            form.take(error)
        except NotAllowed as error:
            form.form_errors.append(error.message)
        else:
            flash(request, _("Your ID document is recorded."))
            return HTTPSeeOther(request.path)
    id_type = identity.ID_TYPES.get(me.id_type)
    return {**values, "form": form, "id_type": id_type}


@view_config(route_name="profile_password", renderer="profile_password.jinja2")
def profile_password(request: Request) -> Any:
    """Another password; all other devices are signed out."""
    me, values = begin(request, "profile_password")
    form = ChangePasswordForm.of(request)
    if request.method == "POST" and form.validate():
        try:
            accounts.change_password(
                request.occasion,
                me,
                old=form.old.data,
                new=form.new.data,
                keep_session=sessions.key_of(session_token(request)),
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Your new password is set. All other devices are signed out."))
            return HTTPSeeOther(request.path)
    return {**values, "form": form}


@view_config(route_name="profile_sessions", renderer="profile_sessions.jinja2")
def profile_sessions(request: Request) -> Any:
    """Where one is signed in; ending one or all others."""
    me, values = begin(request, "profile_sessions")
    occasion = request.occasion
    own = sessions.key_of(session_token(request))
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        if wanted == "others":
            sessions.end_all(occasion, me, but=own)
        else:
            for row in session_rows(request, me):
                if row.name == wanted:
                    sessions.end(occasion, row.key)
        occasion.record("sessions_ended", subject=me.id)
        flash(request, _("Signed out there."))
        return HTTPSeeOther(request.path)
    rows: list[SessionRow] = session_rows(request, me)
    return {**values, "rows": rows, "own": own}


@view_config(route_name="profile_tokens", renderer="profile_tokens.jinja2")
def profile_tokens(request: Request) -> Any:
    """Tokens by which programs use the site in one's name: making one, shown once; revoking."""
    me, values = begin(request, "profile_tokens")
    occasion = request.occasion
    may_make = api_tokens.may_have(occasion)
    if not may_make and not me.api_tokens:
        raise NotAllowed(_("You may not make tokens."))
    if request.method == "POST" and "revoke" in request.POST:
        token = api_tokens.revoke(occasion, request.POST["revoke"])
        flash(request, _("“${name}” opens nothing any more.", mapping={"name": token.name}))
        return HTTPSeeOther(request.path)
    form = TokenForm.of(request)
    scopes = occasion.assembled.api_scopes.values()
    set_choices(form.scopes, [(s.name, s.title) for s in scopes], request.page.gettext)
    made: tuple[ApiToken, str] | None = None
    if request.method == "POST" and form.validate():
        try:
            made = api_tokens.make(occasion, form.name.data, form.scopes.data or (), form.days.data)
        except Invalid as error:
            form.take(error)
        except (NotAllowed, Conflict) as error:
            form.form_errors.append(error.message)
        else:
            request.response.headers["Cache-Control"] = "no-store"
    return {
        **values,
        "form": form if may_make and made is None else None,
        "made": made,
        "rows": [token for _digest, token in api_tokens.of_user(occasion.site, me)],
        "now": occasion.now,
        "titles": {scope.name: request.page.gettext(scope.title) for scope in scopes},
    }


@view_config(route_name="profile_data", renderer="profile_data.jinja2", request_method="GET")
def profile_data(request: Request) -> Any:
    """What the site holds about one, and why."""
    _me, values = begin(request, "profile_data")
    return {**values, "holders": privacy.holders(request.occasion)}


@view_config(route_name="profile_data", request_method="POST")
def own_copy(request: Request) -> Response:
    """All of it, to take along."""
    copy = privacy.copy_of_own(request.occasion)
    text = json.dumps(copy, ensure_ascii=False, indent=2)
    response: Response = request.response
    response.content_type, response.text = "application/json", text
    response.content_disposition = 'attachment; filename="modou-data.json"'
    response.cache_control = "no-store"
    return response


def includeme(config: Configurator) -> None:
    config.scan(__name__)
