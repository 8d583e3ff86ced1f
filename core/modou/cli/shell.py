"""`modou shell`: Python with the site at hand."""

import code
from pathlib import Path

import click

from modou.cli.ini import config_option
from modou.cli.site import opened

BANNER = """\
site, occasion (as the system) and access are at hand.
commit() keeps changes and begins anew, abort() drops them; leaving drops what was not committed.
"""


@click.command()
@config_option
def shell(config: Path) -> None:
    """Python with the site at hand. Whoever has it can do anything: nothing is asked or audited."""
    with opened(config) as access:
        try:
            with access.occasion() as occasion:

                def commit() -> None:
                    occasion.tm.commit()
                    occasion.tm.begin()

                def abort() -> None:
                    occasion.tm.abort()
                    occasion.tm.begin()

                names = {
                    "site": occasion.site,
                    "occasion": occasion,
                    "access": access,
                    "commit": commit,
                    "abort": abort,
                }
                code.interact(BANNER, local=names, exitmsg="")
                raise _Left
        except _Left:
            return


class _Left(Exception):
    """The end of the shell, which rolls back what was not committed."""
