"""How often something was tried lately, counted in the memory of this process.

Nothing is written to the database, so that an attacker cannot make it grow or make honest people
wait for each other; several processes count each for itself, which weakens a limit at most by
their number.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from modou.errors import TooMany
from modou.i18n import _


class Throttle:
    """At most `limit` tries for each key within `window` seconds.

    :param size: keys to remember; the oldest is forgotten first
    """

    def __init__(self, limit: int, window: int, size: int = 20_000) -> None:
        self.limit = limit
        self.window = window
        self._size = size
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str, now: int) -> int:
        """Seconds until `key` may try again, 0 for at once. `now` in seconds UTC."""
        start, count = self._seen.get(key, (0, 0))
        left = start + self.window - now
        return left if count >= self.limit and left > 0 else 0

    def hit(self, key: str, now: int) -> int:
        """Count a try; as `wait` for the one that is being made: 0 while it is within the limit."""
        with self._lock:
            wait = self.wait(key, now)
            if wait:
                return wait
            start, count = self._seen.pop(key, (now, 0))
            if now - start >= self.window:
                start, count = now, 0
            self._seen[key] = (start, count + 1)
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)
            return 0


@dataclass(slots=True)
class Limits:
    """The limits for one address (IP). A whole class may sit behind one."""

    failed_sign_ins: Throttle = field(default_factory=lambda: Throttle(200, 900))
    registrations: Throttle = field(default_factory=lambda: Throttle(300, 3600))
    letters: Throttle = field(default_factory=lambda: Throttle(60, 3600))
    #: Tokens that were refused by the API.
    refused_tokens: Throttle = field(default_factory=lambda: Throttle(300, 300))
    #: What plugins count, see `of`.
    others: dict[str, Throttle] = field(default_factory=dict)

    def of(self, name: str, limit: int, window: int) -> Throttle:
        """The throttle that a plugin calls so, made when it is first asked for."""
        return self.others.setdefault(name, Throttle(limit, window))


def too_many(wait: int) -> TooMany:
    """The error for what one address tries too often; `wait` in seconds."""
    return TooMany(
        _(
            "Too many tries from your network. Try again in ${minutes} minutes.",
            mapping={"minutes": -(-wait // 60)},
        ),
        wait,
    )
