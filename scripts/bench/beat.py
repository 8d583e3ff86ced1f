#!/usr/bin/env python3
"""CPU and bytes of one study beat, as a ratio to `hello`, without the commit.

    scripts/bench/beat.py [--rounds 5] [--beats 4000] [--learners 500] [--idle-prompt]

`work`: what the committer's thread does for one beat, on a warm connection. `request`: the whole
request over WSGI in process, the work done at once and not committed. The commit itself is shared
by many beats and measured by beats.py; here the bytes that it writes are counted, in groups of 50.
Budget (docs/explanation/performance.md): request <= 2 x hello.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / p) for p in ("core", "plugins", "tests/plugins/reel")]
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parent)]

import transaction  # noqa: E402
from in_process import post  # noqa: E402
from pages import Site, asker, measure  # noqa: E402

from modou.errors import in_english  # noqa: E402
from modou.models.courses import Activity  # noqa: E402
from modou.services.access import SiteAccess  # noqa: E402
from modou.services.occasion import Occasion  # noqa: E402
from modou.services.studying import beating, opening, shapes  # noqa: E402
from modou.services.studying.beating import Beat  # noqa: E402

#: Long enough for every beat of the measurement to bring something.
LENGTH = 900_000


class Held(SiteAccess):
    """Access whose `together` works at once on one warm connection and commits nothing."""

    def hold(self) -> None:
        tm = transaction.TransactionManager(explicit=True)
        tm.begin()
        object.__setattr__(self, "tm", tm)
        object.__setattr__(self, "connection", self.database.open(transaction_manager=tm))

    def together(self, work: Callable[[Occasion], Any], **values: Any) -> Any:
        return work(self._occasion(self.connection.root(), self.tm, values.get("actor", 0), None))

    def forget(self) -> None:
        self.tm.abort()
        self.tm.begin()

    def keep(self) -> None:
        self.tm.commit()
        self.tm.begin()


class Moving:
    """The machine's clock, and 15 s more for each round of beats."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.ahead = 0

    def now(self) -> Any:
        from datetime import timedelta

        return self._clock.now() + timedelta(seconds=self.ahead)

    def seconds(self) -> int:
        return int(self._clock.seconds()) + self.ahead


class Learners:
    """Open players, and their beats in turn: every one of them 15 s after its last."""

    def __init__(self, site: Site, count: int) -> None:
        import acme_reel

        access = site.registry.access
        self.clock = site.registry.clock
        with access.occasion() as occasion:
            course = occasion.site.courses[site.course]
            self.activity = course.add_activity(Activity("reel", "reel"), course.outline[0]).id
            acme_reel.put(occasion.site, course.activities.by_id(self.activity), LENGTH)
            ids = [occasion.site.user_index.usernames[f"learner{n}"] for n in range(count)]
        self.tokens = []
        for user_id in ids:
            with access.occasion(user_id) as occasion:
                activity = occasion.site.courses[site.course].activities.by_id(self.activity)
                player = opening.open_player(occasion, activity, in_english)
                self.tokens.append(player["player"])
        self.seq = 0
        self._turns = self._all()

    def _all(self) -> Any:
        while True:
            self.seq += 1
            self.clock.ahead += 15
            start = 15.0 * (self.seq - 1)
            for token in self.tokens:
                yield token, self.seq, start, start + 15.0

    def next(self) -> tuple[str, int, float, float]:
        turn: tuple[str, int, float, float] = next(self._turns)
        return turn


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--beats", type=int, default=4000)
    arguments.add_argument("--learners", type=int, default=500)
    arguments.add_argument("--idle-prompt", action="store_true")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(
            Path(folder),
            sections=8,
            activities=40,
            learners=chosen.learners,
            settings={"modou.plugins": "reel"},
        )
        run(site, chosen, Path(folder))
        site.close()


def run(site: Site, chosen: argparse.Namespace, folder: Path) -> None:
    """All measurements on one site."""
    registry = site.registry
    moving = registry.clock = Moving(registry.clock)
    # What ends a day, a login or a minute would end the measurement.
    free: dict[str, Any] = {
        "daily_cap": 0,
        "rest_after": 0,
        "window_from": "00:00",
        "window_to": "24:00",
        "idle_prompt": chosen.idle_prompt,
        "idle_from": 7200,
        "idle_to": 7200,
    }
    parts = {f.name: getattr(registry.access, f.name) for f in fields(SiteAccess) if f.init}
    held = Held(**{**parts, "clock": moving})
    registry.access = replace(registry.access, clock=moving)
    with registry.access.occasion() as occasion:
        occasion.site.courses[site.course].study_policy = free
    learners = Learners(site, chosen.learners)
    held.hold()
    registry.access = held
    registry.api_rate.hit = lambda *_arguments: 0

    def work() -> None:
        token, seq, start, end = learners.next()
        beat = Beat(seq, ((start, end),), end)
        answer = held.together(lambda occasion: beating.take_beat(occasion, token, beat))
        if answer.state != "live" or answer.frontier != int(end):
            sys.exit(f"not credited: {shapes.as_json(answer, in_english)}")

    def request() -> None:
        token, seq, start, end = learners.next()
        body = json.dumps({"seq": seq, "spans": [[start, end]], "position": end}).encode()
        status, answer = post(site.app, "/api/v1/study/beats", body, token)
        if not status.startswith("200"):
            sys.exit(f"{status}: {answer.decode()}")

    hello = asker(site, ["/hello"])
    for _call in range(2000):
        hello()
    results = {"hello": measure(hello, 0.5, chosen.rounds)}
    for name, function in (("work", work), ("request", request)):
        for _call in range(chosen.learners * 2):
            function()
        held.keep()
        results[name] = cpu(function, held, chosen)
    data = folder / "Data.fs"
    before, count = data.stat().st_size, 0
    objects = 0
    for _group in range(40):
        for _beat in range(50):
            work()
            count += 1
        objects += len(held.connection._registered_objects)
        held.keep()
    grown = data.stat().st_size - before
    print(f"{'':<12}{'CPU µs':>9}{'× hello':>9}")
    for name, micros in results.items():
        print(f"{name:<12}{micros:>9.0f}{micros / results['hello']:>9.2f}")
    print(f"written per beat in groups of 50: {grown / count:.0f} bytes, "
          f"{objects / count:.2f} objects, journal and transaction records included")  # fmt: skip


def cpu(function: Callable[[], None], held: Held, chosen: argparse.Namespace) -> float:
    """CPU of one call in microseconds, the least of several rounds; groups of 50 are committed
    outside of what is measured, as memory would fill with changed objects."""
    best = float("inf")
    for _round in range(chosen.rounds):
        spent = 0.0
        for _group in range(chosen.beats // 50):
            begin = time.process_time()
            for _call in range(50):
                function()
            spent += time.process_time() - begin
            held.keep()
        best = min(best, spent / (chosen.beats // 50 * 50))
    return best * 1e6


if __name__ == "__main__":
    main()
