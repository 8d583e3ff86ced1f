"""Lines that somebody made to keep a reader busy: twice as long takes twice as long, not four
times.

Time is the only thing that tells what a regular expression does. Each case here took minutes at
this size, or would have; the bound is a hundred times what they take now.
"""

import io
import time
from collections.abc import Callable

import pytest

from modou_quiz.content import Rich
from modou_quiz.formats import gift_syntax
from modou_quiz.formats.gift import Gift
from modou_quiz.formats.moodle_cloze import read_gaps
from modou_quiz.formats.office import lines, making, options, texts
from modou_quiz.services import wording

SIZE = 200_000
SECONDS = 4.0


def _fields(text: str) -> None:
    lines.fields_in(text)


def _pair(text: str) -> None:
    making.pair_of(Rich(source=text[:100_000], markup="html"))


def _markdown(text: str) -> None:
    wording.plain(Rich(source=text[:100_000], markup="markdown"))


def _dollars(text: str) -> None:
    texts.with_dollars(Rich(source=text[:100_000], markup="html"))


CASES: list[tuple[Callable[[str], object], str, str, str]] = [
    # (what reads it, how the line begins, what it repeats, how it ends)
    (lines.material, "", " ", "x"),
    (lines.material, "材料", " ", "x"),
    (lines.material, "【", " ", "材"),
    (lines.opens_answers, "", " ", "x"),
    (lines.opens_answers, "附", " ", "x"),
    (lines.opens_answers, "参考答案", " ", "x"),
    (lines.kind_tag, "(", " ", "x"),
    (lines.kind_tag, "", "(单选)x", ""),
    (lines.kind_tag, "(单", " ", "选"),
    (lines.marks_tag, "", "x(2分)", ""),
    (lines.marks_tag, "(", "1", ""),
    (_fields, "[", " ", "x"),
    (_fields, "[答案", " ", "x"),
    (_fields, "【答案", " ", "x"),
    (_fields, "", "难度 ", ""),
    (_fields, "难度", " ", "x"),
    (_fields, "", "x 答案：", ""),
    (lines.question_number, "", " ", "x"),
    (lines.part_number, "(", " ", "x"),
    (lines.inline_answer, "(A", " ", "x"),
    (lines.answers_in, "1", " ", "x"),
    (lines.answers_in, "", "1 A", "B C"),
    (lines.answers_in, "1", "-", "x"),
    (options.cuts, "甲", " ", "x"),
    (options.cuts, "", "(", "x"),
    (options.split_options, "A", " ", "x"),
    (options.starts_option, "", " ", "x"),
    (options.starts_option, "(", " ", "x"),
    (_pair, "甲", " ", "乙"),
    (_pair, "", " =", "x"),
    (_dollars, "$", "\\", ""),
    (_dollars, "$", "_^", ""),
    (_markdown, "", "![", ""),
    (_markdown, "", "![a](", ""),
    (lambda text: read_gaps(text[:100_000], "html", 1), "{", " ", "x"),
    (lambda text: read_gaps(text[:100_000], "html", 1), "", "{1:", "x"),
]


@pytest.mark.parametrize(
    ("read", "begin", "again", "end"),
    CASES,
    ids=[f"{at}-{case[0].__name__.strip('_<>')}" for at, case in enumerate(CASES)],
)
def test_a_line_is_read_in_one_go(
    read: Callable[[str], object], begin: str, again: str, end: str
) -> None:
    text = begin + again * (SIZE // len(again)) + end
    started = time.process_time()
    read(text)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "again",
    [
        "{=a}\n",
        "{=a\n",
        "}\n",
        "{\n",
        "::a::b\n",
        "::a\n",
        "::a:: {=b\n",
        "a\\\n",
        "$$ {=a}\n",
        "{=$\\a{b$}\n",
        "\\({=\\)}\n",
        "// [id:\n",
        "{~a\n\n",
        "=",
        "{=a#b~",
        "{a}{b",
        "::",
        "//[id:",
        "$CATEGORY: a\n",
        "\n \t",
    ],
)
def test_a_block_of_gift_is_read_in_one_go(again: str) -> None:
    text = "::题::" + again * (SIZE // 2 // len(again))
    started = time.process_time()
    for _item in Gift().read(io.BytesIO(text.encode())):
        pass
    assert time.process_time() - started < 2 * SECONDS


def test_lines_and_signs_of_a_block_are_found_as_by_looking() -> None:
    text = "a{\n::b}\n\n  $CATEGORY: c\n{{}::d"
    source = gift_syntax.Source(text, 5)
    for place in range(len(text)):
        assert source.line(place) == 5 + text.count("\n", 0, place)
    for order in (range(len(text)), reversed(range(len(text)))):
        for place in order:
            for sign in ("{", "}", "::"):
                found = source.find(sign, place, len(text))
                assert found == text.find(sign, place)
                assert source.find(sign, place, place + 2) == (
                    found if -1 < found < place + 2 else -1
                )
    assert [source.next_start(place) for place in (0, 2, 3, 8)] == [3, 3, 11, 11]
    assert source.next_start(9) == len(text)
