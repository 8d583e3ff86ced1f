"""The page around every answer: what templates get as `page`, and whole pages kept ready.

Most of a page is the same for many readers. `render_cached` renders a template once per
*variant* (language, appearance, what the reader may do, what the page is about) with *leaves* in
place of what differs from reader to reader - name, CSRF token, state of each activity - and later
only fills in the leaves.
"""

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

from markupsafe import Markup, escape
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.i18n import TranslationString
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response

from modou.declarations import NavItem
from modou.services.settings import site_settings
from modou.web.i18n import translate

# With a part that nobody can guess, so that no author can write a leaf into a text.
_LEAF_BEGIN = f"\ue000{secrets.token_hex(8)}:"
_LEAF = re.compile(_LEAF_BEGIN + "([^\ue001]*)\ue001")
_CACHED_PAGES = 600

Filler = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a navigation; `method` "post" makes it a button."""

    title: str
    href: str
    icon: str = ""
    active: bool = False
    badge: str = ""
    method: str = "get"


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links under a heading."""

    title: str
    items: Sequence[Link]


@dataclass(frozen=True, slots=True)
class PageUser:
    """The reader, for the page's frame; leaves when the page is being prepared for the cache."""

    name: str
    username: str
    initial: str


class Page:
    """What a template knows beyond its own values. `fillers`: name -> function giving a leaf."""

    side_nav: Sequence[LinkGroup] = ()
    #: Route of the navigation item that is marked, where it is not the one nearest to the page's.
    place: str = ""

    def __init__(self, request: Request, fillers: Mapping[str, Filler] | None = None) -> None:
        self.request = request
        self.title = ""
        self.breadcrumbs: list[tuple[str, str | None]] = []
        self.fillers: dict[str, Filler] = {
            "csrf_token": lambda: escape(get_csrf_token(request)),
            "return_to": lambda: escape(request.path_qs),
            "user_name": lambda: escape(request.occasion.actor.display_name),
            "user_username": lambda: escape(request.occasion.actor.username),
            "user_initial": lambda: escape(request.occasion.actor.display_name[:1]),
            "slot": self._slot,
            **(fillers or {}),
        }

    # -- leaves

    def leaf(self, name: str, *args: int | str) -> Markup:
        """What differs from reader to reader; the filler's answer must be safe HTML."""
        return Markup(self.fillers[name](*map(str, args)))  # noqa: S704 - fillers give safe HTML

    @property
    def csrf_token(self) -> Markup:
        return self.leaf("csrf_token")

    @property
    def return_to(self) -> Markup:
        return self.leaf("return_to")

    # -- the frame

    @property
    def site_name(self) -> str:
        return site_settings(self.request.occasion).name

    @property
    def locale(self) -> str:
        name: str = self.request.locale_name
        return name

    @property
    def appearance(self) -> Mapping[str, str]:
        look: Mapping[str, str] = self.request.appearance
        return look

    @property
    def theme(self) -> Mapping[str, Any]:
        frame: Mapping[str, Any] = self.request.theme_frame
        return frame

    @property
    def user(self) -> PageUser | None:
        if self.request.occasion.actor is None:
            return None
        return PageUser(
            self.leaf("user_name"), self.leaf("user_username"), self.leaf("user_initial")
        )

    @property
    def nav(self) -> list[Link]:
        return self.links("main")

    @property
    def user_menu(self) -> list[Link]:
        return [
            *self.links("user"),
            Link(self.gettext("Sign out"), self.url("logout"), icon="sign-out", method="post"),
        ]

    @property
    def flashes(self) -> list[tuple[str, str]]:
        return take_flashes(self.request)

    def links(self, area: str, context: Any = None, **route_values: str) -> list[Link]:
        """The navigation items of `area` that the reader may see, plugins' ones included."""
        occasion = self.request.occasion
        items: list[NavItem] = [
            item
            for item in occasion.assembled.nav_items.values()
            if item.area == area
            and (item.capability is None or occasion.can(item.capability, context))
            and (occasion.actor is not None or not item.signed_in)
        ]
        items.sort(key=lambda item: item.order)
        here = self.place or _nearest(self.request, [item.route for item in items])
        return [
            Link(
                self.gettext(item.title),
                self.url(item.route, **route_values),
                icon=item.icon,
                active=here == item.route,
            )
            for item in items
        ]

    def groups(self, area: str, context: Any = None, **route_values: str) -> list[LinkGroup]:
        """As `links`, under the headings that the items name, in the order of first mention."""
        occasion = self.request.occasion
        heading = {
            item.route: self.gettext(item.group) if item.group else ""
            for item in occasion.assembled.nav_items.values()
        }
        routes = {
            self.url(item.route, **route_values): item.route
            for item in occasion.assembled.nav_items.values()
            if item.area == area
        }
        grouped: dict[str, list[Link]] = {}
        for link in self.links(area, context, **route_values):
            grouped.setdefault(heading.get(routes.get(link.href, ""), ""), []).append(link)
        return [LinkGroup(title, links) for title, links in grouped.items()]

    # -- helpers of templates

    def hole(self, name: str) -> Markup:
        """A part of the frame, from the template `holes/<name>.jinja2`."""
        environment = self.request.registry.jinja_environment
        template = environment.get_template(f"holes/{name}.jinja2")
        return Markup(  # noqa: S704 - autoescaped by Jinja
            template.render(page=self, request=self.request, _=self.gettext, gettext=self.gettext)
        )

    def slots(self, name: str) -> Markup:
        """What the plugins put into the slot `name` of this page."""
        if name not in self.request.registry.assembled.slots:
            return Markup("")
        return self.leaf("slot", name)

    def _slot(self, name: str) -> Markup:
        occasion = self.request.occasion
        out = []
        for plugin, slot in occasion.assembled.slots[name]:
            fragment = occasion.hooks.contain(
                "page_slots", plugin, slot.render, self.request, self.request.context
            )
            if fragment:
                out.append(escape(fragment))
        return Markup("").join(out)

    def static(self, path: str) -> str:
        """Address of a static file of the theme, good for ever."""
        address: str = self.request.registry.theme.find_static(path)
        return address

    def url(self, route: str, **values: Any) -> str:
        """Path of a route; `_query` and `_anchor` as in Pyramid."""
        path: str = self.request.route_path(route, **values)
        return path

    def gettext(
        self,
        message: str,
        mapping: Mapping[str, Any] | None = None,
        domain: str = "modou",
    ) -> str:
        """`message` in the reader's language, with `mapping` filled in."""
        if not isinstance(message, TranslationString):
            message = TranslationString(message, domain=domain)
        return translate(self.request.localizer, message, mapping)

    def in_domain(self, domain: str) -> Callable[..., str]:
        """`gettext` for the texts of a plugin: ``{% set _ = page.in_domain("acme_poll") %}``."""
        return partial(self.gettext, domain=domain)

    def when(self, seconds: int, style: str = "datetime") -> str:
        """A moment (seconds UTC) in the site's time zone: "date", "datetime", "time"."""
        text: str = self.request.format_time(seconds, style)
        return text


