"""Real GIFT files, and what they mean."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from modou_quiz.content import Rich
from modou_quiz.formats.base import Item
from modou_quiz.formats.building import is_html
from modou_quiz.formats.gift import Gift
from modou_quiz.types.contents import (
    AcceptedNumber,
    Description,
    Essay,
    Matching,
    MultipleChoice,
    Numerical,
    Short,
    SingleChoice,
    TrueFalse,
)
from tests.shared_data import shared

pytestmark = pytest.mark.unit

#: The reference takes the first feedback after TRUE for that of "true"; Moodle, whose format it
#: is, shows it to those who were wrong, and writes its own files so.
_OTHERWISE = {("TFTwoFeedback", 1), ("TFTwoFeedback", 2)}


def read(text: str | bytes) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    return list(Gift().read(io.BytesIO(data)))


def bare(text: str) -> str:
    """Without what only layout is: lines, and the reference's space around a missing word."""
    return " ".join(text.replace("_____ .", "_____.").split())


def says(rich: Rich, expected: dict[str, str] | None) -> None:
    if expected is None or not expected["text"]:
        assert not rich
        return
    assert bare(rich.source) == bare(expected["text"])
    plain = {"moodle": "html" if is_html(expected["text"]) else "plain"}
    assert rich.markup == plain.get(expected["format"], expected["format"])


def number(answer: AcceptedNumber) -> dict[str, Any]:
    if answer.kind == "range":
        return {"type": "high-low", "numberHigh": answer.high, "numberLow": answer.low}
    if answer.tolerance:
        return {"type": "range", "number": answer.value, "range": answer.tolerance}
    return {"type": "simple", "number": answer.value}


def means(content: Any, expected: dict[str, Any], swapped: bool) -> None:
    says(content.stem, expected["stem"])
    says(content.feedback, expected.get("globalFeedback"))
    match content:
        case TrueFalse():
            assert content.answer is expected["isTrue"]
            told = [content.if_true, content.if_false]
            if swapped:
                told.reverse()
            says(told[0], expected["trueFeedback"])
            says(told[1], expected["falseFeedback"])
        case SingleChoice() | MultipleChoice():
            assert len(content.options) == len(expected["choices"])
            for option, choice in zip(content.options, expected["choices"], strict=True):
                says(option.text, choice["text"])
                says(option.feedback, choice["feedback"])
                weight = choice["weight"]
                whole = 100.0 if choice["isCorrect"] and weight is None else weight or 0.0
                assert option.fraction == pytest.approx(whole / 100, abs=1e-6)
        case Short():
            for answer, choice in zip(content.answers, expected["choices"], strict=True):
                assert bare(answer.pattern) == bare(choice["text"]["text"])
                weight = 100.0 if choice["weight"] is None else choice["weight"]
                assert answer.fraction == weight / 100
                says(answer.feedback, choice["feedback"])
        case Numerical():
            choices = expected["choices"]
            if isinstance(choices, dict):
                assert [number(answer) for answer in content.answers] == [choices]
                return
            for answer, choice in zip(content.answers, choices, strict=True):
                assert answer.value == choice["text"]["number"]
                assert answer.tolerance == choice["text"]["range"]
                assert (
                    answer.fraction
                    == (choice["weight"] if choice["weight"] is not None else 100) / 100
                )
                says(answer.feedback, choice["feedback"])
        case Matching():
            pairs = [pair for pair in expected["matchPairs"] if pair["subquestion"]["text"]]
            rest = [pair for pair in expected["matchPairs"] if not pair["subquestion"]["text"]]
            for pair, wanted in zip(content.pairs, pairs, strict=True):
                says(pair.left, wanted["subquestion"])
                assert pair.right.source == wanted["subanswer"]
            assert [r.source for r in content.distractors] == [p["subanswer"] for p in rest]
        case Essay() | Description():
            pass


_TYPES = {
    "TF": {"truefalse"},
    "MC": {"single", "multiple"},
    "Short": {"short"},
    "Numerical": {"numerical"},
    "Matching": {"matching"},
    "Essay": {"essay"},
    "Description": {"description"},
}


