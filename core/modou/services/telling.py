"""Telling plugins what happened, from the journal's tail.

Each plugin that has telling hooks has a cursor in the database (`site.tellers`): what is behind it
is told, in groups, and the cursor moves on with one commit per group. So a plugin hears everything
at least once, whatever process is killed when; a plugin that was disabled goes on where it stopped;
a plugin that is new to the site begins with what happens after its first start.

Order: batches by time. Whatever happened to a learner because of an earlier fact is told after it,
since a transaction that saw a fact is later than it.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from BTrees.OOBTree import OOBTree
from transaction.interfaces import TransientError

from modou.declarations import Event
from modou.models.site import Site
from modou.models.telling import TellingCursor
from modou.plugins import PluginHost
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou.store.journal import decode, kind_of

log = logging.getLogger(__name__)

#: Events told between two commits of a cursor, at most; after a crash so many are told again.
GROUP = 200
#: Events looked at for one group, so that plugins which wait for rare kinds hold up nobody.
LOOKED_AT = 5_000
#: Seconds for which the process that tells a plugin need not say that it still does.
LEASE = 30
#: Seconds after which a cursor is stored although the plugin was told nothing.
IDLE = 10.0
#: Seconds without news after which is looked all the same.
POLL = 5.0
#: Seconds behind which a plugin is late.
LATE = 300
#: Seconds between two rounds, in which more may come together.
PAUSE = 0.2
#: Microseconds by which transactions may be late in the order of time.
OVERLAP = 3_600_000_000
_START = secrets.token_hex(6)


@dataclass(slots=True)
class _Place:
    """Where a plugin stands in this process, which may be ahead of what is stored."""

    seen: dict[str, int]
    until: int
    #: The stored cursor that it goes on from; see `_mark`.
    mark: tuple[int, str, int]
    stored: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Behind:
    """What a plugin was not told yet: batches of events, and the age of the oldest in seconds."""

    batches: int
    seconds: int


@dataclass(slots=True)
class _Group:
    events: list[Event]
    seen: dict[str, int]
    until: int
    more: bool


class Teller:
    """Tells the enabled plugins; one in each process that does so.

    ::

        teller = Teller(access)
        teller.run_once()                      # everything that is there now
        teller.run_forever(stop)               # in a thread, until the threading.Event is set

    Several processes may run one: those that find a plugin being told leave it alone.
    """

    def __init__(self, access: SiteAccess) -> None:
        self._access = access
        self._worker = f"{_START}-{os.getpid():x}"
        self._places: dict[str, _Place] = {}

    def run_once(self, *, store: bool = True) -> int:
        """Tell every plugin everything that was committed before; the number of tellings.

        :param store: store also cursors of plugins that had nothing to be told
        """
        told = 0
        for plugin in tuple(self._access.hooks.plugins):
            if not self._access.hooks.told_kinds(plugin):
                continue
            try:
                told += self._tell(plugin, store)
            except TransientError:
                # Another process has told the same: look again where it stands.
                self._places.pop(plugin, None)
        return told

    def run_forever(self, stop: threading.Event) -> None:
        """Tell until `stop` is set: soon after each commit in this process, and every few seconds
        what others committed."""
        news = self._access.hooks.news
        while not stop.is_set():
            news.clear()
            try:
                self.run_once(store=False)
            except Exception:
                # A database that is away comes back.
                log.exception("telling plugins failed")
            if stop.wait(PAUSE):
                break
            news.wait(POLL)
        try:
            self.run_once()
            self._let_go()
        except Exception:
            log.exception("telling plugins failed at the end")

    # -- one plugin

    def _tell(self, plugin: str, store: bool) -> int:
        told = 0
        kinds = self._access.hooks.told_kinds(plugin)
        while True:
            with self._access.occasion() as occasion:
                place = self._place(occasion, plugin)
                if place is None:
                    return told
                group = _read(occasion.site, place, kinds)
            for event in group.events:
                self._access.hooks.tell(plugin, event)
            told += len(group.events)
            moved = group.seen != place.seen
            place.seen, place.until = group.seen, group.until
            due = store or time.monotonic() - place.stored > IDLE
            if group.events or (moved and due):
                self._store(plugin, place, len(group.events))
            if not group.more:
                return told

    def _place(self, occasion: Occasion, plugin: str) -> _Place | None:
        """Where the plugin stands; None while another process tells it."""
        cursor: TellingCursor | None = (occasion.site.tellers or {}).get(plugin)
        if cursor is None:
            return None
        known = self._places.get(plugin)
        if known is not None and known.mark == _mark(cursor):
            return known
        if cursor.worker not in ("", self._worker) and occasion.now - cursor.beat < LEASE:
            return None
        place = self._places[plugin] = _Place(dict(cursor.seen), cursor.until, _mark(cursor))
        return place

    def _store(self, plugin: str, place: _Place, told: int) -> None:
        """Move the stored cursor on, unless another process did: what was told is told twice."""
        with self._access.occasion() as occasion:
            cursor: TellingCursor = occasion.site.tellers[plugin]
            if _mark(cursor) != place.mark:
                del self._places[plugin]
                return
            _forget_retired(occasion.site, place)
            cursor.seen = dict(place.seen)
            cursor.until = place.until
            cursor.told += told
            cursor.moves += 1
            cursor.worker = self._worker
            cursor.beat = occasion.now
            mark = _mark(cursor)
        place.mark = mark
        place.stored = time.monotonic()

    def _let_go(self) -> None:
        """So that another process need not wait."""
        with self._access.occasion() as occasion:
            for cursor in (occasion.site.tellers or {}).values():
                if cursor.worker == self._worker:
                    cursor.worker = ""
        self._places.clear()


class TellingThread:
    """A teller in a thread of this process.

    ::

        with closing(TellingThread(access)):
            serve()
    """

    def __init__(self, access: SiteAccess) -> None:
        self._stop = threading.Event()
        self._news = access.hooks.news
        self._thread = threading.Thread(
            target=Teller(access).run_forever, args=(self._stop,), name="teller", daemon=True
        )
        self._thread.start()

    def close(self, seconds: float = 10.0) -> None:
        """Stop it after what it is telling now; before the database is closed."""
        self._stop.set()
        self._news.set()
        self._thread.join(seconds)


def _mark(cursor: TellingCursor) -> tuple[int, str, int]:
    """What is different as soon as another process has told from a cursor, or begun to."""
    return cursor.moves, cursor.worker, cursor.beat


def _forget_retired(site: Site, place: _Place) -> None:
    """Drop logs from a cursor that are over and need not be looked at any more."""
    journal = site.journal
    for name in [name for name in place.seen if name not in journal.logs]:
        log_ = journal.log(name)
        if log_ is None or not log_.times or log_.times[1] < place.until - OVERLAP:
            del place.seen[name]


def _read(site: Site, place: _Place, kinds: frozenset[str]) -> _Group:
    group = _Group([], dict(place.seen), place.until, more=False)
    looked_at = 0
    since = place.until - OVERLAP
    for name, number, batch in site.journal.batches_after(place.seen, since=since):
        if len(group.events) >= GROUP or looked_at >= LOOKED_AT:
            group.more = True
            break
        looked_at += len(batch.records)
        group.events.extend(decode(r) for r in batch.records if kind_of(r) in kinds)
        group.seen[name] = number
        group.until = max(group.until, batch.time)
        batch.forget()
    return group


# -- cursors


def greet(site: Site, hooks: PluginHost, now: int) -> None:
    """Give plugins that are told for the first time a cursor at the present end of the journal.

    :param now: seconds UTC
    """
    new = [
        plugin
        for plugin in hooks.plugins
        if hooks.told_kinds(plugin) and (site.tellers is None or plugin not in site.tellers)
    ]
    if not new:
        return
    if site.tellers is None:
        site.tellers = OOBTree()
    heads = site.journal.heads()
    for plugin in new:
        site.tellers[plugin] = TellingCursor(heads, now)


def behind(occasion: Occasion, plugins: Iterable[str] | None = None) -> dict[str, Behind]:
    """How far enabled plugins are behind what was recorded; only those with telling hooks."""
    found = {}
    site = occasion.site
    for plugin in plugins if plugins is not None else occasion.hooks.plugins:
        cursor = (site.tellers or {}).get(plugin)
        if cursor is None or not occasion.hooks.told_kinds(plugin):
            continue
        unread = site.journal.batches_after(cursor.seen, since=cursor.until - OVERLAP)
        oldest = next((batch.time for _log, _number, batch in unread), 0)
        seconds = occasion.now - oldest // 1_000_000 if oldest else 0
        count = sum(
            max(0, last - cursor.seen.get(name, 0)) for name, last in site.journal.heads().items()
        )
        found[plugin] = Behind(count, max(0, seconds))
    return found
