"""Quizzes for tests of sittings: a course with learners, a bank, a paper, and pages that answer.

::

    scene = Scene(site, time_limit=3600)
    page = scene.begin("lin")              # starts an attempt and opens its page
    page.save((0, 1))                      # an answer to the first question
    scene.hand_in(page)
"""

import json
from collections.abc import Sequence
from typing import Any

from modou.models.courses import Activity, Course
from modou.services import sessions, teaching
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues
from modou_quiz.content import Content, Rich
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import MOMENTS, SHOWN, Quiz
from modou_quiz.services import bank, shelf
from modou_quiz.services.sitting import ending, finding, pages, saving, starting
from modou_quiz.services.sitting.pages import PageToken
from modou_quiz.services.sitting.saving import Save, Saved
from modou_quiz.types import contents as c
from tests import factories
from tests.conftest import SiteUnderTest

#: Stands in everything that a learner must not see before the hand-in.
KEY = "KEYWORD"


def text(source: str) -> Rich:
    return Rich(source=source, markup="plain")


def option(source: str, fraction: float = 0.0) -> c.Option:
    return c.Option(text=text(source), fraction=fraction, feedback=text(f"{KEY} feedback"))


def single(stem: str = "欧姆定律是？", right: int = 1) -> c.SingleChoice:
    """Right is the option at the place `right`."""
    return c.SingleChoice(
        stem=text(stem),
        feedback=text(f"{KEY} general"),
        options=tuple(option(name, float(n == right)) for n, name in enumerate("ABC")),
        shuffle=False,
    )


#: One question of each type, with the key marked wherever it is said in words.
ALL_TYPES: dict[str, Content] = {
    "single": single(),
    "multiple": c.MultipleChoice(
        stem=text("哪些是导体？"),
        feedback=text(f"{KEY} general"),
        options=(option("铜", 0.5), option("铝", 0.5), option("木", -1.0)),
        replies=c.Replies(right=text(f"{KEY} reply"), wrong=text(f"{KEY} reply")),
    ),
    "truefalse": c.TrueFalse(
        stem=text("验电前先确认验电器良好。"),
        answer=True,
        if_true=text(f"{KEY} true"),
        if_false=text(f"{KEY} false"),
    ),
    "short": c.Short(
        stem=text("电阻的单位是？"), answers=(c.Accepted(pattern=f"{KEY}*", feedback=text(KEY)),)
    ),
    "numerical": c.Numerical(
        stem=text("U = 220 V, I = 2 A, R = ?"),
        answers=(c.AcceptedNumber(value=98765.0, feedback=text(KEY)),),
    ),
    "cloze": c.Cloze(
        stem=text("电流的单位是 [[1]]，电压的单位是 [[2]]。"),
        gaps=(
            c.GapWords(answers=(c.Accepted(pattern=f"{KEY}amp"),)),
            c.GapChoice(options=(option("伏", 1.0), option("欧"))),
        ),
    ),
    "matching": c.Matching(
        stem=text("连线"),
        pairs=(
            c.Pair(left=text("电压"), right=text("伏特")),
            c.Pair(left=text("电流"), right=text("安培")),
        ),
        replies=c.Replies(right=text(f"{KEY} reply")),
    ),
    "ordering": c.Ordering(
        stem=text("停电操作的顺序"),
        items=(text("断负荷"), text("断开关"), text("挂牌")),
        replies=c.Replies(right=text(f"{KEY} reply")),
    ),
    "essay": c.Essay(
        stem=text("叙述触电急救的步骤。"),
        notes=text(f"{KEY} notes"),
        sample=text(f"{KEY} sample"),
        rubric=(
            c.Criterion(
                name="完整",
                description=f"{KEY} criterion",
                levels=(c.Level(points=0), c.Level(points=5, text=f"{KEY} level")),
            ),
        ),
    ),
    "case": c.Case(
        stem=text("材料：某车间……"),
        questions=(
            c.SubQuestion.of("single", single("第一问？")),
            c.SubQuestion.of(
                "short", c.Short(stem=text("第二问？"), answers=(c.Accepted(pattern=f"{KEY}*"),))
            ),
        ),
    ),
    "description": c.Description(stem=text("以下为第二部分。")),
}


