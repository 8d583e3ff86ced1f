"""Who is asking, and may they: sessions by cookie, permissions by capability.

The cookie holds a random token; the database holds only its SHA-256. The CSRF token is derived
from the session token, so that forms need nothing stored.
"""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.interfaces import ICSRFStoragePolicy
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from modou.models.people import User
from modou.services import consents, sessions

SESSION_COOKIE = "modou"


def session_token(request: Request) -> str:
    """The token in the cookie, or ""."""
    return str(request.cookies.get(SESSION_COOKIE, ""))


class SecurityPolicy:
    """Pyramid's security policy over `modou.services.sessions` and `Occasion.can`."""

    def identity(self, request: Request) -> User | None:
        user: User | None = request.occasion.actor
        return user

    def authenticated_userid(self, request: Request) -> int | None:
        user = request.occasion.actor
        return user.id if user is not None else None

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:
        if request.occasion.can(permission, context):
            return Allowed("%s is granted", permission)
        return Denied("%s is not granted", permission)

    def remember(self, request: Request, userid: Any, **kw: Any) -> list[tuple[str, str]]:
        """Start a session for the user with that id; the headers that set the cookie."""
        user = request.site.users.by_id(userid)
        asks = bool(consents.unanswered(request.occasion, user))
        token = sessions.start(request.occasion, user, asks_consent=asks)
        return _cookie_headers(request, token)

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        """End this browser's session; the headers that clear the cookie."""
        token = session_token(request)
        if token:
            sessions.end(request.occasion, sessions.key_of(token))
        return _cookie_headers(request, None)


def _cookie_headers(request: Request, token: str | None) -> list[tuple[str, str]]:
    response = Response()
    if token is None:
        response.delete_cookie(SESSION_COOKIE, path="/")
    else:
        response.set_cookie(
            SESSION_COOKIE,
            token,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=request.scheme == "https" or request.registry.modou_config["secure_cookies"],
        )
    return [(k, v) for k, v in response.headerlist if k == "Set-Cookie"]


@implementer(ICSRFStoragePolicy)
class CSRFPolicy:
    """Two locks on every unsafe request: it must come from a page of this site (Fetch metadata,
    Origin or Referer), and, when somebody is signed in, carry the token derived from the session.

    Visitors who are not signed in have no authority that a foreign page could abuse, but for
    being signed in to a foreign account; the first lock keeps that out. So public pages need no
    cookie and can be cached.
    """

    def new_csrf_token(self, request: Request) -> str:
        return self.get_csrf_token(request)

    def get_csrf_token(self, request: Request) -> str:
        token = session_token(request)
        if not token:
            return ""
        digest = hashlib.blake2b(token.encode(), person=b"modou csrf", digest_size=18).digest()
        return base64.urlsafe_b64encode(digest).decode()

    def check_csrf_token(self, request: Request, token: str) -> bool:
        if not same_origin(request):
            return False
        if request.occasion.actor is None:
            return True
        expected = self.get_csrf_token(request)
        return hmac.compare_digest(expected.encode(), token.encode())


def same_origin(request: Request) -> bool:
    """Whether the browser says that a page of this site sent the request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return bool(site == "same-origin")
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if not source:
        return False
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc}" == request.host_url


def includeme(config: Configurator) -> None:
    config.set_security_policy(SecurityPolicy())
    config.set_csrf_storage_policy(CSRFPolicy())
    config.set_default_csrf_options(
        require_csrf=True,
        check_origin=False,
        token="csrf_token",  # noqa: S106 - a field's name
        header="X-CSRF-Token",
    )
