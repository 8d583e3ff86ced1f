"""The usual ways into a course: by oneself, by oneself with a key; by hand, with a cohort, by a
roster."""

import hmac
import unicodedata
from collections.abc import Mapping
from typing import Any

import wtforms
from pydantic import Field, SecretStr

from modou.declarations import EnrolMethod
from modou.errors import Invalid
from modou.i18n import _
from modou.models.courses import Course
from modou.models.people import User
from modou.services import enrol_methods
from modou.services.enrol_methods import SelfSettings
from modou.services.occasion import Occasion
from modou.web.forms.base import Form

_SHORTEST_KEY = 4
_LONGEST_KEY = 60


class KeySettings(SelfSettings):
    """What is set for the way with a key. The key is stored encrypted."""

    key: SecretStr = Field(
        ...,
        min_length=_SHORTEST_KEY,
        max_length=_LONGEST_KEY,
        title=_("Enrolment key"),
        description=_("Whoever knows it can enrol. Leave empty to keep the present one."),
    )


class KeyForm(Form):
    """What the learner enters."""

    key = wtforms.PasswordField(
        _("Enrolment key"),
        [wtforms.validators.InputRequired(_("Enter the enrolment key."))],
        description=_("You get it from your teacher or institution."),
        render_kw={"autocomplete": "off", "maxlength": 200},
    )


def open_to_all(occasion: Occasion, course: Course, user: User, values: Mapping[str, Any]) -> None:
    """No condition: who may use the method at all is asked elsewhere."""


def check_key(occasion: Occasion, course: Course, user: User, values: Mapping[str, Any]) -> None:
    """:raises Invalid: another key
    :raises TooMany: too many wrong ones just now
    """
    enrol_methods.check_attempts(occasion, course, user)
    settings = enrol_methods.settings_of(occasion, course, KEY)
    entered, wanted = _bytes(str(values.get("key", ""))), _bytes(settings.key.get_secret_value())
    if not hmac.compare_digest(entered, wanted):
        enrol_methods.note_failure(occasion, course, user)
        raise Invalid(_("This is not the enrolment key of the course."), "key")


def _bytes(key: str) -> bytes:
    # Chinese input methods produce full-width letters and digits.
    return unicodedata.normalize("NFKC", key).strip().encode()


SELF = EnrolMethod(
    "self",
    _("Enrol by oneself"),
    self_service=True,
    check=open_to_all,
    description=_("Everybody who is signed in can enrol."),
    settings=SelfSettings,
)
KEY = EnrolMethod(
    "key",
    _("Enrol with a key"),
    self_service=True,
    check=check_key,
    description=_("Everybody who knows the key can enrol."),
    form=KeyForm,
    settings=KeySettings,
)
MANUAL = EnrolMethod(
    "manual",
    _("By hand"),
    self_service=False,
    check=open_to_all,
    description=_("Chosen on the page of participants."),
)
COHORT = EnrolMethod(
    "cohort",
    _("With a cohort"),
    self_service=False,
    check=open_to_all,
    description=_("Members come and go with their cohort."),
)
ROSTER = EnrolMethod(
    "roster",
    _("By a roster"),
    self_service=False,
    check=open_to_all,
    description=_("From a list in CSV or XLSX."),
)
METHODS = (SELF, KEY, MANUAL, COHORT, ROSTER)
