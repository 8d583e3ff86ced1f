"""`modou journal`: is what was recorded still as it was recorded."""

import json
import time
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
from modou.services import retention
from modou.services.teaching import find_by_code
from modou.store.journal import Place, verify


@click.group()
def journal() -> None:
    """Check, read, seal and archive the journal."""


@journal.command(name="verify")
@config_option
def verify_command(config: Path) -> None:
    """Recompute every digest. Names what was altered, dropped or reordered, and ends with status 1
    when there is anything."""
    console = Console(highlight=False)
    with opened(config) as access, access.occasion() as occasion:
        started = time.monotonic()
        with console.status("verifying …") as status:
            report = verify(
                occasion.site.journal, lambda seen: status.update(f"{seen:,} events verified …")
            )
        seconds = max(time.monotonic() - started, 0.001)
        console.print(
            f"{report.events:,} events in {report.batches:,} batches of {report.logs:,} logs, "
            f"{report.archived:,} of them in {report.segments:,} archive segments; "
            f"{report.seals:,} seals; {seconds:.1f} s, {report.events / seconds:,.0f} events/s"
        )
        if report.expired:
            newest = max(log.expired.ends for _name, log in occasion.site.journal.all_logs())
            console.print(
                f"{report.expired:,} events were deleted after their retention, the newest of "
                f"{day_of(newest // 1_000_000)}."
            )
        for fault in report.faults[:20]:
            console.print(f"[red]✗[/red] {fault}")
        if report.faults:
            console.print(f"{len(report.faults):,} faults; the first is the first line above.")
            raise SystemExit(1)
        console.print("[green]✓[/green] Everything is as it was recorded.")


def day_of(seconds: int) -> str:
    """The day of a moment (seconds UTC) in the site's time zone."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI):%Y-%m-%d}"


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


@journal.command()
@config_option
def archive(config: Path) -> None:
    """Seal the days that are over and move closed months into compressed archive segments.

    May be interrupted and run again; the site may be running. Run it once a day.
    """
    console = Console(highlight=False)
    with opened(config) as access, console.status("archiving …") as status:
        done = retention.archive(access, lambda text: status.update(f"{text} …"))
    for seal in done.seals:
        click.echo(f"{seal.day} {seal.algorithm} {seal.digest.hex()}")
    if done.segments:
        per_event = done.size / done.events
        console.print(
            f"{done.events:,} events in {done.segments:,} segments, {done.size:,} bytes "
            f"({per_event:.1f} per event). `modou pack` gives back the room that they took."
        )
    else:
        console.print("There is no closed month to be archived.")
    for name, number in done.damaged.items():
        console.print(f"[red]✗[/red] {name}/{number}: not as it was written, so it stays there.")
    if done.damaged:
        raise SystemExit(1)


@journal.command()
@config_option
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def expire(config: Path, dry_run: bool) -> None:
    """Delete the archive segments whose retention is over; says of the others what keeps them."""
    with opened(config) as access:
        deleted = 0
        for verdict in retention.expire(access, dry_run=dry_run):
            what = (
                f"{verdict.log} {verdict.first}-{verdict.last}, {verdict.events:,} events from "
                f"{day_of(verdict.begins)} to {day_of(verdict.ends)}"
            )
            if verdict.why:
                click.echo(f"kept {what}: {verdict.why}")
            else:
                deleted += verdict.events
                click.echo(f"{'would delete' if dry_run else 'deleted'} {what}")
        click.echo(f"{deleted:,} events {'could be' if dry_run else 'were'} deleted.")


@journal.command()
@config_option
@click.option("--course", metavar="CODE", help="A course; without it, the whole site.")
@click.option("--reason", help="Why, for the audit trail. Without it the holds are listed.")
@click.option("--release", is_flag=True, help="End the hold instead of placing it.")
def hold(config: Path, course: str | None, reason: str | None, release: bool) -> None:
    """Place or release a legal hold: what is on hold is not deleted, however old it is."""
    with opened(config) as access, access.occasion() as occasion:
        if reason is None:
            for held, one in retention.holds(occasion):
                what = f"{held.code} {held.title}" if held is not None else "the site"
                click.echo(f"{day_of(one.since)} {what}: {one.reason}")
            return
        found = find_by_code(occasion, course) if course else None
        if course and found is None:
            raise Invalid(f"there is no course with the code {course}")
        verb = retention.release_hold if release else retention.place_hold
        verb(occasion, found, reason)
        click.echo("Released." if release else "Held.")
