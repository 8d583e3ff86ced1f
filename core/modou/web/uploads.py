"""Large files in pieces, by the protocol tus 1.0 (https://tus.io/protocols/resumable-upload), and
what forms need for it.

Core protocol and the extensions creation, creation-with-upload, termination, expiration and
checksum. Who sends is known by the session's cookie; like every unsafe request each carries the
CSRF token in a header and comes from a page of this site. `Upload-Metadata` has `ticket` (from the
form) and `filename`. A piece goes from the server's input to the disk as it is read: nothing here
makes the body seekable, and so nothing is tried again after a conflict.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from modou.errors import ModouError, TooLarge
from modou.i18n import _
from modou.services import uploads as service
from modou.services.files import FinishedUpload
from modou.services.media_types import endings
from modou.services.uploads import OffsetConflict, Uploads
from modou.store.spool import Digest, Part

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
#: Checksum algorithms as tus names them. SHA-1 finds damage only, as the protocol wants it.
ALGORITHMS: Mapping[str, Callable[[], Digest]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
_PIECE = "application/offset+octet-stream"
_METADATA_LIMIT = 4000
#: Bytes of one piece that the page's script sends; it asks for less on slow lines.
PIECE_BYTES = 8_000_000


class ProtocolError(ModouError):
    """The sender does not keep to tus."""

    code = "tus"

    def __init__(self, message: Any, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def is_piece(request: Request) -> bool:
    """Whether a request brings bytes of an upload: it has limits of its own, and nobody reads it
    as a form."""
    # Not path_info: that raises when the address is no UTF-8.
    path: str = request.environ.get("PATH_INFO", "")
    here = path == "/uploads" or path.startswith("/uploads/")
    return here and bool(request.content_type == _PIECE)


def attempts(request: Request) -> int | None:
    """For pyramid_retry: how often a request is tried; None for the usual."""
    return 1 if is_piece(request) else None


def _uploads(request: Request) -> Uploads:
    found: Uploads = request.registry.uploads
    return found


# -- the protocol


def uploads_options(request: Request) -> Response:
    """What this server can; needs no version of the protocol, and nobody signed in."""
    response = Response(status=204)
    response.headers.update(
        {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }
    )
    return response


def create(request: Request) -> Response:
    """Begin an upload, perhaps with its first piece."""
    length = _number(request, "Upload-Length")
    about = request.headers.get("Upload-Metadata", "")
    metadata = _metadata(about)
    occasion, uploads = request.occasion, _uploads(request)
    part = service.begin(
        occasion,
        uploads,
        metadata.get("ticket", ""),
        metadata.get("filename", ""),
        length,
        ",".join(pair for pair in about.split(",") if not pair.strip().startswith("ticket ")),
    )
    location = request.route_path("upload", upload=part.key)
    if request.content_type == _PIECE:
        part = _take(request, part.key, 0)
    response = Response(status=201)
    response.headers["Location"] = location
    return _about(uploads, part, response)


def state(request: Request) -> Response:
    """How far an upload is."""
    part = service.look(request.occasion, _uploads(request), request.matchdict["upload"])
    response = Response(status=200)
    response.headers["Upload-Length"] = str(part.length)
    if part.about:
        response.headers["Upload-Metadata"] = part.about
    response.headers["Cache-Control"] = "no-store"
    return _about(_uploads(request), part, response)


def append(request: Request) -> Response:
    """The next piece."""
    if request.content_type != _PIECE:
        raise ProtocolError(
            _("A piece has the content type ${type}.", mapping={"type": _PIECE}), 415
        )
    part = _take(request, request.matchdict["upload"], _number(request, "Upload-Offset"))
    return _about(_uploads(request), part, Response(status=204))


def cancel(request: Request) -> Response:
    """Forget an upload."""
    service.drop(request.occasion, _uploads(request), request.matchdict["upload"])
    return Response(status=204)


def _take(request: Request, key: str, offset: int) -> Part:
    # Not request.body_file: that one raises where a broken line should keep what has arrived.
    source = request.environ["wsgi.input"]
    return service.take(
        request.occasion,
        _uploads(request),
        key,
        offset,
        source,
        request.content_length,
        _digest(request),
    )


def _about(uploads: Uploads, part: Part, response: Response) -> Response:
    response.headers["Upload-Offset"] = str(part.offset)
    expires = datetime.fromtimestamp(uploads.expires(part), UTC)
    response.headers["Upload-Expires"] = format_datetime(expires, usegmt=True)
    return response


def _number(request: Request, header: str) -> int:
    text: str = request.headers.get(header, "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise ProtocolError(_("${name} must be a number.", mapping={"name": header}))
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Name -> value: pairs with commas between them, each a name and base64 with a blank."""
    if len(header) > _METADATA_LIMIT:
        raise TooLarge(_("${name} is too long.", mapping={"name": "Upload-Metadata"}))
    found: dict[str, str] = {}
    for pair in header.split(","):
        name, _blank, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise ProtocolError(
                _("${name} cannot be read.", mapping={"name": "Upload-Metadata"})
            ) from None
    return found


