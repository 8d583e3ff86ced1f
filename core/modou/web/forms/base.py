"""What every form shares: language, and errors of services shown at their fields.

::

    form = CourseForm.of(request, data=values)
    if request.method == "POST" and form.validate():
        try:
            course = teaching.create_course(request.occasion, form.data)
        except Invalid as error:
            form.take(error)
        else:
            return HTTPSeeOther(...)
    return {"form": form}

CSRF is checked by the security policy before any view runs, not by forms.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

import wtforms
from pyramid.request import Request
from wtforms.fields.choices import SelectChoice

from modou.errors import Invalid
from modou.web.uploads import FormUploads

_WTFORMS_LOCALES = {"zh_CN": ["zh"], "en": ["en"]}


def set_choices(
    field: wtforms.SelectField, choices: Iterable[Any], translate: Callable[[Any], str]
) -> None:
    """Offer `choices` (pairs, or `SelectChoice`s) in the reader's language."""
    field.choices = [
        replace(choice, label=translate(choice.label))
        for choice in map(SelectChoice.from_input, choices)
    ]


class Form(wtforms.Form):
    """A form in the reader's language. Labels, descriptions, messages and the labels of
    `SelectChoice`s may be TranslationStrings."""

    @classmethod
    def of(cls, request: Request, data: Mapping[str, Any] | None = None, **kw: Any) -> Self:
        """The form filled from `request.POST` if this is a POST, else from `data`."""
        posted = request.POST if request.method == "POST" else None
        form = cls(
            posted,
            data=data,
            meta={
                "locales": _WTFORMS_LOCALES.get(request.locale_name, ["en"]),
                "upload_limit": request.registry.modou_config["upload_limit"],
                "uploads": FormUploads(request),
            },
            **kw,
        )
        for field in form:
            # Options are rendered by WTForms itself, which knows no TranslationString.
            if isinstance(field, wtforms.SelectField) and field.choices:
                set_choices(field, field.choices, request.page.gettext)
        return form

    def take(self, error: Invalid) -> None:
        """Show a service's refusal: at the fields that it names, the rest on top."""
        for name, messages in error.errors.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors.extend(messages)
            else:
                field.errors = [*field.errors, *messages]
        if not error.errors:
            self.form_errors.append(error.message)
