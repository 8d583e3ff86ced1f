"""The front of a process that serves (`modou.web.front`): where its socket is, start and end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modou.errors import ConfigurationError

#: Of `[server:main]`.
KEY = "beats_socket"
#: Stands in its value for the process's port.
PORT = "{port}"


def take_beats_socket(settings: dict[str, str]) -> Path | None:
    """Take the key out of the settings, which are the server's otherwise; None: no front.

    :raises ConfigurationError: it needs a port, and the process listens otherwise
    """
    value = settings.pop(KEY, "").strip()
    if not value:
        return None
    if PORT in value and "port" not in settings:
        raise ConfigurationError(f"[server:main] {KEY} says {PORT}, but there is no port")
    return Path(value.replace(PORT, settings.get("port", "")))


@contextmanager
def serving_front(registry: Any, path: Path | None) -> Iterator[None]:
    """Serve there meanwhile what is deferred, in a thread.

    :raises ConfigurationError: the socket cannot be made, or what this needs is not installed
    """
    if path is None:
        yield
        return
    try:
        from modou.web.front import Front
    except ImportError:
        raise ConfigurationError(f"[server:main] {KEY} needs: pip install modou[front]") from None
    front = Front(registry, path)
    front.start()
    try:
        yield
    finally:
        front.stop()
