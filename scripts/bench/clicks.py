"""Ten thousand visitors who click on course pages: see scripts/bench/README.md.

python scripts/bench/clicks.py [--visitors 10000] [--pause 15] [--seconds 60] [--within 1]
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import _checkout  # noqa: F401 - puts this checkout on the path
import click
from sites import add_course, add_learners

from modou.services import sessions
from modou.services.access import SiteAccess
from modou.store.containers import encode_id
from tests.stack import Shape, Stack

_BATCH = 2_000


class Content:
    """A course of 8 sections with 5 activities each, and visitors with a session each."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.cookies: list[str] = []
        self.path = ""

    def fill(self, access: SiteAccess) -> None:
        add_learners(access, self.count)
        course = add_course(access, sections=8, activities=40, learners=self.count)
        self.path = f"/courses/{encode_id(course)}"
        for first in range(0, self.count, _BATCH):
            with access.occasion() as occasion:
                index = occasion.site.user_index.usernames
                for number in range(first, min(first + _BATCH, self.count)):
                    user = occasion.site.users.by_id(index[f"learner{number}"])
                    self.cookies.append(sessions.start(occasion, user))


def run(stack: Stack, content: Content, name: str, **plan: Any) -> dict[str, Any]:
    """One run of the visitors; printed."""
    path = stack.folder / "plan.json"
    path.write_text(
        json.dumps(
            {
                "host": "127.0.0.1",
                "port": stack.plan.port,
                "path": content.path,
                "cookies": content.cookies,
                "must": "低压电工作业",
                "within": 0,
                **plan,
            }
        )
    )
    before = stack.cpu()
    script = Path(__file__).with_name("click_load.py")
    done = subprocess.run([sys.executable, script, path], stdout=subprocess.PIPE, check=True)
    after = stack.cpu()
    result: dict[str, Any] = json.loads(done.stdout)
    count = max(1, result["clicks"])
    cpu = {part: (after[part] - before[part]) / count * 1e6 for part in after}
    cpu["load"] = result["cpu"] / count * 1e6
    shown = " ".join(f"{part} {used:.0f}" for part, used in cpu.items() if used >= 0.5)
    times = "  ".join(f"{which} {result[which]:.2f} s" for which in ("p50", "p99", "longest"))
    click.echo(
        f"{name:<28}{count:,} clicks in {result['seconds']:.1f} s "
        f"({count / result['seconds']:.0f}/s)  {times}  {result['statuses']}"
    )
    click.echo(
        f"{'':<28}CPU us/click {sum(cpu.values()):.0f}: {shown}; the load took "
        f"{result['cpu'] / result['seconds']:.0%} of one core, was late by at most "
        f"{result['late'] * 1000:.0f} ms; {result['bytes'] / count / 1000:.1f} KB a page; "
        f"{result['busy']} clicks left out, since the page before was still coming"
    )
    return {"name": name, **result, "cpu": cpu}


@click.command()
@click.option("--visitors", default=10_000, show_default=True)
@click.option("--pause", default=15.0, show_default=True, help="Seconds between two clicks of one.")
@click.option("--seconds", default=60, show_default=True)
@click.option("--within", default=5.0, show_default=True, help="Seconds in which all click once.")
@click.option("--zipped", is_flag=True, help="Ask for gzip, as browsers do.")
@click.option("--processes", default=2, show_default=True)
@click.option("--threads", default=6, show_default=True)
@click.option("--server", type=click.Choice(["granian", "waitress"]), default="granian")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the results here.")
def main(
    visitors: int,
    pause: float,
    seconds: int,
    within: float,
    zipped: bool,
    processes: int,
    threads: int,
    server: str,
    target: Path | None,
) -> None:
    """Many connections at a time, through HAProxy, two processes and PostgreSQL."""
    content = Content(visitors)
    shape = Shape(processes=processes, threads=threads, server=server, cache_megabytes=200)
    click.echo(f"load average at the start {os.getloadavg()[0]:.1f}")
    with Stack(content.fill, shape) as stack:
        results = [
            run(
                stack, content, f"one click in {pause:.0f} s each",
                pause=pause, seconds=seconds, zipped=zipped,
            ),
            run(
                stack, content, f"all click within {within:g} s",
                pause=pause, seconds=0, within=within, zipped=zipped,
            ),
        ]  # fmt: skip
        click.echo("MB resident: " + ", ".join(f"{k} {v:.0f}" for k, v in stack.memory().items()))
        if "Traceback" in stack.logs():
            click.echo(stack.logs())
    if target is not None:
        target.write_text(json.dumps(results, indent=1))
    if any(set(result["statuses"]) - {"200"} for result in results):
        raise SystemExit("some answers were not as expected")


if __name__ == "__main__":
    main()
