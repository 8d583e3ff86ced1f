"""Forms of imports and exports."""

import wtforms
from wtforms import validators

from modou.web.forms.base import Form
from modou.web.forms.fields import UploadField
from modou_quiz.i18n import _


class ImportForm(Form):
    """A file of questions."""

    file = UploadField(
        _("File"),
        description=_("Nothing is changed yet: first you see what is in it."),
        purpose="quiz_questions",
    )
    format = wtforms.SelectField(
        _("Format"),
        description=_("Mostly found out by itself."),
        validators=[validators.Optional()],
    )


class TakeForm(Form):
    """Where the chosen questions go."""

    category = wtforms.SelectField(_("Into this category"), validate_choice=False)
    paths = wtforms.BooleanField(_("Make the categories of the file below it"), default=True)


class ExportForm(Form):
    """Which questions, and in which format."""

    category = wtforms.SelectField(
        _("Category"),
        description=_("With everything below it."),
        validate_choice=False,
    )
    format = wtforms.RadioField(_("Format"), default="moodle_xml", validate_choice=False)
