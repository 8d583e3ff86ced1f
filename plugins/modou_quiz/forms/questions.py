"""The form of a question: what all types have, and how its rows are edited without scripts.

::

    form = form_for(kind).of(request, data=kind.to_form(content) if content else None)
    if request.method == "POST" and not form.edited(request.POST) and form.validate():
        content = kind.from_form(form.data)      # raises Invalid: form.take(error)

`templates/editor/_editor.jinja2` shows it.
"""

from typing import Any

import wtforms
from wtforms.fields.choices import SelectChoice

from modou.web.forms.base import Form
from modou_quiz.forms.fields import RichField, Rows, ShareField, rows_in
from modou_quiz.i18n import _

#: Name of the buttons that change the form instead of saving it.
EDIT = "edit"

NUMBERINGS = (
    SelectChoice("ABC", "A, B, C"),
    SelectChoice("abc", "a, b, c"),
    SelectChoice("123", "1, 2, 3"),
    SelectChoice("iii", "i, ii, iii"),
    SelectChoice("III", "I, II, III"),
    SelectChoice("none", _("None")),
)


class HintForm(wtforms.Form):
    """A hint before another try."""

    text = RichField(_("Hint"))
    clear = wtforms.BooleanField(_("Wrong choices are taken back"))
    count = wtforms.BooleanField(_("Say how many choices are right"))


class RepliesForm(wtforms.Form):
    """What is said by how good the answer was."""

    right = RichField(_("To a right answer"))
    partly = RichField(_("To a partly right answer"))
    wrong = RichField(_("To a wrong answer"))
    count = wtforms.BooleanField(_("Say how many choices were right"))


class QuestionForm(Form):
    """What questions of all types have."""

    stem = RichField(_("Question"), markup="markdown")
    feedback = RichField(
        _("Explanation"),
        description=_("Shown after the answer, where the quiz allows it."),
        markup="markdown",
    )

    def edited(self, posted: Any) -> bool:
        """Whether one of the buttons was pressed that change the form instead of saving it; the
        change is done then.

        :param posted: the posted values, with `get(name)`
        """
        said = posted.get(EDIT)
        if not said:
            return False
        name, _colon, order = str(said).partition(":")
        verb, _colon, place = order.partition(":")
        rows = rows_in(self).get(name)
        if rows is not None:
            number = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else -1
            rows.edit(verb, number, posted)
        return True


class AnswerableForm(QuestionForm):
    """What questions have that take an answer."""

    penalty = ShareField(
        _("Penalty for each further try"),
        default=0.0,
        description=_("In percent of the marks, where a quiz allows several tries."),
    )
    hints = Rows(wtforms.FormField(HintForm), _("Hints before another try"), more=1, most=20)


def form_for(kind: Any) -> type[QuestionForm]:
    """The form class of a question type."""
    found: type[QuestionForm] = kind.form
    return found
