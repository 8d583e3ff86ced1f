"""The application: assembly only. Read it as the table of contents of a running site."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError
from pyramid.router import Router
from pyramid.session import JSONSerializer, SignedCookieSessionFactory
from transaction.interfaces import TransientError
from ZODB.DB import DB

from modou.clock import Clock, SystemClock
from modou.config import Config, read_config
from modou.errors import ConfigurationError
from modou.models.site import SITE_KEY
from modou.plugins import PluginHost
from modou.services import settings as settings_service
from modou.services.access import SiteAccess
from modou.services.founding import found_site
from modou.services.keys_check import are_its_keys, check_keys
from modou.services.letters import no_post
from modou.services.registry import Assembled
from modou.services.role_editing import adopt_capabilities
from modou.services.settings_schemas import theme_schema
from modou.services.throttle import Limits
from modou.store import evolve
from modou.store.opening import check_uri, explain, open_database, turn_to_open
from modou.store.vault import Keyring, VaultError, make_when_absent
from modou.web.page import FLASH_COOKIE, PageCache
from modou.web.requests import settle
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
    config = Configurator(settings={**FIXED_SETTINGS, **settings})
    try:
        configure(config, settings, clock)
        prepare_database(config.registry)
        settle(config)
        return config.make_wsgi_app()
    except BaseException:
        # Whoever mends the cause and tries again must not find the database locked.
        for database in getattr(config.registry, "_zodb_databases", {}).values():
            database.close()
        raise


def open_site(settings: dict[str, Any], clock: Clock | None = None) -> SiteAccess:
    """The site without its pages, for commands; close `access.database` at the end.

    Evolve steps may be open: a command that touches the site asks `refuse_open_steps` first.

    :raises ConfigurationError: with one sentence for the operator
    """
    registry = SimpleNamespace(post=no_post)
    assemble(registry, settings, clock)
    registry.database = open_database(settings.get("zodbconn.uri", ""))
    try:
        return found(registry, registry.database)
    except BaseException:
        registry.database.close()
        raise


def inspect_site(settings: dict[str, Any]) -> SiteAccess:
    """The site for looking only, also while another process has it open; nothing is made.

    :raises ConfigurationError: with one sentence for the operator, also when there is no site yet
    """
    registry = SimpleNamespace()
    assemble(registry, settings, None, make_keys=False)
    database = open_database(settings.get("zodbconn.uri", ""), read_only=True)
    with database.transaction() as connection:
        if SITE_KEY not in connection.root():
            database.close()
            raise ConfigurationError("the database holds no site yet: modou serve makes it")
    return SiteAccess(database, registry.hooks, registry.assembled, registry.clock, registry.keys)


def assemble(
    registry: Any, settings: dict[str, Any], clock: Clock | None, *, make_keys: bool = True
) -> None:
    """What a site is made of before its database and its pages: set on `registry`."""
    modou_config = registry.modou_config = read_config(settings)
    registry.clock = clock or SystemClock()
    registry.keys_are_new = make_keys and make_when_absent(modou_config["keys"])
    registry.keys = open_keys(modou_config)
    # The plugins first: everything else may ask what they declare.
    registry.hooks = PluginHost(modou_config["plugins"])
    registry.assembled = Assembled(registry.hooks)
    registry.theme = load_theme(modou_config["theme"], modou_config["themes"])
    registry.assembled.settings_schemas[settings_service.THEME] = theme_schema(
        registry.theme.manifest
    )
    settings_service.take_defaults(registry.assembled, modou_config.plugin_defaults)


def configure(config: Configurator, settings: dict[str, Any], clock: Clock | None = None) -> None:
    """All includes, in order, committed once."""
    registry = config.registry
    assemble(registry, settings, clock)
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
    try:
        config.commit()
    except ConfigurationConflictError as error:
        raise ConfigurationError(f"two plugins claim the same address or view: {error}") from error


def open_keys(config: Config) -> Keyring:
    """The keys file.

    :raises ConfigurationError: it cannot be read
    """
    try:
        return Keyring.from_file(config["keys"])
    except VaultError as error:
        raise ConfigurationError(f"modou.keys: {error}") from None


def refuse_new_keys(path: Path) -> None:
    """Take back the keys file that was made for a site that has another one already.

    :raises ConfigurationError: always
    """
    path.unlink(missing_ok=True)
    raise ConfigurationError(
        f"modou.keys: the keys file {path} is missing, and the site's data is encrypted with it: "
        "put your copy back"
    )


def include_database(config: Configurator) -> None:
    """pyramid_zodbconn, with the cause named when the database cannot be opened."""
    uri = config.registry.settings.get("zodbconn.uri", "")
    check_uri(uri)
    try:
        with turn_to_open(uri):
            config.include("pyramid_zodbconn")
    except Exception as error:
        raise ConfigurationError(explain(uri, error)) from error


def prepare_database(registry: Any) -> None:
    """Make the site in an empty database, and the access to it outside of requests.

    :raises ConfigurationError: the stored data is older than the code
    """
    registry.access = found(registry, registry._zodb_databases[""])  # noqa: SLF001 - its own name there
    with registry.access.database.transaction() as connection:
        evolve.refuse_open_steps(connection.root(), registry.assembled.evolve_steps)


def found(registry: Any, database: DB) -> SiteAccess:
    """Make the site when there is none, take note of plugins that are new to it.

    :raises ConfigurationError: the keys file is not this site's
    """
    for attempts_left in reversed(range(5)):
        try:
            with database.transaction() as connection:
                root = connection.root()
                if found_site(root):
                    log.info("made a new site")
                elif registry.keys_are_new and not are_its_keys(root[SITE_KEY], registry.keys):
                    refuse_new_keys(registry.modou_config["keys"])
                check_keys(root[SITE_KEY], registry.keys)
                new = evolve.welcome(
                    root,
                    tuple(registry.hooks.plugins),
                    registry.assembled.evolve_steps,
                    registry.clock.seconds(),
                )
                if new:
                    log.info("new to this site: plugin %s", ", ".join(new))
                given = adopt_capabilities(root[SITE_KEY], registry.assembled)
                if given:
                    log.info("default roles were given: %s", ", ".join(given))
            break
        except TransientError:
            # Several processes start at the same moment on one new database: one of them made it.
            if not attempts_left:
                raise
    return SiteAccess(
        database,
        registry.hooks,
        registry.assembled,
        registry.clock,
        registry.keys,
        registry.post,
    )
