"""Moments in words, in the site's time zone."""

from modou.clock import SHANGHAI, from_seconds
from modou.services.occasion import Occasion


def milliseconds(occasion: Occasion) -> int:
    """The server's time, milliseconds UTC."""
    return int(occasion.clock.now().timestamp() * 1000)


def moment_text(seconds: int) -> str:
    return from_seconds(seconds).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def clock_text(seconds: int) -> str:
    return from_seconds(seconds).astimezone(SHANGHAI).strftime("%H:%M:%S")
