"""The default theme can be read: contrast of its colours, and one place only that names them.

The ratio is that of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

THEME = Path(__file__).parents[2] / "themes" / "modou"
STYLES = sorted((THEME / "static" / "css").glob("*.css"))
TEMPLATES = sorted((THEME / "templates").rglob("*.jinja2"))
MANIFEST: dict[str, Any] = tomllib.loads((THEME / "theme.toml").read_text(encoding="utf-8"))
TOKENS: dict[str, dict[str, str]] = MANIFEST["tokens"]

MODES = {
    "light": TOKENS["light"],
    "dark": TOKENS["dark"],
    "light, high contrast": TOKENS["light"] | TOKENS["light-high"],
    "dark, high contrast": TOKENS["dark"] | TOKENS["dark-high"],
}


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 (black) to 1 (white)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.478), ("#ff0000", "#ffffff", 3.998)],
)
def test_contrast_agrees_with_known_values(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.001)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", MANIFEST["contrast"]["text"], ids=" on ".join)
def test_text_can_be_read(mode: str, pair: list[str]) -> None:
    foreground, background = (MODES[mode][name] for name in pair)
    assert contrast(foreground, background) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", MANIFEST["contrast"]["graphic"], ids=" on ".join)
def test_edges_and_marks_can_be_seen(mode: str, pair: list[str]) -> None:
    foreground, background = (MODES[mode][name] for name in pair)
    assert contrast(foreground, background) >= 3


def test_every_colour_is_in_a_pair_or_known_to_be_decoration() -> None:
    paired = {name for kind in MANIFEST["contrast"].values() for pair in kind for name in pair}
    colours = {name for name, value in TOKENS["light"].items() if value.startswith("#")}
    assert colours - paired == set()


def test_dark_names_every_token_of_light_and_high_contrast_invents_none() -> None:
    assert TOKENS["dark"].keys() == TOKENS["light"].keys()
    assert TOKENS["light-high"].keys() <= TOKENS["light"].keys()
    assert TOKENS["dark-high"].keys() <= TOKENS["dark"].keys()


# -- the style sheets

_TOKEN_BLOCK = re.compile(r"/\* tokens: .*?/\* end of tokens \*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch)\("
    r"|(?<![\w-])(?:white|black|red|green|blue|gr[ae]y|silver|orange|yellow)(?![\w-])",
    re.IGNORECASE,
)


def token_rules() -> list[tuple[str, dict[str, str]]]:
    """Selector and tokens of every rule of the token block, in the order of the file."""
    text = (THEME / "static" / "css" / "modou.css").read_text(encoding="utf-8")
    found = _TOKEN_BLOCK.search(text)
    assert found
    block = _COMMENT.sub("", found[0]).replace("@media (prefers-color-scheme: dark) {", "")
    rules = []
    for selector, body in _RULE.findall(block):
        pairs = (line.split(":", 1) for line in body.split(";") if "--modou-" in line)
        rules.append(
            (
                selector.strip(" \n}"),
                {name.strip().removeprefix("--modou-"): value.strip() for name, value in pairs},
            )
        )
    return rules


def test_the_token_block_says_what_the_manifest_says() -> None:
    assert token_rules() == [
        (":root", TOKENS["common"]),
        (":root", TOKENS["light"]),
        ('[data-bs-theme="dark"]', TOKENS["dark"]),
        ('[data-bs-theme="auto"]', TOKENS["dark"]),
        ('[data-contrast="high"]', TOKENS["light-high"]),
        ('[data-bs-theme="dark"][data-contrast="high"]', TOKENS["dark-high"]),
        ('[data-bs-theme="auto"][data-contrast="high"]', TOKENS["dark-high"]),
    ]


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.name)
def test_no_colour_stands_outside_the_token_block(path: Path) -> None:
    text = _COMMENT.sub("", _TOKEN_BLOCK.sub("", path.read_text(encoding="utf-8")))
    values = [body for _selector, body in _RULE.findall(text)]
    assert [found for body in values for found in _COLOUR.findall(body)] == []


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.name)
def test_style_sheets_use_only_tokens_that_exist(path: Path) -> None:
    used = set(re.findall(r"var\(--modou-([\w-]+)", path.read_text(encoding="utf-8")))
    assert used - TOKENS["common"].keys() - TOKENS["light"].keys() == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(THEME / "templates")))
def test_templates_hold_no_colour_style_or_script_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{6}\b", text) == []
    assert re.findall(r"""<style\b|\sstyle=|\son\w+=["']|javascript:""", text) == []
    assert re.findall(r"<script\b(?![^>]*\bsrc=)", text) == []


def test_assets_named_by_the_manifest_exist() -> None:
    named = [
        path
        for value in MANIFEST["assets"].values()
        for path in (value if isinstance(value, list) else [value])
        if not path.startswith("vendor/")  # fetched by npm, absent in a bare checkout
    ]
    assert [path for path in named if not (THEME / "static" / path).is_file()] == []
