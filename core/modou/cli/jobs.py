"""`modou jobs`: looking at background jobs, repeating, cancelling and running them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from modou.cli.ini import Ini, config_option
from modou.cli.serve import made_registry
from modou.cli.site import opened
from modou.clock import SHANGHAI
from modou.errors import in_english
from modou.models.jobs import DONE, STATES
from modou.services import jobs as service
from modou.services.access import SiteAccess
from modou.services.jobs import schedule
from modou.services.jobs.running import Runner


@click.group()
def jobs() -> None:
    """See, repeat, cancel and run background jobs.

    On a FileStorage these commands work while no process serves the site, but for list and show.
    """


@contextmanager
def looking(config: Path) -> Iterator[SiteAccess]:
    """The site for looking, also while it is being served."""
    from modou.app import inspect_site

    access = inspect_site(Ini(config).app_settings())
    with closing(access):
        yield access


@jobs.command(name="list")
@config_option
@click.option("--state", type=click.Choice(STATES), help="Only those.")
@click.option("--name", default="", help="Only jobs of this name.")
@click.option("--count", "-n", type=click.IntRange(1), default=30, show_default=True)
def list_command(config: Path, state: str | None, name: str, count: int) -> None:
    """Print the jobs: running, waiting, then ended ones, newest first; and what runs by itself."""
    console = Console(highlight=False)
    with looking(config) as access, access.occasion() as occasion:
        found = service.page(occasion, state=state or "", name=name, size=count)
        table = Table("Job", "Name", "State", "Began", "Seconds", "Tries", "Error", box=None)
        for view in found.jobs[:count]:
            table.add_row(
                view.key,
                view.name,
                view.state,
                when(view.started),
                str(view.seconds),
                str(view.tries),
                in_english(view.error),
            )
        console.print(table if found.jobs else "There are no such jobs.")
        if state is None and not name:
            console.print()
            times = Table("Runs by itself", "Last", "Next", box=None)
            for planned in schedule.plan(occasion):
                times.add_row(planned.job.name, when(planned.last), when(planned.next))
            console.print(times)


@jobs.command()
@config_option
@click.argument("job")
def show(config: Path, job: str) -> None:
    """Print what is known about a JOB; its values only when they are not secret."""
    with looking(config) as access, access.occasion() as occasion:
        record = service.find(occasion, job)
        view = service.view(occasion, record)
        for label, text in (
            ("name", f"{view.name} ({in_english(view.title)})"),
            ("state", view.state + (", to be cancelled" if view.cancelling else "")),
            ("progress", f"{view.fraction:.0%} {in_english(view.text)}".strip()),
            ("asked for", when(view.created)),
            ("due", when(view.due)),
            ("began", when(view.started)),
            ("ended", when(view.ended)),
            ("tries", str(view.tries)),
            ("error", in_english(view.error)),
            ("values", "secret" if isinstance(record.values, bytes) else str(record.values)),
        ):
            click.echo(f"{label:<10} {text}".rstrip())


@jobs.command()
@config_option
@click.argument("job")
def retry(config: Path, job: str) -> None:
    """Have a JOB that failed or was cancelled run again; a worker does so."""
    with opened(config) as access, access.occasion() as occasion:
        service.retry(occasion, service.find(occasion, job))
    click.echo(f"{job} waits for a worker.")


@jobs.command()
@config_option
@click.argument("job")
def cancel(config: Path, job: str) -> None:
    """Take a waiting JOB out, or ask a running one to stop."""
    with opened(config) as access, access.occasion() as occasion:
        record = service.find(occasion, job)
        service.cancel(occasion, record)
        asked = record.cancelling
    click.echo(f"{job} was asked to stop." if asked else f"{job} is cancelled.")


@jobs.command()
@config_option
@click.argument("name")
def run(config: Path, name: str) -> None:
    """Run the job NAME, one of those that run by themselves, here and now.

    Ends with status 1 when it fails.
    """
    ini = Ini(config)
    ini.set_up_logging()
    ini.make_app()
    registry: Any = made_registry()
    access: SiteAccess = registry.access
    with closing(access):
        with access.occasion() as occasion:
            id = service.start_now(occasion, name).id
        if not Runner(access).run(id):
            click.echo(f"{name}: a worker was quicker and does it.")
            return
        with access.occasion() as occasion:
            record = occasion.site.jobs.records.get(id)
            # Some are dropped as soon as they are done.
            state = record.state if record is not None else DONE
            error = in_english(service.view(occasion, record).error) if record is not None else ""
    click.echo(f"{name}: {state}. {error}".strip())
    if state != DONE:
        raise SystemExit(1)


def when(seconds: int) -> str:
    """A moment in the site's time zone, "–" for none."""
    if not seconds:
        return "–"
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
