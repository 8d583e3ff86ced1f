"""`modou quiz …`: questions from files and into files."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from modou.errors import ConfigurationError, ModouError, in_english
from modou.models.courses import Course
from modou.services.access import SiteAccess
from modou.services.files import Upload
from modou.services.occasion import Occasion
from modou.services.packed_messages import unpacked
from modou_quiz.services import bank
from modou_quiz.services.interchange import exporting, finding, reading, taking
from modou_quiz.services.interchange.working import Here

_AS = click.option("--as", "username", required=True, help="In whose name.")
_COURSE = click.option("--course", "code", default="", help="Code or key of a course.")
_CATEGORY = click.option(
    "--category", default="", help='Path below the top, e.g. "Safety/Fire"; default: the top.'
)
_SCOPE = click.option(
    "--scope",
    type=click.Choice(["site", "course", "user"]),
    default="site",
    help="Whose questions.",
)


def _actor(access: SiteAccess, username: str) -> int:
    with access.occasion() as occasion:
        id = occasion.site.user_index.usernames.get(username.casefold())
    if id is None:
        raise ConfigurationError(f"there is no user {username}")
    return int(id)


def _course(occasion: Occasion, code: str) -> Course | None:
    if not code:
        return None
    for course in occasion.site.courses:
        if code in {course.key, course.code}:
            found: Course = course
            return found
    raise ConfigurationError(f"there is no course {code}")


def _top(occasion: Occasion, scope: str, course: Course | None) -> Any:
    owner = {"site": 0, "user": occasion.require_actor().id}.get(scope)
    if owner is None:
        if course is None:
            raise ConfigurationError("--scope course needs --course")
        owner = course.id
    return bank.top_of(occasion, scope, owner)


def _path(text: str) -> list[str]:
    return [part.strip() for part in text.split("/") if part.strip()]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_AS
@_COURSE
@_SCOPE
@_CATEGORY
@click.option("--format", "format", default="", help="Name of the format; default: found out.")
@click.option("--dry-run", is_flag=True, help="Only tell what is in the file.")
@click.option("--twins", is_flag=True, help="Take also what the bank has already.")
@click.pass_obj
def import_(
    access: SiteAccess,
    file: Path,
    username: str,
    code: str,
    scope: str,
    category: str,
    format: str,
    dry_run: bool,
    twins: bool,
) -> None:
    """Take the questions of FILE into the bank, and tell what became of each."""
    actor = _actor(access, username)
    try:
        with ExitStack() as stack:
            stream = stack.enter_context(file.open("rb"))
            occasion = stack.enter_context(access.occasion(actor))
            upload = Upload(file.name, stream, file.stat().st_size)
            found = reading.keep(occasion, upload, _course(occasion, code), format)
            id = found.id
        reading.read(Here(access, found=id))
        chosen = _tell(access, id, twins)
        if not dry_run and chosen:
            with access.occasion(actor) as occasion:
                course = _course(occasion, code)
                top = _top(occasion, scope, course)
                target = bank.ensure_path(occasion, top, _path(category))
                found = finding.store_of(occasion).imports.by_id(id)
                taking.begin(occasion, found, target.key, course)
            taking.take(Here(access, found=id))
            _outcomes(access, id)
        if dry_run or not chosen:
            with access.occasion(actor) as occasion:
                reading.drop(occasion, finding.store_of(occasion).imports.by_id(id))
    except ModouError as error:
        raise click.ClickException(in_english(error.message)) from error


def _tell(access: SiteAccess, id: int, twins: bool) -> int:
    """Tell about each item; how many are chosen."""
    with access.occasion() as occasion:
        found = finding.store_of(occasion).imports.by_id(id)
        if found.status == "failed":
            click.echo(in_english(unpacked(found.problem)), err=True)
            return 0
        if twins:
            taking.choose_all(found, "twin", True)
        click.echo(
            f"{found.filename}: {found.format}{', ' if found.encoding else ''}{found.encoding}"
        )
        for number, row in reading.rows(found):
            title = row["title"] or row["stem"] or "?"
            if row["kind"] != "good" or row["notes"]:
                click.echo(f"{number}. line {row['line']}: {row['kind']}: {title}")
            if row["twin"] or row["row"]:
                where = f"number {row['row']}" if row["row"] else "in the bank"
                click.echo(f"   the same as {where}")
            for note in reading.notes_of(row):
                where = f" (line {note.line})" if note.line else ""
                click.echo(f"   {note.level}: {in_english(note.message)}{where}")
        counts = ", ".join(f"{n} {kind}" for kind, n in sorted(found.progress.counts.items()))
        click.echo(f"{found.size} items: {counts}")
        return len(found.chosen)


def _outcomes(access: SiteAccess, id: int) -> None:
    with access.occasion() as occasion:
        found = finding.store_of(occasion).imports.by_id(id)
        for number, _row in reading.rows(found):
            outcome = taking.outcome_of(found, number)
            if outcome is not None and not isinstance(outcome, int):
                click.echo(f"{number}. not made: {in_english(outcome)}")
        click.echo(f"{found.progress.taken} questions taken")


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_AS
@_COURSE
@_SCOPE
@_CATEGORY
@click.option("--format", "format", default="moodle_xml", help="Name of the format.")
@click.pass_obj
def export(
    access: SiteAccess,
    file: Path,
    username: str,
    code: str,
    scope: str,
    category: str,
    format: str,
) -> None:
    """Write the questions of a category to FILE, and tell what could not be written."""
    actor = _actor(access, username)
    try:
        with access.occasion(actor) as occasion:
            course = _course(occasion, code)
            top = bank.ensure_path(occasion, _top(occasion, scope, course), _path(category))
            made = exporting.begin(
                occasion, exporting.of_category(occasion, top, course), format, course
            )
            id = made.id
        exporting.write(Here(access, made=id))
        with access.occasion(actor) as occasion:
            made = finding.store_of(occasion).exports.by_id(id)
            with occasion.site.files.by_id(made.file).open() as stream, file.open("wb") as out:
                while piece := stream.read(1 << 20):
                    out.write(piece)
            for _question, title, notes in made.notes:
                for level, message in notes:
                    click.echo(f"{title}: {level}: {in_english(unpacked(message))}")
            click.echo(f"{made.written} of {made.size} questions written to {file}")
    except ModouError as error:
        raise click.ClickException(in_english(error.message)) from error


COMMANDS = [import_, export]
