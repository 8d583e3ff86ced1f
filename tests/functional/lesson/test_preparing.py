"""From an upload to what browsers play, with a real ffmpeg and real files, good and bad."""

import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PIL import Image

from modou.errors import Invalid
from modou.services import teaching
from modou.services.jobs import JobContext
from modou.services.jobs.context import Interrupted
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues
from modou.store.containers import encode_id
from modou_lesson.media import tools
from modou_lesson.models import Lesson, MediaVersion
from modou_lesson.services import lessons, looking, preparing, shelf, timelines
from tests import factories
from tests import lesson_media as media
from tests.conftest import SiteUnderTest

pytestmark = [media.needs_ffmpeg, pytest.mark.xdist_group("lesson_media")]
Make = Callable[..., SiteUnderTest]


def lesson_site(make_site: Make, **settings: str) -> SiteUnderTest:
    under_test = make_site(**{"modou.plugins": "lesson", **settings})
    with under_test.occasion() as occasion:
        factories.user(occasion, "teacher", role="operator")
        factories.course(occasion)
    return under_test


@pytest.fixture
def site(make_site: Make) -> SiteUnderTest:
    return lesson_site(make_site)


def course_of(occasion: Occasion) -> Any:
    return next(iter(occasion.site.courses))


def add(site: SiteUnderTest, kind: str, **values: Any) -> int:
    """Add a lesson; the activity's id."""
    with site.occasion("teacher") as occasion:
        course = course_of(occasion)
        activity = teaching.create_activity(
            occasion,
            course,
            course.outline[0],
            "lesson",
            ActivityValues("第 1 节"),
            {"kind": kind, **values},
        )
        return activity.id


def change(site: SiteUnderTest, id: int, **values: Any) -> None:
    with site.occasion("teacher") as occasion:
        activity = course_of(occasion).activities.by_id(id)
        before = lessons.values_of(occasion, activity)
        lessons.save(occasion, activity, {**before, **values})


def lesson(occasion: Occasion, id: int) -> Lesson:
    found = shelf.find_by_id(occasion.site, id)
    assert found is not None
    return found


def newest(occasion: Occasion, id: int) -> MediaVersion:
    found = lesson(occasion, id).newest
    assert found is not None
    return found


def refused(site: SiteUnderTest, kind: str, **values: Any) -> Mapping[str, str]:
    """What the form says of an upload, by field; nothing is kept of it."""
    with pytest.raises(Invalid) as caught:
        add(site, kind, **values)
    with site.occasion() as occasion:
        assert len(occasion.site.files) == 0
    return {name: found[0].interpolate() for name, found in caught.value.errors.items()}


def nothing_left_over(occasion: Occasion) -> bool:
    return not list(Path(occasion.storage.temporaryDirectory()).glob("modou-lesson-*"))


def failure(site: SiteUnderTest, id: int) -> str:
    """What the teacher reads about a preparation that failed; nothing is left of it."""
    site.work()
    with site.occasion() as occasion:
        version = newest(occasion, id)
        assert version.state == "failed"
        assert not version.unfinished
        assert not version.renditions
        activity = course_of(occasion).activities.by_id(id)
        [upload] = looking.uploads(occasion, activity)
        assert timelines.timeline(occasion, activity) is None
        # What was sent is there, and nothing else.
        assert set(occasion.site.files.ids()) == set(version.files())
        assert len(occasion.site.files) == 1
        assert nothing_left_over(occasion)
        return upload.problem.interpolate()  # type: ignore[union-attr]


def joined(occasion: Occasion, version: MediaVersion, name: str, target: Path) -> Path:
    """A rendition as one file again."""
    [rendition] = [r for r in version.renditions if r.name == name]
    with target.open("wb") as out:
        for id in (rendition.init, *rendition.files):
            with occasion.site.files.by_id(id).open() as stream:
                out.write(stream.read())
    return target


def picture_of(occasion: Occasion, id: int) -> tuple[str | None, tuple[int, int]]:
    with occasion.site.files.by_id(id).open() as stream, Image.open(stream) as picture:
        return picture.format, picture.size


def uploads_url(site: SiteUnderTest, id: int) -> str:
    with site.occasion() as occasion:
        return f"/courses/{course_of(occasion).key}/a/{encode_id(id)}/uploads"


