"""Settings that operators change while the site runs: of the site, and of each plugin.

Each section ("site", "theme", or a plugin's name) has a pydantic model: types, defaults,
titles, help. A value is, in this order: what was stored by an operator, the .ini's default
(``modou.<plugin>.<setting>``), the model's default. Fields of type `SecretStr` are stored encrypted.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, Field, SecretStr, ValidationError

from modou.errors import ConfigurationError
from modou.i18n import _
from modou.services.occasion import Occasion
from modou.services.registry import Assembled

M = TypeVar("M", bound=BaseModel)


class SiteSettings(BaseModel):
    """The section "site". Titles and help are message ids."""

    name: str = Field("墨斗", title=_("Site name"), max_length=60)
    registration: Literal["open", "invitation", "closed"] = Field(
        "open", title=_("Registration"), description=_("Who may make an account")
    )
    organisation: str = Field("", title=_("Organisation"), max_length=120)


def secret_context(section: str, name: str) -> bytes:
    """Where a secret setting lives, bound into its encryption."""
    return f"setting:{section}:{name}".encode()


def read(occasion: Occasion, section: str, model: type[M]) -> M:
    """The settings of a section, all filled in; kept until a setting of the site changes."""
    cache = occasion.assembled.settings_cache
    revision = occasion.site.settings_revision
    found = cache.get(section)
    if found is not None and found[0] == revision:
        return cast(M, found[1])
    values: dict[str, Any] = dict(occasion.assembled.settings_defaults.get(section, {}))
    for name, value in occasion.site.settings.get(section, {}).items():
        if name not in model.model_fields:
            continue
        if isinstance(value, bytes):
            clear = occasion.keys.decrypt(value, secret_context(section, name))
            values[name] = SecretStr(clear)
        else:
            values[name] = value
    settings = model.model_validate(values)
    cache[section] = (revision, settings)
    return settings


def site_settings(occasion: Occasion) -> SiteSettings:
    return read(occasion, "site", SiteSettings)


def take_defaults(assembled: Assembled, defaults: Mapping[tuple[str, str], str]) -> None:
    """Check and cast the .ini's ``modou.<plugin>.<setting>`` keys.

    :raises ConfigurationError: unknown plugin, unknown setting, a value of the wrong type
    """
    schemas = {"site": SiteSettings, **assembled.settings_schemas}
    given: dict[str, dict[str, str]] = {}
    for (section, name), text in defaults.items():
        schema = schemas.get(section)
        if schema is None:
            known = ", ".join(sorted(schemas))
            raise ConfigurationError(
                f"modou.{section}.{name}: no enabled plugin {section!r} has settings. "
                f"Sections with settings: {known}"
            )
        if name not in schema.model_fields:
            known = ", ".join(sorted(schema.model_fields))
            raise ConfigurationError(
                f"modou.{section}.{name}: unknown setting. Settings of {section}: {known}"
            )
        given.setdefault(section, {})[name] = text
    for section, values in given.items():
        try:
            model = schemas[section].model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise ConfigurationError(
                f"modou.{section}.{name} = {values.get(name)!r}: {first['msg']}"
            ) from None
        assembled.settings_defaults[section] = {n: getattr(model, n) for n in values}
