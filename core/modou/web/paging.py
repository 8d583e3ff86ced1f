"""Pages of long lists: which part is shown, and the addresses of the other parts and orders.

The address keeps what else stands in the query (search, filters), so a list is only links and
forms with method GET.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from pyramid.request import Request

T = TypeVar("T")


def number_of(request: Request) -> int:
    """The page number in the address; 1 for anything that is none."""
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def query_with(request: Request, keep: Collection[str] | None = None, **changes: Any) -> str:
    """This address with changed query values; None takes one out.

    :param keep: the other query values that stay; None: all. Pages that are kept for many readers
        name them, since what somebody else's address held must not stand in them
    """
    query = [
        (k, v)
        for k, v in request.GET.items()
        if k not in changes and v and (keep is None or k in keep)
    ]
    query += [(k, str(v)) for k, v in changes.items() if v is not None]
    path: str = request.current_route_path(_query=query)
    return path


class Pager:
    """What `tables.pagination` shows.

    :param total: number of rows
    :param size: rows on a page
    :param keep: see `query_with`
    """

    def __init__(
        self,
        request: Request,
        total: int,
        size: int = 50,
        keep: Collection[str] | None = None,
    ) -> None:
        self._request = request
        self._keep = keep
        self.total = total
        self.size = size
        self.pages = max(1, -(-total // size))
        self.page = min(max(1, number_of(request)), self.pages)

    @property
    def start(self) -> int:
        """Place of the first row of this page, from 0."""
        return (self.page - 1) * self.size

    @property
    def first(self) -> int:
        """Number of the first row, from 1; 0 when there is none."""
        return self.start + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row, from 1."""
        return min(self.start + self.size, self.total)

    def part(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows of this page, out of all."""
        return rows[self.start : self.start + self.size]

    def href(self, page: int) -> str:
        """Address of another page of the list."""
        return query_with(self._request, self._keep, page=page if page > 1 else None)


class Sorting:
    """By what a list is sorted, from the query, and the addresses of other orders.

    :param keys: what it can be sorted by; "-" in front turns an order round
    """

    def __init__(self, request: Request, keys: Sequence[str], default: str) -> None:
        self._request = request
        wanted = request.GET.get("sort", default)
        self.key = wanted if wanted.removeprefix("-") in keys else default

    def href(self, key: str) -> str:
        """Address of the list in another order, at its first page."""
        return query_with(self._request, sort=key, page=None)
