"""What every request carries: `request.site`, `request.occasion`, `request.page`, theme values."""

from typing import Any

from pyramid.config import Configurator
from pyramid.decorator import reify
from pyramid.interfaces import IRequestExtensions, IRequestFactory
from pyramid.request import Request
from pyramid_zodbconn import get_connection

from modou.models.people import User
from modou.models.site import SITE_KEY, Site
from modou.services import sessions, settings
from modou.services.occasion import Occasion, Origin
from modou.web.page import Page, add_page_values
from modou.web.security import session_token
from modou.web.themes import theme_css


def site(request: Request) -> Site:
    root = get_connection(request).root()
    found: Site = root[SITE_KEY]
    return found


def occasion(request: Request) -> Occasion:
    """The occasion of this request: its actor is whom the session cookie names."""
    registry = request.registry
    actor = None
    token = session_token(request)
    if token:
        config = registry.modou_config
        known = sessions.find(
            request.site,
            token,
            registry.clock.seconds(),
            config["session_idle"],
            config["session_longest"],
        )
        if known is not None:
            actor = known[0]
            if known[1].asks_consent:
                # For `modou.web.views.consents`, which leads them there first.
                request.asks_consent = True
    return occasion_of(request, actor)


def occasion_of(request: Request, actor: User | None) -> Occasion:
    """An occasion of `actor` in the transaction of this request."""
    registry = request.registry
    return Occasion(
        request.site,
        hooks=registry.hooks,
        assembled=registry.assembled,
        clock=registry.clock,
        keys=registry.keys,
        tm=request.tm,
        actor=actor,
        # Not client_addr: that believes a header which everybody can send.
        origin=Origin(request.remote_addr or "", request.user_agent or ""),
        wake=registry.queue.ring,
        limits=registry.limits,
    )


def page(request: Request) -> Page:
    return Page(request)


def theme_frame(request: Request) -> dict[str, Any]:
    """The theme's values for templates: options as the operator set them, style sheets, version."""
    registry = request.registry
    revision = request.site.settings_revision
    cached = registry.theme_frame_cache
    if cached is None or cached["revision"] != revision:
        theme = registry.theme
        assets = theme.manifest.get("assets", {})
        occasion = request.occasion
        schema = settings.schema_of(occasion, settings.THEME)
        options = settings.read(occasion, settings.THEME, schema).model_dump()
        version = f"{theme.version}-{revision}"
        for name, option in theme.manifest.get("options", {}).items():
            if option["type"] == "image" and options.get(name):
                options[name] = request.route_path("theme_picture", version=version, name=name)
        css = [theme.find_static(path) for path in assets.get("css", ())]
        if theme_css(theme, options):
            css.append(request.route_path("theme_css", version=version))
        cached = {"revision": revision, "version": version, "options": options, "css_href": css}
        registry.theme_frame_cache = cached
    frame: dict[str, Any] = cached
    return frame


def includeme(config: Configurator) -> None:
    config.registry.theme_frame_cache = None
    config.add_request_method(site, "site", reify=True)
    config.add_request_method(occasion, "occasion", reify=True)
    config.add_request_method(page, "page", reify=True)
    config.add_request_method(theme_frame, "theme_frame", reify=True)
    config.add_subscriber(add_page_values, "pyramid.events.BeforeRender")


@reify
def cookies(request: Request) -> dict[str, str]:
    """As WebOb's, but parsed once."""
    return dict(Request.cookies.fget(request))


def settle(config: Configurator) -> None:
    """Make the class of requests, once everything was included.

    Pyramid makes one for each request, to hang on it what `add_request_method` brought: a tenth of
    the time of a small page. WebOb parses the cookies anew whenever they are asked for.
    """
    extensions = config.registry.queryUtility(IRequestExtensions)
    parent = config.registry.queryUtility(IRequestFactory, default=Request)
    made = type(
        "Request",
        (parent,),
        {
            "__doc__": "A request with what the application and its plugins put on it.",
            "__module__": __name__,
            "cookies": cookies,
            **extensions.methods,
            **extensions.descriptors,
        },
    )
    config.set_request_factory(made)
    config.commit()
    extensions.methods.clear()
    extensions.descriptors.clear()
