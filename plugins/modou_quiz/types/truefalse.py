"""True or false (判断题)."""

from collections.abc import Mapping, Sequence
from typing import Any

from modou_quiz.forms.choices import TrueFalseForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import TrueFalse
from modou_quiz.types.own import OwnType, no_stem, one, state_of, wrong_shape

_GIVEN = {"true": True, "false": False, "": None}
#: Told in both languages: summaries are stored and exported, not shown to one reader.
_NAMES = {True: "√", False: "×"}


class TrueOrFalse(OwnType[TrueFalse]):
    """A statement that is true or false."""

    name = "truefalse"
    title = _("True or false")
    description = _("A statement is true or false.")
    icon = "question"
    content = TrueFalse
    form = TrueFalseForm
    editor = "modou_quiz:templates/editor/truefalse.jinja2"
    player = "modou_quiz:templates/player/truefalse.jinja2"

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        values = super().values(data)
        if "answer" in values:
            values["answer"] = values["answer"] in ("true", True)
        return values

    def to_form(self, content: TrueFalse) -> Mapping[str, Any]:
        return {**super().to_form(content), "answer": "true" if content.answer else "false"}

    def flaws(self, content: TrueFalse) -> Sequence[Flaw]:
        return no_stem(content)

    def body(
        self, content: TrueFalse, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        return {
            "options": [
                {"value": "true", "chosen": response is True},
                {"value": "false", "chosen": response is False},
            ]
        }

    def given(self, content: TrueFalse, arrangement: Any, prefix: str, data: Any) -> Any:
        return data.get(prefix + "choice")

    def clean(self, content: TrueFalse, arrangement: Any, raw: Any) -> bool | None:
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw in _GIVEN:
            return _GIVEN[raw]
        raise wrong_shape()

    def grade(self, content: TrueFalse, response: Any) -> Verdict:
        return one(1.0 if response is content.answer else 0.0)

    def mark(
        self,
        content: TrueFalse,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        # The options say it themselves.
        values["review"]["answer"] = None
        for shown, value, text in zip(
            values["options"], (True, False), (content.if_true, content.if_false), strict=True
        ):
            if correct and shown["chosen"]:
                shown["state"] = state_of(verdict.fraction)
            if feedback and shown["chosen"] and text:
                shown["feedback"] = render(text)
            if right:
                shown["right"] = value is content.answer

    def summary(self, content: TrueFalse, response: Any) -> str:
        return "" if response is None else _NAMES[response]

    def right_answer(self, content: TrueFalse) -> str:
        return _NAMES[content.answer]

    def best(self, content: TrueFalse) -> bool:
        return content.answer

    def counted(self, content: TrueFalse, response: Any) -> Mapping[str, str]:
        return {"": "" if response is None else _NAMES[response]}

    def choices(self, content: TrueFalse) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        return {
            "": [(_NAMES[value], _NAMES[value], float(value is content.answer)) for value in _NAMES]
        }
