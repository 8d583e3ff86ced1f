"""Questions of all types, made at random: what hypothesis draws contents and items from."""

import math
from typing import Any

from hypothesis import strategies as st

from modou_quiz.content import Content, Rich, tidy_line
from modou_quiz.formats.base import Item
from modou_quiz.types.contents import (
    Accepted,
    AcceptedNumber,
    Case,
    Cloze,
    Criterion,
    Description,
    Essay,
    GapChoice,
    GapNumber,
    GapWords,
    Hint,
    Level,
    Matching,
    MultipleChoice,
    Numerical,
    Option,
    Ordering,
    Pair,
    Reading,
    Replies,
    Short,
    SingleChoice,
    SubQuestion,
    TrueFalse,
    Unit,
    Units,
)

#: What formats stumble over, beside everything else.
_PIECES = (
    "墨斗", "下列哪些是", "a", " ", "  ", "\n", "\n\n", "\t", "~", "=", "#", "{", "}", ":", "::",
    "\\", "\\n", "\\\\", "->", "-->", "%50%", "[html]", "[[1]]", "####", "//", "$CATEGORY:",
    "<b>粗</b>", "<p>", "&lt;", "&", "<", ">", "]]>", "<![CDATA[", "</question>",
    "\\(\\frac{1}{2}\\)", "$$x^2$$", "{1:SHORTANSWER:=a}", "'", '"', "，", "A. ", "ANSWER: A",
    "\u00a0", "😀", "T", "TRUE",
)  # fmt: skip
texts = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=6).map("".join)
words = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), min_size=1, max_size=4).map(
    lambda parts: "词" + "".join(parts)
)
rich = st.builds(Rich, source=texts, markup=st.sampled_from(("html", "markdown", "plain")))
#: Texts that are not empty.
full = st.builds(Rich, source=words, markup=st.sampled_from(("html", "markdown", "plain")))
shares = st.sampled_from((0.0, 1.0, 0.5, 1 / 3, -0.5, -1.0, 0.0000001)) | st.floats(-1, 1)
parts = st.sampled_from((0.0, 1.0, 0.5, 1 / 3)) | st.floats(0, 1)
weights = st.sampled_from((1.0, 2.0, 0.5, 3.25)) | st.floats(0.001, 1000)
numbers = (
    st.integers(-(10**6), 10**6).map(float)
    | st.floats(-1e12, 1e12)
    | st.sampled_from((0.0, 0.1, 1e-9, 1e200))
)
numbering = st.sampled_from(("ABC", "abc", "123", "iii", "III", "none"))
replies = st.just(Replies()) | st.builds(
    Replies, right=rich, partly=rich, wrong=rich, count=st.booleans()
)
hints = st.just(()) | st.lists(
    st.builds(Hint, text=full, clear=st.booleans(), count=st.booleans()), max_size=2
)
answerable: dict[str, Any] = {"stem": full, "feedback": rich, "penalty": parts, "hints": hints}


def some(made: st.SearchStrategy[Any], least: int = 1, most: int = 4) -> st.SearchStrategy[Any]:
    return st.lists(made, min_size=least, max_size=most).map(tuple)


def right_first(made: st.SearchStrategy[Any], least: int) -> st.SearchStrategy[Any]:
    """Of which one at least is right."""
    return st.tuples(some(made, least), st.integers(0, 10), st.sampled_from((1.0, 0.5))).map(
        lambda drawn: tuple(
            one.model_copy(update={"fraction": drawn[2]})
            if place == drawn[1] % len(drawn[0])
            else one
            for place, one in enumerate(drawn[0])
        )
    )


options = right_first(st.builds(Option, text=full, fraction=shares, feedback=rich), 2)
accepted = right_first(st.builds(Accepted, pattern=words, fraction=shares, feedback=rich), 1)
accepted_numbers = right_first(
    st.builds(
        AcceptedNumber,
        kind=st.just("value"),
        value=numbers,
        tolerance=st.floats(0, 1e6),
        relative=st.booleans(),
        fraction=shares,
        feedback=rich,
    )
    | st.tuples(numbers, numbers).map(
        lambda ends: AcceptedNumber(kind="range", low=min(ends), high=max(ends))
    )
    | st.builds(AcceptedNumber, kind=st.just("any"), fraction=shares, feedback=rich),
    1,
)
reading = st.builds(
    Reading, case=st.booleans(), fold_width=st.booleans(), fold_script=st.booleans()
)
units = st.builds(
    Units,
    mode=st.sampled_from(("none", "optional", "required")),
    units=some(
        st.builds(Unit, name=words, factor=st.sampled_from((1.0, 100.0, 0.001))), least=0, most=3
    ),
    penalty=parts,
    penalty_of=st.sampled_from(("response", "question")),
    show=st.sampled_from(("text", "radio", "select")),
    before=st.booleans(),
)
gaps = (
    st.builds(
        GapWords, weight=weights, group=st.just("") | words, answers=accepted, reading=reading
    )
    | st.builds(GapNumber, weight=weights, answers=accepted_numbers)
    | st.builds(
        GapChoice,
        weight=weights,
        options=options,
        show=st.sampled_from(("select", "row", "column")),
        several=st.booleans(),
        shuffle=st.booleans(),
    )
)


