"""Where lessons lie, and what all of this plugin's verbs need to find them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from modou.models.courses import Activity
from modou.models.site import Site
from modou.services import files
from modou.services import settings as core_settings
from modou.services.files import AnyUpload, FinishedUpload
from modou.services.occasion import Occasion
from modou_lesson import models
from modou_lesson.models import Lesson, MediaVersion
from modou_lesson.settings import LessonSettings

PLUGIN = "lesson"


def settings(occasion: Occasion) -> LessonSettings:
    return core_settings.read(occasion, PLUGIN, LessonSettings)


def find(site: Site, activity: Activity) -> Lesson | None:
    """The content of an activity of this plugin, None when there is none."""
    return find_by_id(site, activity.id)


def find_by_id(site: Site, activity_id: int) -> Lesson | None:
    lessons = models.lessons_of(site.plugins.get(PLUGIN))
    return lessons.get(activity_id) if lessons is not None else None


def find_version(site: Site, activity_id: int, number: int) -> MediaVersion | None:
    """A version of a lesson; None when either is gone."""
    lesson = find_by_id(site, activity_id)
    return lesson.version(number) if lesson is not None else None


def access_of(course_id: int) -> str:
    """Who may read the files of a lesson."""
    return f"course:{course_id}"


def drop_files(occasion: Occasion, ids: Iterable[int]) -> None:
    for id in tuple(ids):
        files.drop_file(occasion, id)


@contextmanager
def opened(upload: AnyUpload) -> Iterator[IO[bytes]]:
    """The bytes of an upload, for a look at them before it is kept."""
    stream = upload.stream
    try:
        yield stream
    finally:
        # What came with the form is read again when it is kept; what came in pieces is opened anew.
        if isinstance(upload, FinishedUpload):
            stream.close()
