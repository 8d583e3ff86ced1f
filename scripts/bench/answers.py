"""Saving answers of an exam: see scripts/bench/README.md.

python scripts/bench/answers.py cost                          CPU in process, as ratio to `hello`
python scripts/bench/answers.py load [--learners 10000] [--seconds 120] [--kill]
python scripts/bench/answers.py open [--learners 10000] [--seconds 60]
"""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import _checkout  # noqa: F401 - puts this checkout on the path
import click
from in_process import CommitTimes, post
from pages import Site as PagesSite
from pages import asker, measure
from pyramid.request import Request
from sites import add_course, add_learners

from modou.app import inspect_site
from modou.app import main as make_app
from modou.cli.ini import Ini
from modou.clock import FrozenClock
from modou.services import sessions
from modou.services.access import SiteAccess
from modou.services.occasion import Origin
from modou.web.security import SESSION_COOKIE, CSRFPolicy
from tests.answering import PATH, Told, add_quiz, begin, compare
from tests.stack import Shape, Stack

QUESTIONS = 50
_BATCH = 1000
_HOURS = 4


class Exam:
    """A course with an exam of fifty questions, and learners with open attempts.

    :param started: whether the attempts are begun
    """

    def __init__(self, count: int, *, started: bool = True, **rules: Any) -> None:
        self.count, self.started, self.rules = count, started, rules
        self.tokens: list[tuple[str, str]] = []
        self.attempts: list[int] = []

    def fill(self, access: SiteAccess, progress: Callable[[str], None] = print) -> None:
        begun = time.monotonic()
        add_learners(access, self.count, progress=lambda text: None)
        course_id = add_course(
            access, sections=4, activities=16, learners=self.count, done_share=0.0
        )
        with access.occasion() as occasion:
            course = occasion.site.courses.by_id(course_id)
            activity = add_quiz(occasion, course, QUESTIONS, time_limit=_HOURS * 3600, **self.rules)
            self.activity_id = activity.id
            self.path = f"/courses/{course.key}/a/{activity.key}"
            course.touch(occasion.now)
            index = occasion.site.user_index.usernames
            ids = [index[f"learner{number}"] for number in range(self.count)]
        for first in range(0, self.count, _BATCH):
            with access.occasion() as system:
                for user_id in ids[first : first + _BATCH]:
                    root = {"modou": system.site}
                    origin = Origin("127.0.0.1", "answers.py")
                    own = access._occasion(root, system.tm, user_id, origin)
                    cookie = sessions.start(own, own.require_actor())
                    token = ""
                    if self.started:
                        course = own.site.courses.by_id(course_id)
                        attempt, token = begin(own, course.activities.by_id(self.activity_id))
                        self.attempts.append(attempt)
                    else:
                        blank = Request.blank("/", cookies={SESSION_COOKIE: cookie})
                        token = CSRFPolicy().get_csrf_token(blank)
                    self.tokens.append((token, cookie))
        progress(f"{self.count:,} learners, made in {time.monotonic() - begun:.0f} s")


# -- cost


def cost(rounds: int, learners: int) -> None:
    """CPU of a save in process: the lean endpoint, the committer's thread, a FileStorage; what the
    committer uses to begin, savepoint and commit is taken off."""
    with tempfile.TemporaryDirectory() as folder:
        site = PagesSite(Path(folder), sections=2, activities=4, learners=64)
        ask = asker(site, ["/hello"])
        for _call in range(2000):
            ask()
        hello = measure(ask, 0.5, rounds)
        site.close()
    print(f"{'hello':<60}{hello:>8.0f} µs")
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(
            {},
            clock=FrozenClock(datetime.now(UTC)),
            **{
                "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
                "&connection_cache_size=20000",
                "modou.keys": f"{folder}/keys",
                "modou.mail": "console",
                "modou.plugins": "quiz",
                "modou.api_rate": "1000000",
            },
        )
        access = app.registry.access
        exam = Exam(learners)
        exam.fill(access, lambda text: None)
        one = _Saver(app, exam)
        one.round(8)
        one.times.watch(access.committer._groups._tm)
        for together in (1, 32):
            before = access.committer.counts
            found = [one.round(together) for _round in range(rounds)]
            counts = access.committer.counts
            group = (counts.works - before.works) / (counts.commits - before.commits)
            whole, bare = (min(values) for values in zip(*found, strict=True))
            for name, cpu in (("with its part of the commit", whole), ("without", bare)):
                text = f"an answer, {together} threads ({group:.1f} a commit), {name}"
                print(f"{text:<60}{cpu:>8.0f} µs{cpu / hello:>7.2f} × hello")
        access.close()


