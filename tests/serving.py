"""A site's application on a free port of this machine, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server


@contextmanager
def served(app: Any, threads: int = 4) -> Iterator[str]:
    """Serve `app` on waitress; its address.

    It is closed in the server's own thread, once that has nothing else to do: sockets that
    another thread closes would be gone while the server waits for them. The working threads go
    first, since they wake the server too: one that did so after the close would write into a
    pipe that is gone, or into whatever has its number by then.
    """
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=threads)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        # Under the lock: woken by an earlier call, the server would close before this one wakes it.
        with server.trigger.lock:
            server.trigger.thunks.append(lambda: _close(server))
            server.trigger.pull_trigger()
        thread.join(10)
    assert not thread.is_alive()


def _close(server: Any) -> None:
    """Close what is being sent too: a channel's own close leaves its files open."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    wasyncore.close_all(server._map)
