"""The `modou` command: what operators do outside of the browser.

Each module holds some commands, thin over services and store. They are imported when they are
called for, so that `modou serve` does not pay for the others. A command that fails for a reason an
operator can do something about says so in one sentence and ends with status 2; tracebacks are for
defects of ours.
"""

import importlib
import warnings
from typing import Any

import click

from modou import __version__

# Pyramid 2.1 imports pkg_resources (setup.py pins setuptools for it): nothing an operator can mend.
warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)

#: Command -> where it is, "module:attribute".
COMMANDS = {
    "backup": "modou.cli.backup:backup",
    "demo": "modou.cli.demo:demo",
    "deploy": "modou.cli.deploy:deploy",
    "doctor": "modou.cli.doctor:doctor",
    "evolve": "modou.cli.evolving:evolve",
    "jobs": "modou.cli.jobs:jobs",
    "journal": "modou.cli.journal:journal",
    "keys": "modou.cli.keys:keys",
    "pack": "modou.cli.packing:pack",
    "plugins": "modou.cli.plugins:plugins",
    "restore": "modou.cli.backup:restore",
    "serve": "modou.cli.serve:serve",
    "sessions": "modou.cli.people:sessions",
    "shell": "modou.cli.shell:shell",
    "user": "modou.cli.people:user",
    "worker": "modou.cli.worker:worker",
    "zodb-conf": "modou.cli.zodb_conf:zodb_conf",
}


class Refused(click.ClickException):
    """One sentence for the operator instead of a traceback."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"modou: {self.format_message()}", file=file, err=file is None)


class Commands(click.Group):
    """The group `modou`: loads commands when they are needed and answers errors for people."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return self._of_plugin(cmd_name)
        module, _colon, attribute = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    @staticmethod
    def _of_plugin(name: str) -> click.Command | None:
        from modou.cli.plugin_commands import commands_of
        from modou.plugins import installed

        return commands_of(name) if name in installed() else None

    def invoke(self, ctx: click.Context) -> Any:
        from modou.errors import ConfigurationError, Invalid, ModouError

        try:
            return super().invoke(ctx)
        except Invalid as error:
            raise Refused(" ".join(error.sentences()) or str(error)) from error
        except (ConfigurationError, ModouError) as error:
            raise Refused(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="modou")
def main() -> None:
    """Run and look after a Modou site."""