class Scene:
    """A course with a quiz, and the learners lin and zhou, and the teacher wang.

    :param questions: of the paper, with their types; by default three single choices
    :param rules: attributes of the quiz
    """

    def __init__(
        self,
        site: SiteUnderTest,
        questions: Sequence[tuple[str, Content]] | None = None,
        *,
        marks: float = 1.0,
        **rules: Any,
    ) -> None:
        self.site = site
        if questions is None:
            questions = [("single", single(f"第 {n} 题", n)) for n in range(3)]
        with site.occasion() as occasion:
            course = factories.course(occasion, "低压电工作业")
            for name in ("lin", "zhou"):
                factories.enrolment(occasion, course, factories.user(occasion, name, "林小燕"))
            teacher = factories.user(occasion, "wang", "王老师")
            teacher.grant("course", course.id, "teacher")
            activity = teaching.create_activity(
                occasion,
                course,
                course.outline[0],
                "quiz",
                ActivityValues(
                    "电工基础测验", completion=("handed_in",), max_points=100.0, pass_mark=60.0
                ),
                {"attempts": 0, "shuffle_options": True, "review_after": SHOWN},
            )
            top = bank.top_of(occasion, "course", course.id)
            made = [
                bank.create_question(occasion, top, type_, content, marks=marks)
                for type_, content in questions
            ]
            quiz = shelf.find(occasion.site, activity)
            assert quiz is not None
            quiz.paper = Paper((PaperSection("一、选择题", tuple(Fixed(q.id) for q in made)),))
            for name, value in rules.items():
                assert hasattr(quiz, name)
                setattr(quiz, name, value)
            self.course_id, self.course_key = course.id, course.key
            self.activity_id, self.activity_key = activity.id, activity.key
            self.questions = [q.id for q in made]

    @property
    def address(self) -> str:
        return f"/courses/{self.course_key}/a/{self.activity_key}"

    def activity(self, occasion: Occasion) -> Activity:
        course: Course = occasion.site.courses.by_id(self.course_id)
        return course.activities.by_id(self.activity_id)

    def quiz(self, occasion: Occasion) -> Quiz:
        found = shelf.find(occasion.site, self.activity(occasion))
        assert found is not None
        return found

    def rule(self, **rules: Any) -> None:
        with self.site.occasion() as occasion:
            for name, value in rules.items():
                setattr(self.quiz(occasion), name, value)

    def start(self, username: str = "lin", login: bytes = b"") -> int:
        """Begin an attempt; its id."""
        with self.site.occasion(username) as occasion:
            drawn = starting.draw(occasion, self.activity(occasion), self.quiz(occasion))
            return starting.start(occasion, drawn, login).attempt

    def begin(self, username: str = "lin") -> "Page":
        return Page(self, self.start(username), username)

    def attempt(self, occasion: Occasion, id: int) -> Attempt:
        return finding.find(occasion, self.activity_id, id).attempt

    def hand_in(self, page: "Page") -> None:
        with self.site.occasion(page.username) as occasion:
            ending.hand_in(occasion, self.activity_id, page.attempt_id)

    def fact(self, username: str, name: str) -> Any:
        with self.site.occasion() as occasion:
            user_id = occasion.site.user_index.usernames[username]
            enrolment = occasion.site.courses.by_id(self.course_id).enrolments[user_id]
            return enrolment.progress.facts_of(self.activity_id).get(name)

    def events(self, kind: str) -> list[Any]:
        with self.site.occasion() as occasion:
            return [event for event in occasion.site.journal if event.kind == kind]

    def browser(self, username: str) -> Any:
        """A signed-in browser, whose pages the tests read."""
        return self.site.browser(username)


