"""`modou deploy`: the configuration of the programs around Modou, from the site's .ini."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from modou.app import open_keys
from modou.cli import fronting, granian_server
from modou.cli.ini import Ini, config_option
from modou.cli.serve import server_of
from modou.config import Config, read_config
from modou.deploy import Plan, write
from modou.errors import ConfigurationError
from modou.plugins import PluginHost
from modou.services import files
from modou.services.registry import Assembled
from modou.store.places import beside_blobs
from modou.web.api.declaring import deferred_addresses
from modou.web.themes import load_theme

#: What the servers serve with when the .ini does not say.
THREADS = {"waitress": 4, "granian": int(granian_server.DEFAULTS["threads"])}
_PORT = click.IntRange(1, 65535)


@click.group()
def deploy() -> None:
    """Write the configuration of HAProxy, nginx, systemd and PostgreSQL."""


@deploy.command()
@config_option
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("deploy"),
    show_default=True,
    metavar="FOLDER",
    help="Where the files are written; older ones are replaced.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=max(1, (os.cpu_count() or 2) - 1),
    show_default="cores minus one",
    metavar="N",
    help="Modou processes.",
)
@click.option(
    "--pages",
    "most_pages",
    type=click.IntRange(1, 64),
    default=6,
    show_default=True,
    metavar="N",
    help="Requests for pages that a process gets at a time.",
)
@click.option("--domain", metavar="NAME", help="Of the site; default: from modou.address.")
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="PEM with certificate and key, for https. Without it HAProxy speaks http only.",
)
@click.option("--address", default="*", show_default=True, help="Address HAProxy listens on.")
@click.option("--port", type=_PORT, metavar="N", help="HAProxy's port; default: 443, or 80.")
@click.option(
    "--plain-port",
    type=_PORT,
    default=80,
    show_default=True,
    metavar="N",
    help="Port on which HAProxy sends http on to https.",
)
@click.option(
    "--first-port",
    type=_PORT,
    default=6551,
    show_default=True,
    metavar="N",
    help="Port of the first process; the others listen on the following ones.",
)
@click.option(
    "--media-port", type=_PORT, default=8081, show_default=True, metavar="N", help="nginx's port."
)
@click.option("--user", default="modou", show_default=True, help="User that everything runs as.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder that Modou and nginx write to; default: var/ beside the .ini.",
)
@click.option(
    "--memory",
    type=click.IntRange(512),
    default=4096,
    show_default=True,
    metavar="MB",
    help="Memory of the machine that PostgreSQL runs on.",
)
@click.option(
    "--log",
    default="/dev/log",
    show_default=True,
    help='Where HAProxy logs each request: a socket or address:port of syslog; "" for nowhere.',
)
def render(
    config: Path,
    target: Path,
    domain: str | None,
    certificate: Path | None,
    port: int | None,
    data: Path | None,
    **given: Any,
) -> None:
    """Write haproxy.cfg, nginx.conf, systemd units and PostgreSQL settings for this site.

    They hold the secret that signs file addresses: only their owner may read them.
    See docs/howto/deploy.md for where they belong.
    """
    ini = Ini(config)
    settings = read_config(ini.app_settings())
    server = ini.server_settings()
    domain = domain or urlsplit(settings["address"]).hostname or ""
    if certificate is not None and not domain:
        raise ConfigurationError("https needs the site's name: give --domain or set modou.address")
    theme = load_theme(settings["theme"], settings["themes"] or None)
    memory = given.pop("memory")
    data = (data or ini.path.parent / "var").absolute()
    uploads = settings["uploads"] or beside_blobs(
        ini.app_settings().get("zodbconn.uri", ""), "uploads"
    )
    assembled = Assembled(PluginHost(settings["plugins"]))
    plan = Plan(
        ini=ini.path,
        command=Path(sys.prefix) / "bin" / "modou",
        statics={folder.name: (folder / "static").absolute() for folder in theme.chain},
        files_secret=settings["files_secret"] or files.secret("", open_keys(settings)),
        data=data,
        deferred=deferred_addresses(assembled),
        beats_socket=server.get(fronting.KEY, ""),
        uploads=None if uploads.absolute().is_relative_to(data) else uploads.absolute(),
        domain=domain or "localhost",
        certificate=str(certificate.absolute()) if certificate else "",
        worker=settings["jobs"] == "outside",
        port=port or (443 if certificate else 80),
        threads=threads_of(ini, server),
        upload_megabytes=settings["upload_limit"] // 1_000_000,
        memory_megabytes=memory,
        **given,
    )
    check(plan, ini)
    for path in write(plan, target):
        click.echo(path)
    for warning in warnings(plan, settings, server):
        click.echo(f"Note: {warning}", err=True)


def threads_of(ini: Ini, server: dict[str, str]) -> int:
    """:raises ConfigurationError: the .ini's number is none"""
    text = server.get("threads", str(THREADS[server_of(ini)]))
    if not text.isdigit() or not int(text):
        raise ConfigurationError(f"{ini.path}, [server:main]: threads = {text!r} is no number")
    return int(text)


def check(plan: Plan, ini: Ini) -> None:
    """:raises ConfigurationError: the plan cannot work"""
    if plan.processes > 1 and ini.app_settings().get("zodbconn.uri", "").startswith("file:"):
        raise ConfigurationError(
            f"zodbconn.uri of {ini.path} is a FileStorage, which serves one process at a time: "
            "give --processes 1, or move to PostgreSQL (docs/howto/postgresql.md)"
        )
    if plan.worker and ini.app_settings().get("zodbconn.uri", "").startswith("file:"):
        raise ConfigurationError(
            f"{ini.path} says modou.jobs = outside, but zodbconn.uri is a FileStorage, which no "
            "worker can open beside the server: say inside"
        )
    if plan.processes > 1 and plan.beats_socket and fronting.PORT not in plan.beats_socket:
        raise ConfigurationError(
            f"{ini.path}, [server:main]: {fronting.KEY} is the same for all processes: write "
            f"{fronting.PORT} into it"
        )
    taken = {"--port": plan.port, "--media-port": plan.media_port}
    if plan.certificate:
        taken["--plain-port"] = plan.plain_port
    for number, process_port in enumerate(plan.ports):
        taken[f"process {number + 1}"] = process_port
    seen: dict[int, str] = {}
    for what, port in taken.items():
        if port in seen:
            raise ConfigurationError(f"{seen[port]} and {what} are both {port}")
        seen[port] = what


def warnings(plan: Plan, settings: Config, server: dict[str, str]) -> list[str]:
    """What of the .ini does not fit a site behind HAProxy."""
    found = []
    if not plan.beats_socket:
        found.append(
            f"[server:main] lacks {fronting.KEY}: study beats wait in threads, of which pages "
            f"leave {plan.beat_threads}; with it one thread carries thousands of learners"
        )
    waitress = server.get("use") != "granian"
    if server.get("trusted_proxy", "" if waitress else "127.0.0.1") not in {"127.0.0.1", "*"}:
        found.append(
            "[server:main] lacks trusted_proxy = 127.0.0.1 (with trusted_proxy_headers = "
            "x-forwarded-for x-forwarded-proto): Modou will take HAProxy for the visitor"
        )
    if plan.certificate and not settings["secure_cookies"]:
        found.append("modou.secure_cookies is not true: cookies would also travel over http")
    if settings["development"]:
        found.append("modou.development is true: not for a public site")
    return found
