"""Work that goes on after the answer: a thread of the process for each piece.

What such work has done is in the database after every step, so that it can go on after the process
was killed; the thread itself knows nothing that would be missed.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


class Background:
    """The threads of one application. They do not keep the process alive."""

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def start(self, name: str, function: Callable[..., Any], *args: Any) -> None:
        """Call `function` in a thread of its own; what it raises is logged."""

        def run() -> None:
            try:
                function(*args)
            except Exception:
                # The end of the thread: nobody else would tell.
                log.exception("background work %s failed", name)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until all work is done; False when some is still going on after `seconds` each."""
        while True:
            with self._lock:
                threads = [t for t in self._threads if t is not threading.current_thread()]
            if not threads:
                return True
            for thread in threads:
                thread.join(seconds)
                if thread.is_alive():
                    return False
