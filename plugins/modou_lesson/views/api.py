"""The plugin's part of the API: addresses of what a player may fetch now."""

from typing import Any

from pydantic import Field
from typing_extensions import TypedDict

from modou.errors import NotAllowed
from modou.permissions import Capability
from modou.web.api import Answer, Call, Query, endpoint
from modou.web.api.scopes import STUDY_READ
from modou.web.resources import LockedActivity
from modou_lesson.contexts import LessonContext
from modou_lesson.forms import LANGUAGES
from modou_lesson.i18n import _
from modou_lesson.services import gating
from modou_lesson.services.handing_out import Counter
from modou_lesson.views.media import brief, lesson_of, played_as

_LANGUAGES: dict[str, str] = dict(LANGUAGES)


class MediaQuery(Query):
    """Which version, and from where on."""

    version: str = Field("", max_length=30, description=_("Empty: the one that opens now"))
    start: int = Field(0, alias="from", ge=0, le=1_000_000, description=_("Seconds"))


class RenditionShape(TypedDict, total=False):
    """A quality: fragmented MP4. `durations` of all segments, with from=0 only; `urls[0]` is
    segment `first`."""

    name: str
    width: int
    height: int
    bandwidth: int
    codecs: str
    init: str | None
    durations: list[float]
    first: int
    urls: list[str]


class OriginalShape(TypedDict):
    """The uploaded file, in ranges."""

    url: str
    type: str


class ThumbnailsShape(TypedDict):
    """Sheets of small pictures, one each `every` seconds."""

    every: int
    width: int
    height: int
    columns: int
    rows: int
    sheets: list[str | None]


class CaptionShape(TypedDict):
    """A WebVTT file."""

    language: str
    label: str
    url: str | None


class PageShape(TypedDict):
    """A page: `start`, `seconds` on the time line; two pictures, and its text."""

    n: int
    start: int
    seconds: int
    width: int
    height: int
    small: str | None
    large: str | None
    text: str


class MediaAnswer(Answer):
    """What may be fetched now. `until`: seconds, null for all of it."""

    version: str = Field(description=_("Empty for a text, and while nothing is ready"))
    kind: str
    length: int
    until: int | None
    renditions: list[RenditionShape]
    original: OriginalShape | None
    hls: str | None = Field(description=_("A playlist for browsers that read HLS themselves"))
    poster: str | None
    thumbnails: ThumbnailsShape | None
    captions: list[CaptionShape]
    chapters: list[tuple[int, str]]
    pages: list[PageShape]
    expires: int = Field(description=_("Seconds UTC: ask again before"))


def _lesson(call: Call, activity: str) -> LessonContext:
    context = lesson_of(call.request, activity)
    if isinstance(context, LockedActivity) and context.verdict is not None:
        raise NotAllowed(context.verdict.reason)
    if not isinstance(context, LessonContext):
        raise KeyError(activity)
    return context


@endpoint(
    "GET",
    "/lesson/activities/{activity}/media",
    tag=_("Lessons"),
    summary=_("Addresses of a lesson's media"),
    description=_(
        "Who studies it for the first time gets what lies at most 60 seconds beyond what was "
        "watched. The addresses end after 15 minutes at most."
    ),
    scope=STUDY_READ,
    capability=Capability.ACTIVITY_VIEW,
    context=_lesson,
)
def read_lesson_media(call: Call, context: LessonContext, query: MediaQuery) -> MediaAnswer:
    request, occasion, lesson = call.request, call.occasion, context.content
    signer = brief(request)
    call.headers.append(("Cache-Control", "no-store"))
    found: dict[str, Any] = {
        "original": None,
        "hls": None,
        "expires": signer.expires(occasion.now),
    }
    opened = gating.opened(occasion, context.course, context.activity.id, lesson, query.version)
    if opened is None:
        return MediaAnswer(
            version="",
            kind=lesson.kind,
            length=0,
            until=None,
            renditions=[],
            poster=None,
            thumbnails=None,
            captions=[],
            chapters=[],
            pages=[],
            **found,
        )
    version = opened.version
    counter = Counter(
        request.site,
        lambda named: [
            request.script_name + path for path in signer.sign_many(named, occasion.now)
        ],
    )
    found.update(counter.media(opened, query.start))
    for caption in found["captions"]:
        caption["label"] = _LANGUAGES.get(caption["language"], caption["language"])
    values = {"activity": context.activity.key, "version": opened.line.version}
    if version.renditions:
        found["hls"] = request.route_path("lesson_hls", **values)
    elif version.playable:
        found["original"] = {
            "url": request.route_path("lesson_original", **values),
            "type": played_as(request.site.files.get(version.original)),
        }
    return MediaAnswer(**found)


ROUTES = (read_lesson_media,)
