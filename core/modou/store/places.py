"""Where a site is stored: the files of a FileStorage, or a PostgreSQL database, as the .ini's
`zodbconn.uri` names it."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import zc.lockfile
import zodburi

from modou.errors import ConfigurationError
from modou.store.uris import check_uri, explain


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A FileStorage. `blobs` is None when the URI names no folder for them."""

    data: Path
    blobs: Path | None

    @property
    def lock(self) -> Path:
        return self.data.with_name(f"{self.data.name}.lock")

    def companions(self) -> list[Path]:
        """Every file that FileStorage writes beside its data."""
        ends = (".index", ".tmp", ".old", ".pack", ".lock")
        return [self.data.with_name(self.data.name + end) for end in ends]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every process from opening the database meanwhile.

        :raises ConfigurationError: one has it open
        """
        try:
            lock = zc.lockfile.LockFile(str(self.lock))
        except zc.lockfile.LockError:
            raise ConfigurationError(
                f"the database {self.data} is in use by another process: stop that one first"
            ) from None
        except OSError as error:
            raise ConfigurationError(f"cannot lock {self.data}: {error.strerror}") from None
        try:
            yield
        finally:
            lock.close()
            self.lock.unlink(missing_ok=True)

    def __str__(self) -> str:
        return str(self.data)


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A PostgreSQL database that RelStorage uses.

    :param dsn: of libpq, "host=… dbname=…"; may hold the password: never shown, see `__str__`
    :param blobs: folder of the blobs: a cache of what is in the database, or (shared) their home
    :param cache: folder in which RelStorage keeps its cache from one start to the next
    """

    dsn: str
    blobs: Path | None
    shared_blobs: bool
    cache: Path | None = None

    def parameters(self) -> Mapping[str, str]:
        """The parts of the dsn, without the password."""
        from psycopg2.extensions import parse_dsn

        return {k: v for k, v in parse_dsn(self.dsn).items() if k != "password"}

    def public_dsn(self) -> str:
        """The dsn without the password."""
        from psycopg2.extensions import make_dsn

        return str(make_dsn(**self.parameters()))

    def environment(self) -> dict[str, str]:
        """Environment variables that give PostgreSQL's programs the password: on a command line
        everybody on the machine could read it."""
        from psycopg2.extensions import parse_dsn

        password = parse_dsn(self.dsn).get("password")
        return {"PGPASSWORD": password} if password else {}

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """A cursor on the database; commits at the end.

        :raises ConfigurationError: the database cannot be reached
        """
        import psycopg2

        try:
            connection = psycopg2.connect(self.dsn)
        except psycopg2.OperationalError as error:
            raise ConfigurationError(
                f"cannot reach the PostgreSQL database {self}: {str(error).splitlines()[0]}"
            ) from None
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def __str__(self) -> str:
        parts = self.parameters()
        where = parts.get("host", "localhost")
        return f"{parts.get('dbname', '')} on {where}"


Place = FilePlace | PostgresPlace


def file_place(uri: str) -> FilePlace | None:
    """The place that a ``file://`` URI names; None for URIs of another scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    blobs = parse_qs(parts.query).get("blobstorage_dir")
    return FilePlace(Path(parts.path), Path(blobs[0]) if blobs else None)


def place_of(uri: str) -> Place:
    """Where the database of a URI is.

    :raises ConfigurationError: a URI or a ZConfig file that names something else
    """
    check_uri(uri)
    found = file_place(uri)
    if found is not None:
        return found
    try:
        factory, _options = zodburi.resolve_uri(uri)
    except Exception as error:
        raise ConfigurationError(explain(uri, error)) from error
    storage = factory.__self__.config
    adapter = getattr(storage, "adapter", None)
    dsn = getattr(adapter.config, "dsn", None) if adapter is not None else None
    if dsn is None:
        raise ConfigurationError(
            f"{urlsplit(uri).path} names no RelStorage on PostgreSQL: packing, backup and restore "
            "know that and file://"
        )
    blobs = Path(storage.blob_dir) if storage.blob_dir else None
    cache = Path(storage.cache_local_dir) if storage.cache_local_dir else None
    return PostgresPlace(dsn, blobs, bool(storage.shared_blob_dir), cache)


def beside_blobs(uri: str, name: str) -> Path:
    """A folder beside that of the blobs, on the same disk: files move between them for nothing.

    :raises ConfigurationError: the URI cannot be understood, or names no such place
    """
    place = place_of(uri)
    blobs = place.blobs or (place.data if isinstance(place, FilePlace) else None)
    if blobs is None:
        raise ConfigurationError(
            f"{place} has no folder for blobs: name a folder for modou.{name} in the .ini"
        )
    return blobs.parent / name


def remove_database(uri: str) -> list[Path]:
    """Delete a FileStorage that no process has open; what was deleted.

    :raises ConfigurationError: it is no FileStorage, or is in use
    """
    place = file_place(uri)
    if place is None:
        raise ConfigurationError(f"only a FileStorage can be begun afresh, not {uri}")
    if not place.data.exists() and (place.blobs is None or not place.blobs.exists()):
        return []
    removed = []
    with place.locked():
        try:
            if place.blobs is not None and place.blobs.is_dir():
                shutil.rmtree(place.blobs)
                removed.append(place.blobs)
            if place.data.exists():
                place.data.unlink()
                removed.append(place.data)
            for path in place.companions():
                if path != place.lock:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigurationError(f"cannot remove {error.filename}: {error.strerror}") from None
    return removed
