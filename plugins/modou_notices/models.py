"""Notices as they are stored: in the plugin's own data, never in the core's trees."""

from collections.abc import Iterator
from typing import Any

from BTrees.LOBTree import LOBTree

from modou.store.containers import Folder, Item

#: The place of notices for everybody; other places are ids of courses.
EVERYBODY = 0


class Notice(Item):
    """A text with the time in which it is shown. Times in seconds UTC.

    `html`: the sanitised text, made once when it is written.
    """

    important: bool = False

    def __init__(self, title: str, text: str, html: str, author: int) -> None:
        self.title = title
        self.text = text
        self.html = html
        self.author = author
        self.starts = 0
        self.ends = 0

    def shown_at(self, now: int) -> bool:
        return self.starts <= now < self.ends


def board(data: Any, place: int) -> Folder[Notice]:
    """The notices of a place, made when first asked for (so only ask for writing)."""
    boards = data.get("boards")
    if boards is None:
        boards = data["boards"] = LOBTree()
    found: Folder[Notice] | None = boards.get(place)
    if found is None:
        found = boards[place] = Folder("notices")
    return found


def notices(data: Any, place: int) -> Iterator[Notice]:
    """The notices of a place; reads only."""
    boards = data.get("boards") if data is not None else None
    found = boards.get(place) if boards is not None else None
    return iter(found) if found is not None else iter(())
