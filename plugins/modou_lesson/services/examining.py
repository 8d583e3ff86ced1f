"""A first look at an upload while its sender waits: what can be said without ffmpeg, at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from modou.errors import Invalid
from modou.services.media_types import HEAD, sniff, welcome
from modou_lesson.media import boxes, mp3, pages
from modou_lesson.media.verdicts import Unfit
from modou_lesson.models import ByteMap, MediaVersion
from modou_lesson.services import problems
from modou_lesson.settings import LessonSettings

_MP4 = frozenset({"video/mp4", "video/quicktime", "audio/mp4"})
_PDF = "application/pdf"
IMAGES = ("image/*",)
#: Kind of lesson -> which media types it takes. Some recorders call a sound a film, and the other
#: way round; what is in it is found out anyway.
ACCEPT = {
    "video": ("video/*", "audio/mp4"),
    "audio": ("audio/*", "video/*"),
    "pdf": (_PDF,),
    "slides": (_PDF,),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What a first look found; zeros where it takes ffmpeg to say."""

    length: int = 0
    width: int = 0
    height: int = 0
    playable: bool = False
    bytes: ByteMap | None = None

    def apply_to(self, version: MediaVersion) -> None:
        version.length, version.width, version.height = self.length, self.width, self.height
        version.playable, version.bytes = self.playable, self.bytes


def examine(kind: str, stream: IO[bytes], limits: LessonSettings) -> Examined:
    """
    :raises Invalid: the file cannot be a lesson of this kind; nothing is said of files that only
        ffmpeg knows
    """
    stream.seek(0)
    media_type = sniff(stream.read(HEAD), "", stream)
    if not welcome(media_type, ACCEPT[kind]):
        return Examined()  # `keep_upload` says so
    try:
        if media_type == _PDF:
            check_pages(pages.count(stream), limits)
            return Examined()
        if media_type in _MP4:
            return _movie(kind, stream, limits)
        if media_type == "audio/mpeg" and kind == "audio":
            sound = mp3.read(stream)
            check_length(sound.seconds, limits)
            table = ByteMap(boxes.EVERY, sound.offsets, sound.index)
            return Examined(int(sound.seconds), playable=True, bytes=table)
    except Unfit as error:
        raise Invalid(problems.sentence(error.code, error.values), "media") from None
    return Examined()


def _movie(kind: str, stream: IO[bytes], limits: LessonSettings) -> Examined:
    movie = boxes.read(stream)
    check_streams(kind, bool(movie.video), bool(movie.audio))
    if movie.seconds:
        check_length(movie.seconds, limits)
    if not movie.plays:
        return Examined(width=movie.width, height=movie.height)
    table = ByteMap(boxes.EVERY, movie.offsets, movie.index)
    return Examined(int(movie.seconds), movie.width, movie.height, True, table)


def check_streams(kind: str, video: bool, audio: bool) -> None:
    """:raises Unfit: no picture in a video, no sound in an audio"""
    if kind == "video" and not video:
        raise Unfit("no_picture")
    if kind == "audio" and not audio:
        raise Unfit("no_sound")


def check_length(seconds: float, limits: LessonSettings) -> None:
    """:raises Unfit: less than a second, or longer than the operator allows"""
    if seconds < 1:
        raise Unfit("empty_media")
    if seconds > limits.longest_minutes * 60:
        raise Unfit(
            "too_long",
            length=problems.clock(seconds),
            limit=problems.clock(limits.longest_minutes * 60),
        )


def check_pages(number: int, limits: LessonSettings) -> None:
    """:raises Unfit: none, or too many"""
    if number < 1:
        raise Unfit("pdf_empty")
    if number > limits.most_pages:
        raise Unfit("too_many_pages", pages=number, limit=limits.most_pages)


def examine_images(streams: Sequence[IO[bytes]], limits: LessonSettings) -> None:
    """:raises Invalid: no picture, too many of them, or one with too many pixels"""
    try:
        check_pages(len(streams), limits)
        for number, stream in enumerate(streams, start=1):
            pages.check_picture(stream, number)
    except Unfit as error:
        raise Invalid(problems.sentence(error.code, error.values), "images") from None
