"""Where the demonstration's story is played: one transaction, many people, moving time.

Every act is an `Occasion` of its own, with its own moment, as if its person had sent a request
then. All of them share one transaction: the story is there as a whole or not at all.
"""

import heapq
from collections.abc import Callable
from itertools import count

from modou.clock import FrozenClock, from_seconds
from modou.models.people import User
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion, Origin

_ORIGIN = Origin("127.0.0.1", "demonstration")


class Stage:
    """Gives occasions at any moment.

    :param base: an occasion whose transaction all others share
    """

    def __init__(self, access: SiteAccess, base: Occasion) -> None:
        self._access = access
        self._base = base
        self.site = base.site
        self.now = base.now

    def at(self, moment: int, actor: User | None = None) -> Occasion:
        """An act of `actor` (None: the system) at `moment`, in seconds UTC."""
        return Occasion(
            self.site,
            hooks=self._access.hooks,
            assembled=self._access.assembled,
            clock=FrozenClock(from_seconds(moment)),
            keys=self._access.keys,
            tm=self._base.tm,
            actor=actor,
            origin=_ORIGIN,
            system=actor is None,
        )


class Diary:
    """Acts that wait for their moments; each may plan further ones. Played in order of time, so
    that the journal is in order too."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Callable[[int], None]]] = []
        self._order = count()

    def plan(self, moment: int, act: Callable[[int], None]) -> None:
        """Let `act(moment)` happen at `moment`, in seconds UTC."""
        heapq.heappush(self._waiting, (moment, next(self._order), act))

    def play(self, until: int) -> int:
        """Let everything happen up to `until`; how many acts that were. Later ones never do."""
        played = 0
        while self._waiting and self._waiting[0][0] <= until:
            moment, _order, act = heapq.heappop(self._waiting)
            act(moment)
            played += 1
        return played
