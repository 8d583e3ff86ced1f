"""One connection to the front: HTTP/1.1 read and written, one request at a time.

httptools (llhttp, the parser of Node.js) reads; this adds what a server has to mind: limits, times,
headers as WSGI spells them.
"""

import asyncio
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import Any, Protocol

import httptools

from modou.errors import ModouError
from modou.i18n import _
from modou.web.api.declaring import Endpoint
from modou.web.api.handling import LeanAnswer

#: Bytes of a request's line and headers.
MOST_HEAD = 32_768
#: Seconds in which a request has to be here, from its first byte to its last.
REQUEST_TIME = 15.0
#: Seconds that a connection may be unused. HAProxy closes those that it does not need sooner.
IDLE_TIME = 90.0
#: Seconds for what still comes behind a request that was refused.
LINGER_TIME = 5.0
#: Names of headers that are remembered: anybody could make up others.
_MOST_NAMES = 200

#: Header -> its key in a WSGI environ; "" for those that are dropped.
_names: dict[bytes, str] = {}
#: (status, has a body) -> the first lines of a lean answer.
_heads: dict[tuple[str, bool], bytes] = {}
#: The header Date and the second that it is for.
_date = (0, b"")
_BASE: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/api/",
    "QUERY_STRING": "",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


class Answered(Protocol):
    """An answer of WebOb, or a lean one."""

    status: Any
    headerlist: Any
    body: bytes


class BadRequest(ModouError):
    """No request that this server understands."""

    status = 400
    code = "request"
    title = _("This cannot be read")

    def __init__(self) -> None:
        super().__init__(_("This is no request of HTTP/1.1 with a body of known length."))


class HeadTooLarge(ModouError):
    """More headers than anybody needs."""

    status = 431
    code = "headers"
    title = _("This cannot be read")

    def __init__(self) -> None:
        super().__init__(_("The headers are too large."))


class TooSlow(ModouError):
    """The rest of the request did not come."""

    status = 408
    code = "slow"
    title = _("This cannot be read")

    def __init__(self) -> None:
        super().__init__(_("The request did not arrive in time."))


class Host(ABC):
    """What connections ask for: the front."""

    @abstractmethod
    def came(self, connection: "Connection") -> bool:
        """A connection was made; whether it may stay."""

    @abstractmethod
    def went(self, connection: "Connection") -> None:
        """It is gone."""

    @abstractmethod
    def begin_round(self) -> None:
        """Something is about to be read."""

    @abstractmethod
    def find(self, method: str, path: str) -> Endpoint:
        """Who answers this.

        :raises ModouError: nobody
        """

    @abstractmethod
    def problem(self, environ: dict[str, Any], error: Exception) -> Answered:
        """The answer for an error."""

    @abstractmethod
    def begin(
        self,
        connection: "Connection",
        endpoint: Endpoint,
        environ: dict[str, Any],
        body: Callable[[], bytes],
    ) -> None:
        """A request is there; the connection's `answer` is called, now or later."""


