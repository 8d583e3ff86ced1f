"""What an attempt comes to, from its stored answers alone; no database."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou_quiz.content import Content, Rich
from modou_quiz.models.attempts import Attempt, Given, LongText, Mark, Slot
from modou_quiz.models.marking import PartWork, Rule
from modou_quiz.services.marking import automatic
from modou_quiz.services.marking.automatic import outcome
from modou_quiz.services.marking.checking import difference
from modou_quiz.services.marking.giving import both, decided, rubric_share
from modou_quiz.services.marking.keys import Key, text_of
from modou_quiz.services.marking.reviewing import passages
from modou_quiz.services.marking.settling import result
from modou_quiz.services.sitting.responses import unpacked
from modou_quiz.types import QUESTION_TYPES
from modou_quiz.types import contents as c

NOW = 1_800_000_000
TYPES = {type_.name: type_.among({t.name: t for t in QUESTION_TYPES}) for type_ in QUESTION_TYPES}


def options(*fractions: float) -> Any:
    return tuple(
        c.Option(text=Rich(source=f"选项 {n}"), fraction=f) for n, f in enumerate(fractions)
    )


ESSAY = c.Essay(
    stem=Rich(source="论述"),
    rubric=(
        c.Criterion(name="内容", levels=(c.Level(points=0), c.Level(points=3), c.Level(points=6))),
        c.Criterion(name="表达", levels=(c.Level(points=0), c.Level(points=2))),
    ),
)
CONTENTS: dict[int, tuple[str, Content]] = {
    1: ("single", c.SingleChoice(stem=Rich(source="单选"), options=options(1, 0, -0.25))),
    2: (
        "multiple",
        c.MultipleChoice(stem=Rich(source="多选"), options=options(1 / 3, 1 / 3, 1 / 3, -1)),
    ),
    3: ("essay", ESSAY),
    4: (
        "case",
        c.Case(
            stem=Rich(source="材料"),
            questions=(
                c.SubQuestion.of("truefalse", c.TrueFalse(stem=Rich(source="判断")), 1),
                c.SubQuestion.of("essay", ESSAY, 3),
            ),
        ),
    ),
    5: ("description", c.Description(stem=Rich(source="说明"))),
}
RESPONSES: dict[int, st.SearchStrategy[Any]] = {
    1: st.sampled_from([None, 0, 1, 2]),
    2: st.lists(st.integers(0, 3), max_size=4, unique=True).map(lambda ids: sorted(ids) or None),
    3: st.sampled_from([None, {"text": "答", "files": []}]),
    4: st.sampled_from([None, [True, None], [False, {"text": "答", "files": []}]]),
    5: st.none(),
}


def keys(question: int, version: int) -> Key:
    name, content = CONTENTS[question]
    kind = TYPES[name]
    weights = tuple(kind.parts(content)) if kind.answerable else ()
    return Key(question, version, kind, content, weights, name)


@st.composite
def attempts(draw: Any) -> Attempt:
    attempt = Attempt(1, 2, 1)
    questions = draw(st.lists(st.sampled_from(sorted(CONTENTS)), min_size=1, max_size=8))
    attempt.slots = tuple(
        Slot(q, 1, 0.0 if q == 5 else draw(st.sampled_from([0.5, 1.0, 2.0, 3.0, 7.0])))
        for q in questions
    )
    for number, question in enumerate(questions):
        response = draw(RESPONSES[question])
        if response is not None or draw(st.booleans()):
            attempt.answers.given[number] = Given(response, number, (NOW - 1000) * 1000)
    return attempt


RULES = st.dictionaries(
    st.sampled_from([1, 2, 3, 4]),
    st.builds(Rule, void=st.sampled_from(["", "full", "none"])),
    max_size=3,
)


def mark_all(attempt: Attempt, found: Any) -> None:
    attempt.marks = {**found.marks, **{p: Mark(0.75, 9, NOW) for p in found.waiting}}


@given(attempts(), RULES)
def test_the_score_is_the_sum_over_the_slots(attempt: Attempt, rules: dict[int, Rule]) -> None:
    found = outcome(keys, attempt, rules, NOW)
    assert len(found.earned) == len(attempt.slots)
    assert (found.score is None) == bool(found.waiting) == (None in found.earned)
    mark_all(attempt, found)
    found = outcome(keys, attempt, rules, NOW)
    assert found.score is not None
    assert found.score == pytest.approx(max(0.0, math.fsum(e or 0.0 for e in found.earned)))
    assert found.score <= found.most + 1e-9
    counting = [s.marks for s in attempt.slots if rules.get(s.question, Rule()).void != "none"]
    assert found.most == pytest.approx(math.fsum(counting))
    for slot, earned in zip(attempt.slots, found.earned, strict=True):
        void = rules.get(slot.question, Rule()).void
        if void and slot.marks:
            assert earned == (slot.marks if void == "full" else 0.0)


@given(attempts(), RULES)
def test_reckoning_again_finds_the_same(attempt: Attempt, rules: dict[int, Rule]) -> None:
    mark_all(attempt, outcome(keys, attempt, rules, NOW))
    automatic.write(attempt, outcome(keys, attempt, rules, NOW))
    again = outcome(keys, attempt, rules, NOW + 500)
    assert difference(attempt, again) == ""
    # The marks themselves stay: nobody seems to have marked again.
    assert again.marks == attempt.marks


@given(attempts(), RULES)
def test_a_rule_that_is_taken_back_leaves_no_trace(
    attempt: Attempt, rules: dict[int, Rule]
) -> None:
    mark_all(attempt, outcome(keys, attempt, {}, NOW))
    before = outcome(keys, attempt, {}, NOW)
    automatic.write(attempt, before)
    automatic.write(attempt, outcome(keys, attempt, rules, NOW))
    after = outcome(keys, attempt, {}, NOW)
    assert (after.earned, after.score, after.most) == (before.earned, before.score, before.most)


def test_a_persons_mark_does_not_outlive_the_answer() -> None:
    attempt = Attempt(1, 2, 1)
    attempt.slots = (Slot(3, 1, 10.0),)
    attempt.answers.given[0] = Given({"text": LongText("答" * 600), "files": []}, 1, NOW * 1000)
    attempt.marks = {(0, 0): Mark(0.5, 9, NOW + 5)}
    assert outcome(keys, attempt, {}, NOW).score == 5.0
    attempt.answers.given[0] = Given({"text": "另", "files": []}, 2, (NOW + 60) * 1000)
    assert outcome(keys, attempt, {}, NOW).waiting == {(0, 0): 3}


def test_what_was_not_answered_needs_nobody() -> None:
    attempt = Attempt(1, 2, 1)
    attempt.slots = (Slot(3, 1, 10.0), Slot(4, 1, 8.0))
    attempt.answers.given[1] = Given([True, None], 1, NOW * 1000)
    found = outcome(keys, attempt, {}, NOW)
    assert found.waiting == {}
    assert found.earned == (0.0, 2.0)


def test_the_parts_of_a_case_are_pieces_of_their_own_type() -> None:
    name, content = CONTENTS[4]
    text = {"text": "答", "files": []}
    kind, piece, response = TYPES[name].piece(content, 1, [True, text])
    assert (kind.name, piece.rubric, response) == ("essay", ESSAY.rubric, text)
    assert TYPES[name].piece(content, 0, [True, text])[0].name == "truefalse"


# -- several attempts


@pytest.mark.parametrize(
    ("grade_by", "shares", "expected"),
    [
        ("best", [0.5, 0.9, 0.7], 0.9),
        ("best", [0.5, None], 0.5),
        ("best", [None], None),
        ("last", [0.9, 0.5], 0.5),
        ("last", [0.9, None], None),
        ("first", [0.4, 0.9], 0.4),
        ("first", [None, 0.9], None),
        ("average", [0.5, 1.0], 0.75),
        ("average", [0.5, None], None),
        ("best", [], None),
    ],
)
def test_what_counts(grade_by: str, shares: list[float | None], expected: float | None) -> None:
    assert result(grade_by, shares) == expected


# -- several markers


def said(fraction: float, marker: int, **more: Any) -> Mark:
    return Mark(fraction, marker, NOW, **more)


def test_one_marker_decides_alone() -> None:
    part, final = decided(PartWork(3), said(0.5, 1), False, 0.1)
    assert (part.stage, final) == ("done", said(0.5, 1))


def test_two_markers_who_agree_come_to_the_mean() -> None:
    part, final = decided(PartWork(3), said(0.5, 1, comment="好"), True, 0.1)
    assert (part.stage, final) == ("second", None)
    part, final = decided(part, said(0.6, 2, comment="很好", notes=((0, 1, "字"),)), True, 0.1)
    assert part.stage == "done"
    assert final is not None
    assert final.fraction == pytest.approx(0.55)
    assert final.comment == "好\n\n很好"
    assert final.notes == ((0, 1, "字"),)


def test_two_markers_who_differ_leave_it_to_a_third() -> None:
    part, _ = decided(PartWork(3), said(0.2, 1), True, 0.1)
    part, final = decided(part, said(0.9, 2), True, 0.1)
    assert (part.stage, final) == ("third", None)
    part, final = decided(part, said(0.7, 3), True, 0.1)
    assert (part.stage, final) == ("done", said(0.7, 3))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_mean_lies_between_or_somebody_else_decides(a: float, b: float, limit: float) -> None:
    part, _ = decided(PartWork(3), said(a, 1), True, limit)
    part, final = decided(part, said(b, 2), True, limit)
    assert (final is None) == (abs(a - b) > limit + 1e-9)
    if final is not None:
        assert min(a, b) - 1e-5 <= final.fraction <= max(a, b) + 1e-5


def test_a_rubric_that_both_chose_alike_stays() -> None:
    same = (("内容", 1),)
    assert both(said(0.5, 1, rubric=same), said(0.5, 2, rubric=same)).rubric == same
    assert both(said(0.5, 1, rubric=same), said(0.5, 2, rubric=(("内容", 2),))).rubric == ()


def test_a_rubric_comes_to_points_of_points() -> None:
    assert rubric_share(ESSAY.rubric, {"内容": 1, "表达": 1}) == pytest.approx(5 / 8)


# -- texts


@given(st.text(max_size=40), st.data())
def test_passages_are_the_text(text: str, data: Any) -> None:
    places = st.integers(0, len(text))
    notes = []
    for _ in range(data.draw(st.integers(0, 4))):
        start, end = sorted((data.draw(places), data.draw(places)))
        if start < end:
            notes.append((start, end, "x"))
    cut = passages(text, notes)
    assert "".join(passage.text for passage in cut) == text
    for number, (start, end, _words) in enumerate(notes, start=1):
        assert "".join(p.text for p in cut if number in p.notes) == text[start:end]


def test_long_texts_are_read_where_they_lie() -> None:
    stored = {"text": LongText("很长"), "files": [{"id": "x"}]}
    assert unpacked(stored) == {"text": "很长", "files": [{"id": "x"}]}
    assert text_of(unpacked(stored)) == "很长"
    assert text_of(3) == ""


def test_what_brings_no_marks_waits_for_nobody() -> None:
    attempt = Attempt(1, 2, 1)
    attempt.slots = (Slot(1, 1, 2.0), Slot(3, 1, 0.0))
    said = {0: 0, 1: {"text": "答", "files": []}}
    attempt.answers.given = {n: Given(one, n, NOW * 1000) for n, one in said.items()}
    found = outcome(keys, attempt, {}, NOW)
    assert (found.waiting, found.earned, found.score) == ({}, (2.0, 0.0), 2.0)
