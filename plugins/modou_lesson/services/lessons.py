"""Lessons: kept, changed, copied, dropped, shown."""

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from modou.errors import Invalid, Message
from modou.models.courses import Activity
from modou.services import files, markup
from modou.services.cleaning import clean_text
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou.services.pictures import make_cover
from modou_lesson import models
from modou_lesson.i18n import _
from modou_lesson.models import MEDIA_KINDS, Caption, Lesson, MediaVersion
from modou_lesson.services import (
    captions,
    chapters,
    examining,
    preparing,
    problems,
    timelines,
)
from modou_lesson.services.shelf import (
    PLUGIN,
    access_of,
    drop_files,
    find,
    opened,
    settings,
)

TEXT_LIMIT = 300_000
MOST_CAPTIONS = 20
#: Seconds that a page, and a text, may be asked to be read.
LONGEST_PAGE = 3600
LONGEST_TEXT = 4 * 3600


# Saving


def save(occasion: Occasion, activity: Activity, values: Mapping[str, Any]) -> None:
    """Create or change a lesson. A new upload becomes a new version.

    :param values: see `modou_lesson.forms.LessonForm`
    :raises Invalid: naming the field
    """
    lesson = find(occasion.site, activity)
    kind = _kind(occasion, lesson, values)
    seconds = _page_seconds(kind, values)
    marks = chapters.parse(values.get("chapters")) if kind in MEDIA_KINDS else ()
    access = access_of(activity.course.id)
    before = lesson.newest if lesson is not None else None
    if kind == "text":
        source, form, html = _text(values)
        version = None
    else:
        source = form = html = ""
        version = _take_media(occasion, kind, lesson, values, access)
        if version is None and (before is None or before.kind != kind):
            field = "images" if kind == "slides" else "media"
            raise Invalid(_("Choose a file."), field)
    if lesson is None:
        lesson = Lesson(kind, activity.course.id)
        models.put(occasion.site.plugin_data(PLUGIN), activity.id, lesson)
    lesson.kind, lesson.page_seconds = kind, seconds
    if kind == "text":
        lesson.source, lesson.markup, lesson.html = source, form, html
        lesson.current = 0
        return
    if version is not None:
        _add_version(occasion, activity, lesson, version)
    edited = version or before
    assert edited is not None  # noqa: S101 - refused above
    if version is None and lesson.current == 0 and edited.opens:
        lesson.current = edited.number
    _dress(occasion, edited, before, values, marks, access)
    if version is not None:
        preparing.ask_for(occasion, activity, lesson, version)


def _kind(occasion: Occasion, lesson: Lesson | None, values: Mapping[str, Any]) -> str:
    kind = values.get("kind") or (lesson.kind if lesson is not None else "video")
    same = lesson is not None and lesson.kind == kind
    if kind not in models.KINDS or not (same or kind in settings(occasion).kinds):
        raise Invalid(_("Lessons of this kind cannot be added here."), "kind")
    return str(kind)


def _page_seconds(kind: str, values: Mapping[str, Any]) -> int:
    if kind in MEDIA_KINDS:
        return int(values.get("page_seconds") or 30)
    seconds = values.get("page_seconds")
    if seconds is None:
        seconds = 120 if kind == "text" else 30
    most = LONGEST_TEXT if kind == "text" else LONGEST_PAGE
    if not 1 <= int(seconds) <= most:
        raise Invalid(_("Between 1 and ${most} seconds.", mapping={"most": most}), "page_seconds")
    return int(seconds)


def _text(values: Mapping[str, Any]) -> tuple[str, str, str]:
    form = values.get("markup") or "markdown"
    if form not in {"markdown", "html"}:
        raise Invalid(_("Choose Markdown or HTML."), "markup")
    source = clean_text(values.get("source"), "source", TEXT_LIMIT, required=True)
    render = markup.clean_html if form == "html" else markup.render_markdown
    return source, form, str(render(source, field="source"))


