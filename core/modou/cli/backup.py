"""`modou backup`, `modou restore`: the site into a folder and back."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from modou import __version__
from modou.cli.ini import Ini, config_option
from modou.config import Config, read_config
from modou.errors import ConfigurationError
from modou.plugins import BUILTIN, installed
from modou.store import backup as backups
from modou.store import manifest
from modou.store.checking import check_database
from modou.store.manifest import Manifest, Tell
from modou.store.opening import open_database
from modou.store.places import place_of
from modou.store.vault import Keyring


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@config_option
@click.option("--full", is_flag=True, help="Begin anew instead of adding increments.")
@click.option(
    "--with-keys",
    is_flag=True,
    help="Put the keys file into the backup. Then whoever has the backup can read ID numbers.",
)
def backup(target: Path, config: Path, full: bool, with_keys: bool) -> None:
    """Back the site up into the folder TARGET while it is running.

    A second backup into the same folder adds what is new. The keys file is not in it: keep a copy
    of it in another place, since without it ID numbers and phone numbers cannot be read.
    """
    tell = teller()
    settings = Ini(config).app_settings()
    site = read_config(settings)
    place = place_of(settings.get("zodbconn.uri", ""))
    keys = Keyring.from_file(site["keys"])
    about = Manifest(
        storage=backups.kind_of(place),
        modou=__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        plugins=versions(site),
        key_ids=list(keys.key_ids),
        keys_mark=mark(keys),
    )
    tell(f"Backing {place} up into {target}")
    with private_files():
        made = backups.back_up(
            place, target, about, tell, keys=site["keys"] if with_keys else None, full=full
        )
    tell(f"Done: {len(made.files)} files, {made.size / 1_000_000:.1f} MB, see {manifest.NAME}.")
    if not with_keys:
        tell(f"The keys file {site['keys']} is not in it: keep a copy of it in another place.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@config_option
@click.option(
    "--without-keys",
    is_flag=True,
    help="Restore although the keys file is missing or another one.",
)
def restore(source: Path, config: Path, without_keys: bool) -> None:
    """Put the backup in the folder SOURCE into the empty place that the .ini names.

    Afterwards every object is loaded and every stored file compared with its SHA-256.
    """
    tell = teller()
    settings = Ini(config).app_settings()
    site = read_config(settings)
    uri = settings.get("zodbconn.uri", "")
    place = place_of(uri)
    found = manifest.read(source)
    if found is not None and not without_keys:
        check_keys(site["keys"], found, source)
    tell(f"Restoring {source} into {place}")
    with private_files():
        found = backups.restore(place, source, tell)
    if backups.KEYS in found.files and not site["keys"].exists():
        manifest.copy(source / backups.KEYS, site["keys"])
        site["keys"].chmod(0o600)
        tell(f"The keys file is {site['keys']}")
    with closing(open_database(uri)) as database:
        findings = check_database(database, tell)
    for problem in findings.problems:
        click.echo(problem, err=True)
    if findings.problems:
        raise ConfigurationError(
            f"the restored site has {len(findings.problems)} faults, which it had when it was "
            "backed up"
        )
    tell(
        f"Done: the site of {found.made}, {findings.objects} objects and {findings.files} stored "
        "files, all checked."
    )


@contextmanager
def private_files() -> Iterator[None]:
    """What is written meanwhile holds people's data: for its owner only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def teller() -> Tell:
    """Tells the operator how far it is."""
    console = Console(highlight=False)

    def tell(text: str) -> None:
        console.print(text, markup=False)

    return tell


def versions(site: Config) -> dict[str, str]:
    """Versions of the enabled plugins' distributions."""
    known = installed()
    entries = {name: known.get(name) for name in (BUILTIN, *site["plugins"])}
    return {name: e.dist.version if e and e.dist else "" for name, e in entries.items()}


def mark(keys: Keyring) -> str:
    """By which a keys file is recognised as the site's."""
    return keys.fingerprint("the site's keys", "backup").hex()[:32]


def check_keys(path: Path, found: Manifest, source: Path) -> None:
    """:raises ConfigurationError: the site would come back without the keys of its data"""
    if not path.exists():
        if backups.KEYS in found.files:
            return
        raise ConfigurationError(
            f"the keys file {path} is missing and not in the backup: put your copy there first, or "
            "say --without-keys and lose ID numbers and phone numbers"
        )
    if mark(Keyring.from_file(path)) != found.keys_mark:
        raise ConfigurationError(
            f"the keys file {path} is not the one of the site in {source}: put your copy there, or "
            "say --without-keys"
        )
