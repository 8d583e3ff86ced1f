"""Writes that are sent twice: the second gets the answer of the first, and changes nothing.

A program names a write by a key of its own making. The answer is kept with the change, in the same
transaction, for `KEPT` seconds; only good answers are kept, since the others changed nothing.
"""

import hashlib
from itertools import islice
from typing import Any

from modou.errors import Invalid
from modou.i18n import _
from modou.models.api_tokens import KeptAnswer, make_api_data
from modou.services.occasion import Occasion

#: Seconds that an answer is kept.
KEPT = 86_400
KEY_LENGTH = 200
#: Old answers that are dropped at most when a new one is kept.
_SWEEP = 4


class KeyReused(Invalid):
    """The key stands for another request."""

    code = "idempotency-key"


def name_of(who: str, key: str) -> bytes:
    """Under what the answer to `key` of one asker is kept.

    :param who: the user, and the token or session that asks
    :raises Invalid: no proper key
    """
    if not (0 < len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
        raise KeyReused(
            _(
                "An Idempotency-Key is 1 to ${most} visible ASCII characters.",
                mapping={"most": KEY_LENGTH},
            )
        )
    return hashlib.sha256(f"{who}\n{key}".encode()).digest()


def fingerprint(method: str, address: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(b"\n".join((method.encode(), address.encode(), body))).digest()


def recall(occasion: Occasion, name: bytes, request: bytes) -> KeptAnswer | None:
    """The kept answer, None when there is none (any more).

    :param request: `fingerprint` of the present request
    :raises KeyReused: the key was used for another request
    """
    data = occasion.site.api
    kept: KeptAnswer | None = data["answers"].get(name) if data is not None else None
    if kept is None or occasion.now - kept.time >= KEPT:
        return None
    if kept.request != request:
        raise KeyReused(_("This Idempotency-Key was used for another request."))
    return kept


def keep(
    occasion: Occasion,
    name: bytes,
    request: bytes,
    status: int,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
) -> None:
    """Keep the answer to a write, in the transaction of the write."""
    if occasion.site.api is None:
        occasion.site.api = make_api_data()
    answers = occasion.site.api["answers"]
    _drop_old(answers, name, occasion.now)
    answers[name] = KeptAnswer(request, occasion.now, status, headers, body)


def _drop_old(answers: Any, near: bytes, now: int) -> None:
    # The neighbours of a random key: each write clears up more than it adds, in the leaf that it
    # changes anyway.
    neighbours = list(islice(answers.items(near), _SWEEP))
    for name, kept in neighbours:
        if now - kept.time >= KEPT:
            del answers[name]
