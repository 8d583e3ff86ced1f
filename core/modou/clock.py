"""What time it is. Everything that depends on time gets a clock, so that tests can move it.

All times are aware UTC datetimes; what is stored as a number is integer seconds since 1970 (UTC)
unless a name says microseconds.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""

    def seconds(self) -> int:
        """Whole seconds since 1970, UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> int:
        return int(time.time())


class FrozenClock:
    """A clock that stands still until it is moved; for tests and for generating sample data."""

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def seconds(self) -> int:
        return int(self._now.timestamp())

    def move(self, **delta: float) -> None:
        """Move by ``timedelta(**delta)``, e.g. ``clock.move(minutes=15)``."""
        self._now += timedelta(**delta)


def from_seconds(seconds: int) -> datetime:
    """The aware UTC datetime of whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
