"""The kinds of event about study time: the ledger of hours is made of them."""

from pydantic import Field

from modou.declarations import EventValues, JournalKind, Plain
from modou.i18n import _


class _Started(EventValues):
    session: int
    activity: int
    device: str = Field("", title=_("device"))


class _Studied(EventValues):
    session: int
    activity: int
    version: str
    spans: list[list[int]]
    credited: int = Field(title=_("seconds credited"))
    held: int = Field(title=_("seconds held"))


class _Challenged(EventValues):
    session: int
    gate: str = Field(title=_("check"))
    kind: str


class _Passed(EventValues):
    session: int
    gate: str = Field(title=_("check"))
    seconds: int = Field(title=_("seconds"))


class _Voided(EventValues):
    session: int
    activity: int
    version: str
    spans: list[list[int]]
    seconds: int = Field(title=_("seconds"))
    gate: str = Field(title=_("check"))
    reason: str = Field(title=_("reason"))


class _Paused(EventValues):
    session: int
    gate: str = Field(title=_("check"))
    reason: str = Field(title=_("reason"))


class _Ended(EventValues):
    session: int
    how: str = Field(title=_("how"))
    online: int = Field(title=_("seconds online"))
    credited: int = Field(title=_("seconds credited"))
    held: int = Field(title=_("seconds held"))
    voided: int = Field(title=_("seconds voided"))


class _Correction(EventValues):
    correction: int
    activity: int
    seconds: int = Field(title=_("seconds"))
    reason: str = Field(title=_("reason"))
    proposer: int
    state: str = Field(title=_("state"))
    decider: int = 0
    remark: str = Field("", title=_("remark"))
    void: int = 0
    appeal: int = 0
    spans: list[list[int]] = []


class _Appealed(EventValues):
    appeal: int
    activity: int
    state: str = Field(title=_("state"))
    void: int = 0
    correction: int = 0


class _PolicyChanged(EventValues):
    before: dict[str, Plain] = Field(default={}, title=_("before"))
    after: dict[str, Plain] = Field(default={}, title=_("after"))


KINDS = (
    JournalKind("study_started", _("Study session begun"), _Started),
    JournalKind("studied", _("Studied"), _Studied, quiet=True),
    JournalKind("study_challenged", _("Check asked for"), _Challenged),
    JournalKind("study_passed", _("Check passed"), _Passed),
    JournalKind("study_voided", _("Study time voided"), _Voided),
    JournalKind("study_paused", _("Study session paused"), _Paused),
    JournalKind("study_ended", _("Study session ended"), _Ended),
    JournalKind("study_corrected", _("Correction of study time"), _Correction),
    JournalKind("study_appealed", _("Appeal about study time"), _Appealed),
    JournalKind("study_policy_changed", _("Rules of study time changed"), _PolicyChanged),
)
