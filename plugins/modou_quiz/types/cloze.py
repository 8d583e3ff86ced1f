"""Fill-in with several blanks (完形填空, 多空填空题)."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from modou_quiz.content import Rich, tidy_line
from modou_quiz.forms.words import ClozeForm
from modou_quiz.i18n import _
from modou_quiz.types.assigning import best_assignment
from modou_quiz.types.base import Flaw, Render, Verdict, Worth
from modou_quiz.types.contents import (
    Cloze,
    Gap,
    GapChoice,
    GapNumber,
    GapWords,
)
from modou_quiz.types.folding import find
from modou_quiz.types.multiple import places_of, sum_of
from modou_quiz.types.numbers import read_number
from modou_quiz.types.numerical import (
    answer_text,
    best_number,
    find_number,
    number_choices,
    number_flaws,
    number_row,
)
from modou_quiz.types.own import (
    NEARLY,
    OwnType,
    filled,
    line_of,
    list_of,
    mark_options,
    mixed,
    no_stem,
    place_of,
    said,
    shown_options,
    state_of,
    text_of,
    whole,
    wrong_shape,
)
from modou_quiz.types.short import (
    best_words,
    counted_words,
    empty_answers,
    right_words,
    word_choices,
)
from modou_quiz.types.single import empty_options, option_choices

MARKER = re.compile(r"\[\[(\d{1,3})\]\]")
# A tag of cleaned HTML, or a marker: one within a tag's attribute is no gap.
_PIECE = re.compile(r'<(?:[^>"]|"[^"]*")*>|\[\[(\d{1,3})\]\]')
_KEYS = {
    "answers": ("pattern", "feedback"),
    "numbers": ("value", "low", "high", "feedback"),
    "options": ("text", "feedback"),
}


def pieces(page: Markup, count: int) -> Iterator[Markup | int]:
    """A rendered text and the numbers, from 0, of the gaps in it. Gaps that it does not name come
    at its end.

    :param page: cleaned HTML, markers in it
    :param count: how many gaps there are
    """
    text, start, left = str(page), 0, dict.fromkeys(range(count))
    for match in _PIECE.finditer(text):
        if match[1] is None or int(match[1]) - 1 not in left:
            continue
        yield Markup(text[start : match.start()])  # noqa: S704 - a piece of what was cleaned
        yield int(match[1]) - 1
        del left[int(match[1]) - 1]
        start = match.end()
    yield Markup(text[start:])  # noqa: S704 - as above
    yield from left


def _worth(gap: Gap, response: Any) -> float:
    """What a gap's response is worth by itself."""
    if response is None:
        return 0.0
    if isinstance(gap, GapChoice):
        if gap.several:
            return sum_of(gap.options, response)
        return gap.options[response].fraction
    found = _found(gap, response)
    return 0.0 if found is None else gap.answers[found].fraction


def _found(gap: GapWords | GapNumber, response: str) -> int | None:
    """The place of the accepted answer that a typed response is."""
    if isinstance(gap, GapWords):
        return find(gap.answers, response, gap.reading)
    return find_number(gap.answers, read_number(response))


def _note(gap: Gap, response: Any) -> Rich | None:
    """What is told to those who typed a response."""
    found = None if response is None or isinstance(gap, GapChoice) else _found(gap, response)
    if found is None or isinstance(gap, GapChoice):
        return None
    return gap.answers[found].feedback


def _meant(content: Cloze, response: Sequence[Any]) -> list[int]:
    """For each gap the gap that its response is held to be meant for: gaps of one group may be
    filled in any order, and each is filled once."""
    meant = list(range(len(content.gaps)))
    groups: dict[str, list[int]] = {}
    for place, gap in enumerate(content.gaps):
        if not isinstance(gap, GapChoice) and gap.group:
            groups.setdefault(gap.group, []).append(place)
    for group in groups.values():
        worths = [[_worth(content.gaps[to], response[at]) for to in group] for at in group]
        for at, to in zip(group, best_assignment(worths), strict=True):
            meant[at] = group[to]
    return meant


def _best(gap: Gap) -> Any:
    if isinstance(gap, GapWords):
        return best_words(gap.answers, gap.reading)
    if isinstance(gap, GapNumber):
        return best_number(gap.answers)
    if gap.several:
        return [n for n, option in enumerate(gap.options) if option.fraction > 0] or None
    return max(range(len(gap.options)), key=lambda n: gap.options[n].fraction, default=None)


def _right(gap: Gap) -> str:
    if isinstance(gap, GapWords):
        return right_words(gap.answers)
    if isinstance(gap, GapNumber):
        return " / ".join(answer_text(a) for a in gap.answers if a.fraction >= 1 - NEARLY)
    return _told(gap, _best(gap))


def _told(gap: Gap, response: Any) -> str:
    """A gap's response in plain text."""
    if response is None:
        return ""
    if not isinstance(gap, GapChoice):
        return str(response)
    places = response if gap.several else [response]
    return ", ".join(line_of(gap.options[place].text, 80) for place in places)


