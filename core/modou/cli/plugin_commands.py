"""`modou <plugin> <command>`: what plugins bring by the hook `cli_commands`."""

import os
from pathlib import Path
from typing import Any

import click

from modou.cli.ini import CONFIG_VARIABLE, DEFAULT_CONFIG, Ini, config_option
from modou.cli.site import opened
from modou.config import read_config
from modou.errors import ConfigurationError
from modou.plugins import PluginHost


class PluginCommands(click.Group):
    """The commands of one plugin; their context's object is the `SiteAccess`."""

    def _of_config(self, ctx: click.Context) -> dict[str, click.Command]:
        path = ctx.params.get("config") or os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG
        hosted = PluginHost(read_config(Ini(Path(path)).app_settings())["plugins"])
        if self.name not in hosted:
            raise ConfigurationError(
                f"the plugin {self.name} is not enabled: add it to modou.plugins in {path}"
            )
        pairs = hosted.gather("cli_commands")
        return {command.name: command for plugin, command in pairs if plugin == self.name}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._of_config(ctx))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._of_config(ctx).get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        with opened(ctx.params["config"]) as access:
            ctx.obj = access
            return super().invoke(ctx)


def commands_of(plugin: str) -> click.Command:
    """The group ``modou <plugin>``."""
    group = PluginCommands(
        plugin,
        help=f"Commands of the plugin {plugin}.",
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=lambda config: None,
    )
    config_option(group)
    return group
