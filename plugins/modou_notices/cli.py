"""`modou notices …`: for announcements of the operation, e.g. from a maintenance script."""

import click

from modou.services.access import SiteAccess
from modou_notices import services


@click.command()
@click.argument("title")
@click.option("--text", default="", help="Markdown.")
@click.option("--days", type=click.IntRange(1, 365), default=1, show_default=True)
@click.option("--important/--ordinary", default=False)
@click.pass_obj
def post(access: SiteAccess, title: str, text: str, days: int, important: bool) -> None:
    """Post a notice for everybody."""
    with access.occasion() as occasion:
        services.post(
            occasion, None, {"title": title, "text": text, "days": days, "important": important}
        )
    click.echo(f"posted: {title}")
