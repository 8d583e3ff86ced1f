"""Completion follows the rules, whatever the order of facts; views write once."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modou.models.courses import Activity, Course, Prerequisite
from modou.models.enrolments import Enrolment
from modou.services import learning
from modou.services.occasion import Occasion
from tests import factories
from tests.conftest import SiteUnderTest

RULES = ("viewed", "manual", "graded", "passed")


def make(occasion: Occasion, rules: Sequence[Sequence[str]]) -> tuple[Course, list[Activity]]:
    course = factories.course(occasion, activities=len(rules))
    made = list(course.ordered_activities())
    for activity, chosen in zip(made, rules, strict=True):
        activity.completion = tuple(chosen)
    return course, made


def learner_in(occasion: Occasion, course: Course) -> Enrolment:
    return factories.enrolment(occasion, course, factories.user(occasion))


_act = st.one_of(
    st.tuples(st.just("viewed")),
    st.tuples(st.just("manual"), st.booleans()),
    st.tuples(st.just("grade"), st.none() | st.floats(0, 100), st.booleans()),
)


class TestCompletion:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        rules=st.lists(st.lists(st.sampled_from(RULES), unique=True), min_size=1, max_size=4),
        acts=st.lists(st.tuples(st.integers(0, 3), _act), max_size=25),
    )
    def test_it_equals_the_rules_applied_to_the_last_facts(
        self, site: SiteUnderTest, rules: list[list[str]], acts: list[tuple[int, tuple]]
    ) -> None:
        with site.occasion() as occasion:
            course, activities = make(occasion, rules)
            enrolment = learner_in(occasion, course)
            facts: list[dict[str, object]] = [{} for _ in activities]
            for place, act in acts:
                place %= len(activities)
                activity, known = activities[place], facts[place]
                match act:
                    case ("viewed",):
                        learning.set_fact(occasion, enrolment, activity, "viewed", 1)
                        known["viewed"] = True
                    case ("manual", done):
                        value = 1 if done else None
                        learning.set_fact(occasion, enrolment, activity, "manual", value)
                        known["manual"] = done
                    case ("grade", percent, passed):
                        learning.note_grade(
                            occasion, course, enrolment, activity.id, percent, passed
                        )
                        known["graded"] = percent is not None
                        known["passed"] = percent is not None and passed
            expected = [
                bool(chosen) and all(known.get(rule) for rule in chosen)
                for chosen, known in zip(rules, facts, strict=True)
            ]
            progress = enrolment.progress
            assert [a.id in progress.completed for a in activities] == expected
            tracked = [e for e, chosen in zip(expected, rules, strict=True) if chosen]
            assert bool(progress.course_completed) == (bool(tracked) and all(tracked))

    def test_completing_is_recorded_once_for_activity_and_course(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, (activity,) = make(occasion, [["manual"]])
            enrolment = learner_in(occasion, course)
            learning.set_fact(occasion, enrolment, activity, "manual", 1)
            learning.set_fact(occasion, enrolment, activity, "viewed", 1)
        with site.occasion() as occasion:
            told = [(e.kind, e.values["activity"]) for e in occasion.site.journal]
            assert told == [("completed", activity.id), ("completed", 0)]

    def test_a_hidden_activity_does_not_hold_the_course_back(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, (shown, hidden) = make(occasion, [["viewed"], ["viewed"]])
            hidden.visible = False
            enrolment = learner_in(occasion, course)
            learning.set_fact(occasion, enrolment, shown, "viewed", 1)
            assert enrolment.progress.course_completed == occasion.now

    def test_a_rule_of_an_absent_plugin_is_never_met(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, (activity,) = make(occasion, [["viewed", "watched_by_gone_plugin"]])
            enrolment = learner_in(occasion, course)
            learning.set_fact(occasion, enrolment, activity, "viewed", 1)
            assert not enrolment.progress.completed


class TestViews:
    def test_only_the_first_view_writes(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, (activity,) = make(occasion, [["viewed"]])
            user = factories.user(occasion, "wang")
            factories.enrolment(occasion, course, user)
        with site.occasion("wang") as occasion:
            course = occasion.site.courses.by_id(course.id)
            assert learning.note_view(occasion, course, course.activities.by_id(activity.id))
        before = site.database.lastTransaction()
        with site.occasion("wang") as occasion:
            course = occasion.site.courses.by_id(course.id)
            assert not learning.note_view(occasion, course, course.activities.by_id(activity.id))
        assert site.database.lastTransaction() == before


class TestPrerequisites:
    def locked(self, occasion: Occasion, course: Course, enrolment: Enrolment) -> list[bool]:
        outline = learning.learner_outline(occasion, course, enrolment)
        refused = learning.objections(occasion, course, enrolment, outline)
        return [a.id in refused for a in outline.activities]

    def test_each_kind_locks_until_it_is_met(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, (first, after, graded, early, late) = make(occasion, [["manual"]] * 5)
            after.prerequisites = (Prerequisite("completed", first.id),)
            graded.prerequisites = (Prerequisite("grade", first.id, 60),)
            early.prerequisites = (Prerequisite("from", 0, occasion.now + 60),)
            late.prerequisites = (Prerequisite("until", 0, occasion.now),)
            enrolment = learner_in(occasion, course)
            assert self.locked(occasion, course, enrolment) == [False, True, True, True, True]
            learning.set_fact(occasion, enrolment, first, "manual", 1)
            learning.note_grade(occasion, course, enrolment, first.id, 59.9, False)
            assert self.locked(occasion, course, enrolment)[:3] == [False, False, True]
            learning.note_grade(occasion, course, enrolment, first.id, 60, True)
            assert not self.locked(occasion, course, enrolment)[2]
        site.clock.move(minutes=1)
        with site.occasion() as occasion:
            course = occasion.site.courses.by_id(course.id)
            enrolment = course.enrolments[enrolment.user_id]
            assert self.locked(occasion, course, enrolment)[3:] == [False, True]

    def test_a_condition_on_what_nobody_can_do_is_no_condition(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course, (untracked, after, other) = make(occasion, [[], ["manual"], ["manual"]])
            after.prerequisites = (Prerequisite("completed", untracked.id),)
            other.prerequisites = (Prerequisite("completed", 12345),)
            enrolment = learner_in(occasion, course)
            assert self.locked(occasion, course, enrolment) == [False, False, False]


class TestOutline:
    def test_it_is_not_kept_while_the_course_has_uncommitted_changes(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:
            course, _activities = make(occasion, [[]])
        try:
            with site.occasion() as occasion:
                found = occasion.site.courses.by_id(course.id)
                next(iter(found.ordered_activities())).title = "nie gespeichert"
                found.touch(occasion.now)
                learning.outline_of(occasion, found)
                raise RuntimeError
        except RuntimeError:
            pass
        with site.occasion() as occasion:
            found = occasion.site.courses.by_id(course.id)
            found.touch(occasion.now)
        with site.occasion() as occasion:
            found = occasion.site.courses.by_id(course.id)
            assert learning.outline_of(occasion, found).activities[0].title == "第 1 节"
