"""The audit trail as a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.view import view_config

from modou.declarations import Event, JournalKind
from modou.i18n import TranslationString, _
from modou.permissions import Capability
from modou.services import audit
from modou.services.roles import role_title
from modou.services.teaching import find_by_code
from modou.services.user_index import find_by_login
from modou.web.views.user_parts import admin_page, whole_number

#: Fields in what an event says of "before" and "after" -> what they are called.
FIELDS: dict[str, TranslationString] = {
    "capacity": _("places"),
    "closes": _("closes"),
    "code": _("code"),
    "ends": _("end"),
    "level": _("level"),
    "number": _("number"),
    "occupation": _("occupation"),
    "occupation_code": _("occupation code"),
    "opens": _("opens"),
    "planned_number": _("planned learners"),
    "role": _("role"),
    "starts": _("start"),
    "status": _("state"),
    "title": _("title"),
    "visible": _("visible"),
}
#: Fields with moments in seconds UTC.
MOMENTS = {"closes", "ends", "opens", "starts"}
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
    """What happened, newest first, by kind, person, course and day."""
    occasion = request.occasion
    page = request.page
    admin_page(request, page.gettext(_("Audit trail")))
    kind = request.GET.get("kind", "")[:60]
    login = request.GET.get("user", "").strip()[:100]
    code = request.GET.get("course", "").strip()[:60]
    day = _day(request.GET.get("day", ""))
    person = find_by_login(occasion, login) if login else None
    course = find_by_code(occasion, code) if code else None
    trail = audit.TrailPage()
    unknown = (bool(login) and person is None) or (bool(code) and course is None)
    if not unknown:
        trail = audit.trail(
            occasion,
            kind=kind,
            user=person.id if person is not None else 0,
            course=course.id if course is not None else 0,
            day=day,
            before=whole_number(request.GET.get("before", "")),
        )
    wanted = (("kind", kind), ("user", login), ("course", code), ("day", day and day.isoformat()))
    query = {name: value for name, value in wanted if value}
    older = page.url("admin_audit", _query={**query, "before": trail.before})
    return {
        "rows": [_row(request, event) for event in trail.events],
        "kinds": sorted(
            ((name, page.gettext(title)) for name, title in audit.titles(occasion).items()),
            key=lambda pair: pair[1],
        ),
        "kind": kind,
        "login": login,
        "course": code,
        "day": day.isoformat() if day else "",
        "filtered": bool(query),
        "unknown": unknown,
        "older": older if trail.before else None,
        "newest": page.url("admin_audit", _query=query) if "before" in request.GET else None,
        "cut": trail.cut,
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _row(request: Request, event: Event) -> Row:
    kind = request.occasion.assembled.journal_kinds.get(event.kind)
    course = request.site.courses.get(event.course) if event.course else None
    return Row(
        time=event.time // 1_000_000,
        what=request.page.gettext(kind.title) if kind else event.kind,
        kind=event.kind,
        actor=_person(request, event.actor),
        subject=_person(request, event.subject) if event.subject != event.actor else ("", ""),
        course=course.title if course is not None else "",
        details=" · ".join(_details(request, kind, event.values)),
    )


def _details(
    request: Request, kind: JournalKind | None, values: Mapping[str, Any]
) -> Iterator[str]:
    """The details that tell people something: what its kind gives a title."""
    fields = kind.values.model_fields if kind is not None and kind.values is not None else {}
    changes = isinstance(values.get("before"), Mapping)
    if changes:
        yield from _changes(request, values["before"], values.get("after") or {})
    for name, value in values.items():
        field = fields.get(name)
        if kind is not None and (field is None or field.title is None):
            continue
        if value in ("", 0, None, [], False) or (isinstance(value, int) and value > BIGGEST_NUMBER):
            continue
        if changes and name in ("before", "after", "fields"):
            if name == "fields" and (others := [f for f in value if f not in values["before"]]):
                yield " ".join(_field(request, other) for other in others)
            continue
        label = request.page.gettext(field.title) if field is not None and field.title else name
        text = _text(request, name, value)
        if field is not None and isinstance(extra := field.json_schema_extra, dict):
            text = request.page.when(value - 1, "date") if extra.get("show") == "day" else text
        yield f"{label}: {text}" if value is not True else label


def _changes(
    request: Request, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    for name, old in before.items():
        new = after.get(name)
        yield f"{_field(request, name)}: {_text(request, name, old)} → {_text(request, name, new)}"


def _field(request: Request, name: str) -> str:
    return request.page.gettext(FIELDS[name]) if name in FIELDS else name


def _text(request: Request, name: str, value: Any) -> str:
    translate = request.page.gettext
    if value in ("", None) or (name in MOMENTS and not value):
        return "–"
    if isinstance(value, bool):
        return str(translate(_("yes") if value else _("no")))
    if name in MOMENTS:
        return str(request.page.when(value))
    if name == "fields":
        return " ".join(_field(request, one) for one in value)
    if name == "role" and (role := request.site.role(value)) is not None:
        return str(translate(role_title(role)))
    if isinstance(value, float):
        return f"{value:g}"
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
