"""`modou quiz recompute`: whether the marks that are kept are those that the answers come to."""

import click

from modou.errors import in_english
from modou.services.access import SiteAccess
from modou.store.containers import decode_id, encode_id
from modou_quiz.services import shelf
from modou_quiz.services.marking import checking


@click.command()
@click.argument("quizzes", nargs=-1, metavar="[QUIZ]...")
@click.pass_obj
def recompute(access: SiteAccess, quizzes: tuple[str, ...]) -> None:
    """Reckon the marks of every handed-in attempt again, and tell where another score is kept.

    QUIZ is the 13 characters behind /a/ in a quiz's address; without one all quizzes are looked at.
    Nothing is changed; exit code 1: there are differences.
    """
    looked = found = 0
    with access.occasion() as occasion:
        data = occasion.site.plugins.get(shelf.PLUGIN)
        known = data.get("attempts") if data is not None else None
        ids = [_id(text) for text in quizzes] or list(known.keys() if known is not None else ())
        for id in ids:
            if known is None or id not in known:
                raise click.ClickException(f"there is no quiz {encode_id(id)}")
            looked += 1
            for difference in checking.differences(occasion, id):
                found += 1
                click.echo(
                    f"{encode_id(id)}  attempt {encode_id(difference.attempt)}: "
                    f"{in_english(difference.text)}"
                )
    click.echo(f"{looked} quizzes, {found} differences.")
    if found:
        raise SystemExit(1)


def _id(text: str) -> int:
    try:
        return decode_id(text)
    except KeyError:
        raise click.BadParameter(f"{text} is no quiz: 13 characters are needed") from None


COMMANDS = (recompute,)
