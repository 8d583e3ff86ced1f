"""What a backup consists of: `manifest.json`, the last file that a backup writes.

::

    {"format": 1, "storage": "filestorage", "modou": "0.1.0", "made": "2026-11-23T18:00:00Z",
     "plugins": {"quiz": "1.2"}, "key_ids": ["k2", "k1"], "keys_mark": "5f0e…",
     "files": {"data/2026-11-23-18-00-00.fsz": {"size": 4711, "sha256": "…"}, …}}

A file that it does not name does not belong to the backup: the rest of an interrupted run.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from modou.errors import ConfigurationError

NAME = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the backup; `size` in bytes."""

    size: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """See the module's docstring. `keys_mark`: tells whether a keys file is the site's, without
    telling anything about the keys."""

    storage: str
    modou: str = ""
    made: str = ""
    plugins: dict[str, str] = field(default_factory=dict)
    key_ids: list[str] = field(default_factory=list)
    keys_mark: str = ""
    files: dict[str, Entry] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())

    def under(self, folder: str) -> dict[str, Entry]:
        """The files in one of the backup's folders."""
        return {name: e for name, e in self.files.items() if name.startswith(f"{folder}/")}

    def write(self, target: Path) -> None:
        """Put it into the backup in one step, so that there is always a whole one."""
        text = json.dumps(
            {"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, sort_keys=True
        )
        beside = target / f"{NAME}.new"
        with beside.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target / NAME)

    def check(self, target: Path, name: str) -> None:
        """Compare a file with what was noted of it.

        :raises ConfigurationError: it is missing or differs
        """
        entry = self.files[name]
        path = target / name
        try:
            found = entry_of(path)
        except OSError as error:
            raise ConfigurationError(
                f"the backup is damaged: {path}: {error.strerror or error}"
            ) from None
        if found.size != entry.size:
            raise ConfigurationError(
                f"the backup is damaged: {path} has {found.size} bytes instead of {entry.size}"
            )
        if found.sha256 != entry.sha256:
            raise ConfigurationError(f"the backup is damaged: {path} was altered (SHA-256 differs)")


def read(target: Path) -> Manifest | None:
    """The manifest of a backup; None when there is none in that folder.

    :raises ConfigurationError: it cannot be read, or a newer Modou wrote it
    """
    path = target / NAME
    try:
        values: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ConfigurationError(
                f"{path} has the format {values['format']}, this version of Modou knows {FORMAT}"
            )
        rest = {k: v for k, v in values.items() if k not in {"format", "files"}}
        files = {name: Entry(**entry) for name, entry in values["files"].items()}
        return Manifest(files=files, **rest)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is damaged: {error}") from None


def entry_of(path: Path) -> Entry:
    """Size and digest of a file, read from the disk."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Entry(size, digest.hexdigest())


def copy(source: Path, target: Path) -> Entry:
    """Copy a file in one step, and say what was read from the source."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    beside = target.with_name(f"{target.name}.new")
    with source.open("rb") as stream, beside.open("wb") as copied:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            copied.write(chunk)
            size += len(chunk)
        copied.flush()
        os.fsync(copied.fileno())
    beside.replace(target)
    return Entry(size, digest.hexdigest())