def _take_media(
    occasion: Occasion,
    kind: str,
    lesson: Lesson | None,
    values: Mapping[str, Any],
    access: str,
) -> MediaVersion | None:
    """A new version of what was uploaded; None when nothing was."""
    upload: AnyUpload | None = values.get("media")
    images: Sequence[AnyUpload] = (values.get("images") or ()) if kind == "slides" else ()
    images = sorted(images, key=lambda image: _in_order(image.filename))
    if upload is not None and images:
        raise Invalid(_("Choose a PDF or pictures, not both."), "images")
    if upload is None and not images:
        return None
    number = lesson.newest.number + 1 if lesson is not None and lesson.newest is not None else 1
    limits = settings(occasion)
    if upload is not None:
        with opened(upload) as stream:
            found = examining.examine(kind, stream, limits)
        kept = files.keep_upload(
            occasion, upload, access, field="media", accept=examining.ACCEPT[kind]
        )
        version = MediaVersion(number, kind, kept.id, (), occasion.now)
        found.apply_to(version)
    else:
        with ExitStack() as stack:
            streams = [stack.enter_context(opened(image)) for image in images]
            examining.examine_images(streams, limits)
        pictures = [
            files.keep_upload(occasion, image, access, field="images", accept=examining.IMAGES)
            for image in images
        ]
        version = MediaVersion(number, kind, 0, tuple(p.id for p in pictures), occasion.now)
    version.author = occasion.actor.id if occasion.actor is not None else 0
    return version


def _in_order(filename: str) -> list[tuple[int, str]]:
    """Sorts "page 10" behind "page 9"."""
    parts = re.findall(r"[0-9]+|[^0-9]+", filename)
    return [(int(p), "") if p.isdigit() else (0, p.casefold()) for p in parts]


def _add_version(
    occasion: Occasion, activity: Activity, lesson: Lesson, version: MediaVersion
) -> None:
    lesson.versions = (*lesson.versions, version)
    if version.playable:
        lesson.current = version.number
    occasion.record(
        "lesson_version",
        course=lesson.course,
        values={
            "activity": activity.id,
            "version": version.number,
            "kind": version.kind,
            "file": version.original,
        },
    )


def _dress(
    occasion: Occasion,
    version: MediaVersion,
    before: MediaVersion | None,
    values: Mapping[str, Any],
    marks: tuple[models.Chapter, ...],
    access: str,
) -> None:
    """Chapters, captions and poster. A new version takes over what the last one had."""
    chapters.check_within(marks, version.length)
    version.chapters = marks
    if version.kind not in MEDIA_KINDS:
        return
    if before is not None and before is not version:
        version.captions = tuple(
            Caption(c.language, files.copy_file(occasion, c.file, access)) for c in before.captions
        )
        if before.chosen_poster:
            version.chosen_poster = files.copy_file(occasion, before.chosen_poster, access)
    language = str(values.get("language") or "zh")
    upload: AnyUpload | None = values.get("captions")
    gone = {language} if upload is not None else set()
    if values.get("remove_captions"):
        gone = {caption.language for caption in version.captions}
    for caption in version.captions:
        if caption.language in gone:
            files.drop_file(occasion, caption.file)
    kept = tuple(c for c in version.captions if c.language not in gone)
    if upload is not None:
        with opened(upload) as stream:
            content = captions.to_webvtt(stream)
        name = f"captions-{language}.vtt"
        stored = files.store(occasion, content, name, access, "text/vtt")
        kept = (*kept, Caption(language, stored.id))
    if len(kept) > MOST_CAPTIONS:
        raise Invalid(
            _("At most ${limit} languages.", mapping={"limit": MOST_CAPTIONS}), "captions"
        )
    version.captions = kept
    poster: AnyUpload | None = values.get("poster")
    if poster is not None:
        with opened(poster) as stream:
            drawn = make_cover(stream, field="poster")
        if version.chosen_poster:
            files.drop_file(occasion, version.chosen_poster)
        version.chosen_poster = files.store(occasion, drawn.large, "poster.webp", access).id


