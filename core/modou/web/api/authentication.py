"""Who calls: a token of their own, the session of a page of ours, a token of the endpoint's."""

import hashlib
from typing import Any

from pyramid.request import Request

from modou.errors import SignInNeeded
from modou.i18n import _
from modou.services import api_tokens
from modou.web.api.calls import Call
from modou.web.api.failures import ForeignPage, ScopeMissing, TokenRefused
from modou.web.requests import occasion_of
from modou.web.security import CSRFPolicy

_CSRF = CSRFPolicy()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def bearer_of(environ: dict[str, Any]) -> str:
    """The token in the header Authorization, "" when there is no such header.

    :raises TokenRefused: the header says something else
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    if not header:
        return ""
    scheme, _blank, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused(_("Send the token in the header “Authorization: Bearer …”."))
    return str(token)


def recognise(call: Call) -> str:
    """Find out who calls; what the rate limit counts them by.

    :raises SignInNeeded: nobody is known, and somebody must be
    :raises TokenRefused: the token is not good
    :raises NotAllowed: the token lacks the scope, or a foreign page sent the cookie along
    """
    route = call.endpoint.route
    bearer = bearer_of(call.environ)
    if route.auth == "own" or (route.auth == "own_or_user" and not api_tokens.looks_like(bearer)):
        if bearer:
            call.bearer = bearer
            if not route.lean:
                call.request.occasion = occasion_of(call.request, None)
            return _key(bearer)
        if route.auth == "own":
            raise TokenRefused(_("Send the token in the header “Authorization: Bearer …”."))
    if route.lean:
        return _address(call.environ)
    return _by_token(call, bearer) if bearer else _by_session(call)


def _by_token(call: Call, bearer: str) -> str:
    request = call.request
    registry = call.registry
    found = api_tokens.find(request.site, bearer, registry.clock.seconds())
    if found is None:
        raise TokenRefused(_("The token is unknown, expired or revoked."))
    user, token = found
    # Before anybody asks for it: the cookie says nothing here.
    request.occasion = occasion_of(request, user)
    if not api_tokens.may_have(request.occasion):
        raise TokenRefused(_("The token's owner may not use tokens any more."))
    scope = call.endpoint.route.scope
    if scope is not None and scope.name not in token.scopes:
        raise ScopeMissing(scope.name)
    api_tokens.note_use(request.occasion, token)
    call.token = token
    return _key(bearer)


def _by_session(call: Call) -> str:
    request = call.request
    actor = request.occasion.actor
    if actor is None:
        if call.endpoint.route.auth == "public":
            return _address(call.environ)
        raise SignInNeeded(_("Please sign in to go on."))
    if request.method not in SAFE:
        check_page(request)
    return f"user {actor.id}"


def check_page(request: Request) -> None:
    """:raises ForeignPage: no page of this site sent the request"""
    if not _CSRF.check_csrf_token(request, request.headers.get("X-CSRF-Token", "")):
        raise ForeignPage(_("With the session's cookie only pages of this site may call."))


def _address(environ: dict[str, Any]) -> str:
    return f"address {environ.get('REMOTE_ADDR', '')}"


def _key(bearer: str) -> str:
    # Tokens stay out of the throttle's memory.
    return hashlib.blake2b(bearer.encode(errors="replace"), digest_size=16).hexdigest()