@pytest.mark.any_storage
class TestVideo:
    def test_two_qualities_poster_and_preview_pictures(
        self, site: SiteUnderTest, tmp_path: Path
    ) -> None:
        id = add(site, "video", media=media.upload(media.video(seconds=20)))
        with site.occasion() as occasion:
            version = newest(occasion, id)
            # It plays at once, as it is.
            assert (version.state, version.playable, version.length) == ("waiting", True, 20)
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert (version.state, version.problem) == ("ready", "")
            small, large = version.renditions
            assert (small.name, small.width, small.height) == ("360p", 640, 360)
            assert (large.name, large.width, large.height) == ("720p", 1280, 720)
            assert small.codecs.startswith("avc1.")
            assert small.codecs.endswith(",mp4a.40.2")
            # A player can change between them at every segment.
            assert small.milliseconds == large.milliseconds == (6000, 6000, 6000, 2000)
            assert picture_of(occasion, version.poster) == ("JPEG", (1280, 720))
            [sheet] = version.sheets
            assert picture_of(occasion, sheet) == ("JPEG", (3 * 160, 2 * 90))
            assert not version.unfinished
            assert nothing_left_over(occasion)
            access = {occasion.site.files.by_id(i).access for i in version.files()}
            assert access == {f"course:{course_of(occasion).id}"}
            assert set(occasion.site.files.ids()) == set(version.files())
            film = joined(occasion, version, "720p", tmp_path / "joined.mp4")
        found = tools.probe(film)
        assert (found.codec, found.audio, found.width) == ("h264", "aac", 1280)
        assert found.seconds == pytest.approx(20, abs=0.3)

    def test_few_key_frames_are_mended_by_encoding_anew(self, site: SiteUnderTest) -> None:
        id = add(site, "video", media=media.upload(media.video(12, gap=20)))
        site.work()
        with site.occasion() as occasion:
            renditions = newest(occasion, id).renditions
            assert [r.milliseconds for r in renditions] == [(6000, 6000)] * 2

    def test_without_the_ladder(self, make_site: Make) -> None:
        site = lesson_site(make_site, **{"modou.lesson.ladder": "false"})
        id = add(site, "video", media=media.upload(media.video(8)))
        site.work()
        with site.occasion() as occasion:
            assert [r.name for r in newest(occasion, id).renditions] == ["720p"]

    def test_a_film_of_a_telephone_held_upright(self, site: SiteUnderTest, tmp_path: Path) -> None:
        id = add(site, "video", media=media.upload(media.rotated()))
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert (version.width, version.height) == (720, 1280)
            assert [(r.width, r.height) for r in version.renditions] == [(360, 640), (720, 1280)]
            film = joined(occasion, version, "360p", tmp_path / "joined.mp4")
        found = tools.probe(film)
        assert (found.width, found.height, found.turned) == (360, 640, False)

    def test_pictures_at_changing_distances(self, site: SiteUnderTest) -> None:
        id = add(site, "video", media=media.upload(media.changing_rate()))
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert version.state == "ready"
            assert version.length == pytest.approx(12, abs=1)
            [only] = version.renditions
            assert sum(only.milliseconds) / 1000 == pytest.approx(12, abs=0.5)

    def test_other_containers_and_names(self, site: SiteUnderTest) -> None:
        upload = media.upload(media.matroska(), "录像 第2课（终版）?.mkv")
        id = add(site, "video", media=upload)
        with site.occasion() as occasion:
            assert not newest(occasion, id).opens
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert (version.state, version.length) == ("ready", 12)
            name = occasion.site.files.by_id(version.original).filename
            assert name == "录像 第2课（终版）_.mkv"

    def test_ten_hours(self, make_site: Make) -> None:
        site = lesson_site(make_site, **{"modou.lesson.longest_minutes": "700"})
        id = add(site, "video", media=media.upload(media.long(10)))
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert (version.state, version.length // 60) == ("ready", 600)
            [only] = version.renditions
            assert len(only.files) == pytest.approx(6000, abs=100)
            assert len(version.sheets) == pytest.approx(600, abs=2)


@pytest.mark.any_storage
class TestBadVideo:
    def test_longer_than_allowed(self, site: SiteUnderTest) -> None:
        said = refused(site, "video", media=media.upload(media.long(10)))
        assert said["media"].startswith("It lasts 10:00:0")
        assert said["media"].endswith("The limit is 4:00:00. Divide it into several lessons.")

    def test_nothing(self, site: SiteUnderTest) -> None:
        assert refused(site, "video", media=media.upload(b"")) == {"media": "The file is empty."}
        assert refused(site, "video") == {"media": "Choose a file."}

    def test_no_film_at_all(self, site: SiteUnderTest) -> None:
        said = refused(site, "video", media=media.upload(b"Dear teacher, " * 50, "film.mp4"))
        assert said["media"].startswith("Files of this kind (text/plain)")
        noise = b"\x1aE\xdf\xa3" + bytes(range(256)) * 100
        assert "cannot be played" in failure(site, add(site, "video", media=media.upload(noise)))

    @pytest.mark.parametrize("path", [media.video, media.faststart])
    def test_an_mp4_cut_off(self, site: SiteUnderTest, path: Callable[[], Path]) -> None:
        said = refused(site, "video", media=media.upload(media.cut_off(path())))
        assert said["media"].startswith("The file is cut off")

    def test_another_file_cut_off(self, site: SiteUnderTest) -> None:
        upload = media.upload(media.cut_off(media.matroska(40)), "x.mkv")
        said = failure(site, add(site, "video", media=upload))
        assert said.startswith("The file is cut off: it should last 0:40, but holds only 0:")

    def test_sound_as_video(self, site: SiteUnderTest) -> None:
        said = refused(site, "video", media=media.upload(media.sound("sound.m4a")))
        assert said["media"].startswith("The file holds sound only.")

    def test_damage_inside(self, site: SiteUnderTest) -> None:
        content = bytearray(media.matroska().read_bytes())
        content[2000 : len(content) - 200] = bytes(len(content) - 2200)
        said = failure(site, add(site, "video", media=media.upload(bytes(content), "x.mkv")))
        assert "cannot be played" in said or "cut off" in said or "ffmpeg" in said


@pytest.mark.any_storage
class TestAudio:
    @pytest.mark.parametrize("name", ["sound.mp3", "sound.m4a", "sound.flac", "sound.ogg"])
    def test_sound(self, site: SiteUnderTest, name: str) -> None:
        id = add(site, "audio", media=media.upload(media.sound(name), name))
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert version.state == "ready"
            assert version.length == pytest.approx(20, abs=1)
            [only] = version.renditions
            assert (only.name, only.codecs, version.sheets) == ("audio", "mp4a.40.2", ())


@pytest.mark.any_storage
class TestWithoutFfmpeg:
    @pytest.fixture(autouse=True)
    def nothing_installed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for make in (media.video, media.hevc, media.sound):
            make()
        monkeypatch.setenv("PATH", str(tmp_path))

    @pytest.mark.parametrize(("kind", "path"), [("video", media.video), ("audio", media.sound)])
    def test_the_original_plays_and_the_page_says_what_is_missing(
        self, site: SiteUnderTest, kind: str, path: Callable[[], Path]
    ) -> None:
        id = add(site, kind, media=media.upload(path(), path().name))
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert (version.state, version.opens, version.length) == ("ready", True, 20)
        page = site.browser("teacher").get(uploads_url(site, id))
        assert "ffmpeg is not installed: the original is played as it is" in page

    def test_what_browsers_do_not_play_is_refused(self, site: SiteUnderTest) -> None:
        id = add(site, "video", media=media.upload(media.hevc()))
        assert "browsers do not play this file" in failure(site, id)

    def test_the_state_of_the_system_says_so(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            check = occasion.assembled.health_checks["lesson_ffmpeg"].check
            assert "ffmpeg and ffprobe not installed" in (check(occasion) or "")


@pytest.mark.any_storage
class TestPages:
    def test_a_pdf_becomes_pictures_and_text(self, site: SiteUnderTest) -> None:
        content = media.pdf(3, "Cut the power before work, page {}".format)
        id = add(site, "pdf", media=media.upload(content, "规程.pdf"), page_seconds=20)
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert (version.state, version.page_count) == ("ready", 3)
            line = timelines.timeline_of(lesson(occasion, id))
            assert line is not None
            assert (line.version, line.length, line.pages) == ("1-20", 60, (20, 20, 20))
            assert version.pages is not None
            second = version.pages.pages[1]
            assert second.text == "Cut the power before work, page 2"
            assert second.width == 1600
            assert picture_of(occasion, second.small) == ("WEBP", (800, 1120))
            assert picture_of(occasion, second.large) == ("WEBP", (1600, 2240))
            assert nothing_left_over(occasion)

    def test_pictures_become_slides_in_the_order_of_their_names(self, site: SiteUnderTest) -> None:
        names = {"p10.png": 300, "p9.png": 200, "p1.png": 100}
        images = [media.upload(media.picture(w, 100), n) for n, w in names.items()]
        id = add(site, "slides", images=images)
        site.work()
        with site.occasion() as occasion:
            table = newest(occasion, id).pages
            assert table is not None
            assert [page.width for page in table.pages] == [100, 200, 300]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (media.locked_pdf, "opens only with a password"),
            (media.empty_pdf, "The PDF"),
            (lambda: b"%PDF-1.4\nrubbish", "The PDF is damaged"),
            (lambda: media.pdf(501), "It has 501 pages. The limit is 500."),
        ],
        ids=["locked", "empty", "broken", "too many pages"],
    )
    def test_bad_pdfs_are_refused_at_the_form(
        self, site: SiteUnderTest, content: Callable[[], bytes], said: str
    ) -> None:
        found = refused(site, "pdf", media=media.upload(content(), "x.pdf"))
        assert said in found["media"]

    def test_bad_pictures_are_refused_at_the_form(self, site: SiteUnderTest) -> None:
        huge = io.BytesIO()
        Image.new("1", (20_000, 6_000)).save(huge, "PNG")
        images = [
            media.upload(media.picture(), "1.png"),
            media.upload(huge.getvalue(), "2.png"),
        ]
        found = refused(site, "slides", images=images)
        assert found == {"images": "The picture 2 has more than 100 million pixels."}
        broken = media.upload(media.picture()[:20], "1.png")
        assert "damaged" in refused(site, "slides", images=[broken])["images"]

    def test_a_picture_that_ends_in_the_middle(self, site: SiteUnderTest) -> None:
        stream = io.BytesIO()
        Image.effect_noise((400, 400), 50).save(stream, "PNG")
        upload = media.upload(stream.getvalue()[:20_000], "1.png")
        assert "damaged" in failure(site, add(site, "slides", images=[upload]))


