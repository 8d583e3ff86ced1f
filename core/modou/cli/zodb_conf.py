"""`modou zodb-conf`: the ZConfig file that puts a site on PostgreSQL."""

import os
from pathlib import Path

import click

from modou.errors import ConfigurationError

TEMPLATE = """\
# The database of a Modou site: RelStorage on PostgreSQL. Written by `modou zodb-conf`.
# The .ini names this file: zodbconn.uri = zconfig://{path}
# It holds the database's password: only the site's user may read it.
%import relstorage

<zodb main>
    # Objects kept in memory, for each of the pool's connections; a thread needs one connection.
    cache-size 20000
    pool-size {pool}
    <relstorage>
        # Modou keeps its own history of what people did; without old versions of every object
        # the database stays small. Cannot be changed later.
        keep-history false
        # Stored files are in the database, this folder is a cache of them: one backup has all.
        shared-blob-dir false
        blob-dir {folder}/blobs
        blob-cache-size 2gb
        # Shared by the threads of a process; the folder makes a restart quick.
        cache-local-mb {cache}
        cache-local-dir {folder}/cache
        commit-lock-timeout 30
        <postgresql>
            driver psycopg2
            dsn {dsn}
        </postgresql>
    </relstorage>
</zodb>
"""


@click.command("zodb-conf")
@click.argument("dsn")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("zodb.conf"),
    show_default=True,
    metavar="FILE",
    help="The file to write; one that is there is not overwritten.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the caches, on this machine; each process may use the same.",
)
@click.option(
    "--cache", type=click.IntRange(10), default=200, show_default=True, metavar="MB",
    help="Memory of each process for the database's cache.",
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1), default=8, show_default=True,
    help="Requests for pages that a process gets at a time, as with modou deploy render --pages.",
)  # fmt: skip
def zodb_conf(dsn: str, target: Path, data: Path, cache: int, threads: int) -> None:
    """Write the ZConfig file for the PostgreSQL database DSN.

    For example: modou zodb-conf "host=localhost dbname=modou user=modou password=…"
    """
    text = render(dsn, target.absolute(), data.absolute(), cache, threads)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(f"there is a file {target} already: remove it first") from None
    except OSError as error:
        raise ConfigurationError(f"cannot write {target}: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    click.echo(f"{target} is written. In the .ini: zodbconn.uri = zconfig://{target.absolute()}")


def render(dsn: str, path: Path, folder: Path, cache: int, threads: int) -> str:
    """The text of the file.

    :raises ConfigurationError: `dsn` is no libpq connection string, or names no database
    """
    try:
        import psycopg2
        from psycopg2.extensions import make_dsn, parse_dsn
    except ImportError:
        raise ConfigurationError(
            "the driver of PostgreSQL is missing: pip install modou[postgresql]"
        ) from None
    try:
        parts = parse_dsn(dsn)
    except psycopg2.ProgrammingError as error:
        raise ConfigurationError(f"the dsn cannot be understood: {str(error).strip()}") from None
    if "dbname" not in parts:
        raise ConfigurationError("the dsn names no database: add dbname=…")
    return TEMPLATE.format(
        path=path,
        folder=folder,
        cache=cache,
        # Some more than threads: commits of beats, uploads and mails take connections too.
        pool=threads + 4,
        # ZConfig replaces $names; a password may hold one.
        dsn=make_dsn(**parts).replace("$", "$$"),
    )
