"""`modou demo`: fill an empty site with the demonstration."""

from pathlib import Path

import click

from modou.cli.ini import Ini, config_option
from modou.cli.site import opened
from modou.errors import ConfigurationError


@click.command()
@config_option
def demo(config: Path) -> None:
    """Fill an empty site with courses, cohorts and learners to look around in.

    Only with modou.development = true: the password of its accounts is no secret.
    """
    from modou import demo as demonstration

    if not Ini(config).development:
        raise ConfigurationError(
            f"the demonstration has accounts with a known password: {config} must say "
            "modou.development = true"
        )
    with opened(config) as access:
        if not demonstration.fill(access, lambda text: click.echo(f"  {text}")):
            raise ConfigurationError("the site has people or courses; nothing was changed")
        for who, username, password in demonstration.logins(access):
            click.echo(f"  {who:<12} {username:<16} {password}")
