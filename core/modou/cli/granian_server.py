"""Serving on granian: for sites of several processes behind HAProxy.

granian reads requests and writes answers outside of Python, so that the threads which run Modou
do not wait for each other to let go of the interpreter. Measured (scripts/bench/README.md), a
page costs some 40 % less CPU than on waitress, which needs no more than Python and is what a
site of one process runs on. One granian process looks after one worker, so that HAProxy knows how
many requests each of them has.
"""

import functools
import gc
import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from multiprocessing.synchronize import Event
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import click

from modou.cli.fronting import serving_front
from modou.cli.ini import Ini
from modou.cli.working import working
from modou.errors import ConfigurationError, ModouError

#: What `[server:main]` may say, and what it means when it does not.
DEFAULTS = {"threads": "6", "trusted_proxy": "127.0.0.1"}
_KNOWN = {"host", "port", *DEFAULTS}
#: Seconds for requests under way when the process is told to stop.
GRACE = 20
#: Seconds after which granian ends an idle thread, the most that it takes.
_IDLE = 600
_REFUSED = 2

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def run(ini: Ini, settings: dict[str, str], beats_socket: Path | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    :param beats_socket: of the front, if there is to be one
    :raises ConfigurationError: unknown or wrong setting, granian is not installed
    """
    threads = check(ini, settings)
    try:
        from granian.constants import HTTPModes, Interfaces
        from granian.server import Server
    except ImportError:
        raise ConfigurationError(
            "[server:main] use = granian needs: pip install modou[granian]"
        ) from None
    refused = multiprocessing.Event()
    host, port = settings["host"], int(settings["port"])
    load = functools.partial(
        load_app, ini.path, settings["trusted_proxy"], (host, port), beats_socket, refused
    )
    server = Server(
        "modou",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=threads,
        blocking_threads_idle_timeout=_IDLE,
        workers_kill_timeout=GRACE,
        log_enabled=False,
    )
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit as ended:
        # The sentence was said by the worker.
        sys.exit(_REFUSED if refused.is_set() else ended.code)
    click.echo("Stopped.")


def check(ini: Ini, settings: dict[str, str]) -> int:
    """Fill in the defaults; the number of threads.

    :raises ConfigurationError: a setting that granian does not take
    """
    for name in settings:
        if name not in _KNOWN:
            raise ConfigurationError(
                f"{ini.path}, [server:main]: {name} is not for use = granian, which knows "
                f"{', '.join(sorted(_KNOWN))}"
            )
    for name, value in DEFAULTS.items():
        settings.setdefault(name, value)
    text = settings["threads"]
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise ConfigurationError(f"[server:main]: threads = {text!r} is no number from 1 to 64")
    return int(text)


def announce(host: str, port: int) -> None:
    """Say where the site answers, as soon as it does."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only
    for _try in range(3000):
        with suppress(OSError), socket.create_connection((shown, port), timeout=1):
            shown = f"[{shown}]" if ":" in shown else shown
            click.echo(f"\nModou serves http://{shown}:{port}/\nCtrl-C stops it.")
            sys.stdout.flush()
            return
        time.sleep(0.01)


def load_app(
    path: Path,
    trusted_proxy: str,
    address: tuple[str, int],
    beats_socket: Path | None,
    refused: Event,
) -> Wsgi:
    """The application; called in the worker.

    :param trusted_proxy: whose X-Forwarded-For and X-Forwarded-Proto are believed
    :param beats_socket: see `run`
    :param refused: set when the application cannot start for a reason the operator was told
    """
    from granian.utils.proxies import wrap_wsgi_with_proxy_headers
    from pyramid.config import global_registries

    gc.disable()
    background = ExitStack()
    try:
        ini = Ini(path)
        # granian has set up its own logging in between.
        ini.set_up_logging()
        app = ini.make_app()
        registry = global_registries.last
        # atexit is not for processes that multiprocessing starts.
        Finalize(None, registry.access.close, exitpriority=10)
        # Before the database is closed.
        Finalize(None, background.close, exitpriority=20)
        background.enter_context(working(registry))
        background.enter_context(serving_front(registry, beats_socket))
    except (ConfigurationError, ModouError) as error:
        click.echo(f"modou: {error}", err=True)
        refused.set()
        sys.exit(_REFUSED)
    # See modou.cli.serve.
    gc.freeze()
    gc.enable()
    # granian listens when this function has returned.
    threading.Thread(target=announce, args=address, daemon=True).start()
    wrapped: Wsgi = wrap_wsgi_with_proxy_headers(app, trusted_proxy.split())
    return wrapped
