"""The kinds of event that the plugin records."""

from pydantic import Field

from modou.declarations import EventValues, JournalKind
from modou_lesson.i18n import _


class _Version(EventValues):
    activity: int
    version: int = Field(title=_("version"))
    kind: str = Field(title=_("kind"))
    file: int = 0


class _Removed(EventValues):
    activity: int
    version: int = Field(title=_("version"))


class _Prepared(EventValues):
    activity: int
    version: int = Field(title=_("version"))
    kind: str = Field(title=_("kind"))
    length: int = Field(title=_("seconds"))


KINDS = (
    JournalKind("lesson_version", _("File of a lesson uploaded"), _Version),
    JournalKind("lesson_version_removed", _("Old file of a lesson removed"), _Removed),
    JournalKind("lesson_prepared", _("File of a lesson prepared"), _Prepared),
)