class Page:
    """The page of an attempt, at the level of the services."""

    def __init__(self, scene: Scene, attempt_id: int, username: str) -> None:
        self.scene, self.attempt_id, self.username = scene, attempt_id, username
        with scene.site.occasion(username) as occasion:
            sitting = finding.own(occasion, scene.activity_id, attempt_id)
            self.token: PageToken = pages.token_of(sitting)
            opened = pages.open_page(occasion, self.token)
        self.opened = opened
        self.seq = opened["seq"]

    def save(self, *answers: tuple[int, Any], leaves: int | None = None) -> Saved:
        """Save answers (place, raw answer)."""
        saves = []
        for slot, raw in answers:
            self.seq += 1
            saves.append(Save(self.seq, slot, raw))
        return self.send(*saves, leaves=leaves)

    def send(self, *saves: Save, leaves: int | None = None) -> Saved:
        with self.scene.site.occasion(self.username) as occasion:
            return saving.save(occasion, self.token, saves, leaves)

    def given(self) -> dict[int, Any]:
        with self.scene.site.occasion() as occasion:
            attempt = self.scene.attempt(occasion, self.attempt_id)
            return {slot: one.response for slot, one in attempt.answers.given.items()}


class Client:
    """A browser that sits over HTTP."""

    def __init__(self, scene: Scene, username: str = "lin") -> None:
        self.scene = scene
        self.username = username
        self.browser = scene.browser(username)
        self.token = ""
        self.address = ""

    def begin(self, **form: str) -> Any:
        """Press the button on the quiz's page; the page of the sitting."""
        page = self.browser.get(self.scene.address)
        found = [f for f in page.forms.values() if f.action.endswith("/quiz/start")]
        if found:
            for name, value in form.items():
                found[0][name] = value
            answer = found[0].submit().follow()
        else:
            answer = page.click("Continue", index=0)
        self.address = answer.request.path
        return self.take_config(answer)

    def take_config(self, page: Any) -> Any:
        node = page.html.select_one("[data-sitting]")
        self.config = json.loads(node["data-config"])
        self.token = self.config["token"]
        return page

    def post(self, path: str, body: Any, status: Any = "*", token: str | None = None) -> Any:
        return self.browser.post_json(
            path,
            body,
            headers={"Authorization": f"Bearer {self.token if token is None else token}"},
            status=status,
        )

    def open(self, status: int = 200) -> Any:
        answer = self.post(self.config["pages"], {}, status)
        if status == 200:
            self.seq = answer.json["seq"]
        return answer

    def save(self, slot: int, answer: Any, seq: int | None = None, status: int = 200) -> Any:
        if seq is None:
            self.seq += 1
            seq = self.seq
        body = {"answers": [{"seq": seq, "slot": slot, "answer": answer}]}
        return self.post(self.config["answers"], body, status)


def responses_of(browser: Any) -> list[tuple[str, str]]:
    """Everything that a browser was answered from now on: address, headers and body."""
    seen: list[tuple[str, str]] = []
    do_request = browser.do_request

    def watched(request: Any, *args: Any, **kw: Any) -> Any:
        answer = do_request(request, *args, **kw)
        headers = "\n".join(f"{k}: {v}" for k, v in answer.headerlist)
        seen.append((request.path, f"{headers}\n\n{answer.text}"))
        return answer

    browser.do_request = watched
    return seen


def everything() -> frozenset[tuple[str, str]]:
    return frozenset((moment, what) for moment in MOMENTS[1:] for what in SHOWN)


def sign_in(scene: Scene, username: str) -> bytes:
    """A signed-in browser; the key of its session."""
    with scene.site.occasion() as occasion:
        user = occasion.site.users.by_id(occasion.site.user_index.usernames[username])
        return sessions.key_of(sessions.start(occasion, user))