class TestVersions:
    def test_another_file_is_another_version_and_the_old_one_stays(
        self, site: SiteUnderTest
    ) -> None:
        id = add(site, "video", media=media.upload(media.video(20)), chapters="00:00 a\n00:15 b")
        site.work()
        change(site, id, media=media.upload(media.matroska(), "x.mkv"), chapters="00:05 c")
        with site.occasion() as occasion:
            line = timelines.timeline_of(lesson(occasion, id))
            # Not ready yet: the old one opens.
            assert line is not None
            assert (line.version, line.length) == ("1", 20)
        site.work()
        with site.occasion() as occasion:
            found = lesson(occasion, id)
            line = timelines.timeline_of(found)
            assert line is not None
            assert (line.version, line.length) == ("2", 12)
            old = found.version(1)
            assert old is not None
            assert old.opens
            assert [c.title for c in old.chapters] == ["a", "b"]
            assert [c.title for c in newest(occasion, id).chapters] == ["c"]
            before = len(occasion.site.files)
        with site.occasion("teacher") as occasion:
            activity = course_of(occasion).activities.by_id(id)
            preparing.remove_version(occasion, activity, 1)
        with site.occasion() as occasion:
            now = set(occasion.site.files.ids())
            assert now == set(newest(occasion, id).files())
            assert len(now) < before

    def test_a_bad_file_leaves_the_old_one_open(self, site: SiteUnderTest) -> None:
        id = add(site, "video", media=media.upload(media.video(20)))
        site.work()
        change(site, id, media=media.upload(b"\x1aE\xdf\xa3" + bytes(range(256)) * 50, "x.mkv"))
        site.work()
        with site.occasion() as occasion:
            line = timelines.timeline_of(lesson(occasion, id))
            assert newest(occasion, id).state == "failed"
            assert line is not None
            assert line.version == "1"

    def test_another_reading_time_begins_anew(self, site: SiteUnderTest) -> None:
        id = add(site, "text", source="## 规程", page_seconds=60)
        change(site, id, source="## 规程\n\n错字已改")
        with site.occasion() as occasion:
            line = timelines.timeline_of(lesson(occasion, id))
            assert line is not None
            assert (line.version, line.length, line.media, line.pages) == ("0-60", 60, False, (60,))
        change(site, id, page_seconds=90)
        with site.occasion() as occasion:
            line = timelines.timeline_of(lesson(occasion, id))
            assert line is not None
            assert line.version == "0-90"

    def test_preparing_again_leaves_nothing_of_the_first_time(self, site: SiteUnderTest) -> None:
        id = add(site, "video", media=media.upload(media.video(8)))
        site.work()
        with site.occasion() as occasion:
            files = set(occasion.site.files.ids())
        browser = site.browser("teacher")
        page = browser.get(uploads_url(site, id))
        form = next(form for form in page.forms.values() if "repeat" in form.fields)
        assert "It is being prepared again." in form.submit("repeat").follow()
        site.work()
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert version.state == "ready"
            now = set(occasion.site.files.ids())
            assert now == set(version.files())
            assert len(now) == len(files)
            assert now & files == {version.original}

    def test_deleting_and_copying(self, site: SiteUnderTest) -> None:
        captions = media.upload(b"00:00:01,000 --> 00:00:02,000\nx\n", "x.srt")
        id = add(site, "video", media=media.upload(media.video(8)), captions=captions)
        site.work()
        with site.occasion("teacher") as occasion:
            twin = teaching.copy_activity(occasion, course_of(occasion).activities.by_id(id)).id
        site.work()
        with site.occasion("teacher") as occasion:
            assert not set(newest(occasion, id).files()) & set(newest(occasion, twin).files())
            assert newest(occasion, twin).state == "ready"
            teaching.delete_activity(occasion, course_of(occasion).activities.by_id(id))
        with site.occasion() as occasion:
            assert set(occasion.site.files.ids()) == set(newest(occasion, twin).files())


