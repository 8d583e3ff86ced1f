"""Single choice (单选题)."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from modou_quiz.forms.choices import SingleForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import MultipleChoice, Option, SingleChoice
from modou_quiz.types.own import (
    NEARLY,
    OwnType,
    line_of,
    mark_options,
    mixed,
    no_stem,
    one,
    place_of,
    shown_options,
)


def empty_options(options: Sequence[Option]) -> list[Flaw]:
    """What is wrong with options of any kind of choice."""
    flaws = []
    if len(options) < 2:
        flaws.append(Flaw("error", _("A choice needs at least two options."), "options"))
    if not all(option.text for option in options):
        flaws.append(Flaw("error", _("An option has no text."), "options"))
    texts = [line_of(option.text) for option in options]
    same = {text for text in texts if text and texts.count(text) > 1}
    if same:
        flaws.append(
            Flaw(
                "warning",
                _("Two options say the same: ${text}", mapping={"text": min(same)}),
                "options",
            )
        )
    return flaws


def option_choices(options: Sequence[Option]) -> list[tuple[str, str, float]]:
    """Options as statistics list them."""
    return [(str(n), line_of(option.text), option.fraction) for n, option in enumerate(options)]


C = TypeVar("C", SingleChoice, MultipleChoice)


class Choosing(OwnType[C]):
    """What the types have in common that offer options."""

    editor = "modou_quiz:templates/editor/choice.jinja2"
    player = "modou_quiz:templates/player/choice.jinja2"
    rows: ClassVar[Mapping[str, Sequence[str]]] = {"options": ("text", "feedback")}

    def arrange(self, content: C, shuffle: bool, chance: random.Random) -> Any:
        return mixed(len(content.options), chance) if shuffle and content.shuffle else None


class Single(Choosing[SingleChoice]):
    """One right option; others may be worth a part, or cost marks."""

    name = "single"
    title = _("Single choice")
    description = _("One of several options is right.")
    icon = "check-circle"
    content = SingleChoice
    form = SingleForm

    def flaws(self, content: SingleChoice) -> Sequence[Flaw]:
        flaws = [*no_stem(content), *empty_options(content.options)]
        most = max((option.fraction for option in content.options), default=0)
        if content.options and most < 1 - NEARLY:
            flaws.append(Flaw("error", _("No option is worth 100 %."), "options"))
        return flaws

    def body(
        self, content: SingleChoice, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        chosen = () if response is None else (response,)
        return {
            "several": False,
            "options": shown_options(
                content.options, arrangement, chosen, content.numbering, render
            ),
        }

    def given(self, content: SingleChoice, arrangement: Any, prefix: str, data: Any) -> Any:
        return data.get(prefix + "choice")

    def clean(self, content: SingleChoice, arrangement: Any, raw: Any) -> int | None:
        return place_of(raw, len(content.options))

    def grade(self, content: SingleChoice, response: Any) -> Verdict:
        return one(0.0 if response is None else content.options[response].fraction)

    def mark(
        self,
        content: SingleChoice,
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
        mark_options(
            values["options"],
            content.options,
            render,
            correct=correct,
            feedback=feedback,
            right=right,
            best=[n for n, option in enumerate(content.options) if option.fraction >= 1 - NEARLY],
        )

    def summary(self, content: SingleChoice, response: Any) -> str:
        return "" if response is None else line_of(content.options[response].text)

    def right_answer(self, content: SingleChoice) -> str:
        best = self.best(content)
        return "" if best is None else line_of(content.options[best].text)

    def best(self, content: SingleChoice) -> int | None:
        places = range(len(content.options))
        return max(places, key=lambda n: content.options[n].fraction, default=None)

    def counted(self, content: SingleChoice, response: Any) -> Mapping[str, str]:
        return {"": "" if response is None else str(response)}

    def choices(self, content: SingleChoice) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        return {"": option_choices(content.options)}
