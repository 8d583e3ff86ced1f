"""What of a lesson is handed out to whom: the API, playlists, the original in ranges, locks."""

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp

from modou.models.courses import Course, Prerequisite
from modou.models.coverage import Cover
from modou.models.study import ActivityStudy, EnrolmentStudy
from modou.services import teaching
from modou.services.occasion import Occasion
from modou.services.studying import policies
from modou.services.studying.beating import Beat, take_beat
from modou.services.studying.opening import open_player
from modou.services.teaching import ActivityValues
from modou.store.containers import decode_id, encode_id
from modou_lesson.services import preparing, shelf, timelines
from tests import factories
from tests import lesson_media as media
from tests.conftest import SiteUnderTest

pytestmark = [
    media.needs_ffmpeg,
    pytest.mark.xdist_group("lesson_media"),
]

SECONDS = 200
SEGMENTS = 34  # of 6 seconds


def course_of(occasion: Occasion) -> Course:
    return next(iter(occasion.site.courses))


def film() -> Any:
    return media.upload(media.video(SECONDS, "320x240", 2, 2))


class Scene:
    """A course with a lesson, somebody who learns, and somebody who teaches."""

    def __init__(self, site: SiteUnderTest, kind: str, prepare: bool, **values: Any) -> None:
        self.site = site
        with site.occasion() as occasion:
            course = factories.course(occasion)
            factories.user(occasion, "teacher", role="operator")
            for name in ("learner", "other"):
                user = factories.user(occasion, name)
                factories.enrolment(occasion, course, user)
            factories.user(occasion, "stranger")
        with site.occasion("teacher") as occasion:
            course = course_of(occasion)
            activity = teaching.create_activity(
                occasion,
                course,
                course.outline[0],
                "lesson",
                ActivityValues("课"),
                {"kind": kind, **values},
            )
            self.id = activity.id
        if prepare:
            site.work()
        self.key = encode_id(self.id)
        self.api = f"/api/v1/lesson/activities/{self.key}/media"

    def watched(self, cover: Cover, name: str = "learner") -> None:
        with self.site.occasion() as occasion:
            course = course_of(occasion)
            user = occasion.site.user_index.usernames[name]
            enrolment = course.enrolments[user]
            if enrolment.study is None:
                enrolment.study = EnrolmentStudy()
            line = timelines.timeline(occasion, course.activities.by_id(self.id))
            assert line is not None
            record = enrolment.study.of(self.id)
            record.turn_to(line.version, line.length)
            record.cover(line.version, cover)

    def browser(self, name: str | None = "learner") -> TestApp:
        return self.site.browser(name)

    def media(self, name: str = "learner", **query: Any) -> dict[str, Any]:
        return dict(self.browser(name).get(self.api, query).json)


@pytest.fixture
def make(make_site: Callable[..., SiteUnderTest]) -> Callable[..., Scene]:
    def made(kind: str = "video", prepare: bool = True, **values: Any) -> Scene:
        return Scene(make_site(**{"modou.plugins": "lesson"}), kind, prepare, **values)

    return made


