"""What happened on the demonstration's site up to now: cohorts, study evenings, tests, grades.

Nothing is written by hand: people sign in, open what is open to them and tick it off; tests are
sat on Saturdays and graded on Sundays. What somebody does follows from their habits, which chance
gives, the same with every filling.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from modou.clock import SHANGHAI, from_seconds
from modou.demo import people, reading
from modou.demo.courses import CourseMade, item_of, made_at, make_course
from modou.demo.people import Numbers
from modou.demo.reading import CohortPlan, CoursePlan
from modou.demo.stage import Diary, Stage
from modou.models.cohorts import Cohort
from modou.models.courses import Activity, Category
from modou.models.enrolments import Enrolment
from modou.models.grades import BY_HAND
from modou.models.people import User
from modou.services import (
    cohorts,
    enrol_methods,
    enrolling,
    grading,
    learning,
    logins,
    teaching,
)

MINUTE, HOUR, DAY = 60, 3600, 86_400
WEEK = 7 * DAY
#: Times of a test that somebody may sit.
_MOST_SITTINGS = 3


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody learns.

    :param ability: mean result in tests, in per cent
    :param presence: how likely they come to a test
    :param delay: days that they begin a section late
    :param stops: the section (from 0) with which they stop, 99 for never
    :param eager: go on to later sections by themselves
    :param leaves: leave the course when they stop
    """

    ability: float
    presence: float = 0.96
    delay: int = 0
    stops: int = 99
    eager: bool = False
    leaves: bool = False


def _habits(chance: random.Random, *, finished: bool) -> Habits:
    ability = min(96.0, max(52.0, chance.gauss(79, 9)))
    kind = chance.random()
    if finished:
        if kind < 0.09:
            return Habits(ability - 8, 0.6, 4, chance.randint(2, 4), leaves=True)
        return Habits(ability + 4, 0.97, chance.choice((0, 0, 0, 1, 2)))
    if kind < 0.14:
        return Habits(ability + 8, 1.0, eager=True)
    if kind < 0.62:
        return Habits(ability, 0.96, chance.choice((-3, -2, -1, 0, 1, 2)))
    if kind < 0.82:
        return Habits(ability - 6, 0.8, chance.randint(6, 13))
    return Habits(ability - 6, 0.7, 2, chance.choice((0, 1, 1, 2)))


def morning(moment: int) -> int:
    """The first second of the day of `moment` in Shanghai, in seconds UTC."""
    return int(datetime.combine(people.today(moment), time(), SHANGHAI).timestamp())


