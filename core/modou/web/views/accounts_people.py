"""Administration of people: the start page, accounts, what may be done to them."""

from itertools import islice
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from wtforms.fields.choices import SelectChoice

from modou.errors import Conflict, Invalid, NotAllowed
from modou.i18n import _
from modou.models.people import User
from modou.permissions import Capability
from modou.services import accounts, authority, identity, sessions
from modou.services.account_checks import account_problems, raise_problems
from modou.services.roles import (
    context_of,
    find_role,
    grant_role,
    grantable,
    grants_of,
    level_of,
    revoke_role,
    role_title,
)
from modou.services.user_index import search_users, users_by_username
from modou.web.forms.accounts import (
    GrantForm,
    IdentityForm,
    NewUserForm,
    ReasonForm,
    UserForm,
)
from modou.web.page import flash
from modou.web.views.user_parts import admin_page, context_title, session_rows, whole_number

PAGE = 50
#: Matches of a search that can be paged through.
FOUND = 1_000


@view_config(route_name="admin", permission=Capability.ADMIN_VIEW, renderer="admin.jinja2")
def admin(request: Request) -> dict[str, Any]:
    """Where the administration begins: numbers and ways."""
    page = request.page
    admin_page(request, page.gettext(_("Administration")))
    site = request.site
    numbers = [
        (page.gettext(_("People")), len(site.users), Capability.USER_VIEW, "admin_users"),
        (page.gettext(_("Courses")), len(site.courses), Capability.ADMIN_VIEW, "admin_courses"),
        (page.gettext(_("Cohorts")), len(site.cohorts), Capability.COHORT_VIEW, "cohorts"),
    ]
    can = request.occasion.can
    return {
        "numbers": [
            (title, number, page.url(route))
            for title, number, needs, route in numbers
            if can(needs)
        ]
    }


@view_config(
    route_name="admin_users", permission=Capability.USER_VIEW, renderer="admin_users.jinja2"
)
def admin_users(request: Request) -> dict[str, Any]:
    """All people by username, or those whom a search finds."""
    occasion = request.occasion
    page = request.page
    admin_page(request, page.gettext(_("People")))
    text = request.GET.get("q", "").strip()[:100]
    if text:
        number = max(whole_number(request.GET.get("page", "1")), 1)
        found = list(islice(search_users(occasion, text), (number - 1) * PAGE, number * PAGE + 1))
        more = len(found) > PAGE and number * PAGE < FOUND
        users = found[:PAGE]
        back = {"q": text, "page": number - 1} if number > 1 else None
        on = {"q": text, "page": number + 1} if more else None
    else:
        after, before = request.GET.get("after", "")[:100], request.GET.get("before", "")[:100]
        users = users_by_username(occasion, after=after, before=before, limit=PAGE)
        first = users[0].username if users else ""
        last = users[-1].username if users else ""
        back = {"before": first} if users_by_username(occasion, before=first, limit=1) else None
        on = {"after": last} if last and users_by_username(occasion, after=last, limit=1) else None
    pager = {
        "total": None,
        "previous_href": page.url("admin_users", _query=back) if back else None,
        "next_href": page.url("admin_users", _query=on) if on else None,
    }
    return {"users": users, "q": text, "pager": pager, "total": len(occasion.site.users)}


@view_config(
    route_name="admin_user_new", permission=Capability.USER_CREATE, renderer="admin_user_new.jinja2"
)
def admin_user_new(request: Request) -> Any:
    """Make an account; it is opened by a one-time code, shown once."""
    occasion = request.occasion
    page = request.page
    admin_page(
        request,
        page.gettext(_("New account")),
        (page.gettext(_("People")), page.url("admin_users")),
    )
    form = NewUserForm.of(request)
    if request.method == "POST" and form.validate():
        try:
            user = accounts.create_account(occasion, **form.data)
        except Invalid as error:
            form.take(error)
        else:
            code = accounts.issue_activation(occasion, user)
            return _show_code(request, user, code)
    return {"form": form, "user": None, "code": ""}


def _show_code(request: Request, user: User, code: str) -> dict[str, Any]:
    request.response.headers["Cache-Control"] = "no-store"
    return {"form": None, "user": user, "code": code}


# -- one account


