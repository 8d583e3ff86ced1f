"""`modou user`, `modou sessions`: accounts from the command line, beginning with the first one."""

import sys
from pathlib import Path

import click

from modou.cli.ini import Ini, config_option
from modou.cli.site import opened
from modou.config import read_config
from modou.errors import NotFound
from modou.models.people import User
from modou.services import accounts, logins, roles
from modou.services import sessions as sessions_service
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_login

password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)


@click.group()
def user() -> None:
    """Make accounts, give roles, set passwords.

    Names are those in the sign-in: username, e-mail address or phone number.
    """


@user.command()
@click.argument("username")
@config_option
@click.option("--name", default="", help="Real name, as on the ID document.")
@click.option("--email", default="")
@click.option("--phone", default="")
@click.option("--role", "role_names", multiple=True, help="A role on the site; can be repeated.")
@click.option(
    "--code", is_flag=True, help="No password: print a one-time code that opens the account."
)
@password_stdin
def create(
    username: str,
    config: Path,
    name: str,
    email: str,
    phone: str,
    role_names: tuple[str, ...],
    code: bool,
    password_stdin: bool,
) -> None:
    """Make an account. The first one of a site gets --role system_admin."""
    with opened(config) as access:
        password = None if code else ask_password(password_stdin)
        with access.occasion() as occasion:
            made = accounts.create_account(
                occasion,
                username=username,
                name=name,
                email=email,
                phone=phone,
                password=password,
                source="command",
            )
            for role in role_names:
                roles.grant_role(occasion, made, role, occasion.site)
            one_time = accounts.issue_activation(occasion, made) if code else ""
        click.echo(f"{username} has an account{granted_words(role_names)}.")
        if one_time:
            click.echo(f"One-time code: {one_time}")


@user.command()
@click.argument("login")
@click.argument("role")
@config_option
def grant(login: str, role: str, config: Path) -> None:
    """Give the account LOGIN the ROLE on the whole site."""
    with opened(config) as access, access.occasion() as occasion:
        given = roles.grant_role(occasion, find(occasion, login), role, occasion.site)
        click.echo(f"{login} has the role {role}{'' if given else ' already'}.")


@user.command()
@click.argument("login")
@click.argument("role")
@config_option
def revoke(login: str, role: str, config: Path) -> None:
    """Take the ROLE on the whole site away from the account LOGIN."""
    with opened(config) as access, access.occasion() as occasion:
        taken = roles.revoke_role(occasion, find(occasion, login), role, "site", 0)
        click.echo(f"{login} no longer has the role {role}." if taken else "Nothing to take away.")


@user.command()
@click.argument("login")
@config_option
@password_stdin
def passwd(login: str, config: Path, password_stdin: bool) -> None:
    """Set the password of the account LOGIN; its sessions end."""
    with opened(config) as access:
        with access.occasion() as occasion:
            find(occasion, login)
        password = ask_password(password_stdin)
        with access.occasion() as occasion:
            accounts.store_password(occasion, find(occasion, login), password)
        click.echo(f"{login} has a new password.")


def find(occasion: Occasion, login: str) -> User:
    found = find_by_login(occasion, login)
    if found is None:
        raise NotFound(f"there is no account {login!r}")
    return found


def ask_password(from_stdin: bool) -> str:
    """A password, typed twice without echo, or the first line of the input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def granted_words(role_names: tuple[str, ...]) -> str:
    return f" and the role {', '.join(role_names)}" if role_names else ""


@click.group()
def sessions() -> None:
    """Signed-in browsers."""


@sessions.command()
@config_option
def sweep(config: Path) -> None:
    """Drop sessions that have ended by themselves, and failed sign-ins that no longer count; good
    for a nightly timer."""
    site = read_config(Ini(config).app_settings())
    dropped, after = 0, b""
    with opened(config) as access:
        while True:
            with access.occasion() as occasion:
                count, after = sessions_service.sweep(
                    occasion, site["session_idle"], site["session_longest"], after
                )
            dropped += count
            if not after:
                break
        while True:
            with access.occasion() as occasion:
                _count, after = logins.sweep_failures(occasion, after)
            if not after:
                break
    click.echo(f"{dropped} sessions dropped.")
