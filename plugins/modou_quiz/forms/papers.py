"""Forms of the paper editor."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.web.forms.base import Form
from modou.web.forms.fields import CheckboxesField
from modou_quiz.forms.bank import WordListField
from modou_quiz.i18n import _


class SectionForm(Form):
    """A part of a paper."""

    title = wtforms.StringField(
        _("Title"),
        [validators.InputRequired()],
        description=_("For example: Part 1, single choice"),
        render_kw={"maxlength": 100},
    )
    text = wtforms.TextAreaField(
        _("What learners are told"), render_kw={"rows": 3, "maxlength": 2000}
    )
    shuffle = wtforms.BooleanField(_("Questions in another order for each learner"))


class DrawForm(Form):
    """A line of a blueprint."""

    number = wtforms.IntegerField(
        _("Number of questions"),
        [validators.InputRequired()],
        default=10,
        render_kw={"inputmode": "numeric", "min": 1},
    )
    marks = wtforms.FloatField(
        _("Marks for each"),
        [validators.Optional()],
        default=1.0,
        description=_("Empty: what each question says. Papers may then differ in their total."),
        render_kw={"inputmode": "decimal"},
    )
    categories = wtforms.SelectMultipleField(
        _("Categories"),
        description=_("Several with Ctrl or ⌘. None: the whole bank of the course and the site."),
        render_kw={"size": 8},
    )
    below = wtforms.BooleanField(_("Also what lies below them"), default=True)
    types = CheckboxesField(_("Types of question"))
    difficulties = CheckboxesField(
        _("Difficulty"),
        choices=[
            SelectChoice("1", _("1 (easy)")),
            SelectChoice("2", "2"),
            SelectChoice("3", _("3 (middling)")),
            SelectChoice("4", "4"),
            SelectChoice("5", _("5 (hard)")),
            SelectChoice("0", _("Not said")),
        ],
    )
    points = WordListField(
        _("Knowledge points"), description=_("Commas between them: one of them has to fit.")
    )
    syllabus = WordListField(
        _("Items of the syllabus"), description=_("Commas between them: one of them has to fit.")
    )
    tags = WordListField(_("Tags"), description=_("Commas between them: all of them have to fit."))


class OverlapForm(Form):
    """How much two learners' papers may have in common."""

    most_overlap = wtforms.IntegerField(
        _("Questions that two learners should share at most, in per cent"),
        [validators.Optional(), validators.NumberRange(0, 100)],
        description=_("Empty or 0: whatever chance brings."),
        render_kw={"inputmode": "numeric", "min": 0, "max": 100},
    )


class PrintForm(Form):
    """How a paper is printed."""

    version = wtforms.SelectField(
        _("Paper version"),
        choices=[SelectChoice(letter, letter) for letter in "ABCDEF"],
        description=_("Each version draws other questions; the same letter gives the same paper."),
    )
    answers = wtforms.SelectField(
        _("Answers"),
        choices=[
            SelectChoice("none", _("No answers")),
            SelectChoice("key", _("Key at the end")),
            SelectChoice("inline", _("With each question, and explanations")),
        ],
    )
    sheet = wtforms.BooleanField(_("Answer sheet on a page of its own"))
    binding = wtforms.BooleanField(_("Binding line with name and number"), default=True)