def _user_page(request: Request, active: str) -> dict[str, Any]:
    """What all pages about one account show."""
    page = request.page
    user = request.context
    admin_page(request, user.display_name, (page.gettext(_("People")), page.url("admin_users")))
    can = request.occasion.can
    tabs = [
        {
            "title": page.gettext(title),
            "href": page.url(route, user=user.key),
            "active": route == active,
        }
        for route, title, needs in (
            ("admin_user", _("Account"), Capability.USER_VIEW),
            ("admin_user_identity", _("ID document"), Capability.USER_VIEW),
            ("admin_user_roles", _("Roles"), Capability.USER_VIEW),
            ("admin_user_sessions", _("Devices"), Capability.USER_SESSIONS),
        )
        if can(needs)
    ]
    may_edit = can(Capability.USER_EDIT) and authority.may_manage(request.occasion, user)
    return {"user": user, "tabs": tabs, "may_edit": may_edit}


@view_config(route_name="admin_user", permission=Capability.USER_VIEW, renderer="admin_user.jinja2")
def admin_user(request: Request) -> Any:
    """An account's data; changing them."""
    values = _user_page(request, "admin_user")
    user: User = values["user"]
    occasion = request.occasion
    form = UserForm.of(
        request, data={"username": user.username, "name": user.name, "email": user.email}
    )
    if request.method == "POST":
        occasion.require(Capability.USER_EDIT, user)
        if form.validate():
            try:
                _save_user(request, user, form)
            except Invalid as error:
                form.take(error)
            else:
                flash(request, _("Saved."))
                return HTTPSeeOther(request.path)
    courses = [c for id in user.courses[-20:] if (c := occasion.site.courses.get(id)) is not None]
    groups = [c for id in user.cohorts if (c := occasion.site.cohorts.get(id)) is not None]
    return {**values, "form": form, "courses": courses, "cohorts": groups}


def _save_user(request: Request, user: User, form: UserForm) -> None:
    """:raises Invalid: with the problems of all fields together"""
    occasion = request.occasion
    data = {name: value or "" for name, value in form.data.items()}
    raise_problems(account_problems(occasion, exclude=user, **data))
    phone = data.pop("phone")
    accounts.change_profile(occasion, user, **data)
    if "remove_phone" in request.POST or phone.strip():
        identity.set_phone(occasion, user, "" if "remove_phone" in request.POST else phone)


@view_config(
    route_name="admin_user_identity",
    permission=Capability.USER_VIEW,
    renderer="admin_user_identity.jinja2",
)
def admin_user_identity(request: Request) -> Any:
    """The ID document, masked; changing, reviewing and - with a reason - revealing it."""
    values = _user_page(request, "admin_user_identity")
    user: User = values["user"]
    occasion = request.occasion
    form = IdentityForm.of(request, data={"id_type": user.id_type or identity.ID_CARD})
    reason = ReasonForm.of(request)
    clear = None
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            if action == "reveal" and reason.validate():
                clear = identity.reveal_identity(occasion, user, reason.reason.data)
                request.response.headers["Cache-Control"] = "no-store"
            elif action in {"accept", "refuse"} and reason.validate():
                identity.review_identity(
                    occasion, user, accepted=action == "accept", reason=reason.reason.data
                )
                flash(request, _("Saved."))
                return HTTPSeeOther(request.path)
            elif action == "remove":
                identity.set_identity(occasion, user, id_type="", id_number="")
                flash(request, _("The recorded document is gone."))
                return HTTPSeeOther(request.path)
            elif action == "set" and form.validate():
                identity.set_identity(
                    occasion, user, id_type=form.id_type.data, id_number=form.id_number.data
                )
                flash(request, _("Saved."))
                return HTTPSeeOther(request.path)
        except Invalid as error:
            (form if action == "set" else reason).take(error)
    id_type = identity.ID_TYPES.get(user.id_type)
    may_reveal = occasion.can(Capability.USER_IDENTITY)
    return {
        **values,
        "form": form,
        "reason": reason,
        "clear": clear,
        "id_type": id_type,
        "may_reveal": may_reveal,
    }


