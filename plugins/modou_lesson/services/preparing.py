"""Preparing an upload: a job that makes of it what browsers play, and notes how that went.

What it makes is stored bit by bit under `MediaVersion.unfinished`, and becomes the version's own in
one transaction at the end: a version is prepared or it is not. Begun again after a crash, the job
drops what the last try left.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modou.errors import Conflict, Invalid
from modou.models.courses import Activity
from modou.models.jobs import CANCELLED, QUEUED
from modou.services import files, jobs
from modou.services.jobs import JobContext
from modou.services.jobs.context import Interrupted
from modou.services.occasion import Occasion
from modou_lesson import permissions
from modou_lesson.i18n import _
from modou_lesson.media import hls, pages, tools
from modou_lesson.media.hls import Cut
from modou_lesson.media.verdicts import Cancelled, Unfit
from modou_lesson.models import Lesson, MediaVersion, Page, PageTable, Rendition
from modou_lesson.services import examining, problems
from modou_lesson.services.shelf import (
    access_of,
    drop_files,
    find_by_id,
    find_version,
    settings,
)
from modou_lesson.settings import LessonSettings

JOB = "lesson_prepare"
_FOLDER = "modou-lesson-"
#: Seconds after which a folder that a killed job left is cleared away.
_LEFT_OVER = 24 * 3600
#: Files stored in one transaction.
_BATCH = 50
_MP4 = "video/mp4"
_WEBP = "image/webp"
_JPEG = "image/jpeg"
#: What is made may be so much shorter than what the file promises, in seconds.
_SHORTER = 5.0


# Asking for it


def ask_for(occasion: Occasion, activity: Activity, lesson: Lesson, version: MediaVersion) -> None:
    """Have a version prepared once this transaction is committed."""
    version.state, version.problem, version.problem_values = "waiting", "", {}
    record = jobs.enqueue(occasion, JOB, activity=activity.id, version=version.number)
    version.job = record.id


def repeat(occasion: Occasion, activity: Activity, number: int) -> None:
    """Prepare a version once more.

    :raises Conflict: it is being prepared, or gone
    """
    occasion.require(permissions.PREPARE, activity)
    lesson = find_by_id(occasion.site, activity.id)
    version = lesson.version(number) if lesson is not None else None
    if lesson is None or version is None:
        raise Conflict(_("This version is gone."))
    if state_of(occasion, version) in {"waiting", "working"}:
        raise Conflict(_("It is being prepared."))
    ask_for(occasion, activity, lesson, version)


def stop(occasion: Occasion, activity: Activity, number: int) -> None:
    """Stop the preparation of a version.

    :raises Conflict: it has ended
    """
    occasion.require(permissions.PREPARE, activity)
    version = find_version(occasion.site, activity.id, number)
    record = occasion.site.jobs.records.get(version.job) if version is not None else None
    if record is None or not record.is_open:
        raise Conflict(_("This preparation has ended."))
    if record.state == QUEUED:
        jobs.store(occasion).end(record, CANCELLED, occasion.now)
    else:
        # Who asked for it may be somebody else: teachers of the course share its lessons.
        record.cancelling = True


def remove_version(occasion: Occasion, activity: Activity, number: int) -> None:
    """Drop an old version with its files; whoever watches it cannot go on.

    :raises Conflict: it is the one that opens, or the newest
    """
    occasion.require(permissions.PREPARE, activity)
    lesson = find_by_id(occasion.site, activity.id)
    version = lesson.version(number) if lesson is not None else None
    if lesson is None or version is None:
        raise Conflict(_("This version is gone."))
    if number == lesson.current or version is lesson.newest:
        raise Conflict(_("Only versions that a newer one has replaced can be removed."))
    drop_files(occasion, version.files())
    version.state = "gone"
    lesson.versions = tuple(v for v in lesson.versions if v is not version)
    occasion.record(
        "lesson_version_removed",
        course=lesson.course,
        values={"activity": activity.id, "version": number},
    )


def job_of(occasion: Occasion, version: MediaVersion) -> jobs.JobView | None:
    """The job that prepares a version, or did so last; None when it is forgotten."""
    record = occasion.site.jobs.records.get(version.job) if version.job else None
    return jobs.view(occasion, record) if record is not None else None


def state_of(occasion: Occasion, version: MediaVersion) -> str:
    """The state of a version: also when its job was stopped and could not say so."""
    if version.state not in {"waiting", "working"}:
        return version.state
    job = job_of(occasion, version)
    return version.state if job is not None and job.is_open else "failed"


# The job


class _Gone(Exception):
    """The version was deleted meanwhile: there is nothing to do any more."""


@dataclass(slots=True)
class _Work:
    """What one run of the job is about."""

    context: JobContext
    activity: int
    number: int
    kind: str
    access: str
    limits: LessonSettings
    folder: Path
    source: Path
    #: What is being done now, and which part of the whole it is.
    start: float = 0.0
    share: float = 1.0

    def version(self, occasion: Occasion) -> MediaVersion:
        found = find_version(occasion.site, self.activity, self.number)
        if found is None or found.state == "gone":
            raise _Gone
        return found

    def part(self, start: float, share: float) -> None:
        self.start, self.share = start, share

    def tick(self, fraction: float) -> None:
        text = _("${percent} % prepared", mapping={"percent": self._percent(fraction)})
        self.context.progress(self.start + self.share * min(1.0, fraction), text)

    def _percent(self, fraction: float) -> int:
        return int(100 * (self.start + self.share * min(1.0, fraction)))

    def ticker(self, seconds: float) -> Callable[[float], None]:
        """For work that tells how many seconds of the media are done."""
        return lambda done: self.tick(done / max(1.0, seconds))


def prepare(context: JobContext) -> None:
    """The job: `context.values` has the activity's id and the version's number.

    :raises Invalid: what is wrong with the file; the version keeps it as well
    """
    try:
        with _workshop(context) as work:
            if work is not None:
                _prepare(work)
    except _Gone:
        return
    except Cancelled:
        raise Interrupted from None
    except Unfit as error:
        _note_failure(context, error)
        raise Invalid(problems.sentence(error.code, error.values)) from None


@contextmanager
def _workshop(context: JobContext) -> Iterator[_Work | None]:
    """A folder with the source in it, gone at the end."""
    activity, number = int(context.values["activity"]), int(context.values["version"])
    with context.occasion() as occasion:
        lesson = find_by_id(occasion.site, activity)
        version = lesson.version(number) if lesson is not None else None
        if lesson is None or version is None:
            yield None
            return
        version.state = "working"
        drop_files(occasion, version.unfinished)
        version.unfinished = ()
        place = _place(occasion)
        kind, access = version.kind, access_of(lesson.course)
        limits = settings(occasion)
    _clear_left_overs(place)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=place))
    try:
        with context.occasion() as occasion:
            source = _bring(occasion, activity, number, folder)
        yield _Work(context, activity, number, kind, access, limits, folder, source)
    except OSError as error:
        raise Unfit("no_room") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(occasion: Occasion) -> Path:
    """Where the database keeps its own temporary files: on the disk of the stored files, so that
    an original needs no copy."""
    with suppress(AttributeError, OSError):
        place = Path(occasion.storage.temporaryDirectory())
        place.mkdir(parents=True, exist_ok=True)
        return place
    return Path(tempfile.gettempdir())


def _clear_left_overs(place: Path) -> None:
    for folder in place.glob(f"{_FOLDER}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_OVER:
                shutil.rmtree(folder, ignore_errors=True)


def _bring(occasion: Occasion, activity: int, number: int, folder: Path) -> Path:
    """The original as `source` in the folder, or the pictures in the folder `source`."""
    version = find_version(occasion.site, activity, number)
    if version is None:
        raise _Gone
    source = folder / "source"
    if version.original:
        _bring_file(occasion, version.original, source)
        return source
    source.mkdir()
    for count, id in enumerate(version.images, start=1):
        _bring_file(occasion, id, source / f"{count:05}")
    return source


def _bring_file(occasion: Occasion, id: int, target: Path) -> None:
    stored = occasion.site.files.get(id)
    if stored is None:
        raise Unfit("source_gone")
    try:
        os.link(stored.blob.committed(), target)
    except OSError:
        with stored.open() as stream, target.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)


def _prepare(work: _Work) -> None:
    if work.kind in {"pdf", "slides"}:
        _prepare_pages(work)
    elif tools.missing():
        _do_without(work)
    else:
        _prepare_media(work)


def _do_without(work: _Work) -> None:
    with work.context.occasion() as occasion:
        version = work.version(occasion)
        if not version.playable:
            raise Unfit("needs_ffmpeg")
        _finish(occasion, work, version)
        version.problem = "no_ffmpeg"


# Video and audio


def _prepare_media(work: _Work) -> None:
    probe = tools.probe(work.source)
    examining.check_streams(work.kind, bool(probe.codec), bool(probe.audio))
    if probe.seconds:
        examining.check_length(probe.seconds, work.limits)
    cancelled = work.context.cancelled
    poster: Path | None = None
    sheets: list[Path] = []
    every = work.limits.sprite_interval
    if work.kind == "audio":
        work.part(0.0, 0.9)
        tick = work.ticker(probe.seconds)
        cuts = hls.cut_audio(work.source, work.folder, probe, tick, cancelled)
    else:
        limits = work.limits
        plan = hls.plan(probe, work.source, ladder=limits.ladder, copy=limits.copy_720p)
        poster = hls.draw_poster(work.source, work.folder, probe, cancelled)
        work.part(0.02, 0.83)
        tick = work.ticker(probe.seconds)
        cuts = hls.cut_video(work.source, work.folder, probe, plan, tick, cancelled)
        work.part(0.85, 0.05)
        tick = work.ticker(probe.seconds)
        sheets = hls.draw_sheets(work.source, work.folder, probe, every, tick, cancelled)
    seconds = sum(cuts[-1].milliseconds) / 1000
    _check_whole(probe.seconds, seconds)
    examining.check_length(seconds, work.limits)
    work.part(0.9, 0.1)
    renditions = [_keep_cut(work, cut) for cut in cuts]
    sheet_ids = _keep(work, sheets, _JPEG)
    poster_ids = _keep(work, [poster] if poster is not None and poster.exists() else [], _JPEG)
    with work.context.occasion() as occasion:
        version = work.version(occasion)
        before = tuple(version.made())
        version.renditions = tuple(renditions)
        version.sheets, version.sheet_every = sheet_ids, every
        version.poster = poster_ids[0] if poster_ids else 0
        if not version.length:
            # A length that people study by does not change.
            version.length = max(1, int(seconds))
        if probe.codec:
            version.width, version.height = probe.width, probe.height
        version.chapters = tuple(c for c in version.chapters if c.second < version.length)
        _drop_replaced(occasion, version, before)
        _finish(occasion, work, version)


def _check_whole(expected: float, found: float) -> None:
    if expected - found > max(_SHORTER, expected * 0.03):
        raise Unfit("cut_off", expected=problems.clock(expected), found=problems.clock(found))


def _keep_cut(work: _Work, cut: Cut) -> Rendition:
    init, *segments = _keep(work, [cut.init, *cut.segments], _MP4)
    return Rendition(
        cut.name,
        cut.width,
        cut.height,
        cut.bandwidth,
        cut.codecs,
        init,
        tuple(cut.milliseconds),
        tuple(segments),
    )


# Pages


def _prepare_pages(work: _Work) -> None:
    target = work.folder / "pages"
    target.mkdir()
    drawn: list[dict[str, Any]] = []
    work.part(0.0, 0.9)
    for told in _draw(work, target):
        if "unfit" in told:
            raise Unfit(told["unfit"], **told["values"])
        drawn.append(told)
        work.tick(told["page"] / told["pages"])
    examining.check_pages(len(drawn), work.limits)
    work.part(0.9, 0.1)
    names = [f"{told['page']:05}" for told in drawn]
    small = _keep(work, [target / f"{name}-small.webp" for name in names], _WEBP)
    large = _keep(work, [target / f"{name}-large.webp" for name in names], _WEBP)
    table = PageTable(
        tuple(
            Page(small[at], large[at], told["width"], told["height"], told["text"])
            for at, told in enumerate(drawn)
        )
    )
    with work.context.occasion() as occasion:
        version = work.version(occasion)
        before = tuple(version.made())
        version.pages, version.page_count = table, len(table.pages)
        _drop_replaced(occasion, version, before)
        _finish(occasion, work, version)


def _draw(work: _Work, target: Path) -> Iterator[dict[str, Any]]:
    """What `modou_lesson.media.pages` tells, page by page.

    :raises Unfit: it died of the file
    """
    command = [sys.executable, "-m", pages.__name__, str(work.source), str(target)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(  # noqa: S603 - this plugin's own program
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        told: dict[str, Any] = {}
        try:
            for line in process.stdout:
                if work.context.cancelled():
                    raise Cancelled
                told = json.loads(line)
                yield told
        finally:
            if process.poll() is None and sys.exc_info()[0] is not None:
                tools.end(process)
        if process.wait() and "unfit" not in told:
            raise Unfit("pdf_broken")


# Keeping what was made


def _keep(work: _Work, paths: Sequence[Path], media_type: str) -> tuple[int, ...]:
    """Ids of the stored files of `paths`, in order; the paths are gone afterwards."""
    ids: list[int] = []
    for first in range(0, len(paths), _BATCH):
        if work.context.cancelled():
            raise Cancelled
        batch = paths[first : first + _BATCH]
        with work.context.occasion() as occasion:
            version = work.version(occasion)
            made = [
                files.store_path(occasion, path, path.name, work.access, media_type).id
                for path in batch
            ]
            version.unfinished = (*version.unfinished, *made)
        ids += made
        for path in batch:
            path.unlink()
        work.tick(min(1.0, (first + len(batch)) / len(paths)))
    return tuple(ids)


def _drop_replaced(occasion: Occasion, version: MediaVersion, before: Sequence[int]) -> None:
    """Drop what an earlier preparation made."""
    version.unfinished = ()
    drop_files(occasion, set(before) - set(version.made()))


def _finish(occasion: Occasion, work: _Work, version: MediaVersion) -> None:
    version.state, version.problem, version.problem_values = "ready", "", {}
    version.prepared = occasion.now
    lesson = find_by_id(occasion.site, work.activity)
    if lesson is None:
        raise _Gone
    if lesson.kind != "text" and version.number > lesson.current:
        lesson.current = version.number
    occasion.record(
        "lesson_prepared",
        course=lesson.course,
        values={
            "activity": work.activity,
            "version": version.number,
            "kind": version.kind,
            "length": version.length,
        },
    )


def _note_failure(context: JobContext, error: Unfit) -> None:
    activity, number = int(context.values["activity"]), int(context.values["version"])
    with context.occasion() as occasion:
        version = find_version(occasion.site, activity, number)
        if version is None or version.state == "gone":
            return
        version.state = "failed"
        version.problem, version.problem_values = error.code, dict(error.values)
        drop_files(occasion, version.unfinished)
        version.unfinished = ()
