"""The plugin's part of the demonstration: lessons of all kinds, and people who studied them."""

from collections.abc import Callable

import pytest

from modou.services.teaching import find_by_code
from modou_lesson import demo
from modou_lesson.services import shelf
from tests import factories
from tests import lesson_media as media
from tests.conftest import SiteUnderTest

pytestmark = [media.needs_ffmpeg, pytest.mark.xdist_group("lesson_media")]


def test_lessons_of_all_kinds_and_people_at_every_stage(
    make_site: Callable[..., SiteUnderTest],
) -> None:
    site = make_site(**{"modou.plugins": "lesson", "modou.locale": "zh_CN"})
    with site.occasion() as occasion:
        electricians = factories.course(occasion)
        electricians.category = factories.category(occasion)
        factories.user(occasion, "teacher")
        factories.user(occasion, "learner")
        for number in range(8):
            user = factories.user(occasion, f"s{number}")
            factories.enrolment(occasion, electricians, user).cohort = 1
        demo.fill(occasion, {"DYDG": electricians})
    site.work()
    with site.occasion() as occasion:
        course = find_by_code(occasion, demo.CODE)
        assert course is not None
        assert course.published
        found = [shelf.find(occasion.site, a) for a in course.ordered_activities()]
        assert [lesson.kind for lesson in found if lesson] == ["video", "pdf", "slides", "text"]
        states = [v.state for lesson in found if lesson for v in lesson.versions]
        assert states == ["ready"] * 3
        film = found[0]
        assert film is not None
        assert film.newest is not None
        assert (film.newest.length, len(film.newest.chapters)) == (72, 6)
        assert [r.name for r in film.newest.renditions] == ["360p", "720p"]
        learners = [e for e in course.enrolments.values() if e.role == "learner"]
        done = [len(e.progress.completed) for e in learners]
        assert len(learners) == 9
        assert {0, 2} == set(done)
        covered = {
            record.covered_seconds for e in learners for record in e.study.activities.values()
        }
        assert len(covered) > 6


def test_a_site_without_that_course_is_left_alone(
    make_site: Callable[..., SiteUnderTest],
) -> None:
    site = make_site(**{"modou.plugins": "lesson"})
    with site.occasion() as occasion:
        demo.fill(occasion, {})
        assert len(occasion.site.courses) == 0
