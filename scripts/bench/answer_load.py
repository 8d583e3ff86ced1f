"""The learners of `answers.py`: open an exam, save answers at their moments, write down what came
back. As `beat_load.py`, whose sockets it uses.

    python answer_load.py PLAN.json       (written by answers.py; the answer is one line of JSON)

`kind` "answers": each learner has a moment within the interval, at random, saves an answer then,
and has one save under way at most. `kind` "open": each learner comes once within `seconds`, and
does what a browser does: the quiz's page, its button, the sitting's page.
"""

import json
import random
import re
import resource
import sys
from array import array
from pathlib import Path
from typing import Any

from beat_load import Connection, Learner, Load

OPTIONS = 4
_FIRST = re.compile(rb"&#34;first&#34;: ?true")


class Answering(Load):
    """Learners in their exam. `players`: [token, cookie, newest answer, {slot: answer}]."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.questions: int = plan["questions"]
        super().__init__({**plan, "players": [[p[0], p[1], p[2], 0] for p in plan["players"]]})
        self.given: dict[Learner, dict[int, int]] = {}
        self.way: dict[Learner, tuple[int, int]] = {}
        for learner, player in zip(self.learners, plan["players"], strict=True):
            self.given[learner] = {int(slot): answer for slot, answer in player[3].items()}

    def beat(self, learner: Learner, due: float) -> None:
        if learner.sending:
            self.skipped += 1
            return
        learner.seq += 1
        given = self.given[learner]
        slot = self.random.randrange(self.questions)
        answer = self.random.choice([n for n in range(OPTIONS) if n != given.get(slot)])
        self.way[learner] = (slot, answer)
        # As the page sends it.
        body = (
            b'{"answers":[{"seq":%d,"slot":%d,"fields":[["q%d-choice","%d"]],"flagged":null}]}'
            % (learner.seq, slot, slot, answer)
        )
        learner.sending = learner.head + b"%d\r\n\r\n%s" % (len(body), body)
        learner.due = due
        self.send(learner)

    def answered(
        self, learner: Learner, status: bytes, head: bytes, body: bytes, now: float
    ) -> None:
        if status == b"200":
            slot, answer = self.way[learner]
            self.given[learner][slot] = answer
            if b'"refused":[]' not in body:
                self.statuses["refused"] += 1
        super().answered(learner, status, head, body, now)

    def players(self) -> list[Any]:
        return [
            [one.acknowledged, one.seq, self.given[one], self.way.get(one) if one.sending else None]
            for one in self.learners
        ]


class Opening(Answering):
    """Learners who come to the exam. `players`: [CSRF token, cookie, 0, {}]."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__({**plan, "interval": plan["seconds"] + 1, "seconds": plan["seconds"]})
        self.quiz: str = plan["quiz"]
        self.host = f"{plan['host']}:{plan['port']}"
        self.csrf = {
            learner: player[0]
            for learner, player in zip(self.learners, plan["players"], strict=True)
        }
        self.cookie = {
            learner: player[1]
            for learner, player in zip(self.learners, plan["players"], strict=True)
        }
        self.step: dict[Learner, int] = {}
        self.page: dict[Learner, bytes] = {}
        self.steps = [array("d") for _step in range(3)]
        self.done = 0

    def ask(
        self, learner: Learner, method: str, path: str, body: bytes = b"", more: str = ""
    ) -> None:
        length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Cookie: modou={self.cookie[learner]}\r\nSec-Fetch-Site: same-origin\r\n"
            f"{length}{more}\r\n"
        )
        learner.sending = head.encode() + body
        self.send(learner)

    def beat(self, learner: Learner, due: float) -> None:
        if learner in self.step:
            return
        learner.due = due
        self.step[learner] = 0
        self.ask(learner, "GET", self.quiz)

    def answered(
        self, learner: Learner, status: bytes, head: bytes, body: bytes, now: float
    ) -> None:
        step = self.step[learner]
        self.statuses[f"{step} {status.decode()}"] += 1
        wanted = (b"200", b"303", b"200")[step]
        if status != wanted:
            if not self.first_bad:
                self.first_bad = f"step {step}: {status.decode()} {head[:200]!r} {body[:400]!r}"
            if status == b"503":
                self.again.append((now + 5, learner.seq, learner))
            return
        self.steps[step].append(now - learner.due)
        learner.due = now
        self.step[learner] = step + 1
        if step == 0:
            form = f"csrf_token={self.csrf[learner]}".encode()
            kind = "Content-Type: application/x-www-form-urlencoded\r\n"
            self.ask(learner, "POST", f"{self.quiz}/quiz/start", form, kind)
        elif step == 1:
            at = head.find(b"location: ") + 10
            place = head[at:].split(b"\r", 1)[0].decode()
            self.ask(learner, "GET", "/" + place.split("/", 3)[3] if "//" in place else place)
        else:
            # The script of a first page asks nothing before its first answer.
            if not _FIRST.search(body):
                sys.exit(f"not the first page of an attempt: {body[:400]!r}")
            learner.sending = b""
            self.latencies.append(0.0)
            self.done += 1


def result(load: Answering) -> dict[str, Any]:
    """What `answers.py` reads. Milliseconds."""

    def at(values: Any, share: float) -> float:
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0

    used = resource.getrusage(resource.RUSAGE_SELF)
    found: dict[str, Any] = {
        "acknowledged": len(load.latencies),
        "seconds": load.wall,
        "p50": at(load.latencies, 0.5),
        "p99": at(load.latencies, 0.99),
        "max": at(load.latencies, 1.0),
        "statuses": dict(load.statuses),
        "first_bad": load.first_bad,
        "skipped": load.skipped,
        "late": load.late * 1000,
        "cpu": used.ru_utime + used.ru_stime,
    }
    if isinstance(load, Opening):
        found["done"] = load.done
        found["steps"] = [[at(s, 0.5), at(s, 0.99), at(s, 1.0)] for s in load.steps]
    else:
        found["players"] = load.players()
    return found


def main() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    plan = json.loads(Path(sys.argv[1]).read_text())
    load = (Opening if plan["kind"] == "open" else Answering)(plan)
    load.random = random.Random(plan.get("seed", 1))  # noqa: S311 - moments
    load.run()
    print(json.dumps(result(load)))


__all__ = ["Answering", "Connection", "Opening"]

if __name__ == "__main__":
    main()