@view_config(
    route_name="admin_user_roles",
    permission=Capability.USER_VIEW,
    renderer="admin_user_roles.jinja2",
)
def admin_user_roles(request: Request) -> Any:
    """The roles of an account in all contexts; granting on the site, in categories and courses."""
    values = _user_page(request, "admin_user_roles")
    user: User = values["user"]
    occasion = request.occasion
    page = request.page
    form = GrantForm.of(request)
    _grant_choices(request, form)
    if request.method == "POST":
        if not form.role.choices:
            occasion.require(Capability.ROLES_ASSIGN)
        try:
            if "revoke" in request.POST:
                role, level, key = [*request.POST["revoke"].split(":"), "", ""][:3]
                revoke_role(occasion, user, role, level, whole_number(key))
                flash(request, _("Revoked."))
                return HTTPSeeOther(request.path)
            occasion.require(Capability.ROLES_ASSIGN, _chosen_context(request, form))
            if form.validate():
                grant_role(occasion, user, form.role.data, _chosen_context(request, form))
                flash(request, _("Granted."))
                return HTTPSeeOther(request.path)
        except (Invalid, Conflict, NotAllowed) as error:
            form.form_errors.append(error.message)
    rows = [
        {
            "title": page.gettext(role_title(find_role(occasion, grant.role)))
            if occasion.site.role(grant.role)
            else grant.role,
            "where": context_title(request, grant.context)
            if grant.context is not None
            else page.gettext(_("(deleted)")),
            "level": grant.level,
            "value": f"{grant.role}:{grant.level}:{grant.id}",
        }
        for grant in grants_of(occasion, user)
    ]
    return {**values, "form": form, "rows": rows, "may_assign": bool(form.role.choices)}


def _grant_choices(request: Request, form: GrantForm) -> None:
    """Roles and contexts that the actor can choose from: the site and the categories; roles in
    courses and cohorts are given there."""
    occasion = request.occasion
    site = request.site
    translate = request.page.gettext
    contexts = [site, *site.categories]
    possible = {}
    form.context.choices = []
    for context in contexts:
        roles = grantable(occasion, context)
        if roles:
            level, id = level_of(context)
            form.context.choices.append(
                SelectChoice(f"{level}:{id}", context_title(request, context))
            )
            possible.update({role.name: translate(role_title(role)) for role in roles})
    form.role.choices = [SelectChoice(*pair) for pair in possible.items()]


def _chosen_context(request: Request, form: GrantForm) -> Any:
    level, _colon, id = (form.context.data or "").partition(":")
    return context_of(request.site, level, whole_number(id)) or request.site


@view_config(
    route_name="admin_user_sessions",
    permission=Capability.USER_SESSIONS,
    renderer="admin_user_sessions.jinja2",
)
def admin_user_sessions(request: Request) -> Any:
    """Where somebody is signed in; ending it."""
    values = _user_page(request, "admin_user_sessions")
    user: User = values["user"]
    if request.method == "POST":
        authority.require_over(request.occasion, Capability.USER_SESSIONS, user)
        sessions.end_all(request.occasion, user)
        request.occasion.record("sessions_ended", subject=user.id)
        flash(request, _("Signed out everywhere."))
        return HTTPSeeOther(request.path)
    return {**values, "rows": session_rows(request, user)}


@view_config(
    route_name="admin_user_status",
    request_method="POST",
    permission=Capability.USER_EDIT,
    renderer="admin_user_new.jinja2",
)
def admin_user_status(request: Request) -> Any:
    """Suspend, reopen, or hand out a one-time code."""
    user: User = request.context
    occasion = request.occasion
    action = request.POST.get("action", "")
    reason = request.POST.get("reason", "")
    path = request.route_path("admin_user", user=user.key)
    try:
        if action == "code":
            code = accounts.issue_activation(occasion, user, reset=True)
            page = request.page
            admin_page(
                request, user.display_name, (page.gettext(_("People")), page.url("admin_users"))
            )
            return _show_code(request, user, code)
        if action == "suspend":
            accounts.suspend(occasion, user, reason)
            flash(request, _("The account is suspended."))
        elif action == "reopen":
            accounts.reopen(occasion, user, reason)
            flash(request, _("The account is open again."))
    except (Invalid, Conflict) as error:
        flash(request, error.message, "danger")
    return HTTPSeeOther(path)


def includeme(config: Configurator) -> None:
    config.scan(__name__)
