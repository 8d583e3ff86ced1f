"""Headers on every answer: what the browser may load, and who may keep the answer."""

from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

#: No inline script or style anywhere, so no nonce is needed.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; "
    "img-src 'self' data: blob:; "
    "media-src 'self' blob:; "
    "object-src 'none'; "
    "base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'self'"
)
#: On every answer, unless a view says otherwise.
STANDARD = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()"),
)


def tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Add the headers to what the application answers; a view's own ones stay."""

    def tween(request: Request) -> Response:
        response = handler(request)
        # The list itself: WebOb's mapping searches it anew for every name.
        headers: list[tuple[str, str]] = response.headerlist
        present = {name for name, _value in headers}
        headers.extend(header for header in STANDARD if header[0] not in present)
        if "Cache-Control" not in present:
            keep = "no-store" if "Set-Cookie" in present else "private, no-cache"
            headers.append(("Cache-Control", keep))
        return response

    return tween


def includeme(config: Configurator) -> None:
    config.add_tween("modou.web.headers.tween_factory")