def _digest(request: Request) -> tuple[Digest, bytes] | None:
    header: str = request.headers.get("Upload-Checksum", "")
    if not header:
        return None
    name, _blank, value = header.partition(" ")
    try:
        return ALGORITHMS[name](), base64.b64decode(value, validate=True)
    except (KeyError, binascii.Error):
        raise ProtocolError(
            _("${name} cannot be read.", mapping={"name": "Upload-Checksum"})
        ) from None


_COLLECTION = {"OPTIONS": uploads_options, "POST": create}
_ONE = {"OPTIONS": uploads_options, "HEAD": state, "PATCH": append, "DELETE": cancel}


def _speak(methods: Mapping[str, Callable[[Request], Response]]) -> Callable[..., Response]:
    def view(context: Any, request: Request) -> Response:
        request.add_response_callback(_mark)
        method = request.method
        if method == "POST":
            # For networks that let no PATCH and DELETE through.
            method = request.headers.get("X-HTTP-Method-Override", method)
        if method not in methods:
            raise ProtocolError(_("This address does not understand that."), 405)
        if method != "OPTIONS":
            request.occasion.require_actor()
            if request.headers.get("Tus-Resumable") != VERSION:
                raise ProtocolError(_("Uploads speak tus ${v}.", mapping={"v": VERSION}), 412)
        try:
            return methods[method](request)
        except OffsetConflict as error:
            request.add_response_callback(_offset(error.offset))
            raise

    return view


def _mark(request: Request, response: Response) -> None:
    response.headers["Tus-Resumable"] = VERSION
    if response.status_int == 412:
        response.headers["Tus-Version"] = VERSION


def _offset(offset: int) -> Callable[[Request, Response], None]:
    def tell(request: Request, response: Response) -> None:
        response.headers["Upload-Offset"] = str(offset)

    return tell


# -- forms


class FormUploads:
    """What a form's fields ask for: tickets, and the uploads that a form names."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def find(self, key: str, purpose: str) -> FinishedUpload | None:
        """A finished upload of the reader; None for none."""
        if not service.is_key(key):
            return None
        return service.finished(self._request.occasion, _uploads(self._request), key, purpose)

    def offer(self, purpose: str) -> dict[str, Any] | None:
        """What the page's script needs to send files for a purpose; None when nobody is signed in,
        or no enabled plugin declares it."""
        request = self._request
        occasion, uploads = request.occasion, _uploads(request)
        declared = occasion.assembled.upload_purposes.get(purpose)
        if occasion.actor is None or declared is None:
            return None
        return {
            "endpoint": request.route_path("uploads"),
            "ticket": uploads.ticket(occasion, purpose),
            "scope": f"{occasion.actor.key}:{purpose}",
            "limit": uploads.limit_of(declared),
            "piece": PIECE_BYTES,
            "accept": ",".join([*declared.accept, *endings(declared.accept)]),
            "types": list(declared.accept),
        }


def includeme(config: Configurator) -> None:
    for route, methods in (("uploads", _COLLECTION), ("upload", _ONE)):
        config.add_view(_speak(methods), route_name=route)
