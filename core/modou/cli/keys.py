"""`modou keys`: the file that encrypts personal data."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from modou.cli.ini import Ini, config_option
from modou.cli.site import opened
from modou.config import read_config
from modou.errors import ConfigurationError
from modou.services.rekeying import reencrypt as encrypt_anew
from modou.store.vault import Keyring, VaultError


@click.group()
def keys() -> None:
    """The keys file: without it ID numbers and phone numbers are lost.

    To change the key: rotate, restart every process, reencrypt, then take the old line out of the
    file. Lookups go on working all the while.
    """


def path_of(config: Path) -> Path:
    path: Path = read_config(Ini(config).app_settings())["keys"]
    return path


@keys.command()
@config_option
def create(config: Path) -> None:
    """Write a new keys file; one that is there is never overwritten."""
    path = path_of(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    Keyring.create(path)
    click.echo(f"{path} is the keys file. Keep a copy of it in a safe place, not with the backups.")


@keys.command()
@config_option
def rotate(config: Path) -> None:
    """Put a new key on top of the file; older ones still open what they encrypted."""
    path = path_of(config)
    made = Keyring.rotate(path)
    click.echo(
        f"{made.key_ids[0]} is the current key of {path}. Keep a copy of the file, restart every "
        "process of the site, then run: modou keys reencrypt"
    )


@keys.command()
@config_option
def show(config: Path) -> None:
    """The ids of the keys, never the keys."""
    path = path_of(config)
    for place, key_id in enumerate(Keyring.from_file(path).key_ids):
        click.echo(f"{key_id}{'  (current)' if place == 0 else ''}")


@keys.command()
@config_option
def reencrypt(config: Path) -> None:
    """Encrypt everything anew that is encrypted with an older key."""
    console = Console(highlight=False)
    with opened(config) as access:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console) as progress:
            tasks: dict[str, TaskID] = {}

            def tell(kind: str, done: int, total: int) -> None:
                if kind not in tasks:
                    tasks[kind] = progress.add_task(kind)
                progress.update(tasks[kind], completed=done, total=total)

            try:
                encrypt_anew(access, tell)
            except VaultError as error:
                raise ConfigurationError(str(error)) from None
        current, *older = access.keys.key_ids
        console.print(f"Everything of the core is encrypted with {current}.")
        if older:
            console.print(
                f"Once backups made before today are no longer needed, these lines can go from the "
                f"keys file: {', '.join(older)}"
            )
