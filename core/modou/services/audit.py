"""The audit trail: the journal read backwards, for people who watch over others."""

from dataclasses import dataclass, field
from datetime import date, datetime

from modou.clock import SHANGHAI
from modou.declarations import Event
from modou.errors import Message
from modou.permissions import Capability
from modou.services.occasion import Occasion

#: Events looked at for one page of a filtered trail, so that a rare kind cannot keep it busy.
SCANNED = 20_000


@dataclass(slots=True)
class TrailPage:
    """A page of the trail, newest first.

    :param before: time (UTC microseconds) in front of which the next page begins; 0: the end
    :param cut: whether the page ends because enough was looked at, not because it is full
    """

    events: list[Event] = field(default_factory=list)
    before: int = 0
    cut: bool = False


def titles(occasion: Occasion) -> dict[str, Message]:
    """Kinds of event that the enabled plugins declare -> what happened, in words."""
    return {name: kind.title for name, kind in occasion.assembled.journal_kinds.items()}


def trail(
    occasion: Occasion,
    *,
    kind: str = "",
    user: int = 0,
    course: int = 0,
    day: date | None = None,
    before: int = 0,
    limit: int = 50,
) -> TrailPage:
    """What happened, newest first.

    :param kind: only this kind of event; "" for all but the quiet ones (see `JournalKind`)
    :param user: id of a user who did it or whom it is about
    :param course: id of the course that it happened in
    :param day: only what happened on that day (Asia/Shanghai)
    :param before: only what is older than this time (UTC microseconds)
    """
    occasion.require(Capability.AUDIT_VIEW)
    first = 0
    if day is not None:
        begin = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
        first = int(begin.timestamp()) * 1_000_000
        end = first + 86_400_000_000
        before = min(before, end) if before else end
    quiet = {name for name, known in occasion.assembled.journal_kinds.items() if known.quiet}
    page = TrailPage()
    for number, event in enumerate(occasion.site.journal.newest_first(before)):
        if event.time < first:
            break
        # Pages are cut between two times, never among events of the same microsecond.
        last = page.before
        if last and event.time < last and (len(page.events) >= limit or number >= SCANNED):
            page.cut = len(page.events) < limit
            return page
        page.before = event.time
        if (
            (event.kind == kind if kind else event.kind not in quiet)
            and (not user or user in (event.actor, event.subject))
            and (not course or event.course == course)
        ):
            page.events.append(event)
    page.before = 0
    return page
