"""Several tries at a question: what they come to, and that what is said between them does not tell
the right answer; no database."""

import json
from typing import Any

import pytest
from markupsafe import Markup, escape

from modou_quiz.content import Rich
from modou_quiz.models.attempts import Attempt, Given, LongText, Slot, Try
from modou_quiz.models.marking import Rule
from modou_quiz.services.marking import tries
from modou_quiz.services.marking.automatic import outcome
from modou_quiz.services.marking.keys import Key
from modou_quiz.types import QUESTION_TYPES
from modou_quiz.types import contents as c

NOW = 1_800_000_000
KINDS = {kind.name: kind for kind in QUESTION_TYPES}
TYPES = {name: kind.among(KINDS) for name, kind in KINDS.items()}
THIRD = 0.3333333


def rich(text: str) -> Rich:
    return Rich(source=text, markup="plain")


def options(*fractions: float) -> Any:
    return tuple(
        c.Option(
            text=rich("ABCD"[n]), fraction=f, feedback=rich("KEY right" if f > 0 else f"no {n}")
        )
        for n, f in enumerate(fractions)
    )


def choice(*fractions: float, penalty: float = THIRD) -> c.SingleChoice:
    return c.SingleChoice(
        stem=rich("?"),
        options=options(*fractions),
        penalty=penalty,
        feedback=rich("KEY general"),
        replies=c.Replies(right=rich("KEY reply"), wrong=rich("think again")),
    )


GAPS = c.Cloze(
    stem=rich("[[1]] [[2]]"),
    gaps=(
        c.GapWords(answers=(c.Accepted(pattern="KEYone"),)),
        c.GapChoice(options=options(0, 1)),
    ),
    penalty=0.25,
    feedback=rich("KEY general"),
)


def earned(
    name: str, content: Any, *responses: Any, last: bool = True, rule: Rule | None = None
) -> Any:
    """What responses come to that were all checked; without `last`, all but the last one."""
    kind = TYPES[name]
    checked = responses if last else responses[:-1]
    answer = Given(
        responses[-1],
        len(responses),
        0,
        tries=tuple(Try(one, seq, 0) for seq, one in enumerate(checked, 1)),
    )
    attempt = Attempt(1, 2, 1)
    attempt.slots = (Slot(7, 1, 4.0),)
    attempt.answers.given = {0: answer}
    key = Key(7, 1, kind, content, tuple(kind.parts(content)), "")
    rules = {7: rule} if rule else {}
    found = outcome(lambda _question, _version: key, attempt, rules, NOW)
    if rule is None:
        worth = tries.fraction_of(kind, content, answer)
        assert (None if worth is None else worth * 4) == pytest.approx(found.earned[0], abs=1e-4)
    # The same comes out again, with what it came to before in its place.
    attempt.marks = found.marks
    assert outcome(lambda _question, _version: key, attempt, rules, NOW + 9) == found
    return found.earned[0]


def test_each_further_try_costs_the_penalty() -> None:
    content = choice(1, 0, 0, 0)
    assert earned("single", content, 0) == 4.0
    assert earned("single", content, 1, 0) == pytest.approx(4 * (1 - THIRD), abs=1e-4)
    assert earned("single", content, 1, 2, 0) == pytest.approx(4 * (1 - 2 * THIRD), abs=1e-4)
    assert earned("single", content, 1, 2, 3, 0) == pytest.approx(0, abs=1e-4)
    # Handed in without another check: it was a further try all the same.
    assert earned("single", content, 1, 0, last=False) == earned("single", content, 1, 0)
    assert earned("single", content, 1, 2) == 0.0
    # Never more than nothing is taken away, and what is below that stays there.
    assert earned("single", choice(1, 0, penalty=1.0), 1, 1, 0) == 0.0
    assert earned("single", choice(1, -0.5), 0, 1) == -2.0
    assert earned("single", choice(1, 0, penalty=0.0), 1, 0) == 4.0


def test_a_share_that_was_there_before_costs_nothing() -> None:
    content = choice(1, 0.5, 0, 0.5)
    assert earned("single", content, 1) == 2.0
    assert earned("single", content, 1, 3) == 2.0
    assert earned("single", content, 2, 1) == pytest.approx(4 * (0.5 - THIRD), abs=1e-4)
    assert earned("single", content, 1, 2, 1) == 0.0


def test_gaps_lose_only_by_their_own_tries() -> None:
    first_right = ["KEYone", 0], ["KEYone", 1]
    assert earned("cloze", GAPS, *first_right) == pytest.approx(4 * (0.5 + 0.5 * 0.75))
    assert earned("cloze", GAPS, ["x", 0], ["y", 0], ["KEYone", 1]) == pytest.approx(2.0)


