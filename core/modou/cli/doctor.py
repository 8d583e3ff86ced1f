"""`modou doctor`: is everything as it should be, and if not, what."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from modou.cli.ini import Ini, config_option
from modou.config import Config, read_config
from modou.errors import ConfigurationError, in_english
from modou.services import health as health_service
from modou.services.access import SiteAccess
from modou.store import evolve
from modou.store.backup import postgresql_program
from modou.store.places import PostgresPlace, place_of
from modou.store.vault import Keyring

#: What was found; "" when all is well, else what is wrong.
Finding = tuple[str, str]


@click.command()
@config_option
def doctor(config: Path) -> None:
    """Check configuration, plugins, keys, database, disk, clock and programs.

    Looks only, also while the site is running. Ends with status 1 when something is wrong.
    """
    console = Console(highlight=False, soft_wrap=True)
    wrong = 0
    for title, problem in findings(config):
        mark = "[red]✗[/red]" if problem else "[green]✓[/green]"
        console.print(f"{mark} {escape(title)}{': ' + escape(problem) if problem else ''}")
        wrong += bool(problem)
    if wrong:
        console.print(f"{wrong} of these need attention.")
        raise SystemExit(1)


def findings(path: Path) -> Iterator[Finding]:
    """All checks in an order in which later ones may rest on earlier ones."""
    try:
        settings = Ini(path).app_settings()
        site = read_config(settings)
    except ConfigurationError as error:
        yield "The .ini can be read", str(error)
        return
    yield "The .ini can be read", ""
    yield "The keys file can be read by its owner only", tried(Keyring.from_file, site["keys"])
    yield from programs(settings)
    yield from assets(site)
    yield from job_queue(site)
    yield from clock()
    yield from of_site(settings)


def of_site(settings: dict[str, Any]) -> Iterator[Finding]:
    """Checks that need the database."""
    from modou.app import inspect_site

    try:
        access = inspect_site(settings)
    except ConfigurationError as error:
        yield "Plugins load and the database opens", str(error)
        return
    names = ", ".join(plugin.name for plugin in access.hooks)
    yield f"Plugins load ({names}) and the database opens", ""
    with closing(access.database):
        with access.database.transaction() as connection:
            waiting = evolve.open_steps(connection.root(), access.assembled.evolve_steps)
        steps = ", ".join(step.path for step in waiting)
        yield "No evolve step is open", f"run modou evolve for {steps}" if waiting else ""
        yield from health(access)


def health(access: SiteAccess) -> Iterator[Finding]:
    """The health checks of the core and the plugins."""
    with access.occasion() as occasion:
        for finding in health_service.findings(occasion):
            # Opened for looking only: whether the server may write, /readyz tells.
            if finding.name != "database":
                yield in_english(finding.title), finding.problem


def programs(settings: dict[str, Any]) -> Iterator[Finding]:
    """What backup and restore need beside Python."""
    try:
        place = place_of(settings.get("zodbconn.uri", ""))
    except ConfigurationError as error:
        yield "zodbconn.uri names a database", str(error)
        return
    if isinstance(place, PostgresPlace):
        for program in ("pg_dump", "pg_restore"):
            yield f"{program} is installed", tried(postgresql_program, program)


def assets(site: Config) -> Iterator[Finding]:
    """Files that the set-up makes: translations, the browser's packages."""
    import modou
    from modou.web.themes import load_theme

    catalogue = Path(modou.__file__).parent / "locale/zh_CN/LC_MESSAGES/modou.mo"
    yield "Translations are compiled", "" if catalogue.exists() else f"{catalogue} is missing"
    try:
        theme = load_theme(site["theme"], site["themes"])
    except ConfigurationError as error:
        yield "The theme can be read", str(error)
        return
    missing = [
        css for css in theme.manifest.get("assets", {}).get("css", ()) if not found(theme, css)
    ]
    yield (
        "The theme has its style sheets",
        f"{', '.join(missing)} missing: run the set-up (scripts/serve)" if missing else "",
    )


def job_queue(site: Config) -> Iterator[Finding]:
    """Whether the Redis answers through which workers are woken."""
    from modou.services.jobs.waking import JobQueue, is_redis, place_of_queue

    if not is_redis(site["jobs_store"]):
        return
    title = "The Redis of modou.jobs_store answers"
    try:
        keys = Keyring.from_file(site["keys"])
        store = place_of_queue(site["jobs_store"], site["keys"])
        JobQueue(store, keys).huey(False).storage.queue_size()
    except ConfigurationError as error:
        yield title, str(error)
    except Exception as error:  # noqa: BLE001 - whatever its client raises
        yield title, f"{type(error).__name__}: {error}"
    else:
        yield title, ""


def found(theme: Any, path: str) -> bool:
    try:
        return bool(theme.find_static(path))
    except (ConfigurationError, LookupError, OSError):
        return False


def clock() -> Iterator[Finding]:
    """Whether the machine's clock is kept right, where systemd knows."""
    program = shutil.which("timedatectl")
    if program is None:
        return
    asked = subprocess.run(  # noqa: S603 - a program of the system without input
        [program, "show", "--property=NTPSynchronized", "--value"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0 and asked.stdout.strip():
        wrong = asked.stdout.strip() != "yes"
        yield "The clock is set by time servers", "timedatectl says no" if wrong else ""


def tried(function: Callable[[Any], Any], value: Any) -> str:
    """What a function that may refuse says; "" when it does not."""
    try:
        function(value)
    except ConfigurationError as error:
        return str(error)
    return ""
