"""`modou pack`: give back the room of what nothing refers to any more."""

from pathlib import Path

import click
from rich.console import Console

from modou.cli.ini import Ini, config_option
from modou.store import packing
from modou.store.opening import open_database
from modou.store.places import FilePlace, Place, place_of


@click.command()
@config_option
@click.option(
    "--days",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    help="Keep old versions of objects of so many days (FileStorage), and what became garbage.",
)
def pack(config: Path, days: int) -> None:
    """Pack the database.

    A FileStorage must not be in use: stop the site, or pack at night. PostgreSQL is packed while
    the site is running.
    """
    console = Console(highlight=False)
    ini = Ini(config)
    ini.set_up_logging()
    uri = ini.app_settings().get("zodbconn.uri", "")
    place = place_of(uri)
    database = open_database(uri)
    try:
        before = size_of(place)
        with console.status(f"Packing {place}, {megabytes(before)} …"):
            packing.pack(database, place, days)
        console.print(f"{place}: {megabytes(before)} before, {megabytes(size_of(place))} now.")
    finally:
        database.close()


def size_of(place: Place) -> int:
    """Bytes that the database takes, without stored files that lie beside it."""
    if isinstance(place, FilePlace):
        return place.data.stat().st_size
    with place.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
        return int(size)


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
