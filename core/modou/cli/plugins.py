"""`modou plugins`: what is enabled, installed or gone, and how it fares."""

import dataclasses
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from modou.cli.ini import Ini, config_option
from modou.errors import ConfigurationError, in_english
from modou.services import plugin_states
from modou.services.access import SiteAccess
from modou.services.plugin_states import PluginState

#: Hook -> calls, errors, seconds, …; see `plugin_states.stats_of`.
Stats = Mapping[str, Mapping[str, Any]]
_WAIT = 3


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--url",
    help="Address of a running process to ask for errors and timings; default: the .ini's own.",
)
def plugins(config: Path, as_json: bool, url: str | None) -> None:
    """List plugins: version, distribution, hooks, state, errors and timings.

    Errors and timings are those of a running process since its start, where one answers.
    """
    from modou.app import inspect_site

    ini = Ini(config)
    access = inspect_site(ini.app_settings())
    with closing(access.database):
        with access.occasion() as occasion:
            states = plugin_states.overview(occasion)
        stats = ask_process(access, url or own_url(ini), must=url is not None)
    if as_json:
        known = [describe(state, (stats or {}).get(state.name)) for state in states]
        click.echo(json.dumps(known, ensure_ascii=False, indent=1))
        return
    show(states, stats)


def own_url(ini: Ini) -> str:
    """Where `modou serve` with this .ini listens."""
    server = ini.server_settings()
    host = server.get("host", "127.0.0.1")
    host = "127.0.0.1" if host in {"0.0.0.0", "*", "::"} else host  # noqa: S104 - compared only
    return f"http://{host}:{server.get('port', '6543')}"


def ask_process(access: SiteAccess, url: str, must: bool) -> Mapping[str, Stats] | None:
    """What a running process counted; None when none answers.

    :raises ConfigurationError: none answers, and one must
    """
    token, _before = plugin_states.stats_tokens(access.keys, access.clock.seconds())
    request = urllib.request.Request(  # noqa: S310 - http, as the operator says
        f"{url.rstrip('/')}/plugin-stats", headers={"X-Modou-Token": token}
    )
    if not request.full_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"--url must begin with http:// or https://, not {url}")
    try:
        with urllib.request.urlopen(request, timeout=_WAIT) as answer:  # noqa: S310 - as above
            found: Mapping[str, Stats] = json.load(answer)["plugins"]
            return found
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        if must:
            raise ConfigurationError(f"no process of this site answers at {url}: {error}") from None
        return None


def describe(state: PluginState, stats: Stats | None) -> dict[str, Any]:
    """A state as plain values."""
    values = dataclasses.asdict(dataclasses.replace(state, personal_data=(), stats={}))
    values["title"] = in_english(state.title)
    values["description"] = in_english(state.description)
    values["hooks"] = sorted(state.stats)
    values["stats"] = stats
    values["personal_data"] = [
        {field.name: in_english(getattr(item, field.name)) for field in dataclasses.fields(item)}
        for item in state.personal_data
    ]
    return values


def show(states: list[PluginState], stats: Mapping[str, Stats] | None) -> None:
    """A table, and what went wrong below it."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("plugin", "state", "version", "distribution", "hooks", "errors", "seconds"):
        table.add_column(column, justify="right" if column in {"errors", "seconds"} else "left")
    words = {"enabled": "enabled", "installed": "not enabled", "absent": "not installed"}
    errors = []
    for state in states:
        counted = (stats or {}).get(state.name)
        said = words[state.state] + (", has data" if state.has_data else "")
        failed = seconds = ""
        if counted is not None:
            failed = str(sum(hook["errors"] for hook in counted.values()))
            seconds = f"{sum(hook['seconds'] for hook in counted.values()):.3f}"
            errors += [
                f"{state.name}.{name}: {hook['last_error']} ({hook['last_error_at']})"
                for name, hook in counted.items()
                if hook["last_error"]
            ]
        distribution = f"{state.distribution} {state.distribution_version}".strip()
        hooks = ", ".join(sorted(state.stats))
        table.add_row(state.name, said, state.version, distribution, hooks, failed, seconds)
    console.print(table)
    for error in errors:
        console.print(error, markup=False)
    if stats is None:
        console.print("No process of this site answers: errors and timings are not known.")
