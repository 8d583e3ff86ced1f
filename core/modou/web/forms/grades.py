"""Forms of the grade set-up."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import wtforms
from pyramid.request import Request

from modou.i18n import _
from modou.models.grades import GradeBook, Node
from modou.services.grading import format_points
from modou.services.grading.books import TITLE_LENGTH
from modou.services.grading.marks import DECIMALS
from modou.store.containers import decode_id
from modou.web.forms.base import Form

#: Stands for the key of the course's own category.
COURSE: Final = "course"


class NumberField(wtforms.StringField):
    """A number; full-width digits and a decimal comma are understood, empty is None."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.raw = valuelist[0] if valuelist else ""
        text = unicodedata.normalize("NFKC", self.raw).strip().removesuffix("%").replace(",", ".")
        self.data = None
        if not text:
            return
        try:
            self.data = float(text)
        except ValueError:
            raise ValueError(_("“${text}” is no number.", mapping={"text": text[:40]})) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return format_points(self.data, DECIMALS) if self.data is not None else ""


class CategoryField(wtforms.SelectField):
    """A choice among categories by key; `COURSE` is the course itself."""

    @property
    def category_id(self) -> int:
        """The category's id, 0 for the course itself."""
        return 0 if self.data == COURSE else decode_id(self.data)


def required() -> Any:
    return wtforms.validators.InputRequired(_("Please enter a number."))


class ItemForm(Form):
    """A grade item."""

    title = wtforms.StringField(_("Title"), [wtforms.validators.Length(max=TITLE_LENGTH)])
    category = CategoryField(_("Category"))
    maximum = NumberField(_("Maximum"), [required()], description=_("Most points"))
    minimum = NumberField(_("Minimum"), [required()], description=_("Fewest points, usually 0"))
    pass_mark = NumberField(
        _("Pass mark"), description=_("Points needed to pass. Empty: the course's percentage.")
    )
    weight = NumberField(
        _("Weight"),
        [required()],
        description=_("Counts where the category is a weighted mean: 2 counts twice as much as 1."),
    )
    extra = wtforms.BooleanField(
        _("Extra credit"), description=_("Adds to the total, but is not expected of anybody.")
    )
    hidden = wtforms.BooleanField(
        _("Hidden"), description=_("Learners do not see it, and it does not count.")
    )
    rescale = wtforms.BooleanField(
        _("When the limits change, keep the percentages"),
        description=_("Grades already given are converted. Otherwise they keep their points."),
    )

    def values(self) -> dict[str, Any]:
        """What the verbs take."""
        names = ("title", "maximum", "minimum", "pass_mark", "weight", "extra", "hidden")
        found = {name: self[name].data for name in names if name in self}
        found["category"] = self.category.category_id
        return found


class CategoryForm(Form):
    """A grade category, or the course itself."""

    title = wtforms.StringField(_("Title"), [wtforms.validators.Length(max=TITLE_LENGTH)])
    parent = CategoryField(_("Stands in"))
    aggregation = wtforms.RadioField(_("Aggregation"), validate_choice=False)
    weight = NumberField(
        _("Weight"),
        [required()],
        description=_("Counts where the category around it is a weighted mean."),
    )
    drop_lowest = wtforms.IntegerField(
        _("Drop the lowest"), description=_("How many of the lowest grades do not count.")
    )
    keep_highest = wtforms.IntegerField(
        _("Keep the highest"), description=_("How many of the highest count; 0 for all.")
    )
    only_graded = wtforms.BooleanField(
        _("Leave empty grades out"),
        description=_("Otherwise what is not graded yet counts as 0."),
    )
    extra = wtforms.BooleanField(
        _("Extra credit"), description=_("Adds to the total, but is not expected of anybody.")
    )

    def values(self) -> dict[str, Any]:
        names = ("title", "aggregation", "weight", "drop_lowest", "keep_highest", "only_graded")
        found = {name: self[name].data for name in (*names, "extra") if name in self}
        if "parent" in self:
            found["parent"] = self.parent.category_id
        return found


class LetterForm(wtforms.Form):
    """One level."""

    letter = wtforms.StringField(_("Level"), [wtforms.validators.Length(max=40)])
    floor = NumberField(_("From per cent"))


class ScaleForm(Form):
    """The levels of a course and its pass mark."""

    pass_percent = NumberField(
        _("Pass mark in per cent"),
        [required()],
        description=_("Of the course, and of every item that has no pass mark of its own."),
    )
    letters = wtforms.FieldList(wtforms.FormField(LetterForm), label=_("Levels"), max_entries=20)


def category_choices(request: Request, book: GradeBook, but: Node | None = None) -> list[Any]:
    """(key, title) of the categories that something can stand in, indented as the tree is."""
    title = request.page.gettext(_("The course itself"))
    found = [(COURSE, title)]
    left_out = but.id if but is not None else 0
    for depth, node in book.walk():
        if node.id in book.categories and left_out not in book.above(node.id):
            found.append((node.key, "\u3000" * (depth + 1) + node.title))
    return found


def category_key(book: GradeBook, category_id: int) -> str:
    """The key of a category as forms and addresses have it."""
    return COURSE if category_id in {0, book.root_id} else book.categories[category_id].key


def aggregation_choices(request: Request, aggregations: Mapping[str, Any]) -> list[Any]:
    """(name, title: description) of the ways to aggregate."""
    gettext = request.page.gettext
    colon = gettext(_(": "))
    return [
        (name, gettext(way.title) + (colon + gettext(way.description) if way.description else ""))
        for name, way in aggregations.items()
    ]
