"""How questions of each type look on paper: stem, options, and room for the answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from modou.errors import Message
from modou_quiz.i18n import _
from modou_quiz.types import QuestionType, Render
from modou_quiz.types.case import CaseQuestions
from modou_quiz.types.contents import (
    Cloze,
    Essay,
    GapChoice,
    Matching,
    MultipleChoice,
    Numerical,
    Ordering,
    Short,
    SingleChoice,
    TrueFalse,
)
from modou_quiz.types.own import label, ordered

Translate = Callable[[Message], str]
_GAP = re.compile(r"\[\[(\d+)\]\]")
#: Answers that go into a bracket behind the question, and into a cell of the answer sheet.
SHORT = frozenset({"single", "multiple", "truefalse", "ordering"})


@dataclass(slots=True)
class Printed:
    """A question on paper.

    :param bracket: room for a letter behind the stem
    :param options: (label, text) of what is chosen among
    :param pairs: of matching: the left sides, numbered
    :param lines: empty lines to write on
    :param parts: sub-questions
    :param answer: the key, in terms of the labels
    :param explanation: shown with the answers
    """

    stem: Markup
    bracket: bool = False
    options: list[tuple[str, Markup]] = field(default_factory=list)
    pairs: list[Markup] = field(default_factory=list)
    lines: int = 0
    parts: list["Printed"] = field(default_factory=list)
    answer: str = ""
    explanation: Markup = field(default_factory=Markup)


def printed(
    type_: QuestionType[Any],
    content: Any,
    arrangement: Any,
    render: Render,
    translate: Translate,
) -> Printed:
    """A question as it is arranged for one paper."""
    made = Printed(render(content.stem), explanation=render(content.feedback))
    if isinstance(type_, CaseQuestions):
        made.parts = [
            printed(sub.type, sub.content, sub.arrangement, render, translate)
            for sub in type_.subs(content, arrangement)
        ]
        return made
    maker = _MAKERS.get(type(content))
    if maker is not None:
        maker(made, content, arrangement, render, translate)
    if not made.answer and type_.answerable:
        made.answer = type_.right_answer(content)
        made.lines = made.lines or (0 if made.bracket else 1)
    return made


def _choice(
    made: Printed,
    content: SingleChoice | MultipleChoice,
    arrangement: Any,
    render: Render,
    translate: Translate,
) -> None:
    # On paper each option needs a name.
    numbering = content.numbering if content.numbering != "none" else "ABC"
    order = ordered(arrangement, len(content.options))
    names = [label(numbering, place) for place in range(len(order))]
    made.bracket = True
    made.options = [
        (name, render(content.options[place].text))
        for name, place in zip(names, order, strict=True)
    ]
    best = max((option.fraction for option in content.options), default=0.0)
    several = isinstance(content, MultipleChoice)
    right = [
        name
        for name, place in zip(names, order, strict=True)
        if (content.options[place].fraction > 0 if several else _is(best, content.options[place]))
    ]
    made.answer = "".join(right if several else right[:1])


def _is(best: float, option: Any) -> bool:
    return bool(best > 0 and option.fraction >= best - 1e-6)


def _judgement(
    made: Printed, content: TrueFalse, arrangement: Any, render: Render, translate: Translate
) -> None:
    made.bracket = True
    made.answer = "√" if content.answer else "×"


def _short(
    made: Printed,
    content: Short | Numerical,
    arrangement: Any,
    render: Render,
    translate: Translate,
) -> None:
    made.lines = 1


def _cloze(
    made: Printed, content: Cloze, arrangement: Any, render: Render, translate: Translate
) -> None:
    def gap(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        if not 0 <= place < len(content.gaps):
            return match[0]
        number = f"({place + 1})"
        chosen = content.gaps[place]
        if not isinstance(chosen, GapChoice):
            return f'<span class="gap">{number}</span>'
        order = arrangement[place] if isinstance(arrangement, (list, tuple)) else None
        options = chosen.options
        texts = [
            f"{label('ABC', name)}. {render(options[option].text).striptags()}"
            for name, option in enumerate(ordered(order, len(options)))
        ]
        return f'<span class="gap">{number}</span>（{escape("　".join(texts))}）'

    made.stem = Markup(_GAP.sub(gap, str(made.stem)))  # noqa: S704 - what is put in is escaped


def _matching(
    made: Printed, content: Matching, arrangement: Any, render: Render, translate: Translate
) -> None:
    halves = arrangement if isinstance(arrangement, (list, tuple)) and len(arrangement) == 2 else ()
    choices = content.choices()
    left = ordered(halves[0] if halves else None, len(content.pairs))
    right = ordered(halves[1] if halves else None, len(choices))
    made.pairs = [render(content.pairs[place].left) for place in left]
    made.options = [
        (label("ABC", name), render(choices[place])) for name, place in enumerate(right)
    ]
    key = content.key()
    where = {place: label("ABC", name) for name, place in enumerate(right)}
    made.answer = "，".join(
        f"{number}-{where[key[place]]}" for number, place in enumerate(left, start=1)
    )


def _ordering(
    made: Printed, content: Ordering, arrangement: Any, render: Render, translate: Translate
) -> None:
    order = ordered(arrangement, len(content.items))
    made.bracket = True
    made.options = [
        (label("ABC", name), render(content.items[place])) for name, place in enumerate(order)
    ]
    where = {place: label("ABC", name) for name, place in enumerate(order)}
    made.answer = "".join(where[place] for place in range(len(order)))


def _essay(
    made: Printed, content: Essay, arrangement: Any, render: Render, translate: Translate
) -> None:
    made.lines = max(3, min(content.lines, 40))
    sample = render(content.sample).striptags()
    made.answer = sample or translate(_("as marked by the teacher"))


_MAKERS: Mapping[type, Callable[..., None]] = {
    SingleChoice: _choice,
    MultipleChoice: _choice,
    TrueFalse: _judgement,
    Short: _short,
    Numerical: _short,
    Cloze: _cloze,
    Matching: _matching,
    Ordering: _ordering,
    Essay: _essay,
}
