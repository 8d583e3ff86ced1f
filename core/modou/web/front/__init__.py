"""The front: serves the endpoints that return a `Together` from one thread, by the thousand.

A beat takes little work and then waits for a commit that it shares with others. On the ordinary
servers each binds a thread meanwhile, and that many threads hand the interpreter to each other for
every beat costs several times as much as the beat: measured, 1,300 µs of 1,600. Here one thread
with an event loop reads what comes, hands it to the committer, and writes the answers of a whole
group when it is durable. Endpoints and answers are those of the ordinary server
(`modou.web.api.handling`).

It listens on a socket in the file system, which only HAProxy can open, run by the same user: so
HAProxy's word about the visitor is believed, and nobody else's needs to be feared.
"""

import asyncio
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from modou.errors import Busy, ConfigurationError
from modou.store.works import Task
from modou.web.api.calls import Call, Together
from modou.web.api.declaring import PREFIX, Endpoint
from modou.web.api.failures import NoSuchMethod
from modou.web.api.handling import (
    allowed_methods,
    begin_lean,
    end_lean,
    lean_problem,
    nothing_here,
)
from modou.web.front.connections import Answered, Connection, Host

log = logging.getLogger(__name__)

#: Seconds for what is under way when the process is told to stop.
GRACE = 20
#: Seconds between two looks at who waits for too long.
_SWEEP = 1.0
#: Connections that the system accepts before we do.
_BACKLOG = 2000
#: That are held at a time; HAProxy opens as many as it has requests under way.
_MOST_CONNECTIONS = 5000
#: What the kernel takes as the name of a socket.
_LONGEST_PATH = 100


class _Exchange(Task):
    """A request that waits for its work."""

    __slots__ = ("call", "connection", "front", "together")

    def __init__(
        self, front: "Front", connection: Connection, call: Call, together: Together[Any]
    ) -> None:
        super().__init__(call.access.work_of(together.work, together.actor, call.origin))
        self.front = front
        self.connection: Connection | None = connection
        self.call = call
        self.together = together

    def answer(self) -> None:
        self.front.wake(self)


