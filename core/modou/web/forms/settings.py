"""Forms made from settings schemas: one field for each setting, by its type."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

import wtforms
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.i18n import _
from modou.web.forms.base import Form
from modou.web.forms.fields import UploadField

Make = Callable[..., wtforms.Field]


def settings_form(model: type[BaseModel]) -> type[Form]:
    """A form class with a field for each setting of `model`, in its order."""
    fields = {name: _field(name, info) for name, info in model.model_fields.items()}
    form: type[Form] = type(f"{model.__name__}Form", (Form,), fields)
    return form


def form_values(settings: BaseModel) -> dict[str, Any]:
    """What the form shows: the settings, lists as lines, secrets left empty."""
    values: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            continue
        if isinstance(value, list | tuple):
            value = "\n".join(str(v) for v in value)
        values[name] = value
    return values


def changes_of(form: Form, model: type[BaseModel]) -> dict[str, Any]:
    """What was entered, as `modou.services.settings.change` takes it."""
    changes: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        value = form[name].data
        if isinstance(form[name], UploadField) and value is None:
            continue
        if _is_lines(info):
            value = [line.strip() for line in (value or "").splitlines() if line.strip()]
        elif isinstance(value, str):
            value = value.replace("\r\n", "\n").strip()
        elif value is None:
            value = ""
        changes[name] = value
    return changes


def _is_lines(info: FieldInfo) -> bool:
    return get_origin(info.annotation) in {list, tuple}


def _field(name: str, info: FieldInfo) -> wtforms.Field:
    extra: Mapping[str, Any] = info.json_schema_extra or {}  # type: ignore[assignment]
    kind = extra.get("kind")
    label = info.title or name
    description = info.description or ""
    annotation = info.annotation
    optional = [validators.Optional()]
    if get_origin(annotation) is Literal:
        titles = extra.get("choices", {})
        choices = [SelectChoice(value, titles.get(value, value)) for value in get_args(annotation)]
        return wtforms.SelectField(label, description=description, choices=choices)
    if annotation is SecretStr:
        hint = description or _("Leave empty to keep what is stored.")
        return wtforms.PasswordField(
            label, optional, description=hint, render_kw={"autocomplete": "new-password"}
        )
    if _is_lines(info) or kind == "longtext":
        return wtforms.TextAreaField(label, description=description, render_kw={"rows": 4})
    numbers = [] if annotation in {bool, str} else optional
    make = _BY_KIND.get(kind) or _BY_TYPE.get(annotation, wtforms.StringField)
    return make(label, numbers, description=description)


_BY_KIND: dict[Any, Make] = {"phone": wtforms.TelField, "image": UploadField}
_BY_TYPE: dict[Any, Make] = {
    bool: wtforms.BooleanField,
    int: wtforms.IntegerField,
    float: wtforms.FloatField,
}
