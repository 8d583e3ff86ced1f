"""The style sheet that the operator's choices and child themes add to a theme."""

from pathlib import Path

import pytest

from modou.errors import ConfigurationError
from modou.web.themes import load_theme, mix, theme_css


def child_theme(folder: Path, manifest: str) -> None:
    (folder / "festival").mkdir()
    (folder / "festival" / "theme.toml").write_text(manifest, encoding="utf-8")


def test_without_choices_it_is_empty() -> None:
    assert theme_css(load_theme("modou", None), {}) == ""


def test_a_chosen_colour_brings_its_shades_for_light_mode_only() -> None:
    css = theme_css(load_theme("modou", None), {"primary": "#0b5d3b"})
    assert "--modou-indigo:#0b5d3b" in css
    assert f"--modou-indigo-strong:{mix('#0b5d3b', '#000000', 0.25)}" in css
    assert '[data-bs-theme="dark"]' not in css


def test_mix_goes_from_one_colour_to_the_other() -> None:
    assert mix("#102030", "#ffffff", 0) == "#102030"
    assert mix("#102030", "#ffffff", 1) == "#ffffff"


def test_a_child_keeps_what_it_does_not_set(tmp_path: Path) -> None:
    child_theme(tmp_path, '[theme]\nparent = "modou"\n[tokens.light]\nink = "#200000"\n')
    theme = load_theme("festival", tmp_path)
    assert theme.manifest["tokens"]["light"]["ink"] == "#200000"
    assert theme.manifest["tokens"]["light"]["paper"] == "#fbfaf6"
    assert theme.manifest["tokens"]["dark"]["ink"] == "#e8e4da"
    css = theme_css(theme, {})
    assert css.index("--modou-ink:#200000") < css.index("--modou-ink:#e8e4da")
    assert theme.find_static("img/favicon.svg").endswith("/modou/img/favicon.svg")


def test_an_unknown_theme_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Known themes: modou"):
        load_theme("nix", tmp_path)


def test_a_circle_of_parents_is_refused(tmp_path: Path) -> None:
    child_theme(tmp_path, '[theme]\nparent = "festival"\n')
    with pytest.raises(ConfigurationError, match="its own parent"):
        load_theme("festival", tmp_path)
