"""Giving grades through the verbs: who may, what is kept, what it comes to."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from ZODB.POSException import ConflictError

from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.models.courses import Activity
from modou.services import grading
from tests import factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def class_(site: SiteUnderTest):
    """A course with a graded activity, a teacher and two learners."""
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=2)
        teacher = factories.user(occasion, "teacher", "赵老师")
        factories.enrolment(occasion, course, teacher, "teacher")
        for username, name in (("wang", "王芳"), ("li", "李强")):
            factories.enrolment(occasion, course, factories.user(occasion, username, name))
        activity = next(course.ordered_activities())
        activity.completion = ("passed",)
        grading.ensure_item(occasion, course, activity, 50.0)
        grading.add_item(occasion, course, {"title": "课堂表现"})
    return site


def parts(occasion, username="wang"):
    """Course, the activity's item, the item by hand, the learner's enrolment."""
    course = next(iter(occasion.site.courses))
    quiz, by_hand = course.grade_book.ordered_items()
    user = occasion.site.users.by_id(occasion.site.user_index.usernames[username])
    return course, quiz, by_hand, course.enrolments[user.id]


class TestItems:
    def test_an_activity_has_one_item_that_bears_its_title(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, _enrolment = parts(occasion)
            activity = course.activities.by_id(quiz.activity)
            activity.title = "第一次测验"
            again = grading.ensure_item(occasion, course, activity)
            assert again.id == quiz.id
            assert (again.title, again.maximum) == ("第一次测验", 50.0)
            assert len(course.grade_book.items) == 2

    def test_a_new_maximum_keeps_the_percentages(self, class_):
        with class_.occasion() as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            activity = course.activities.by_id(quiz.activity)
            quiz = grading.ensure_item(occasion, course, activity, 100.0)
            assert grading.grade_of(enrolment, quiz).value == 80.0
            assert enrolment.grades.history_of(quiz.id)[0].action == "rescale"

    def test_limits_that_leave_grades_outside_are_refused_and_change_nothing(self, class_):
        with class_.occasion("teacher") as occasion:
            course, _quiz, by_hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, by_hand, enrolment, 95.0, source="manual")
            with pytest.raises(Invalid, match="1 grades are outside") as raised:
                grading.change_item(occasion, course, by_hand, {"maximum": 50.0})
            assert raised.value.field == "maximum"
            assert course.grade_book.items[by_hand.id].maximum == 100.0
            grading.change_item(occasion, course, by_hand, {"maximum": 50.0}, rescale=True)
            assert grading.grade_of(enrolment, by_hand).value == 47.5

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"title": "  "}, "title"),
            ({"title": "长" * 201}, "title"),
            ({"title": "a", "maximum": 0.0}, "maximum"),
            ({"title": "a", "maximum": float("nan")}, "maximum"),
            ({"title": "a", "maximum": float("inf")}, "maximum"),
            ({"title": "a", "weight": -1.0}, "weight"),
            ({"title": "a", "pass_mark": 101.0}, "pass_mark"),
            ({"title": "a", "category": 5}, "category"),
        ],
    )
    def test_nonsense_is_refused_at_its_field(self, class_, values, field):
        with class_.occasion("teacher") as occasion:
            course = parts(occasion)[0]
            with pytest.raises(Invalid) as raised:
                grading.add_item(occasion, course, values)
            assert raised.value.field == field
            assert len(course.grade_book.items) == 2

    def test_the_item_of_a_living_activity_is_not_deleted_by_itself(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, _enrolment = parts(occasion)
            with pytest.raises(Conflict, match="graded by an activity"):
                grading.delete_item(occasion, course, quiz)

    def test_grades_of_a_dropped_item_stay_in_the_history(self, class_):
        with class_.occasion() as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            grading.drop_item(occasion, course, quiz.activity)
            assert course.grade_book.item_of(quiz.activity) is None
            assert grading.total_of(occasion, course, enrolment).percent is None
            actions = [c.action for c in enrolment.grades.history_of(quiz.id)]
            assert actions == ["drop", "grade"]
            with pytest.raises(NotFound):
                grading.set_grade(occasion, course, quiz, enrolment, 1.0, source="quiz")


class TestGiving:
    def test_an_activity_grades_and_completion_follows(self, class_):
        with class_.occasion() as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 29.0, source="quiz")
            assert quiz.activity not in enrolment.progress.completed
            grading.set_grade(occasion, course, quiz, enrolment, 30.0, source="quiz")
            assert quiz.activity in enrolment.progress.completed
            grading.set_grade(occasion, course, quiz, enrolment, None, source="quiz")
            assert quiz.activity not in enrolment.progress.completed

    def test_the_event_is_in_the_journal_and_saying_it_twice_adds_nothing(self, class_):
        with class_.occasion() as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            for _twice in range(2):
                grading.set_grade(occasion, course, quiz, enrolment, 45.0, source="quiz")
        with class_.occasion() as occasion:
            _course, quiz, _hand, enrolment = parts(occasion)
            events = [e for e in occasion.site.journal if e.kind == "graded"]
            assert [(e.subject, dict(e.values)) for e in events] == [
                (
                    enrolment.user_id,
                    {"item": quiz.id, "value": 45.0, "source": "quiz", "before": None},
                )
            ]
            assert len(enrolment.grades.history) == 1

    @pytest.mark.parametrize("value", [-0.5, 50.01, float("nan"), float("inf")])
    def test_a_value_outside_the_limits_is_refused(self, class_, value):
        with class_.occasion() as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            with pytest.raises(Invalid, match="takes 0 to 50 points"):
                grading.set_grade(occasion, course, quiz, enrolment, value, source="quiz")
            assert enrolment.grades is None

    def test_learners_grade_nobody(self, class_):
        with class_.occasion("li") as occasion:
            course, _quiz, by_hand, enrolment = parts(occasion)
            with pytest.raises(NotAllowed):
                grading.set_grade(occasion, course, by_hand, enrolment, 99.0, source="manual")
            with pytest.raises(NotAllowed):
                grading.report_of(occasion, course, enrolment)

    def test_a_grade_belongs_to_a_participant_of_the_course(self, class_):
        with class_.occasion() as occasion:
            course, quiz, _hand, _enrolment = parts(occasion)
            other = factories.course(occasion, "钳工")
            stranger = factories.enrolment(occasion, other, factories.user(occasion))
            with pytest.raises(NotFound, match="does not take part"):
                grading.set_grade(occasion, course, quiz, stranger, 1.0, source="quiz")


class TestOverriding:
    def test_it_needs_a_reason_and_survives_the_activity(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 20.0, source="quiz")
            with pytest.raises(Invalid) as raised:
                grading.override(occasion, course, quiz, enrolment, 35.0)
            assert raised.value.field == "reason"
            grading.override(occasion, course, quiz, enrolment, 35.0, reason="断电，补考")
            grading.set_grade(occasion, course, quiz, enrolment, 10.0, source="quiz")
            grade = grading.grade_of(enrolment, quiz)
            assert (grade.value, grade.given, grade.overridden) == (35.0, 10.0, True)
            grading.override(occasion, course, quiz, enrolment, None)
            grade = grading.grade_of(enrolment, quiz)
            assert (grade.value, grade.overridden, grade.reason) == (10.0, False, "")
        with class_.occasion() as occasion:
            _course, quiz, _hand, enrolment = parts(occasion)
            lines = [
                (c.action, c.old, c.new, c.reason) for c in enrolment.grades.history_of(quiz.id)
            ]
            assert lines == [
                ("restore", 35.0, 10.0, ""),
                ("grade", 20.0, 10.0, ""),
                ("override", 20.0, 35.0, "断电，补考"),
                ("grade", None, 20.0, ""),
            ]

    def test_what_an_activity_gave_cannot_be_emptied(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 20.0, source="quiz")
            with pytest.raises(Invalid, match="cannot be emptied"):
                grading.override(occasion, course, quiz, enrolment, None)
            grading.edit_grade(occasion, course, quiz, enrolment, value=20.0)
            assert not grading.grade_of(enrolment, quiz).overridden

    def test_a_change_with_one_fault_changes_nothing(self, class_):
        with class_.occasion("teacher") as occasion:
            course, _quiz, by_hand, enrolment = parts(occasion)
            with pytest.raises(Invalid):
                grading.edit_grade(
                    occasion, course, by_hand, enrolment, value=70.0, excluded=True, feedback="好"
                )
            assert enrolment.grades is None


class TestExcluding:
    def test_an_excluded_grade_leaves_the_total_and_returns(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, by_hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 50.0, source="quiz")
            grading.set_grade(occasion, course, by_hand, enrolment, 50.0, source="manual")
            assert grading.total_of(occasion, course, enrolment).percent == 75.0
            with pytest.raises(Invalid, match="Say why"):
                grading.exclude(occasion, course, by_hand, enrolment, " ")
            grading.exclude(occasion, course, by_hand, enrolment, "病假")
            assert grading.total_of(occasion, course, enrolment).percent == 100.0
            grading.include(occasion, course, by_hand, enrolment)
            assert grading.total_of(occasion, course, enrolment).percent == 75.0


@pytest.mark.both_storages
class TestConcurrency:
    def test_the_second_of_two_teachers_is_told_what_the_first_one_did(self, class_):
        with class_.occasion("teacher") as occasion:
            course, _quiz, by_hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, by_hand, enrolment, 80.0, source="manual")
        with class_.occasion("teacher") as occasion:
            course, _quiz, by_hand, enrolment = parts(occasion)
            with pytest.raises(grading.GradeChanged, match="赵老师 made it 80") as raised:
                grading.expect(occasion, enrolment, by_hand, None)
            assert raised.value.grade.value == 80.0
            grading.expect(occasion, enrolment, by_hand, 80.0)

    def test_teachers_of_different_learners_never_meet(self, class_):
        with class_.occasion() as occasion:
            course, _quiz, by_hand, _enrolment = parts(occasion)
            for name in ("wang", "li"):
                enrolment = parts(occasion, name)[3]
                grading.set_grade(occasion, course, by_hand, enrolment, 50.0, source="manual")
        both = Barrier(2, timeout=60)

        def raise_grade(username: str) -> None:
            with class_.occasion("teacher") as occasion:
                course, _quiz, by_hand, enrolment = parts(occasion, username)
                grading.set_grade(occasion, course, by_hand, enrolment, 60.0, source="manual")
                both.wait()  # neither has committed, both have read

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(raise_grade, ("wang", "li")))
        with class_.occasion() as occasion:
            for name in ("wang", "li"):
                _course, _quiz, by_hand, enrolment = parts(occasion, name)
                assert grading.grade_of(enrolment, by_hand).value == 60.0

    def test_teachers_of_one_learner_do_and_the_request_is_repeated(self, class_):
        both = Barrier(2, timeout=60)

        def give(value: float) -> bool:
            try:
                with class_.occasion("teacher") as occasion:
                    course, _quiz, by_hand, enrolment = parts(occasion)
                    grading.set_grade(occasion, course, by_hand, enrolment, value, source="manual")
                    both.wait()
            except ConflictError:  # what pyramid_retry answers by asking again
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(give, (60.0, 70.0))) == [False, True]


class TestReport:
    def test_letters_passes_shares_and_contributions(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, by_hand, enrolment = parts(occasion)
            grading.change_item(occasion, course, quiz, {"weight": 3.0})
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            grading.set_grade(
                occasion, course, by_hand, enrolment, 50.0, source="manual", feedback="多练习"
            )
            report = grading.report_of(occasion, course, enrolment)
            first, second = report.lines
            assert (first.share, first.contribution, first.letter) == (75.0, 60.0, "Good")
            assert (second.share, second.contribution, second.passed) == (25.0, 12.5, False)
            assert second.feedback == "多练习"
            assert (round(report.total.percent, 9), report.total.letter, report.total.passed) == (
                72.5,
                "Fair",
                True,
            )

    def test_learners_do_not_see_hidden_items_and_these_do_not_count(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, by_hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            grading.set_grade(occasion, course, by_hand, enrolment, 0.0, source="manual")
            grading.change_item(occasion, course, by_hand, {"hidden": True})
        with class_.occasion("wang") as occasion:
            course, quiz, by_hand, enrolment = parts(occasion)
            report = grading.report_of(occasion, course, enrolment)
            assert [line.node.title for line in report.lines] == [quiz.title]
            assert report.total.percent == 80.0

    def test_a_missing_aggregation_leaves_the_total_open(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            book = course.grade_book
            root = book.root
            book.put(type(root)(**{**vars(root), "aggregation": "gone_plugin"}))
            assert grading.total_of(occasion, course, enrolment).percent is None
            report = grading.report_of(occasion, course, enrolment)
            assert not report.reckoned
            assert report.lines[0].grade.value == 40.0


class TestMarks:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("85", 85.0),
            (" 85.5 ", 85.5),
            ("８５．５", 85.5),
            ("85,5", 85.5),
            ("85，5", 85.5),
            ("85分", 85.0),
            ("85%", 85.0),
            ("８５％", 85.0),
            (".5", 0.5),
            ("优秀", 95.0),
            ("不及格", 30.0),
            ("GOOD", 85.0),
            ("", None),
            ("—", None),
            ("0", 0.0),
        ],
    )
    def test_what_people_type(self, class_, text, value):
        with class_.occasion() as occasion:
            course, _quiz, by_hand, _enrolment = parts(occasion)
            words = {"Excellent": "优秀", "Fail": "不及格"}
            letters = grading.letter_values(course.grade_book.scale, words)
            assert grading.parse_mark(text, by_hand, letters) == value

    @pytest.mark.parametrize(
        "text",
        [
            "abc",
            "nan",
            "inf",
            "-1",
            "101",
            "1e1",
            "85.5.5",
            "1,000",
            "八十五",
            "=1+1",
            "120%",
            "٨٥",
        ],
    )
    def test_what_is_no_grade(self, class_, text):
        with class_.occasion() as occasion:
            _course, _quiz, by_hand, _enrolment = parts(occasion)
            with pytest.raises(Invalid) as raised:
                grading.parse_mark(text, by_hand)
            assert raised.value.field == "value"


class TestScale:
    def test_letters_are_set_and_must_cover_everything(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            with pytest.raises(Invalid, match="lowest percentage"):
                grading.change_scale(occasion, course, [(60.0, "合格")], 60.0)
            grading.change_scale(occasion, course, [(0.0, "不合格"), (80.0, "合格")], 80.0)
            total = grading.total_of(occasion, course, enrolment)
            assert (total.letter, total.passed) == ("合格", True)

    def test_a_new_pass_percentage_reaches_completion(self, class_):
        with class_.occasion("teacher") as occasion:
            course, quiz, _hand, enrolment = parts(occasion)
            grading.set_grade(occasion, course, quiz, enrolment, 40.0, source="quiz")
            assert quiz.activity in enrolment.progress.completed
            grading.change_scale(occasion, course, [], 90.0)
            assert quiz.activity not in enrolment.progress.completed


def test_an_item_needs_no_activity_that_still_exists(class_):
    with class_.occasion() as occasion:
        course, quiz, _hand, enrolment = parts(occasion)
        course.drop_activity(quiz.activity)
        grading.set_grade(occasion, course, quiz, enrolment, 10.0, source="quiz")
        grading.delete_item(occasion, course, quiz)
        assert course.grade_book.item_of(quiz.activity) is None
        assert not isinstance(quiz, Activity)