class TestSegments:
    def test_a_first_viewer_gets_a_minute_and_what_was_watched(
        self, make: Callable[..., Scene]
    ) -> None:
        scene = make(media=film())
        first = scene.media()
        assert (first["version"], first["length"], first["until"]) == ("1", SECONDS, 60)
        [rendition] = first["renditions"]
        assert len(rendition["durations"]) == SEGMENTS
        assert (rendition["first"], len(rendition["urls"])) == (0, 10)
        assert len(first["thumbnails"]["sheets"]) == 1
        for url in (rendition["init"], *rendition["urls"], first["poster"]):
            assert scene.browser(None).get(url).status_int == 200
        scene.watched((0, 47))
        more = scene.media(**{"from": 60})
        [rendition] = more["renditions"]
        assert more["until"] == 107
        assert "durations" not in rendition
        assert (rendition["first"], len(rendition["urls"])) == (10, 8)

    def test_skipping_ahead_does_not_move_the_frontier(self, make: Callable[..., Scene]) -> None:
        scene = make(media=film())
        scene.watched((0, 20, 100, 180))
        assert scene.media()["until"] == 80

    def test_who_has_seen_it_all_and_who_teaches_get_everything(
        self, make: Callable[..., Scene]
    ) -> None:
        scene = make(media=film())
        scene.watched((0, 150, 154, SECONDS))
        for name in ("learner", "teacher"):
            found = scene.media(name)
            assert found["until"] is None
            assert len(found["renditions"][0]["urls"]) == SEGMENTS
        assert scene.media("other")["until"] == 60

    def test_a_course_that_allows_to_seek(self, make: Callable[..., Scene]) -> None:
        scene = make(media=film())
        with scene.site.occasion() as occasion:
            policies.change_policy(occasion, course_of(occasion), {"first_view_seek": True})
        assert scene.media()["until"] is None

    def test_the_addresses_end_soon(self, make: Callable[..., Scene]) -> None:
        scene = make(media=film())
        found = scene.media()
        now = scene.site.clock.seconds()
        assert now + 440 <= found["expires"] <= now + 900
        url = found["renditions"][0]["urls"][0]
        scene.site.clock.move(seconds=901)
        assert scene.browser(None).get(url, status=404)

    def test_playlists_grow_and_lead_no_further(self, make: Callable[..., Scene]) -> None:
        scene = make(media=film())
        browser = scene.browser()
        base = scene.media()["hls"].removesuffix("master.m3u8")
        master = browser.get(f"{base}master.m3u8")
        assert master.content_type == "application/vnd.apple.mpegurl"
        name = master.text.strip().splitlines()[-1]
        playlist = browser.get(base + name).text
        assert playlist.count("#EXTINF") == 10
        assert "#EXT-X-PLAYLIST-TYPE:EVENT" in playlist
        assert "#EXT-X-ENDLIST" not in playlist
        segments = [line for line in playlist.splitlines() if line.endswith(".m4s")]
        assert browser.get(base + segments[9], status=302).follow().status_int == 200
        beyond = segments[9].replace("/9.", "/10.")
        assert browser.get(base + beyond, status=403)
        assert browser.get(base + segments[9].replace("/9.", "/999."), status=404)
        scene.watched((0, SECONDS))
        whole = browser.get(base + name).text
        assert whole.startswith(playlist)
        assert whole.count("#EXTINF") == SEGMENTS
        assert whole.endswith("#EXT-X-ENDLIST\n")

    def test_the_old_version_goes_on_for_who_opened_it(self, make: Callable[..., Scene]) -> None:
        scene = make(media=film())
        scene.watched((0, 100))
        with scene.site.occasion("teacher") as occasion:
            activity = course_of(occasion).activities.by_id(scene.id)
            content = {"kind": "video", "media": media.upload(media.video(20))}
            teaching.change_activity(occasion, activity, ActivityValues("课"), content)
        scene.site.work()
        old = scene.media(version="1")
        assert (old["version"], old["until"], old["length"]) == ("1", 160, SECONDS)
        new = scene.media()
        assert (new["version"], new["until"], new["length"]) == ("2", 60, 20)
        with scene.site.occasion("teacher") as occasion:
            activity = course_of(occasion).activities.by_id(scene.id)
            preparing.remove_version(occasion, activity, 1)
        assert scene.browser().get(scene.api, {"version": "1"}, status=404)
        assert scene.browser().get(scene.api, {"version": "2-30"}, status=404)

    def test_who_is_in_the_middle_of_it_studies_the_old_version_to_its_end(
        self, make: Callable[..., Scene]
    ) -> None:
        scene = make(prepare=False, media=media.upload(media.video(20)))
        seq = 0

        def beat(until: int) -> None:
            nonlocal seq
            seq += 1
            scene.site.clock.move(seconds=10)
            with scene.site.occasion() as occasion:
                span = ((float(until - 10), float(until)),)
                take_beat(occasion, token, Beat(seq, span, float(until)))

        def record(occasion: Occasion) -> ActivityStudy:
            user = occasion.site.user_index.usernames["learner"]
            found: ActivityStudy = course_of(occasion).enrolments[user].study.of(scene.id)
            return found

        with scene.site.occasion("learner") as occasion:
            activity = course_of(occasion).activities.by_id(scene.id)
            player = open_player(occasion, activity, str)
            token = player["player"]
            assert (player["version"], player["length"]) == ("1", 20)
        beat(10)
        with scene.site.occasion("teacher") as occasion:
            activity = course_of(occasion).activities.by_id(scene.id)
            content = {"kind": "video", "media": film()}
            values = ActivityValues("课", completion=("studied",))
            teaching.change_activity(occasion, activity, values, content)
        beat(20)
        with scene.site.occasion() as occasion:
            found = record(occasion)
            assert found.covers["1"] == (0, 20)
            assert found.credited + found.held_seconds == 20
        with scene.site.occasion("learner") as occasion:
            activity = course_of(occasion).activities.by_id(scene.id)
            player = open_player(occasion, activity, str)
            assert (player["version"], player["length"], player["covered"]) == ("2", SECONDS, [])
        with scene.site.occasion() as occasion:
            # What was credited stays.
            found = record(occasion)
            assert found.credited + found.held_seconds == 20


