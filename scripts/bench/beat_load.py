"""The learners of `beats.py`: sends study beats at their moments and writes down what came back.

A process of its own, so that what it costs can be told apart. One thread and bare sockets: a beat
costs it some 30 µs, where an HTTP library would need more than the server.

    python beat_load.py PLAN.json       (written by beats.py; the answer is one line of JSON)

Each learner has a moment within the interval, at random. Latency counts from that moment to the
last byte of the answer, also when no connection was free: nothing is left out for being slow. As a
real player, a learner has one beat under way at most; one that was turned away (503) or cut off is
sent again, the same.
"""

import json
import random
import resource
import select
import socket
import sys
import time
from array import array
from collections import Counter, deque
from pathlib import Path
from typing import Any

#: Seconds after the last moment in which answers may still come.
_GRACE = 20


class Learner:
    """One player. `acknowledged`: the newest beat that was; `body`: of the last good answer."""

    __slots__ = ("acknowledged", "body", "due", "head", "position", "sending", "seq")

    def __init__(self, head: bytes, seq: int, position: int) -> None:
        self.head = head
        self.seq = self.acknowledged = seq
        self.position = position
        self.body = b""
        self.due = 0.0
        #: The request that waits for its acknowledgement.
        self.sending = b""


class Connection:
    """A connection that is kept open, and whose beat is under way on it."""

    __slots__ = ("buffer", "learner", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.learner: Learner | None = None


class Load:
    """See the module's docstring.

    :param plan: host, port, path, players ([token, cookie, newest beat, position]), seconds,
        interval, connections, seed; `flat_out`: beats follow each other as quickly as they can
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.address = (plan["host"], plan["port"])
        self.seconds: float = plan["seconds"]
        self.interval: float = plan["interval"]
        self.flat_out: bool = plan.get("flat_out", False)
        self.random = random.Random(plan.get("seed", 1))  # noqa: S311 - moments of beats
        host = f"{plan['host']}:{plan['port']}"
        self.learners = [
            Learner(
                (
                    f"POST {plan['path']} HTTP/1.1\r\nHost: {host}\r\n"
                    f"Authorization: Bearer {token}\r\n"
                    f"Cookie: modou={cookie}\r\nContent-Type: application/json\r\nContent-Length: "
                ).encode(),
                seq,
                position,
            )
            for token, cookie, seq, position in plan["players"]
        ]
        self.count = plan["connections"]
        self.poll = select.epoll()
        self.open: dict[int, Connection] = {}
        self.free: list[Connection] = []
        self.backlog: deque[Learner] = deque()
        self.again: list[tuple[float, int, Learner]] = []
        self.latencies = array("d")
        self.statuses: Counter[str] = Counter()
        self.first_bad = ""
        self.late = 0.0
        self.skipped = 0

    # -- one beat

    def beat(self, learner: Learner, due: float) -> None:
        """The learner's moment has come."""
        if learner.sending:
            # The last one is still under way: the player gathers.
            self.skipped += 1
            return
        learner.seq += 1
        begin = learner.position
        end = learner.position = begin + max(1, round(self.interval))
        body = (
            b'{"seq":%d,"spans":[[%d,%d]],"position":%d,"rate":1,"playing":true,"visible":true}'
            % (learner.seq, begin, end, end)
        )
        learner.sending = learner.head + b"%d\r\n\r\n%s" % (len(body), body)
        learner.due = due
        self.send(learner)

    def send(self, learner: Learner) -> None:
        while self.free:
            connection = self.free.pop()
            try:
                connection.sock.send(learner.sending)
            except OSError:
                self.drop(connection)
                continue
            connection.learner = learner
            return
        self.backlog.append(learner)

    def receive(self, connection: Connection, now: float) -> None:
        try:
            data = connection.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
            return
        data = connection.buffer + data
        split = data.find(b"\r\n\r\n")
        if split < 0:
            connection.buffer = data
            return
        head = data[:split].lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r", 1)[0]) if at >= 0 else 0
        if len(data) < split + 4 + length:
            connection.buffer = data
            return
        connection.buffer = b""
        learner = connection.learner
        connection.learner = None
        if b"connection: close" in head:
            self.drop(connection)
        else:
            self.free.append(connection)
        if learner is not None:
            self.answered(learner, data[9:12], head, data[split + 4 :], now)
        while self.backlog and self.free:
            self.send(self.backlog.popleft())

    def answered(
        self, learner: Learner, status: bytes, head: bytes, body: bytes, now: float
    ) -> None:
        self.statuses[status.decode()] += 1
        if status == b"200":
            self.latencies.append(now - learner.due)
            learner.acknowledged = learner.seq
            learner.sending = b""
            learner.body = body
            # Where a player stands that was a little too quick.
            at = body.find(b'"frontier":')
            if at >= 0:
                learner.position = int(body[at + 11 :].split(b",", 1)[0])
            return
        if not self.first_bad:
            self.first_bad = f"{status.decode()} {body[:300].decode(errors='replace')}"
        if status == b"503":
            at = head.find(b"retry-after: ")
            pause = int(head[at + 13 :].split(b"\r", 1)[0]) if at >= 0 else 5
            self.again.append((now + pause, learner.seq, learner))
        elif status[:1] == b"5":
            self.again.append((now + 1, learner.seq, learner))
        else:
            learner.sending = b""

    # -- connections

    def connect(self) -> None:
        sock = socket.create_connection(self.address, timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        connection = Connection(sock)
        self.open[sock.fileno()] = connection
        self.poll.register(sock.fileno(), select.EPOLLIN)
        self.free.append(connection)

    def drop(self, connection: Connection) -> None:
        """Closed by the other side: another one instead, and the beat on it once more."""
        number = connection.sock.fileno()
        self.poll.unregister(number)
        del self.open[number]
        connection.sock.close()
        if connection in self.free:
            self.free.remove(connection)
        self.connect()
        learner, connection.learner = connection.learner, None
        if learner is not None:
            self.statuses["cut off"] += 1
            self.send(learner)

    # -- all of it

    def run(self) -> None:
        for _number in range(self.count):
            self.connect()
        phases = sorted(self.random.random() * self.interval for _learner in self.learners)
        order = self.random.sample(self.learners, len(self.learners))
        begin = time.monotonic()
        end = begin + self.seconds
        number, total = 0, len(order)
        due = begin + phases[0]
        while True:
            now = time.monotonic()
            if now >= end and (
                now > end + _GRACE or not (self.backlog or self.again or self.under_way())
            ):
                break
            while now < end and (self.free if self.flat_out else due <= now):
                if not self.flat_out:
                    self.late = max(self.late, now - due)
                self.beat(order[number % total], now if self.flat_out else due)
                number += 1
                due = begin + (number // total) * self.interval + phases[number % total]
            self.resend(now)
            pause = 0.05 if self.flat_out else min(0.05, max(0.0, due - now))
            for handle, _event in self.poll.poll(pause):
                connection = self.open.get(handle)
                if connection is not None:
                    self.receive(connection, time.monotonic())
        self.wall = time.monotonic() - begin

    def under_way(self) -> bool:
        return len(self.free) < len(self.open)

    def resend(self, now: float) -> None:
        if self.again:
            for entry in [e for e in self.again if e[0] <= now]:
                self.again.remove(entry)
                self.send(entry[2])

    def result(self) -> dict[str, Any]:
        """What `beats.py` reads."""
        found = sorted(self.latencies)
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "acknowledged": len(found),
            "seconds": self.wall,
            "p50": found[len(found) // 2] * 1000 if found else 0,
            "p99": found[int(len(found) * 0.99)] * 1000 if found else 0,
            "max": found[-1] * 1000 if found else 0,
            "statuses": dict(self.statuses),
            "first_bad": self.first_bad,
            "skipped": self.skipped,
            "late": self.late * 1000,
            "cpu": used.ru_utime + used.ru_stime,
            "players": [
                [learner.acknowledged, learner.seq, credit_of(learner.body)]
                for learner in self.learners
            ],
        }


def credit_of(body: bytes) -> int:
    """Seconds that the last answer says were credited in the activity."""
    if not body:
        return 0
    credit = json.loads(body)["credit"]
    return int(credit["activity_credited"] + credit["activity_held"])


def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = Load(json.loads(Path(sys.argv[1]).read_text()))
    load.run()
    print(json.dumps(load.result()))


if __name__ == "__main__":
    main()
