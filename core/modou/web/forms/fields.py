"""Form fields that HTML has and WTForms lacks, or whose data the services want in other shape."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import wtforms
from wtforms import widgets

from modou.clock import SHANGHAI, from_seconds
from modou.i18n import _
from modou.services.files import Upload


class UploadField(wtforms.FileField):
    """A file to send. `data` is a `modou.services.files.Upload`, None when there is none."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        uploads = _uploads(self, valuelist)
        self.data = uploads[0] if uploads else None


class UploadsField(wtforms.MultipleFileField):
    """Several files to send. `data` is a list of uploads."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = _uploads(self, valuelist)


def _uploads(field: wtforms.Field, values: Sequence[Any]) -> list[Upload]:
    limit: int = getattr(field.meta, "upload_limit", 0)
    return [
        Upload(value.filename, value.file, limit)
        for value in values
        if getattr(value, "filename", None) and getattr(value, "file", None) is not None
    ]


class MomentField(wtforms.Field):
    """A moment in the site's time zone; `data` is seconds UTC, None when it is empty."""

    widget = widgets.DateTimeLocalInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if not self.data:
            return ""
        return from_seconds(int(self.data)).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Enter date and time as 2026-03-02 09:00.")) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=SHANGHAI)
        self.data = int(moment.timestamp())


class CheckboxesField(wtforms.SelectMultipleField):
    """Some of several choices, as a list of check boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        # The theme's macro chooses the markup by this name.
        self.type = "SelectMultipleField"