def values_of(occasion: Occasion, activity: Activity) -> dict[str, Any]:
    """What the form shows."""
    lesson = find(occasion.site, activity)
    if lesson is None:
        return {"kind": "video", "markup": "markdown", "page_seconds": 30, "language": "zh"}
    newest = lesson.newest
    return {
        "kind": lesson.kind,
        "page_seconds": lesson.page_seconds,
        "source": lesson.source,
        "markup": lesson.markup,
        "chapters": chapters.text_of(newest.chapters) if newest is not None else "",
        "language": "zh",
    }


# Copying and dropping


def delete(occasion: Occasion, activity: Activity) -> None:
    """Drop a lesson with all its files."""
    lesson = find(occasion.site, activity)
    if lesson is None:
        return
    for version in lesson.versions:
        drop_files(occasion, version.files())
        # A preparation that is under way finds this, and stops.
        version.state = "gone"
    del models.lessons_of(occasion.site.plugin_data(PLUGIN))[activity.id]


def copy(occasion: Occasion, source: Activity, target: Activity) -> None:
    """Give `target` the lesson of `source`: the text, or the newest upload, prepared anew."""
    lesson = find(occasion.site, source)
    if lesson is None:
        return
    twin = Lesson(lesson.kind, target.course.id)
    for name in ("page_seconds", "source", "markup", "html"):
        setattr(twin, name, getattr(lesson, name))
    models.put(occasion.site.plugin_data(PLUGIN), target.id, twin)
    newest = lesson.newest
    if newest is None or lesson.kind == "text":
        return
    access = access_of(target.course.id)

    def copied(id: int) -> int:
        return files.copy_file(occasion, id, access) if id else 0

    version = MediaVersion(
        1, newest.kind, copied(newest.original), tuple(map(copied, newest.images)), occasion.now
    )
    for name in ("length", "width", "height", "playable", "chapters"):
        setattr(version, name, getattr(newest, name))
    if newest.bytes is not None:
        old = newest.bytes
        version.bytes = models.ByteMap(old.every, old.offsets, old.index)
    version.captions = tuple(Caption(c.language, copied(c.file)) for c in newest.captions)
    version.chosen_poster = copied(newest.chosen_poster)
    version.author = occasion.actor.id if occasion.actor is not None else 0
    _add_version(occasion, target, twin, version)
    preparing.ask_for(occasion, target, twin, version)


# Showing


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a lesson needs to know; it fetches the addresses itself.

    :param version: name of the version that opens now (see `timelines`), "" while none does
    :param length: seconds of the time line
    :param media: played (True) or read
    :param state: of the newest upload: "ready", "waiting", "working", "failed"
    :param problem: why it failed, or what is missing
    :param newest: number of the newest version, 0 for a text
    """

    kind: str
    version: str
    length: int
    media: bool
    state: str
    problem: Message
    chapters: tuple[models.Chapter, ...]
    html: str
    page_seconds: int
    pages: int
    newest: int


def shown(occasion: Occasion, activity: Activity, lesson: Lesson) -> Shown:
    """A lesson for its page."""
    line = timelines.timeline_of(lesson)
    newest = lesson.newest if lesson.kind != "text" else None
    opened = lesson.opened
    return Shown(
        kind=lesson.kind if opened is None else opened.kind,
        version=line.version if line is not None else "",
        length=line.length if line is not None else 0,
        media=(opened.kind if opened is not None else lesson.kind) in MEDIA_KINDS,
        state=preparing.state_of(occasion, newest) if newest is not None else "ready",
        problem=problems.sentence(newest.problem, newest.problem_values) if newest else "",
        chapters=opened.chapters if opened is not None else (),
        html=lesson.html if lesson.kind == "text" else "",
        page_seconds=lesson.page_seconds,
        pages=opened.page_count if opened is not None else 0,
        newest=newest.number if newest is not None else 0,
    )
