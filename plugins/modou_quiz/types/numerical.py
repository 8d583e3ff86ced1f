"""Numerical (数值题): a number with tolerance, and units."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modou_quiz.content import tidy_line
from modou_quiz.forms.words import NumericalForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Render, Verdict
from modou_quiz.types.contents import AcceptedNumber, Numerical, Units
from modou_quiz.types.numbers import near, number_text, read_number, split_number
from modou_quiz.types.own import NEARLY, OwnType, no_stem, one, text_of, wrong_shape

_BEFORE = re.compile(r"\s*(?P<unit>[^\d+\-−.．０-９]+)(?P<number>.*)", re.DOTALL)


def accepts(answer: AcceptedNumber, value: float) -> bool:
    """Whether a number is one that an answer means."""
    if answer.kind == "any":
        return True
    if answer.kind == "range":
        return (answer.low <= value <= answer.high) or any(
            near(value, end, 0.0) for end in (answer.low, answer.high)
        )
    tolerance = answer.tolerance * abs(answer.value) if answer.relative else answer.tolerance
    return near(value, answer.value, tolerance)


def find_number(answers: Sequence[AcceptedNumber], value: float | None) -> int | None:
    """The place of the answer that a number matches and that is worth most; None: none."""
    if value is None:
        return None
    found = [n for n, answer in enumerate(answers) if accepts(answer, value)]
    return max(found, key=lambda n: answers[n].fraction, default=None)


def number_flaws(answers: Sequence[AcceptedNumber], field: str = "answers") -> list[Flaw]:
    """What is wrong with accepted numbers."""
    flaws = []
    if not answers:
        flaws.append(Flaw("error", _("No number is accepted."), field))
    elif max(answer.fraction for answer in answers) < 1 - NEARLY:
        flaws.append(Flaw("error", _("No number is worth 100 %."), field))
    if any(answer.kind == "range" and answer.low > answer.high for answer in answers):
        flaws.append(Flaw("error", _("A range ends before it begins."), field))
    return flaws


def best_number(answers: Sequence[AcceptedNumber]) -> str | None:
    """A number of most worth, exactly."""
    best = max(answers, key=lambda answer: answer.fraction, default=None)
    if best is None:
        return None
    value = {"value": best.value, "range": best.low, "any": 0.0}[best.kind]
    return repr(value).removesuffix(".0")


def answer_text(answer: AcceptedNumber) -> str:
    """An accepted number for people: 3.14 ± 0.01, 2 … 3."""
    if answer.kind == "any":
        return "…"
    if answer.kind == "range":
        return f"{number_text(answer.low)} … {number_text(answer.high)}"
    if not answer.tolerance:
        return number_text(answer.value)
    if answer.relative:
        return f"{number_text(answer.value)} ± {number_text(answer.tolerance * 100)} %"
    return f"{number_text(answer.value)} ± {number_text(answer.tolerance)}"


def number_choices(answers: Sequence[AcceptedNumber]) -> list[tuple[str, str, float]]:
    listed = [(str(n), answer_text(answer), answer.fraction) for n, answer in enumerate(answers)]
    return [*listed, ("other", "…", 0.0)]


def number_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """An accepted number as its row of a form shows it: without what its kind does not use."""
    unused = {"value": ("low", "high"), "range": ("value",), "any": ("value", "low", "high")}
    return {**row, **dict.fromkeys(unused[row["kind"]])}


def _same_unit(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def factor_of(units: Units, name: str) -> float | None:
    """The factor of a unit as a learner wrote it; None: it is not known."""
    wanted = _same_unit(name)
    return next((unit.factor for unit in units.units if _same_unit(unit.name) == wanted), None)


def apart(response: Mapping[str, str]) -> tuple[float | None, str]:
    """Number and unit of a response, the unit "" where there is none."""
    text = response["value"]
    value, rest = split_number(text)
    if value is None and (match := _BEFORE.match(text)):
        value, behind = split_number(match["number"])
        rest = match["unit"].strip() if not behind else text
    if response["unit"]:
        # Chosen beside the number: then the number has to stand alone.
        return (value if not rest else None), response["unit"]
    return value, rest


class NumericalAnswer(OwnType[Numerical]):
    """A number, with or without a unit."""

    name = "numerical"
    title = _("Numerical")
    description = _("A number with tolerance, and units where they matter.")
    icon = "grades"
    content = Numerical
    form = NumericalForm
    editor = "modou_quiz:templates/editor/numerical.jinja2"
    player = "modou_quiz:templates/player/numerical.jinja2"
    rows: ClassVar[Mapping[str, Sequence[str]]] = {"answers": ("value", "low", "high", "feedback")}

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        values = super().values(data)
        if "units" in values:
            units = dict(values["units"])
            units["units"] = [row for row in units.get("units", ()) if row.get("name")]
            values["units"] = units
        return values

    def to_form(self, content: Numerical) -> Mapping[str, Any]:
        values = dict(super().to_form(content))
        values["answers"] = [number_row(row) for row in values["answers"]]
        return values

    def flaws(self, content: Numerical) -> Sequence[Flaw]:
        flaws = [*no_stem(content), *number_flaws(content.answers)]
        units = content.units
        if units.mode != "none":
            if not units.units:
                flaws.append(Flaw("error", _("No unit is known."), "units"))
            elif units.units[0].factor != 1:
                flaws.append(Flaw("error", _("The first unit's factor has to be 1."), "units"))
            if any(read_number(unit.name) is not None for unit in units.units):
                flaws.append(Flaw("error", _("A unit cannot be a number."), "units"))
        return flaws

    def body(
        self, content: Numerical, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        units = content.units
        chosen = units.mode != "none" and units.show != "text"
        return {
            "value": response["value"] if response else "",
            "unit": response["unit"] if response else "",
            "show": units.show if chosen else "text",
            "units": [unit.name for unit in units.units] if chosen else [],
            "with_unit": units.mode != "none",
            "before": units.before,
        }

    def given(self, content: Numerical, arrangement: Any, prefix: str, data: Any) -> Any:
        return {"value": data.get(prefix + "value"), "unit": data.get(prefix + "unit")}

    def clean(self, content: Numerical, arrangement: Any, raw: Any) -> dict[str, str] | None:
        if raw is None or isinstance(raw, str):
            raw = {"value": raw}
        elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
            raw = {"value": repr(raw)}
        if not isinstance(raw, Mapping) or not raw.keys() <= {"value", "unit"}:
            raise wrong_shape()
        value, unit = text_of(raw.get("value"), 200), text_of(raw.get("unit"), 200)
        if value is None or not tidy_line(value):
            return None
        return {"value": tidy_line(value), "unit": tidy_line(unit or "")}

    def _judge(self, content: Numerical, response: Any) -> tuple[int | None, bool]:
        """Which accepted number it is, and whether the unit is as it has to be."""
        if response is None:
            return None, True
        value, unit = apart(response)
        units = content.units
        factor = factor_of(units, unit) if unit and units.mode != "none" else None
        if factor is not None:
            value = None if value is None else value / factor
        elif unit and units.mode != "required":
            return None, False
        well = units.mode != "required" or factor is not None
        return find_number(content.answers, value), well

    def grade(self, content: Numerical, response: Any) -> Verdict:
        found, well = self._judge(content, response)
        if found is None:
            return one(0.0)
        fraction, units = content.answers[found].fraction, content.units
        if not well and fraction > 0:
            if units.penalty_of == "response":
                fraction *= 1 - units.penalty
            else:
                fraction = max(0.0, fraction - units.penalty)
        return one(fraction)

    def mark(
        self,
        content: Numerical,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        found, well = self._judge(content, response)
        if feedback and found is not None and content.answers[found].feedback:
            values["review"]["hint"] = render(content.answers[found].feedback)
        if correct and response is not None:
            values["review"]["unit_wrong"] = not well

    def summary(self, content: Numerical, response: Any) -> str:
        return f"{response['value']} {response['unit']}".strip() if response else ""

    def right_answer(self, content: Numerical) -> str:
        texts = [answer_text(a) for a in content.answers if a.fraction >= 1 - NEARLY]
        units = content.units
        unit = units.units[0].name if units.mode != "none" and units.units else ""
        return " / ".join(
            (f"{unit} {text}" if units.before else f"{text} {unit}").strip() for text in texts
        )

    def best(self, content: Numerical) -> dict[str, str] | None:
        value = best_number(content.answers)
        if value is None:
            return None
        units = content.units
        unit = units.units[0].name if units.mode == "required" and units.units else ""
        return {"value": value, "unit": unit}

    def counted(self, content: Numerical, response: Any) -> Mapping[str, str]:
        if response is None:
            return {"": ""}
        found, _well = self._judge(content, response)
        return {"": "other" if found is None else str(found)}

    def choices(self, content: Numerical) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        return {"": number_choices(content.answers)}
