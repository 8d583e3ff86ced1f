"""Links of the built-in plugin in the site's navigation."""

from modou.declarations import NavItem
from modou.i18n import _
from modou.permissions import Capability

_PEOPLE = _("People and rights")

PEOPLE = (
    NavItem("user", "profile", _("My profile"), "profile", "person", order=50),
    NavItem("main", "admin", _("Administration"), "admin", "settings", Capability.ADMIN_VIEW, 90),
    NavItem("admin", "overview", _("Overview"), "admin", "home", Capability.ADMIN_VIEW, 10),
    NavItem(
        "admin", "users", _("People"), "admin_users", "people", Capability.USER_VIEW, 210, _PEOPLE
    ),
    NavItem(
        "admin",
        "invitations",
        _("Invitations"),
        "admin_invitations",
        "mail",
        Capability.USER_INVITE,
        230,
        _PEOPLE,
    ),
    NavItem(
        "admin", "roles", _("Roles"), "admin_roles", "shield", Capability.ROLES_VIEW, 240, _PEOPLE
    ),
    NavItem(
        "admin",
        "audit",
        _("Audit trail"),
        "admin_audit",
        "history",
        Capability.AUDIT_VIEW,
        250,
        _PEOPLE,
    ),
)
