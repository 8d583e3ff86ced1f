"""A third party's question type, by the hook `question_types`: it is offered, shown, and may stand
within a case."""

from collections.abc import Mapping
from typing import Any

from modou_quiz import Content, QuestionType, Rich, Verdict, Worth
from modou_quiz.forms.questions import QuestionForm
from modou_quiz.types import QUESTION_TYPES
from modou_quiz.types import contents as c


class Mood(Content):
    """How do you feel?"""


class MoodType(QuestionType[Mood]):
    """Any answer is right."""

    name = "mood"
    title = "Mood"
    content = Mood
    form = QuestionForm
    player = "modou_quiz:templates/player/short.jinja2"

    def from_form(self, data: Mapping[str, Any]) -> Mood:
        return Mood(stem=data["stem"], feedback=data["feedback"])

    def to_form(self, content: Mood) -> Mapping[str, Any]:
        return {"stem": content.stem, "feedback": content.feedback}

    def shown(self, content: Mood, arrangement: Any, response: Any, render: Any) -> Any:
        return {"stem": render(content.stem), "text": response or ""}

    def given(self, content: Mood, arrangement: Any, prefix: str, data: Any) -> Any:
        return data.get(prefix + "text")

    def clean(self, content: Mood, arrangement: Any, raw: Any) -> Any:
        return raw or None

    def grade(self, content: Mood, response: Any) -> Verdict:
        return Verdict((Worth(1.0, float(response is not None)),))

    def review(self, content: Mood, arrangement: Any, response: Any, render: Any, **_: Any) -> Any:
        return self.shown(content, arrangement, response, render)

    def summary(self, content: Mood, response: Any) -> str:
        return response or ""

    def right_answer(self, content: Mood) -> str:
        return ""


def test_a_case_learns_of_all_types_of_the_site() -> None:
    mine = MoodType()
    types = {kind.name: kind for kind in (*QUESTION_TYPES, mine)}
    assert types["single"].among(types) is types["single"]
    case = types["case"].among(types)
    stem = Rich(source="?", markup="plain")
    content = c.Case(
        stem=stem,
        questions=(
            c.SubQuestion.of("mood", Mood(stem=stem)),
            c.SubQuestion.of("truefalse", c.TrueFalse(stem=stem)),
        ),
    )
    assert not case.flaws(content)
    assert [flaw.level for flaw in types["case"].flaws(content)] == ["error"]
    response = case.clean(content, None, ["well", "true"])
    assert case.grade(content, response).fraction == 1.0
    assert case.from_form(case.to_form(content)) == content
