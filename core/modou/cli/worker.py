"""`modou worker`: a process that does the background jobs of a site."""

import gc
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import FrameType

import click

from modou.cli.ini import Ini, config_option
from modou.cli.serve import made_registry, share_arenas
from modou.cli.working import background


@click.command()
@config_option
@click.option(
    "--long",
    type=click.IntRange(0, 32),
    default=1,
    show_default=True,
    metavar="N",
    help="Threads for long jobs, such as films; one more does the short ones.",
)
def worker(config: Path, long: int) -> None:
    """Do the background jobs and tell plugins what happened, until Ctrl-C (or SIGTERM).

    For sites with modou.jobs = outside. Several of these processes may run, also on several
    machines. A job that is running is given 20 seconds to end when the process is told to stop.
    """
    share_arenas()
    ini = Ini(config)
    ini.set_up_logging()
    gc.disable()
    # With its pages: jobs render and link as pages do.
    ini.make_app()
    registry = made_registry()
    gc.freeze()
    gc.enable()
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    with closing(registry.access):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        with background(registry, long):
            click.echo(f"Modou works, {long + 1} jobs at a time. Ctrl-C stops it.")
            sys.stdout.flush()
            ended.wait()
    click.echo("Stopped.")
