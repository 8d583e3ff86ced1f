"""MP4 and MP3 files read by their own tables, without ffmpeg."""

import io
import json
import random
import subprocess
from array import array
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from modou_lesson.media import boxes, mp3
from modou_lesson.media.verdicts import Unfit
from tests import lesson_media as media

pytestmark = media.needs_ffmpeg


def read(content: bytes) -> boxes.Movie:
    return boxes.read(io.BytesIO(content))


def code_of(content: bytes) -> str:
    with pytest.raises(Unfit) as caught:
        read(content)
    return caught.value.code


@pytest.mark.parametrize("path", [media.video, media.faststart])
def test_length_size_and_places_of_a_film(path: Callable[[], Path]) -> None:
    content = path().read_bytes()
    movie = read(content)
    assert round(movie.seconds) == 20
    assert (movie.width, movie.height) == (1280, 720)
    assert (movie.video, movie.audio, movie.plays) == ("avc1", "mp4a", True)
    assert len(movie.offsets) == 5
    assert all(a < b for a, b in pairwise(movie.offsets))
    assert content[movie.index[0] + 4 : movie.index[0] + 8] == b"moov"


def packets(path: Path) -> list[tuple[float, int, int]]:
    """(time, first byte, byte behind it) of every packet, as ffprobe finds them."""
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=dts_time,size,pos",
         "-of", "json", path],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [
        (float(p["dts_time"]), int(p["pos"]), int(p["pos"]) + int(p["size"]))
        for p in json.loads(said)["packets"]
    ]


@pytest.mark.parametrize("path", [media.video, media.faststart])
def test_before_an_offset_lies_all_up_to_its_moment_and_hardly_more(
    path: Callable[[], Path],
) -> None:
    movie = boxes.read(io.BytesIO(path().read_bytes()))
    found = packets(path())
    for entry, offset in enumerate(movie.offsets):
        moment = entry * boxes.EVERY
        for time, start, end in found:
            if time <= moment - 1.5:
                assert end <= offset
            # A chunk is one piece: some tenths of a second more may be in it.
            if time > moment + 1.5:
                assert start >= offset


def test_a_turned_film_is_shown_upright_and_left_to_ffmpeg() -> None:
    movie = read(media.rotated().read_bytes())
    assert (movie.width, movie.height, movie.plays) == (720, 1280, False)


def test_h265_is_left_to_ffmpeg() -> None:
    movie = read(media.hevc().read_bytes())
    assert (movie.video, movie.plays) == ("hvc1", False)


def test_hours_are_read_in_a_moment() -> None:
    movie = read(media.long(10).read_bytes())
    assert movie.seconds == pytest.approx(36_000, abs=10)
    assert movie.plays


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("path", [media.video, media.faststart])
def test_what_is_cut_off(path: Callable[[], Path], share: float) -> None:
    assert code_of(media.cut_off(path(), share)) == "truncated"


def test_what_is_no_film() -> None:
    assert code_of(b"\x00\x00\x00\x18ftypmp42" + bytes(12)) == "unplayable"


def test_damage_never_ends_in_anything_but_a_verdict() -> None:
    content = bytearray(media.video(2).read_bytes())
    chance = random.Random(1)
    at = content.find(b"moov")
    for _round in range(300):
        broken = bytearray(content)
        for _hit in range(chance.randint(1, 8)):
            broken[chance.randrange(at, len(broken))] = chance.randrange(256)
        try:
            movie = read(bytes(broken))
        except Unfit:
            continue
        assert all(0 <= offset <= 2**63 for offset in movie.offsets)


def test_sound_far_behind_its_picture_is_left_to_ffmpeg() -> None:
    """No beginning of such a film plays by itself."""
    times = array("d", range(0, 120, 10))

    def tracks(gap: int) -> list[boxes._Track]:
        return [
            boxes._Track("vide", b"avc1", 120, times=times, places=array("Q", range(0, 1200, 100))),
            boxes._Track(
                "soun", b"mp4a", 120, times=times, places=array("Q", range(gap, gap + 1200, 100))
            ),
        ]

    assert boxes._offsets(tracks(50), 120, 1300) is not None
    assert boxes._offsets(tracks(1200), 120, 2500) is None


class TestMp3:
    def test_length_and_places(self) -> None:
        sound = mp3.read(io.BytesIO(media.sound().read_bytes()))
        assert sound.seconds == pytest.approx(20, abs=0.2)
        assert len(sound.offsets) == 5
        assert all(a < b for a, b in pairwise(sound.offsets))

    def test_what_is_none(self) -> None:
        with pytest.raises(Unfit):
            mp3.read(io.BytesIO(b"ID3" + bytes(5000)))
