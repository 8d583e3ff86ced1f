"""Makes contents of every question type at random, for property tests."""

from typing import Any

from hypothesis import strategies as st

from modou_quiz.content import Rich
from modou_quiz.types import contents as c

#: What people write: letters, digits, signs of several scripts, formulas, tags.
WORDS = st.text(
    st.sampled_from(
        "abcXYZ019 .,;:!?*\\[](){}<>&\"'=~#%_-+/|`$@\n中文臺灣測試題目ＡＢ，。：（）α²€"
    ),
    max_size=30,
)
#: At least one sign that is no space.
SAID = st.builds(lambda a, b, c: a + b + c, WORDS, st.sampled_from("abcdefg中文字题答案"), WORDS)
LINE = st.text(st.sampled_from("abcXYZ019 *\\中文臺灣題ＡＢ，."), min_size=1, max_size=15).map(
    lambda text: " ".join(text.split()) or "x"
)
RICH = st.builds(Rich, source=WORDS, markup=st.sampled_from(["plain", "markdown", "html"]))
FULL = st.builds(Rich, source=SAID, markup=st.sampled_from(["plain", "markdown", "html"]))
SHARE = st.floats(0, 1).map(lambda value: round(value, 7))
PARTLY = st.floats(-1, 1).map(lambda value: round(value, 7) + 0.0)
NUMBER = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: value + 0.0)
NUMBERING = st.sampled_from(["ABC", "abc", "123", "iii", "III", "none"])
BOOL = st.booleans()

replies = st.builds(c.Replies, right=RICH, partly=RICH, wrong=RICH, count=BOOL)
hint = st.builds(c.Hint, text=FULL, clear=BOOL, count=BOOL)
common: dict[str, Any] = {
    "stem": FULL,
    "feedback": RICH,
    "penalty": SHARE,
    "hints": st.lists(hint, max_size=2).map(tuple),
}


def _options(fractions: st.SearchStrategy[float], least: int = 2) -> Any:
    """Options of which the first is worth everything."""
    option = st.builds(c.Option, text=FULL, fraction=fractions, feedback=RICH)
    best = st.builds(c.Option, text=FULL, fraction=st.just(1.0), feedback=RICH)
    return st.builds(
        lambda first, rest, place: (*rest[:place], first, *rest[place:]),
        best,
        st.lists(option, min_size=least - 1, max_size=5).map(tuple),
        st.integers(0, 5),
    )


def _thirds(draw: Any) -> Any:
    """Options whose right ones share the marks, as other systems write it."""
    right = draw(st.integers(1, 4))
    wrong = draw(st.integers(1, 3))
    fractions = [round(1 / right, 7)] * right + [draw(st.sampled_from([0.0, -0.5, -1.0]))] * wrong
    texts = draw(st.lists(FULL, min_size=right + wrong, max_size=right + wrong))
    options = [c.Option(text=t, fraction=f) for t, f in zip(texts, fractions, strict=True)]
    return tuple(draw(st.permutations(options)))


thirds = st.composite(_thirds)()
single = st.builds(
    c.SingleChoice,
    **common,
    options=_options(PARTLY),
    shuffle=BOOL,
    numbering=NUMBERING,
    replies=replies,
)
multiple = st.builds(
    c.MultipleChoice,
    **common,
    options=thirds,
    scoring=st.sampled_from(["all", "subset", "half", "minus", "fractions"]),
    partial=SHARE,
    indefinite=BOOL,
    shuffle=BOOL,
    numbering=NUMBERING,
    replies=replies,
)
truefalse = st.builds(c.TrueFalse, **common, answer=BOOL, if_true=RICH, if_false=RICH)
reading = st.builds(c.Reading, case=BOOL, fold_width=BOOL, fold_script=BOOL)


def _accepted(part: Any) -> Any:
    return st.builds(
        lambda first, rest: (first, *rest),
        part(fraction=st.just(1.0)),
        st.lists(part(fraction=SHARE), max_size=3).map(tuple),
    )


words = _accepted(lambda **kw: st.builds(c.Accepted, pattern=LINE, feedback=RICH, **kw))
short = st.builds(c.Short, **common, answers=words, reading=reading)


def _number(**kw: Any) -> Any:
    value = st.builds(
        c.AcceptedNumber,
        value=NUMBER,
        tolerance=st.floats(0, 100),
        relative=BOOL,
        feedback=RICH,
        **kw,
    )
    span = st.builds(
        lambda low, size, feedback, fraction: c.AcceptedNumber(
            kind="range", low=low, high=low + size, feedback=feedback, fraction=fraction
        ),
        NUMBER,
        st.floats(0, 100),
        RICH,
        kw["fraction"],
    )
    return st.one_of(value, span, st.builds(c.AcceptedNumber, kind=st.just("any"), **kw))


