"""What roles may do: changing it, roles of the site's own, what new plugins bring.

Nothing is granted to visitors that has power over others, and there is always an active account
left that can administer roles (`roles.require_other_admin`).
"""

import re
from collections.abc import Iterable
from typing import Any

from modou.errors import Conflict, Invalid, Message, NotFound
from modou.i18n import _
from modou.models.roles import Role
from modou.models.site import Site
from modou.permissions import DESCRIPTIONS, Capability, Level
from modou.services.authority import PERSONAL
from modou.services.occasion import Occasion
from modou.services.registry import Assembled
from modou.services.roles import DEFAULTS, IMPLIED, holders, is_default, require_other_admin

MAXIMUM_TITLE = 40
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def change_role(
    occasion: Occasion,
    role: Role,
    *,
    capabilities: Iterable[str],
    title: str | None = None,
    levels: Iterable[str] | None = None,
) -> None:
    """Decide anew what a role may do; of the site's own roles also title and levels.

    :raises Invalid: unknown capabilities, or rights over others for visitors
    :raises Conflict: nobody would be left who can administer roles
    """
    occasion.require(Capability.ROLES_EDIT)
    wanted = _checked_capabilities(occasion, role.name, capabilities)
    new_title = role.title if title is None or is_default(role) else _checked_title(title)
    new_levels = role.levels if levels is None or is_default(role) else _checked_levels(levels)
    require_other_admin(occasion, changed=(role.name, wanted))
    added, removed = wanted - role.capabilities, role.capabilities - wanted
    if not added and not removed and new_title == role.title and new_levels == role.levels:
        return
    role.capabilities = wanted
    role.title = new_title
    role.levels = new_levels
    occasion.forget_capabilities()
    occasion.record(
        "role_changed",
        values={
            "role": role.name,
            "title": new_title,
            "levels": sorted(new_levels),
            "added": sorted(added),
            "removed": sorted(removed),
        },
    )


def reset_role(occasion: Occasion, role: Role) -> None:
    """Give a default role back what it may do on a fresh site.

    :raises NotFound: it is one of the site's own
    """
    default = DEFAULTS.get(role.name)
    if default is None:
        raise NotFound(_("Only default roles can be reset."))
    declared = (name for name, d in occasion.assembled.capabilities.items() if role.name in d.roles)
    change_role(occasion, role, capabilities=default.capabilities.union(declared))


def create_role(
    occasion: Occasion,
    *,
    name: str,
    title: str,
    capabilities: Iterable[str],
    levels: Iterable[str],
) -> Role:
    """A role of the site's own.

    :param name: short name, for ever: small letters, digits and `_`
    :raises Invalid: with every problem, by field
    """
    occasion.require(Capability.ROLES_EDIT)
    errors: dict[str, list[Message]] = {}
    checked: dict[str, Any] = {}
    for field, check in (
        ("name", lambda: _checked_name(occasion, name)),
        ("title", lambda: _checked_title(title)),
        ("levels", lambda: _checked_levels(levels)),
        ("capabilities", lambda: _checked_capabilities(occasion, name, capabilities)),
    ):
        try:
            checked[field] = check()
        except Invalid as error:
            errors.setdefault(field, []).append(error.message)
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    role = Role(
        checked["name"],
        checked["capabilities"],
        [Level(level) for level in checked["levels"]],
        checked["title"],
    )
    occasion.site.roles[role.name] = role
    occasion.record("role_created", values={"role": role.name, "added": sorted(role.capabilities)})
    return role


def delete_role(occasion: Occasion, role: Role) -> None:
    """:raises Conflict: a default role, or somebody has it"""
    occasion.require(Capability.ROLES_EDIT)
    if is_default(role):
        raise Conflict(_("Default roles cannot be deleted."))
    if next(holders(occasion, role), None) is not None:
        raise Conflict(_("People have this role. Revoke it from them first."))
    del occasion.site.roles[role.name]
    occasion.record("role_deleted", values={"role": role.name})


def _checked_name(occasion: Occasion, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(
            _("The short name has 2 to 40 small letters, digits and _, the first one a letter."),
            "name",
        )
    if occasion.site.role(name) is not None:
        raise Invalid(_("There is a role with this short name already."), "name")
    return name


def _checked_title(title: str) -> str:
    text = " ".join(title.split())
    if not text or len(text) > MAXIMUM_TITLE:
        raise Invalid(
            _(
                "Give the role a title of at most ${limit} characters.",
                mapping={"limit": MAXIMUM_TITLE},
            ),
            "title",
        )
    return text


def _checked_levels(levels: Iterable[str]) -> frozenset[str]:
    chosen = frozenset(str(level) for level in levels)
    if not chosen or not chosen <= {level.value for level in Level}:
        raise Invalid(_("Choose where the role can be granted."), "levels")
    return chosen


def _checked_capabilities(
    occasion: Occasion, role_name: str, capabilities: Iterable[str]
) -> frozenset[str]:
    chosen = frozenset(str(c) for c in capabilities)
    role = occasion.site.role(role_name)
    # What a disabled plugin declared stays as it is, for the plugin's return.
    dormant = role.capabilities - occasion.assembled.all_capabilities if role else frozenset()
    unknown = chosen - occasion.assembled.all_capabilities - dormant
    if unknown:
        raise Invalid(
            _("There is no capability called ${name}.", mapping={"name": min(unknown)}),
            "capabilities",
        )
    if role_name in IMPLIED:
        core = frozenset(str(c) for c in Capability)
        allowed = PERSONAL if role_name == "member" else frozenset({Capability.COURSE_PREVIEW})
        excess = (chosen & core) - allowed
        if excess:
            raise Invalid(
                _(
                    "This is too much for a role that is granted to nobody in particular: ${what}.",
                    mapping={"what": DESCRIPTIONS[min(excess)]},
                ),
                "capabilities",
            )
    return chosen | dormant


def adopt_capabilities(site: Site, assembled: Assembled) -> list[str]:
    """Give the capabilities of plugins that are enabled for the first time to the default roles
    that they name; the names of these capabilities. Afterwards the system admin decides.
    """
    new = [d for d in assembled.capabilities.values() if d.name not in site.adopted_capabilities]
    for declaration in new:
        for name in declaration.roles:
            role = site.role(name)
            if role is not None:
                role.capabilities |= {declaration.name}
    if new:
        site.adopted_capabilities |= {d.name for d in new}
    return [d.name for d in new]
