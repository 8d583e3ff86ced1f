"""Files by signed address: streamed from the store, in pieces, never whole in memory.

In production nginx checks the signature itself and keeps what it fetched here.
"""

import re
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.services.media_types import INLINE
from modou.web.files import Body, signer

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_TEXT = "text/plain"


@view_config(route_name="file", request_method=("GET", "HEAD"))
def file(request: Request) -> Response:
    """The bytes behind a signed address; 404 for any other address."""
    match = request.matchdict
    filename = match["filename"]
    now = request.registry.clock.seconds()
    if not signer(request).check(
        match["expires"], match["signature"], match["file"], filename, now
    ):
        raise HTTPNotFound
    try:
        stored = request.site.files[match["file"]]
    except KeyError:
        raise HTTPNotFound from None
    settle_range(request, stored.size)
    response = Response(conditional_response=True)
    inline = stored.media_type in INLINE
    response.content_type = stored.media_type if inline else "application/octet-stream"
    if stored.media_type == _TEXT:
        response.charset = "utf-8"
    response.accept_ranges = "bytes"
    response.etag = stored.sha256[:32]
    response.last_modified = stored.created
    response.cache_control.max_age = max(0, int(match["expires"]) - now)
    if stored.access == "public":
        response.cache_control.public = True
    else:
        response.cache_control.private = True
    response.headers["Content-Disposition"] = disposition(
        "inline" if inline and "download" not in request.GET else "attachment", filename
    )
    # A file is data: even if a browser took it for a page, it could load and run nothing.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
        "object-src 'self'; frame-ancestors 'self'"
    )
    # "c": a file of its own that outlives the transaction.
    response.app_iter = Body(stored.blob.open("c"), 0, stored.size)
    # Last: WebOb forgets the length when it gets another body.
    response.content_length = stored.size
    return response


def settle_range(request: Request, size: int) -> None:
    """Leave a Range header only where it is one that WebOb answers as RFC 9110 (14) wants it.

    Several ranges and malformed ones are answered by the whole file. The last 0 bytes of a file do
    not exist; more last bytes than it has are all of it.

    :param size: of the file, in bytes
    """
    header: str | None = request.headers.get("Range")
    if header is None:
        return
    match = _RANGE.fullmatch(header)
    first, last = match.groups() if match else ("", "")
    if not match or not (first or last) or (first and last and int(last) < int(first)):
        del request.headers["Range"]
    elif not first:
        request.headers["Range"] = f"bytes={max(0, size - int(last))}-"


def disposition(kind: str, filename: str) -> str:
    """A Content-Disposition with the name for all browsers (RFC 6266)."""
    plain = "".join(c if " " <= c < "\x7f" and c not in '"\\%' else "_" for c in filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def includeme(config: Configurator) -> None:
    config.scan(__name__)