class Front(Host):
    """See the module's docstring. A thread of its own from `start` to `stop`.

    :param registry: the application's
    :param path: of the socket; one that is left over is replaced
    """

    def __init__(self, registry: Any, path: Path) -> None:
        self.path = path
        self._registry = registry
        self._committer = registry.access.committer
        self._endpoints = {
            (one.route.method, one.address): one for one in registry.api.endpoints if one.deferred
        }
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._in_round = self._holding = False
        #: Requests of this round.
        self._gathered: list[_Exchange] = []
        self._waiting: set[_Exchange] = set()
        #: Filled by the committer's thread; whether the loop knows that something is in it.
        self._done: deque[_Exchange] = deque()
        self._woken = False
        self._stopping = False
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._serve, name="front", daemon=True)

    # -- from other threads

    def start(self) -> None:
        """Listen.

        :raises ConfigurationError: the socket cannot be made
        """
        try:
            self._socket = _listen(self.path)
        except OSError as error:
            self._loop.close()
            raise ConfigurationError(
                f"[server:main] beats_socket: cannot listen on {self.path}: {error.strerror}"
            ) from None
        self._thread.start()

    def stop(self, seconds: float = GRACE) -> None:
        """Take nothing new, answer what is under way, and end."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._begin_to_stop, seconds)
        self._thread.join(seconds + 5)

    def wake(self, exchange: _Exchange) -> None:
        """By the committer: this one has its result. One wake-up is enough for a group."""
        self._done.append(exchange)
        if not self._woken:
            self._woken = True
            # It is closed when the process could not wait for this any more.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)

    # -- the loop

    def _serve(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        with closing(loop):
            loop.add_reader(self._socket, self._accept)
            loop.call_later(_SWEEP, self._sweep)
            loop.run_forever()
            # What was written last goes out.
            loop.run_until_complete(asyncio.sleep(0))

    def _accept(self) -> None:
        """Take all who stand at the door. The loops' own servers may take one in each round, and
        rounds are as long as commits."""
        loop = self._loop
        for _number in range(_BACKLOG):
            try:
                made, _address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                # No more files: those that are open go on, and some of them will close.
                log.warning("the front takes no connections for a moment: %s", error.strerror)
                loop.remove_reader(self._socket)
                loop.call_later(_SWEEP, self._accept_again)
                return
            made.setblocking(False)
            task = loop.create_task(
                loop.connect_accepted_socket(lambda: Connection(self, loop), made)
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _accept_again(self) -> None:
        if not self._stopping:
            self._loop.add_reader(self._socket, self._accept)

    def _begin_to_stop(self, seconds: float) -> None:
        self._stopping = True
        self._loop.remove_reader(self._socket)
        self._socket.close()
        with suppress(OSError):
            self.path.unlink()
        self._loop.call_later(seconds, self._loop.stop)
        for connection in list(self._connections):
            connection.finish()
        self._end_when_empty()

    def _end_when_empty(self) -> None:
        if self._stopping and not self._connections:
            self._loop.stop()

    def _sweep(self) -> None:
        """Tell those who waited for too long, and close what nobody uses."""
        self._loop.call_later(_SWEEP, self._sweep)
        now = self._loop.time()
        for connection in list(self._connections):
            connection.sweep(now)
        # A task's times are of the same clock: time.monotonic.
        late = now - self._committer.longest_wait
        for exchange in [one for one in self._waiting if one.asked < late]:
            self._committer.withdraw(exchange)
            self._refuse(exchange, Busy())

    # -- one request

    def came(self, connection: Connection) -> bool:
        self._connections.add(connection)
        return not self._stopping and len(self._connections) <= _MOST_CONNECTIONS

    def went(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._end_when_empty()

    def begin_round(self) -> None:
        """The loop and the committer take turns, see `Committer.hold`: a round reads and answers
        whatever is there at this moment."""
        if not self._in_round:
            self._in_round = True
            self._holding = self._committer.hold()
            # After everything that the loop finds now.
            self._loop.call_soon(self._end_round)

    def find(self, method: str, path: str) -> Endpoint:
        endpoint = self._endpoints.get((method, path))
        if endpoint is not None:
            return endpoint
        if path.startswith(PREFIX):
            methods, _values = self._registry.api.find(path.removeprefix(PREFIX))
            if methods and method not in methods:
                raise NoSuchMethod(allowed_methods(methods))
        raise nothing_here()

    def problem(self, environ: dict[str, Any], error: Exception) -> Answered:
        if not environ["PATH_INFO"].startswith(PREFIX):
            # Whoever asks here is a program, whatever they ask for.
            environ = {**environ, "PATH_INFO": f"{PREFIX}/"}
        answer: Answered = lean_problem(environ, self._registry, error)
        return answer

    def begin(
        self,
        connection: Connection,
        endpoint: Endpoint,
        environ: dict[str, Any],
        body: Callable[[], bytes],
    ) -> None:
        call = Call(environ, self._registry, endpoint)
        try:
            exchange = _Exchange(self, connection, call, begin_lean(call, body))
        except Exception as error:  # noqa: BLE001 - answered, as by the ordinary server
            connection.answer(self.problem(environ, error))
            return
        self._gathered.append(exchange)

    def _end_round(self) -> None:
        """Hand on what has come."""
        self._in_round = False
        try:
            if self._gathered:
                self._submit()
        finally:
            if self._holding:
                self._committer.let_go()

    def _submit(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._waiting.update(gathered)
        try:
            self._committer.submit(gathered)
        except Busy:
            for exchange in gathered:
                # Each with a time of its own to come back.
                self._refuse(exchange, Busy())

    def _tell(self) -> None:
        """Answer those that are done."""
        self.begin_round()
        self._woken = False
        while self._done:
            exchange = self._done.popleft()
            call = exchange.call
            if exchange.connection is None:
                continue
            if exchange.error is not None:
                error = exchange.error
                self._refuse(
                    exchange, error if isinstance(error, Exception) else RuntimeError(repr(error))
                )
                continue
            try:
                answer = end_lean(call, exchange.together.answer(exchange.result))
            except Exception as error:  # noqa: BLE001 - as above
                self._refuse(exchange, error)
                continue
            self._waiting.discard(exchange)
            exchange.connection.answer(answer)

    def _refuse(self, exchange: _Exchange, error: Exception) -> None:
        connection, exchange.connection = exchange.connection, None
        self._waiting.discard(exchange)
        if connection is not None:
            connection.answer(self.problem(exchange.call.environ, error))


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, where it can be had: it costs a third."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _listen(path: Path) -> socket.socket:
    """:raises OSError: it cannot be had"""
    if len(bytes(path)) > _LONGEST_PATH:
        raise OSError(0, f"the name is longer than {_LONGEST_PATH} bytes")
    if path.is_socket():
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        # Nobody can connect before somebody listens.
        path.chmod(0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
