"""Days in forms, seconds in the store.

A person says "from 1 March until 30 April" and means the first second of the one and the last of
the other day, in Shanghai. The store keeps seconds UTC, ends exclusive, 0 for open.
"""

from datetime import date, timedelta
from typing import Any

import wtforms

from modou.clock import SHANGHAI, from_seconds
from modou.services.roster_columns import day_begins


def day_of(seconds: int) -> date:
    """The day in Shanghai that holds the moment."""
    return from_seconds(seconds).astimezone(SHANGHAI).date()


class DayField(wtforms.DateField):
    """A day; shown from seconds UTC, read by `seconds`.

    :param last: the day is the last one of a span: `seconds` is the end of it
    """

    def __init__(self, label: Any = None, *args: Any, last: bool = False, **kw: Any) -> None:
        super().__init__(label, [wtforms.validators.Optional(), *args], **kw)
        self.last = last

    def process_data(self, value: Any) -> None:
        if isinstance(value, int):
            value = day_of(value - 1 if self.last else value) if value else None
        self.data = value

    @property
    def seconds(self) -> int:
        """Seconds UTC, 0 when the field is empty."""
        if self.data is None:
            return 0
        return day_begins(self.data + timedelta(days=1) if self.last else self.data)
