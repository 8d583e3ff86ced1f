"""Themes: where their files lie, what the operator configured, and the addresses of their assets.

A theme is a folder `<name>/` with `theme.toml`, `templates/` and `static/`. What a theme lacks
comes from its parent. Templates of the theme win over the core's templates of the same name.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pyramid.config import Configurator

import modou
from modou.errors import ConfigurationError

ONE_YEAR = 365 * 24 * 3600


def shipped_themes() -> Path:
    """The folder of the themes that come with Modou: of the checkout, or of the installed wheel."""
    checkout = Path(modou.__file__).parents[2] / "themes"
    if (checkout / "modou" / "theme.toml").is_file():
        return checkout
    return Path(str(resources.files("modou_themes")))


@dataclass(frozen=True)
class Theme:
    """A theme with its parents.

    :param chain: folders, the theme itself first, then its parents
    :param manifest: the parsed theme.toml; options of parents are merged in
    """

    name: str
    chain: tuple[Path, ...]
    manifest: Mapping[str, Any]
    version: str

    @property
    def templates(self) -> list[Path]:
        return [folder / "templates" for folder in self.chain]

    def find_static(self, path: str) -> str:
        """Address of a static file: of the first theme in the chain that has it."""
        for folder in self.chain:
            if (folder / "static" / path).is_file():
                return f"/static/{self.version}/{folder.name}/{path}"
        return f"/static/{self.version}/{self.name}/{path}"


def load_theme(name: str, own_folder: Path | None) -> Theme:
    """Read the theme `name` and its parents.

    :param own_folder: the operator's folder of themes, searched first
    :raises ConfigurationError: unknown theme (with the known ones), unreadable theme.toml, a
        circle of parents
    """
    folders = [f for f in (own_folder, shipped_themes()) if f is not None]
    chain: list[Path] = []
    manifests: list[dict[str, Any]] = []
    wanted: str | None = name
    while wanted:
        folder = next((f / wanted for f in folders if (f / wanted / "theme.toml").is_file()), None)
        if folder is None:
            known = sorted(p.parent.name for f in folders for p in f.glob("*/theme.toml"))
            raise ConfigurationError(
                f"modou.theme: there is no theme {wanted!r}. Known themes: {', '.join(known)}"
            )
        if folder in chain:
            raise ConfigurationError(f"theme {wanted} is its own parent")
        try:
            manifest = tomllib.loads((folder / "theme.toml").read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{folder / 'theme.toml'}: {error}") from None
        chain.append(folder)
        manifests.append(manifest)
        wanted = manifest.get("theme", {}).get("parent")
    merged: dict[str, Any] = {}
    for manifest in reversed(manifests):
        merged = _merge(merged, manifest)
    return Theme(name, tuple(chain), merged, _fingerprint(chain))


def _merge(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Tables within tables: a child that sets one token keeps its parent's other ones."""
    merged = dict(parent)
    for key, value in child.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _fingerprint(chain: list[Path]) -> str:
    """Changes whenever a static file does, so that browsers may keep files for ever."""
    digest = hashlib.sha256()
    for folder in chain:
        for path in sorted((folder / "static").rglob("*")):
            if path.is_file():
                stat = path.stat()
                digest.update(f"{path.name}{stat.st_size}{stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:12]


_HIGH = '[data-contrast="high"]'


def _block(selector: str, tokens: Mapping[str, str], media: str = "") -> str:
    if not tokens:
        return ""
    body = "".join(f"--modou-{name}:{value};" for name, value in tokens.items())
    rule = f"{selector}{{{body}}}"
    return f"@media ({media}){{{rule}}}" if media else rule


def mix(colour: str, other: str, share: float) -> str:
    """`#rrggbb` between two colours; `share` (0 to 1) is how much of `other` is in it."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def theme_css(theme: Theme, options: Mapping[str, str]) -> str:
    """The style sheet after the theme's own: tokens of child themes, and colours of the operator.

    The operator's colours hold in light mode with normal contrast only: the dark and the
    high-contrast palettes are tuned to stay readable.
    """
    out = []
    tokens = theme.manifest.get("tokens", {})
    if len(theme.chain) > 1:
        dark, dark_high = tokens.get("dark", {}), tokens.get("dark-high", {})
        out += [
            _block(":root", {**tokens.get("common", {}), **tokens.get("light", {})}),
            _block('[data-bs-theme="dark"]', dark),
            _block('[data-bs-theme="auto"]', dark, "prefers-color-scheme: dark"),
            _block(_HIGH, tokens.get("light-high", {})),
            _block(f'[data-bs-theme="dark"]{_HIGH}', dark_high),
            _block(f'[data-bs-theme="auto"]{_HIGH}', dark_high, "prefers-color-scheme: dark"),
        ]
    paper = tokens.get("light", {}).get("paper", "#ffffff")
    chosen: dict[str, str] = {}
    for name, option in theme.manifest.get("options", {}).items():
        token, colour = option.get("token"), options.get(name)
        if token and colour:
            chosen[token] = colour
            # The theme's own shades of a colour would not fit another one.
            chosen[f"{token}-strong"] = mix(colour, "#000000", 0.25)
            chosen[f"{token}-soft"] = mix(colour, paper, 0.9)
    normal = f":not({_HIGH})"
    out += [
        _block(f'[data-bs-theme="light"]{normal}', chosen),
        _block(f'[data-bs-theme="auto"]{normal}', chosen, "prefers-color-scheme: light"),
    ]
    return "".join(out)


def includeme(config: Configurator) -> None:
    """Serve the static files of the theme and its parents."""
    theme: Theme = config.registry.theme
    for folder in theme.chain:
        config.add_static_view(
            f"static/{theme.version}/{folder.name}", str(folder / "static"), cache_max_age=ONE_YEAR
        )
