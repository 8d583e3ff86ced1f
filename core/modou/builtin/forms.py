"""Forms of the built-in activity types: what only they know."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.builtin.services.contents import TEXT_LIMIT
from modou.i18n import _
from modou.web.forms.base import Form
from modou.web.forms.fields import UploadField, UploadsField


class PageForm(Form):
    """A text with pictures."""

    markup = wtforms.SelectField(
        _("Written in"),
        choices=[SelectChoice("markdown", "Markdown"), SelectChoice("html", "HTML")],
    )
    source = wtforms.TextAreaField(
        _("Text"),
        description=_("## heading, **bold**, - list, [link](https://…), tables with |"),
        render_kw={"rows": 18, "maxlength": TEXT_LIMIT, "class_": "source"},
    )
    pictures = UploadsField(
        _("Add pictures"),
        description=_("They are put at the end of the text; move their line where you want them."),
        render_kw={"accept": "image/*"},
        purpose="picture",
    )


class FileForm(Form):
    """A file to read or to download."""

    file = UploadField(
        _("File"),
        description=_(
            "PDF files, pictures, sound and films are shown in the page; others are downloaded."
        ),
        purpose="file",
    )


class LinkForm(Form):
    """An address to go to."""

    url = wtforms.StringField(
        _("Address"),
        [validators.InputRequired(_("Please fill this in."))],
        description=_("It begins with https:// or http://."),
        render_kw={"inputmode": "url", "maxlength": 2000},
    )
