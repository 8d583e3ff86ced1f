"""What benchmarks of lean endpoints share that call the application in their own process: a POST by
WSGI, and many of them on threads with the CPU of their commits apart."""

import io
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any


def environ_of(method: str, path: str, body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request, without its `wsgi.input`."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def post(app: Any, path: str, body: bytes, token: str, **more: str) -> tuple[str, bytes]:
    """Status and body of the answer. `more`: further entries of the WSGI environment."""
    environ = {
        **environ_of("POST", path, body),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.input": io.BytesIO(body),
        **more,
    }
    said: list[str] = []
    answer = b"".join(app(environ, lambda status, headers, *_info: said.append(status)))
    return said[0], answer


class CommitTimes:
    """CPU seconds that the committer's thread uses to begin, savepoint and commit."""

    def __init__(self) -> None:
        self.spent = 0.0

    def watch(self, tm: Any) -> None:
        def timed(function: Callable[..., Any]) -> Callable[..., Any]:
            def run(*args: Any) -> Any:
                begin = time.thread_time()
                try:
                    return function(*args)
                finally:
                    self.spent += time.thread_time() - begin

            return run

        for name in ("begin", "savepoint", "commit"):
            setattr(tm, name, timed(getattr(tm, name)))

    def all_at_once(
        self, things: Iterable[Any], work: Callable[[Any], None], together: int
    ) -> tuple[float, float]:
        """Do `work` for each on so many threads; CPU seconds of it all, and of the commits."""
        waiting = iter(things)
        lock = threading.Lock()

        def go_on() -> None:
            while True:
                with lock:
                    thing = next(waiting, None)
                if thing is None:
                    return
                work(thing)

        threads = [threading.Thread(target=go_on) for _thread in range(together)]
        before, self.spent = time.process_time(), 0.0
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.process_time() - before, self.spent
