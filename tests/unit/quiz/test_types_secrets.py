"""What a sitting's page gets to know of a question says nothing about its answer."""

import json
from typing import Any

import pytest
from markupsafe import Markup, escape

from modou_quiz.content import Rich
from modou_quiz.types import QUESTION_TYPES, QuestionType
from modou_quiz.types import contents as c
from modou_quiz.types.examples import EXAMPLES

TYPES: dict[str, QuestionType[Any]] = {kind.name: kind for kind in QUESTION_TYPES}


def render(rich: Rich) -> Markup:
    return escape(rich.source)


def shown(content: Any, arrangement: Any = None, response: Any = None) -> str:
    kind = next(kind for kind in TYPES.values() if kind.content is type(content))
    return json.dumps(kind.shown(content, arrangement, response, render), ensure_ascii=False)


def rich(text: str) -> Rich:
    return Rich(source=text, markup="plain")


def options(*fractions: float) -> tuple[c.Option, ...]:
    return tuple(
        c.Option(text=rich(text), fraction=fraction, feedback=rich("said") if fraction else Rich())
        for text, fraction in zip("abcd", fractions, strict=True)
    )


STEM = rich("?")
WORDS = (c.Accepted(pattern="one"),), (c.Accepted(pattern="other*"), c.Accepted(pattern="x"))
NUMBERS = (
    (c.AcceptedNumber(value=1.5),),
    (c.AcceptedNumber(kind="range", low=2.0, high=3.0), c.AcceptedNumber(value=9.0, fraction=0.1)),
)
CHOICE = options(1.0, 0.0, 0.0, 0.0), options(0.0, 0.5, 0.0, 1.0)
UNITS = c.Units(mode="required", units=(c.Unit(name="m"), c.Unit(name="cm", factor=100.0)))


def gaps(n: int) -> tuple[c.Gap, ...]:
    return (
        c.GapWords(answers=WORDS[n], reading=c.Reading(case=bool(n)), group="a" if n else ""),
        c.GapNumber(answers=NUMBERS[n]),
        c.GapChoice(options=CHOICE[n]),
        c.GapChoice(options=CHOICE[n], several=True),
    )


PAIRS = [
    (c.SingleChoice(stem=STEM, options=CHOICE[n]) for n in range(2)),
    (
        c.MultipleChoice(
            stem=STEM,
            options=CHOICE[n],
            scoring=("all", "minus")[n],
            partial=n / 2,  # type: ignore[arg-type]
        )
        for n in range(2)
    ),
    (c.TrueFalse(stem=STEM, answer=bool(n)) for n in range(2)),
    (c.Short(stem=STEM, answers=WORDS[n]) for n in range(2)),
    (c.Numerical(stem=STEM, answers=NUMBERS[n], units=UNITS) for n in range(2)),
    (c.Cloze(stem=rich("[[1]][[2]][[3]][[4]]"), gaps=gaps(n)) for n in range(2)),
    (
        c.Essay(
            stem=STEM,
            sample=rich(str(n)),
            notes=rich(str(n)),
            rubric=(c.Criterion(name=str(n), levels=(c.Level(points=float(n)),)),),
        )
        for n in range(2)
    ),
    (
        c.Case(
            stem=STEM,
            questions=(
                c.SubQuestion.of("single", c.SingleChoice(stem=STEM, options=CHOICE[n])),
                c.SubQuestion.of("truefalse", c.TrueFalse(stem=STEM, answer=bool(n))),
            ),
        )
        for n in range(2)
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda _pair: "")
def test_contents_that_differ_in_their_key_only_look_the_same(pair: Any) -> None:
    first, second = pair
    assert first != second
    assert shown(first) == shown(second)


def test_pairs_look_the_same_whatever_belongs_together() -> None:
    lefts, rights = ["l1", "l2", "l3"], ["r1", "r2", "r3"]

    def content(order: list[int]) -> c.Matching:
        pairs = [c.Pair(left=rich(lefts[n]), right=rich(rights[order[n]])) for n in range(3)]
        return c.Matching(stem=STEM, pairs=tuple(pairs), distractors=(rich("r4"),))

    # Nothing was left to chance, and for any order of the choices there is an arrangement.
    assert shown(content([0, 1, 2])) == shown(content([2, 0, 1]))
    first = shown(content([0, 1, 2]), [[2, 0, 1], [3, 1, 0, 2]], [1, None, None])
    other = shown(content([2, 0, 1]), [[2, 0, 1], [3, 2, 1, 0]], [2, None, None])
    assert first == other


def test_items_look_the_same_whatever_their_order() -> None:
    items = [rich("i1"), rich("i2"), rich("i3")]
    first = c.Ordering(stem=STEM, items=tuple(items))
    other = c.Ordering(stem=STEM, items=(items[2], items[0], items[1]))
    assert shown(first) == shown(other)
    # i2, i3, i1 as it stands; i1, i2, i3 as it was answered.
    assert shown(first, [1, 2, 0], [0, 1, 2]) == shown(other, [2, 0, 1], [1, 2, 0])


def _marked(value: Any, path: tuple[str, ...] = ()) -> Any:
    """A content as JSON with a word that tells in each text that only reviews may show."""
    secret = {"feedback", "replies", "hints", "if_true", "if_false", "pattern", "notes", "sample"}
    if isinstance(value, dict):
        return {name: _marked(one, (*path, name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_marked(one, path) for one in value]
    if isinstance(value, str) and secret.intersection(path) and path[-1] in {"source", "pattern"}:
        return f"SECRET{value}"
    if isinstance(value, str) and "rubric" in path:
        return f"SECRET{value}"
    return value


@pytest.mark.parametrize("name", list(TYPES))
def test_no_text_of_the_review_is_in_the_page(name: str) -> None:
    kind = TYPES[name]
    content = kind.content.model_validate(_marked(EXAMPLES[name].model_dump(mode="json")))
    best = kind.best(EXAMPLES[name])
    assert "SECRET" not in shown(content)
    assert "SECRET" not in shown(content, None, best)
    if name != "description":
        told = kind.review(content, None, best, render, correct=True, feedback=True, right=True)
        assert "SECRET" in json.dumps(told, ensure_ascii=False)
    hidden = kind.review(content, None, best, render, correct=False, feedback=False, right=False)
    assert "SECRET" not in json.dumps(hidden, ensure_ascii=False)
    assert '"state"' not in json.dumps(hidden)
    assert '"right"' not in json.dumps(hidden)
