"""Matching (匹配题)."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modou_quiz.forms.choices import MatchingForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import Matching
from modou_quiz.types.own import (
    OwnType,
    label,
    line_of,
    list_of,
    mixed,
    no_stem,
    one,
    ordered,
    place_of,
    state_of,
    wrong_shape,
)


def _halves(content: Matching, arrangement: Any) -> tuple[Sequence[int], Sequence[int]]:
    """Left sides and choices in the order in which they stand in an attempt."""
    choices = content.choices()
    if isinstance(arrangement, (list, tuple)) and len(arrangement) == 2:
        left, right = arrangement
        if sorted(right) == list(range(len(choices))):
            return ordered(left, len(content.pairs)), right
    # By their texts: the order of the content would give the answer away.
    by_text = sorted(range(len(choices)), key=lambda n: line_of(choices[n]))
    return range(len(content.pairs)), by_text


class MatchingPairs(OwnType[Matching]):
    """For each left side the choice that belongs to it."""

    name = "matching"
    title = _("Matching")
    description = _("What belongs together is found, with distractors.")
    icon = "link"
    content = Matching
    form = MatchingForm
    editor = "modou_quiz:templates/editor/matching.jinja2"
    player = "modou_quiz:templates/player/matching.jinja2"
    script = "modou_quiz:static/js/types/matching.js"
    rows: ClassVar[Mapping[str, Sequence[str]]] = {
        "pairs": ("left", "right"),
        "distractors": (),
    }

    def flaws(self, content: Matching) -> Sequence[Flaw]:
        flaws = no_stem(content)
        if not content.pairs:
            flaws.append(Flaw("error", _("There are no pairs."), "pairs"))
        if not all(pair.left and pair.right for pair in content.pairs):
            flaws.append(Flaw("error", _("A pair lacks one of its sides."), "pairs"))
        if len(content.choices()) < 2:
            flaws.append(Flaw("error", _("There is nothing to choose from."), "pairs"))
        key = [content.choices()[place] for place in content.key()]
        if any(text in key for text in content.distractors):
            flaws.append(Flaw("warning", _("A distractor is also a right answer."), "distractors"))
        return flaws

    def arrange(self, content: Matching, shuffle: bool, chance: random.Random) -> Any:
        count = len(content.pairs)
        left = mixed(count, chance) if shuffle and content.shuffle else list(range(count))
        return [left, mixed(len(content.choices()), chance)]

    def body(
        self, content: Matching, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        left, right = _halves(content, arrangement)
        choices = content.choices()
        given = response or [None] * len(content.pairs)
        where = {choice: place for place, choice in enumerate(right)}
        return {
            "pairs": [
                {
                    "place": place,
                    "number": number + 1,
                    "left": render(content.pairs[place].left),
                    "plain": line_of(content.pairs[place].left, 80),
                    "chosen": where.get(given[place]) if given[place] is not None else None,
                }
                for number, place in enumerate(left)
            ],
            "choices": [
                {
                    "value": position,
                    "label": label("ABC", position),
                    "text": render(choices[choice]),
                    "plain": line_of(choices[choice], 80),
                }
                for position, choice in enumerate(right)
            ],
        }

    def given(self, content: Matching, arrangement: Any, prefix: str, data: Any) -> Any:
        return [data.get(f"{prefix}{place}") for place in range(len(content.pairs))]

    def clean(self, content: Matching, arrangement: Any, raw: Any) -> list[int | None] | None:
        """:param raw: for each left side, in the order of the content, the position of a choice as
        it stands in the attempt"""
        items = list_of(raw, len(content.pairs))
        if items is None:
            return None
        if len(items) != len(content.pairs):
            raise wrong_shape()
        _left, right = _halves(content, arrangement)
        positions = [place_of(item, len(right)) for item in items]
        response = [None if position is None else right[position] for position in positions]
        return response if any(choice is not None for choice in response) else None

    def raw(self, content: Matching, arrangement: Any, response: Any) -> Any:
        _left, right = _halves(content, arrangement)
        where = {choice: position for position, choice in enumerate(right)}
        return response and [None if choice is None else where[choice] for choice in response]

    def grade(self, content: Matching, response: Any) -> Verdict:
        key = content.key()
        if response is None or not key:
            return one(0.0)
        hits = sum(given == right for given, right in zip(response, key, strict=True))
        return one(hits / len(key) if content.scoring == "each" else float(hits == len(key)))

    def mark(
        self,
        content: Matching,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        key, choices = content.key(), content.choices()
        given = response or [None] * len(key)
        for pair in values["pairs"]:
            place = pair["place"]
            if correct and given[place] is not None:
                pair["state"] = state_of(float(given[place] == key[place]))
            if right:
                pair["answer"] = render(choices[key[place]])
        if feedback and content.replies.count and response:
            values["review"]["count"] = sum(a == b for a, b in zip(given, key, strict=True))
        values["review"]["answer"] = None

    def without_wrong(self, content: Matching, response: Any) -> list[int | None] | None:
        pairs = zip(response or (), content.key(), strict=False)
        kept = [given if given == right else None for given, right in pairs]
        return kept if any(one is not None for one in kept) else None

    def hits(self, content: Matching, response: Any) -> int:
        return sum(a == b for a, b in zip(response or (), content.key(), strict=False))

    def summary(self, content: Matching, response: Any) -> str:
        choices = content.choices()
        return "; ".join(
            f"{line_of(pair.left, 60)} → {line_of(choices[choice], 60)}"
            for pair, choice in zip(content.pairs, response or (), strict=False)
            if choice is not None
        )

    def right_answer(self, content: Matching) -> str:
        return self.summary(content, content.key())

    def best(self, content: Matching) -> list[int | None] | None:
        return list(content.key()) or None

    def counted(self, content: Matching, response: Any) -> Mapping[str, str]:
        return {
            str(place): str(choice)
            for place, choice in enumerate(response or ())
            if choice is not None
        }

    def choices(self, content: Matching) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        return {
            str(place): [
                (str(n), f"{line_of(pair.left, 60)} → {line_of(choice, 60)}", float(n == right))
                for n, choice in enumerate(content.choices())
            ]
            for place, (pair, right) in enumerate(zip(content.pairs, content.key(), strict=True))
        }
