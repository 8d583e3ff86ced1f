"""Where the settings' schemas come from: the core's own, the theme's theme.toml, the plugins."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, create_model

from modou.i18n import _

_HEX_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
#: WCAG 2.2 SC 1.4.3: contrast of text with its background.
READABLE = 4.5


class SiteSettings(BaseModel):
    """The section "site". Titles and help are message ids."""

    name: str = Field("墨斗", title=_("Site name"), min_length=1, max_length=60)
    organisation: str = Field(
        "",
        title=_("Organisation"),
        description=_("Legal name of the body that runs the site"),
        max_length=120,
    )
    registration: Literal["open", "invitation", "closed"] = Field(
        "open",
        title=_("Registration"),
        description=_("Who may make an account"),
        json_schema_extra={
            "choices": {
                "open": _("Everybody"),
                "invitation": _("Only people with an invitation"),
                "closed": _("Nobody; accounts are made by the administration"),
            }
        },
    )
    retention_years: int = Field(
        3,
        title=_("Years that records are kept"),
        description=_(
            "After they were made or, in a course, after it closed. Nobody can delete younger ones."
        ),
        ge=3,
        le=50,
    )


_EMPTY = _("Markdown. Empty: the template that comes with Modou.")
_VERSION = _("Change it with the text: everybody is then asked again when they next sign in.")
_LONG: Any = {"kind": "longtext"}


class ConsentSettings(BaseModel):
    """The section "consents": what people agree to when they register or first sign in."""

    ask: bool = Field(True, title=_("Ask for consents"))
    agreement: str = Field(
        "",
        title=_("User agreement"),
        description=_EMPTY,
        max_length=100_000,
        json_schema_extra=_LONG,
    )
    agreement_version: str = Field(
        "1",
        title=_("Version of the user agreement"),
        description=_VERSION,
        min_length=1,
        max_length=20,
    )
    privacy: str = Field(
        "",
        title=_("Privacy notice"),
        description=_EMPTY,
        max_length=100_000,
        json_schema_extra=_LONG,
    )
    privacy_version: str = Field(
        "1",
        title=_("Version of the privacy notice"),
        description=_VERSION,
        min_length=1,
        max_length=20,
    )
    ask_regulator: bool = Field(
        True,
        title=_("Ask separately whether records may be handed to the supervising authority"),
        description=_("People may refuse it, and withdraw it in their profile."),
    )
    regulator: str = Field(
        "",
        title=_("Text about handing records to the authority"),
        description=_EMPTY,
        max_length=100_000,
        json_schema_extra=_LONG,
    )
    regulator_version: str = Field(
        "1",
        title=_("Version of the text about the authority"),
        description=_VERSION,
        min_length=1,
        max_length=20,
    )


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def theme_schema(manifest: Mapping[str, Any]) -> type[BaseModel]:
    """The section "theme", made of the `options` of a theme.toml.

    :raises KeyError: an option with an unknown type (theme.toml is checked at the start)
    """
    paper = manifest.get("tokens", {}).get("light", {}).get("paper", "#ffffff")
    fields: dict[str, Any] = {}
    for name, option in manifest.get("options", {}).items():
        kind = option["type"]
        extra: dict[str, Any] = {"kind": kind}
        if kind == "colour":
            annotation: Any = Annotated[str, AfterValidator(_colour_check(paper))]
        elif kind in {"text", "longtext", "phone", "image"}:
            annotation = str
            if pattern := option.get("pattern"):
                annotation = Annotated[str, AfterValidator(_pattern_check(pattern))]
        else:
            raise KeyError(f"option {name}: unknown type {kind!r}")
        fields[name] = (
            annotation,
            Field(
                option.get("default", ""),
                title=option["title"],
                description=option.get("help", ""),
                max_length=option.get("max_length", 1000),
                json_schema_extra=extra,
            ),
        )
    model: type[BaseModel] = create_model("ThemeSettings", **fields)
    return model


def _pattern_check(pattern: str) -> Any:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if value and not compiled.fullmatch(value):
            raise ValueError("pattern")
        return value

    return check


def _colour_check(paper: str) -> Any:
    def check(value: str) -> str:
        if value and not _HEX_COLOUR.fullmatch(value):
            raise ValueError("colour")
        if value and contrast(value, paper) < READABLE:
            raise ValueError("contrast")
        return value

    return check