class Connection(asyncio.Protocol):
    """See the module's docstring."""

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        self._host = host
        self._loop = loop
        #: A request has begun and is not here yet; it is here and waits for its answer.
        self._reading = self._waiting = False
        #: Nothing comes after this request; what still comes is thrown away.
        self._last = self._deaf = False
        #: Since when it reads, or was not used.
        self._since = loop.time()
        self._begin_afresh()

    def _begin_afresh(self) -> None:
        self._environ = _BASE.copy()
        self._url = b""
        self._received = 0
        self._body: list[bytes] = []
        self._endpoint: Endpoint | None = None

    # -- of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._parser = httptools.HttpRequestParser(self)
        if not self._host.came(self):
            transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._deaf = True
        self._host.went(self)

    def pause_writing(self) -> None:
        # Whoever asks and does not read the answers.
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._host.begin_round()
        if self._deaf:
            return
        if self._waiting:
            # Nobody may ask again before the answer.
            self._last = self._deaf = True
            return
        if not self._reading:
            self._reading = True
            self._since = self._loop.time()
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # The request itself is answered; another protocol is not spoken here.
            self._last = self._deaf = True
        except httptools.HttpParserError:
            self._not_understood()
        if self._reading and self._endpoint is None and self._received > MOST_HEAD:
            self._refuse(HeadTooLarge())

    def _not_understood(self) -> None:
        if self._waiting:
            # What comes behind a good request.
            self._last = self._deaf = True
        else:
            self._refuse(BadRequest())

    # -- of the parser

    def on_message_begin(self) -> None:
        if self._waiting:
            self._last = self._deaf = True

    def on_url(self, url: bytes) -> None:
        if not self._deaf:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._deaf:
            return
        key = _names.get(name)
        if key is None:
            key = _key_of(name)
        text = value.decode("latin-1")
        if key in self._environ:
            text = self._environ[key] + ("; " if key == "HTTP_COOKIE" else ", ") + text
        self._environ[key] = text

    def on_headers_complete(self) -> None:
        if self._deaf:
            return
        environ = self._environ
        environ.pop("", None)
        path, _mark, query = self._url.partition(b"?")
        environ["REQUEST_METHOD"] = method = self._parser.get_method().decode("latin-1")
        environ["PATH_INFO"] = found = path.decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")
        environ["REMOTE_ADDR"] = environ.pop("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if environ.pop("HTTP_X_FORWARDED_PROTO", "") == "https":
            environ["wsgi.url_scheme"] = "https"
        try:
            endpoint = self._endpoint = self._host.find(method, found)
        except ModouError as error:
            self._refuse(error)
            return
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > endpoint.route.body_limit or "HTTP_TRANSFER_ENCODING" in environ:
            # The endpoint says what is wrong with it, without the body.
            self._last = self._deaf = True
            self._begin(endpoint)
        elif length and environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if not self._deaf:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._deaf or self._endpoint is None:
            return
        self._reading = False
        if not self._parser.should_keep_alive():
            self._last = True
        self._begin(self._endpoint)

    # -- answers

    def _begin(self, endpoint: Endpoint) -> None:
        self._waiting = True
        parts = self._body
        self._host.begin(self, endpoint, self._environ, lambda: b"".join(parts))

    def _refuse(self, error: ModouError) -> None:
        """Answer what is no request, or is not here yet, and hear no more."""
        self._last = self._deaf = True
        self.answer(self._host.problem(self._environ, error))

    def answer(self, answer: Answered) -> None:
        """Write the answer to the request that waits."""
        transport = self._transport
        self._waiting = False
        self._since = self._loop.time()
        if transport.is_closing():
            return
        if isinstance(answer, LeanAnswer):
            lines = [_lean_head(answer)]
            if answer.body:
                lines.append(b"Content-Length: %d\r\n" % len(answer.body))
        else:
            lines = [f"HTTP/1.1 {answer.status}\r\n".encode()]
        if answer.headerlist:
            lines.append(_lines(answer.headerlist))
        lines.append(_date_line())
        lines.append(b"Connection: close\r\n\r\n" if self._last else b"\r\n")
        lines.append(answer.body)
        transport.write(b"".join(lines))
        if not self._last:
            self._begin_afresh()
        elif not self._reading:
            transport.close()
        else:
            # Closed with something unread, the system would take the answer back as well.
            self._deaf = True
            transport.write_eof()

    def finish(self) -> None:
        """Take no further request."""
        if self._reading or self._waiting:
            self._last = True
        else:
            self._transport.close()

    def sweep(self, now: float) -> None:
        """Close what is too slow or not used any more. `now`: by the loop's clock."""
        if self._waiting:
            return
        since = now - self._since
        if self._deaf:
            if since > LINGER_TIME:
                self._transport.abort()
        elif self._reading:
            if since > REQUEST_TIME:
                self._refuse(TooSlow())
        elif since > IDLE_TIME:
            self._transport.close()


def _key_of(name: bytes) -> str:
    """The key of a header in a WSGI environ. Those with _ are dropped: to applications they are the
    same as those with -, which HAProxy sets."""
    text = name.decode("latin-1").upper()
    key = text.replace("-", "_")
    if "_" in text:
        key = ""
    elif key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        key = f"HTTP_{key}"
    if len(_names) < _MOST_NAMES:
        _names[name] = key
    return key


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Lines of a head; what a value has of line ends is taken out of it."""
    made = [" ".join(f"{name}: {value}".splitlines()) for name, value in headers]
    return "".join(f"{line}\r\n" for line in made).encode("latin-1", "replace")


def _lean_head(answer: LeanAnswer) -> bytes:
    key = (answer.status, bool(answer.body))
    head = _heads.get(key)
    if head is None:
        status = f"HTTP/1.1 {answer.status}\r\n".encode()
        head = _heads[key] = status + _lines(answer.usual)
    return head


def _date_line() -> bytes:
    global _date  # noqa: PLW0603 - made once in a second for all connections
    now = int(time.time())
    if _date[0] != now:
        _date = (now, f"Date: {formatdate(now, usegmt=True)}\r\n".encode())
    return _date[1]
