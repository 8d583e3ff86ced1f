"""The forms of questions that are answered with words and numbers."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou_quiz.forms.choices import OptionForm
from modou_quiz.forms.fields import NumberField, RichField, Rows, ShareField, WordsField
from modou_quiz.forms.questions import AnswerableForm, RepliesForm
from modou_quiz.i18n import _


class AcceptedForm(wtforms.Form):
    """Words that are accepted."""

    pattern = wtforms.StringField(_("Answer"), [validators.Length(max=2000)])
    fraction = ShareField(_("Worth in percent"), default=1.0)
    feedback = RichField(_("Feedback to those who answered so"))


class ReadingForm(wtforms.Form):
    """How typed words are compared."""

    case = wtforms.BooleanField(_("Capital and small letters differ"))
    fold_width = wtforms.BooleanField(_("Full and half width are the same"), default=True)
    fold_script = wtforms.BooleanField(
        _("Simplified and traditional characters are the same"), default=True
    )


class ShortForm(AnswerableForm):
    """Words typed into one line."""

    answers = Rows(
        wtforms.FormField(AcceptedForm),
        _("Accepted answers"),
        blank=2,
        description=_("* stands for any characters, \\* for a star. The best that matches counts."),
    )
    reading = wtforms.FormField(ReadingForm, _("How answers are compared"))


class AcceptedNumberForm(wtforms.Form):
    """A number that is accepted."""

    kind = wtforms.SelectField(
        _("Kind"),
        choices=[
            SelectChoice("value", _("A value with tolerance")),
            SelectChoice("range", _("From … to …")),
            SelectChoice("any", _("Any other number")),
        ],
        default="value",
    )
    value = NumberField(_("Value"))
    tolerance = NumberField(_("Tolerance ±"), default=0.0)
    relative = wtforms.BooleanField(_("The tolerance is a share of the value (0.05 for 5 %)"))
    low = NumberField(_("From"))
    high = NumberField(_("To"))
    fraction = ShareField(_("Worth in percent"), default=1.0)
    feedback = RichField(_("Feedback to those who answered so"))


class UnitForm(wtforms.Form):
    """A unit of measure."""

    name = wtforms.StringField(_("Unit"), [validators.Length(max=50)])
    factor = NumberField(_("How many of it make one of the first unit"))


class UnitsForm(wtforms.Form):
    """What units have to do with the answer."""

    mode = wtforms.SelectField(
        _("Units"),
        choices=[
            SelectChoice("none", _("Without units")),
            SelectChoice("optional", _("A unit may be given")),
            SelectChoice("required", _("A missing or unknown unit costs marks")),
        ],
        default="none",
    )
    units = Rows(
        wtforms.FormField(UnitForm),
        _("Known units"),
        blank=2,
        most=50,
        description=_("The accepted numbers are in the first unit."),
    )
    penalty = ShareField(_("What the missing unit costs, in percent"), default=0.1)
    penalty_of = wtforms.SelectField(
        _("Of what"),
        choices=[
            SelectChoice("response", _("Of what the number was worth")),
            SelectChoice("question", _("Of the question's marks")),
        ],
        default="response",
    )
    show = wtforms.SelectField(
        _("The unit is"),
        choices=[
            SelectChoice("text", _("Typed behind the number")),
            SelectChoice("radio", _("Chosen, all shown")),
            SelectChoice("select", _("Chosen from a list")),
        ],
        default="text",
    )
    before = wtforms.BooleanField(_("The unit stands before the number"))


class NumericalForm(AnswerableForm):
    """A number with tolerance and units."""

    answers = Rows(wtforms.FormField(AcceptedNumberForm), _("Accepted numbers"), blank=1, more=1)
    units = wtforms.FormField(UnitsForm, _("Units"))


class GapForm(wtforms.Form):
    """A gap of any kind; `kind` says which fields count."""

    kind = wtforms.SelectField(
        _("Kind of gap"),
        choices=[
            SelectChoice("words", _("Words")),
            SelectChoice("number", _("A number")),
            SelectChoice("choice", _("A choice")),
        ],
        default="words",
    )
    weight = NumberField(_("Weight"), default=1.0)
    group = wtforms.StringField(
        _("Group"),
        [validators.Length(max=50)],
        description=_("Gaps of the same group may be filled in any order."),
    )
    answers = Rows(wtforms.FormField(AcceptedForm), _("Accepted answers"), blank=1, more=2)
    reading = wtforms.FormField(ReadingForm, _("How answers are compared"))
    numbers = Rows(wtforms.FormField(AcceptedNumberForm), _("Accepted numbers"), blank=1, more=1)
    options = Rows(wtforms.FormField(OptionForm), _("Options"), blank=3)
    show = wtforms.SelectField(
        _("Options stand"),
        choices=[
            SelectChoice("select", _("In a list that opens")),
            SelectChoice("row", _("Side by side")),
            SelectChoice("column", _("One below the other")),
        ],
        default="select",
    )
    several = wtforms.BooleanField(_("Several may be chosen"))
    shuffle = wtforms.BooleanField(_("Options may stand in random order"))


class ClozeForm(AnswerableForm):
    """A text with gaps."""

    gaps = Rows(
        wtforms.FormField(GapForm),
        _("Gaps"),
        blank=1,
        more=1,
        description=_("[[1]] in the text is where the first gap stands, [[2]] the second."),
    )
    replies = wtforms.FormField(RepliesForm, _("Feedback by the result"))


class LevelForm(wtforms.Form):
    """A level of a criterion."""

    points = NumberField(_("Points"), default=0.0)
    text = wtforms.TextAreaField(_("What it takes"), [validators.Length(max=5000)])


class CriterionForm(wtforms.Form):
    """What is looked at when an essay is marked."""

    name = wtforms.StringField(_("Criterion"), [validators.Length(max=200)])
    description = wtforms.TextAreaField(_("What is looked at"), [validators.Length(max=5000)])
    levels = Rows(wtforms.FormField(LevelForm), _("Levels"), blank=3, more=2, most=50)


def _count(label: str, most: int, default: int = 0, description: str = "") -> wtforms.IntegerField:
    return wtforms.IntegerField(
        label,
        [validators.Optional(), validators.NumberRange(0, most)],
        default=default,
        description=description,
        render_kw={"inputmode": "numeric"},
    )


class EssayForm(AnswerableForm):
    """A text or files that people mark."""

    writing = wtforms.SelectField(
        _("The answer is written"),
        choices=[
            SelectChoice("plain", _("As plain text")),
            SelectChoice("markdown", _("In Markdown")),
            SelectChoice("mono", _("In letters of equal width, for code")),
            SelectChoice("none", _("Not at all: files only")),
        ],
        default="plain",
    )
    required = wtforms.BooleanField(_("A text is required"), default=True)
    lines = _count(_("Height of the box in lines"), 100, 15)
    least_words = _count(_("Fewest words"), 1_000_000, 0, _("A Chinese character counts as one."))
    most_words = _count(_("Most words"), 1_000_000, 0, _("0: no limit."))
    files = _count(_("Most files"), 50, 0, _("0: no files."))
    files_required = _count(_("Fewest files"), 50)
    file_types = WordsField(
        _("Types of files"), description=_("As .docx, .pdf, image/*; empty: all.")
    )
    file_bytes = _count(_("Most bytes of a file"), 2**50, 0, _("0: what the site takes."))
    template = RichField(_("What the answer begins with"))
    notes = RichField(_("For those who mark it"), markup="markdown")
    sample = RichField(_("Sample answer"), markup="markdown")
    rubric = Rows(wtforms.FormField(CriterionForm), _("Rubric"), more=1, most=50)
