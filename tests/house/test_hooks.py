"""Every hook is documented with exactly its arguments, used by the core's own plugin or another
first-party one, and exercised by a test."""

import inspect
import re
from pathlib import Path

import pytest

from modou import hookspecs
from modou.plugins import hook_names

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
#: Telling hooks are called by the kind of the event; a plugin of the tests listens to them.
FIRST_PARTY = [
    *(ROOT / "core" / "modou" / "builtin").rglob("*.py"),
    *(ROOT / "plugins").rglob("*.py"),
]


def signature(name: str) -> str:
    arguments = ", ".join(inspect.signature(getattr(hookspecs, name)).parameters)
    return f"{name}({arguments})"


@pytest.mark.parametrize("name", hook_names())
def test_it_is_documented_with_its_signature(name: str) -> None:
    assert f"### `{signature(name)}`" in REFERENCE


@pytest.mark.parametrize("name", hook_names())
def test_its_moment_and_policy_are_documented(name: str) -> None:
    section = REFERENCE.split(f"### `{signature(name)}`", 1)[1].split("\n### ", 1)[0]
    assert f"*{getattr(hookspecs, name).modou_policy}.*" in section


def test_the_reference_names_no_hook_that_does_not_exist() -> None:
    named = set(re.findall(r"^### `(\w+)\(", REFERENCE, re.MULTILINE))
    assert named == set(hook_names())


@pytest.mark.parametrize(
    "name", [n for n in hook_names() if getattr(hookspecs, n).modou_moment != "telling"]
)
def test_a_first_party_plugin_uses_it(name: str) -> None:
    pattern = re.compile(rf"@hookimpl\ndef {name}\(")
    assert any(pattern.search(p.read_text(encoding="utf-8")) for p in FIRST_PARTY), (
        f"no first-party plugin implements {name}: drop the hook or use it"
    )


@pytest.mark.parametrize("name", hook_names())
def test_it_is_exercised_by_a_test(name: str) -> None:
    tests = (ROOT / "tests").rglob("*.py")
    wanted = re.compile(rf"\b{name}\b")
    users = [
        p
        for p in tests
        if p.parent.name != "house" and wanted.search(p.read_text(encoding="utf-8"))
    ]
    assert users, f"no test mentions the hook {name}"