def files() -> list[Path]:
    return sorted(shared("gift").glob("*.gift"))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_it_means_what_the_reference_says(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    questions = [entry for entry in expected if entry["type"] != "Category"]
    items = read(path.read_bytes())
    assert len(items) == len(questions)
    for place, (item, entry) in enumerate(zip(items, questions, strict=True)):
        assert item.content is not None, item.notes
        assert item.type in _TYPES[entry["type"]]
        assert item.title == (entry["title"] or "")
        assert item.idnumber == (entry["id"] or "")
        assert list(item.tags) == (entry["tags"] or [])
        means(item.content, entry, (path.stem, place) in _OTHERWISE)


def test_it_takes_the_path_of_a_category() -> None:
    [item] = read("$CATEGORY: $course$/top/电工//焊工/初级\n\n判断{T}")
    assert item.category == ("电工/焊工", "初级")


def only(text: str) -> tuple[Any, list[tuple[int, str]]]:
    [item] = read(text)
    return item, [(note.line, re.sub(r"\s+", " ", note.message)) for note in item.notes]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("题\n一{=a ~b", 2, "“}” is missing"),
        ("题{=a ~{b}", 1, "“{”"),
        ("题 a} 后面", 1, "“}” stands here without"),
        ("::没有结束的标题 {T}", 1, "does not end with “::”"),
        ("题{\n~甲\n~乙}", 1, "No answer is marked as right"),
        ("题{\n=甲\n~%-150%乙}", 3, "not between −100 and 100"),
        ("题{\n~%50%甲\n~%700%乙}", 3, "not between −100 and 100"),
        ("题{甲 乙}", 1, "Answers begin with"),
        ("题{#\n=十二}", 2, "is no number"),
        ("题{=a -> }", 1, "nothing follows"),
        ("题{=%-100%a}", 1, "No answer is marked as right"),
        ("一 {=a} 二 {=b} 三", 1, "A second pair of braces"),
    ],
)
def test_it_names_line_and_reason_and_takes_the_rest(text: str, line: int, reason: str) -> None:
    items = read(f"::前::问{{T}}\n\n{text}\n\n::后::问{{F}}\n")
    assert [item.title for item in items if item.content] == ["前", "后"]
    [bad] = [item for item in items if item.content is None]
    [note] = [note for note in bad.notes if note.level == "error"]
    assert reason in note.message
    assert note.line == line + 2


def test_a_missing_brace_costs_only_its_own_question() -> None:
    items = read("一{=a ~b\n二{=c ~d}\n\n三{\n=e\n\n~f\n}")
    assert [item.type for item in items] == ["", "single", "single"]
    assert [item.line for item in items] == [1, 2, 4]


def test_formulas_need_no_backslashes() -> None:
    item, notes = only("求 \\(\\frac{1}{2} \\neq x\\)？{=$$x^{2}=4$$ ~\\(a=b\\)}")
    assert item.content.stem.source == "求 \\(\\frac{1}{2} \\neq x\\)？"
    assert [o.text.source for o in item.content.options] == ["$$x^{2}=4$$", "\\(a=b\\)"]
    assert "formula" in notes[0][1]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5"])
def test_it_finds_the_encoding(codec: str) -> None:
    text = "下列哪個選項是正確的？{=墨線 ~鉛筆 ~尺規}\n\n這是第二個問題，請回答。{T}\n" * 3
    if codec == "gb18030":
        text = "下列哪个选项是正确的？{=墨线 ~铅笔 ~尺规}\n\n这是第二个问题，请回答。{T}\n" * 3
    items = read(text.encode(codec))
    assert [item.notes for item in items] == [[]] * 6
    assert "正" in items[0].content.stem.source  # type: ignore[union-attr]


def test_bytes_that_are_no_text_are_named_and_left_out() -> None:
    [item] = read("第一行\n第二行".encode() + b"\xff\x00" + "{=墨线 ~线}".encode())
    assert item.content is not None
    assert item.content.stem.source == "第一行\n第二行"
    assert [(note.level, note.line) for note in item.notes] == [("lost", 2)]
