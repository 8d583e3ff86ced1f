"""`modou journal`: is what was recorded still as it was recorded."""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console

from modou.cli.ini import config_option
from modou.cli.site import opened
from modou.clock import SHANGHAI
from modou.declarations import Event
from modou.errors import Invalid
from modou.store.journal import Place, verify


@click.group()
def journal() -> None:
    """Check, read and seal the journal."""


@journal.command(name="verify")
@config_option
def verify_command(config: Path) -> None:
    """Recompute every digest. Names what was altered, dropped or reordered, and ends with status 1
    when there is anything."""
    console = Console(highlight=False)
    with opened(config) as access, access.occasion() as occasion:
        status = console.status("verifying …")
        with status:
            report = verify(
                occasion.site.journal, lambda seen: status.update(f"{seen:,} events verified …")
            )
        console.print(
            f"{report.events:,} events in {report.batches:,} batches of {report.logs:,} logs, "
            f"{report.seals:,} seals"
        )
        for fault in report.faults[:20]:
            console.print(f"[red]✗[/red] {fault}")
        if report.faults:
            console.print(f"{len(report.faults):,} faults; the first is the first line above.")
            raise SystemExit(1)
        console.print("[green]✓[/green] Everything is as it was recorded.")


@journal.command()
@config_option
@click.option("--count", "-n", type=click.IntRange(1), default=20, show_default=True)
def tail(config: Path, count: int) -> None:
    """Print the newest events, the newest last."""
    with opened(config) as access, access.occasion() as occasion:
        newest = list(islice(occasion.site.journal.newest_first(), count))
        for event in reversed(newest):
            click.echo(line(event))


def line(event: Event) -> str:
    """An event as a line: time in the site's time zone, kind, ids, values."""
    when = datetime.fromtimestamp(event.time / 1_000_000, UTC).astimezone(SHANGHAI)
    values = json.dumps(dict(event.values), ensure_ascii=False, sort_keys=True)
    ids = f"actor={event.actor} subject={event.subject} course={event.course}"
    return f"{when:%Y-%m-%d %H:%M:%S} {event.kind} {ids} {values}"


@journal.command()
@config_option
def seal(config: Path) -> None:
    """Seal the days that are over: run it once a day, and keep what it prints elsewhere."""
    with opened(config) as access, access.occasion() as occasion:
        for made in occasion.site.journal.seal(occasion.clock.now()):
            click.echo(f"{made.day} {made.algorithm} {made.digest.hex()}")


@journal.command()
@config_option
@click.argument("place")
def prove(config: Path, place: str) -> None:
    """Print the proof (JSON) that the event at PLACE was recorded; it shows no other event.

    PLACE is log/batch/position, as `modou journal export` prints it.
    """
    with opened(config) as access, access.occasion() as occasion:
        try:
            log, number, position = place.rsplit("/", 2)
            proof = occasion.site.journal.prove(Place(log, int(number), int(position)))
        except (KeyError, ValueError):
            raise Invalid(
                f"there is no event at {place!r}; a place is log/batch/position"
            ) from None
        click.echo(json.dumps(proof.as_json(), ensure_ascii=False, indent=2))


@journal.command()
@config_option
@click.argument("target", type=click.File("w", encoding="utf-8", atomic=True))
def export(config: Path, target: TextIO) -> None:
    """Write all events, the oldest first, as JSON lines to the file TARGET."""
    with opened(config) as access, access.occasion() as occasion:
        for place, event in occasion.site.journal.places():
            record = {
                "place": str(place),
                "time": event.time,
                "kind": event.kind,
                "actor": event.actor,
                "subject": event.subject,
                "course": event.course,
                "values": dict(event.values),
            }
            target.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
