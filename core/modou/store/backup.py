"""Backup and restore: `repozo` for FileStorage, `pg_dump` for PostgreSQL, blobs included.

Both work while the site is running. A backup is a folder::

    manifest.json    what belongs to it, written last (`modou.store.manifest`)
    data/            repozo's files (a full one and increments), or one dump of PostgreSQL
    blobs/           stored files, where they lie beside the database
    keys             only when it was asked for

A second backup into the same folder adds what is new (FileStorage), or replaces the dump. What
belonged to the former one goes only when the new one is complete and was read back.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import zc.lockfile
from ZODB.scripts import repozo

from modou.errors import ConfigurationError
from modou.store import manifest
from modou.store.manifest import Entry, Manifest, Tell
from modou.store.places import FilePlace, Place, PostgresPlace

DATA = "data"
BLOBS = "blobs"
KEYS = "keys"


def kind_of(place: Place) -> str:
    """The name under which the manifest knows a kind of storage."""
    return "filestorage" if isinstance(place, FilePlace) else "postgresql"


# -- making


def back_up(
    place: Place,
    target: Path,
    about: Manifest,
    tell: Tell,
    *,
    keys: Path | None = None,
    full: bool = False,
) -> Manifest:
    """Back a site up into the folder `target`, and read back what was written.

    :param about: versions and marks to note; its `files` are filled in
    :param keys: the keys file, when it shall be in the backup
    :param full: begin anew instead of adding to what is there (FileStorage)
    :raises ConfigurationError: naming what stands against it; the former backup is still whole
    """
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(target):
        before = _former(target, about)
        _check_room(place, target, before)
        if isinstance(place, FilePlace):
            files = _back_up_filestorage(place, target, before, tell, full)
        else:
            files = _back_up_postgresql(place, target, tell)
        if place.blobs is not None and (isinstance(place, FilePlace) or place.shared_blobs):
            files |= _copy_blobs(place.blobs, target, before, tell)
        if keys is not None:
            files[KEYS] = manifest.copy(keys, target / KEYS)
            (target / KEYS).chmod(0o600)
        about.files = files
        old = before.files if before is not None else {}
        fresh = [name for name, entry in files.items() if old.get(name) != entry]
        for name in fresh:
            about.check(target, name)
        about.write(target)
        _sweep(target, about)
        tell(f"{len(fresh)} new files were written and read back")
    return about


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    try:
        lock = zc.lockfile.LockFile(str(target / ".lock"))
    except zc.lockfile.LockError:
        raise ConfigurationError(f"another backup into {target} is running") from None
    except OSError as error:
        raise ConfigurationError(f"{target} is not writable: {error.strerror}") from None
    try:
        yield
    finally:
        lock.close()
        (target / ".lock").unlink(missing_ok=True)


def _former(target: Path, about: Manifest) -> Manifest | None:
    """The backup that is there already, if it is one of this site."""
    before = manifest.read(target)
    if before is None:
        strange = sorted(p.name for p in target.iterdir() if p.name not in {".lock", DATA, BLOBS})
        if strange:
            raise ConfigurationError(
                f"{target} holds no backup of Modou but other files ({strange[0]} …): name an "
                "empty folder"
            )
        return None
    if before.storage != about.storage:
        raise ConfigurationError(
            f"{target} holds a backup of a site on {before.storage}, this one is on "
            f"{about.storage}: name another folder"
        )
    if before.keys_mark != about.keys_mark:
        raise ConfigurationError(
            f"{target} holds a backup of a site with another keys file: name another folder"
        )
    return before


def _check_room(place: Place, target: Path, before: Manifest | None) -> None:
    """See whether a first backup has room; later ones need little."""
    if before is not None or not isinstance(place, FilePlace):
        return
    need = place.data.stat().st_size if place.data.exists() else 0
    if place.blobs is not None:
        need += sum(path.stat().st_size for path in place.blobs.rglob("*.blob"))
    free = shutil.disk_usage(target).free
    if free < need:
        raise ConfigurationError(
            f"{target} has {free // 1_000_000} MB left, the backup may need {need // 1_000_000} MB"
        )


def _back_up_filestorage(
    place: FilePlace, target: Path, before: Manifest | None, tell: Tell, full: bool
) -> dict[str, Entry]:
    if not place.data.exists():
        raise ConfigurationError(f"there is no database {place.data} to back up")
    data = target / DATA
    data.mkdir(exist_ok=True)
    listed = before.under(DATA) if before is not None else {}
    for path in data.iterdir():
        if f"{DATA}/{path.name}" not in listed:
            path.unlink()
    if before is not None and not full:
        full = not all(_is_whole(before, target, name) for name in listed)
        if full:
            tell("the former increments are not whole: making a full backup")
    _await_new_second(data)
    _repozo("--backup", "--quick", "--gzip", *(("--full",) if full else ()), place=place, data=data)
    _repozo("--verify", data=data)
    names = sorted(path.name for path in data.iterdir())
    last_full = next(name for name in reversed(names) if name.endswith(".fsz"))
    # Everything older than the last full backup is swept once the manifest is written.
    kept = [name for name in names if name >= Path(last_full).stem]
    increments = sum(name.endswith(".deltafsz") for name in kept)
    tell(f"database: a full backup and {increments} increments")
    return {f"{DATA}/{name}": manifest.entry_of(data / name) for name in kept}


def _await_new_second(data: Path) -> None:
    """Wait, since repozo names its files by the second and refuses to write one twice."""
    while any(data.glob(f"{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}.*")):
        time.sleep(0.05)


def _is_whole(before: Manifest, target: Path, name: str) -> bool:
    try:
        before.check(target, name)
    except ConfigurationError:
        return False
    return True


def _repozo(*options: str, data: Path, place: FilePlace | None = None) -> None:
    """Call repozo; it ends with SystemExit and a sentence when it cannot go on."""
    file = ("--file", str(place.data)) if place is not None else ()
    try:
        repozo.main([*options, "--repository", str(data), *file])
    except SystemExit as error:
        raise ConfigurationError(f"repozo: {error}") from None


def _copy_blobs(blobs: Path, target: Path, before: Manifest | None, tell: Tell) -> dict[str, Entry]:
    """Copy what is not in the backup yet. The bytes of a blob's file never change."""
    known = before.under(BLOBS) if before is not None else {}
    files: dict[str, Entry] = {}
    copied = 0
    for path in _blob_files(blobs):
        name = f"{BLOBS}/{path.relative_to(blobs).as_posix()}"
        entry = known.get(name)
        there = target / name
        if entry is None or not there.exists() or there.stat().st_size != entry.size:
            try:
                entry = manifest.copy(path, there)
            except FileNotFoundError:
                # Packed away between listing and copying: nothing refers to it any more.
                continue
            copied += 1
            if copied % 1000 == 0:
                tell(f"stored files: {copied} copied")
        files[name] = entry
    tell(f"stored files: {len(files)}, of which {copied} are new")
    return files


