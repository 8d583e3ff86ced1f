"""How many requests a second a whole site answers: see scripts/bench/README.md.

python scripts/bench/served.py [--seconds 10] [--only NAME …] [--rounds 3] [--json FILE]
"""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import _checkout  # noqa: F401 - puts this checkout on the path
import click
from sites import SIZE_S, add_course, add_learners

from modou.services import files, sessions
from modou.services.access import SiteAccess
from tests.stack import Shape, Stack, find

LEARNERS = 64
#: Moodle 4.5.6 with PHP 8.2-FPM, opcache, APCu, PostgreSQL and Redis, at its own best settings on
#: the same kind of machine: requests/s.
MOODLE = {
    "course": 17,
    "activity": 35,
    "front": 56,
    "login": 116,
    "file": 160,
    "write": 106,
}
AIMS = {"course": 100, "activity": 100, "front": 100, "login": 100, "file": 50}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a load. `cookie` and `body` may be empty."""

    path: str
    cookie: str = ""
    method: str = "GET"
    body: str = ""


@dataclass(frozen=True)
class Load:
    """What is asked for, in rotation, and the status that each answer must have."""

    name: str
    calls: Sequence[Call]
    status: int = 200


@dataclass
class Result:
    """What a load came to. `cpu`: part -> CPU µs for each request; latencies in ms."""

    name: str
    rate: float
    p50: float
    p99: float
    errors: int
    requests: int
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        moodle = MOODLE.get(self.name.removesuffix(" gzip"))
        return self.rate / moodle if moodle else None


class Content:
    """Fills the site and remembers what the loads need: cookies, addresses."""

    def __init__(self) -> None:
        self.cookies: list[str] = []

    def fill(self, access: SiteAccess) -> None:
        add_learners(access, SIZE_S["learners"], progress=lambda text: None)
        course_id = add_course(access, **SIZE_S)
        with access.occasion() as occasion:
            course = occasion.site.courses.by_id(course_id)
            self.course = f"/courses/{course.key}"
            activities = list(course.ordered_activities())
            seen = [a for a in activities[:28] if a.completion == ("viewed",)][:8]
            self.activities = [f"{self.course}/a/{a.key}" for a in seen]
            self.by_hand = f"{self.course}/a/{activities[-1].key}"
            stored = files.store(
                occasion, os.urandom(16 * 1024), "handout.pdf", f"course:{course_id}"
            )
            self.file_id = stored.id
            index = occasion.site.user_index.usernames
            for number in range(LEARNERS):
                user = occasion.site.users.by_id(index[f"learner{number}"])
                self.cookies.append(f"modou={sessions.start(occasion, user)}")
        with access.occasion() as occasion:
            stored = occasion.site.files.by_id(self.file_id)
            signer = files.Signer(files.secret("", access.keys), 7200)
            parts = signer.parts(stored, occasion.now)
            self.file = "/files/{expires}/{signature}/{file}/{filename}".format(**parts)

    def loads(self, stack: Stack) -> list[Load]:
        """All loads; each page was fetched once and looked at."""
        pairs = [
            (cookie, self.activities[number % len(self.activities)])
            for number, cookie in enumerate(self.cookies)
        ]
        for number, cookie in enumerate(self.cookies):
            page = fetch(stack, self.course, cookie)
            if f"learner{number}" not in page:
                raise SystemExit(f"the course page of learner{number} names somebody else")
        writes = []
        for cookie in self.cookies:
            found = _TOKEN.search(fetch(stack, self.by_hand, cookie))
            if found is None:
                raise SystemExit("the activity's page has no form")
            writes += [
                Call(f"{self.by_hand}/done", cookie, "POST", f"csrf_token={found[1]}&done={done}")
                for done in (1, 0)
            ]
        # Everybody ticks it off before anybody takes it back: each request writes.
        writes = writes[0::2] + writes[1::2]
        return [
            Load("healthz", [Call("/healthz")]),
            Load("course", [Call(self.course, cookie) for cookie in self.cookies]),
            Load("activity", [Call(path, cookie) for cookie, path in pairs]),
            Load("front", [Call("/")]),
            Load("login", [Call("/login")]),
            Load("file", [Call(self.file)]),
            Load("write", writes, 303),
        ]


def fetch(stack: Stack, path: str, cookie: str = "") -> str:
    headers = {"Cookie": cookie} if cookie else {}
    request = Request(stack.address + path, headers=headers)  # noqa: S310 - our own, over http
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        text: str = answer.read().decode()
        return text


def run(stack: Stack, load: Load, seconds: int, connections: int, zipped: bool = False) -> Result:
    """One run of wrk."""
    calls = stack.folder / "calls"
    calls.write_text("".join(f"{c.method}\t{c.path}\t{c.cookie}\t{c.body}\n" for c in load.calls))
    wrk = find("wrk")
    if wrk is None:
        raise SystemExit("wrk is not installed")
    before = stack.cpu()
    children = os.times()
    done = subprocess.run(
        [
            wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
            "-s", str(Path(__file__).with_name("load.lua")), stack.address,
            "--", str(calls), str(load.status),
        ],
        capture_output=True, text=True, check=True,
        env={**os.environ, **({"ACCEPT_ENCODING": "gzip"} if zipped else {})},
    )  # fmt: skip
    after, ended = stack.cpu(), os.times()
    values = json.loads(done.stdout.splitlines()[-1])
    count = max(1, values["requests"])
    cpu = {part: (after[part] - before[part]) / count * 1e6 for part in after}
    used = ended.children_user + ended.children_system
    cpu["wrk"] = (used - children.children_user - children.children_system) / count * 1e6
    return Result(
        load.name + (" gzip" if zipped else ""),
        values["requests"] / values["seconds"],
        values["p50"],
        values["p99"],
        values["unexpected"] + values["broken"],
        values["requests"],
        cpu,
    )


def show(result: Result) -> None:
    ratio = f"{result.ratio:6.0f}x" if result.ratio is not None else "       "
    aim = AIMS.get(result.name)
    aim_text = f"(aim {aim}x)" if aim else ""
    cpu = " ".join(f"{part} {used:.0f}" for part, used in result.cpu.items() if used >= 0.5)
    total = sum(result.cpu.values())
    click.echo(
        f"{result.name:<14}{result.rate:>8.0f}/s {ratio} {aim_text:<10} p50 {result.p50:6.1f} ms  "
        f"p99 {result.p99:6.1f} ms  errors {result.errors}   CPU us/request {total:.0f}: {cpu}"
    )


def sizes(stack: Stack, content: Content, only: Sequence[str]) -> None:
    """Bytes of the pages as sent and as compressed."""
    for name, path, cookie in (
        ("course", content.course, content.cookies[0]),
        ("activity", content.activities[0], content.cookies[0]),
        ("front", "/", ""),
        ("login", "/login", ""),
    ):
        if only and name not in only:
            continue
        page = fetch(stack, path, cookie).encode()
        raw, small = len(page) / 1000, len(gzip.compress(page, 6)) / 1000
        click.echo(f"size of {name:<9}{raw:8.1f} KB raw{small:8.1f} KB gzip -6")


@click.command()
@click.option("--seconds", default=10, show_default=True, help="Of each run.")
@click.option("--rounds", default=1, show_default=True, help="Runs of everything; best is shown.")
@click.option("--connections", default=8, show_default=True)
@click.option("--processes", default=2, show_default=True)
@click.option("--threads", default=6, show_default=True)
@click.option("--only", multiple=True, help="Names of loads; default: all.")
@click.option("--zipped", is_flag=True, help="Also ask for gzip, as browsers do.")
@click.option("--server", type=click.Choice(["granian", "waitress"]), default="waitress")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="For [server:main].")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the results here.")
def main(
    seconds: int,
    rounds: int,
    connections: int,
    processes: int,
    threads: int,
    only: tuple[str, ...],
    zipped: bool,
    server: str,
    given: tuple[str, ...],
    target: Path | None,
) -> None:
    """Measure a site of size S behind HAProxy, with wrk on the same machine."""
    content = Content()
    pairs = tuple((name, value) for name, _equals, value in (p.partition("=") for p in given))
    shape = Shape(processes=processes, threads=threads, server=server, settings=pairs)
    results: list[Result] = []
    with Stack(content.fill, shape) as stack:
        sizes(stack, content, only)
        loads = [load for load in content.loads(stack) if not only or load.name in only]
        for load in loads:
            run(stack, load, 2, connections)
        for number in range(rounds):
            click.echo(f"round {number + 1}; load average {os.getloadavg()[0]:.1f}")
            for load in loads:
                for compressed in (False, True) if zipped and load.status == 200 else (False,):
                    results.append(run(stack, load, seconds, connections, compressed))
                    show(results[-1])
        memory = stack.memory()
        click.echo("MB resident: " + ", ".join(f"{k} {v:.0f}" for k, v in memory.items()))
        said = [line for line in stack.logs().splitlines() if "Traceback" in line]
        if said:
            click.echo(stack.logs())
    if target is not None:
        target.write_text(json.dumps([asdict(result) for result in results], indent=1))
    if any(result.errors for result in results):
        raise SystemExit("some answers were not as expected")


if __name__ == "__main__":
    main()
