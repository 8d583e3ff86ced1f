"""What lessons store, under the id of the activity.

::

    site.plugins["lesson"]["lessons"]     WideLOBTree: activity id -> Lesson
        .versions                         MediaVersion, the oldest first
            .renditions                   Rendition: the segments of one quality
            .pages                        PageTable: the pages of a PDF or of slides
            .bytes                        ByteMap: where in the original which second lies

Everything that was made of an upload is a stored file (`site.files`); the versions hold the ids.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from persistent import Persistent

from modou.store.containers import WideLOBTree

#: Kinds of lesson.
KINDS = ("video", "audio", "pdf", "slides", "text")
#: Kinds whose time is media time; the others are read page by page.
MEDIA_KINDS = frozenset({"video", "audio"})


class Caption(NamedTuple):
    """Captions in one language. `file`: id of a stored WebVTT file; `language`: BCP 47."""

    language: str
    file: int


class Chapter(NamedTuple):
    """A chapter begins at `second`."""

    second: int
    title: str


class Rendition(Persistent):
    """A video or its sound in one quality, cut into segments of fragmented MP4.

    :param name: "720p", "360p", "audio"
    :param bandwidth: peak, in bits per second
    :param codecs: as RFC 6381 has them
    :param init: id of the stored file that goes before every segment
    :param milliseconds: how long each segment lasts
    :param files: ids of the segments' stored files
    """

    def __init__(
        self,
        name: str,
        width: int,
        height: int,
        bandwidth: int,
        codecs: str,
        init: int,
        milliseconds: tuple[int, ...],
        files: tuple[int, ...],
    ) -> None:
        self.name = name
        self.width = width
        self.height = height
        self.bandwidth = bandwidth
        self.codecs = codecs
        self.init = init
        self.milliseconds = milliseconds
        self.files = files

    def before(self, second: float | None) -> int:
        """How many segments start before `second`, from the first on; None: all of them."""
        if second is None:
            return len(self.files)
        start = 0
        for number, length in enumerate(self.milliseconds):
            if start >= second * 1000:
                return number
            start += length
        return len(self.files)

    def at(self, second: float) -> int:
        """Number of the segment that holds `second`; the last one beyond the end."""
        end = 0
        for number, length in enumerate(self.milliseconds):
            end += length
            if second * 1000 < end:
                return number
        return max(0, len(self.files) - 1)


class Page(NamedTuple):
    """A page as two pictures, and its text. `small`, `large`: ids of stored WebP files; `width`,
    `height`: pixels of the large one."""

    small: int
    large: int
    width: int
    height: int
    text: str


class PageTable(Persistent):
    """The pages of a PDF or of slides, in order."""

    def __init__(self, pages: tuple[Page, ...]) -> None:
        self.pages = pages


class ByteMap(Persistent):
    """Which part of an original may be handed out for a moment.

    :param every: seconds between two entries of `offsets`
    :param offsets: entry k: no byte before it belongs to a sample later than k * every seconds
    :param index: where the file's table of contents lies (first byte, byte behind it); it is
        always handed out
    """

    def __init__(self, every: int, offsets: tuple[int, ...], index: tuple[int, int]) -> None:
        self.every = every
        self.offsets = offsets
        self.index = index

    def before(self, second: float, size: int) -> int:
        """How many bytes from the start may be handed out up to `second`; `size`: all of them."""
        number = max(0, int(second // self.every))
        return self.offsets[number] if number < len(self.offsets) else size


class MediaVersion(Persistent):
    """One upload of a lesson and everything made of it. Times in seconds UTC.

    Learners who opened it keep it, and their progress is its progress, also when a newer version
    opens for others.

    :param number: from 1; stays with the version for ever
    :param original: id of the uploaded file, 0 for slides of pictures
    :param images: ids of the uploaded pictures of slides, in order
    :param author: id of the user who sent it
    """

    #: "waiting" (for its preparation), "working", "ready", "failed"
    state: str = "waiting"
    #: What is wrong (see `modou_lesson.services.problems`) and the values of its sentence.
    problem: str = ""
    problem_values: dict[str, Any] = {}
    #: Seconds of media.
    length: int = 0
    width: int = 0
    height: int = 0
    #: Browsers play the original as it is, and `bytes` tells what may be handed out.
    playable: bool = False
    bytes: ByteMap | None = None
    renditions: tuple[Rendition, ...] = ()
    #: Ids of pictures: taken from the film, and chosen by the teacher.
    poster: int = 0
    chosen_poster: int = 0
    #: Small pictures for the time line: ids of sheets of `SHEET` pictures each.
    sheets: tuple[int, ...] = ()
    sheet_every: int = 0
    captions: tuple[Caption, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    pages: PageTable | None = None
    #: How many pages; the table itself is large.
    page_count: int = 0
    #: Files of a preparation that has not come to its end.
    unfinished: tuple[int, ...] = ()
    #: Id of the job that prepares it.
    job: Any = None
    prepared: int = 0

    def __init__(
        self, number: int, kind: str, original: int, images: tuple[int, ...], created: int
    ) -> None:
        self.number = number
        self.kind = kind
        self.original = original
        self.images = images
        self.created = created
        self.author = 0

    @property
    def opens(self) -> bool:
        """Whether learners can study it now."""
        return bool(self.renditions) or self.playable or self.pages is not None

    def made(self) -> Iterator[int]:
        """Ids of the files that the preparation made."""
        yield from (self.poster,) if self.poster else ()
        yield from self.sheets
        yield from self.unfinished
        for rendition in self.renditions:
            yield rendition.init
            yield from rendition.files
        for page in self.pages.pages if self.pages is not None else ():
            yield page.small
            yield page.large

    def files(self) -> Iterator[int]:
        """Ids of all its files."""
        yield from self.made()
        yield from (self.original,) if self.original else ()
        yield from self.images
        yield from (self.chosen_poster,) if self.chosen_poster else ()
        yield from (caption.file for caption in self.captions)


class Lesson(Persistent):
    """What an activity of the type "lesson" holds.

    :param kind: one of `KINDS`
    :param course: id of the course
    :param page_seconds: how long each page (or the text) must at least be read
    :param current: number of the version that opens; 0: none yet, or the text
    """

    page_seconds: int = 30
    source: str = ""
    markup: str = "markdown"
    html: str = ""
    versions: tuple[MediaVersion, ...] = ()
    current: int = 0

    def __init__(self, kind: str, course: int) -> None:
        self.kind = kind
        self.course = course

    def version(self, number: int) -> MediaVersion | None:
        for version in self.versions:
            if version.number == number:
                return version
        return None

    @property
    def newest(self) -> MediaVersion | None:
        return self.versions[-1] if self.versions else None

    @property
    def opened(self) -> MediaVersion | None:
        """The version that opens now."""
        return self.version(self.current)


def lessons_of(data: Any) -> Any:
    """The tree of lessons in the plugin's data; None while there is none."""
    return data.get("lessons") if data is not None else None


def put(data: Any, activity_id: int, lesson: Lesson) -> None:
    tree = data.get("lessons")
    if tree is None:
        tree = data["lessons"] = WideLOBTree()
    tree[activity_id] = lesson