class GapText(OwnType[Cloze]):
    """A text with gaps for words, numbers and choices."""

    name = "cloze"
    title = _("Text with gaps")
    description = _("Several gaps in a text: words, numbers, choices.")
    icon = "file-text"
    content = Cloze
    form = ClozeForm
    editor = "modou_quiz:templates/editor/cloze.jinja2"
    player = "modou_quiz:templates/player/cloze.jinja2"

    # -- writing

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        values = super().values(data)
        gaps = [self._gap(row) for row in values.get("gaps", ())]
        while gaps and not (gaps[-1].get("answers") or gaps[-1].get("options")):
            gaps.pop()
        return {**values, "gaps": gaps}

    @staticmethod
    def _gap(row: Mapping[str, Any]) -> dict[str, Any]:
        lists = {
            name: [said(one) for one in row.get(name) or () if filled(one, keys)]
            for name, keys in _KEYS.items()
        }
        kind = row.get("kind", "words")
        gap = {name: row[name] for name in ("kind", "weight") if name in row}
        if kind == "choice":
            gap |= {name: row[name] for name in ("show", "several", "shuffle") if name in row}
            return {**gap, "options": lists["options"]}
        if "group" in row:
            gap["group"] = row["group"]
        if kind == "number":
            return {**gap, "answers": lists["numbers"]}
        if row.get("reading") is not None:
            gap["reading"] = row["reading"]
        return {**gap, "answers": lists["answers"]}

    def to_form(self, content: Cloze) -> Mapping[str, Any]:
        values = dict(super().to_form(content))
        values["gaps"] = [
            {
                **{name: value for name, value in row.items() if name != "answers"},
                "numbers": [number_row(one) for one in row["answers"]],
            }
            if row["kind"] == "number"
            else row
            for row in values["gaps"]
        ]
        return values

    def flaws(self, content: Cloze) -> Sequence[Flaw]:
        flaws = no_stem(content)
        if not content.gaps:
            flaws.append(Flaw("error", _("The text has no gaps."), "gaps"))
        named = [int(number) for number in MARKER.findall(content.stem.source)]
        for number, gap in enumerate(content.gaps, 1):
            if number not in named:
                message = _("Gap ${number} stands nowhere in the text.", mapping={"number": number})
                flaws.append(Flaw("error", message, "stem"))
            flaws += self._gap_flaws(number, gap)
        for number in sorted(set(named)):
            if not 1 <= number <= len(content.gaps):
                message = _(
                    "The text names gap ${number}, which there is not.", mapping={"number": number}
                )
                flaws.append(Flaw("error", message, "stem"))
            elif named.count(number) > 1:
                message = _("Gap ${number} stands twice in the text.", mapping={"number": number})
                flaws.append(Flaw("error", message, "stem"))
        groups: dict[str, set[float]] = {}
        for gap in content.gaps:
            if not isinstance(gap, GapChoice) and gap.group:
                groups.setdefault(gap.group, set()).add(gap.weight)
        for group, weights in groups.items():
            if len(weights) > 1:
                message = _(
                    "The gaps of group ${group} differ in weight.", mapping={"group": group}
                )
                flaws.append(Flaw("error", message, "gaps"))
        return flaws

    @staticmethod
    def _gap_flaws(number: int, gap: Gap) -> list[Flaw]:
        if isinstance(gap, GapWords):
            found = empty_answers(gap.answers, "gaps")
        elif isinstance(gap, GapNumber):
            found = number_flaws(gap.answers, "gaps")
        else:
            found = empty_options(gap.options)
            reached = _worth(gap, _best(gap)) if gap.options else 0.0
            if gap.options and reached < 1 - NEARLY:
                found.append(Flaw("error", _("No option is worth 100 %."), "gaps"))
        return [
            Flaw(
                flaw.level,
                _("Gap ${number}: ${what}", mapping={"number": number, "what": flaw.message}),
                "gaps",
            )
            for flaw in found
        ]

    def parts(self, content: Cloze) -> Sequence[float]:
        total = sum(gap.weight for gap in content.gaps)
        return tuple(gap.weight / total for gap in content.gaps) or (1.0,)

    # -- sitting

    def arrange(self, content: Cloze, shuffle: bool, chance: random.Random) -> Any:
        orders = [
            mixed(len(gap.options), chance)
            if shuffle and isinstance(gap, GapChoice) and gap.shuffle
            else None
            for gap in content.gaps
        ]
        return orders if any(order is not None for order in orders) else None

    def body(
        self, content: Cloze, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        return {}

    def shown(
        self, content: Cloze, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        given = response or [None] * len(content.gaps)
        gaps = [
            self._shown_gap(
                place,
                gap,
                arrangement[place] if isinstance(arrangement, (list, tuple)) else None,
                given[place],
                render,
            )
            for place, gap in enumerate(content.gaps)
        ]
        text = pieces(render(content.stem), len(gaps))
        return {
            "stem": Markup(""),
            "pieces": [gaps[one] if isinstance(one, int) else {"html": one} for one in text],
            "gaps": len(gaps),
        }

    @staticmethod
    def _shown_gap(
        place: int, gap: Gap, order: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        shown: dict[str, Any] = {"place": place, "number": place + 1, "kind": gap.kind}
        if not isinstance(gap, GapChoice):
            return {**shown, "value": "" if response is None else response}
        chosen = () if response is None else response if gap.several else (response,)
        return {
            **shown,
            "show": gap.show,
            "several": gap.several,
            "options": shown_options(gap.options, order, chosen, "none", render),
        }

    def given(self, content: Cloze, arrangement: Any, prefix: str, data: Any) -> Any:
        return [
            list(data.getall(f"{prefix}{place}"))
            if isinstance(gap, GapChoice) and gap.several
            else data.get(f"{prefix}{place}")
            for place, gap in enumerate(content.gaps)
        ]

    def clean(self, content: Cloze, arrangement: Any, raw: Any) -> list[Any] | None:
        items = list_of(raw, len(content.gaps))
        if items is None:
            return None
        if len(items) != len(content.gaps):
            raise wrong_shape()
        response = [self._clean_gap(*pair) for pair in zip(content.gaps, items, strict=True)]
        return response if any(one is not None for one in response) else None

    @staticmethod
    def _clean_gap(gap: Gap, raw: Any) -> Any:
        if not isinstance(gap, GapChoice):
            text = text_of(raw)
            return (tidy_line(text) or None) if text is not None else None
        if gap.several:
            return places_of(raw, len(gap.options))
        return place_of(raw, len(gap.options))

    # -- marking

    def grade(self, content: Cloze, response: Any) -> Verdict:
        weights = self.parts(content)
        if response is None or not content.gaps:
            return Verdict(tuple(Worth(weight, 0.0) for weight in weights))
        meant = _meant(content, response)
        return Verdict(
            tuple(
                Worth(weight, whole(_worth(content.gaps[to], given)))
                for weight, to, given in zip(weights, meant, response, strict=True)
            )
        )

    def mark(
        self,
        content: Cloze,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        values["review"]["answer"] = None
        given = response or [None] * len(content.gaps)
        meant = _meant(content, given)
        for shown in values["pieces"]:
            if "place" not in shown:
                continue
            place = shown["place"]
            gap, value = content.gaps[place], given[place]
            if correct and value is not None:
                shown["state"] = state_of(verdict.parts[place].fraction)
            if right:
                shown["answer"] = _right(gap)
            if isinstance(gap, GapChoice):
                mark_options(
                    shown["options"],
                    gap.options,
                    render,
                    correct=False,
                    feedback=feedback,
                    right=False,
                    best=(),
                )
                notes = [one["feedback"] for one in shown["options"] if "feedback" in one]
            else:
                note = _note(content.gaps[meant[place]], value)
                notes = [render(note)] if feedback and note else []
            if feedback and notes:
                shown["feedback"] = notes

    def without_wrong(self, content: Cloze, response: Any) -> list[Any] | None:
        pairs = zip(response or (), self.grade(content, response).parts, strict=False)
        kept = [given if (part.fraction or 0.0) >= 1 - NEARLY else None for given, part in pairs]
        return kept if any(one is not None for one in kept) else None

    def summary(self, content: Cloze, response: Any) -> str:
        return "; ".join(
            _told(gap, given) for gap, given in zip(content.gaps, response or (), strict=False)
        )

    def right_answer(self, content: Cloze) -> str:
        return "; ".join(_right(gap) for gap in content.gaps)

    def best(self, content: Cloze) -> list[Any] | None:
        return [_best(gap) for gap in content.gaps] or None

    # -- statistics

    def counted(self, content: Cloze, response: Any) -> Mapping[str, str]:
        if response is None:
            return {}
        meant = _meant(content, response)
        counts: dict[str, str] = {}
        for place, (gap, given) in enumerate(zip(content.gaps, response, strict=True)):
            if isinstance(gap, GapChoice):
                for one in given if gap.several and given is not None else [given]:
                    name = f"{place}.{one}" if gap.several else str(place)
                    counts[name] = "" if one is None else str(one)
            else:
                target = content.gaps[meant[place]]
                assert not isinstance(target, GapChoice)  # noqa: S101 - groups hold no choices
                found = None if given is None else _found(target, given)
                # Where its answers are listed: gaps of one group may accept others.
                counts[str(meant[place])] = counted_words(found, given)
        return counts

    def choices(self, content: Cloze) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        listed: dict[str, Sequence[tuple[str, str, float]]] = {}
        for place, gap in enumerate(content.gaps):
            if isinstance(gap, GapWords):
                listed[str(place)] = word_choices(gap.answers)
            elif isinstance(gap, GapNumber):
                listed[str(place)] = number_choices(gap.answers)
            elif gap.several:
                for choice in option_choices(gap.options):
                    listed[f"{place}.{choice[0]}"] = [choice]
            else:
                listed[str(place)] = option_choices(gap.options)
        return listed