def _nearest(request: Request, routes: Sequence[str]) -> str:
    """Which of `routes` the present page belongs to: its own, or the longest that it begins with
    ("course_edit" belongs to "course", "admin_user_roles" to "admin_users")."""
    here = request.matched_route.name if request.matched_route else ""
    own = [r for r in routes if here == r or f"{here}_".startswith(r.removesuffix("s") + "_")]
    return max(own, key=len, default="")


class _PreparedPage(Page):
    """A page being rendered for the cache: every leaf is left open."""

    def leaf(self, name: str, *args: int | str) -> Markup:
        mark = _LEAF_BEGIN + "\x1f".join(str(a) for a in (name, *args)) + "\ue001"
        return Markup(mark)  # noqa: S704 - names and ids of ours

    @property
    def flashes(self) -> list[tuple[str, str]]:
        return []


Segments = list[bytes | tuple[str, tuple[str, ...]]]


class PageCache:
    """Rendered pages with open leaves, the least recently used dropped first; one per process."""

    def __init__(self, size: int = _CACHED_PAGES) -> None:
        self._size = size
        self._pages: OrderedDict[Hashable, Segments] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Segments | None:
        found = self._pages.get(key)
        if found is not None:
            with self._lock:
                if key in self._pages:
                    self._pages.move_to_end(key)
        return found

    def put(self, key: Hashable, segments: Segments) -> None:
        with self._lock:
            self._pages[key] = segments
            while len(self._pages) > self._size:
                self._pages.popitem(last=False)

    def __len__(self) -> int:
        return len(self._pages)


