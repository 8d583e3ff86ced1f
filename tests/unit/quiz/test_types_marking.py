"""What answers are worth, case by case."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.errors import Invalid
from modou_quiz.content import Rich
from modou_quiz.types import QUESTION_TYPES, QuestionType
from modou_quiz.types import contents as c
from modou_quiz.types.assigning import best_assignment
from modou_quiz.types.essay import count_words
from modou_quiz.types.folding import literal, matches
from modou_quiz.types.numbers import read_number, split_number
from modou_quiz.types.own import label, line_of

TYPES: dict[str, QuestionType[Any]] = {kind.name: kind for kind in QUESTION_TYPES}
STEM = Rich(source="?", markup="plain")


def rich(text: str) -> Rich:
    return Rich(source=text, markup="plain")


def worth(name: str, content: Any, raw: Any, arrangement: Any = None) -> float | None:
    kind = TYPES[name]
    fraction = kind.grade(content, kind.clean(content, arrangement, raw)).fraction
    return None if fraction is None else round(fraction, 4)


# -- several of several

RIGHT_A_B = tuple(
    c.Option(text=rich(text), fraction=fraction)
    for text, fraction in (("A", 0.6), ("B", 0.4), ("C", -0.5), ("D", 0.0))
)


@pytest.mark.parametrize(
    ("scoring", "chosen", "expected"),
    [
        ("all", [0, 1], 1.0),
        ("all", [0], 0.0),
        ("all", [0, 1, 3], 0.0),
        ("subset", [0, 1], 1.0),
        ("subset", [1], 0.5),
        ("subset", [1, 3], 0.0),
        ("half", [0], 0.3),
        ("half", [0, 1], 1.0),
        ("half", [0, 2], 0.0),
        ("minus", [0, 1, 2], 0.5),
        ("minus", [2, 3], 0.0),
        ("fractions", [0], 0.6),
        ("fractions", [0, 1], 1.0),
        ("fractions", [0, 2], 0.1),
        ("fractions", [2], 0.0),
        ("all", [], 0.0),
    ],
)
def test_partial_credit_of_several_options(
    scoring: Any, chosen: list[int], expected: float
) -> None:
    content = c.MultipleChoice(stem=STEM, options=RIGHT_A_B, scoring=scoring, partial=0.3)
    assert worth("multiple", content, chosen) == expected


def test_more_options_than_allowed_are_refused() -> None:
    content = c.MultipleChoice(stem=STEM, options=RIGHT_A_B, most=2)
    with pytest.raises(Invalid, match="at most 2"):
        TYPES["multiple"].clean(content, None, ["0", "1", "2"])


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("single", 4),
        ("single", -1),
        ("single", "x"),
        ("single", [0]),
        ("single", 1.0),
        ("single", True),
        ("multiple", 1),
        ("multiple", [9]),
        ("truefalse", "yes"),
        ("short", 5),
        ("short", "x" * 2001),
        ("numerical", {"value": "1", "other": ""}),
        ("numerical", [1]),
        ("cloze", ["a"]),
        ("cloze", {"0": "a"}),
        ("matching", [0]),
        ("matching", [0, 1, 2, 99]),
        ("ordering", [1, 2]),
        ("ordering", [1, 2, 3, 9]),
        ("essay", {"text": "a", "files": [{"id": "x"}]}),
        ("case", [None]),
        ("description", "a"),
    ],
)
def test_what_is_no_answer_is_refused(name: str, raw: Any) -> None:
    from modou_quiz.types.examples import EXAMPLES

    with pytest.raises(Invalid):
        TYPES[name].clean(EXAMPLES[name], None, raw)


# -- words


@pytest.mark.parametrize(
    ("pattern", "text", "reading", "expected"),
    [
        ("北京", "  北京 ", {}, True),
        ("臺灣電腦", "台湾电脑", {}, True),
        ("臺灣", "台湾", {"fold_script": False}, False),
        ("ＡＢＣ１２３", "abc123", {}, True),
        ("ABC", "ＡＢＣ", {"fold_width": False}, False),
        ("ABC", "abc", {"case": True}, False),
        ("a，b。", "a,b.", {}, True),
        ("“是”", '"是"', {}, True),
        ("straße", "STRASSE", {}, True),
        ("*断路器*", "低压断路器 DZ47", {}, True),
        ("断*器", "断路", {}, False),
        ("a*a", "a", {}, False),
        ("*", "anything", {}, True),
        ("5\\*3", "5*3", {}, True),
        ("5\\*3", "5x3", {}, False),
        ("c:\\dir\\*", "C:\\dir*", {}, True),
        ("a\\\\*", "a\\bcd", {}, True),
        ("m²", "m²", {}, True),
    ],
)
def test_words_are_compared_as_people_mean_them(
    pattern: str, text: str, reading: dict[str, bool], expected: bool
) -> None:
    assert matches(pattern, text, c.Reading(**reading)) is expected


@given(st.text(st.sampled_from("a*\\ 中Ａ"), max_size=12))
def test_a_literal_pattern_accepts_its_text_and_nothing_else(text: str) -> None:
    reading = c.Reading()
    assert matches(literal(text), text, reading)
    assert not matches(literal(text), f"{text}x", reading)


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    began = time.perf_counter()
    assert not matches("*a" * 900 + "b", "a" * 2000, c.Reading())
    assert time.perf_counter() - began < 1


def test_the_answer_worth_most_counts() -> None:
    content = c.Short(
        stem=STEM,
        answers=(
            c.Accepted(pattern="*", fraction=0.1),
            c.Accepted(pattern="right"),
            c.Accepted(pattern="r*", fraction=0.5),
        ),
    )
    assert [worth("short", content, text) for text in ("right", "rx", "x", " ")] == [1, 0.5, 0.1, 0]
    assert TYPES["short"].counted(content, "x") == {"": "0"}


# -- numbers


@pytest.mark.parametrize(
    ("text", "value", "rest"),
    [
        ("3,5", 3.5, ""),
        ("1,234", 1234.0, ""),
        ("1 234.5", 1234.5, ""),
        ("１．５ｅ３", 1500.0, ""),
        ("1.5×10³ m", 1500.0, "m"),
        ("2*10^-3", 0.002, ""),
        ("−5℃", -5.0, "°C"),
        ("1,2,3", None, "1,2,3"),
        ("1e999", None, "1e999"),
        ("", None, ""),
        ("m 5", None, "m 5"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float | None, rest: str) -> None:
    assert split_number(text) == (value, rest)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_back(value: float) -> None:
    assert read_number(repr(value)) == value


@pytest.mark.parametrize(
    ("answer", "inside", "outside"),
    [
        (c.AcceptedNumber(value=0.3, tolerance=0.1), ["0.2", "0.4", "0,3"], ["0.19", "0.41"]),
        (c.AcceptedNumber(value=-50.0, tolerance=0.1, relative=True), ["-45", "-55"], ["-44.9"]),
        (c.AcceptedNumber(kind="range", low=1.0, high=5.0), ["1", "5", "3"], ["0.99", "5.01"]),
        (c.AcceptedNumber(value=1e-15), ["1e-15"], ["0", "2e-15"]),
        (c.AcceptedNumber(kind="any"), ["7"], ["x", ""]),
    ],
)
def test_tolerances(answer: c.AcceptedNumber, inside: list[str], outside: list[str]) -> None:
    content = c.Numerical(stem=STEM, answers=(answer,))
    assert [worth("numerical", content, text) for text in inside] == [1.0] * len(inside)
    assert [worth("numerical", content, text) for text in outside] == [0.0] * len(outside)


UNITS = (c.Unit(name="m"), c.Unit(name="cm", factor=100.0), c.Unit(name="Ω", factor=2.0))


@pytest.mark.parametrize(
    ("units", "answers"),
    [
        ({"mode": "none"}, {"2": 1.0, "2 m": 0.0}),
        ({"mode": "optional"}, {"2": 1.0, "2m": 1.0, "200 ㎝": 1.0, "2 kg": 0.0, "m 2": 1.0}),
        ({"mode": "required", "penalty": 0.25}, {"2": 0.75, "2 kg": 0.75, "2 m": 1.0, "2cm": 0.0}),
        ({"mode": "required", "penalty": 1.0}, {"2": 0.0, "4 Ω": 1.0}),
        ({"mode": "required", "penalty": 0.2, "penalty_of": "question"}, {"2": 0.8, "3": 0.3}),
    ],
)
def test_units(units: dict[str, Any], answers: dict[str, float]) -> None:
    content = c.Numerical(
        stem=STEM,
        answers=(c.AcceptedNumber(value=2.0), c.AcceptedNumber(value=3.0, fraction=0.5)),
        units=c.Units(units=UNITS, **units),
    )
    assert {text: worth("numerical", content, text) for text in answers} == answers


def test_a_chosen_unit_stands_beside_the_number() -> None:
    units = c.Units(mode="required", units=UNITS, show="select")
    content = c.Numerical(stem=STEM, answers=(c.AcceptedNumber(value=2.0),), units=units)
    assert worth("numerical", content, {"value": "200", "unit": "cm"}) == 1.0
    assert worth("numerical", content, {"value": "200 cm", "unit": "cm"}) == 0.0


# -- gaps, pairs, orders


def test_gaps_of_a_group_are_filled_in_any_order_but_each_once() -> None:
    content = c.Cloze(
        stem=rich("[[1]] [[2]] [[3]]"),
        gaps=tuple(
            c.GapWords(group="g", answers=(c.Accepted(pattern=one), c.Accepted(pattern=f"{one}*")))
            for one in "abc"
        ),
    )
    assert worth("cloze", content, ["c", "a", "b"]) == 1.0
    assert worth("cloze", content, ["a", "a", "b"]) == pytest.approx(0.6667)
    assert worth("cloze", content, ["", "cx", None]) == pytest.approx(0.3333)
    alone = content.model_copy(
        update={"gaps": tuple(gap.model_copy(update={"group": ""}) for gap in content.gaps)}
    )
    assert worth("cloze", alone, ["c", "a", "b"]) == 0.0


def test_an_answer_is_counted_for_the_gap_that_it_was_meant_for() -> None:
    content = c.Cloze(
        stem=rich("[[1]] [[2]]"),
        gaps=(
            c.GapWords(group="g", answers=(c.Accepted(pattern="volt"),)),
            c.GapNumber(
                group="g",
                answers=(c.AcceptedNumber(value=1.0, fraction=0.5), c.AcceptedNumber(value=2.0)),
            ),
        ),
    )
    assert TYPES["cloze"].counted(content, ["2", "volt"]) == {"0": "0", "1": "1"}


@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=n, max_size=n
        )
    )
)
def test_no_assignment_is_better(worths: list[list[int]]) -> None:
    from itertools import permutations

    count = len(worths)
    found = best_assignment(worths)
    assert sorted(found) == list(range(count))
    best = max(sum(worths[n][p[n]] for n in range(count)) for p in permutations(range(count)))
    assert sum(worths[n][found[n]] for n in range(count)) == best
    if sum(worths[n][n] for n in range(count)) == best:
        assert found == list(range(count))


@pytest.mark.parametrize(
    ("scoring", "order", "expected"),
    [
        ("all", [0, 1, 3, 2], 0.0),
        ("positions", [0, 1, 3, 2], 0.5),
        ("positions", [1, 2, 3, 0], 0.0),
        ("neighbours", [1, 2, 3, 0], 0.6667),
        ("neighbours", [3, 2, 1, 0], 0.0),
        ("all", [0, 1, 2, 3], 1.0),
    ],
)
def test_partial_credit_of_an_order(scoring: Any, order: list[int], expected: float) -> None:
    content = c.Ordering(stem=STEM, items=tuple(rich(x) for x in "abcd"), scoring=scoring)
    kind = TYPES["ordering"]
    arrangement = [2, 0, 3, 1]
    assert (
        worth("ordering", content, kind.raw(content, arrangement, order), arrangement) == expected
    )


def test_equal_items_and_equal_choices_are_as_good_as_each_other() -> None:
    content = c.Ordering(stem=STEM, items=tuple(rich(x) for x in "aba"), scoring="all")
    assert TYPES["ordering"].grade(content, [2, 1, 0]).fraction == 1.0
    pairs = tuple(c.Pair(left=rich(a), right=rich(b)) for a, b in (("1", "x"), ("2", "x")))
    match = c.Matching(stem=STEM, pairs=pairs, distractors=(rich("y"),))
    assert len(match.choices()) == 2
    assert TYPES["matching"].grade(match, [0, 0]).fraction == 1.0
    assert TYPES["matching"].grade(match, [0, 1]).fraction == 0.5
    strict = match.model_copy(update={"scoring": "all"})
    assert TYPES["matching"].grade(strict, [0, 1]).fraction == 0.0


def test_a_marker_in_a_tag_is_no_gap() -> None:
    from markupsafe import Markup

    from modou_quiz.services.rendering import cleaned

    content = c.Cloze(
        stem=Rich(source='<p title="[[1]]<img src=x onerror=y>">a [[1]] b [[1]] [[7]]</p>'),
        gaps=(c.GapWords(answers=(c.Accepted(pattern="x"),)),),
    )
    page = TYPES["cloze"].shown(
        content, None, None, lambda text: Markup(cleaned(text.source, text.markup))
    )
    assert [one.get("place") for one in page["pieces"]] == [None, 0, None]
    assert page["pieces"][0]["html"].endswith("a ")
    assert {flaw.level for flaw in TYPES["cloze"].flaws(content)} == {"error"}


# -- essays, cases


def test_words_of_an_essay() -> None:
    assert count_words("停电作业前应先验电 then ground the line.") == 13
    assert count_words("don't re-use 3.5 mm² — 𠮷") == 6
    assert count_words("… -- ") == 0


def test_an_essay_waits_for_people_only_when_there_is_something_to_read() -> None:
    kind = TYPES["essay"]
    content = c.Essay(stem=STEM, template=rich("Title:\n"), files=2)
    assert kind.grade(content, None).fraction == 0.0
    assert kind.clean(content, None, {"text": " Title:"}) is None
    given = kind.clean(content, None, {"text": "Title: x", "files": []})
    assert kind.grade(content, given).fraction is None
    file = {"id": "0123456789abc", "name": "a.docx", "size": 5}
    assert kind.clean(content, None, {"text": "", "files": [file]})["files"] == [file]


def test_a_case_adds_its_questions_up_by_weight() -> None:
    single = c.SingleChoice(
        stem=STEM,
        options=(
            c.Option(text=rich("a"), fraction=1.0),
            c.Option(text=rich("b"), fraction=-0.5),
        ),
    )
    content = c.Case(
        stem=STEM,
        questions=(
            c.SubQuestion.of("description", c.Description(stem=STEM), 9.0),
            c.SubQuestion.of("single", single, 3.0),
            c.SubQuestion.of("essay", c.Essay(stem=STEM), 1.0),
        ),
    )
    kind = TYPES["case"]
    verdict = kind.grade(content, kind.clean(content, None, [None, "0", {"text": "said"}]))
    assert [tuple(part) for part in verdict.parts] == [(0.75, 1.0), (0.25, None)]
    assert kind.grade(content, [None, 1, None]).fraction == -0.375
    assert kind.needs_person(content)
    with pytest.raises(ValueError, match="another case"):
        c.Case(questions=(c.SubQuestion.of("case", content),))


def test_a_case_leaves_unknown_questions_as_they_are() -> None:
    strange = c.SubQuestion(type="elsewhere", data={"any": ["thing"]}, weight=2.0)
    content = c.Case(stem=STEM, questions=(strange,))
    kind = TYPES["case"]
    assert kind.from_form(kind.to_form(content)) == content
    assert "elsewhere" in str(kind.flaws(content)[0].message.interpolate())  # type: ignore[union-attr]


def test_options_without_words_are_called_by_their_files() -> None:
    picture = Rich(source='<img src="@@FILE@@/%E5%9B%BE1.png">')
    assert line_of(picture) == "[图1.png]"
    assert line_of(Rich(source="![](@@FILE@@/a.mp3)", markup="markdown")) == "[a.mp3]"
    assert (line_of(Rich(source="<hr>")), line_of(Rich())) == ("…", "")


def test_numbering() -> None:
    assert [label("ABC", n) for n in (0, 25, 26)] == ["A", "Z", "AA"]
    assert [label("iii", n) for n in (0, 3, 8)] == ["i", "iv", "ix"]
    assert (label("123", 2), label("none", 2), label("III", 1)) == ("3", "", "II")
