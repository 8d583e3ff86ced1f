"""Who may act on whose account, and hand out which rights: nobody rises above themselves.

Changing an account means power over it: with a new e-mail address comes its password, with the
password everything that its owner may do. So whoever changes an account, or grants a role, must
be able to do all that it brings; or hold `roles:edit` on the site, since who decides what roles
may do decides that anyway (and leaves a trace in the audit trail).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from modou.errors import NotAllowed
from modou.i18n import _
from modou.models.people import User
from modou.permissions import Capability
from modou.services.occasion import Occasion

#: What a person may do with their own things only, or what everybody may: no power over others.
PERSONAL: frozenset[str] = frozenset(
    {
        Capability.COURSE_PREVIEW,
        Capability.COURSE_VIEW,
        Capability.ACTIVITY_VIEW,
        Capability.ENROL_SELF,
        Capability.PROGRESS_OWN,
        Capability.GRADE_VIEW_OWN,
    }
)


def roles_anywhere(occasion: Occasion, user: User) -> Iterator[str]:
    """Names of all roles that `user` has by grant, enrolment or office, wherever."""
    for names in user.grants.values():
        yield from names
    if user.leads:
        yield "class_teacher"
    for course_id in user.courses:
        course = occasion.site.courses.get(course_id)
        enrolment = course.enrolments.get(user.id) if course is not None else None
        if enrolment is not None:
            yield enrolment.role


def power_of(occasion: Occasion, roles: Iterable[str]) -> frozenset[str]:
    """What these roles may do to others."""
    sets = []
    for name in roles:
        role = occasion.site.role(name)
        if role is not None:
            sets.append(role.capabilities)
    return frozenset().union(*sets) - PERSONAL


def may_hand_out(occasion: Occasion, power: frozenset[str], context: Any = None) -> bool:
    """Whether the actor has all of `power` in `context`, or decides about roles anyway."""
    return occasion.can(Capability.ROLES_EDIT) or power <= occasion.capabilities(context)


def may_manage(occasion: Occasion, user: User) -> bool:
    """Whether the actor's rights reach over this account's."""
    return may_hand_out(occasion, power_of(occasion, roles_anywhere(occasion, user)))


def is_self(occasion: Occasion, user: User) -> bool:
    return occasion.actor is not None and occasion.actor.id == user.id


def require_over(occasion: Occasion, capability: str, user: User, context: Any = None) -> None:
    """The actor must have `capability` (in `context`, else where `user` belongs) and rights that
    reach over the account.

    :raises SignInNeeded:
    :raises NotAllowed:
    """
    occasion.require(capability, user if context is None else context)
    if not may_manage(occasion, user):
        raise NotAllowed(
            _("This account may do more than you. Somebody with the same rights must change it.")
        )
