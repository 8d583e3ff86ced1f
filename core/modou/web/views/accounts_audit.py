"""The audit trail as a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.view import view_config

from modou.declarations import Event
from modou.i18n import TranslationString, _
from modou.permissions import Capability
from modou.services import audit
from modou.services.roles import role_title
from modou.services.user_index import find_by_login
from modou.web.views.user_parts import admin_page, whole_number

#: Names of an event's values -> what they are called.
LABELS: dict[str, TranslationString] = {
    "accepted": _("accepted"),
    "added": _("added"),
    "count": _("in a row"),
    "expires": _("good until"),
    "fields": _("what"),
    "how": _("came by"),
    "id_type": _("document"),
    "level": _("where"),
    "levels": _("where"),
    "places": _("places"),
    "reason": _("reason"),
    "removed": _("removed"),
    "reset": _("password reset"),
    "role": _("role"),
    "state": _("state"),
    "title": _("title"),
}
#: Larger numbers are ids, or moments.
BIGGEST_NUMBER = 10**12


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
        subject=_person(request, event.subject) if event.subject != event.actor else ("", ""),
        course=course.title if course is not None else "",
        details=" · ".join(_details(request, event.values)),
    )


def _details(request: Request, values: Mapping[str, Any]) -> Iterator[str]:
    """The details that tell people something: no ids, labels in words."""
    translate = request.page.gettext
    for name, value in values.items():
        if value in ("", 0, None, [], False) or (isinstance(value, int) and value > BIGGEST_NUMBER):
            continue
        if name == "expires":
            text = request.page.when(value - 1, "date")
        elif name == "role" and (role := request.site.role(value)) is not None:
            text = translate(role_title(role))
        elif isinstance(value, list | tuple):
            text = " ".join(map(str, value))
        else:
            text = str(value)
        label = translate(LABELS[name]) if name in LABELS else name
        yield f"{label}: {text}" if value is not True else label


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
