"""`modou demo`: fill an empty site with the demonstration."""

from contextlib import closing
from typing import Any

import click

from modou.cli.ini import config_option
from modou.errors import ConfigurationError


@click.command()
@config_option
def demo(config: Any) -> None:
    """Fill an empty site with courses, cohorts and learners to look around in.

    Only with modou.development = true, since the password of its accounts is no secret.
    """
    from modou import demo as demonstration
    from modou.cli.site import open_site
    raise NotImplementedError