def _blob_files(blobs: Path) -> Iterator[Path]:
    """The layout marker and the committed blobs, without what is being uploaded (`tmp`)."""
    if not blobs.is_dir():
        return
    for path in sorted(blobs.iterdir()):
        if path.name == ".layout":
            yield path
        elif path.is_dir() and path.name != "tmp":
            yield from sorted(path.rglob("*.blob"))


def _back_up_postgresql(place: PostgresPlace, target: Path, tell: Tell) -> dict[str, Entry]:
    data = target / DATA
    data.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S-%f")
    dump = data / f"{stamp}.dump"
    # One snapshot of everything, large objects (blobs) included.
    _postgresql_program(place, "pg_dump", "--format=custom", f"--file={dump}")
    # Reads and unpacks all of it.
    _postgresql_program(None, "pg_restore", "--file=/dev/null", str(dump))
    tell(f"database: a dump of {dump.stat().st_size // 1000} kB")
    return {f"{DATA}/{dump.name}": manifest.entry_of(dump)}


def _postgresql_program(place: PostgresPlace | None, program: str, *options: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment."""
    path = postgresql_program(program)
    connect = (f"--dbname={place.public_dsn()}",) if place is not None else ()
    environment = {**os.environ, **(place.environment() if place is not None else {})}
    ended = subprocess.run(  # noqa: S603 - a program of PostgreSQL, its options are ours
        [path, *connect, *options], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.strip()]
        raise ConfigurationError(f"{program}: {lines[0] if lines else 'failed'}")


def postgresql_program(name: str) -> str:
    """The path of one of PostgreSQL's client programs.

    :raises ConfigurationError: it is not installed
    """
    # Debian's wrapper in the PATH takes the version of a local cluster; the newest one reads all.
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4])
    )
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise ConfigurationError(f"{name} is not installed: install PostgreSQL's client programs")
    return found


def _sweep(target: Path, present: Manifest) -> None:
    """Delete what does not belong to the backup any more."""
    for folder in (DATA, BLOBS):
        for path in sorted((target / folder).rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(target).as_posix() not in present.files:
                path.unlink()
    if KEYS not in present.files:
        (target / KEYS).unlink(missing_ok=True)


# -- restoring


def restore(place: Place, source: Path, tell: Tell) -> Manifest:
    """Put the backup in `source` into an empty place.

    :raises ConfigurationError: no or a damaged backup, a place that is not empty, another kind of
        storage; nothing was written then
    """
    found = manifest.read(source)
    if found is None:
        raise ConfigurationError(f"{source} holds no backup: there is no {manifest.NAME}")
    if found.storage != kind_of(place):
        raise ConfigurationError(
            f"{source} is a backup of a site on {found.storage}, and the .ini names "
            f"{kind_of(place)}: restore it there, then convert it with zodbconvert"
        )
    if isinstance(place, FilePlace):
        _restore_filestorage(place, source, found, tell)
    else:
        _restore_postgresql(place, source, found, tell)
    return found


def _must_be_empty(folder: Path | None, what: str) -> None:
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{what} {folder} is not empty: restore into an empty place only")


def _restore_filestorage(place: FilePlace, source: Path, found: Manifest, tell: Tell) -> None:
    if place.data.exists():
        raise ConfigurationError(
            f"there is a database {place.data} already: restore into an empty place only"
        )
    _must_be_empty(place.blobs, "the folder for stored files")
    place.data.parent.mkdir(parents=True, exist_ok=True)
    with (
        place.locked(),
        tempfile.TemporaryDirectory(prefix=".restoring-", dir=place.data.parent) as name,
    ):
        folder = Path(name)
        # Only what belongs to the backup, whatever else lies in its folder.
        (folder / DATA).mkdir()
        for listed in found.under(DATA):
            found.check(source, listed)
            (folder / listed).symlink_to((source / listed).resolve())
        restored = folder / place.data.name
        _repozo("--recover", "--with-verify", "--output", str(restored), data=folder / DATA)
        tell(f"database: {restored.stat().st_size // 1000} kB")
        _restore_blobs(folder / BLOBS, source, found, tell)
        if place.blobs is not None and (folder / BLOBS).exists():
            place.blobs.parent.mkdir(parents=True, exist_ok=True)
            if place.blobs.exists():
                place.blobs.rmdir()
            shutil.move(folder / BLOBS, place.blobs)
        index = Path(f"{restored}.index")
        if index.exists():
            index.replace(f"{place.data}.index")
        # Last: while it is missing, the restore can be begun again.
        restored.replace(place.data)


def _restore_blobs(folder: Path, source: Path, found: Manifest, tell: Tell) -> None:
    """Copy the backup's blobs into `folder`, each compared with the manifest on the way."""
    listed = found.under(BLOBS)
    for count, (name, entry) in enumerate(listed.items(), start=1):
        try:
            copied = manifest.copy(source / name, folder / name.removeprefix(f"{BLOBS}/"))
        except OSError as error:
            raise ConfigurationError(
                f"the backup is damaged: {source / name}: {error.strerror}"
            ) from None
        if copied != entry:
            raise ConfigurationError(f"the backup is damaged: {source / name} was altered")
        if count % 1000 == 0:
            tell(f"stored files: {count} of {len(listed)}")
    if listed:
        folder.chmod(0o700)
        tell(f"stored files: {len(listed)}")


def _restore_postgresql(place: PostgresPlace, source: Path, found: Manifest, tell: Tell) -> None:
    _must_be_empty(place.blobs, "the folder for stored files")
    _must_be_empty(place.cache, "RelStorage's cache")
    with place.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        (tables,) = cursor.fetchone()
    if tables:
        raise ConfigurationError(
            f"the database {place} holds {tables} tables: restore into an empty place only"
        )
    (dump,) = found.under(DATA)
    found.check(source, dump)
    _postgresql_program(
        place, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
        "--no-privileges", str(source / dump),
    )  # fmt: skip
    tell(f"database: {found.files[dump].size // 1000} kB of dump")
    if place.shared_blobs and place.blobs is not None:
        _restore_blobs(place.blobs, source, found, tell)
