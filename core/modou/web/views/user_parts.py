"""What the profile and the administration of people show alike."""

import re
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from modou.i18n import _
from modou.models.people import User
from modou.models.site import Site
from modou.services import sessions

#: Name in the User-Agent -> what people call it; the first that is found counts.
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("QQBrowser", "QQ 浏览器"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in browser. `name` stands for it in forms: the key itself never leaves the server.
    Times in seconds UTC."""

    key: bytes
    name: str
    device: str
    ip: str
    created: int
    seen: int


def session_rows(request: Request, user: User) -> list[SessionRow]:
    """The sessions of `user` that are alive, the last seen first."""
    config = request.registry.modou_config
    now = request.occasion.now
    rows = [
        SessionRow(key, key.hex()[:16], device(request, s.agent), s.ip, s.created, s.seen)
        for key, s in sessions.of_user(request.site, user)
        if now - s.seen <= config["session_idle"] and now - s.created <= config["session_longest"]
    ]
    return sorted(rows, key=lambda row: -row.seen)


def device(request: Request, agent: str) -> str:
    """A User-Agent in words: `Chrome · Windows`."""
    browser = next((name for mark, name in _BROWSERS if re.search(rf"\b{mark}", agent)), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    words = " · ".join(word for word in (browser, system) if word)
    return words or request.page.gettext(_("Unknown device"))


def context_title(request: Request, context: Any) -> str:
    """What people call the context of a grant."""
    if isinstance(context, Site):
        return request.page.gettext(_("Whole site"))
    return str(context.title)


def admin_page(request: Request, title: str, *crumbs: tuple[str, str]) -> None:
    """The frame of an administration page; crumbs are (title, path)."""
    page = request.page
    page.title = title
    page.side_nav = page.groups("admin")
    page.breadcrumbs = [*crumbs, (title, None)] if crumbs else []


def whole_number(text: str) -> int:
    """A number from an address or a form; 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
