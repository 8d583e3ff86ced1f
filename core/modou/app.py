"""The application: assembly only. Read it as the table of contents of a running site."""

import logging
from types import SimpleNamespace
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError
from pyramid.router import Router
from pyramid.session import JSONSerializer, SignedCookieSessionFactory
from ZODB.DB import DB

from modou.clock import Clock, SystemClock
from modou.config import Config, read_config
from modou.errors import ConfigurationError
from modou.models.site import SITE_KEY
from modou.plugins import PluginHost
from modou.services import settings as settings_service
from modou.services.access import SiteAccess
from modou.services.founding import prepare_site
from modou.services.jobs.waking import JobQueue, place_of_queue
from modou.services.letters import no_post
from modou.services.registry import Assembled
from modou.services.settings_schemas import theme_schema
from modou.services.studying import closing
from modou.services.throttle import Limits
from modou.services.uploads import Uploads
from modou.store.opening import open_database, turn_to_open
from modou.store.places import beside_blobs
from modou.store.spool import Spool
from modou.store.uris import check_uri, explain
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
    "retry.activate_hook": "modou.web.uploads.attempts",
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


def open_site(
    settings: dict[str, Any], clock: Clock | None = None, *, evolving: bool = False
) -> SiteAccess:
    """The site without its pages, for commands; close it at the end.

    :param evolving: also when evolve steps are open
    :raises ConfigurationError: with one sentence for the operator
    """
    registry = SimpleNamespace(post=no_post)
    assemble(registry, settings, clock)
    uri = settings.get("zodbconn.uri", "")
    access = access_to(registry, open_database(uri), uri)
    try:
        prepare_site(access, uri, registry.new_keys, evolving=evolving)
        return access
    except BaseException:
        access.close()
        raise


def inspect_site(settings: dict[str, Any]) -> SiteAccess:
    """The site for looking only, also while another process has it open; nothing is made.

    :raises ConfigurationError: with one sentence for the operator, also when there is no site yet
    """
    registry = SimpleNamespace(post=no_post)
    assemble(registry, settings, None, make_keys=False)
    uri = settings.get("zodbconn.uri", "")
    database = open_database(uri, read_only=True)
    with database.transaction() as connection:
        if SITE_KEY not in connection.root():
            database.close()
            raise ConfigurationError("the database holds no site yet: modou serve makes it")
    return access_to(registry, database, uri)


def assemble(
    registry: Any, settings: dict[str, Any], clock: Clock | None, *, make_keys: bool = True
) -> None:
    """What a site is made of before its database and its pages: set on `registry`."""
    modou_config = registry.modou_config = read_config(settings)
    registry.clock = clock or SystemClock()
    #: The keys file, when this start made it: right for a new site only, see `prepare_site`.
    registry.new_keys = None
    if make_keys and make_when_absent(modou_config["keys"]):
        registry.new_keys = modou_config["keys"]
    registry.keys = open_keys(modou_config)
    # Before workers are there, they need not be woken: they look first.
    registry.queue = JobQueue(
        place_of_queue(modou_config["jobs_store"], modou_config["keys"]),
        registry.keys,
        ringing=modou_config["jobs"] == "outside",
    )
    # The plugins first: everything else may ask what they declare.
    registry.hooks = PluginHost(modou_config["plugins"])
    registry.assembled = Assembled(registry.hooks)
    registry.assembled.login_times = (
        modou_config["session_idle"],
        modou_config["session_longest"],
    )
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
    # How the job that sends mails does it.
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
    # Large files, in pieces.
    config.include("modou.web.uploads")
    # Templates and static files of theme and core.
    config.include("modou.web.templating")
    config.include("modou.web.themes")
    # Errors to pages and problem JSON.
    config.include("modou.web.problems")
    # What programs may ask, below /api/v1.
    config.include("modou.web.api")
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
    uri = registry.settings["zodbconn.uri"]
    database = registry._zodb_databases[""]  # noqa: SLF001 - pyramid_zodbconn's own name there
    registry.access = access_to(registry, database, uri)
    prepare_site(registry.access, uri, registry.new_keys)
    # Study sessions whose players fell silent are closed by the process that served them.
    registry.access.every(closing.EVERY, closing.close_watched)


def access_to(registry: Any, database: DB, uri: str) -> SiteAccess:
    """The site in `database`, with the parts that `assemble` set on `registry`."""
    config = registry.modou_config
    registry.uploads = Uploads(
        Spool(config["uploads"] or beside_blobs(uri, "uploads")),
        registry.keys.fingerprint,
        limit=config["upload_limit"],
        limits=config["upload_limits"],
        quota=config["upload_quota"],
        lifetime=config["uploads_lifetime"],
    )
    return SiteAccess(
        database,
        registry.hooks,
        registry.assembled,
        registry.clock,
        registry.keys,
        registry.modou_config,
        registry.uploads,
        registry.post,
        registry.queue.ring,
    )
