"""Ordering (排序题)."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from modou_quiz.forms.choices import OrderingForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import Ordering
from modou_quiz.types.own import (
    OwnType,
    label,
    line_of,
    list_of,
    mixed,
    no_stem,
    one,
    place_of,
    state_of,
    wrong_shape,
)


def _standing(content: Ordering, arrangement: Any) -> Sequence[int]:
    """The items as they stand in an attempt before anybody moves one."""
    count = len(content.items)
    if isinstance(arrangement, (list, tuple)) and sorted(arrangement) == list(range(count)):
        return arrangement
    # By their texts: the order of the content is the answer.
    return sorted(range(count), key=lambda n: line_of(content.items[n]))


class PutInOrder(OwnType[Ordering]):
    """Items to put into their order. Equal items are as good as each other."""

    name = "ordering"
    title = _("Ordering")
    description = _("Items are put into their order.")
    icon = "move"
    content = Ordering
    form = OrderingForm
    editor = "modou_quiz:templates/editor/ordering.jinja2"
    player = "modou_quiz:templates/player/ordering.jinja2"
    script = "modou_quiz:static/js/types/ordering.js"
    rows: ClassVar[Mapping[str, Sequence[str]]] = {"items": ()}

    def flaws(self, content: Ordering) -> Sequence[Flaw]:
        flaws = no_stem(content)
        if len(content.items) < 2:
            flaws.append(Flaw("error", _("There is nothing to put in order."), "items"))
        if not all(content.items):
            flaws.append(Flaw("error", _("An item has no text."), "items"))
        return flaws

    def arrange(self, content: Ordering, shuffle: bool, chance: random.Random) -> Any:
        # Also where the quiz wants no random order: the order is the answer. That it may come out
        # right by chance has to be possible, or it would be excluded.
        return mixed(len(content.items), chance)

    def body(
        self, content: Ordering, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        standing = _standing(content, arrangement)
        name_of = {item: name for name, item in enumerate(standing)}
        items = response if response is not None else standing
        return {
            "layout": content.layout,
            "answered": response is not None,
            "items": [
                {
                    # Names say where an item stood, not where it belongs.
                    "name": name_of[item],
                    "position": position + 1,
                    "label": label(content.numbering, position),
                    "text": render(content.items[item]),
                    "plain": line_of(content.items[item], 80),
                }
                for position, item in enumerate(items)
            ],
        }

    def given(self, content: Ordering, arrangement: Any, prefix: str, data: Any) -> Any:
        return [data.get(f"{prefix}{name}") for name in range(len(content.items))]

    def clean(self, content: Ordering, arrangement: Any, raw: Any) -> list[int] | None:
        """:param raw: for each item, as they stood at first, the position that it was given, from
        1; those without one come last"""
        count = len(content.items)
        items = list_of(raw, count)
        if items is None:
            return None
        if len(items) != count:
            raise wrong_shape()
        positions = [place_of(item, count + 1) for item in items]
        if all(position is None for position in positions):
            return None
        standing = _standing(content, arrangement)
        names = sorted(
            range(count), key=lambda n: (positions[n] if positions[n] is not None else count + 1, n)
        )
        return [standing[name] for name in names]

    def raw(self, content: Ordering, arrangement: Any, response: Any) -> Any:
        standing = _standing(content, arrangement)
        return response and [response.index(place) + 1 for place in standing]

    def grade(self, content: Ordering, response: Any) -> Verdict:
        items = content.items
        if response is None or not items:
            return one(0.0)
        given = [items[place] for place in response]
        if given == list(items):
            return one(1.0)
        if content.scoring == "positions":
            return one(sum(a == b for a, b in zip(given, items, strict=True)) / len(items))
        if content.scoring == "neighbours" and len(items) > 1:
            common = Counter(pairwise(given)) & Counter(pairwise(items))
            return one(common.total() / (len(items) - 1))
        return one(0.0)

    def mark(
        self,
        content: Ordering,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        if correct and response is not None:
            for shown, place, item in zip(values["items"], response, content.items, strict=True):
                shown["state"] = state_of(float(content.items[place] == item))
        if right:
            values["review"]["order"] = [render(item) for item in content.items]
        values["review"]["answer"] = None

    def hits(self, content: Ordering, response: Any) -> int:
        given = (content.items[place] for place in response or ())
        return sum(a == b for a, b in zip(given, content.items, strict=False))

    def summary(self, content: Ordering, response: Any) -> str:
        return " → ".join(line_of(content.items[place], 60) for place in response or ())

    def right_answer(self, content: Ordering) -> str:
        return self.summary(content, range(len(content.items)))

    def best(self, content: Ordering) -> list[int] | None:
        return list(range(len(content.items))) or None

    def counted(self, content: Ordering, response: Any) -> Mapping[str, str]:
        return {str(position): str(place) for position, place in enumerate(response or ())}

    def choices(self, content: Ordering) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        texts = [line_of(item, 60) for item in content.items]
        return {
            str(position): [
                (str(n), text, float(item == content.items[position]))
                for n, (text, item) in enumerate(zip(texts, content.items, strict=True))
            ]
            for position in range(len(content.items))
        }
