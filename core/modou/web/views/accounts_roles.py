"""Administration of roles: what each may do, and who has it."""

from itertools import islice
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from wtforms.fields.choices import SelectChoice

from modou.errors import Conflict, Invalid
from modou.i18n import TranslationString, _
from modou.permissions import Capability, Level
from modou.services import role_editing, roles
from modou.web.forms.accounts import NewRoleForm, RoleForm
from modou.web.page import flash
from modou.web.views.user_parts import admin_page, context_title

#: First part of a capability -> heading in tables.
GROUPS: dict[str, TranslationString] = {
    "activity": _("Activities"),
    "admin": _("Administration"),
    "audit": _("Administration"),
    "category": _("Categories"),
    "cohort": _("Cohorts"),
    "course": _("Courses"),
    "enrol": _("Enrolments"),
    "grade": _("Grades"),
    "health": _("Operation"),
    "participants": _("Enrolments"),
    "plugins": _("Operation"),
    "progress": _("Progress"),
    "roles": _("Roles"),
    "settings": _("Operation"),
    "user": _("People"),
}
LEVELS: dict[str, TranslationString] = {
    Level.SITE: _("Whole site"),
    Level.CATEGORY: _("Course category"),
    Level.COURSE: _("Course"),
    Level.COHORT: _("Cohort"),
}
#: Holders shown on a role's page.
SHOWN = 100


def _grouped(request: Request) -> list[tuple[str, list[tuple[str, str]]]]:
    """All capabilities as (heading, [(name, title)]); those of plugins under the plugin's title."""
    translate = request.page.gettext
    plugins = {plugin.name: plugin.info.title for plugin in request.occasion.hooks}
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, title in roles.capability_titles(request.registry.assembled).items():
        first = name.partition(":")[0]
        heading = translate(GROUPS.get(first) or plugins.get(first) or first)
        groups.setdefault(heading, []).append((name, translate(title)))
    return list(groups.items())


def _levels(request: Request, role: Any) -> str:
    if role.name in roles.IMPLIED:
        return str(request.page.gettext(_("Nobody has to be granted it")))
    titles = [request.page.gettext(LEVELS[level]) for level in Level if level in role.levels]
    return " · ".join(titles)


@view_config(
    route_name="admin_roles", permission=Capability.ROLES_VIEW, renderer="admin_roles.jinja2"
)
def admin_roles(request: Request) -> Any:
    """All roles, what they may do side by side, and a form for a new one."""
    occasion = request.occasion
    page = request.page
    admin_page(request, page.gettext(_("Roles")))
    every = roles.all_roles(occasion)
    titles = {role.name: page.gettext(roles.role_title(role)) for role in every}
    form = NewRoleForm.of(request)
    form.like.choices = [
        SelectChoice("", page.gettext(_("None"))),
        *(SelectChoice(*pair) for pair in titles.items()),
    ]
    if request.method == "POST":
        occasion.require(Capability.ROLES_EDIT)
        if form.validate():
            like = occasion.site.role(form.like.data) if form.like.data else None
            try:
                role = role_editing.create_role(
                    occasion,
                    name=form.name.data,
                    title=form.title.data,
                    capabilities=like.capabilities if like else (),
                    levels=(like.levels if like else ()) or [Level.COURSE],
                )
            except Invalid as error:
                form.take(error)
            else:
                flash(request, _("The role is there. Decide what it may do."))
                return HTTPSeeOther(request.route_path("admin_role", role=role.name))
    rows = [
        {
            "role": role,
            "title": titles[role.name],
            "levels": _levels(request, role),
            "holders": roles.count_holders(occasion, role, 1_000),
        }
        for role in every
    ]
    may_edit = occasion.can(Capability.ROLES_EDIT)
    return {"rows": rows, "groups": _grouped(request), "form": form, "may_edit": may_edit}


@view_config(
    route_name="admin_role", permission=Capability.ROLES_VIEW, renderer="admin_role.jinja2"
)
def admin_role(request: Request) -> Any:
    """What one role may do and who has it; changing that."""
    occasion = request.occasion
    page = request.page
    role = roles.find_role(occasion, request.matchdict["role"])
    title = page.gettext(roles.role_title(role))
    admin_page(request, title, (page.gettext(_("Roles")), page.url("admin_roles")))
    form = RoleForm.of(request, data={"title": role.title})
    if request.method == "POST":
        occasion.require(Capability.ROLES_EDIT)
        try:
            answer = _change(request, role, form)
        except Invalid as error:
            form.take(error)
        except Conflict as error:
            form.form_errors.append(error.message)
        else:
            return answer
    posted = request.method == "POST"
    granted = [
        (grant, context_title(request, grant.context) if grant.context is not None else "")
        for grant in islice(roles.holders(occasion, role), SHOWN)
    ]
    return {
        "role": role,
        "own": not roles.is_default(role),
        "implied": role.name in roles.IMPLIED,
        "groups": _grouped(request),
        "levels": [(level.value, page.gettext(LEVELS[level])) for level in Level],
        "chosen": set(form.capabilities.data or ()) if posted else role.capabilities,
        "chosen_levels": set(form.levels.data or ()) if posted else role.levels,
        "form": form,
        "granted": granted,
        "may_edit": occasion.can(Capability.ROLES_EDIT),
    }


def _change(request: Request, role: Any, form: RoleForm) -> Any:
    occasion = request.occasion
    action = request.POST.get("action", "save")
    if action == "delete":
        role_editing.delete_role(occasion, role)
        flash(request, _("The role is deleted."))
        return HTTPSeeOther(request.route_path("admin_roles"))
    if action == "reset":
        role_editing.reset_role(occasion, role)
        flash(request, _("Back to the defaults."))
    else:
        role_editing.change_role(
            occasion,
            role,
            capabilities=form.capabilities.data or (),
            title=form.title.data or None,
            levels=form.levels.data or None,
        )
        flash(request, _("Saved."))
    return HTTPSeeOther(request.path)


def includeme(config: Configurator) -> None:
    config.scan(__name__)