class TestOriginal:
    @pytest.mark.parametrize("path", [media.video, media.faststart])
    def test_ranges_end_where_a_minute_ends(
        self, make: Callable[..., Scene], path: Callable[..., Any]
    ) -> None:
        content = path(SECONDS).read_bytes()
        scene = make(prepare=False, media=media.upload(content))
        with scene.site.occasion() as occasion:
            version = shelf.find_version(occasion.site, scene.id, 1)
            assert version is not None
            assert version.bytes is not None
            free = version.bytes.before(60, len(content))
            index = version.bytes.index
        assert free < len(content) * 0.4
        found = scene.media()
        assert found["renditions"] == []
        assert found["original"]["type"] == "video/mp4"
        url = found["original"]["url"]
        browser = scene.browser()

        def get(text: str, **kw: Any) -> Any:
            return browser.get(url, headers={"Range": text}, **kw)

        start = get("bytes=0-")
        assert start.status_int == 206
        assert start.headers["Content-Range"] == f"bytes 0-{free - 1}/{len(content)}"
        assert start.body == content[:free]
        assert get(f"bytes={free - 100}-{free + 100}").body == content[free - 100 : free]
        # The table of contents is handed out wherever it lies, and nothing of the media with it.
        assert (
            get(f"bytes={index[0]}-").body
            == content[index[0] : free if index[0] < free else index[1]]
        )
        for text in (f"bytes={free}-", f"bytes={free + 1000}-{free + 2000}"):
            assert get(text, status=403)
        assert browser.get(url).status_int == 206
        assert get(f"bytes={len(content)}-", status=416)
        scene.watched((0, SECONDS))
        whole = browser.get(url)
        assert (whole.status_int, whole.body == content) == (200, True)

    def test_sound(self, make: Callable[..., Scene]) -> None:
        scene = make("audio", prepare=False, media=media.upload(media.sound(seconds=200), "a.mp3"))
        url = scene.media()["original"]["url"]
        size = media.sound(seconds=200).stat().st_size
        answer = scene.browser().get(url, headers={"Range": "bytes=0-"})
        assert answer.content_type == "audio/mpeg"
        assert len(answer.body) == pytest.approx(size * 0.3, rel=0.05)
        text = f"bytes={size // 2}-"
        assert scene.browser().get(url, headers={"Range": text}, status=403)


class TestPages:
    def test_pages_come_one_after_the_other(self, make: Callable[..., Scene]) -> None:
        scene = make("pdf", media=media.upload(media.pdf(6), "x.pdf"), page_seconds=40)
        found = scene.media()
        assert (found["version"], found["length"], found["until"]) == ("1-40", 240, 60)
        assert [(p["n"], p["start"], p["text"]) for p in found["pages"]] == [
            (1, 0, "Page 1"),
            (2, 40, "Page 2"),
        ]
        scene.watched((0, 80))
        assert [p["n"] for p in scene.media(**{"from": 80})["pages"]] == [3, 4]
        assert scene.browser(None).get(found["pages"][0]["large"]).content_type == "image/webp"
        assert len(scene.media("teacher")["pages"]) == 6

    def test_a_text_has_nothing_to_fetch(self, make: Callable[..., Scene]) -> None:
        scene = make("text", source="## 规程")
        found = scene.media()
        assert (found["kind"], found["version"], found["pages"]) == ("text", "", [])


class TestWhoMay:
    def test_nobody_from_outside(self, make: Callable[..., Scene]) -> None:
        scene = make(prepare=False, media=media.upload(media.video(20)))
        url = scene.media()["original"]["url"]
        assert scene.browser(None).get(scene.api, status=401)
        assert scene.browser("stranger").get(scene.api, status=403)
        assert scene.browser("stranger").get(url, status=403)
        assert scene.browser(None).get(url).status_int == 302  # to the sign-in
        missing = scene.api.replace(scene.key, encode_id(decode_id(scene.key) ^ 1))
        assert scene.browser().get(missing, status=404)

    def test_nothing_of_a_lesson_that_is_locked_or_hidden(self, make: Callable[..., Scene]) -> None:
        scene = make(prepare=False, media=media.upload(media.video(20)))
        url = scene.media()["original"]["url"]
        later = scene.site.clock.seconds() + 1000
        for values, status in (
            (ActivityValues("课", prerequisites=(Prerequisite("from", 0, later),)), {403, 404}),
            (ActivityValues("课", visible=False), {404}),
        ):
            with scene.site.occasion("teacher") as occasion:
                activity = course_of(occasion).activities.by_id(scene.id)
                teaching.change_activity(occasion, activity, values)
            for address in (scene.api, url):
                answer = scene.browser().get(address, expect_errors=True)
                assert answer.status_int in status
                assert b"/files/" not in answer.body

    def test_uploads_are_for_teachers(self, make: Callable[..., Scene]) -> None:
        scene = make(prepare=False, media=media.upload(media.video(20)))
        with scene.site.occasion() as occasion:
            page = f"/courses/{course_of(occasion).key}/a/{scene.key}/uploads"
        assert "第 1 节 安全用电.mp4" in scene.browser("teacher").get(page)
        assert scene.browser("learner").get(page, status=403)
