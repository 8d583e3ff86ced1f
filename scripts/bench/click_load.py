"""The visitors of `clicks.py`: each keeps a connection open and clicks on a page now and then.

A process of its own, so that what it costs can be told apart; one thread and bare sockets.

    python click_load.py PLAN.json      (written by clicks.py; the answer is one line of JSON)

All connections are opened before the first click. Latency counts from the moment at which a visitor
wanted to click to the last byte of the page.
"""

import json
import random
import resource
import select
import socket
import sys
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

_PATIENCE = 60


class Visitor:
    """A connection and who sits behind it. `due`: when the click was wanted; `left`: bytes to come
    of the answer, -1 while its head is not here, -2 for one in chunks."""

    __slots__ = ("buffer", "due", "left", "request", "sock", "status", "waiting")

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.sock: socket.socket | None = None
        self.buffer = b""
        self.left = -1
        self.due = 0.0
        self.status = ""
        self.waiting = False


class Clicks:
    """See the module's docstring.

    :param plan: host, port, path, cookies, must (a text that each page holds), zipped; pause and
        seconds, or within: all click once in so many seconds
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.address = (plan["host"], plan["port"])
        self.must = plan["must"].encode()
        zipped = "Accept-Encoding: gzip\r\n" if plan["zipped"] else ""
        self.visitors = [
            Visitor(
                (
                    f"GET {plan['path']} HTTP/1.1\r\nHost: {plan['host']}:{plan['port']}\r\n"
                    f"Cookie: modou={cookie}\r\n{zipped}\r\n"
                ).encode()
            )
            for cookie in plan["cookies"]
        ]
        self.zipped: bool = plan["zipped"]
        chosen = random.Random(1)  # noqa: S311 - moments of clicks
        if plan["within"]:
            self.moments = [
                (chosen.random() * plan["within"], visitor) for visitor in self.visitors
            ]
        else:
            self.moments = [
                (chosen.random() * plan["pause"] + turn * plan["pause"], visitor)
                for turn in range(max(1, int(plan["seconds"] / plan["pause"])))
                for visitor in self.visitors
            ]
        self.moments.sort(key=lambda pair: pair[0])
        self.poll = select.epoll()
        self.by_number: dict[int, Visitor] = {}
        self.latencies = array("d")
        self.statuses: Counter[str] = Counter()
        self.late = 0.0
        self.busy = 0
        self.under_way = 0
        self.bytes = 0

    def connect(self, visitor: Visitor) -> socket.socket:
        sock = socket.create_connection(self.address, timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        visitor.sock = sock
        self.by_number[sock.fileno()] = visitor
        self.poll.register(sock.fileno(), select.EPOLLIN)
        return sock

    def click(self, visitor: Visitor, due: float) -> None:
        if visitor.waiting:
            # Nobody clicks twice while nothing comes: counted by the first click's latency.
            self.busy += 1
            return
        sock = visitor.sock or self.connect(visitor)
        visitor.waiting = True
        visitor.due, visitor.buffer, visitor.left = due, b"", -1
        self.under_way += 1
        try:
            sock.send(visitor.request)
        except OSError:
            # Closed while it was idle: a browser opens another one.
            self.close(visitor)
            self.connect(visitor).send(visitor.request)

    def close(self, visitor: Visitor) -> None:
        if visitor.sock is None:
            return
        self.poll.unregister(visitor.sock.fileno())
        del self.by_number[visitor.sock.fileno()]
        visitor.sock.close()
        visitor.sock = None

    def receive(self, visitor: Visitor, sock: socket.socket) -> None:
        try:
            data = sock.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not visitor.waiting:
            # HAProxy closes what was idle for long; the next click opens another connection.
            self.close(visitor)
            return
        if not data:
            self.close(visitor)
            self.done(visitor, "cut off")
            return
        self.bytes += len(data)
        if visitor.left == -1:
            data = visitor.buffer + data
            split = data.find(b"\r\n\r\n")
            if split < 0:
                visitor.buffer = data
                return
            head = data[:split].lower()
            visitor.status = head[9:12].decode()
            data = data[split + 4 :]
            at = head.find(b"content-length: ")
            length = int(head[at + 16 :].split(b"\r", 1)[0]) if at >= 0 else -2
            visitor.buffer, visitor.left = b"", length
        visitor.buffer += data
        whole = (
            visitor.buffer.endswith(b"\r\n0\r\n\r\n")
            if visitor.left == -2
            else len(visitor.buffer) >= visitor.left
        )
        if whole:
            wrong = visitor.status == "200" and not self.zipped and self.must not in visitor.buffer
            self.done(visitor, "another page" if wrong else visitor.status)
            visitor.buffer = b""

    def done(self, visitor: Visitor, status: str) -> None:
        visitor.waiting = False
        self.under_way -= 1
        self.statuses[status] += 1
        self.latencies.append(time.monotonic() - visitor.due)

    def run(self) -> None:
        for visitor in self.visitors:
            self.connect(visitor)
        begin = time.monotonic()
        cpu = time.process_time()
        number = 0
        last = begin + self.moments[-1][0]
        while number < len(self.moments) or (
            self.under_way and time.monotonic() < last + _PATIENCE
        ):
            now = time.monotonic()
            while number < len(self.moments) and begin + self.moments[number][0] <= now:
                due = begin + self.moments[number][0]
                self.late = max(self.late, now - due)
                self.click(self.moments[number][1], due)
                number += 1
                if number % 100 == 0:
                    break
            following = self.moments[number][0] + begin - now if number < len(self.moments) else 1
            for handle, _event in self.poll.poll(max(0.0, min(0.05, following))):
                visitor = self.by_number.get(handle)
                if visitor is not None and visitor.sock is not None:
                    self.receive(visitor, visitor.sock)
        self.wall = time.monotonic() - begin
        self.cpu = time.process_time() - cpu
        if self.under_way:
            self.statuses["no answer"] += self.under_way

    def result(self) -> dict[str, Any]:
        """What `clicks.py` reads."""
        found = sorted(self.latencies)
        return {
            "clicks": len(found),
            "seconds": self.wall,
            "p50": found[len(found) // 2],
            "p99": found[int(len(found) * 0.99)],
            "longest": found[-1],
            "statuses": dict(self.statuses),
            "busy": self.busy,
            "late": self.late,
            "cpu": self.cpu,
            "bytes": self.bytes,
        }


def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clicks = Clicks(json.loads(Path(sys.argv[1]).read_text()))
    clicks.run()
    print(json.dumps(clicks.result()))


if __name__ == "__main__":
    main()
