"""Opening the database that the .ini's `zodbconn.uri` names, with errors that name the cause."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import zodburi
from ZODB.DB import DB

from modou.errors import ConfigurationError
from modou.store.places import PostgresPlace, place_of
from modou.store.uris import check_uri, explain

#: Number of the lock in PostgreSQL that `turn_to_open` takes: "modou" in ASCII.
_OPENING_LOCK = int.from_bytes(b"modou", "big")


def open_database(uri: str, *, read_only: bool = False) -> DB:
    """Open the database for a command (the application's is opened by pyramid_zodbconn).

    :param read_only: for looking; a FileStorage can be opened so while a process serves it
    :raises ConfigurationError: naming what is wrong with the URI or the database
    """
    check_uri(uri)
    path = Path(urlsplit(uri).path)
    if read_only and uri.startswith("file:"):
        if not path.exists():
            raise ConfigurationError(f"there is no database {path} yet: modou serve makes it")
        uri += "&read_only=1" if "?" in uri else "?read_only=1"
    try:
        with turn_to_open(uri):
            storage_factory, options = zodburi.resolve_uri(uri)
            return DB(storage_factory(), **options)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(explain(uri, error)) from error


@contextmanager
def turn_to_open(uri: str) -> Iterator[None]:
    """Open a database inside: processes that start at once on a new PostgreSQL database take
    turns, else they would make its tables at the same time and fail."""
    with ExitStack() as stack:
        # What is wrong with the URI or the server, opening itself says better.
        with suppress(ConfigurationError):
            if uri.startswith("zconfig:"):
                place = place_of(uri)
                if isinstance(place, PostgresPlace):
                    cursor = stack.enter_context(place.cursor())
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_OPENING_LOCK,))
        yield
