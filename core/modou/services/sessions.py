"""Signed-in browsers: starting, finding, listing and ending sessions.

The browser holds a random token, the site only its SHA-256 (`key_of`). A session ends after
`modou.session_idle` seconds without a click and after `modou.session_longest` in any case.
`Session.seen` is written only when it is older than a sixth of the idle time, so that reading
pages hardly ever writes.
"""

import hashlib
import secrets
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from modou.models.people import Session, User
from modou.models.site import Site
from modou.services.studying import closing

if TYPE_CHECKING:
    from modou.services.occasion import Occasion


def key_of(token: str) -> bytes:
    """The key under which the session of this cookie token is stored."""
    return hashlib.sha256(token.encode()).digest()


def find(site: Site, token: str, now: int, idle: int, longest: int) -> tuple[User, Session] | None:
    """The user and session behind a cookie's token; None when there is none or it has ended.

    Notes that the session was seen (a write, but rarely).
    """
    session: Session | None = site.sessions.get(key_of(token))
    if session is None:
        return None
    if now - session.seen > idle or now - session.created > longest:
        return None
    user = site.users.get(session.user_id)
    if user is None or user.status != "active":
        return None
    if now - session.seen > idle // 6:
        session.seen = now
    return user, session


def start(occasion: "Occasion", user: User, *, asks_consent: bool = False) -> str:
    """Start a session for `user`; the token for the cookie.

    :param asks_consent: whether the user has to answer first what the site asks
    """
    token = secrets.token_urlsafe(32)
    key = key_of(token)
    session = Session(user.id, occasion.now, occasion.origin.ip, occasion.origin.agent)
    if asks_consent:
        session.asks_consent = True
    occasion.site.sessions[key] = session
    user.sessions = (*(k for k in user.sessions if k in occasion.site.sessions), key)
    return token


def end(occasion: "Occasion", key: bytes) -> None:
    """End a session; nothing happens when it has ended."""
    session: Session | None = occasion.site.sessions.pop(key, None)
    if session is None:
        return
    closing.signed_out(occasion, session.user_id, key)
    user = occasion.site.users.get(session.user_id)
    if user is not None:
        user.sessions = tuple(k for k in user.sessions if k != key)


def of_user(site: Site, user: User) -> Iterator[tuple[bytes, Session]]:
    """The sessions of `user` that were not ended, oldest first (some may have timed out)."""
    for key in user.sessions:
        session = site.sessions.get(key)
        if session is not None:
            yield key, session


def end_all(occasion: "Occasion", user: User, but: bytes = b"") -> int:
    """End all sessions of `user` except `but`; how many there were."""
    keys = [key for key in user.sessions if key != but]
    for key in keys:
        end(occasion, key)
    return len(keys)


def sweep(
    occasion: "Occasion", idle: int, longest: int, after: bytes = b"", limit: int = 5_000
) -> tuple[int, bytes]:
    """Drop sessions that have ended by themselves, looking at `limit` of them behind `after`.

    :param idle, longest: seconds, as for `find`
    :return: how many were dropped, and the key to go on after; b"" at the end
    """
    tree = occasion.site.sessions
    page = list(islice(tree.items(after or None, excludemin=bool(after)), limit))
    dead = [
        key
        for key, session in page
        if occasion.now - session.seen > idle or occasion.now - session.created > longest
    ]
    for key in dead:
        del tree[key]
    return len(dead), page[-1][0] if len(page) == limit else b""
