"""docs/reference/commands.md knows every command and every option, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from modou.cli import main

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
#: Explained once for all commands.
COMMON = {"--config", "-c", "--help", "-h"}


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


ALL = dict(commands(main, "modou"))


def section(path: str) -> str:
    found = re.search(
        rf"^##+ `{re.escape(path)}`\n(.*?)(?=^##|\Z)", REFERENCE, re.MULTILINE | re.DOTALL
    )
    assert found, f"no heading for `{path}`"
    return found[1]


@pytest.mark.parametrize("path", ALL)
def test_a_command_is_documented_with_its_options(path: str) -> None:
    text = section(path)
    options = {o for p in ALL[path].params if isinstance(p, click.Option) for o in p.opts}
    missing = [option for option in sorted(options - COMMON) if option not in text]
    assert not missing


def test_no_command_is_documented_that_does_not_exist() -> None:
    headings = set(re.findall(r"^##+ `(modou[^`<]*)`$", REFERENCE, re.MULTILINE))
    assert headings == set(ALL)


@pytest.mark.parametrize("path", ALL)
def test_its_help_says_what_it_does(path: str) -> None:
    assert ALL[path].help
