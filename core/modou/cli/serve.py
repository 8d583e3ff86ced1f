"""`modou serve`: one process that serves the site of an .ini, on waitress or granian."""

import ctypes
import errno
import gc
import importlib
import logging
import signal
import socket
import sys
from contextlib import closing, suppress
from types import FrameType, ModuleType
from typing import Any, NoReturn

import click

from modou.cli.fronting import serving_front, take_beats_socket
from modou.cli.ini import Ini, config_option
from modou.cli.working import working
from modou.errors import ConfigurationError
from modou.services.access import SiteAccess
from modou.store import places

log = logging.getLogger(__name__)

DEFAULTS = {"host": "127.0.0.1", "port": "6543"}


@click.command()
@config_option
@click.option("--host", metavar="ADDRESS", help="Address to listen on, instead of the .ini's.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port to listen on, instead of the .ini's.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Begin with an empty site: what is in the database is lost (development only).",
)
def serve(config: Any, host: str | None, port: int | None, fresh: bool) -> None:
    """Serve the site until Ctrl-C (or SIGTERM).

    With modou.development = true an empty site is filled with the demonstration first.
    """
    share_arenas()
    ini = Ini(config)
    ini.set_up_logging()
    use = server_of(ini)
    server_settings = listening(ini, host, port)
    check_free(server_settings)
    beats_socket = take_beats_socket(server_settings)
    if fresh:
        start_afresh(ini)
    if use == "granian":
        from modou.cli import granian_server

        granian_server.run(ini, server_settings, beats_socket)
        return
    # What a start makes stays: looking through it for garbage, now and at every later collection,
    # costs time and finds nothing.
    gc.disable()
    app = ini.make_app()
    registry = made_registry()
    gc.freeze()
    gc.enable()
    # The database knows the end of the process only by being told: RelStorage keeps its cache then.
    with closing(registry.access):
        demo = load_demo() if registry.modou_config["development"] else None
        if demo is not None:
            fill_if_empty(demo, registry.access)
        server = make_server(app, server_settings)
        try:
            # Before anybody is told that it serves, and may tell it to stop.
            signal.signal(signal.SIGTERM, stop)
            with working(registry), serving_front(registry, beats_socket):
                announce(server, demo, registry.access)
                server.run()
        finally:
            server.close()
    click.echo("Stopped.")


def server_of(ini: Ini) -> str:
    """Which server the .ini wants: "waitress" or "granian".

    :raises ConfigurationError: another one
    """
    use = ini.server_settings().get("use", "egg:waitress#main")
    if use in {"egg:waitress", "egg:waitress#main"}:
        return "waitress"
    if use == "granian":
        return use
    raise ConfigurationError(
        f"{ini.path}, [server:main]: use = {use}; `modou serve` runs egg:waitress#main or granian"
    )


def listening(ini: Ini, host: str | None, port: int | None) -> dict[str, str]:
    """The settings of the .ini's `[server:main]`, with what the command line says instead."""
    settings = ini.server_settings()
    settings.pop("use", None)
    if host or port:
        settings.pop("listen", None)
        settings.pop("unix_socket", None)
    if host:
        settings["host"] = host
    if port:
        settings["port"] = str(port)
    if "listen" not in settings and "unix_socket" not in settings:
        settings = {**DEFAULTS, **settings}
    return settings


def share_arenas() -> None:
    """Let all threads share two heaps. glibc gives each thread one of its own, in which what was
    freed stays: a third more memory for nothing, since Python's threads take turns anyway."""
    arena_max = -8  # M_ARENA_MAX of malloc.h
    with suppress(OSError, AttributeError):  # another C library has no such thing
        ctypes.CDLL(None).mallopt(arena_max, 2)


def give_back_memory(access: SiteAccess) -> None:
    """After much work of one time: empty the caches that it filled, and let the system have it."""
    access.database.cacheMinimize()
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def check_free(settings: dict[str, str]) -> None:
    """See whether the address can be had, before time goes into opening the database."""
    if "port" not in settings:
        return
    host, port = settings["host"], settings["port"]
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ConfigurationError(f"[server:main]: port = {port!r} is no number from 1 to 65535")
    try:
        found = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _name, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        refuse_address(settings, error)


