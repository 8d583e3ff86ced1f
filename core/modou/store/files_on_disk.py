"""The files of a FileStorage: where they are, and taking them away."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import zc.lockfile

from modou.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a FileStorage lies. `blobs` is None when the URI names no folder for them."""

    data: Path
    blobs: Path | None

    @property
    def lock(self) -> Path:
        return self.data.with_name(f"{self.data.name}.lock")

    def companions(self) -> list[Path]:
        """Every file that FileStorage writes beside its data."""
        return [
            self.data.with_name(self.data.name + end)
            for end in (".index", ".tmp", ".old", ".pack", ".lock")
        ]


def file_place(uri: str) -> FilePlace | None:
    """The place that a ``file://`` URI names; None for URIs of another scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    blobs = parse_qs(parts.query).get("blobstorage_dir")
    return FilePlace(Path(parts.path), Path(blobs[0]) if blobs else None)


def remove_database(uri: str) -> list[Path]:
    """Delete a FileStorage that no process has open; what was deleted.

    :raises ConfigurationError: it is no FileStorage, or is in use
    """
    place = file_place(uri)
    if place is None:
        raise ConfigurationError(f"only a FileStorage can be begun afresh, not {uri}")
    if not place.data.exists() and (place.blobs is None or not place.blobs.exists()):
        return []
    try:
        lock = zc.lockfile.LockFile(str(place.lock))
    except zc.lockfile.LockError:
        raise ConfigurationError(
            f"the database {place.data} is in use by another process: stop that one first"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"cannot lock {place.data}: {error.strerror}") from None
    try:
        removed = []
        if place.blobs is not None and place.blobs.is_dir():
            shutil.rmtree(place.blobs)
            removed.append(place.blobs)
        for path in [place.data, *place.companions()]:
            if path != place.lock and path.exists():
                path.unlink()
                if path == place.data:
                    removed.append(path)
    except OSError as error:
        raise ConfigurationError(f"cannot remove {error.filename}: {error.strerror}") from None
    finally:
        lock.close()
        place.lock.unlink(missing_ok=True)
    return removed