class _Saver:
    """Learners who save one answer after the other, in process."""

    def __init__(self, app: Any, exam: Exam) -> None:
        self.app, self.exam = app, exam
        self.seq = 0
        self.times = CommitTimes()

    def round(self, together: int) -> tuple[float, float]:
        """CPU µs of a save by so many threads: all of it, and without the commit."""
        gc.collect()
        used = spent = 0.0
        count = 0
        for _turn in range(4):
            self.seq += 1
            all_, commits = self.times.all_at_once(self.exam.tokens, self.save, together)
            used += all_
            spent += commits
            count += len(self.exam.tokens)
        return used / count * 1e6, (used - spent) / count * 1e6

    def save(self, player: Any) -> None:
        token = player[0]
        slot, answer = self.seq % QUESTIONS, self.seq // QUESTIONS % 4
        body = json.dumps(
            {
                "answers": [
                    {"seq": self.seq, "slot": slot, "fields": [[f"q{slot}-choice", str(answer)]]}
                ]
            }
        ).encode()
        status, answer_ = post(self.app, PATH, body, token)
        if not status.startswith("200") or b'"refused":[]' not in answer_:
            sys.exit(f"an answer was answered by {status}: {answer_!r}")


# -- the whole stack


def shape_of(storage: str) -> Shape:
    postgresql = storage == "postgresql"
    return Shape(
        postgresql=postgresql,
        processes=2 if postgresql else 1,
        app="modou.plugins = quiz\nmodou.api_rate = 1000000",
        server="granian",
        worker=postgresql,
        cache_megabytes=100,
    )


def run_load(stack: Stack, plan: dict[str, Any], during: Callable[[], None] | None = None) -> Any:
    path = stack.folder / "plan.json"
    path.write_text(json.dumps({"host": "127.0.0.1", "port": stack.plan.port, **plan}))
    script = Path(__file__).with_name("answer_load.py")
    before = stack.cpu()
    with subprocess.Popen([sys.executable, script, path], stdout=subprocess.PIPE) as load:
        if during is not None:
            during()
        out, _err = load.communicate()
    if load.returncode:
        raise SystemExit("the load failed")
    found = json.loads(out)
    after = stack.cpu()
    count = max(1, found["acknowledged"])
    cpu = {part: (after[part] - before.get(part, 0)) / count * 1e6 for part in after}
    found["parts"] = {part: round(used) for part, used in cpu.items() if used >= 0.5}
    return found


@click.group()
def main() -> None:
    """Answers of exams."""


@main.command("cost")
@click.option("--rounds", default=5, show_default=True)
@click.option("--learners", default=500, show_default=True)
def cost_command(rounds: int, learners: int) -> None:
    """CPU of a save in process. Budget: 2 × hello without the commit."""
    cost(rounds, learners)


