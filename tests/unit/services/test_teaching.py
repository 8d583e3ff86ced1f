"""Courses, sections and activities: what is refused, and that a refusal leaves nothing behind."""

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from modou.errors import Conflict, Invalid, NotAllowed
from modou.models.courses import Activity, Course, Prerequisite
from modou.services import catalogue, teaching
from modou.services.files import Upload
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues, CourseValues
from tests import factories
from tests.conftest import SiteUnderTest


def picture(
    size: tuple[int, int] = (640, 360), format: str = "PNG", mode: str = "RGB"
) -> io.BytesIO:
    stream = io.BytesIO()
    Image.new(mode, size, (36, 71, 168) if mode == "RGB" else 1).save(stream, format)
    stream.seek(0)
    return stream


def refused(field: str, verb: Callable[..., Any], *args: Any, **kw: Any) -> str:
    """Call `verb`, which must name `field`; the message."""
    with pytest.raises(Invalid) as caught:
        verb(*args, **kw)
    assert field in caught.value.errors
    return str(caught.value)


class TestCourses:
    def test_everything_entered_comes_back(self, site: SiteUnderTest) -> None:
        values = CourseValues(
            title="𠮷田·买买提的课程",
            code="DY-01",
            summary="第一行\n\n第二行",
            occupation="电工",
            occupation_code="6-31-01-03",
            level="五级",
            planned_hours=Decimal("12.5"),
            starts=date(2026, 3, 2),
            ends=date(2026, 3, 31),
            visible=False,
        )
        with site.occasion() as occasion:
            course = teaching.create_course(occasion, values)
            assert teaching.values_of(course) == values
            assert course.planned_seconds == 33_750
            # Midnight in Shanghai, and the end of the last day.
            assert course.starts == 1772380800
            assert course.ends == 1772380800 + 30 * 86400

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", "   "),
            ("title", "长" * 201),
            ("title", "\ud842"),
            ("summary", "x" * 10_000_000),
            ("occupation_code", "6-31-1-03"),
            ("planned_hours", Decimal("NaN")),
            ("planned_hours", Decimal(-1)),
            ("ends", date(2025, 1, 1)),
            ("code", ""),
        ],
    )
    def test_a_wrong_entry_is_named_and_nothing_is_made(
        self, site: SiteUnderTest, field: str, value: Any
    ) -> None:
        good = {"title": "课程", "code": "A", "starts": date(2026, 1, 1)}
        with site.occasion() as occasion:
            refused(field, teaching.create_course, occasion, CourseValues(**{**good, field: value}))
        with site.occasion() as occasion:
            assert len(occasion.site.courses) == 0
            assert not list(occasion.site.course_index)
            assert len(occasion.site.files) == 0

    def test_a_code_is_unique_however_it_is_written(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            first = teaching.create_course(occasion, CourseValues("一", "DG-01"))
            refused("code", teaching.create_course, occasion, CourseValues("二", "ｄｇ-01"))
            teaching.change_course(occasion, first, CourseValues("一", "DG-02"))
            second = teaching.create_course(occasion, CourseValues("二", "dg-01"))
            assert teaching.find_by_code(occasion, "DG-01") is second
            refused("code", teaching.change_course, occasion, first, CourseValues("一", "dg-01"))

    def test_a_teacher_does_not_move_a_course_to_a_category_of_others(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:
            user = factories.user(occasion, "wang")
            course = teaching.create_course(occasion, CourseValues("课程", "A"))
            user.grant("course", course.id, "teacher")
            category = teaching.create_category(occasion, "别处")
        with site.occasion("wang") as occasion:
            course = occasion.site.courses.by_id(course.id)
            elsewhere = occasion.site.categories.by_id(category.id)
            teaching.change_course(occasion, course, CourseValues("新名", "A"))
            with pytest.raises(NotAllowed):
                teaching.change_course(
                    occasion, course, CourseValues("新名", "A", category=elsewhere)
                )

    def test_deleting_is_refused_while_learners_records_hang_on_it(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion, activities=1)
            empty = factories.course(occasion, activities=2)
            factories.enrolment(occasion, course, factories.user(occasion))
            with pytest.raises(Conflict):
                teaching.delete_course(occasion, course)
            teaching.delete_course(occasion, empty)
            assert [c.id for c in occasion.site.courses] == [course.id]
            assert [row.id for row in occasion.site.course_index] == [course.id]
            assert len(occasion.site.plugins["builtin"]["contents"]) == 1


class TestCovers:
    def test_a_course_always_has_a_cover(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = teaching.create_course(occasion, CourseValues("低压电工", "A"))
            drawn = course.cover
            assert occasion.site.files.by_id(drawn).media_type == "image/webp"
            teaching.set_cover(occasion, course, picture())
            assert not course.cover_drawn
            uploaded = course.cover
            # The drawn one is gone, and a new title does not draw over the uploaded one.
            assert drawn not in occasion.site.files
            teaching.change_course(occasion, course, CourseValues("高压电工", "A"))
            assert course.cover == uploaded
            teaching.set_cover(occasion, course, None)
            assert course.cover_drawn
            assert len(occasion.site.files) == 2

    def test_what_is_no_picture_is_refused(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = teaching.create_course(occasion, CourseValues("低压电工", "A"))
            before = course.cover
            refused("cover", teaching.set_cover, occasion, course, io.BytesIO(b"%PDF-1.7 no"))
            bomb = picture((20_000, 20_000), mode="1")
            assert len(bomb.getvalue()) < 5_000_000
            refused("cover", teaching.set_cover, occasion, course, bomb)
            assert course.cover == before


class TestPublishing:
    def test_an_empty_course_is_not_published(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = teaching.create_course(occasion, CourseValues("课程", "A"))
            with pytest.raises(NotAllowed):
                teaching.publish_course(occasion, course)
            section = teaching.create_section(occasion, course, "一")
            add(occasion, course, section, "导学")
            teaching.publish_course(occasion, course)
            assert course.published
            assert catalogue.search(occasion).total == 1
            teaching.unpublish_course(occasion, course)
            assert catalogue.search(occasion).total == 0


def add(occasion: Occasion, course: Course, section: Any, title: str, **values: Any) -> Activity:
    return teaching.create_activity(
        occasion, course, section, "page", ActivityValues(title, **values), {"source": title}
    )


class TestActivities:
    def test_a_refused_content_leaves_no_activity(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            section = course.outline[0]
            refused(
                "url",
                teaching.create_activity,
                occasion,
                course,
                section,
                "link",
                ActivityValues("链接"),
                {"url": "javascript:alert(1)"},
            )
            refused(
                "source",
                teaching.create_activity,
                occasion,
                course,
                section,
                "page",
                ActivityValues("长文"),
                {"source": "字" * 10_000_000},
            )
            refused(
                "pictures",
                teaching.create_activity,
                occasion,
                course,
                section,
                "page",
                ActivityValues("图"),
                {"pictures": [Upload("x.png", io.BytesIO(b"no picture"), 10**6)]},
            )
            assert len(course.activities) == 0
            assert section.activities == []

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "/\\evil.example",
            "ftp://a.example",
            "https://",
            'https://a.example/"x',
            "https://a.example:99999/",
        ],
    )
    def test_a_link_leads_only_where_a_browser_may_go(self, site: SiteUnderTest, url: str) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            refused(
                "url",
                teaching.create_activity,
                occasion,
                course,
                course.outline[0],
                "link",
                ActivityValues("链接"),
                {"url": url},
            )

    def test_prerequisites_may_not_wait_for_each_other(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            section = course.outline[0]
            first = add(occasion, course, section, "一", completion=("viewed",))
            second = add(
                occasion,
                course,
                section,
                "二",
                completion=("viewed",),
                prerequisites=(Prerequisite("completed", first.id),),
            )
            third = add(
                occasion,
                course,
                section,
                "三",
                completion=("viewed",),
                prerequisites=(Prerequisite("completed", second.id),),
            )
            for target in (first, third):
                refused(
                    "prerequisites",
                    teaching.change_activity,
                    occasion,
                    first,
                    ActivityValues(
                        "一",
                        completion=("viewed",),
                        prerequisites=(Prerequisite("completed", target.id),),
                    ),
                )
            assert first.prerequisites == ()
            # What is deleted is waited for by nobody.
            teaching.delete_activity(occasion, second)
            assert third.prerequisites == ()

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("completion", {"completion": ("guessed",)}),
            ("completion", {"completion": ("graded",)}),
            ("max_points", {"max_points": 0.0}),
            ("pass_mark", {"max_points": 10.0, "pass_mark": 11.0}),
            ("prerequisites", {"prerequisites": (Prerequisite("completed", 77),)}),
            ("prerequisites", {"prerequisites": (Prerequisite("often", 0),)}),
            (
                "closes",
                {"prerequisites": (Prerequisite("from", 0, 200), Prerequisite("until", 0, 100))},
            ),
        ],
    )
    def test_wrong_rules_are_named(
        self, site: SiteUnderTest, field: str, values: dict[str, Any]
    ) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            refused(field, add, occasion, course, course.outline[0], "一", **values)

    def test_a_graded_activity_has_an_item_in_the_grade_book(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            activity = add(occasion, course, course.outline[0], "测验", max_points=50.0)
            assert course.grade_book.item_of(activity.id).maximum == 50
            teaching.change_activity(occasion, activity, ActivityValues("测验"))
            assert course.grade_book.item_of(activity.id) is None

    def test_a_copied_section_depends_on_its_own_copies(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            section = course.outline[0]
            first = add(occasion, course, section, "一", completion=("viewed",))
            add(
                occasion,
                course,
                section,
                "二",
                prerequisites=(Prerequisite("completed", first.id),),
            )
            twin = teaching.copy_section(occasion, course, section)
            assert course.outline == [section, twin]
            copies = [course.activities.by_id(i) for i in twin.activities]
            assert [c.title for c in copies] == ["一", "二"]
            assert copies[1].prerequisites == (Prerequisite("completed", copies[0].id),)
            contents = occasion.site.plugins["builtin"]["contents"]
            assert contents[copies[0].id] is not contents[first.id]
            assert contents[copies[0].id].source == "一"


class TestOrder:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4),
        steps=st.lists(
            st.tuples(st.booleans(), st.integers(0, 15), st.sampled_from(["up", "down"])),
            max_size=15,
        ),
    )
    def test_moving_loses_and_doubles_nothing(
        self, site: SiteUnderTest, sizes: list[int], steps: list[tuple[bool, int, str]]
    ) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion, sections=len(sizes))
            for section, size in zip(course.outline, sizes, strict=True):
                for number in range(size):
                    course.add_activity(Activity("page", str(number)), section)
            sections = sorted(s.id for s in course.outline)
            activities = sorted(a.id for a in course.activities)
            for of_section, number, direction in steps:
                pool = sections if of_section else activities
                if pool:
                    kind = "section" if of_section else "activity"
                    teaching.move(occasion, course, kind, pool[number % len(pool)], direction)
            assert sorted(s.id for s in course.outline) == sections
            assert sorted(i for s in course.outline for i in s.activities) == activities

    def test_an_activity_goes_on_into_the_next_section_and_back(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion, sections=2, activities=1)
            one, two = course.outline
            (id,) = one.activities
            teaching.move(occasion, course, "activity", id, "down")
            assert (one.activities, two.activities[0]) == ([], id)
            teaching.move(occasion, course, "activity", id, "up")
            assert one.activities == [id]

    def test_an_order_must_name_everything_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion, sections=2, activities=2)
            one, two = course.outline
            before = [(s.id, list(s.activities)) for s in course.outline]
            a, b = one.activities
            for wrong in (
                [(one.id, [a, b])],
                [(one.id, [a]), (two.id, two.activities)],
                [(one.id, [a, a, b]), (two.id, two.activities)],
                [(one.id, [a, b, 99]), (two.id, two.activities)],
                [(one.id, [a, b]), (one.id, []), (two.id, two.activities)],
            ):
                with pytest.raises(Conflict):
                    teaching.arrange(occasion, course, wrong)
            assert [(s.id, s.activities) for s in course.outline] == before


class TestCategories:
    def test_a_category_never_lies_within_itself(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            top = teaching.create_category(occasion, "电工")
            below = teaching.create_category(occasion, "低压", "", top)
            refused("parent", teaching.change_category, occasion, top, "电工", "", below)
            refused("parent", teaching.change_category, occasion, top, "电工", "", top)

    def test_only_an_empty_one_is_deleted(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            top = teaching.create_category(occasion, "电工")
            below = teaching.create_category(occasion, "低压", "", top)
            course = teaching.create_course(occasion, CourseValues("课", "A", category=below))
            for category in (top, below):
                with pytest.raises(Conflict):
                    teaching.delete_category(occasion, category)
            teaching.change_course(occasion, course, CourseValues("课", "A"))
            teaching.delete_category(occasion, below)
            teaching.delete_category(occasion, top)
            assert len(occasion.site.categories) == 0

    def test_depth_is_bounded_when_moving_a_whole_branch(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            chain = [teaching.create_category(occasion, "1")]
            for number in range(2, 6):
                chain.append(teaching.create_category(occasion, str(number), "", chain[-1]))
            refused("parent", teaching.create_category, occasion, "6", "", chain[-1])
            other = teaching.create_category(occasion, "other")
            refused("parent", teaching.change_category, occasion, chain[0], "1", "", other)

    def test_neighbours_change_places(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            a, b, c = (teaching.create_category(occasion, t) for t in "abc")
            teaching.move_category(occasion, c, "up")
            teaching.move_category(occasion, a, "up")
            order = [n.category for n in catalogue.tree(occasion)]
            assert order == [a, c, b]


class TestCatalogue:
    def test_words_may_stand_in_title_code_or_occupation(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            top = teaching.create_category(occasion, "电工")
            below = teaching.create_category(occasion, "低压", "", top)
            found = factories.course(occasion, "低压电工作业")
            teaching.change_course(
                occasion,
                found,
                CourseValues("低压电工作业", "DY-2026", category=below, occupation="电工"),
            )
            factories.course(occasion, "养老护理员")
            hidden = factories.course(occasion, "低压电工（隐藏）")
            teaching.change_course(
                occasion, hidden, CourseValues("低压电工（隐藏）", "H", visible=False)
            )

            def titles(text: str, category: Any = None) -> list[str]:
                return [c.title for c in catalogue.search(occasion, text, category).courses]

            assert titles("低压 dy-2026") == ["低压电工作业"]
            assert titles("ＤＹ") == ["低压电工作业"]
            assert titles("护理") == ["养老护理员"]
            assert titles("没有这门课") == []
            assert titles("", top) == ["低压电工作业"]
            assert len(titles("")) == 2

    def test_a_page_opens_only_its_own_courses(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            for number in range(60):
                factories.course(occasion, f"课程 {number}")
        with site.occasion() as occasion:
            connection = occasion.site._p_jar
            connection.cacheMinimize()
            listing = catalogue.search(occasion, page=99, size=5)
            assert (listing.page, listing.first, listing.last, listing.total) == (12, 56, 60, 60)
            opened = [c for c in connection._cache.lru_items() if isinstance(c[1], Course)]
            assert len(opened) <= 5
