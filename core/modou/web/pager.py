"""Numbered pages of a list, as the macro `pagination` shows them."""

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request

from modou.services.catalogue import Listing
from modou.web.page import Page


def number_of(request: Request) -> int:
    """The page number in the address; 1 for anything that is none."""
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


class Pager:
    """Where this page is in its list, and the addresses of the others.

    :param query: the rest of the address' query, kept on all pages
    :param ids: values of the route
    """

    def __init__(
        self, page: Page, listing: Listing, route: str, query: Mapping[str, str], **ids: str
    ) -> None:
        self.total, self.first, self.last = listing.total, listing.first, listing.last
        self.page, self.pages = listing.page, listing.pages
        self._url, self._route, self._query, self._ids = page.url, route, query, ids

    def href(self, number: int) -> str:
        """The address of the page with that number."""
        query: dict[str, Any] = {**self._query, **({"page": str(number)} if number > 1 else {})}
        return self._url(self._route, **self._ids, **({"_query": query} if query else {}))
