"""Forms of the question bank: where a question is filed, categories."""

import re
from typing import Any

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.web.forms.base import Form
from modou.web.forms.fields import UploadsField
from modou_quiz.i18n import _

_COMMAS = re.compile(r"[,，;；、\n]")

DIFFICULTIES = (
    SelectChoice("0", _("Not said")),
    SelectChoice("1", _("1 (easy)")),
    SelectChoice("2", "2"),
    SelectChoice("3", _("3 (middling)")),
    SelectChoice("4", "4"),
    SelectChoice("5", _("5 (hard)")),
)


class WordListField(wtforms.StringField):
    """Several terms, which may hold spaces, with commas between them; `data` is a list."""

    def process_formdata(self, valuelist: Any) -> None:
        if valuelist:
            terms = (" ".join(term.split()) for term in _COMMAS.split(valuelist[0]))
            self.data = [term for term in terms if term]

    def _value(self) -> str:
        return "，".join(self.data or ())


class FilingForm(Form):
    """Where a question is filed; stands beside the form of its type, with the prefix "filing-"."""

    category = wtforms.SelectField(_("Category"))
    title = wtforms.StringField(
        _("Title"),
        description=_("For lists. Empty: the beginning of the question."),
        render_kw={"maxlength": 200},
    )
    marks = wtforms.FloatField(
        _("Marks of the question"),
        [validators.InputRequired()],
        default=1.0,
        description=_("Where a paper does not say otherwise."),
        render_kw={"inputmode": "decimal"},
    )
    difficulty = wtforms.SelectField(_("Difficulty"), choices=DIFFICULTIES)
    point = wtforms.StringField(_("Knowledge point"), render_kw={"maxlength": 200})
    syllabus = wtforms.StringField(
        _("Item of the syllabus"),
        description=_("The number or name in the examination syllabus."),
        render_kw={"maxlength": 200},
    )
    tags = WordListField(_("Tags"), description=_("Commas between them."))
    idnumber = wtforms.StringField(_("Own number"), render_kw={"maxlength": 100})
    files = UploadsField(
        _("Pictures, audio, video"),
        description=_("In the text they are written as @@FILE@@/name.png."),
        render_kw={"accept": "image/*,audio/*,video/*"},
    )
    draft = wtforms.BooleanField(
        _("Draft"), description=_("A draft may be incomplete and is never drawn.")
    )


class CategoryForm(Form):
    """A category of questions."""

    title = wtforms.StringField(
        _("Title"), [validators.InputRequired()], render_kw={"maxlength": 100}
    )
    description = wtforms.TextAreaField(_("Description"), render_kw={"rows": 3, "maxlength": 2000})
    parent = wtforms.SelectField(_("Lies in"))
