"""Form fields that HTML has and WTForms lacks, or whose data the services want in other shape."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import wtforms
from wtforms import widgets
from wtforms.validators import ValidationError

from modou.clock import SHANGHAI, from_seconds
from modou.i18n import _
from modou.services.files import AnyUpload, FinishedUpload, Upload

#: Before the key of an upload that was sent in pieces, where a form has its files.
SENT = "upload:"


class _FilesField(wtforms.FileField):
    """Files to send.

    :param purpose: name of an `UploadPurpose`: where scripts run, files are then sent in pieces
        before the form, and survive a broken line and a reload
    """

    several = False

    def __init__(
        self, label: Any = None, validators: Any = None, purpose: str = "", **kw: Any
    ) -> None:
        super().__init__(label, validators, **kw)
        self.purpose = purpose
        #: Sent in pieces and still there: shown when the form comes back with errors.
        self.sent: list[FinishedUpload] = []
        self._lost = False

    def _uploads(self, values: Sequence[Any]) -> list[AnyUpload]:
        limit: int = getattr(self.meta, "upload_limit", 0)
        found: list[AnyUpload] = []
        for value in values:
            if isinstance(value, str) and value.startswith(SENT):
                upload = self._find(value.removeprefix(SENT))
                if upload is None:
                    self._lost = True
                else:
                    self.sent.append(upload)
                    found.append(upload)
            elif getattr(value, "filename", None) and getattr(value, "file", None) is not None:
                found.append(Upload(value.filename, value.file, limit))
        return found

    def pre_validate(self, form: Any) -> None:
        if self._lost:
            raise ValidationError(_("The uploaded file is no longer there. Choose it again."))

    def _find(self, key: str) -> FinishedUpload | None:
        uploads = getattr(self.meta, "uploads", None)
        found: FinishedUpload | None = (
            uploads.find(key, self.purpose) if uploads is not None and self.purpose else None
        )
        return found

    @property
    def sent_list(self) -> list[dict[str, Any]]:
        """For the theme's macro: what was sent before this form came back with errors."""
        return [
            {"key": upload.part.key, "name": upload.part.filename, "size": upload.part.length}
            for upload in self.sent
        ]

    @property
    def offer(self) -> dict[str, Any] | None:
        """For the theme's macro: what its script needs; None: only the plain control."""
        uploads = getattr(self.meta, "uploads", None)
        if uploads is None or not self.purpose:
            return None
        offer: dict[str, Any] | None = uploads.offer(self.purpose)
        return offer


class UploadField(_FilesField):
    """A file to send. `data` is an upload, None when there is none.

    With a `purpose` it may be large: see docs/reference/uploads.md.
    """

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        uploads = self._uploads(valuelist)
        self.data = uploads[0] if uploads else None


class UploadsField(_FilesField):
    """Several files to send. `data` is a list of uploads; the rest as `UploadField`."""

    several = True
    widget = widgets.FileInput(multiple=True)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = self._uploads(valuelist)


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
