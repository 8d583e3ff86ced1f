"""What the teacher's page shows of a lesson's uploads."""

from collections.abc import Iterable
from dataclasses import dataclass

from modou.errors import Message
from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_lesson.models import MediaVersion
from modou_lesson.services import preparing, problems
from modou_lesson.services.shelf import find


@dataclass(frozen=True, slots=True)
class Upload:
    """One version. Times in seconds UTC.

    :param filename: of the upload, "" for pictures
    :param megabytes: of the upload, and of what was made of it
    :param length: as people read it, "" for pages
    :param fraction: 0 to 1, how far its preparation is
    :param opens: it is the version that opens now
    :param studying: it can be studied
    """

    number: int
    kind: str
    state: str
    problem: Message
    filename: str
    author: str
    created: int
    length: str
    pages: int
    size: str
    qualities: tuple[str, ...]
    megabytes: float
    made_megabytes: float
    fraction: float
    opens: bool
    studying: bool
    busy: bool
    removable: bool


def uploads(occasion: Occasion, activity: Activity) -> list[Upload]:
    """The versions of a lesson, the newest first."""
    lesson = find(occasion.site, activity)
    if lesson is None:
        return []
    newest = lesson.newest
    return [
        _upload(occasion, version, lesson.current, version is newest)
        for version in reversed(lesson.versions)
    ]


def _upload(occasion: Occasion, version: MediaVersion, current: int, newest: bool) -> Upload:
    site = occasion.site
    state = preparing.state_of(occasion, version)
    job = preparing.job_of(occasion, version)
    original = site.files.get(version.original) if version.original else None
    author = site.users.get(version.author) if version.author else None
    problem = problems.sentence(version.problem, version.problem_values)
    if state == "failed" and not problem:
        problem = job.error if job is not None and job.error else problems.sentence("cancelled")
    busy = state in {"waiting", "working"}
    return Upload(
        number=version.number,
        kind=version.kind,
        state=state,
        problem=problem,
        filename=original.filename if original is not None else "",
        author=author.display_name if author is not None else "",
        created=version.created,
        length=problems.clock(version.length) if version.length else "",
        pages=version.page_count,
        size=f"{version.width} × {version.height}" if version.width else "",
        qualities=tuple(rendition.name for rendition in version.renditions),
        megabytes=_megabytes(occasion, [version.original, *version.images]),
        made_megabytes=0.0 if busy else _megabytes(occasion, version.made()),
        fraction=job.fraction if job is not None and busy else 0.0,
        opens=version.number == current,
        studying=version.opens,
        busy=busy,
        removable=not newest and version.number != current,
    )


def _megabytes(occasion: Occasion, ids: Iterable[int]) -> float:
    total = 0
    for id in ids:
        stored = occasion.site.files.get(id) if id else None
        total += stored.size if stored is not None else 0
    return total / 1e6
