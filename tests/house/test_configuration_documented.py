"""docs/reference/configuration.md knows every key: of the code, and of the .ini files."""

import configparser
import re
from pathlib import Path

import pytest

from modou.config import KEYS, Key, read_config

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
INI_FILES = ("development.ini", "production.ini")


def section(key: str) -> str:
    """The text under a key's heading."""
    _before, heading, rest = REFERENCE.partition(f"### `modou.{key}`\n")
    assert heading, f"no heading ### `modou.{key}`"
    return rest.split("\n### ", 1)[0].split("\n## ", 1)[0]


def settings(name: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(defaults={"here": "/srv/modou"})
    parser.read(ROOT / name, encoding="utf-8")
    return {
        part: {key: value for key, value in parser.items(part) if key != "here"}
        for part in ("app:main", "server:main")
    }


@pytest.mark.parametrize("key", KEYS, ids=lambda k: k.name)
def test_a_key_is_documented_with_its_default(key: Key) -> None:
    text = section(key.name)
    default = key.default
    if default is None:
        assert "must be given" in text
    elif default:
        assert f"Default: `{default}`" in text
    else:
        assert "Default: empty" in text


def test_no_key_is_documented_that_does_not_exist() -> None:
    documented = set(re.findall(r"^### `modou\.(\w+)`$", REFERENCE, re.MULTILINE))
    assert documented == {key.name for key in KEYS}


@pytest.mark.parametrize("name", INI_FILES)
def test_an_ini_file_can_be_read_and_each_of_its_keys_is_documented(name: str) -> None:
    found = settings(name)
    read_config(found["app:main"])
    missing = []
    for part, keys in found.items():
        for key in keys:
            modou_key = key.removeprefix("modou.") in {k.name for k in KEYS}
            if not (key.startswith("modou.") and modou_key) and f"`{key}`" not in REFERENCE:
                missing.append(f"[{part}] {key}")
    assert not missing
