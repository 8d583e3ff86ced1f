#!/usr/bin/env python3
"""CPU of an API request in process, as ratios to `hello` (see scripts/bench/pages.py).

    scripts/bench/api.py [--rounds 7] [--seconds 0.5]

`lean`: an endpoint that brings its own token and neither a transaction nor a connection, with a
body the size of a study beat parsed, checked and answered: what the frame costs below a beat.
Budget (docs/explanation/performance.md): 0.8.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / "core"), str(HERE.parents[2] / "plugins"), str(HERE.parent)]

import pages  # noqa: E402
from in_process import environ_of  # noqa: E402
from pydantic import Field  # noqa: E402
from pyramid.config import Configurator  # noqa: E402
from pyramid.interfaces import IExecutionPolicy  # noqa: E402

from modou.services import api_tokens  # noqa: E402
from modou.web.api import Answer, Body, Call, endpoint  # noqa: E402
from modou.web.api.declaring import Endpoint, Table  # noqa: E402
from modou.web.api.handling import LeanPolicy  # noqa: E402

BEAT = {
    "seq": 7,
    "spans": [[102.4, 117.4]],
    "position": 117.4,
    "rate": 1.0,
    "playing": True,
    "visible": True,
}


class Beat(Body):
    """As of a study session."""

    seq: int = Field(ge=1)
    spans: list[tuple[float, float]] = Field(max_length=50)
    position: float = Field(ge=0)
    rate: float = Field(ge=0.25, le=16)
    playing: bool
    visible: bool


class Credit(Answer):
    """Seconds."""

    credited: int
    held: int
    today: int
    cap_left: int


class Beaten(Answer):
    """As of a study session."""

    seq: int
    state: str
    position: float | None
    frontier: float
    credit: Credit
    complete: bool
    next: int


@endpoint("POST", "/bench/beats", tag="Bench", summary="Beat", auth="own", lean=True)
def beat(call: Call, body: Beat) -> Beaten:
    """Credits nothing."""
    return Beaten(
        seq=body.seq,
        state="live",
        position=None,
        frontier=body.position,
        credit=Credit(credited=117, held=0, today=117, cap_left=21_000),
        complete=False,
        next=15,
    )


def add_beat(config: Configurator) -> None:
    """Let the application answer `beat`."""
    registry = config.registry
    registry.api = Table([*registry.api.endpoints, Endpoint(beat, "bench")])
    following = registry.queryUtility(IExecutionPolicy)
    registry.registerUtility(LeanPolicy(registry.api, following), IExecutionPolicy)


class Caller:
    """Calls the application as a WSGI server does, and insists on 200."""

    def __init__(self, app: Any, method: str, path: str, body: bytes, tokens: list[str]) -> None:
        self._app = app
        self._tokens = tokens
        self._turn = count()
        self._body = body
        self._environ = environ_of(method, path, body)

    def __call__(self) -> None:
        """One call."""
        token = self._tokens[next(self._turn) % len(self._tokens)]
        environ = {**self._environ, "wsgi.input": BytesIO(self._body)}
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        seen: list[str] = []
        answer = b"".join(self._app(environ, lambda status, headers: seen.append(status)))
        if seen != ["200 OK"]:
            sys.exit(f"{environ['PATH_INFO']} answers {seen}: {answer[:300]!r}")


def tokens_of(site: pages.Site) -> list[str]:
    """A token for each learner."""
    found = []
    with site.registry.access.occasion() as occasion:
        occasion.site.roles["member"].capabilities |= {"api:token"}
    for number in range(pages.LEARNERS):
        with site.registry.access.occasion() as occasion:
            user = occasion.site.user_index.usernames[f"learner{number}"]
        with site.registry.access.occasion(user) as occasion:
            found.append(api_tokens.make(occasion, "bench", ["profile:read"], 1)[1])
    return found


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--seconds", type=float, default=0.5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = pages.Site(
            Path(folder),
            sections=2,
            activities=4,
            learners=pages.LEARNERS,
            include=add_beat,
            settings={"modou.api_rate": "999999999"},
        )
        own = [f"player{number}" for number in range(1_000)]
        body = json.dumps(BEAT).encode()
        subjects: dict[str, Callable[[], None]] = {
            "hello": pages.asker(site, ["/hello"]),
            "lean": Caller(site.app, "POST", "/api/v1/bench/beats", body, own),
            "GET /me by a token": Caller(site.app, "GET", "/api/v1/me", b"", tokens_of(site)),
        }
        for ask in subjects.values():
            for _call in range(pages.LEARNERS * 20):
                ask()
        results = {
            name: pages.measure(ask, chosen.seconds, chosen.rounds)
            for name, ask in subjects.items()
        }
        print(f"{'request':<22}{'CPU µs':>9}{'× hello':>9}")
        for name, cpu in results.items():
            print(f"{name:<22}{cpu:>9.0f}{cpu / results['hello']:>9.2f}")
        site.close()


if __name__ == "__main__":
    main()
