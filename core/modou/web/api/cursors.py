"""Cursors: where a list goes on, as an opaque text.

A cursor holds the place of the last item in the list's order, not a number of items: what comes or
goes meanwhile neither repeats nor skips the others.
"""

import base64
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from modou.i18n import _
from modou.web.api.failures import Unfit
from modou.web.api.schemas import ListQuery

R = TypeVar("R")
Place = tuple[Any, ...]


def listing(
    rows: Sequence[R], place: Callable[[R], Place], query: ListQuery
) -> tuple[list[R], str | None]:
    """The page of `rows` that `query` asks for, and the cursor of the next page.

    :param rows: sorted by `place`
    :param place: where a row stands: texts and numbers, different for each row
    :raises Unfit: the cursor is not one of this list
    """
    begin = 0
    if query.cursor is not None:
        after = read_place(query)
        try:
            begin = bisect_right(rows, after, key=place)
        except TypeError:
            raise _no_cursor() from None
    page = list(rows[begin : begin + query.limit])
    more = begin + query.limit < len(rows)
    return page, write_place(query, place(page[-1])) if more else None


def write_place(query: ListQuery, place: Place) -> str:
    """The cursor behind the item at `place`."""
    text = json.dumps([_filters(query), *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_place(query: ListQuery, types: tuple[type, ...] = ()) -> Place:
    """The place of the last item of the page before.

    :param types: what it must be made of, where that is not found out by comparing
    :raises Unfit: the cursor is not one of this list
    """
    text = query.cursor or ""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        filters, *place = json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        raise _no_cursor() from None
    fits = not types or tuple(map(type, place)) == types
    if filters != _filters(query) or not fits:
        raise _no_cursor()
    return tuple(place)


def _filters(query: ListQuery) -> str:
    """What else was asked: a cursor goes on with the same question only."""
    values = query.model_dump(mode="json", exclude={"cursor", "limit"})
    text = json.dumps([type(query).__name__, values], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _no_cursor() -> Unfit:
    return Unfit([("parameter", "cursor", _("This is no cursor of this list."))])