class History:
    """Plans and plays what happened.

    :param staff: username -> account
    :param categories: key -> category
    :param progress: is told what is being done
    """

    def __init__(
        self,
        stage: Stage,
        chance: random.Random,
        numbers: Numbers,
        staff: Mapping[str, User],
        categories: Mapping[str, Category],
        progress: Callable[[str], None],
    ) -> None:
        self.stage = stage
        self.chance = chance
        self.numbers = numbers
        self.staff = staff
        self.categories = categories
        self.progress = progress
        #: Folder -> course, when it is made.
        self.courses: dict[str, CourseMade] = {}
        self.diary = Diary()
        self.feedback = reading.site().feedback
        self.operator = staff["operator"]

    def play(self) -> int:
        """Everything up to now; how many acts that were."""
        plan = reading.people()
        for course in reading.courses():
            self.diary.plan(made_at(self.stage, course), partial(self._make_course, course))
        for cohort in reading.site().cohorts:
            leader = next(s for s in plan.staff if cohort.key in s.leads)
            begins = self._monday(cohort.weeks_ago)
            act = partial(self._make_cohort, cohort, self.staff[leader.username], begins)
            self.diary.plan(begins - 10 * DAY + 10 * HOUR, act)
        for username in self.staff:
            # Staff were here yesterday.
            at = morning(self.stage.now - DAY) + self.chance.randint(8 * HOUR, 17 * HOUR)
            self.diary.plan(at, partial(self._sign_in, self.staff[username]))
        return self.diary.play(self.stage.now)

    # -- courses

    def _make_course(self, plan: CoursePlan, moment: int) -> None:
        count = sum(len(section.activities) for section in plan.sections)
        self.progress(f"course {plan.title}: {count} activities")
        made = make_course(self.stage, plan, self.categories, self.operator, moment)
        self.courses[plan.folder] = made
        self.diary.plan(moment + DAY, partial(self._enrol_teacher, made))
        if plan.published:
            self.diary.plan(moment + WEEK, partial(self._publish, made))

    def _enrol_teacher(self, made: CourseMade, moment: int) -> None:
        occasion = self.stage.at(moment, self.operator)
        enrolling.enrol(occasion, made.course, [self.teacher_of(made)], role="teacher")

    def _publish(self, made: CourseMade, moment: int) -> None:
        teaching.publish_course(self.stage.at(moment, self.operator), made.course)

    def _monday(self, weeks_ago: int) -> int:
        """The first second of the Monday of that week, in Shanghai, in seconds UTC."""
        weekday = people.today(self.stage.now).weekday()
        return morning(self.stage.now - weekday * DAY - weeks_ago * WEEK)

    def _sign_in(self, user: User, moment: int) -> None:
        logins.let_in(self.stage.at(moment), user)

    # -- cohorts

    def _make_cohort(self, plan: CohortPlan, leader: User, begins: int, moment: int) -> None:
        """Everything of a cohort but its study, ten days before it begins."""
        occasion = self.stage.at(moment, self.operator)
        day = from_seconds(begins).astimezone(SHANGHAI)
        spring = 3 <= day.month <= 8
        words = {
            "${year}": str(day.year if day.month >= 3 else day.year - 1),
            "${season}": "春" if spring else "秋",
            "${term}": "1" if spring else "2",
        }
        title, number = plan.title, plan.number
        for word, meaning in words.items():
            title, number = title.replace(word, meaning), number.replace(word, meaning)
        cohort = cohorts.create_cohort(
            occasion,
            title=title,
            number=number,
            starts=begins,
            ends=begins + plan.weeks * WEEK,
            planned_number=plan.planned_number,
            class_teacher=leader,
        )
        made = self.courses[plan.course]
        cohorts.enrol_cohort(occasion, cohort, made.course)
        later = moment + 2 * DAY
        members = list(
            people.make_learners(self.stage, self.numbers, plan.key, number, self.operator, later)
        )
        cohorts.add_members(self.stage.at(later + HOUR, self.operator), cohort, members)
        self.progress(f"cohort {title}: {len(members)} learners and what they did")
        self.diary.plan(begins, partial(self._set_status, cohort, "running"))
        ends = cohort.ends
        self.diary.plan(ends, partial(self._set_status, cohort, "finished"))
        self._plan_study(plan, cohort, members, made, begins)

    def _set_status(self, cohort: Cohort, status: str, moment: int) -> None:
        cohorts.set_status(self.stage.at(moment, self.operator), cohort, status)

    def _plan_study(
        self,
        plan: CohortPlan,
        cohort: Cohort,
        members: Sequence[User],
        made: CourseMade,
        begins: int,
    ) -> None:
        finished = cohort.ends <= self.stage.now
        own = reading.people().learner.username
        weeks = reading.site().timetable[plan.course]
        for user in members:
            habits = _habits(self.chance, finished=finished)
            if user.username == own:
                habits = Habits(80.0, 1.0)
            learner = Learner(self, made, user, habits)
            learner.plan(begins, weeks)
            if user.username == own:
                also = next(
                    c for c in reading.courses() if c.folder == reading.people().learner.also
                )
                self._plan_choice(user, also, begins)
            elif self.chance.random() < 0.3:
                other = self.chance.choice([c for c in reading.courses() if c.ways])
                self._plan_choice(user, other, begins)
        excused = members[self.chance.randrange(len(members))]
        self.diary.plan(begins + 5 * WEEK, partial(self._excuse, made, excused))
        if finished:
            self.diary.plan(cohort.ends - DAY, partial(self._note_presence, made, cohort))

    def _excuse(self, made: CourseMade, user: User, moment: int) -> None:
        """One item does not count for somebody who was ill."""
        grading.exclude(
            self.stage.at(moment, self.teacher_of(made)),
            made.course,
            item_of(made.activities["test-2"]),
            made.course.enrolments[user.id],
            self.feedback.excused,
        )

    def _note_presence(self, made: CourseMade, cohort: Cohort, moment: int) -> None:
        """The class teacher's judgement at the end; the teacher of the course enters it."""
        teacher = self.teacher_of(made)
        book = grading.book_of(made.course)
        item = next(i for i in book.ordered_items() if not i.activity)
        # Not in the order of ids, which differs from filling to filling.
        known = sorted((self.stage.site.users.by_id(id).username, id) for id in cohort.members)
        for number, (_username, user_id) in enumerate(known):
            enrolment = made.course.enrolments[user_id]
            if enrolment.status == "active":
                occasion = self.stage.at(moment + 20 * number, teacher)
                points = float(min(100, round(self.chance.gauss(90, 6))))
                grading.set_grade(occasion, made.course, item, enrolment, points, source=BY_HAND)

    def teacher_of(self, made: CourseMade) -> User:
        for plan in reading.people().staff:
            if made.plan.folder in plan.teaches:
                return self.staff[plan.username]
        raise KeyError(made.plan.folder)

    # -- courses that learners choose by themselves

    def _plan_choice(self, user: User, plan: CoursePlan, begins: int) -> None:
        opened = max(begins, morning(made_at(self.stage, plan) + WEEK))
        moment = opened + self.chance.randint(1, 30) * DAY + 20 * HOUR
        self.diary.plan(moment, partial(self._choose, user, plan))

    def _choose(self, user: User, plan: CoursePlan, moment: int) -> None:
        """Enrol by oneself, then learn a few evenings."""
        made = self.courses[plan.folder]
        occasion = self.stage.at(moment, user)
        name, settings = next(iter(made.plan.ways.items()))
        method = enrol_methods.method_of(occasion, name)
        enrol_methods.enrol_self(occasion, made.course, method, settings)
        learner = Learner(self, made, user, Habits(self.chance.gauss(82, 7)))
        evenings = self.chance.randint(1, 4)
        last = len(made.plan.sections)
        for number in range(evenings):
            at = moment + 5 * MINUTE + number * self.chance.randint(2, 5) * DAY
            self.diary.plan(at, partial(learner.study, last, most=3))
        for number, _section in enumerate(made.plan.sections):
            saturday = moment + (evenings + number) * 3 * DAY
            self.diary.plan(saturday, partial(learner.sit, number))


