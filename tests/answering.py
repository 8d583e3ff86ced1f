"""Learners who sit a quiz over HTTP, whatever happens to the server; whether all is there
afterwards. For the crash tests and the benchmark of answers."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from modou.models.courses import Activity, Course
from modou.services import teaching
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues
from modou.store.journal import verify
from modou_quiz.content import Rich
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.services import bank, shelf
from modou_quiz.services.sitting import finding, pages, starting
from modou_quiz.types import contents as c
from tests.crowds import Crowd, Person

PATH = "/api/v1/quiz/answers"
OPTIONS = 4


def add_quiz(occasion: Occasion, course: Course, questions: int, **rules: Any) -> Activity:
    """A quiz of single choices with four options each, in a course that has a section."""
    activity = teaching.create_activity(
        occasion,
        course,
        course.outline[0],
        "quiz",
        ActivityValues("低压电工作业结业考试", max_points=100.0, pass_mark=80.0),
        {"attempts": 1, "kind": "final"},
    )
    top = bank.top_of(occasion, "course", course.id)
    made = []
    for number in range(questions):
        options = tuple(
            c.Option(
                text=Rich(source=f"选项 {n}：停电、验电、装设接地线", markup="plain"),
                fraction=float(n == number % OPTIONS),
            )
            for n in range(OPTIONS)
        )
        stem = Rich(
            source=f"第 {number + 1} 题：保证安全的技术措施中，哪一项在前？", markup="plain"
        )
        content = c.SingleChoice(stem=stem, options=options)
        made.append(bank.create_question(occasion, top, "single", content))
    quiz = shelf.find(occasion.site, activity)
    assert quiz is not None
    quiz.paper = Paper((PaperSection("一、单选题", tuple(Fixed(q.id) for q in made)),))
    for name, value in rules.items():
        setattr(quiz, name, value)
    return activity


def begin(occasion: Occasion, activity: Activity) -> tuple[int, str]:
    """The actor begins an attempt: its id, the token of its first page."""
    quiz = shelf.find(occasion.site, activity)
    assert quiz is not None
    drawn = starting.draw(occasion, activity, quiz)
    begun = starting.start(occasion, drawn, b"")
    sitting = finding.own(occasion, activity.id, begun.attempt)
    return begun.attempt, pages.make_token(occasion.keys, pages.token_of(sitting))


@dataclass
class Told:
    """What a learner knows: newest answer acknowledged, newest sent, slot -> what it was."""

    acknowledged: int = 0
    sent: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    underway: tuple[int, int] | None = None


@dataclass
class Found:
    """What the database holds, compared with what was told."""

    answers: int = 0
    events: int = 0
    lost: int = 0
    twice: int = 0
    faults: int = 0


def compare(access: SiteAccess, activity_id: int, told: dict[int, Told]) -> Found:
    """Look into the journal and at each attempt.

    :param told: by attempt id
    """
    found = Found()
    with access.occasion() as occasion:
        site = occasion.site
        seen: dict[int, Counter[int]] = {id: Counter() for id in told}
        for log in site.journal.logs.values():
            for _number, batch in log.after(0):
                for event in batch:
                    if event.kind == "answer_saved":
                        seen[event.values["attempt"]][event.values["seq"]] += 1
                        found.events += 1
        held = shelf.attempts_of(site, activity_id)
        for id, known in told.items():
            answers = held.by_id[id].answers
            stored = {slot: one.response for slot, one in answers.given.items()}
            found.answers += answers.seq
            wanted = dict(known.answers)
            if answers.seq < known.acknowledged:
                found.lost += 1
            elif stored != wanted:
                # One more may have arrived than was acknowledged.
                if known.underway is not None:
                    wanted[known.underway[0]] = known.underway[1]
                found.lost += stored != wanted
            if answers.seq > known.sent or any(count > 1 for count in seen[id].values()):
                found.twice += 1
        found.faults = len(verify(site.journal).faults)
    return found


class Learner(Person[Told]):
    """A page that saves answers."""

    path = PATH

    def __init__(self, token: str, questions: int) -> None:
        super().__init__(Told(), {"Authorization": f"Bearer {token}"})
        self._questions = questions

    def body(self) -> Any:
        told = self.told
        if told.underway is None:
            slot = random.randrange(self._questions)
            other = [n for n in range(OPTIONS) if n != told.answers.get(slot)]
            told.underway = (slot, random.choice(other))
            told.sent = told.acknowledged + 1
        slot, answer = told.underway
        return {"answers": [{"seq": told.sent, "slot": slot, "answer": answer}]}

    def take(self, answer: Any) -> None:
        told = self.told
        if answer["refused"] or answer["seq"] < told.sent:
            self.bad.append(str(answer))
            return
        told.acknowledged = told.sent
        if told.underway is not None:
            slot, choice = told.underway
            told.answers[slot] = choice
        told.underway = None


class Class(Crowd[Learner]):
    """Some learners in their exam, by their attempts."""

    def __init__(self, access: SiteAccess, count: int, questions: int = 20) -> None:
        from tests import factories

        super().__init__()
        with access.occasion() as occasion:
            course = factories.course(occasion, "低压电工作业")
            activity = add_quiz(occasion, course, questions)
            self.activity_id = activity.id
            for number in range(count):
                user = factories.user(occasion, f"learner{number}")
                factories.enrolment(occasion, course, user)
                root = {"modou": occasion.site}
                own = access._occasion(root, occasion.tm, user.id, None)
                attempt, token = begin(own, activity)
                self.people[attempt] = Learner(token, questions)

    def check(self, access: SiteAccess) -> Found:
        """Compare, with nobody writing; assert that nothing is lost or twice."""
        found = compare(access, self.activity_id, self.told)
        self.check_found(found)
        return found