def refuse_address(settings: dict[str, str], error: OSError) -> NoReturn:
    """:raises ConfigurationError: always, with the reason why an address cannot be had"""
    host, port = settings.get("host", ""), settings.get("port", "")
    where = settings.get("listen") or settings.get("unix_socket") or f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        raise ConfigurationError(f"there is no host {host!r} on this network to listen on")
    if error.errno == errno.EADDRINUSE:
        hint = "" if not port.isdigit() else f": choose another one, e.g. --port {int(port) + 1}"
        what = f"port {port} of {host}" if port else where
        raise ConfigurationError(f"{what} is in use by another program{hint}")
    if error.errno == errno.EADDRNOTAVAIL:
        raise ConfigurationError(f"{host} is no address of this machine")
    if error.errno == errno.EACCES:
        raise ConfigurationError(
            f"this user may not listen on {where}: ports below 1024 are root's"
        )
    raise ConfigurationError(f"cannot listen on {where}: {error.strerror}")


def make_server(app: Any, settings: dict[str, str]) -> Any:
    """Waitress, bound to its address.

    :raises ConfigurationError: unknown or wrong setting, address that cannot be had
    """
    import waitress

    queue = logging.getLogger("waitress.queue")
    if queue.level == logging.NOTSET:
        # It warns of each request that waits for a thread, which is no fault: measured, the
        # warnings took more time than the pages.
        queue.setLevel(logging.ERROR)
    try:
        return waitress.create_server(app, **settings)
    except OSError as error:
        refuse_address(settings, error)
    except ValueError as error:
        raise ConfigurationError(f"[server:main]: {error}") from None


def made_registry() -> Any:
    """The registry of the application that was just made, whatever filters are around it."""
    from pyramid.config import global_registries

    return global_registries.last


def start_afresh(ini: Ini) -> None:
    """Take the database away (FileStorage in development only)."""
    if not ini.development:
        raise ConfigurationError(
            f"--fresh works only with modou.development = true, which {ini.path} does not say"
        )
    removed = places.remove_database(ini.app_settings().get("zodbconn.uri", ""))
    if removed:
        click.echo(f"Removed {', '.join(str(path) for path in removed)}.")


# -- the demonstration


def load_demo() -> ModuleType | None:
    """The package that fills a demonstration site; a slim installation may lack it."""
    try:
        return importlib.import_module("modou.demo")
    except ModuleNotFoundError as error:
        if error.name == "modou.demo":
            return None
        raise


def fill_if_empty(demo: ModuleType, access: SiteAccess) -> None:
    """Fill a site that has neither people nor courses."""
    with access.occasion() as occasion:
        site = occasion.site
        if len(site.users) or len(site.courses):
            return
    click.echo("The site is empty: filling it with the demonstration.")

    def progress(text: str) -> None:
        click.echo(f"  {text}")

    demo.fill(access, progress)
    give_back_memory(access)


def announce(server: Any, demo: ModuleType | None, access: SiteAccess) -> None:
    """Say where the site answers, and who can sign in to the demonstration."""
    addresses = getattr(server, "effective_listen", None)
    if addresses is None and hasattr(server, "effective_port"):
        addresses = [(server.effective_host, server.effective_port)]
    click.echo("")
    for host, port in addresses or ():
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only
        shown = f"[{shown}]" if ":" in shown else shown
        click.echo(f"Modou serves http://{shown}:{port}/")
    if not addresses:
        click.echo("Modou serves its unix socket.")
    logins = demo.logins(access) if demo is not None else ()
    for who, username, password in logins:
        click.echo(f"  {who:<12} {username:<16} {password}")
    click.echo("Ctrl-C stops it.")
    sys.stdout.flush()


def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does: requests under way are finished."""
    raise SystemExit(0)
