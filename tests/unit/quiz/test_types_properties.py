"""What holds for questions of every type, whatever they say."""

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape
from webob.multidict import MultiDict

from modou.errors import Invalid
from modou_quiz.content import Rich
from modou_quiz.forms.questions import form_for
from modou_quiz.types import QUESTION_TYPES, QuestionType
from modou_quiz.types.case import CaseQuestions
from modou_quiz.types.own import NEARLY
from tests.unit.quiz.making import CONTENTS

TYPES: dict[str, QuestionType[Any]] = {kind.name: kind for kind in QUESTION_TYPES}
EVERY = pytest.mark.parametrize("name", list(TYPES))
few = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def render(rich: Rich) -> Markup:
    return escape(rich.source)


@EVERY
@few
@given(data=st.data(), seed=st.integers(0, 10**6), shuffle=st.booleans())
def test_the_best_answer_is_worth_everything(
    name: str, data: Any, seed: int, shuffle: bool
) -> None:
    kind, content = TYPES[name], data.draw(CONTENTS[name])
    assert [flaw for flaw in kind.flaws(content) if flaw.level == "error"] == []
    arrangement = kind.arrange(content, shuffle, random.Random(seed))
    best = kind.best(content)
    if best is None:
        return
    raw = json.loads(json.dumps(kind.raw(content, arrangement, best)))
    response = kind.clean(content, json.loads(json.dumps(arrangement)), raw)
    verdict = kind.grade(content, response)
    reached = sum(w.weight * (1.0 if w.fraction is None else w.fraction) for w in verdict.parts)
    unanswerable = sum(
        part.weight for part in verdict.parts if part.fraction == 0.0 and kind.needs_person(content)
    )
    assert reached == pytest.approx(1.0 - unanswerable, abs=NEARLY)
    assert sum(part.weight for part in verdict.parts) == pytest.approx(1.0)
    assert len(verdict.parts) == len(kind.parts(content))
    assert kind.summary(content, response) or name in {"case", "essay"}


def answers(kind: QuestionType[Any], content: Any, arrangement: Any, chance: random.Random) -> Any:
    """A raw answer at random, found in what the page shows."""
    page = kind.shown(content, arrangement, None, render)
    if kind.name in {"single", "truefalse"}:
        return chance.choice(page["options"])["value"]
    if kind.name == "multiple":
        return [one["value"] for one in page["options"] if chance.random() < 0.5]
    if kind.name == "matching":
        values = [None, *(one["value"] for one in page["choices"])]
        return [chance.choice(values) for _pair in page["pairs"]]
    if kind.name == "ordering":
        return chance.sample(range(1, len(page["items"]) + 1), len(page["items"]))
    if kind.name == "cloze":
        gaps = sorted((one for one in page["pieces"] if "place" in one), key=lambda g: g["place"])
        return [answer_gap(gap, chance) for gap in gaps]
    if isinstance(kind, CaseQuestions):
        return [
            answers(sub.type, sub.content, sub.arrangement, chance)
            for sub in kind.subs(content, arrangement)
        ]
    words = {"description": None, "numerical": {"value": chance.choice(["3", "1e3 m", "-2,5"])}}
    return words.get(kind.name, "some words")


def answer_gap(shown: Any, chance: random.Random) -> Any:
    if shown["kind"] != "choice":
        return chance.choice(["", "abc", "3"])
    value = chance.choice(shown["options"])["value"]
    return [value] if shown["several"] else value


@EVERY
@few
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_any_answer_is_within_bounds_and_the_same_in_every_arrangement(
    name: str, data: Any, seed: int
) -> None:
    kind, content, chance = TYPES[name], data.draw(CONTENTS[name]), random.Random(seed)
    arrangement = kind.arrange(content, True, chance)
    response = kind.clean(content, arrangement, answers(kind, content, arrangement, chance))
    verdict = kind.grade(content, response)
    for part in verdict.parts:
        assert part.fraction is None or -1 <= part.fraction <= 1
    # What was given comes back as it went, through JSON and through another arrangement.
    kept = json.loads(json.dumps(response))
    assert kept == response
    other = kind.arrange(content, True, random.Random(seed + 1))
    again = kind.clean(content, other, kind.raw(content, other, kept))
    assert again == response
    assert kind.grade(content, again) == verdict
    kind.shown(content, arrangement, response, render)
    allowed = kind.review(
        content, arrangement, response, render, correct=True, feedback=True, right=True
    )
    assert "review" in allowed
    for part, choice in kind.counted(content, response).items():
        listed = {one[0] for one in kind.choices(content)[part]}
        assert choice in listed or choice == ""
    assert kind.grade(content, None).fraction in {0.0, -0.0}


@EVERY
@few
@given(data=st.data())
def test_a_form_gives_back_what_it_shows(name: str, data: Any) -> None:
    kind, content = TYPES[name], data.draw(CONTENTS[name])
    form = form_for(kind)(data=kind.to_form(content))
    assert kind.from_form(form.data) == content
    # The same through a page: what the controls hold is posted.
    posted = form_for(kind)(MultiDict(controls(form)))
    assert posted.validate(), posted.errors
    assert kind.from_form(posted.data) == content


def controls(form: Any) -> list[tuple[str, str]]:
    """What a browser posts of a form."""
    found: list[tuple[str, str]] = []
    for field in form:
        if field.type == "FormField":
            found += controls(field.form)
        elif hasattr(field, "entries"):
            for entry in field.entries:
                found += controls(entry.form) if entry.type == "FormField" else controls([entry])
        elif field.type == "BooleanField":
            found += [(field.name, "y")] if field.data else []
        elif field.type in {"SelectField", "RadioField"}:
            found.append((field.name, str(field.data)))
        else:
            # Browsers end lines in this way.
            found.append((field.name, field._value().replace("\n", "\r\n")))
            if field.type == "RichField":
                found.append((field.markup_name, field.markup))
    return found


@EVERY
@few
@given(data=st.data())
def test_content_comes_back_from_json(name: str, data: Any) -> None:
    kind, content = TYPES[name], data.draw(CONTENTS[name])
    stored = json.loads(json.dumps(content.model_dump(mode="json")))
    assert kind.content.model_validate(stored) == content
    assert all(isinstance(text, Rich) for text in content.texts())


@EVERY
def test_an_empty_form_is_a_question_with_errors(name: str) -> None:
    kind = TYPES[name]
    content = kind.from_form(form_for(kind)().data)
    errors = [flaw for flaw in kind.flaws(content) if flaw.level == "error"]
    assert "stem" in {flaw.field for flaw in errors}
    assert kind.grade(content, None).fraction == 0.0
    assert not kind.right_answer(content) or name == "truefalse"
    kind.shown(content, kind.arrange(content, True, random.Random(1)), None, render)


def test_a_case_takes_no_question_of_another_shape() -> None:
    kind = TYPES["case"]
    broken = {"type": "single", "data": {"options": 5}, "weight": 1}
    for row in (
        {"type": "unknown", "kept": None},
        {"type": "unknown", "kept": broken},
        {"type": "unknown", "kept": {"type": "unknown", "data": [], "weight": 1}},
        {"type": "unknown", "kept": {"type": "unknown", "more": 1}},
    ):
        with pytest.raises(Invalid):
            kind.from_form({"questions": [row]})
