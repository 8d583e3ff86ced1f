#!/usr/bin/env python3
"""CPU of a study beat in process: with and without its part of the commit, as ratios to `hello`.

    scripts/bench/beat_cost.py [--rounds 5] [--beats 2000] [--together 32] [--profile]

The way of a beat is the real one: WSGI, the lean endpoint, the committer's thread, the rules, a
FileStorage. What is taken off is the CPU that the committer's thread uses to begin, savepoint and
commit transactions. `--together`: threads that beat at the same time, and so beats in a commit. The
least of several rounds counts. Budget: 2 × hello.
"""

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import _checkout  # noqa: F401 - puts this checkout on the path
from in_process import CommitTimes, post
from learners import Players
from pages import Site as PagesSite
from pages import asker, measure

from modou.app import main as make_app
from modou.clock import FrozenClock
from tests.beating import use_reel


class Beats:
    """An application on a FileStorage, with players that beat by WSGI."""

    def __init__(self, folder: Path, count: int) -> None:
        # Stands still but for the fifteen seconds between two beats, so that each is credited.
        self.clock = FrozenClock(datetime.now(UTC))
        self.app = make_app(
            {},
            clock=self.clock,
            **{
                "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
                "&connection_cache_size=20000",
                "modou.keys": str(folder / "keys"),
                "modou.mail": "console",
                "modou.plugins": "reel",
                "modou.session_idle": "86400",
            },
        )
        self.access = self.app.registry.access
        self.players = Players(count)
        self.players.fill(self.access, lambda text: None)
        self.seqs = [0] * count
        self.times = CommitTimes()
        self.beat(0)
        self.times.watch(self.access.committer._groups._tm)

    def beat(self, number: int) -> None:
        token, cookie = self.players.tokens[number]
        seq = self.seqs[number] = self.seqs[number] + 1
        begin = (seq - 1) * 15
        body = json.dumps(
            {
                "seq": seq,
                "spans": [[begin, begin + 15]],
                "position": begin + 15,
                "rate": 1,
                "playing": True,
                "visible": True,
            }
        ).encode()
        status, answer = post(
            self.app, "/api/v1/study/beats", body, token, HTTP_COOKIE=f"modou={cookie}"
        )
        if not status.startswith("200"):
            sys.exit(f"a beat was answered by {status}: {answer!r}")

    def round(self, beats: int, together: int) -> tuple[float, float]:
        """CPU µs of a beat: all of it, and without the commit."""
        per_player = max(1, beats // len(self.players.tokens))
        used = spent = 0.0
        count = 0
        for _turn in range(per_player):
            self.clock.move(seconds=15)
            numbers = range(len(self.players.tokens))
            all_, commits = self.times.all_at_once(numbers, self.beat, together)
            used += all_
            spent += commits
            count += len(self.players.tokens)
        return used / count * 1e6, (used - spent) / count * 1e6


def hello_of(folder: Path, rounds: int) -> float:
    site = PagesSite(folder, sections=2, activities=4, learners=64)
    ask = asker(site, ["/hello"])
    for _call in range(2000):
        ask()
    found = measure(ask, 0.5, rounds)
    site.close()
    return found


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--beats", type=int, default=2000)
    arguments.add_argument("--learners", type=int, default=500)
    arguments.add_argument("--together", type=int, nargs="+", default=[1, 32])
    arguments.add_argument("--profile", action="store_true", help="print where the time goes")
    chosen = arguments.parse_args()
    use_reel()
    with tempfile.TemporaryDirectory() as folder:
        hello = hello_of(Path(folder), chosen.rounds)
    print(f"{'hello':<44}{hello:>8.0f} µs")
    with tempfile.TemporaryDirectory() as folder:
        beats = Beats(Path(folder), chosen.learners)
        beats.round(chosen.learners, 8)
        for together in chosen.together:
            before = beats.access.committer.counts
            found = [beats.round(chosen.beats, together) for _round in range(chosen.rounds)]
            counts = beats.access.committer.counts
            group = (counts.works - before.works) / (counts.commits - before.commits)
            whole, bare = (min(values) for values in zip(*found, strict=True))
            for name, cpu in (("with its part of the commit", whole), ("without", bare)):
                text = f"beat, {together} threads ({group:.1f} a commit), {name}"
                print(f"{text:<60}{cpu:>8.0f} µs{cpu / hello:>7.2f} × hello")
        if chosen.profile:
            profile(beats)
        beats.access.close()


def profile(beats: Beats) -> None:
    """One thread's beats, and the works in the committer's thread, by function."""
    committer = beats.access.committer
    inner = cProfile.Profile()
    attempt = committer._groups._attempt

    def profiled(group: Any) -> None:
        inner.enable()
        try:
            attempt(group)
        finally:
            inner.disable()

    committer._groups._attempt = profiled  # type: ignore[method-assign]
    outer = cProfile.Profile()
    numbers = cycle(range(len(beats.players.tokens)))
    beats.clock.move(seconds=15)
    outer.enable()
    for _beat in range(len(beats.players.tokens)):
        beats.beat(next(numbers))
    outer.disable()
    for one in (inner, outer):
        pstats.Stats(one).sort_stats("tottime").print_stats(32)


if __name__ == "__main__":
    main()