@main.command("load")
@click.option("--storage", type=click.Choice(["postgresql", "filestorage"]), default="postgresql")
@click.option("--learners", default=10_000, show_default=True)
@click.option("--interval", default=20.0, show_default=True, help="Seconds between two answers.")
@click.option("--seconds", default=120, show_default=True)
@click.option("--begin", "begin_in", default=40, show_default=True)
@click.option("--connections", default=1000, show_default=True)
@click.option("--kill", is_flag=True, help="Then also: kill -9 of a web process in the middle.")
def load_command(
    storage: str,
    learners: int,
    interval: float,
    seconds: int,
    begin_in: int,
    connections: int,
    kill: bool,
) -> None:
    """Answers of learners through HAProxy and Modou into the database, compared afterwards. Budget:
    500/s with p99 of 1 s, none lost."""
    exam = Exam(learners)
    click.echo(f"load average at the start {os.getloadavg()[0]:.1f}")
    told = {}
    with Stack(exam.fill, shape_of(storage)) as stack:
        players: list[list[Any]] = [[t, c, 0, {}] for t, c in exam.tokens]
        unsure: list[Any] = [None] * learners
        sent = [0] * learners
        phases: list[tuple[str, int, float, Callable[[], None] | None]] = [
            ("they begin", begin_in, float(begin_in), None),
            (f"{learners / interval:.0f}/s wanted", seconds, interval, None),
        ]
        if kill:
            phases.append(("a process is killed", 40, interval, lambda: _kill(stack)))
        for name, length, every, during in phases:
            plan = {
                "kind": "answers",
                "path": PATH,
                "questions": QUESTIONS,
                "seconds": length,
                "interval": every,
                "connections": connections,
                "players": players,
            }
            found = run_load(stack, plan, during)
            for number, (acknowledged, newest, given, way) in enumerate(found.pop("players")):
                players[number][2:] = [max(acknowledged, players[number][2]), given]
                unsure[number] = way
                sent[number] = max(sent[number], newest)
                if newest > acknowledged:
                    players[number][2] = newest
            click.echo(
                f"{name:<22}{found['acknowledged'] / max(length, found['seconds']):>7.0f}/s  "
                f"p50 {found['p50']:.1f} ms  p99 {found['p99']:.1f} ms  longest "
                f"{found['max']:.0f} ms  {found['statuses']}  skipped {found['skipped']}"
            )
            click.echo(f"{'':<22}CPU us/answer {found['parts']}; load {found['cpu']:.1f} s")
            if found["first_bad"]:
                click.echo(f"{'':<22}first bad answer: {found['first_bad']}")
        stack.stop_modou()
        for number, attempt in enumerate(exam.attempts):
            known = Told(0, sent[number], {int(s): a for s, a in players[number][3].items()})
            known.underway = tuple(unsure[number]) if unsure[number] else None  # type: ignore[assignment]
            told[attempt] = known
        with closing(inspect_site(Ini(stack.ini).app_settings())) as access:
            result = compare(access, exam.activity_id, told)
        click.echo(f"{result}")
        if "Traceback" in stack.logs():
            click.echo(stack.logs())
    if result.lost or result.twice or result.faults:
        raise SystemExit("not as it should be")


def _kill(stack: Stack) -> None:
    time.sleep(15)
    victim = stack.pids["modou"][0]
    os.kill(victim, signal.SIGKILL)
    click.echo(f"killed {victim}")


@main.command("open")
@click.option("--storage", type=click.Choice(["postgresql", "filestorage"]), default="postgresql")
@click.option("--learners", default=10_000, show_default=True)
@click.option("--seconds", default=60, show_default=True)
@click.option("--connections", default=1000, show_default=True)
def open_command(storage: str, learners: int, seconds: int, connections: int) -> None:
    """All learners come within so many seconds: the quiz's page, its button, the page of the
    sitting. Budget: no error."""
    exam = Exam(learners, started=False)
    click.echo(f"load average at the start {os.getloadavg()[0]:.1f}")
    with Stack(exam.fill, shape_of(storage)) as stack:
        plan = {
            "kind": "open",
            "path": PATH,
            "quiz": exam.path,
            "questions": QUESTIONS,
            "seconds": seconds,
            "interval": seconds,
            "connections": connections,
            "players": [[t, c, 0, {}] for t, c in exam.tokens],
        }
        found = run_load(stack, plan)
        click.echo(
            f"{found['done']:,} of {learners:,} in {found['seconds']:.0f} s  {found['statuses']}"
        )
        names = ("the quiz's page", "its button", "the sitting's page")
        for name, (p50, p99, longest) in zip(names, found["steps"], strict=True):
            click.echo(f"{name:<22}p50 {p50:.0f} ms  p99 {p99:.0f} ms  longest {longest:.0f} ms")
        click.echo(f"CPU us/learner {found['parts']}; load {found['cpu']:.1f} s")
        if found["first_bad"]:
            click.echo(f"first bad answer: {found['first_bad']}")
        if "Traceback" in stack.logs():
            click.echo(stack.logs())


if __name__ == "__main__":
    main()