numbers = _accepted(_number)
units = st.builds(
    c.Units,
    mode=st.sampled_from(["none", "optional", "required"]),
    units=st.sampled_from(
        [
            (c.Unit(name="m"), c.Unit(name="cm", factor=100.0), c.Unit(name="km", factor=0.001)),
            (c.Unit(name="千克"), c.Unit(name="g", factor=1000.0)),
        ]
    ),
    penalty=SHARE,
    penalty_of=st.sampled_from(["response", "question"]),
    show=st.sampled_from(["text", "radio", "select"]),
    before=BOOL,
)
numerical = st.builds(c.Numerical, **common, answers=numbers, units=units)
GROUP = st.sampled_from(["", "a"])
gap = st.one_of(
    st.builds(c.GapWords, group=GROUP, answers=words, reading=reading),
    st.builds(c.GapNumber, group=GROUP, answers=numbers),
    st.builds(
        c.GapChoice,
        options=_options(SHARE),
        show=st.sampled_from(["select", "row", "column"]),
        shuffle=BOOL,
    ),
    st.builds(c.GapChoice, options=thirds, several=st.just(True), shuffle=BOOL),
)


@st.composite
def cloze(draw: Any) -> c.Cloze:
    gaps = draw(st.lists(gap, min_size=1, max_size=4))
    markers = [f"[[{n}]]" for n in draw(st.permutations(range(1, len(gaps) + 1)))]
    text = "".join(f"{draw(SAID).replace('[', '').replace(']', '')}{m}" for m in markers)
    values = {name: draw(strategy) for name, strategy in common.items() if name != "stem"}
    stem = Rich(source=text.replace("<", ""), markup=draw(st.sampled_from(["plain", "html"])))
    return c.Cloze(stem=stem, gaps=tuple(gaps), replies=draw(replies), **values)


pair = st.builds(c.Pair, left=FULL, right=FULL)
matching = st.builds(
    c.Matching,
    **common,
    pairs=st.lists(pair, min_size=1, max_size=5).map(tuple),
    distractors=st.lists(FULL, min_size=1, max_size=3).map(tuple),
    scoring=st.sampled_from(["each", "all"]),
    shuffle=BOOL,
    replies=replies,
).filter(lambda content: len(content.choices()) > 1)
ordering = st.builds(
    c.Ordering,
    **common,
    items=st.lists(FULL, min_size=2, max_size=6).map(tuple),
    scoring=st.sampled_from(["all", "positions", "neighbours"]),
    layout=st.sampled_from(["column", "row"]),
    numbering=NUMBERING,
    replies=replies,
)
criterion = st.builds(
    c.Criterion,
    name=LINE,
    description=WORDS,
    levels=st.lists(
        st.builds(c.Level, points=st.floats(1, 9), text=WORDS), min_size=1, max_size=3
    ).map(tuple),
)
essay = st.builds(
    c.Essay,
    **common,
    writing=st.sampled_from(["markdown", "plain", "mono"]),
    required=BOOL,
    lines=st.integers(1, 100),
    least_words=st.integers(0, 50),
    most_words=st.just(0),
    files=st.integers(3, 9),
    files_required=st.integers(0, 3),
    file_types=st.sampled_from([(), (".docx", "image/*")]),
    file_bytes=st.integers(0, 10**9),
    template=RICH,
    notes=RICH,
    sample=RICH,
    rubric=st.lists(criterion, max_size=2, unique_by=lambda one: one.name).map(tuple),
)
description = st.builds(c.Description, stem=FULL, feedback=RICH)

SIMPLE: dict[str, Any] = {
    "single": single,
    "multiple": multiple,
    "truefalse": truefalse,
    "short": short,
    "cloze": cloze(),
    "numerical": numerical,
    "matching": matching,
    "ordering": ordering,
    "essay": essay,
    "description": description,
}


@st.composite
def case(draw: Any) -> c.Case:
    names = draw(st.lists(st.sampled_from(sorted(SIMPLE)), min_size=1, max_size=3))
    names = [*names, "single"] if set(names) == {"description"} else names
    questions = tuple(
        c.SubQuestion.of(name, draw(SIMPLE[name]), draw(st.floats(0.5, 5))) for name in names
    )
    values = {name: draw(strategy) for name, strategy in common.items()}
    return c.Case(questions=questions, **values)


#: Name of a type -> strategy of contents without errors.
CONTENTS: dict[str, Any] = {**SIMPLE, "case": case()}
