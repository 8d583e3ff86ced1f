"""People who go on sending over HTTP whatever happens to the server, and remember what was
acknowledged: for crash tests. `tests.beating` and `tests.answering` say what they send."""

import http.client
import json
import socket
import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


class UnixConnection(http.client.HTTPConnection):
    """To a socket in the file system."""

    def __init__(self, path: Path, timeout: float = 20) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


#: Where a site answers: a port of this machine, or the socket of a front.
Place = int | Path


def connection_to(place: Place) -> http.client.HTTPConnection:
    if isinstance(place, Path):
        return UnixConnection(place)
    return http.client.HTTPConnection("127.0.0.1", place, timeout=60)


class Known(Protocol):
    """What a person was told: numbers of the newest that was acknowledged, and sent."""

    acknowledged: int
    sent: int


T = TypeVar("T", bound=Known)


class Person(Generic[T]):
    """Sends some ten times a second, and again, the same, what was not acknowledged.

    :ivar failed: how often something was refused, or cut off
    :ivar bad: answers that should never come
    """

    path: str

    def __init__(self, told: T, headers: dict[str, str]) -> None:
        self.told = told
        self.bad: list[str] = []
        self.failed = 0
        self._headers = {"Content-Type": "application/json", **headers}

    @abstractmethod
    def body(self) -> Any:
        """What is to be sent now; the same as long as nothing was acknowledged."""

    @abstractmethod
    def take(self, answer: Any) -> None:
        """It was answered: note what this acknowledges."""

    def go_on(self, place: Place, stop: threading.Event) -> None:
        """Until `stop`, or until something bad came."""
        connection: http.client.HTTPConnection | None = None
        while not stop.is_set() and not self.bad:
            try:
                if connection is None:
                    connection = connection_to(place)
                connection.request("POST", self.path, json.dumps(self.body()), self._headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
                self.failed += 1
                stop.wait(0.05)
                continue
            if answer.status == 200:
                self.take(json.loads(text))
                stop.wait(0.1)
                continue
            self.failed += 1
            if answer.status != 503:
                self.bad.append(f"{answer.status} {text[:300]!r}")
            stop.wait(0.05)
        if connection is not None:
            connection.close()


P = TypeVar("P", bound=Person[Any])


class Crowd(Generic[P]):
    """Some of them, on threads.

    ::

        crowd.begin(place)
        …                                     # the server is killed, and started again
        crowd.end()
    """

    def __init__(self) -> None:
        #: By what `compare` of their kind knows them.
        self.people: dict[int, P] = {}
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def begin(self, place: Place) -> None:
        self._stop.clear()
        self._threads = [
            threading.Thread(target=person.go_on, args=(place, self._stop), daemon=True)
            for person in self.people.values()
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def told(self) -> dict[int, Any]:
        return {id: person.told for id, person in self.people.items()}

    @property
    def acknowledged(self) -> int:
        return sum(person.told.acknowledged for person in self.people.values())

    @property
    def failed(self) -> int:
        return sum(person.failed for person in self.people.values())

    def bad(self) -> Sequence[str]:
        return [text for person in self.people.values() for text in person.bad]

    def more(self, count: int, seconds: float = 30) -> None:
        """Wait for so many more acknowledgements."""
        wanted = self.acknowledged + count
        self._until(lambda: self.acknowledged >= wanted, seconds)

    def until_failed(self) -> None:
        """Wait until something was refused or cut off."""
        before = self.failed
        self._until(lambda: self.failed > before, 90)

    def _until(self, done: Callable[[], bool], seconds: float) -> None:
        pause = threading.Event()
        for _try in range(int(seconds * 100)):
            if done():
                return
            assert not self.bad(), self.bad()
            pause.wait(0.01)
        raise AssertionError("it does not get on")

    def check_found(self, found: Any) -> None:
        """Assert that nothing is lost or twice, nor the journal damaged."""
        assert self.bad() == []
        assert (found.lost, found.twice, found.faults) == (0, 0, 0), found
