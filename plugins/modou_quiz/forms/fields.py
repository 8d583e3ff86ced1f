"""Form fields for what questions are made of: formatted texts, shares, numbers, rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import wtforms
from wtforms import widgets
from wtforms.utils import unset_value

from modou_quiz.content import Rich
from modou_quiz.i18n import _
from modou_quiz.types.numbers import read_number

MARKUPS = ("plain", "markdown", "html")


class RichField(wtforms.Field):
    """A formatted text: `data` is a `Rich`. Which markup it is written in comes as a second value,
    named as the field with `.markup` behind it.

    :param markup: of a new text
    """

    widget = widgets.TextArea()
    data: Any

    def __init__(
        self, label: Any = None, validators: Any = None, markup: Any = "plain", **kw: Any
    ) -> None:
        super().__init__(label, validators, **kw)
        self._markup = markup

    @property
    def markup_name(self) -> str:
        return f"{self.name}.markup"

    @property
    def markup(self) -> str:
        return self.data.markup if isinstance(self.data, Rich) else self._markup

    @property
    def source(self) -> str:
        return self.data.source if isinstance(self.data, Rich) else ""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self._posted = formdata
        super().process(formdata, data, extra_filters)

    def process_data(self, value: Any) -> None:
        self.data = value if isinstance(value, Rich) else Rich(source="", markup=self._markup)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        if not valuelist:
            return
        given = self._posted.getlist(self.markup_name)
        markup = given[0] if given and given[0] in MARKUPS else self._markup
        text = str(valuelist[0])
        if len(text) > 100_000:
            self.data = Rich(source=text[:100_000], markup=markup)
            raise ValueError(_("The text is longer than 100,000 characters."))
        self.data = Rich(source=text, markup=markup)

    def _value(self) -> str:
        return self.source


class ShareField(wtforms.Field):
    """A share of the marks, written in percent: `data` is a fraction."""

    widget = widgets.TextInput()
    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        text = valuelist[0].strip().rstrip("%％").strip()
        number = read_number(text) if text else 0.0
        if number is None:
            raise ValueError(_("Enter a share in percent, e.g. 50."))
        self.data = round(number / 100, 7) + 0.0

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        text = f"{self.data * 100:.5f}"
        return text.rstrip("0").rstrip(".")


class NumberField(wtforms.Field):
    """A number: `data` is a float, None when it is empty."""

    widget = widgets.TextInput()
    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        text = valuelist[0].strip()
        self.data = read_number(text) if text else None
        if text and self.data is None:
            raise ValueError(_("Enter a number, e.g. 3.14 or 1.5e3."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        text = repr(float(self.data))
        return text.removesuffix(".0")


class WordsField(wtforms.StringField):
    """Several words, a comma or a space between them: `data` is a list."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if valuelist:
            for comma in "，、;；,":
                valuelist = [valuelist[0].replace(comma, " ")]
            self.data = valuelist[0].split()

    def _value(self) -> str:
        return ", ".join(self.data or ())


class Rows(wtforms.FieldList):
    """Rows of a form, of which teachers add, remove and move some.

    :param blank: how many empty rows a new question begins with
    :param more: how many a press on "add" brings
    :param most: how many there may be
    """

    def __init__(
        self,
        unbound: Any,
        label: Any = None,
        *,
        blank: int = 0,
        more: int = 3,
        most: int = 200,
        **kw: Any,
    ) -> None:
        super().__init__(unbound, label, max_entries=None, **kw)
        self.blank = blank
        self.more = more
        self.most = most

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        if not formdata and data is unset_value:
            self.add(self.blank)

    def add(self, count: int) -> None:
        for _row in range(min(count, self.most - len(self.entries))):
            self.append_entry()

    def edit(self, verb: str, place: int, posted: Any = None) -> bool:
        """Do what a button says; whether it made sense.

        :param verb: "add", "remove", "up" or "down"
        :param posted: the posted values, for rows of several kinds
        """
        if verb == "add":
            self.add(self.more)
            return True
        rows = [entry.data for entry in self.entries]
        if not 0 <= place < len(rows):
            return False
        if verb == "remove":
            del rows[place]
        elif verb in ("up", "down"):
            other = place - 1 if verb == "up" else place + 1
            if not 0 <= other < len(rows):
                return True
            rows[place], rows[other] = rows[other], rows[place]
        else:
            return False
        # Made anew, since the rows' names say their order.
        self.process(None, rows)
        return True


def rows_in(form: Any) -> "Mapping[str, Rows]":
    """All row fields of a form by their names, also those within rows."""
    found: dict[str, Rows] = {}
    for field in form:
        if isinstance(field, Rows):
            found[field.name] = field
            for entry in field.entries:
                if isinstance(entry, wtforms.FormField):
                    found.update(rows_in(entry.form))
        elif isinstance(field, wtforms.FormField):
            found.update(rows_in(field.form))
    return found