def _cloze(drawn: tuple[Any, ...]) -> Cloze:
    found, markup, before, more = drawn
    source = before + "".join(f"空{place}：[[{place}]]，" for place in range(1, len(found) + 1))
    return Cloze(stem=Rich(source=source, markup=markup), gaps=found, **more)


CONTENTS: dict[str, st.SearchStrategy[Content]] = {
    "single": st.builds(
        SingleChoice,
        **answerable,
        options=options,
        shuffle=st.booleans(),
        numbering=numbering,
        replies=replies,
    ),
    "multiple": st.builds(
        MultipleChoice,
        **answerable,
        options=options,
        scoring=st.sampled_from(("all", "subset", "half", "minus", "fractions")),
        partial=parts,
        indefinite=st.booleans(),
        shuffle=st.booleans(),
        numbering=numbering,
        least=st.integers(0, 2),
        most=st.integers(0, 3),
        replies=replies,
    ),
    "truefalse": st.builds(
        TrueFalse, **answerable, answer=st.booleans(), if_true=rich, if_false=rich
    ),
    "short": st.builds(Short, **answerable, answers=accepted, reading=reading),
    "numerical": st.builds(Numerical, **answerable, answers=accepted_numbers, units=units),
    "cloze": st.tuples(
        some(gaps, 1, 3),
        st.sampled_from(("html", "markdown", "plain")),
        texts.map(lambda text: text.replace("[[", "")),
        st.fixed_dictionaries(
            {"feedback": rich, "penalty": parts, "hints": hints, "replies": replies}
        ),
    ).map(_cloze),
    "matching": st.builds(
        Matching,
        **answerable,
        pairs=some(st.builds(Pair, left=full, right=full), 2),
        distractors=some(full, 0, 2),
        scoring=st.sampled_from(("each", "all")),
        shuffle=st.booleans(),
        replies=replies,
    ),
    "ordering": st.builds(
        Ordering,
        **answerable,
        items=some(full, 2),
        scoring=st.sampled_from(("all", "positions", "neighbours")),
        layout=st.sampled_from(("column", "row")),
        numbering=numbering,
        replies=replies,
    ),
    "essay": st.builds(
        Essay,
        **answerable,
        writing=st.sampled_from(("markdown", "plain", "mono", "none")),
        required=st.booleans(),
        lines=st.integers(1, 100),
        least_words=st.integers(0, 500),
        most_words=st.integers(0, 500),
        files=st.integers(0, 50),
        files_required=st.integers(0, 3),
        file_types=some(st.sampled_from(("image/*", ".docx", ".pdf")), 0, 2),
        file_bytes=st.sampled_from((0, 1_000_000)),
        template=rich,
        notes=rich,
        sample=rich,
        rubric=some(
            st.builds(
                Criterion,
                name=words,
                description=texts,
                levels=some(st.builds(Level, points=st.floats(0, 10), text=texts), 0, 2),
            ),
            0,
            2,
        ),
    ),
    "description": st.builds(Description, stem=full, feedback=rich),
}
CONTENTS["case"] = st.builds(
    Case,
    **answerable,
    questions=some(
        st.tuples(st.sampled_from(sorted(CONTENTS)), weights).flatmap(
            lambda drawn: CONTENTS[drawn[0]].map(
                lambda content: SubQuestion.of(drawn[0], content, drawn[1])
            )
        ),
        1,
        3,
    ),
)


def names(made: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One line without spaces at its ends."""
    return made.map(tidy_line)


def items(type: str) -> st.SearchStrategy[Item]:
    """Questions of a type with all that goes with them."""
    return st.builds(
        Item,
        type=st.just(type),
        title=names(texts),
        content=CONTENTS[type],
        marks=st.sampled_from((1.0, 2.0, 0.5)) | st.floats(0, 100).filter(math.isfinite),
        category=some(names(words), 0, 3),
        tags=st.lists(names(words), max_size=2, unique=True).map(tuple),
        difficulty=st.integers(0, 5),
        point=names(texts),
        syllabus=names(texts),
        idnumber=names(texts),
    )
