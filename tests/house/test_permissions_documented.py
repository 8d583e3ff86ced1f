"""docs/reference/permissions.md says what `modou.permissions` says: no more, no less."""

import re
from pathlib import Path

import pytest

from modou.permissions import (
    DEFAULT_ROLES,
    DESCRIPTIONS,
    NEEDS_PUBLISHED,
    Capability,
    Level,
    RoleDefault,
)

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "permissions.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading: first cell (without its back quotes) -> the other cells."""
    _before, found, rest = REFERENCE.partition(f"## {heading}\n")
    assert found
    table = {}
    for text in rest.split("\n## ", 1)[0].splitlines():
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        if text.startswith("| `"):
            table[cells[0].strip("`")] = cells[1:]
    return table


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_every_capability_is_described_in_the_order_of_the_code() -> None:
    documented = {name: cells[0] for name, cells in rows("Capabilities").items()}
    assert documented == {str(c): str(DESCRIPTIONS[c]) for c in Capability}
    assert list(documented) == [str(c) for c in Capability]


def test_every_default_role_is_there() -> None:
    assert list(rows("Default roles")) == [role.name for role in DEFAULT_ROLES]


@pytest.mark.parametrize("role", DEFAULT_ROLES, ids=lambda r: r.name)
def test_a_role_may_what_is_written(role: RoleDefault) -> None:
    title, levels, may = rows("Default roles")[role.name]
    assert title == str(role.title)
    assert levels == (", ".join(lv.value for lv in Level if lv in role.levels) or "implied")
    assert quoted(may) == role.capabilities


def test_what_waits_for_publishing_is_named() -> None:
    (sentence,) = re.findall(r"While a course is not published.*?: (.*?)\.\n", REFERENCE)
    assert quoted(sentence) == NEEDS_PUBLISHED


def test_it_names_nothing_that_does_not_exist() -> None:
    known = {str(c) for c in Capability}
    assert set(re.findall(r"`([a-z]+:[a-z-]+)`", REFERENCE)) <= known
