"""Roles: finding them, granting and revoking them.

Nobody hands out more than they have (`authority`), and there is always an active account left that
can administer roles. What roles may do is changed in `role_editing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from modou.errors import Conflict, Invalid, Message, NotAllowed, NotFound
from modou.i18n import _
from modou.models.cohorts import Cohort
from modou.models.courses import Category, Course
from modou.models.people import User
from modou.models.roles import Role
from modou.models.site import Site
from modou.permissions import DEFAULT_ROLES, DESCRIPTIONS, Capability, Level
from modou.services.authority import is_self, may_hand_out, power_of
from modou.services.occasion import Occasion
from modou.services.registry import Assembled

#: Who has all of these can give everybody else back what they lost.
ADMINISTER: frozenset[str] = frozenset(
    {Capability.ADMIN_VIEW, Capability.ROLES_VIEW, Capability.ROLES_EDIT, Capability.ROLES_ASSIGN}
)
#: Roles that nobody is granted: everybody, or everybody who is signed in, has them.
IMPLIED = ("everyone", "member")
#: Default roles by name.
DEFAULTS = {default.name: default for default in DEFAULT_ROLES}

Context = Site | Category | Course | Cohort


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that `user` has at `level` in the context with that id; `context` None: it is gone."""

    user: User
    role: str
    level: str
    id: int
    context: Context | None


def level_of(context: Any) -> tuple[str, int]:
    """Level and id under which a grant in `context` is stored.

    :raises TypeError: roles are not granted there
    """
    match context:
        case Site():
            return Level.SITE.value, 0
        case Category():
            return Level.CATEGORY.value, context.id
        case Course():
            return Level.COURSE.value, context.id
        case Cohort():
            return Level.COHORT.value, context.id
    raise TypeError(f"no roles are granted in {type(context).__name__}")


def context_of(site: Site, level: str, id: int) -> Context | None:
    """The context of a stored grant; None when it is gone."""
    match level:
        case Level.SITE:
            return site
        case Level.CATEGORY:
            return site.categories.get(id)
        case Level.COURSE:
            return site.courses.get(id)
        case Level.COHORT:
            return site.cohorts.get(id)
    return None


def role_title(role: Role) -> Message:
    """The role's name for people."""
    if role.title:
        return role.title
    default = DEFAULTS.get(role.name)
    return default.title if default is not None else role.name


def is_default(role: Role) -> bool:
    """Whether every site has it."""
    return role.name in DEFAULTS


def capability_titles(assembled: Assembled) -> dict[str, Message]:
    """All capabilities, the core's first, and what each lets people do."""
    return {**DESCRIPTIONS, **assembled.capability_titles}


def all_roles(occasion: Occasion) -> list[Role]:
    """The default roles in their order, then the site's own by title."""
    order = {name: place for place, name in enumerate(DEFAULTS)}
    return sorted(
        occasion.site.roles.values(), key=lambda r: (order.get(r.name, len(order)), r.title)
    )


def find_role(occasion: Occasion, name: str) -> Role:
    """:raises NotFound: there is none"""
    role = occasion.site.role(name)
    if role is None:
        raise NotFound(_("There is no role called ${name}.", mapping={"name": name}))
    return role


def grants_of(occasion: Occasion, user: User) -> Iterator[Grant]:
    """All roles of `user`, the widest contexts first."""
    order = {level.value: place for place, level in enumerate(Level)}
    for (level, id), names in sorted(user.grants.items(), key=lambda g: (order[g[0][0]], g[0][1])):
        for name in names:
            yield Grant(user, name, level, id, context_of(occasion.site, level, id))


def holders(occasion: Occasion, role: Role) -> Iterator[Grant]:
    """Everybody to whom `role` was granted, lazily."""
    site = occasion.site
    for level, id, user_id in site.user_index.holders_of(role.name):
        user = site.users.get(user_id)
        if user is not None:
            yield Grant(user, role.name, level, id, context_of(site, level, id))


def count_holders(occasion: Occasion, role: Role, most: int) -> int:
    """To how many `role` was granted, counted up to `most`; opens no account."""
    return sum(1 for _ in islice(occasion.site.user_index.holders_of(role.name), most))


# -- granting