def split_leaves(html: str) -> Segments:
    """The text around the leaves as bytes, and the leaves as (name, arguments)."""
    segments: Segments = []
    position = 0
    for match in _LEAF.finditer(html):
        segments.append(html[position : match.start()].encode())
        name, *args = match[1].split("\x1f")
        segments.append((name, tuple(args)))
        position = match.end()
    segments.append(html[position:].encode())
    return segments


def render_cached(
    request: Request,
    template: str,
    key: Hashable,
    values: Callable[[Page], Mapping[str, Any]],
    fillers: Mapping[str, Filler] | None = None,
    context: Any = None,
    public: bool = False,
) -> Response:
    """A page from the cache, with its leaves filled in.

    :param key: everything that the page depends on, beside language, appearance, capabilities in
        `context` and the route; put a revision of what is shown into it
    :param values: called with the page when it must be rendered: sets its title and gives the
        template's values
    :param fillers: leaf name -> function of the leaf's arguments (as str) giving safe HTML
    :param public: a proxy may keep the page for visitors without any cookie of ours, for
        `modou.front_cache` seconds
    """
    occasion = request.occasion
    if public:
        allow_proxies(request)
    if has_flashes(request):
        page = Page(request, fillers)
        return _respond(request, _render(request, template, page, values(page)).encode())
    full_key = (
        template,
        key,
        request.locale_name,
        request.appearance_key,
        occasion.actor is not None,
        occasion.capabilities(context),
        occasion.capabilities(),
        request.theme_frame["version"],
        request.matched_route.name,
    )
    cache: PageCache = request.registry.page_cache
    segments = cache.get(full_key)
    if segments is None:
        prepared = _PreparedPage(request, fillers)
        segments = split_leaves(_render(request, template, prepared, values(prepared)))
        cache.put(full_key, segments)
    known = Page(request, fillers).fillers
    return _respond(
        request,
        b"".join(
            [
                segment if isinstance(segment, bytes) else known[segment[0]](*segment[1]).encode()
                for segment in segments
            ]
        ),
    )


def allow_proxies(request: Request) -> None:
    """Let a proxy keep the answer for a while, if it is the same for all who send no cookie of
    ours (language, appearance, messages, session)."""
    headers = request.response.headers
    headers["Vary"] = "Cookie"
    if not any(name.startswith(COOKIE_PREFIX) for name in request.cookies):
        seconds = request.registry.modou_config["front_cache"]
        headers["Cache-Control"] = f"public, max-age={seconds}"


def _render(request: Request, template: str, page: Page, values: Mapping[str, Any]) -> str:
    request.page = page
    text: str = render(template, dict(values), request=request)
    return text


def _respond(request: Request, body: bytes) -> Response:
    # Already text/html in UTF-8, as all of Pyramid's responses are at first.
    response = request.response
    response.body = body
    return response


def has_flashes(request: Request) -> bool:
    """Whether messages wait to be shown on the next page."""
    return FLASH_COOKIE in request.cookies


#: Every cookie of the site begins so.
COOKIE_PREFIX = "modou"
FLASH_COOKIE = "modou_flash"
_LEVELS = ("success", "info", "warning", "danger")


def take_flashes(request: Request) -> list[tuple[str, str]]:
    """The waiting messages as (level, text); they are shown once."""
    if not has_flashes(request) and "session" not in request.__dict__:
        return []
    session = request.session
    found = [(level, text) for level in _LEVELS for text in session.pop_flash(level)]
    if not session:
        session.invalidate()
        request.response.delete_cookie(FLASH_COOKIE, path="/")
    return found


def flash(request: Request, message: str, level: str = "success") -> None:
    """Show `message` on the next page. `level`: success, info, warning, danger."""
    request.session.flash(request.page.gettext(message), level)


def add_page_values(event: BeforeRender) -> None:
    """Give every template `page` and `_`."""
    request = event.get("request")
    if request is None:
        return
    page = request.page
    event.setdefault("page", page)
    event.setdefault("_", page.gettext)
