"""The audit trail as a page."""

from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.view import view_config

from modou.declarations import Event
from modou.i18n import _
from modou.permissions import Capability
from modou.services import audit
from modou.services.user_index import find_by_login
from modou.web.views.user_parts import admin_page, whole_number


@dataclass(frozen=True, slots=True)
class Row:
    """An event in words. `time` in seconds UTC; people as (name, path or "")."""

    time: int
    what: str
    kind: str
    actor: tuple[str, str]
    subject: tuple[str, str]
    course: str
    details: str


@view_config(
    route_name="admin_audit", permission=Capability.AUDIT_VIEW, renderer="admin_audit.jinja2"
)
def admin_audit(request: Request) -> dict[str, Any]:
    """What happened, newest first, by kind and by person."""
    occasion = request.occasion
    page = request.page
    admin_page(request, page.gettext(_("Audit trail")))
    kind = request.GET.get("kind", "")[:60]
    login = request.GET.get("user", "").strip()[:100]
    person = find_by_login(occasion, login) if login else None
    trail = audit.TrailPage()
    if person is not None or not login:
        trail = audit.trail(
            occasion,
            kind=kind,
            user=person.id if person is not None else 0,
            before=whole_number(request.GET.get("before", "")),
        )
    query = {name: value for name, value in (("kind", kind), ("user", login)) if value}
    older = page.url("admin_audit", _query={**query, "before": trail.before})
    return {
        "rows": [_row(request, event) for event in trail.events],
        "kinds": sorted(
            ((name, page.gettext(title)) for name, title in audit.KINDS.items()),
            key=lambda pair: pair[1],
        ),
        "kind": kind,
        "login": login,
        "unknown": bool(login) and person is None,
        "older": older if trail.before else None,
        "newest": page.url("admin_audit", _query=query) if "before" in request.GET else None,
        "cut": trail.cut,
    }


def _row(request: Request, event: Event) -> Row:
    title = audit.KINDS.get(event.kind)
    course = request.site.courses.get(event.course) if event.course else None
    return Row(
        time=event.time // 1_000_000,
        what=request.page.gettext(title) if title else event.kind,
        kind=event.kind,
        actor=_person(request, event.actor),
        subject=_person(request, event.subject),
        course=course.title if course is not None else "",
        details=", ".join(f"{name}: {_text(value)}" for name, value in event.values.items()),
    )


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


def _person(request: Request, id: int) -> tuple[str, str]:
    if not id:
        return "", ""
    user = request.site.users.get(id)
    if user is None:
        return request.page.gettext(_("(deleted)")), ""
    path = ""
    if request.occasion.can(Capability.USER_VIEW):
        path = request.route_path("admin_user", user=user.key)
    return user.display_name, path


def includeme(config: Configurator) -> None:
    config.scan(__name__)
