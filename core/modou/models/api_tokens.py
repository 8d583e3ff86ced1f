"""Tokens by which programs use the API for a person, and answers kept for repeated requests."""

from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.store.containers import WideOOBTree, encode_id, new_id


class ApiToken(Persistent):
    """A token; the site keeps it under its SHA-256, never itself. Times in seconds UTC.

    :param name: what its owner calls it
    :param scopes: names of `modou.declarations.ApiScope`
    """

    #: When it was used last, 0 for never; exact to an hour.
    used: int = 0
    #: The address that used it then.
    used_from: str = ""

    def __init__(
        self, user_id: int, name: str, scopes: tuple[str, ...], created: int, expires: int
    ) -> None:
        self.id = new_id()
        self.user_id = user_id
        self.name = name
        self.scopes = scopes
        self.created = created
        self.expires = expires

    @property
    def key(self) -> str:
        """The id as forms have it."""
        return encode_id(self.id)


class KeptAnswer(Persistent):
    """The answer to a write that named itself by an Idempotency-Key.

    :param request: SHA-256 of method, address and body
    :param time: seconds UTC
    """

    def __init__(
        self,
        request: bytes,
        time: int,
        status: int,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
    ) -> None:
        self.request = request
        self.time = time
        self.status = status
        self.headers = headers
        self.body = body


class ApiData(OOBTree):
    """What the API keeps: "tokens" and "answers", each a tree by digest."""


def make_api_data() -> Any:
    """Fresh trees."""
    data = ApiData()
    data["tokens"] = WideOOBTree()
    data["answers"] = WideOOBTree()
    return data
