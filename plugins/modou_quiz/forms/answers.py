"""The control with which learners send files, for the template of essays."""

from collections.abc import Callable

from pyramid.request import Request

from modou.web.forms.base import Form
from modou.web.forms.fields import UploadsField
from modou_quiz.i18n import _
from modou_quiz.services.answer_files import PURPOSE


class _FilesForm(Form):
    pass


def upload_field(request: Request) -> Callable[[str], UploadsField]:
    """What `question.upload` of player/_question.jinja2 is: name of a control -> its field."""
    form = _FilesForm.of(request)

    def make(name: str) -> UploadsField:
        field: UploadsField = form.meta.bind_field(
            form, UploadsField(_("Files"), purpose=PURPOSE), {"name": name, "prefix": ""}
        )
        field.process(None)
        return field

    return make
