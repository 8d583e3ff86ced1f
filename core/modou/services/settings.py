"""Settings that operators change while the site runs: of the site, its theme and each plugin.

Each section ("site", "theme", or a plugin's name) has a pydantic model: types, defaults, titles,
help. A value is, in this order: what an operator stored, the .ini's default
(``modou.<section>.<setting>``), the model's default. `SecretStr` fields are stored encrypted.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from modou.errors import ConfigurationError, Invalid, Message, NotFound
from modou.i18n import _
from modou.permissions import Capability
from modou.services import files, pictures
from modou.services.files import Upload
from modou.services.occasion import Occasion
from modou.services.registry import Assembled
from modou.services.settings_schemas import ConsentSettings, SiteSettings
from modou.services.studying.schema import StudyPolicy

M = TypeVar("M", bound=BaseModel)

SITE = "site"
THEME = "theme"
STUDY = "study"
CONSENTS = "consents"


def schemas(assembled: Assembled) -> dict[str, type[BaseModel]]:
    """Section -> model, the core's own first."""
    return {
        SITE: SiteSettings,
        STUDY: StudyPolicy,
        CONSENTS: ConsentSettings,
        **assembled.settings_schemas,
    }


def schema_of(occasion: Occasion, section: str) -> type[BaseModel]:
    """:raises NotFound: no such section"""
    model = schemas(occasion.assembled).get(section)
    if model is None:
        raise NotFound(_("There are no settings called ${name}.", mapping={"name": section}))
    return model


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
    settings = model.model_validate(_values(occasion, section, model))
    cache[section] = (revision, settings)
    return settings


def site_settings(occasion: Occasion) -> SiteSettings:
    """The section "site"."""
    return read(occasion, SITE, SiteSettings)


def _values(occasion: Occasion, section: str, model: type[BaseModel]) -> dict[str, Any]:
    values: dict[str, Any] = dict(occasion.assembled.settings_defaults.get(section, {}))
    for name, value in occasion.site.settings.get(section, {}).items():
        if name not in model.model_fields:
            continue
        if isinstance(value, bytes):
            clear = occasion.keys.decrypt(value, secret_context(section, name))
            values[name] = SecretStr(clear)
        else:
            values[name] = value
    return values


def required_capability(section: str) -> Capability:
    """What one must be allowed to change a section."""
    ours = section in {SITE, THEME, STUDY, CONSENTS}
    return Capability.SETTINGS_EDIT if ours else Capability.PLUGINS_MANAGE


def change(occasion: Occasion, section: str, changes: Mapping[str, Any]) -> list[str]:
    """Change settings of a section; the names of those that are different now.

    A secret given as "" stays as it is. A picture is given as an `Upload`.

    :raises NotFound: unknown section
    :raises Invalid: unknown setting or a value against the schema, for all fields at once
    """
    model = schema_of(occasion, section)
    occasion.require(required_capability(section))
    unknown = set(changes) - set(model.model_fields)
    if unknown:
        known = ", ".join(model.model_fields)
        raise Invalid(
            _(
                "Unknown setting ${name}. Known: ${known}.",
                mapping={"name": ", ".join(sorted(unknown)), "known": known},
            )
        )
    before = _values(occasion, section, model)
    uploads = {n: v for n, v in changes.items() if isinstance(v, Upload)}
    drawn = {n: pictures.make_logo(upload.stream, field=n) for n, upload in uploads.items()}
    wanted = {
        n: v
        for n, v in changes.items()
        if n not in uploads and not (v == "" and _is_secret(model, n))
    }
    try:
        after = model.model_validate({**before, **wanted})
    except ValidationError as error:
        raise Invalid(
            _("Some settings are not right."),
            errors={str(e["loc"][0]): [explain(e)] for e in error.errors() if e["loc"]},
        ) from None
    old = model.model_validate(before)
    changed = [n for n in wanted if getattr(after, n) != getattr(old, n)]
    if not changed and not drawn:
        return []
    stored = occasion.site.settings_of(section)
    for name in changed:
        value = getattr(after, name)
        if isinstance(value, SecretStr):
            stored[name] = occasion.keys.encrypt(
                value.get_secret_value(), secret_context(section, name)
            )
        else:
            stored[name] = value
    for name, content in drawn.items():
        _keep_picture(occasion, stored, name, content)
    changed += drawn
    occasion.site.settings_revision += 1
    # Values stay out of the journal: a setting may hold what only its page may show.
    occasion.record("settings_changed", values={"section": section, "settings": sorted(changed)})
    return changed


