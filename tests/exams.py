"""Exams with learners who have sat them, for tests of marking and results: questions through the
bank, attempts through the models, handed in and marked by the verbs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modou.models.courses import Activity, Course
from modou.models.jobs import FAILED, QUEUED
from modou.models.people import User
from modou.services import grading
from modou.services.occasion import Occasion
from modou.store.containers import new_id
from modou_quiz.content import Content, Rich
from modou_quiz.models.attempts import Attempt, Given, Slot
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, marking, shelf
from modou_quiz.types import contents as c
from tests import factories

ESSAY_TEXT = "工作前先停电，再验电，然后装设接地线，最后悬挂标示牌。𠮷字也算一个字。"


def single(stem: str, right: int = 0, options: Sequence[str] = ("甲", "乙", "丙", "丁")) -> Content:
    made = tuple(
        c.Option(text=Rich(source=text), fraction=float(place == right))
        for place, text in enumerate(options)
    )
    return c.SingleChoice(stem=Rich(source=stem), options=made)


def essay(stem: str, *, rubric: bool = True) -> Content:
    criteria = (
        c.Criterion(
            name="内容",
            description="四个步骤是否齐全",
            levels=(
                c.Level(points=0, text="没有写到"),
                c.Level(points=3, text="写到两三个步骤"),
                c.Level(points=6, text="四个步骤齐全"),
            ),
        ),
        c.Criterion(
            name="表达",
            levels=(c.Level(points=0, text="不通顺"), c.Level(points=4, text="清楚、通顺")),
        ),
    )
    return c.Essay(
        stem=Rich(source=stem),
        rubric=criteria if rubric else (),
        notes=Rich(source="顺序错误扣一半。"),
        sample=Rich(source="停电、验电、接地、挂牌。"),
    )


@dataclass
class Exam:
    """Ids of what was made; persistent objects end with their transaction."""

    course: int
    activity: int
    questions: list[int] = field(default_factory=list)
    users: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)

    def course_of(self, occasion: Occasion) -> Course:
        return occasion.site.courses.by_id(self.course)

    def activity_of(self, occasion: Occasion) -> Activity:
        activity: Activity = self.course_of(occasion).activities.by_id(self.activity)
        return activity

    def quiz_of(self, occasion: Occasion) -> Quiz:
        quiz = shelf.find_by_id(occasion.site, self.activity)
        assert quiz is not None
        return quiz

    def attempt(self, occasion: Occasion, number: int) -> Attempt:
        held = shelf.attempts_of(occasion.site, self.activity)
        assert held is not None
        found: Attempt = held.by_id[self.attempts[number]]
        return found

    def grade(self, occasion: Occasion, number: int) -> float | None:
        course = self.course_of(occasion)
        item = grading.read_book(course).item_of(self.activity)
        assert item is not None
        return grading.grade_of(course.enrolments[self.users[number]], item).value

    def path(self, occasion: Occasion, rest: str = "") -> str:
        activity = self.activity_of(occasion)
        return f"/courses/{activity.course.key}/a/{activity.key}{rest}"


def exam(
    occasion: Occasion,
    contents: Sequence[Content],
    marks: Sequence[float] | None = None,
    *,
    title: str = "结业考试",
    **rules: Any,
) -> Exam:
    """A course with a quiz of these questions, worth 100 points in the grade book.

    :param rules: attributes of the quiz
    """
    course = factories.course(occasion)
    section = course.outline[0]
    activity = course.add_activity(Activity("quiz", title), section)
    activity.max_points = 100.0
    category = bank.top_of(occasion, "site")
    kinds = {model: name for name, model in c.CONTENTS.items()}
    worth = list(marks or [10.0] * len(contents))
    made = [
        bank.create_question(occasion, category, kinds[type(content)], content, marks=points)
        for content, points in zip(contents, worth, strict=True)
    ]
    quiz = Quiz(course.id)
    items = tuple(
        Fixed(question.id, 0, points) for question, points in zip(made, worth, strict=True)
    )
    quiz.paper = Paper((PaperSection("", items),))
    for name, value in rules.items():
        assert hasattr(Quiz, name)
        setattr(quiz, name, value)
    shelf.put(occasion, activity, quiz)
    grading.ensure_item(occasion, course, activity, 100.0)
    return Exam(course.id, activity.id, [question.id for question in made])


def learner(occasion: Occasion, exam: Exam, username: str, name: str = "") -> User:
    user = factories.user(occasion, username, name)
    factories.enrolment(occasion, exam.course_of(occasion), user)
    return user


def sit(
    occasion: Occasion,
    exam: Exam,
    user: User,
    responses: Mapping[int, Any],
    *,
    seconds: int = 600,
    hand_in: bool = True,
) -> Attempt:
    """An attempt at all questions with these responses (slot -> response)."""
    quiz = exam.quiz_of(occasion)
    held = shelf.attempts_of(occasion.site, exam.activity)
    questions = shelf.bank_of(occasion).questions
    assert held is not None
    before = held.by_user.get(user.id, ())
    attempt = Attempt(exam.activity, user.id, len(before) + 1)
    attempt.id = new_id()
    attempt.started = occasion.now - seconds
    items = [item for section in quiz.paper.sections for item in section.items]
    slots = []
    for item in items:
        assert isinstance(item, Fixed)
        version = questions.by_id(item.question).latest.number
        slots.append(Slot(item.question, version, item.marks or 0.0))
    attempt.slots = tuple(slots)
    step = seconds * 1000 // (len(slots) + 1)
    for seq, (slot, response) in enumerate(sorted(responses.items()), start=1):
        at = attempt.started * 1000 + step * (slot + 1)
        attempt.answers.given[slot] = Given(response, seq, at)
    attempt.answers.seq = len(responses)
    held.by_id[attempt.id] = attempt
    held.by_user[user.id] = (*before, attempt.id)
    held.count.change(1)
    exam.users.append(user.id)
    exam.attempts.append(attempt.id)
    if hand_in:
        attempt.state, attempt.handed_in, attempt.handed_in_by = (
            "handed_in",
            occasion.now,
            "learner",
        )
        marking.grade_attempt(occasion, attempt)
        marking.settle(occasion, exam.activity_of(occasion), user.id)
    return attempt


def text(words: str = ESSAY_TEXT) -> dict[str, Any]:
    """The response to an essay."""
    return {"text": words, "files": []}


def fail_jobs(occasion: Occasion, name: str, reason: str) -> None:
    """Let all waiting jobs of a name have failed for good."""
    for record in list(occasion.site.jobs.records):
        if record.name == name and record.state == QUEUED:
            record.error = reason
            occasion.site.jobs.end(record, FAILED, occasion.now)
