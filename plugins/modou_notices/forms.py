"""The form of a notice."""

import wtforms
from wtforms import validators

from modou.web.forms.base import Form
from modou_notices.i18n import _


class NoticeForm(Form):
    """Title, text, how long."""

    title = wtforms.StringField(_("Title"), [validators.InputRequired()])
    text = wtforms.TextAreaField(
        _("Text"), description=_("Markdown: **bold**, lists, links."), render_kw={"rows": 6}
    )
    important = wtforms.BooleanField(_("Important: shown first, and highlighted"))
    days = wtforms.IntegerField(_("Days shown"), [validators.Optional()])