def reencrypt(occasion: Occasion) -> None:
    """Encrypt the secret settings of all sections with the current key."""
    keys = occasion.keys
    for section, stored in occasion.site.settings.items():
        for name, value in list(stored.items()):
            if isinstance(value, bytes) and keys.needs_rotation(value):
                context = secret_context(section, name)
                stored[name] = keys.encrypt(keys.decrypt(value, context), context)


def reset(occasion: Occasion, section: str) -> None:
    """Forget what operators stored for a section: back to the .ini's and the schema's defaults."""
    schema_of(occasion, section)
    occasion.require(required_capability(section))
    if occasion.site.settings.pop(section, None) is None:
        return
    occasion.site.settings_revision += 1
    occasion.record("settings_changed", values={"section": section, "settings": ["*"]})


def _keep_picture(occasion: Occasion, stored: Any, name: str, content: bytes) -> None:
    old = stored.get(name)
    if old:
        files.drop_file(occasion, int(old))
    stored[name] = str(files.store(occasion, content, f"{name}.png", "public").id)


def _is_secret(model: type[BaseModel], name: str) -> bool:
    return model.model_fields[name].annotation is SecretStr


def explain(error: ErrorDetails) -> Message:
    """A sentence for what pydantic found wrong."""
    details = error.get("ctx", {})
    kind = error["type"]
    if kind == "value_error":
        return _CUSTOM.get(str(details.get("error")), _("This value is not allowed."))
    sentence = _KINDS.get(kind)
    if sentence is None:
        return _("This value is not allowed.")
    mapping = {name: value for name, value in details.items() if isinstance(value, int | float)}
    return sentence % mapping if mapping else sentence


_CUSTOM: dict[str, Message] = {
    "pattern": _("This does not look as it should; see the example."),
    "colour": _("Write the colour as # and six digits, for example #2447a8."),
    "time": _("Write the time of day as hours and minutes, for example 06:00."),
    "idle_order": _("This must not be less than the field before it."),
    "window_order": _("This must be later than the beginning."),
    "contrast": _("This colour is hard to read on the page's background (less than 4.5 : 1)."),
}
_KINDS: dict[str, Any] = {
    "string_too_short": _("This must not be empty."),
    "string_too_long": _("This is too long: at most ${max_length} characters."),
    "too_short": _("This is too short: at least ${min_length} characters."),
    "too_long": _("This is too long: at most ${max_length} characters."),
    "int_parsing": _("This must be a whole number."),
    "int_from_float": _("This must be a whole number."),
    "float_parsing": _("This must be a number."),
    "decimal_parsing": _("This must be a number."),
    "greater_than": _("This must be more than ${gt}."),
    "greater_than_equal": _("This must be at least ${ge}."),
    "less_than": _("This must be less than ${lt}."),
    "less_than_equal": _("This must be at most ${le}."),
    "literal_error": _("Choose one of the offered values."),
    "enum": _("Choose one of the offered values."),
    "bool_parsing": _("This must be yes or no."),
    "missing": _("This is required."),
}


def take_defaults(assembled: Assembled, defaults: Mapping[tuple[str, str], str]) -> None:
    """Check and cast the .ini's ``modou.<section>.<setting>`` keys.

    :raises ConfigurationError: unknown section, unknown setting, a value of the wrong type
    """
    known = schemas(assembled)
    given: dict[str, dict[str, str]] = {}
    for (section, name), text in defaults.items():
        model = known.get(section)
        if model is None:
            raise ConfigurationError(
                f"modou.{section}.{name}: no enabled plugin {section!r} has settings. "
                f"Sections with settings: {', '.join(sorted(known))}"
            )
        if name not in model.model_fields:
            raise ConfigurationError(
                f"modou.{section}.{name}: unknown setting. "
                f"Settings of {section}: {', '.join(sorted(model.model_fields))}"
            )
        given.setdefault(section, {})[name] = text
    for section, values in given.items():
        # Other settings may be required and come from the operator: only what is given counts.
        fields = known[section].model_fields
        try:
            known[section].__pydantic_validator__.validate_python(values)
        except ValidationError as error:
            for problem in error.errors():
                name = str(problem["loc"][0])
                if name in values:
                    raise ConfigurationError(
                        f"modou.{section}.{name} = {values[name]!r}: {problem['msg']}"
                    ) from None
        assembled.settings_defaults[section] = {n: values[n] for n in values if n in fields}
