"""The load generator of media.py: opens a connection per request, sends all requests at once, and
says in JSON when the first and the last byte of each answer came.

python scripts/bench/media_load.py PORT FILE      FILE: PATH <tab> FIRST <tab> LAST offset per line
"""

import json
import os
import resource
import select
import socket
import sys
import time
from pathlib import Path

#: Connections that may wait to be accepted; more at once are dropped by the kernel and come later.
AT_ONCE = 500
TIMEOUT = 60


class Reader:
    """One connection and its answer."""

    __slots__ = ("done", "error", "first", "head", "left", "line", "sent", "size")

    def __init__(self, line: socket.socket, size: int) -> None:
        self.line = line
        self.size = size
        self.left = -1
        self.head = b""
        self.error = ""
        self.sent = self.first = self.done = 0.0

    def take(self, view: memoryview, count: int, now: float) -> bool:
        """Bytes that have come; whether that was the last of them."""
        if not self.first:
            self.first = now
        if self.left < 0:
            self.head += view[:count].tobytes()
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return False
            if not self.head.startswith(b"HTTP/1.1 206 "):
                self.error = self.head[:40].decode("latin-1").splitlines()[0]
                return True
            length = self.head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            if int(length) != self.size:
                self.error = f"{int(length)} bytes instead of {self.size}"
                return True
            self.left = self.size - (len(self.head) - end - 4)
            self.head = b""
        else:
            self.left -= count
        if self.left <= 0:
            self.done = now
        return self.left <= 0


def main() -> None:
    port = int(sys.argv[1])
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    calls = [line.split("\t") for line in Path(sys.argv[2]).read_text("utf-8").splitlines()]
    readers: dict[int, Reader] = {}
    asked = []
    poll = select.epoll()
    for path, first, last in calls:
        line = socket.create_connection(("127.0.0.1", port))
        line.setblocking(False)
        readers[line.fileno()] = Reader(line, int(last) - int(first) + 1)
        text = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nRange: bytes={first}-{last}\r\n\r\n"
        )
        asked.append((line, text.encode()))
        if len(asked) % AT_ONCE == 0:
            time.sleep(0.05)
    everything = list(readers.values())
    began = time.perf_counter()
    for line, text in asked:
        line.send(text)
        readers[line.fileno()].sent = time.perf_counter()
        poll.register(line, select.EPOLLIN)
    receive(poll, readers, began + TIMEOUT)
    print(json.dumps(summary(everything)))


def receive(poll: select.epoll, readers: dict[int, Reader], deadline: float) -> None:
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    while readers and time.perf_counter() < deadline:
        for number, _event in poll.poll(1, 1000):
            reader = readers[number]
            try:
                count = reader.line.recv_into(view)
            except BlockingIOError:
                continue
            except OSError as error:
                count, reader.error = 0, str(error)
            if not count and not reader.error:
                reader.error = "the connection was closed too early"
            if reader.error or reader.take(view, count, time.perf_counter()):
                del readers[number]
                reader.line.close()
    for reader in readers.values():
        reader.error = f"no answer within {TIMEOUT} s"


def summary(readers: list[Reader]) -> dict[str, object]:
    good = [reader for reader in readers if not reader.error]
    firsts = sorted(reader.first - reader.sent for reader in good) or [0.0]
    lasts = sorted(reader.done - reader.sent for reader in good) or [0.0]

    def at(values: list[float], share: float) -> float:
        return values[min(len(values) - 1, int(len(values) * share))]

    times = os.times()
    return {
        "requests": len(readers),
        "open": len(readers),
        "errors": len(readers) - len(good),
        "said": sorted({reader.error for reader in readers if reader.error})[:5],
        "bytes": sum(reader.size for reader in good),
        "first_p50": at(firsts, 0.5),
        "first_p99": at(firsts, 0.99),
        "p50": at(lasts, 0.5),
        "p95": at(lasts, 0.95),
        "p99": at(lasts, 0.99),
        "max": lasts[-1],
        "own_cpu": times.user + times.system,
    }


if __name__ == "__main__":
    main()
