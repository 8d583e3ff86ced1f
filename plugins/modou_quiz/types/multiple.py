"""Multiple choice (多选题, 不定项选择题)."""

from collections.abc import Mapping, Sequence
from typing import Any

from modou.errors import Invalid
from modou_quiz.forms.choices import MultipleForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import MultipleChoice, Option
from modou_quiz.types.own import (
    NEARLY,
    line_of,
    list_of,
    mark_options,
    no_stem,
    one,
    place_of,
    shown_options,
    whole,
)
from modou_quiz.types.single import Choosing, empty_options, option_choices


def sum_of(options: Sequence[Option], chosen: Sequence[int]) -> float:
    """What chosen options are worth together by their fractions, between 0 and 1."""
    return min(1.0, max(0.0, whole(sum(options[place].fraction for place in chosen))))


def rightful(options: Sequence[Option]) -> list[int]:
    """The places of the options that count as right."""
    return [place for place, option in enumerate(options) if option.fraction > 0]


def places_of(raw: Any, count: int) -> list[int] | None:
    """The places that a raw answer names, ascending; None for none.

    :raises Invalid: no list of places
    """
    items = list_of(raw, 2 * count)
    found = {place for item in items or () if (place := place_of(item, count)) is not None}
    return sorted(found) or None


class Multiple(Choosing[MultipleChoice]):
    """Several right options, or, as 不定项, one or more."""

    name = "multiple"
    title = _("Multiple choice")
    description = _("Several options are right, or one or more (不定项).")
    icon = "check"
    content = MultipleChoice
    form = MultipleForm

    def flaws(self, content: MultipleChoice) -> Sequence[Flaw]:
        flaws = [*no_stem(content), *empty_options(content.options)]
        right = rightful(content.options)
        if not right:
            flaws.append(Flaw("error", _("No option is right."), "options"))
        elif content.scoring == "fractions" and sum_of(content.options, right) < 1 - NEARLY:
            flaws.append(
                Flaw("error", _("The right options together are worth less than 100 %."), "options")
            )
        elif len(right) == 1 and not content.indefinite:
            flaws.append(
                Flaw(
                    "warning", _("Only one option is right, the page asks for several."), "options"
                )
            )
        if content.most and content.most < len(right):
            flaws.append(Flaw("error", _("Fewer options may be chosen than are right."), "most"))
        if content.most and content.least > content.most:
            flaws.append(Flaw("error", _("At least more than at most."), "least"))
        return flaws

    def body(
        self, content: MultipleChoice, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        return {
            "several": True,
            "indefinite": content.indefinite,
            "least": content.least,
            "most": content.most,
            "options": shown_options(
                content.options, arrangement, response or (), content.numbering, render
            ),
        }

    def given(self, content: MultipleChoice, arrangement: Any, prefix: str, data: Any) -> Any:
        return list(data.getall(prefix + "choice"))

    def clean(self, content: MultipleChoice, arrangement: Any, raw: Any) -> list[int] | None:
        places = places_of(raw, len(content.options))
        if places and content.most and len(places) > content.most:
            raise Invalid(
                _("Choose at most ${most} options.", mapping={"most": content.most}), "answer"
            )
        return places

    def grade(self, content: MultipleChoice, response: Any) -> Verdict:
        if not response:
            return one(0.0)
        if content.scoring == "fractions":
            return one(sum_of(content.options, response))
        right = set(rightful(content.options))
        hits, misses = len(right.intersection(response)), len(set(response) - right)
        if content.scoring == "minus":
            return one(max(0.0, (hits - misses) / len(right)) if right else 0.0)
        if misses or not right:
            return one(0.0)
        if hits == len(right):
            return one(1.0)
        if content.scoring == "subset":
            return one(hits / len(right))
        return one(content.partial if content.scoring == "half" else 0.0)

    def mark(
        self,
        content: MultipleChoice,
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
        best = rightful(content.options)
        mark_options(
            values["options"],
            content.options,
            render,
            correct=correct,
            feedback=feedback,
            right=right,
            best=best,
        )
        if correct:
            # Each option either counts as right or does not, whatever its share.
            for shown in values["options"]:
                if shown["chosen"]:
                    shown["state"] = "right" if shown["value"] in best else "wrong"
        if feedback and content.replies.count and response:
            values["review"]["count"] = len(set(best).intersection(response))

    def without_wrong(self, content: MultipleChoice, response: Any) -> list[int] | None:
        right = rightful(content.options)
        return [place for place in response or () if place in right] or None

    def hits(self, content: MultipleChoice, response: Any) -> int:
        return len(set(rightful(content.options)).intersection(response or ()))

    def summary(self, content: MultipleChoice, response: Any) -> str:
        return "; ".join(line_of(content.options[place].text) for place in response or ())

    def right_answer(self, content: MultipleChoice) -> str:
        return self.summary(content, self.best(content))

    def best(self, content: MultipleChoice) -> list[int] | None:
        return rightful(content.options) or None

    def counted(self, content: MultipleChoice, response: Any) -> Mapping[str, str]:
        return {str(place): str(place) for place in response or ()}

    def choices(self, content: MultipleChoice) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        # Each option is a part of its own: several of them are chosen at once.
        return {choice[0]: [choice] for choice in option_choices(content.options)}