class Learner:
    """Somebody in a course, with their habits."""

    def __init__(self, history: History, made: CourseMade, user: User, habits: Habits) -> None:
        self.history = history
        self.stage = history.stage
        self.chance = history.chance
        self.made = made
        self.course = made.course
        self.user = user
        self.habits = habits
        #: Sections as lists of activities.
        self.sections = [
            [made.activities[a.key] for a in section.activities] for section in made.plan.sections
        ]
        self._sittings: dict[int, int] = {}

    def plan(self, begins: int, weeks: Sequence[int]) -> None:
        """Plan study and tests by the cohort's timetable."""
        diary = self.history.diary
        for section, week in enumerate(weeks):
            monday = begins + (week - 1) * WEEK
            if section > self.habits.stops:
                if self.habits.leaves:
                    diary.plan(monday + 3 * DAY, self.leave)
                return
            reach = section + 1 + (2 if self.habits.eager else 0)
            first = monday + (self.chance.randint(0, 2) + self.habits.delay) * DAY
            for evening in (first, first + self.chance.randint(1, 2) * DAY):
                hour = self.chance.choice((12, 19, 20, 20, 21))
                at = evening + hour * HOUR + self.chance.randint(0, 55) * MINUTE
                diary.plan(at, partial(self.study, reach))
            diary.plan(self._saturday(monday), partial(self.sit, section))

    def leave(self, moment: int) -> None:
        occasion = self.stage.at(moment, self.history.operator)
        enrolling.unenrol(occasion, self.course, [self.user])

    @property
    def _enrolment(self) -> Enrolment:
        enrolment: Enrolment = self.course.enrolments[self.user.id]
        return enrolment

    # -- study

    def study(self, reach: int, moment: int, most: int = 6) -> None:
        """An evening: sign in, then up to `most` activities of the first `reach` sections."""
        if not self._enrolment.active_at(moment):
            return
        if self._next(reach, moment) is None:
            return
        self.history.diary.plan(moment, self._sign_in)
        self.history.diary.plan(moment + 2 * MINUTE, partial(self._step, reach, most))

    def _sign_in(self, moment: int) -> None:
        logins.let_in(self.stage.at(moment), self.user)

    def _step(self, reach: int, left: int, moment: int) -> None:
        activity = self._next(reach, moment)
        if activity is None or moment > self.stage.now:
            return
        learning.note_view(self.stage.at(moment, self.user), self.course, activity)
        seconds = self.chance.randint(4 * MINUTE, 22 * MINUTE)
        if "manual" in activity.completion:
            self.history.diary.plan(moment + seconds - MINUTE, partial(self._tick, activity))
        if left > 1:
            self.history.diary.plan(moment + seconds, partial(self._step, reach, left - 1))

    def _tick(self, activity: Activity, moment: int) -> None:
        # Not everybody thinks of it at once.
        if self.chance.random() < 0.85:
            learning.mark_done(self.stage.at(moment, self.user), activity, True)

    def _next(self, reach: int, moment: int) -> Activity | None:
        """The first activity that is open and not done, tests left out."""
        occasion = self.stage.at(moment, self.user)
        progress = self._enrolment.progress
        for section in self.sections[:reach]:
            for activity in section:
                if activity.max_points is not None or activity.id in progress.completed:
                    continue
                if learning.objection(occasion, self.course, activity.id) is None:
                    return activity
        return None

    # -- tests

    def sit(self, section: int, moment: int) -> None:
        """A Saturday: sit the section's test if one may, and have it graded the next evening."""
        enrolment = self._enrolment
        if not enrolment.active_at(moment):
            return
        for activity in self.sections[section]:
            if activity.max_points is None or activity.id in enrolment.progress.completed:
                continue
            sittings = self._sittings.get(activity.id, 0)
            if sittings >= _MOST_SITTINGS:
                continue
            occasion = self.stage.at(moment, self.user)
            absent = self.chance.random() > self.habits.presence
            if absent or learning.objection(occasion, self.course, activity.id) is not None:
                # Another chance on the next Saturday.
                self._sittings[activity.id] = sittings + 1
                self._sit_later(section, moment)
                continue
            self._sittings[activity.id] = sittings + 1
            learning.note_view(occasion, self.course, activity)
            sunday = morning(moment) + DAY + 19 * HOUR
            graded = sunday + self.chance.randint(0, 150) * MINUTE
            again = "grade" in enrolment.progress.facts_of(activity.id)
            self.history.diary.plan(graded, partial(self._grade, section, activity, again))

    def _saturday(self, moment: int) -> int:
        """The next Saturday's afternoon, from three o'clock on."""
        ahead = (5 - people.today(moment).weekday()) % 7 or 7
        return morning(moment) + ahead * DAY + 15 * HOUR + self.chance.randint(0, 70) * MINUTE

    def _sit_later(self, section: int, moment: int) -> None:
        self.history.diary.plan(self._saturday(moment), partial(self.sit, section))

    def _grade(self, section: int, activity: Activity, again: bool, moment: int) -> None:
        history = self.history
        item = item_of(activity)
        ability = self.habits.ability + (8 if again else 0)
        # Practical work is graded more kindly than written tests.
        ability += 5 if (activity.pass_mark or 0) >= 80 else 0
        points = float(min(100, max(18, round(self.chance.gauss(ability, 9)))))
        occasion = self.stage.at(moment, history.teacher_of(self.made))
        grading.set_grade(
            occasion,
            self.course,
            item,
            self._enrolment,
            points,
            source=BY_HAND,
            reason=history.feedback.retake if again else "",
            feedback=self._words(points),
        )
        if points < (activity.pass_mark or 0):
            self._sit_later(section, moment)

    def _words(self, points: float) -> str:
        """What the teacher writes: always to the weak, sometimes to the others."""
        feedback = self.history.feedback
        if points < 65:
            return self.chance.choice(feedback.low)
        if self.chance.random() < 0.6:
            return ""
        return self.chance.choice(feedback.high if points >= 85 else feedback.middle)
