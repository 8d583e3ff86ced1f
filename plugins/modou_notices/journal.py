"""What the plugin records in the journal."""

from modou.declarations import EventValues, JournalKind
from modou_notices.i18n import _


class NoticeOnly(EventValues):
    """`notice`: its id."""

    notice: int


KINDS = (
    JournalKind("notice_posted", _("Notice posted"), NoticeOnly),
    JournalKind("notice_changed", _("Notice changed"), NoticeOnly),
    JournalKind("notice_removed", _("Notice removed"), NoticeOnly),
)
