"""`modou evolve`: bring stored data up to what this version of the code expects."""

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from modou.cli.ini import config_option
from modou.cli.site import opened
from modou.clock import SHANGHAI
from modou.errors import ConfigurationError
from modou.services.access import SiteAccess
from modou.store import evolve as steps


@click.command()
@config_option
@click.option("--dry-run", is_flag=True, help="Run the open steps and undo everything.")
@click.option("--list", "listing", is_flag=True, help="Only show what is done and what is open.")
def evolve(config: Path, dry_run: bool, listing: bool) -> None:
    """Run the open evolve steps of the core and the plugins.

    Stop every process of the site and back it up first.
    """
    console = Console(highlight=False)
    with opened(config, evolving=True) as access:
        if listing:
            show(console, access)
            return
        declared = access.assembled.evolve_steps

        def tell(step: steps.Step, text: str) -> None:
            if text:
                console.print(f"    {text}", markup=False)
            else:
                console.print(f"{step.path}: {step.declared.title}", markup=False)

        try:
            done = steps.run_open_steps(access.database, declared, access.clock, tell, dry_run)
        except steps.StepFailed as error:
            console.print_exception()
            raise ConfigurationError(
                f"{error}. Steps before it are done; what it had not committed is undone"
            ) from error
        if not done:
            console.print("Nothing to do: no step is open.")
        elif dry_run:
            console.print(f"Dry run: {len(done)} steps ran without error; nothing was changed.")
        else:
            console.print(f"Done: {len(done)} steps.")


def show(console: Console, access: SiteAccess) -> None:
    """A table of all steps."""
    table = Table(box=None, pad_edge=False)
    for column in ("step", "state", "when"):
        table.add_column(column)
    with access.database.transaction() as connection:
        root = connection.root()
        for record in steps.finished(root):
            when = datetime.fromtimestamp(record.when, SHANGHAI).strftime("%Y-%m-%d %H:%M")
            table.add_row(record.path, "new plugin" if record.how == "new" else "done", when)
        for step in steps.open_steps(root, access.assembled.evolve_steps):
            table.add_row(step.path, "OPEN", step.declared.title)
    if table.row_count:
        console.print(table)
    else:
        console.print("No steps are declared or recorded.")
