"""The grade book as a tree: taking in, moving, removing, and what a sheet remembers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.models.grades import Change, Grade, GradeBook, GradeCategory, GradeItem, GradeSheet


def titles(book):
    return [(depth, node.title) for depth, node in book.walk()]


@pytest.fixture
def book():
    made = GradeBook()
    homework = GradeCategory("平时", parent=made.root_id)
    made.put(homework)
    made.put(GradeItem("作业一", category=homework.id))
    made.put(GradeItem("作业二", category=homework.id))
    made.put(GradeItem("期末考试", category=made.root_id))
    return made


def by_title(book, title):
    return next(node for _depth, node in book.walk() if node.title == title)


class TestTree:
    def test_it_walks_in_order_with_depth(self, book):
        assert titles(book) == [(0, "平时"), (1, "作业一"), (1, "作业二"), (0, "期末考试")]
        assert [i.title for i in book.ordered_items()] == ["作业一", "作业二", "期末考试"]

    def test_a_changed_item_keeps_its_place(self, book):
        book.put(replace(by_title(book, "作业一"), title="第一次作业"))
        assert titles(book)[1] == (1, "第一次作业")

    def test_an_item_with_another_category_goes_to_its_end(self, book):
        book.put(replace(by_title(book, "作业一"), category=book.root_id))
        assert titles(book) == [(0, "平时"), (1, "作业二"), (0, "期末考试"), (0, "作业一")]

    def test_what_stands_in_a_removed_category_moves_up_to_its_place(self, book):
        book.remove(by_title(book, "平时").id)
        assert titles(book) == [(0, "作业一"), (0, "作业二"), (0, "期末考试")]
        assert by_title(book, "作业一").category == book.root_id

    def test_the_course_itself_cannot_be_removed(self, book):
        with pytest.raises(ValueError, match="own category"):
            book.remove(book.root_id)

    def test_arranging_moves_between_categories_and_forgets_nobody(self, book):
        homework = by_title(book, "平时")
        book.arrange(homework.id, [by_title(book, "期末考试").id])
        assert titles(book) == [(0, "平时"), (1, "期末考试"), (1, "作业一"), (1, "作业二")]
        assert by_title(book, "期末考试").category == homework.id

    def test_a_category_cannot_stand_within_itself(self, book):
        homework = by_title(book, "平时")
        inner = GradeCategory("内", parent=homework.id)
        book.put(inner)
        with pytest.raises(ValueError, match="within itself"):
            book.arrange(inner.id, [homework.id])

    @given(st.data())
    def test_whatever_is_moved_every_node_stands_in_the_tree_once(self, data):
        book = GradeBook()
        for number in range(4):
            parent = data.draw(st.sampled_from(sorted(book.categories)))
            book.put(GradeCategory(f"c{number}", parent=parent))
        for number in range(5):
            parent = data.draw(st.sampled_from(sorted(book.categories)))
            book.put(GradeItem(f"i{number}", category=parent))
        for _step in range(6):
            target = data.draw(st.sampled_from(sorted(book.categories)))
            ids = data.draw(st.lists(st.sampled_from([*book.items, *book.categories]), max_size=4))
            around = set(book.above(target))
            if not around & set(ids):
                book.arrange(target, ids)
            else:
                with pytest.raises(ValueError, match="within itself"):
                    book.arrange(target, ids)
            walked = [node.id for _depth, node in book.walk()]
            assert sorted(walked) == sorted({*book.items, *book.categories} - {book.root_id})
            for category in book.categories.values():
                assert all(book.holder_of(book.node(i)) == category.id for i in category.children)


class TestSheet:
    def test_a_dropped_grade_stays_in_the_history(self):
        sheet = GradeSheet()
        sheet.put(7, Grade(80.0), Change(1, 2, 7, "grade", None, 80.0))
        sheet.feedback[7] = "很好"
        sheet.drop(7, Change(3, 2, 7, "drop", 80.0, None))
        assert sheet.grade(7).value is None
        assert 7 not in sheet.feedback
        assert [c.action for c in sheet.history_of(7)] == ["drop", "grade"]
