"""Forms about study time: appeals, corrections, decisions."""

import wtforms
from wtforms import validators

from modou.i18n import _
from modou.services.studying.appeals import TEXT_LENGTH
from modou.services.studying.corrections import REASON_LENGTH
from modou.web.forms.base import Form


class AppealForm(Form):
    """What a learner says about time that was not credited."""

    text = wtforms.TextAreaField(
        _("What happened?"),
        [validators.Length(max=TEXT_LENGTH)],
        description=_("The teacher reads it beside the record of the session."),
        render_kw={"rows": 5},
    )


class CorrectionForm(Form):
    """What shall be credited more, or less."""

    seconds = wtforms.IntegerField(
        _("Seconds"),
        [validators.InputRequired()],
        description=_("As a negative number: to be taken away. 2,700 seconds are a class hour."),
    )
    reason = wtforms.TextAreaField(
        _("Reason"),
        [validators.Length(max=REASON_LENGTH)],
        description=_("It stands in the ledger, beside your name and the second person's."),
        render_kw={"rows": 3},
    )
