"""The forms of marking and of decisions about attempts."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.web.forms.base import Form
from modou.web.forms.fields import UploadsField
from modou_quiz.i18n import _
from modou_quiz.services.marking.attaching import MOST, PURPOSE
from modou_quiz.services.marking.giving import COMMENT_LENGTH, NOTE_LENGTH
from modou_quiz.services.marking.regrading import REASON_LENGTH


class NoteForm(wtforms.Form):
    """A remark on a place of the text. The page's script fills in where; without it the words of
    the passage say so."""

    quote = wtforms.StringField(_("On these words"), [validators.Length(max=5000)])
    words = wtforms.StringField(_("Remark"), [validators.Length(max=NOTE_LENGTH)])
    start = wtforms.HiddenField()
    end = wtforms.HiddenField()


class MarkForm(Form):
    """What somebody says about an answer. Levels of a rubric come beside it, as `level-N`."""

    points = wtforms.StringField(_("Marks"), [validators.Length(max=12)])
    comment = wtforms.TextAreaField(
        _("Comment to the learner"), [validators.Length(max=COMMENT_LENGTH)]
    )
    notes = wtforms.FieldList(wtforms.FormField(NoteForm), max_entries=200)
    files = UploadsField(
        _("Files for the learner"),
        purpose=PURPOSE,
        description=_("At most ${count}: PDF, pictures, Word.", mapping={"count": MOST}),
    )
    seen = wtforms.HiddenField()


class DecideForm(Form):
    """A decision about an attempt."""

    reason = wtforms.StringField(
        _("Reason"),
        [validators.InputRequired(), validators.Length(max=REASON_LENGTH)],
        description=_("Stands in the attempt's history for good."),
    )
    minutes = wtforms.IntegerField(
        _("Minutes from now"),
        [validators.Optional(), validators.NumberRange(min=0, max=10080)],
        default=30,
        description=_("When it is given back: for how long. 0: without an end."),
    )


class RegradeForm(Form):
    """By what a question is graded from now on."""

    question = wtforms.SelectField(_("Question"))
    how = wtforms.SelectField(
        _("What becomes of it"),
        choices=[
            SelectChoice("latest", _("Grade it by its newest version")),
            SelectChoice("kept", _("Grade it by the version that each attempt keeps")),
            SelectChoice("full", _("Everybody gets the marks")),
            SelectChoice("none", _("It does not count")),
        ],
    )
    reason = wtforms.StringField(
        _("Reason"),
        [validators.Length(max=REASON_LENGTH)],
        description=_("Needed to grade again. Learners do not see it."),
    )
