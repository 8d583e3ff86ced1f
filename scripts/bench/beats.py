"""Study beats, durable, through the whole stack: see scripts/bench/README.md.

python scripts/bench/beats.py [--storage postgresql] [--learners 20000] [--seconds 180] [--limit]
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import _checkout  # noqa: F401 - puts this checkout on the path
import click
from learners import SETTINGS, Players

from modou.app import inspect_site
from modou.cli.ini import Ini
from modou.cli.packing import size_of
from modou.store import packing
from modou.store.opening import open_database
from modou.store.places import place_of
from tests.beating import PATH, REEL, Found, Told, compare, use_reel
from tests.stack import Shape, Stack

#: What a thousand learners send in an hour.
THOUSAND_HOURS = 1000 * 3600 / 15


@dataclass
class Run:
    """One run of the load. Milliseconds, seconds, bytes; CPU in µs for each beat, by part."""

    name: str
    rate: float
    p50: float
    p99: float
    longest: float
    acknowledged: int
    statuses: dict[str, int]
    first_bad: str
    skipped: int
    late: float
    load_share: float
    cpu: dict[str, float] = field(default_factory=dict)
    grown: float = 0.0
    logged: float = 0.0

    def show(self) -> None:
        cpu = " ".join(f"{part} {used:.0f}" for part, used in self.cpu.items() if used >= 0.5)
        click.echo(
            f"{self.name:<22}{self.rate:>7.0f}/s  p50 {self.p50:6.1f} ms  p99 {self.p99:6.1f} ms  "
            f"longest {self.longest:6.0f} ms  {self.statuses}  skipped {self.skipped}"
        )
        click.echo(
            f"{'':<22}CPU us/beat {sum(self.cpu.values()):.0f}: {cpu}; the load itself took "
            f"{self.load_share:.0%} of one core, its beats were at most {self.late:.0f} ms late"
        )
        log = f", {self.logged:.0f} of PostgreSQL's log" if self.logged else ""
        click.echo(f"{'':<22}{self.grown:.0f} bytes of database for each beat{log}")
        if self.first_bad:
            click.echo(f"{'':<22}first bad answer: {self.first_bad}")


class Bench:
    """A stack, its players, and what the load was told so far."""

    def __init__(self, stack: Stack, players: Players, connections: int) -> None:
        self.stack = stack
        self.players = players
        self.connections = connections
        self.told: list[list[int]] = [[0, 0, 0] for _player in players.tokens]

    def run(self, name: str, seconds: float, interval: float, *, flat_out: bool = False) -> Run:
        plan = {
            "host": "127.0.0.1",
            "port": self.stack.plan.port,
            "path": PATH,
            "seconds": seconds,
            "interval": interval,
            "connections": self.connections,
            "flat_out": flat_out,
            "players": [
                [token, cookie, told[0], told[2]]
                for (token, cookie), told in zip(self.players.tokens, self.told, strict=True)
            ],
        }
        path = self.stack.folder / "plan.json"
        path.write_text(json.dumps(plan))
        size, log = self.size(), self.log_position()
        before = self.stack.cpu()
        script = Path(__file__).with_name("beat_load.py")
        done = subprocess.run([sys.executable, script, path], stdout=subprocess.PIPE, check=True)
        after = self.stack.cpu()
        result: dict[str, Any] = json.loads(done.stdout)
        for told, (acknowledged, sent, credited) in zip(
            self.told, result.pop("players"), strict=True
        ):
            told[:] = [acknowledged, max(told[1], sent), max(told[2], credited)]
        count = max(1, result["acknowledged"])
        cpu = {part: (after[part] - before[part]) / count * 1e6 for part in after}
        cpu["load"] = result["cpu"] / count * 1e6
        return Run(
            name,
            result["acknowledged"] / max(seconds, result["seconds"]),
            result["p50"],
            result["p99"],
            result["max"],
            result["acknowledged"],
            result["statuses"],
            result["first_bad"],
            result["skipped"],
            result["late"],
            result["cpu"] / result["seconds"],
            cpu,
            (self.size() - size) / count,
            (self.log_position() - log) / count,
        )

    # -- sizes

    @property
    def uri(self) -> str:
        return Ini(self.stack.ini).app_settings()["zodbconn.uri"]

    def size(self) -> int:
        """Bytes of the database."""
        return size_of(place_of(self.uri))

    def ask(self, question: str) -> Any:
        import psycopg2

        with closing(psycopg2.connect(self.stack.dsn)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(question)
            return cursor.fetchone()[0] if cursor.description else None

    def log_position(self) -> int:
        """Bytes that PostgreSQL has written into its log (WAL) since it was made."""
        if not self.stack.dsn:
            return 0
        return int(self.ask("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))

    def pack(self) -> int:
        """Pack the database while nobody uses it; its size then."""
        with closing(open_database(self.uri)) as database:
            packing.pack(database, place_of(self.uri))
        if self.stack.dsn:
            self.ask("VACUUM FULL")
        return self.size()


def show_found(found: Found) -> None:
    group = found.events / max(1, found.batches)
    click.echo(
        f"journal: {found.events:,} credited beats in {found.batches:,} commits "
        f"({group:.1f} each), {found.faults} faults; {found.seconds:,} seconds credited; "
        f"lost for {found.lost} learners, twice for {found.twice}"
    )


@click.command()
@click.option("--storage", type=click.Choice(["postgresql", "filestorage"]), default="postgresql")
@click.option("--learners", default=20_000, show_default=True)
@click.option(
    "--interval", default=15.0, show_default=True, help="Seconds between a learner's beats."
)
@click.option("--seconds", default=180, show_default=True)
@click.option(
    "--begin",
    "begin_in",
    type=click.IntRange(1),
    default=120,
    show_default=True,
    help="Seconds in which all send their first beat, before anything counts.",
)
@click.option("--connections", default=1000, show_default=True, help="Kept open to HAProxy.")
@click.option("--limit", is_flag=True, help="Then also: as many as it takes.")
@click.option("--pack", is_flag=True, help="At the end: the size before and after packing.")
@click.option("--server", type=click.Choice(["granian", "waitress"]), default="waitress")
@click.option("--processes", default=0, help="Default: 2 on PostgreSQL, 1 on a FileStorage.")
@click.option("--threads", "beats", default=0, help="Without the front: threads for beats.")
@click.option("--cache", default=100, show_default=True, help="MB of RelStorage's cache.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the results here.")
def main(
    storage: str,
    learners: int,
    interval: float,
    seconds: int,
    begin_in: int,
    connections: int,
    limit: bool,
    pack: bool,
    server: str,
    processes: int,
    beats: int,
    cache: int,
    target: Path | None,
) -> None:
    """Beats of learners through HAProxy and Modou into the database, and the journal afterwards."""
    use_reel()
    postgresql = storage == "postgresql"
    shape = Shape(
        postgresql=postgresql,
        processes=processes or (2 if postgresql else 1),
        app=SETTINGS,
        server=server,
        front=not beats,
        beats=beats or 2,
        paths=(REEL,),
        worker=postgresql,
        cache_megabytes=cache,
    )
    players = Players(learners, begin_in, pack)
    click.echo(f"load average at the start {os.getloadavg()[0]:.1f}")
    runs = []
    with Stack(players.fill, shape) as stack:
        bench = Bench(stack, players, connections)
        if pack and postgresql:
            bench.ask("VACUUM FULL")
        at_first = bench.size()
        # Twenty thousand do not begin in the same quarter of a minute; what each needs is fetched
        # from the database then.
        bench.run("they begin", begin_in, begin_in).show()
        runs.append(bench.run(f"{learners / interval:.0f}/s wanted", seconds, interval))
        runs[-1].show()
        if limit:
            runs.append(bench.run("as many as it takes", min(seconds, 30), interval, flat_out=True))
            runs[-1].show()
        memory = stack.memory()
        click.echo("MB resident: " + ", ".join(f"{k} {v:.0f}" for k, v in memory.items()))
        stack.stop_modou()
        with closing(inspect_site(Ini(stack.ini).app_settings())) as access:
            told = dict(zip(players.user_ids, (Told(*t) for t in bench.told), strict=True))
            found = compare(access, players.course_id, told)
        show_found(found)
        if pack:
            sizes(bench, at_first, sum(told[0] for told in bench.told))
        if "Traceback" in stack.logs():
            click.echo(stack.logs())
    if target is not None:
        target.write_text(
            json.dumps({"runs": [asdict(run) for run in runs], "found": asdict(found)}, indent=1)
        )
    if found.lost or found.twice or found.faults or any(set(r.statuses) - {"200"} for r in runs):
        raise SystemExit("not as it should be")


def sizes(bench: Bench, at_first: int, count: int) -> None:
    """What the beats left in the database."""
    for name, size in (("before", bench.size()), ("after", bench.pack())):
        grown = (size - at_first) / count
        click.echo(
            f"{name} packing: {size / 1e6:.1f} MB, {grown:.0f} bytes for each beat: "
            f"{grown * THOUSAND_HOURS / 1e6:.1f} MB for 1,000 learner-hours"
        )


if __name__ == "__main__":
    main()