def test_sub_questions_cost_what_they_say_themselves() -> None:
    content = c.Case(
        stem=rich("?"),
        penalty=0.1,
        questions=(
            c.SubQuestion.of("single", choice(1, 0, penalty=0.5)),
            c.SubQuestion.of("single", choice(1, 0, penalty=0.0)),
        ),
    )
    assert earned("case", content, [1, 1], [0, 0]) == pytest.approx(4 * (0.25 + 0.45))


def test_rules_for_all_and_persons_come_before_tries() -> None:
    content = choice(1, 0)
    assert earned("single", content, 1, 0, rule=Rule(void="full")) == 4.0
    assert earned("essay", c.Essay(stem=rich("?")), {"text": "a", "files": []}) is None


def test_what_counts_of_an_answer_that_was_tried() -> None:
    tried = (Try(LongText("a"), 1, 0), Try(LongText("b"), 2, 0))
    assert tries.counted(Given(LongText("b"), 2, 0, tries=tried)) == ("b", ["a"])
    # A hint took it back, and nothing came after that.
    assert tries.counted(Given(None, 2, 0, tries=tried)) == ("b", ["a"])
    assert tries.counted(Given("c", 3, 0, tries=tried)) == ("c", ["a", "b"])
    assert tries.counted(Given("x", 1, 0)) == ("x", [])
    assert tries.first(Given(LongText("b"), 2, 0, tries=tried)) == "a"
    assert tries.first(Given("x", 1, 0)) == "x"


def render(text: Rich) -> Markup:
    return escape(text.source)


MATCH = c.Matching(
    stem=rich("?"),
    pairs=(c.Pair(left=rich("l1"), right=rich("r1")), c.Pair(left=rich("l2"), right=rich("r2"))),
    feedback=rich("KEY general"),
)
BETWEEN: dict[str, tuple[Any, Any]] = {
    "single": (choice(0, 1, 0), 0),
    "multiple": (
        c.MultipleChoice(
            stem=rich("?"), options=options(0, 1, 1), scoring="subset", feedback=rich("KEY")
        ),
        [0],
    ),
    "short": (
        c.Short(
            stem=rich("?"),
            answers=(c.Accepted(pattern="KEYx", feedback=rich("KEY")),),
            feedback=rich("KEY"),
        ),
        "no",
    ),
    "numerical": (
        c.Numerical(
            stem=rich("?"), answers=(c.AcceptedNumber(value=424242.0),), feedback=rich("KEY")
        ),
        {"value": "1", "unit": ""},
    ),
    "cloze": (GAPS, ["no", 0]),
    "matching": (MATCH, [1, None]),
    "ordering": (
        c.Ordering(stem=rich("?"), items=(rich("i1"), rich("i2")), feedback=rich("KEY")),
        [1, 0],
    ),
    "case": (
        c.Case(
            stem=rich("?"),
            feedback=rich("KEY"),
            questions=(
                c.SubQuestion.of("single", choice(0, 1, 0)),
                c.SubQuestion.of(
                    "short",
                    c.Short(
                        stem=rich("?"), feedback=rich("KEY"), answers=(c.Accepted(pattern="KEYx"),)
                    ),
                ),
            ),
        ),
        [0, "no"],
    ),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_between_two_tries_nothing_of_the_key_is_told(name: str) -> None:
    content, wrong = BETWEEN[name]
    kind = TYPES[name]
    said = kind.between(content, None, wrong, render, correct=True, feedback=True)
    text = json.dumps(said, ensure_ascii=False)
    assert "KEY" not in text
    assert "424242" not in text
    assert said["review"]["state"] == "wrong"
    # What a review says once no try is left is another thing.
    closed = kind.review(content, None, wrong, render, correct=True, feedback=True, right=True)
    assert "KEY" in json.dumps(closed, ensure_ascii=False) or name == "ordering"


def test_what_is_wrong_can_be_taken_back() -> None:
    multiple = c.MultipleChoice(stem=rich("?"), options=options(0, 1, 1))
    kept = [
        (TYPES["single"], choice(1, 0), 1, None, None),
        (TYPES["multiple"], multiple, [0, 2], [2], 1),
        (TYPES["multiple"], multiple, [0], None, 0),
        (TYPES["cloze"], GAPS, ["KEYone", 0], ["KEYone", None], 1),
        (TYPES["matching"], MATCH, [0, 0], [0, None], 1),
        (TYPES["ordering"], c.Ordering(items=(rich("1"), rich("2"))), [1, 0], None, 0),
        (TYPES["case"], BETWEEN["case"][0], [1, "no"], [1, None], 1),
    ]
    for kind, content, response, left, hits in kept:
        assert kind.without_wrong(content, response) == left
        assert kind.hits(content, response) == hits
