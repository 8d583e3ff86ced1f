"""The form of a case: below the material, the forms of its questions."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import wtforms
from wtforms.utils import unset_value

from modou_quiz.forms.fields import NumberField, Rows
from modou_quiz.forms.questions import AnswerableForm
from modou_quiz.i18n import _

#: Holds a question whose type no enabled plugin knows, as it is stored.
KEPT = "kept"


class JsonField(wtforms.HiddenField):
    """Plain JSON that comes back as it went."""

    def process_formdata(self, valuelist: Any) -> None:
        self.data = None
        if valuelist and valuelist[0]:
            try:
                self.data = json.loads(valuelist[0])
            except (ValueError, RecursionError):
                raise ValueError(
                    _("This question came back damaged. Load the page again.")
                ) from None

    def _value(self) -> str:
        return "" if self.data is None else json.dumps(self.data, ensure_ascii=False)


class _SubQuestionForm(wtforms.Form):
    type = wtforms.HiddenField()
    weight = NumberField(_("Weight"), default=1.0)
    kept = JsonField()


class QuestionRows(Rows):
    """The questions of a case, each with the form of its type.

    :param types: name -> type
    """

    def __init__(self, label: Any = None, types: Mapping[str, Any] = {}, **kw: Any) -> None:
        super().__init__(wtforms.FormField(_SubQuestionForm), label, more=1, most=50, **kw)
        self.types = types
        self._row_of = cache(self._make)
        self._following = ""

    def _make(self, name: str) -> Any:
        if name not in self.types:
            return wtforms.FormField(_SubQuestionForm)
        fields = {"question": wtforms.FormField(self.types[name].form)}
        return wtforms.FormField(type("SubQuestionForm", (_SubQuestionForm,), fields))

    @property
    def new_name(self) -> str:
        """Name of the control that says of which type the next question is."""
        return f"{self.name}.new"

    def edit(self, verb: str, place: int, posted: Any = None) -> bool:
        if verb == "add":
            self._following = str(posted.get(self.new_name) or "") if posted is not None else ""
            if self._following not in self.types:
                return False
        return super().edit(verb, place, posted)

    def _add_entry(
        self, formdata: Any = None, data: Any = unset_value, index: int | None = None
    ) -> Any:
        name = self._following
        if formdata:
            found = formdata.getlist(f"{self.name}-{index}-type")
            name = str(found[0]) if found else ""
        elif isinstance(data, Mapping):
            name = str(data.get("type", ""))
        self.unbound_field = self._row_of(name)
        entry = super()._add_entry(formdata, data, index)
        if not formdata and data is unset_value:
            entry.form.type.data = name
        return entry


def case_form(types: Mapping[str, Any]) -> type[AnswerableForm]:
    """The form class of cases whose questions may have these types."""
    fields = {"questions": QuestionRows(_("Questions"), types=types)}
    return type("CaseForm", (AnswerableForm,), fields)
