"""Whoever studies for the first time tries to fetch what lies ahead, through the real HAProxy and
nginx of a deployment: by addresses, by playlists, by ranges. Nothing beyond the minute comes."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from modou.models.courses import Course
from modou.models.study import EnrolmentStudy
from modou.services import sessions, teaching
from modou.services.access import SiteAccess
from modou.services.jobs.running import Runner
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues
from modou.store.containers import encode_id
from modou.web.security import SESSION_COOKIE
from modou_lesson.services import preparing, shelf
from tests import factories
from tests import lesson_media as media
from tests.stack import Shape, Stack, find

programs = [name for name in ("haproxy", "nginx") if find(name) is None]
pytestmark = [
    media.needs_ffmpeg,
    pytest.mark.skipif(bool(programs), reason=f"not installed: {', '.join(programs)}"),
    pytest.mark.xdist_group("lesson_nginx"),
]
SECONDS = 200
#: A segment, and a piece of an MP4, is one: what begins before the end of the minute is whole.
PIECE = 8


@dataclass
class Reply:
    status: int
    headers: Message
    body: bytes


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


class Site:
    """A deployment with a prepared film and one that is not prepared; both are studied by one who
    has not begun, one who has seen a minute, one who has seen it all."""

    def __init__(self) -> None:
        shape = Shape(postgresql=False, processes=1, threads=4, app="modou.plugins = lesson")
        self.stack = Stack(self.fill, shape)
        self.cookies: dict[str, str] = {}
        self.film: dict[bool, str] = {}
        self.content = media.video(SECONDS, "320x240", 2, 2).read_bytes()

    def fill(self, access: SiteAccess) -> None:
        with access.occasion() as occasion:
            course = factories.course(occasion)
            for prepared in (True, False):
                self.film[prepared] = self._add(occasion, course)
            for name, seen in (("new", 0), ("begun", 60), ("done", SECONDS), ("stranger", -1)):
                user = factories.user(occasion, name)
                self.cookies[name] = sessions.start(occasion, user)
                if seen < 0:
                    continue
                enrolment = factories.enrolment(occasion, course, user)
                enrolment.study = EnrolmentStudy()
                for activity in course.activities:
                    record = enrolment.study.of(activity.id)
                    record.turn_to("1", SECONDS)
                    record.cover("1", (0, seen) if seen else ())
        # The second film stays as it was sent.
        with access.occasion() as occasion:
            jobs = occasion.site.jobs
            for record in [r for r in jobs.records if r.name == preparing.JOB]:
                if encode_id(record.values["activity"]) == self.film[False]:
                    jobs.drop(record)
        Runner(access, often=0).work_off()
        with access.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            version = shelf.find_version(occasion.site, course.activities[self.film[False]].id, 1)
            assert version is not None
            assert version.bytes is not None
            self.free = {
                name: version.bytes.before(until, len(self.content))
                for name, until in (("new", 60), ("begun", 120))
            }
            self.index = version.bytes.index

    def _add(self, occasion: Occasion, course: Course) -> str:
        activity = teaching.create_activity(
            occasion,
            course,
            course.outline[0],
            "lesson",
            ActivityValues("课"),
            {"kind": "video", "media": media.upload(self.content)},
        )
        return activity.key

    def get(self, who: str, path: str, span: str = "") -> Reply:
        headers = {"Accept": "application/json"}
        if who:
            headers["Cookie"] = f"{SESSION_COOKIE}={self.cookies[who]}"
        if span:
            headers["Range"] = f"bytes={span}"
        request = urllib.request.Request(self.stack.address + path, headers=headers)
        try:
            with _opener.open(request, timeout=60) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())

    def media(self, who: str, prepared: bool, query: str = "") -> dict[str, Any]:
        answer = self.get(who, f"/api/v1/lesson/activities/{self.film[prepared]}/media{query}")
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    under_test = Site()
    with under_test.stack:
        yield under_test


def last_moment(content: bytes, path: Path) -> float:
    """The latest moment of which a decoder gets a picture or a sound out of `content`."""
    path.write_bytes(content)
    said = subprocess.run(
        ["ffmpeg", "-v", "quiet", "-i", path, "-f", "framecrc", "-"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    scales: dict[str, float] = {}
    latest = 0.0
    for line in said.splitlines():
        if line.startswith("#tb "):
            number, scale = line.removeprefix("#tb ").split(": ")
            above, below = scale.split("/")
            scales[number] = int(above) / int(below)
        elif line and not line.startswith("#"):
            parts = [part.strip() for part in line.split(",")]
            latest = max(latest, (int(parts[2]) + int(parts[3])) * scales[parts[0]])
    return latest


class TestSegments:
    @pytest.mark.parametrize(("who", "until"), [("new", 60), ("begun", 120), ("done", SECONDS)])
    def test_addresses_lead_to_a_minute_and_no_further(
        self, site: Site, tmp_path: Path, who: str, until: int
    ) -> None:
        [rendition] = site.media(who, True)["renditions"]
        parts = [site.get(who, url) for url in (rendition["init"], *rendition["urls"])]
        assert {part.status for part in parts} == {200}
        joined = b"".join(part.body for part in parts)
        end = last_moment(joined, tmp_path / "joined.mp4")
        assert until - 1 <= end <= min(until + PIECE, SECONDS + 1)

    def test_a_segment_in_ranges(self, site: Site) -> None:
        [rendition] = site.media("new", True)["renditions"]
        url = rendition["urls"][3]
        whole = site.get("new", url).body
        part = site.get("new", url, "100-199")
        assert (part.status, part.body) == (206, whole[100:200])
        # A range cannot lead out of the segment.
        assert site.get("new", url, f"{len(whole)}-{len(whole) + 10_000}").status == 416

    def test_an_address_cannot_be_turned_into_that_of_another_segment(self, site: Site) -> None:
        [mine] = site.media("new", True)["renditions"]
        [all_] = site.media("done", True)["renditions"]
        late = all_["urls"][25]
        _empty, files, expires, signature, _key, _name = mine["urls"][0].split("/")
        late_key, late_name = late.split("/")[-2:]
        assert (
            site.get("new", f"/{files}/{expires}/{signature}/{late_key}/{late_name}").status == 403
        )
        for later in (str(int(expires) + 900), "9999999999"):
            parts = mine["urls"][0].split("/")
            parts[2] = later
            assert site.get("new", "/".join(parts)).status == 403
        for path in (
            f"/files/{late_key}",
            f"/files//{late_key}/{late_name}",
            f"/files/{late_name}",
        ):
            assert site.get("new", path).status in {403, 404}

    def test_asking_for_later_seconds_brings_nothing(self, site: Site) -> None:
        for query in ("?from=100", "?from=199", "?from=60&version=1"):
            [rendition] = site.media("new", True, query)["renditions"]
            assert rendition["urls"] == []
        for query in ("?from=-1", "?from=1e9", "?version=99", "?until=200", "?from=0;from=100"):
            path = f"/api/v1/lesson/activities/{site.film[True]}/media{query}"
            assert site.get("new", path).status in {404, 422}

    def test_playlists(self, site: Site) -> None:
        base = site.media("new", True)["hls"].removesuffix("master.m3u8")
        names = [
            line
            for line in site.get("new", base + "master.m3u8").body.decode().splitlines()
            if line.endswith(".m3u8")
        ]
        for name in names:
            playlist = site.get("new", base + name).body.decode()
            lines = [line for line in playlist.splitlines() if line.endswith(".m4s")]
            assert len(lines) == 10
            got = site.get("new", base + lines[-1])
            assert got.status == 302
            address = got.headers["Location"].removeprefix(site.stack.address)
            assert site.get("new", address).status == 200
            folder = lines[0].rpartition("/")[0]
            for number in range(10, 34):
                assert site.get("new", f"{base}{folder}/{number}.m4s").status == 403
            # Neither a good address nor a refusal is kept on the way for somebody else.
            assert site.get("done", f"{base}{folder}/20.m4s").status == 302
            assert site.get("new", f"{base}{folder}/20.m4s").status == 403
        assert site.get("stranger", base + "master.m3u8").status == 403
        assert site.get("", base + "master.m3u8").status in {302, 401}

    def test_preview_pictures(self, site: Site) -> None:
        assert len(site.media("new", True)["thumbnails"]["sheets"]) == 1
        assert len(site.media("begun", True)["thumbnails"]["sheets"]) == 2
        assert len(site.media("done", True)["thumbnails"]["sheets"]) == 4


class TestOriginal:
    @pytest.mark.parametrize(("who", "until"), [("new", 60), ("begun", 120)])
    def test_all_ranges_together_hold_a_minute_and_no_more(
        self, site: Site, tmp_path: Path, who: str, until: int
    ) -> None:
        url = site.media(who, False)["original"]["url"]
        size = len(site.content)
        got = bytearray(size)
        known = bytearray(size)
        step = max(1, size // 97)
        attempts = [f"{start}-{start + step}" for start in range(0, size, step)]
        attempts += [f"{start}-" for start in range(0, size, step * 3)]
        attempts += [
            f"{site.index[0]}-",
            "0-",
            "-1",
            f"-{size}",
            f"-{size // 2}",
            f"0-{size * 2}",
            "0-0,1000-2000",
        ]
        for text in attempts:
            answer = site.get(who, url, text)
            if answer.status == 403:
                continue
            assert answer.status in {206, 416}, text
            if answer.status == 206:
                place = answer.headers["Content-Range"].removeprefix("bytes ").partition("/")[0]
                start, end = map(int, place.split("-"))
                assert answer.body == site.content[start : end + 1]
                got[start : end + 1] = answer.body
                known[start : end + 1] = b"\x01" * (end + 1 - start)
        allowed = bytearray(size)
        for first, behind in ((0, site.free[who]), site.index):
            allowed[first:behind] = b"\x01" * (behind - first)
        assert known == allowed
        end = last_moment(bytes(got), tmp_path / "got.mp4")
        assert until - 1 <= end <= until + PIECE

    def test_without_a_range_it_is_not_handed_out_whole(self, site: Site) -> None:
        url = site.media("new", False)["original"]["url"]
        answer = site.get("new", url)
        assert len(answer.body) == site.free["new"]
        assert site.get("done", url).body == site.content
        # What one got is not kept on the way for another.
        assert len(site.get("new", url).body) == site.free["new"]

    def test_the_stored_file_itself_has_no_address(self, site: Site) -> None:
        for who in ("new", "done"):
            for prepared in (True, False):
                assert "安全用电" not in json.dumps(site.media(who, prepared), ensure_ascii=False)
