"""Tokens by which programs use the API for a person: making, finding, revoking.

A token is shown once; the site keeps its SHA-256. It acts as its owner, within its scopes, until it
expires or is revoked, and only as long as its owner may have tokens.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from typing import Any

from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.i18n import _
from modou.models.api_tokens import ApiToken, make_api_data
from modou.models.people import User
from modou.models.site import Site
from modou.permissions import Capability
from modou.services.authority import roles_anywhere
from modou.services.cleaning import clean_line
from modou.services.occasion import Occasion

#: By which people, and programs that search for leaked secrets, know a token of ours.
PREFIX = "modou_"
DAY = 86_400
LONGEST_DAYS = 365
#: Tokens that one person may have at a time.
MOST = 20
NAME_LENGTH = 60
#: Seconds between notes of the last use.
NOTE_EVERY = 3_600


def looks_like(text: str) -> bool:
    """Whether `text` may be one of our tokens."""
    return text.startswith(PREFIX)


def may_have(occasion: Occasion) -> bool:
    """Whether the actor may have tokens: by a role on the site or anywhere in it."""
    actor = occasion.actor
    if actor is None:
        return False
    if occasion.can(Capability.API_TOKEN):
        return True
    roles = occasion.site.roles
    return any(
        Capability.API_TOKEN in role.capabilities
        for name in roles_anywhere(occasion, actor)
        if (role := roles.get(name)) is not None
    )


def make(occasion: Occasion, name: str, scopes: Collection[str], days: int) -> tuple[ApiToken, str]:
    """A new token of the actor's, and its text, which nobody can see again.

    :param name: what the owner calls it
    :param scopes: names of scopes, at least one
    :param days: how long it is good, at most `LONGEST_DAYS`
    :raises NotAllowed: the actor may not have tokens
    :raises Invalid: at `name`, `scopes` or `days`
    :raises Conflict: there are too many
    """
    owner = occasion.require_actor()
    if not may_have(occasion):
        raise NotAllowed(_("You may not make tokens."))
    name = clean_line(name, "name", NAME_LENGTH)
    chosen = tuple(sorted(set(scopes)))
    if not chosen:
        raise Invalid(_("Choose at least one thing that the token may do."), "scopes")
    if not set(chosen) <= occasion.assembled.api_scopes.keys():
        raise Invalid(_("Choose one of the offered values."), "scopes")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            _("A token is good for 1 to ${most} days.", mapping={"most": LONGEST_DAYS}), "days"
        )
    mine = list(of_user(occasion.site, owner))
    if any(token.name.casefold() == name.casefold() for _digest, token in mine):
        raise Invalid(_("You have a token of that name already."), "name")
    if len(mine) >= MOST:
        raise Conflict(
            _("You have ${most} tokens. Revoke one that is not used.", mapping={"most": MOST})
        )
    text = PREFIX + secrets.token_urlsafe(32)
    digest = digest_of(text)
    token = ApiToken(owner.id, name, chosen, occasion.now, occasion.now + days * DAY)
    _tree(occasion.site, "tokens")[digest] = token
    owner.api_tokens = (*(d for d, _token in mine), digest)
    occasion.record(
        "api_token_made",
        subject=owner.id,
        values={"token": token.id, "scopes": list(chosen), "expires": token.expires},
    )
    return token, text


def revoke(occasion: Occasion, key: str) -> ApiToken:
    """Revoke one of the actor's tokens, by its `key`.

    :raises NotFound: there is none (any more)
    """
    owner = occasion.require_actor()
    for digest, token in of_user(occasion.site, owner):
        if token.key == key:
            _drop(occasion, owner, [digest])
            return token
    raise NotFound(_("There is no such token any more."))


def revoke_all(occasion: Occasion, user: User) -> int:
    """Revoke all tokens of `user`, for verbs that asked for a permission of their own; how many."""
    digests = [digest for digest, _token in of_user(occasion.site, user)]
    _drop(occasion, user, digests)
    return len(digests)


def _drop(occasion: Occasion, user: User, digests: Collection[bytes]) -> None:
    tree = _tree(occasion.site, "tokens")
    for digest in digests:
        token = tree.pop(digest)
        occasion.record("api_token_revoked", subject=user.id, values={"token": token.id})
    user.api_tokens = tuple(d for d in user.api_tokens if d not in digests)


def of_user(site: Site, user: User) -> Iterator[tuple[bytes, ApiToken]]:
    """The tokens of `user`, oldest first, expired ones too: (digest, token)."""
    if site.api is None:
        return
    tree = site.api["tokens"]
    for digest in user.api_tokens:
        token = tree.get(digest)
        if token is not None:
            yield digest, token


def find(site: Site, text: str, now: int) -> tuple[User, ApiToken] | None:
    """The owner and the token behind `text`; None when it is not good (any more).

    Whether the owner may still have tokens is asked by `may_have`.

    :param now: seconds UTC
    """
    if site.api is None or not looks_like(text):
        return None
    token: ApiToken | None = site.api["tokens"].get(digest_of(text))
    if token is None or now >= token.expires:
        return None
    user = site.users.get(token.user_id)
    if user is None or user.status != "active":
        return None
    return user, token


def note_use(occasion: Occasion, token: ApiToken) -> None:
    """Note that the token was used just now: a write, but at most one an hour."""
    if occasion.now - token.used >= NOTE_EVERY:
        token.used = occasion.now
        token.used_from = occasion.origin.ip


def digest_of(text: str) -> bytes:
    """Under what the token with this text is kept."""
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _tree(site: Site, name: str) -> Any:
    if site.api is None:
        site.api = make_api_data()
    return site.api[name]