class Stopping(JobContext):
    """A context whose job is told to stop after some questions."""

    asked = 0
    after = 3

    def cancelled(self) -> bool:
        self.asked += 1
        return self.asked > self.after


class TestStopping:
    def context(self, site: SiteUnderTest) -> Stopping:
        with site.occasion() as occasion:
            jobs = occasion.site.jobs
            [record] = [r for r in jobs.records if r.name == preparing.JOB]
            jobs.begin(record, "holder", occasion.now)
            values = dict(record.values)
            return Stopping(site.registry.access, record, values, Event())

    @pytest.mark.parametrize("after", [0, 2, 8])
    def test_a_stopped_job_leaves_nothing_but_what_it_had_stored(
        self, site: SiteUnderTest, after: int
    ) -> None:
        id = add(site, "video", media=media.upload(media.video(20)))
        context = self.context(site)
        context.after = after
        with pytest.raises(Interrupted):
            preparing.prepare(context)
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert version.state == "working"
            assert nothing_left_over(occasion)
            stored = set(occasion.site.files.ids())
            assert stored == {version.original, *version.unfinished}
        # Begun again, it comes to its end and drops what the first try stored.
        context.after = 10**9
        preparing.prepare(context)
        with site.occasion() as occasion:
            version = newest(occasion, id)
            assert version.state == "ready"
            assert set(occasion.site.files.ids()) == set(version.files())

    def test_a_lesson_deleted_meanwhile(self, site: SiteUnderTest) -> None:
        id = add(site, "video", media=media.upload(media.video(8)))
        context = self.context(site)

        def delete() -> bool:
            with suppress(KeyError), site.occasion("teacher") as occasion:
                teaching.delete_activity(occasion, course_of(occasion).activities.by_id(id))
            return False

        context.cancelled = delete  # type: ignore[method-assign]
        preparing.prepare(context)
        with site.occasion() as occasion:
            assert len(occasion.site.files) == 0
            assert nothing_left_over(occasion)
