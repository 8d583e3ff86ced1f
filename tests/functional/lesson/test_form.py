"""The form of a lesson, as teachers fill it in."""

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp, Upload

from modou.models.courses import Course
from modou.services import settings
from modou.services.occasion import Occasion
from modou_lesson.models import Lesson
from modou_lesson.services import shelf
from tests import factories
from tests import lesson_media as media
from tests.conftest import SiteUnderTest
from tests.pages import main_form

pytestmark = [media.needs_ffmpeg, pytest.mark.xdist_group("lesson_media")]


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    under_test = make_site(**{"modou.plugins": "lesson"})
    with under_test.occasion() as occasion:
        settings.change(occasion, "lesson", {"kinds": ["video", "pdf", "text"]})
        factories.user(occasion, "teacher", role="operator")
        factories.course(occasion)
    return under_test


@pytest.fixture
def browser(site: SiteUnderTest) -> TestApp:
    return site.browser("teacher")


def course_of(occasion: Occasion) -> Course:
    return next(iter(occasion.site.courses))


def new(site: SiteUnderTest) -> str:
    with site.occasion() as occasion:
        course = course_of(occasion)
        return f"/courses/{course.key}/sections/{course.outline[0].key}/new/lesson"


def edit(site: SiteUnderTest) -> str:
    with site.occasion() as occasion:
        [activity] = course_of(occasion).activities
        return f"/courses/{course_of(occasion).key}/a/{activity.key}/edit"


def stored(occasion: Occasion) -> Lesson:
    [activity] = course_of(occasion).activities
    found = shelf.find(occasion.site, activity)
    assert found is not None
    return found


def fill(form: Any, **values: Any) -> Any:
    for name, value in values.items():
        form[f"content-{name}" if name != "title" else name] = value
    return form


def test_a_video_with_chapters_and_captions(site: SiteUnderTest, browser: TestApp) -> None:
    form = main_form(browser.get(new(site)))
    fill(
        form,
        title="停电操作",
        kind="video",
        media=Upload("停电.mp4", media.video(20).read_bytes()),
        chapters="00:00 开场\n00:12 验电",
        captions=Upload("字幕.srt", "1\n00:00:01,000 --> 00:00:03,000\n先停电\n".encode("gb18030")),
        poster=Upload("封面.png", media.picture(1280, 720)),
    )
    assert form.submit().status_int == 303
    with site.occasion() as occasion:
        lesson = stored(occasion)
        version = lesson.newest
        assert version is not None
        assert [tuple(c) for c in version.chapters] == [(0, "开场"), (12, "验电")]
        [caption] = version.captions
        kept = occasion.site.files.by_id(caption.file)
        assert (caption.language, kept.media_type) == ("zh", "text/vtt")
        with kept.open() as stream:
            assert "先停电" in stream.read().decode()
        assert version.chosen_poster
        [activity] = course_of(occasion).activities
        assert activity.completion == ("studied",)
    # A second language, without sending the video again.
    form = main_form(browser.get(edit(site)))
    assert form["content-chapters"].value == "00:00 开场\n00:12 验电"
    english = Upload("en.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nCut the power\n")
    fill(form, captions=english, language="en").submit()
    form = main_form(browser.get(edit(site)))
    fill(form, remove_captions=True)
    with site.occasion() as occasion:
        assert [c.language for v in stored(occasion).versions for c in v.captions] == ["zh", "en"]
    form.submit()
    with site.occasion() as occasion:
        lesson = stored(occasion)
        assert [c for v in lesson.versions for c in v.captions] == []
        assert set(occasion.site.files.ids()) == {f for v in lesson.versions for f in v.files()}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "video"}, "Choose a file."),
        ({"kind": "audio"}, "Lessons of this kind cannot be added here."),
        ({"kind": "text", "source": "  "}, "Please fill this in."),
        ({"kind": "text", "source": "x", "page_seconds": "0"}, "Between 1 and 14400 seconds."),
        (
            {"kind": "video", "chapters": "soon Safety"},
            "Line 1: write the time, a blank and the title",
        ),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    site: SiteUnderTest, browser: TestApp, values: dict[str, str], said: str
) -> None:
    form = fill(main_form(browser.get(new(site))), title="课", **values)
    answer = form.submit()
    assert answer.status_int == 200
    assert said in answer
    with site.occasion() as occasion:
        assert len(course_of(occasion).activities) == 0
        assert len(occasion.site.files) == 0


def test_a_bad_file_leaves_the_lesson_as_it_was(site: SiteUnderTest, browser: TestApp) -> None:
    form = fill(main_form(browser.get(new(site))), title="课", kind="text", source="## 一")
    form.submit()
    form = main_form(browser.get(edit(site)))
    broken = Upload("x.mp4", media.cut_off(media.video(20)))
    answer = fill(form, kind="video", media=broken).submit()
    assert "The file is cut off: its end is missing." in answer
    with site.occasion() as occasion:
        assert (stored(occasion).kind, stored(occasion).versions) == ("text", ())
        assert len(occasion.site.files) == 0


def test_from_text_to_pdf_and_back(site: SiteUnderTest, browser: TestApp) -> None:
    fill(main_form(browser.get(new(site))), title="课", kind="text", source="## 一").submit()
    form = main_form(browser.get(edit(site)))
    fill(form, kind="pdf", media=Upload("a.pdf", media.pdf(2)), page_seconds="20").submit()
    site.work()
    with site.occasion() as occasion:
        assert (stored(occasion).kind, stored(occasion).current) == ("pdf", 1)
    fill(main_form(browser.get(edit(site))), kind="text").submit()
    with site.occasion() as occasion:
        lesson = stored(occasion)
        assert (lesson.kind, lesson.current, lesson.source) == ("text", 0, "## 一")
    # The PDF is still there.
    fill(main_form(browser.get(edit(site))), kind="pdf").submit()
    with site.occasion() as occasion:
        assert (stored(occasion).kind, stored(occasion).current) == ("pdf", 1)
