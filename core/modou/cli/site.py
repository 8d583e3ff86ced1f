"""The site that a command works on, opened and closed around the command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modou.cli.ini import Ini
from modou.services.access import SiteAccess


@contextmanager
def opened(path: Path, *, evolving: bool = False) -> Iterator[SiteAccess]:
    """The access to the site of an .ini.

    :param evolving: also when evolve steps are open
    :raises ConfigurationError: the site cannot be opened, or its data is older than the code
    """
    # The web of Pyramid comes with it: not for commands that do without a site.
    from modou.app import open_site

    ini = Ini(path)
    ini.set_up_logging()
    access = open_site(ini.app_settings(), evolving=evolving)
    try:
        yield access
    finally:
        # RelStorage keeps its cache, FileStorage its index, for the next start.
        access.close()
