#!/usr/bin/env python3
"""CPU of pages in process, as ratios to `hello`: a bare view behind the same tweens and sign-in.

    scripts/bench/pages.py [--rounds 7] [--seconds 1.0]

The site is generated in a temporary folder: a course of 8 sections with 5 activities each, half of
them done, and 64 learners who take turns. The least of several rounds counts, since everything
else on the machine can only add to it. Budget (docs/explanation/performance.md): 3.
"""

import argparse
import gzip
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / "core"), str(HERE.parents[2] / "plugins"), str(HERE.parent)]

import sites  # noqa: E402
from pyramid.config import Configurator  # noqa: E402
from pyramid.request import Request  # noqa: E402
from pyramid.response import Response  # noqa: E402

from modou.app import FIXED_SETTINGS, configure, prepare_database  # noqa: E402
from modou.models.courses import Prerequisite  # noqa: E402
from modou.services import sessions  # noqa: E402
from modou.store.containers import encode_id  # noqa: E402
from modou.web.requests import settle  # noqa: E402
from modou.web.security import SESSION_COOKIE  # noqa: E402

LEARNERS = 64


def hello(request: Request) -> Response:
    """The yardstick: knows who is asking, and says hello."""
    return Response(f"hello {request.identity.username}\n", content_type="text/plain")


class Site:
    """An application on a database in `folder`, with a course and signed-in learners."""

    def __init__(
        self,
        folder: Path,
        sections: int,
        activities: int,
        learners: int,
        include: Callable[[Configurator], None] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        settings = {
            **(settings or {}),
            "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
            "&connection_cache_size=20000",
            "modou.keys": str(folder / "keys"),
            "modou.mail": "console",
            "modou.session_idle": "86400",
        }
        config = Configurator(settings={**FIXED_SETTINGS, **settings})
        configure(config, settings)
        config.add_route("hello", "/hello")
        config.add_view(hello, route_name="hello")
        config.commit()
        if include is not None:
            config.include(include)
            config.commit()
        self.registry = config.registry
        prepare_database(self.registry)
        access = self.registry.access
        sites.add_learners(access, learners, progress=lambda text: None)
        id = sites.add_course(access, sections=sections, activities=activities, learners=learners)
        self.course = encode_id(id)
        self.cookies = []
        with access.occasion() as occasion:
            course = occasion.site.courses.by_id(id)
            self.activities = [a.key for a in course.ordered_activities()]
            for number in range(learners):
                user_id = occasion.site.user_index.usernames[f"learner{number}"]
                token = sessions.start(occasion, occasion.site.users.by_id(user_id))
                self.cookies.append(f"{SESSION_COOKIE}={token}")
        settle(config)
        self.app = config.make_wsgi_app()

    def put_in_sequence(self) -> None:
        """Let every activity wait for the one before it."""
        with self.registry.access.occasion() as occasion:
            course = occasion.site.courses[self.course]
            activities = list(course.ordered_activities())
            for before, after in pairwise(activities):
                after.prerequisites = (Prerequisite("completed", before.id),)
            course.touch(occasion.now)

    def get(self, path: str, cookie: str = "", **environ: str) -> tuple[int, bytes]:
        """Status and body of a page."""
        request = Request.blank(path, environ={"HTTP_COOKIE": cookie, **environ})
        response = request.get_response(self.app)
        return response.status_int, response.body

    def close(self) -> None:
        self.registry.access.close()


def measure(work: Callable[[], Any], seconds: float, rounds: int) -> float:
    """CPU of one `work()` in microseconds: the least of several rounds."""
    best = float("inf")
    for _round in range(rounds):
        begin, calls = time.process_time(), 0
        while time.process_time() - begin < seconds:
            for _call in range(10):
                work()
            calls += 10
        best = min(best, (time.process_time() - begin) / calls)
    return best * 1e6


def asker(site: Site, paths: list[str]) -> Callable[[], None]:
    """Asks for `paths` in turn, as one learner after the other, and insists on 200."""
    turns = cycle([(path, cookie) for cookie in site.cookies for path in paths])

    def ask() -> None:
        path, cookie = next(turns)
        status, _body = site.get(path, cookie)
        if status != 200:
            sys.exit(f"{path} answers {status}")

    return ask


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--seconds", type=float, default=0.5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), sections=8, activities=40, learners=LEARNERS)
        # Activities that are done already: later views must not write.
        done = [f"/courses/{site.course}/a/{key}" for key in site.activities[:20]]
        subjects = {
            "hello": asker(site, ["/hello"]),
            "course page": asker(site, [f"/courses/{site.course}"]),
            "activity page": asker(site, done),
            "home (signed in)": asker(site, ["/"]),
            "home (visitor)": lambda: site.get("/"),
            "catalogue (visitor)": lambda: site.get("/courses"),
        }
        for ask in subjects.values():
            for _call in range(LEARNERS * 20):
                ask()
        before = site.registry.access.database.lastTransaction()
        results = {
            name: measure(ask, chosen.seconds, chosen.rounds) for name, ask in subjects.items()
        }
        wrote = site.registry.access.database.lastTransaction() != before
        site.put_in_sequence()
        ask = subjects["course page"]
        for _call in range(LEARNERS * 20):
            ask()
        results["same, 19 locked"] = measure(ask, chosen.seconds, chosen.rounds)
        print(f"{'page':<22}{'CPU µs':>9}{'× hello':>9}")
        for name, cpu in results.items():
            print(f"{name:<22}{cpu:>9.0f}{cpu / results['hello']:>9.2f}")
        print(f"writes during the measurement: {'YES' if wrote else 'none'}")
        site.close()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), sections=10, activities=640, learners=1)
        _status, body = site.get(f"/courses/{site.course}", site.cookies[0])
        packed = len(gzip.compress(body, 6))
        print(f"course page, 10 × 64 activities: {len(body):,} bytes, {packed:,} with gzip")
        site.close()


if __name__ == "__main__":
    main()
