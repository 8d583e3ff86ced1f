"""The .ini's `zodbconn.uri`: whether it can be used, and why a database cannot be opened."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from ZConfig import ConfigurationError as ZConfigError
from ZConfig import SchemaResourceError

from modou.errors import ConfigurationError


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
