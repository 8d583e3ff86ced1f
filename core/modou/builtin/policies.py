"""The built-in answers to asking hooks about people."""

from collections.abc import Mapping, Sequence
from typing import Any

from modou.builtin.settings import BuiltinSettings
from modou.declarations import Deny, Verdict
from modou.i18n import _
from modou.models.people import User
from modou.permissions import Capability
from modou.services import settings
from modou.services.occasion import Occasion


def keep_out_during_maintenance(occasion: Occasion, user: User) -> Verdict:
    """Nobody but the administration signs in while the site is being worked on."""
    if not settings.read(occasion, "builtin", BuiltinSettings).maintenance:
        return None
    for name in occasion.site.roles_of(user, occasion.now):
        role = occasion.site.role(name)
        if role is not None and Capability.ADMIN_VIEW in role.capabilities:
            return None
    return Deny(_("The site is being worked on. Please come back later."))


def check_email_domain(occasion: Occasion, values: Mapping[str, Any]) -> Verdict:
    """Refuse addresses outside the allowed domains, when there are any."""
    domains = settings.read(occasion, "builtin", BuiltinSettings).email_domains
    if not domains:
        return None
    domain = str(values.get("email", "")).rpartition("@")[2].casefold()
    if domain in {allowed.strip().lstrip("@").casefold() for allowed in domains}:
        return None
    return Deny(
        _(
            "Please register with an address of ${domains}.",
            mapping={"domains": ", ".join(domains)},
        )
    )


def keep_out_suspended(users: Sequence[User]) -> Mapping[int, Verdict]:
    """Nobody enrols an account that is suspended."""
    reason = Deny(_("The account is suspended."))
    return {user.id: reason for user in users if user.status != "active"}