def grantable(occasion: Occasion, context: Context) -> list[Role]:
    """Roles that the actor may grant in `context`."""
    if not occasion.can(Capability.ROLES_ASSIGN, context):
        return []
    level, _id = level_of(context)
    return [
        role
        for role in all_roles(occasion)
        if level in role.levels and may_hand_out(occasion, power_of(occasion, [role.name]), context)
    ]


def _require_hand_out(occasion: Occasion, role: Role, context: Context) -> None:
    occasion.require(Capability.ROLES_ASSIGN, context)
    if not may_hand_out(occasion, power_of(occasion, [role.name]), context):
        raise NotAllowed(
            _(
                "The role ${role} may do more than you can here, so you can neither grant nor "
                "revoke it.",
                mapping={"role": role_title(role)},
            )
        )


def grant_role(occasion: Occasion, user: User, role_name: str, context: Context) -> bool:
    """Give `user` the role in `context` and everything below it; False when they have it.

    :raises NotFound: no such role
    :raises Invalid: the role cannot be granted at this level
    :raises NotAllowed: the actor may not grant roles here, or not this one
    """
    role = find_role(occasion, role_name)
    _require_hand_out(occasion, role, context)
    level, id = level_of(context)
    if level not in role.levels:
        raise Invalid(
            _("The role ${role} cannot be granted here.", mapping={"role": role_title(role)}),
            "role",
        )
    if not user.grant(level, id, role.name):
        return False
    _note(occasion, "role_granted", user, role, level, id)
    return True


def revoke_role(occasion: Occasion, user: User, role_name: str, level: str, id: int) -> bool:
    """Take a granted role away; False when they do not have it.

    :param level: with `id` as stored, since the context may be gone
    :raises NotAllowed: as for granting
    :raises Conflict: nobody would be left who can administer roles
    """
    context = context_of(occasion.site, level, id)
    role = occasion.site.role(role_name)
    if role is None:
        occasion.require(Capability.ROLES_ASSIGN, context)
    else:
        _require_hand_out(occasion, role, occasion.site if context is None else context)
    if role_name not in user.granted(level, id):
        return False
    if role is not None and level == Level.SITE:
        require_other_admin(occasion, without_user=user, without_role=role_name)
    user.revoke(level, id, role_name)
    _note(occasion, "role_revoked", user, role_name, level, id)
    return True


def _note(occasion: Occasion, kind: str, user: User, role: Role | str, level: str, id: int) -> None:
    if is_self(occasion, user):
        occasion.forget_capabilities()
    name = role if isinstance(role, str) else role.name
    course = id if level == Level.COURSE else 0
    values = {"role": name, "level": str(level), "context": id}
    occasion.record(kind, subject=user.id, course=course, values=values)


def require_other_admin(
    occasion: Occasion,
    *,
    without_user: User | None = None,
    without_role: str = "",
    changed: tuple[str, frozenset[str]] | None = None,
) -> None:
    """See that an active account which can administer roles remains.

    :param without_user: who loses `without_role` ("": every role, by suspension)
    :param changed: role name and what it may do from now on
    :raises Conflict: there would be none
    """
    site = occasion.site

    def administers(role: Role, *, after: bool) -> bool:
        if after and changed is not None and changed[0] == role.name:
            return changed[1] >= ADMINISTER
        return role.capabilities >= ADMINISTER

    lost = False
    admin_roles = []
    for role in site.roles.values():
        if administers(role, after=True):
            admin_roles.append(role)
        elif administers(role, after=False):
            lost = True
        if (
            without_user is not None
            and (not without_role or role.name == without_role)
            and role.name in without_user.granted(Level.SITE, 0)
            and administers(role, after=False)
        ):
            lost = True
    if not lost:
        return
    for role in admin_roles:
        for _level, _id, user_id in site.user_index.holders_of(role.name, Level.SITE, 0):
            if (
                without_user is not None
                and user_id == without_user.id
                and (not without_role or role.name == without_role)
            ):
                continue
            user = site.users.get(user_id)
            if user is not None and user.status == "active":
                # Two admins who take each other's rights at the same moment meet here.
                role.guard += 1
                return
    raise Conflict(_("At least one active account must be able to administer roles."))
