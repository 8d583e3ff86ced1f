"""Opening the database that the .ini's `zodbconn.uri` names, with errors that name the cause."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import zodburi
from ZConfig import ConfigurationError as ZConfigError
from ZConfig import SchemaResourceError
from ZODB.DB import DB

from modou.errors import ConfigurationError

#: Number of the lock in PostgreSQL that `turn_to_open` takes: "modou" in ASCII.
_OPENING_LOCK = int.from_bytes(b"modou", "big")


def check_uri(uri: str) -> None:
    """Make the folders that a FileStorage URI needs and see whether they can be written.

    :raises ConfigurationError: no URI, unknown scheme, a folder that cannot be written
    """
    if not uri:
        raise ConfigurationError("the .ini lacks zodbconn.uri: where the site is stored")
    parts = urlsplit(uri)
    if parts.scheme == "memory":
        raise ConfigurationError(
            "zodbconn.uri = memory:// loses everything and resolves no conflicts: use file://"
        )
    if parts.scheme not in {"file", "zconfig"}:
        raise ConfigurationError(
            f"zodbconn.uri has the scheme {parts.scheme!r}; known are file:// (embedded) and "
            "zconfig:// (RelStorage on PostgreSQL, see docs/howto/postgresql.md)"
        )
    path = Path(parts.path)
    if parts.scheme == "zconfig":
        if not path.is_file():
            raise ConfigurationError(f"zodbconn.uri names {path}, which does not exist")
        return
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot make the folder {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise ConfigurationError(f"the folder {folder} is not writable")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise ConfigurationError(f"the database {path} is not readable and writable")


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
    from modou.store.places import PostgresPlace, place_of

    with ExitStack() as stack:
        # What is wrong with the URI or the server, opening itself says better.
        with suppress(ConfigurationError):
            if uri.startswith("zconfig:"):
                place = place_of(uri)
                if isinstance(place, PostgresPlace):
                    cursor = stack.enter_context(place.cursor())
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_OPENING_LOCK,))
        yield


def explain(uri: str, error: BaseException) -> str:
    """One sentence for the operator on why the database cannot be opened."""
    place = urlsplit(uri).path or uri
    name = type(error).__name__
    first_line = next(iter(str(error).strip().splitlines()), "").strip()
    if name == "LockError":
        return (
            f"the database {place} is in use by another process; a FileStorage serves one process "
            "at a time"
        )
    if name in {"FileStorageFormatError", "CorruptedError", "CorruptedTransactionError"}:
        return f"the database {place} is not a FileStorage or is damaged: {first_line}"
    if name in {"UnpicklingError", "CorruptedDataError"}:
        return f"the database {place} is damaged: {first_line}"
    if isinstance(error, SchemaResourceError | ImportError) and "relstorage" in first_line:
        return f"{place} names RelStorage, which is not installed: pip install modou[postgresql]"
    if isinstance(error, ZConfigError):
        return f"{place} cannot be understood: {first_line}"
    if isinstance(error, KeyError) and uri.startswith("zconfig:"):
        return f"{place} cannot be understood: it names no database"
    if name in {"OperationalError", "UnableToConnect"} or "connection to server" in str(error):
        return f"the PostgreSQL database that {place} names cannot be reached: {first_line}"
    return f"cannot open the database {place}: {name}: {first_line}"


def is_outage(error: BaseException) -> bool:
    """Whether `error` means that the database's server does not answer now: gone, stopping, or
    without a connection left.

    By name, since psycopg2 needs not be installed. A connection that breaks in the middle raises
    its `DatabaseError` itself; the classes below that one mean something else.
    """
    kind = type(error)
    names = [f"{c.__module__}.{c.__name__}" for c in kind.__mro__]
    return names[0] == "psycopg2.DatabaseError" or bool(
        {"psycopg2.OperationalError", "psycopg2.InterfaceError"}.intersection(names)
    )
