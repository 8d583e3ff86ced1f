"""What players fetch beside stored files: playlists for browsers that read HLS themselves, and the
uploaded file bit by bit where there are no segments."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import NotAllowed, NotFound
from modou.permissions import Capability
from modou.services.files import Signer
from modou.store.containers import decode_id
from modou.store.files import StoredFile
from modou.web import resources
from modou.web.files import Body, signer
from modou_lesson.contexts import LessonContext
from modou_lesson.i18n import _
from modou_lesson.models import ByteMap, Rendition
from modou_lesson.services import gating, shelf
from modou_lesson.services.gating import Opened
from modou_lesson.services.handing_out import master_playlist, playlist

_HLS = "application/vnd.apple.mpegurl"
_BEYOND = _("Watch what comes before first.")
_ID = "[0-9a-z]{13}"


def lesson_of(request: Request, key: str) -> Any:
    """The lesson of an activity, found without its course; locks count as on its page.

    :raises KeyError: there is none
    """
    lesson = shelf.find_by_id(request.site, decode_id(key))
    if lesson is None:
        raise KeyError(key)
    return resources.context_of(request, request.site.courses.by_id(lesson.course).activities[key])


@resources.found
def lesson(request: Request) -> Any:
    return lesson_of(request, request.matchdict["activity"])


def _media_or_404(context: LessonContext, request: Request) -> Opened:
    opened = gating.opened(
        request.occasion,
        context.course,
        context.activity.id,
        context.content,
        request.matchdict["version"],
    )
    if opened is None:
        raise NotFound(_("This version is gone. Reload the page."))
    return opened


def brief(request: Request) -> Signer:
    """Signs addresses that end soon."""
    usual = signer(request)
    return Signer(usual.secret, min(usual.lifetime, gating.LIFETIME))


# Browsers that read HLS themselves


def _playlist(text: str) -> Response:
    response = Response(text, content_type=_HLS, charset="utf-8")
    response.cache_control = "no-store"
    return response


@view_config(route_name="lesson_hls", context=LessonContext, permission=Capability.ACTIVITY_VIEW)
def hls(context: LessonContext, request: Request) -> Response:
    """The playlist of all renditions."""
    return _playlist(master_playlist(_media_or_404(context, request).version))


def _rendition(opened: Opened, name: str) -> Rendition:
    for rendition in opened.version.renditions:
        if rendition.name == name:
            return rendition
    raise HTTPNotFound


@view_config(
    route_name="lesson_hls_rendition", context=LessonContext, permission=Capability.ACTIVITY_VIEW
)
def hls_rendition(context: LessonContext, request: Request) -> Response:
    """The playlist of a rendition; it grows with what was watched."""
    opened = _media_or_404(context, request)
    rendition = _rendition(opened, request.matchdict["rendition"])
    return _playlist(playlist(rendition, opened.until))


@view_config(
    route_name="lesson_hls_segment", context=LessonContext, permission=Capability.ACTIVITY_VIEW
)
def hls_segment(context: LessonContext, request: Request) -> Response:
    """On to the stored file: playlists need addresses that stay the same, signed ones do not."""
    opened = _media_or_404(context, request)
    rendition = _rendition(opened, request.matchdict["rendition"])
    name = request.matchdict["segment"]
    if name == "init.mp4":
        id = rendition.init
    else:
        number = int(name.removesuffix(".m4s"))
        if number >= len(rendition.files):
            raise HTTPNotFound
        if number >= rendition.before(opened.until):
            raise NotAllowed(_BEYOND)
        id = rendition.files[number]
    stored = request.site.files.get(id)
    if stored is None:
        raise HTTPNotFound
    named = [(stored.key, stored.filename)]
    [path] = brief(request).sign_many(named, request.occasion.now)
    answer = HTTPFound(request.script_name + path)
    answer.cache_control = "no-store"
    return answer


# The uploaded file itself


def played_as(stored: StoredFile | None) -> str:
    if stored is None:
        return ""
    return "video/mp4" if stored.media_type == "video/quicktime" else stored.media_type


def allowed(table: ByteMap, until: int | None, size: int, start: int) -> int:
    """Up to which byte (exclusive) a request that begins at `start` is served; `start` or less:
    not at all."""
    free = size if until is None else table.before(until, size)
    if start < free:
        return free
    first, behind = table.index
    # The table of contents may lie at the end; nothing of the media is in it.
    return behind if first <= start < behind else 0


@view_config(
    route_name="lesson_original",
    context=LessonContext,
    permission=Capability.ACTIVITY_VIEW,
    request_method=("GET", "HEAD"),
)
def original(context: LessonContext, request: Request) -> Response:
    """The uploaded file as far as it may be watched, in ranges.

    :raises NotAllowed: the range begins beyond that
    """
    opened = _media_or_404(context, request)
    version = opened.version
    stored = request.site.files.get(version.original)
    if stored is None or not version.playable or version.bytes is None:
        raise HTTPNotFound
    size = stored.size
    asked = request.range
    start, stop = (asked.start, asked.end) if asked is not None else (0, None)
    if start < 0:
        start = max(0, size + start)
    if start >= size:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    free = allowed(version.bytes, opened.until, size, start)
    if free <= start:
        raise NotAllowed(_BEYOND)
    end = min(size if stop is None else stop, free, size)
    whole = asked is None and end == size
    response = Response(status=200 if whole else 206)
    response.content_type = played_as(stored)
    response.accept_ranges = "bytes"
    response.etag = stored.sha256[:32]
    response.cache_control = "private, no-store"
    if not whole:
        response.content_range = (start, end, size)
    if request.method == "GET":
        response.app_iter = Body(stored.blob.open("c"), start, end)
    response.content_length = end - start
    return response


def includeme(config: Configurator) -> None:
    version = r"{version:[0-9-]{1,20}}"
    base = f"/lesson/{{activity:{_ID}}}/{version}"
    rendition = r"{rendition:[0-9a-z]{1,8}}"
    for name, pattern in (
        ("lesson_original", f"{base}/original"),
        ("lesson_hls", f"{base}/master.m3u8"),
        ("lesson_hls_rendition", f"{base}/{rendition}.m3u8"),
        ("lesson_hls_segment", f"{base}/{rendition}/{{segment:init\\.mp4|[0-9]{{1,6}}\\.m4s}}"),
    ):
        config.add_route(name, pattern, factory=lesson)
    config.scan(__name__)
