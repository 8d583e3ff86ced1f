"""Short answer (简答, 填空): words typed into one line."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modou_quiz.content import tidy_line
from modou_quiz.forms.words import ShortForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import Accepted, Reading, Short
from modou_quiz.types.folding import example, find, matches
from modou_quiz.types.own import NEARLY, OwnType, no_stem, one, text_of


def empty_answers(answers: Sequence[Accepted], field: str = "answers") -> list[Flaw]:
    """What is wrong with accepted words."""
    flaws = []
    if not answers:
        flaws.append(Flaw("error", _("No answer is accepted."), field))
    elif max(answer.fraction for answer in answers) < 1 - NEARLY:
        flaws.append(Flaw("error", _("No answer is worth 100 %."), field))
    if not all(answer.pattern for answer in answers):
        flaws.append(Flaw("error", _("An accepted answer is empty."), field))
    return flaws


def best_words(answers: Sequence[Accepted], reading: Reading) -> str | None:
    """A text that is worth most."""
    best = max(answers, key=lambda answer: answer.fraction, default=None)
    if best is None:
        return None
    texts = (example(best.pattern, gap) for gap in ("", "x"))
    return next((t for t in texts if t and matches(best.pattern, t, reading)), None)


def right_words(answers: Sequence[Accepted]) -> str:
    """All texts of full worth, for people."""
    return " / ".join(
        example(answer.pattern, "…") for answer in answers if answer.fraction >= 1 - NEARLY
    )


def counted_words(found: int | None, response: Any) -> str:
    """What statistics count of typed words: which answer matched, never the words themselves."""
    return "" if response is None else "other" if found is None else str(found)


def word_choices(answers: Sequence[Accepted]) -> list[tuple[str, str, float]]:
    listed = [
        (str(n), example(answer.pattern, "…"), answer.fraction) for n, answer in enumerate(answers)
    ]
    return [*listed, ("other", "…", 0.0)]


class ShortAnswer(OwnType[Short]):
    """Words, compared with patterns."""

    name = "short"
    title = _("Short answer")
    description = _("Words typed into one line, compared with patterns.")
    icon = "edit"
    content = Short
    form = ShortForm
    editor = "modou_quiz:templates/editor/short.jinja2"
    player = "modou_quiz:templates/player/short.jinja2"
    rows: ClassVar[Mapping[str, Sequence[str]]] = {"answers": ("pattern", "feedback")}

    def flaws(self, content: Short) -> Sequence[Flaw]:
        return [*no_stem(content), *empty_answers(content.answers)]

    def body(
        self, content: Short, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        return {"text": response or ""}

    def given(self, content: Short, arrangement: Any, prefix: str, data: Any) -> Any:
        return data.get(prefix + "text")

    def clean(self, content: Short, arrangement: Any, raw: Any) -> str | None:
        text = text_of(raw)
        return (tidy_line(text) or None) if text is not None else None

    def grade(self, content: Short, response: Any) -> Verdict:
        found = self._found(content, response)
        return one(0.0 if found is None else content.answers[found].fraction)

    def _found(self, content: Short, response: Any) -> int | None:
        return None if response is None else find(content.answers, response, content.reading)

    def mark(
        self,
        content: Short,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        found = self._found(content, response)
        if feedback and found is not None and content.answers[found].feedback:
            values["review"]["hint"] = render(content.answers[found].feedback)

    def summary(self, content: Short, response: Any) -> str:
        return response or ""

    def right_answer(self, content: Short) -> str:
        return right_words(content.answers)

    def best(self, content: Short) -> str | None:
        return best_words(content.answers, content.reading)

    def counted(self, content: Short, response: Any) -> Mapping[str, str]:
        return {"": counted_words(self._found(content, response), response)}

    def choices(self, content: Short) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        return {"": word_choices(content.answers)}
