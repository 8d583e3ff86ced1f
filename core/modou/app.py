"""The application: assembly only. Read it as the table of contents of a running site."""

import logging
from typing import Any

from pyramid.config import Configurator
from pyramid.router import Router
from pyramid.session import JSONSerializer, SignedCookieSessionFactory

from modou.clock import Clock, SystemClock
from modou.config import Config, read_config
from modou.errors import ConfigurationError
from modou.models.site import SITE_KEY
from modou.plugins import PluginHost
from modou.services import settings as settings_service
from modou.services.access import SiteAccess
from modou.services.founding import found_site
from modou.services.registry import Assembled
from modou.services.roles import adopt_capabilities
from modou.services.settings_schemas import theme_schema
from modou.services.throttle import Limits
from modou.store.opening import check_uri, explain
from modou.store.vault import Keyring, VaultError
from modou.web.page import FLASH_COOKIE, PageCache
from modou.web.themes import load_theme

log = logging.getLogger(__name__)

#: What the .ini may leave out, since anything else would be wrong (see docs/explanation/store.md).
FIXED_SETTINGS = {
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.annotate_user": "false",
    "retry.attempts": "3",
}


def main(global_config: Any, clock: Clock | None = None, **settings: Any) -> Router:
    """The WSGI application of the .ini's section `[app:main]`.

    :param clock: another clock than the machine's, for tests
    :raises ConfigurationError: with one sentence for the operator
    """
    config = configure(settings, clock)
    prepare_database(config)
    return config.make_wsgi_app()


def configure(settings: dict[str, Any], clock: Clock | None = None) -> Configurator:
    """All includes, in order, committed once."""
    modou_config = read_config(settings)
    config = Configurator(settings={**FIXED_SETTINGS, **settings})
    registry = config.registry
    registry.modou_config = modou_config
    registry.clock = clock or SystemClock()
    registry.keys = open_keys(modou_config)
    # The plugins first: everything below may ask what they declare.
    registry.hooks = PluginHost(modou_config["plugins"])
    registry.assembled = Assembled(registry.hooks)
    registry.theme = load_theme(modou_config["theme"], modou_config["themes"])
    registry.assembled.settings_schemas[settings_service.THEME] = theme_schema(
        registry.theme.manifest
    )
    settings_service.take_defaults(registry.assembled, modou_config.plugin_defaults)
    registry.page_cache = PageCache()
    registry.limits = Limits()

    # Transactions: begun and ended around each request, repeated after a conflict.
    config.include("pyramid_tm")
    config.include("pyramid_retry")
    # The database of `zodbconn.uri`, a connection per request.
    include_database(config)
    # Mails leave after the commit.
    config.include("modou.web.mail")
    # Small signed cookie for messages on the next page; who is signed in is kept in the database.
    config.set_session_factory(
        SignedCookieSessionFactory(
            registry.keys.fingerprint("session cookie", "cookie").hex(),
            cookie_name=FLASH_COOKIE,
            httponly=True,
            samesite="Lax",
            serializer=JSONSerializer(),
        )
    )
    # request.site, request.occasion, request.page
    config.include("modou.web.requests")
    # Language, time zone, appearance.
    config.include("modou.web.i18n")
    # Who is asking; CSRF on every unsafe request.
    config.include("modou.web.security")
    # What browsers may load and keep.
    config.include("modou.web.headers")
    # How much one request may carry.
    config.include("modou.web.limits")
    # Templates and static files of theme and core.
    config.include("modou.web.templating")
    config.include("modou.web.themes")
    # Errors to pages and problem JSON.
    config.include("modou.web.problems")
    # Addresses, then the pages behind them.
    config.include("modou.web.routes")
    config.include("modou.web.views")
    # The plugins' pages; a route that two claim stops the start.
    registry.hooks.include(config)
    # One commit for all, so that conflicts between plugins show instead of the last one winning.
    config.commit()
    return config


def open_keys(config: Config) -> Keyring:
    """The keys file; made when it is absent.

    :raises ConfigurationError: it cannot be made or read
    """
    path = config["keys"]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Keyring.from_file(path) if path.exists() else Keyring.create(path)
    except VaultError as error:
        raise ConfigurationError(f"modou.keys: {error}") from None
    except OSError as error:
        raise ConfigurationError(
            f"modou.keys: cannot make the folder {error.filename} for {path}: {error.strerror}"
        ) from None


def include_database(config: Configurator) -> None:
    """pyramid_zodbconn, with the cause named when the database cannot be opened."""
    uri = config.registry.settings.get("zodbconn.uri", "")
    check_uri(uri)
    try:
        config.include("pyramid_zodbconn")
    except Exception as error:
        raise ConfigurationError(explain(uri, error)) from error


def prepare_database(config: Configurator) -> None:
    """Make the site in an empty database, and the access to it outside of requests."""
    registry = config.registry
    database = registry._zodb_databases[""]  # noqa: SLF001 - pyramid_zodbconn's own name
    with database.transaction("a new site") as connection:
        if found_site(connection.root()):
            log.info("made a new site")
    with database.transaction("capabilities of new plugins") as connection:
        new = adopt_capabilities(connection.root()[SITE_KEY], registry.assembled)
        if new:
            log.info("default roles were given: %s", ", ".join(new))
    registry.access = SiteAccess(
        database,
        registry.hooks,
        registry.assembled,
        registry.clock,
        registry.keys,
        registry.post,
    )
