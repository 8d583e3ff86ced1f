"""The forms of questions in which something is chosen, paired or put in order."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou_quiz.forms.fields import RichField, Rows, ShareField
from modou_quiz.forms.questions import NUMBERINGS, AnswerableForm, RepliesForm
from modou_quiz.i18n import _


class OptionForm(wtforms.Form):
    """An option, and what choosing it is worth."""

    text = RichField(_("Option"))
    fraction = ShareField(_("Worth in percent"), default=0.0)
    feedback = RichField(_("Feedback to those who chose it"))


class SingleForm(AnswerableForm):
    """A question of which one option is right."""

    options = Rows(wtforms.FormField(OptionForm), _("Options"), blank=4)
    shuffle = wtforms.BooleanField(_("Options may stand in random order"), default=True)
    numbering = wtforms.SelectField(_("Options are counted"), choices=NUMBERINGS, default="ABC")
    replies = wtforms.FormField(RepliesForm, _("Feedback by the result"))


def _count(label: str, description: str = "") -> wtforms.IntegerField:
    return wtforms.IntegerField(
        label,
        [validators.Optional(), validators.NumberRange(0, 200)],
        default=0,
        description=description,
        render_kw={"inputmode": "numeric"},
    )


class MultipleForm(SingleForm):
    """A question of which several options are right."""

    scoring = wtforms.SelectField(
        _("Partial credit"),
        choices=[
            SelectChoice("all", _("All or nothing")),
            SelectChoice("subset", _("A share for each right option, nothing with a wrong one")),
            SelectChoice(
                "half", _("A fixed share when some are missing, nothing with a wrong one")
            ),
            SelectChoice("minus", _("A share for each right option, the same off for each wrong")),
            SelectChoice("fractions", _("The sum of what the options are worth")),
        ],
        default="all",
        description=_("Options that are worth anything count as right."),
    )
    partial = ShareField(_("The fixed share in percent"), default=0.5)
    indefinite = wtforms.BooleanField(
        _("One or more options are right (不定项)"),
        description=_("The page then says so; otherwise it says that several are right."),
    )
    least = _count(_("Fewest options to choose"), _("0: not said."))
    most = _count(_("Most options to choose"), _("0: not said."))


class TrueFalseForm(AnswerableForm):
    """A statement."""

    answer = wtforms.RadioField(
        _("The statement is"),
        choices=[SelectChoice("true", _("True")), SelectChoice("false", _("False"))],
        default="true",
    )
    if_true = RichField(_("Feedback to those who said “true”"))
    if_false = RichField(_("Feedback to those who said “false”"))


class PairForm(wtforms.Form):
    """What belongs together."""

    left = RichField(_("What is asked"))
    right = RichField(_("What belongs to it"))


class MatchingForm(AnswerableForm):
    """Pairs to find."""

    pairs = Rows(wtforms.FormField(PairForm), _("Pairs"), blank=4)
    distractors = Rows(RichField(_("Choice that belongs to nothing")), _("Distractors"), more=2)
    scoring = wtforms.SelectField(
        _("Partial credit"),
        choices=[
            SelectChoice("each", _("Each pair counts by itself")),
            SelectChoice("all", _("All or nothing")),
        ],
        default="each",
    )
    shuffle = wtforms.BooleanField(
        _("Also the left side may stand in random order"),
        default=True,
        description=_("Choices always do."),
    )
    replies = wtforms.FormField(RepliesForm, _("Feedback by the result"))


class OrderingForm(AnswerableForm):
    """Items to put in order."""

    items = Rows(RichField(_("Item")), _("Items in their right order"), blank=4)
    scoring = wtforms.SelectField(
        _("Partial credit"),
        choices=[
            SelectChoice("all", _("All or nothing")),
            SelectChoice("positions", _("Each item at its own place")),
            SelectChoice("neighbours", _("Each item directly before the one that follows it")),
        ],
        default="positions",
    )
    layout = wtforms.SelectField(
        _("Items stand"),
        choices=[
            SelectChoice("column", _("One below the other")),
            SelectChoice("row", _("Side by side")),
        ],
        default="column",
    )
    numbering = wtforms.SelectField(_("Items are counted"), choices=NUMBERINGS, default="none")
    replies = wtforms.FormField(RepliesForm, _("Feedback by the result"))
