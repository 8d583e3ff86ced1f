"""The time line of a lesson: what the study engine counts, and its name.

A *name* says which upload it is and, where pages are read, how long each takes: "2" is the second
upload of a video, "2-30" the second PDF with 30 seconds a page, "0-120" a text. Progress belongs to
a name, so a changed reading time begins anew and a changed title does not.
"""

from modou.declarations import Timeline
from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_lesson.models import MEDIA_KINDS, Lesson, MediaVersion
from modou_lesson.services.shelf import find


def timeline(occasion: Occasion, activity: Activity) -> Timeline | None:
    """The time line that opens now; None while nothing can be studied."""
    lesson = find(occasion.site, activity)
    return timeline_of(lesson) if lesson is not None else None


def timeline_of(lesson: Lesson) -> Timeline | None:
    if lesson.kind == "text" and not lesson.current:
        seconds = lesson.page_seconds
        return Timeline(f"0-{seconds}", seconds, False, (seconds,))
    version = lesson.opened
    return timeline_of_version(version, lesson.page_seconds) if version is not None else None


def timeline_of_version(version: MediaVersion, page_seconds: int) -> Timeline | None:
    if not version.opens:
        return None
    if version.kind in MEDIA_KINDS:
        return Timeline(str(version.number), version.length, True)
    pages = (page_seconds,) * version.page_count
    return Timeline(f"{version.number}-{page_seconds}", sum(pages), False, pages)


def read_name(name: str) -> tuple[int, int]:
    """(number of the version, seconds a page or 0) of a name.

    :raises ValueError: it is none
    """
    number, _dash, seconds = name.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise ValueError(name)
    if seconds and not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
        raise ValueError(name)
    return int(number), int(seconds or 0)
