"""What texts the code holds: for the test that all are translated, and for `scripts/messages`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "t": None}
METHODS = [("**.py", "python"), ("**.jinja2", "jinja2")]
OPTIONS = {
    "**.jinja2": {
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "silent": "false",
        "encoding": "utf-8",
    }
}


@dataclass(frozen=True)
class Domain:
    """A message domain: where its texts stand and where its catalogues lie."""

    name: str
    sources: tuple[Path, ...]
    locale: Path

    @property
    def chinese(self) -> Path:
        return self.locale / "zh_CN" / "LC_MESSAGES" / f"{self.name}.po"


def domains() -> Iterator[Domain]:
    """The core's (with the shipped theme), then one for each first-party plugin."""
    core = ROOT / "core" / "modou"
    yield Domain("modou", (core, ROOT / "themes" / "modou" / "templates"), core / "locale")
    for plugin in sorted((ROOT / "plugins").glob("modou_*")):
        yield Domain(plugin.name, (plugin,), plugin / "locale")


def texts_in_toml(path: Path) -> Iterator[str]:
    """Titles and helps of a theme's options, which the settings page shows."""
    import tomllib

    for option in tomllib.loads(path.read_text(encoding="utf-8")).get("options", {}).values():
        yield option["title"]
        if option.get("help"):
            yield option["help"]


def extract(domain: Domain) -> Catalog:
    """Every text of a domain, with the places where it stands."""
    catalogue = Catalog(domain=domain.name, charset="utf-8")
    for folder in domain.sources:
        found = extract_from_dir(
            str(folder), METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("i18n:",)
        )
        for filename, line, message, _comments, _context in found:
            if message:
                place = (folder / filename).relative_to(ROOT)
                catalogue.add(message, locations=[(str(place), line)])
    if domain.name == "modou":
        theme = ROOT / "themes" / "modou" / "theme.toml"
        for text in texts_in_toml(theme):
            catalogue.add(text, locations=[(str(theme.relative_to(ROOT)), 0)])
    return catalogue


def translations(domain: Domain) -> Catalog:
    with domain.chinese.open("rb") as stream:
        return read_po(stream, locale="zh_CN", domain=domain.name)
