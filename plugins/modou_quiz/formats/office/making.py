"""The contents that drafts describe: what each kind of question takes from its options and its
answer."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from pydantic import ValidationError

from modou.errors import Invalid
from modou_quiz.content import Content, Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.building import first_fault
from modou_quiz.formats.extras import with_extras
from modou_quiz.formats.office import answers, texts, words
from modou_quiz.formats.office.drafts import (
    Draft,
    Refused,
    category_of,
    fault_note,
    tags_of,
    take_difficulty,
    take_marks,
)
from modou_quiz.i18n import _
from modou_quiz.types import contents
from modou_quiz.types.contents import (
    Case,
    Cloze,
    Description,
    Essay,
    GapWords,
    Matching,
    MultipleChoice,
    Numerical,
    Option,
    Ordering,
    Pair,
    Short,
    SingleChoice,
    SubQuestion,
    TrueFalse,
    Units,
)

#: A place for an answer in a text: four low lines or brackets with only blanks in them.
BLANK: Final = "____"
_BLANK = re.compile(r"_{2,}|＿{2,}|[(（][\s\xa0\u3000]*[)）]|【[\s\xa0\u3000]*】")
_MARKER = re.compile(r"\[\[([0-9]+)\]\]")
#: Between the two sides of a pair.
PAIR: Final = re.compile(r"(?<!\s)\s*+(?:=&gt;|=>|＝＞|⇒|→|——)\s*+")


def item_of(draft: Draft) -> Item:
    """The question that a draft describes, or an item that says why there is none."""
    item = Item(line=draft.line, files=draft.files, notes=list(draft.notes))
    said: list[tuple[str, Callable[[Item, str], None]]] = [
        ("marks", take_marks),
        ("difficulty", take_difficulty),
    ]
    item.title = draft.title.strip()
    item.point = draft.point.strip()
    item.syllabus = draft.syllabus.strip()
    item.idnumber = draft.idnumber.strip()
    item.tags = tags_of(draft.tags)
    item.category = category_of(draft.category)
    for name, take in said:
        try:
            take(item, str(getattr(draft, name)).strip())
        except Invalid as error:
            item.notes.append(fault_note(draft, error, name))
    try:
        kind, content = content_of(draft, item.notes)
    except Refused as refused:
        item.notes.append(refused.note)
        return item
    item.type = kind
    if isinstance(content, Case) and not draft.marks and any(part.marks for part in draft.parts):
        item.marks = sum(question.weight for question in content.questions)
    if all(note.level != "error" for note in item.notes):
        item.content = content
    return with_extras(item, draft.extras) if draft.extras else item


def content_of(draft: Draft, notes: list[Note]) -> tuple[str, Content]:
    """:raises Refused: it makes no question"""
    kind = draft.kind
    if kind == "choice":
        kind = _choice(draft)
    if not kind:
        kind, sure = _guessed(draft)
    else:
        sure = True
    if not sure:
        notes.append(
            Note(
                "changed",
                _(
                    "${place}: no type is given; it was taken as ${type}.",
                    mapping={"place": draft.place("kind"), "type": words.KINDS[kind][0]},
                ),
                draft.line,
            )
        )
    if kind == "calculation":
        kind = "numerical" if answers.is_number(draft.answer) else "essay"
    try:
        if not draft.stem and kind != "case":
            raise Invalid(_("There is no question text."), "stem")
        content = _MAKERS[kind](draft, notes)
        # (A text with one gap at no place in particular is no cloze.)
        return _TYPES[type(content)], content
    except Invalid as error:
        raise Refused(fault_note(draft, error)) from None
    except ValueError as error:
        # The model of the content refuses it: too long, too many.
        problem = (
            ": ".join(first_fault(error)) if isinstance(error, ValidationError) else str(error)
        )
        raise Refused(
            fault_note(
                draft, Invalid(_("It cannot be kept: ${why}", mapping={"why": problem}), "stem")
            )
        ) from None


def _guessed(draft: Draft) -> tuple[str, bool]:
    """The kind that a draft looks like, and whether it can hardly be another."""
    if draft.parts:
        return "case", True
    if draft.pairs:
        return "matching", True
    if len(draft.options) > 1:
        return _choice(draft), True
    if draft.answer and words.truth_of(draft.answer) is not None:
        return "truefalse", True
    if _BLANK.search(draft.stem.source) and draft.answer:
        return "cloze", True
    return "essay", bool(draft.sample)


def _choice(draft: Draft) -> str:
    try:
        chosen = answers.letters(draft.answer, len(draft.options), _option_texts(draft))
    except Invalid:
        return "single"
    return "multiple" if len(chosen) > 1 else "single"


def _option_texts(draft: Draft) -> list[str]:
    return [option.source for option in draft.options]


def _need_options(draft: Draft, least: int = 2) -> None:
    if len(draft.options) < least:
        raise Invalid(
            _(
                "There are ${count} options; a question of this type has at least ${least}.",
                mapping={"count": len(draft.options), "least": least},
            ),
            "options",
        )
    for place, option in enumerate(draft.options):
        if not option:
            raise Invalid(
                _("Option ${letter} is empty.", mapping={"letter": words.letter_of(place)}),
                f"option {words.letter_of(place)}",
            )


def _chosen(draft: Draft) -> tuple[int, ...]:
    if not draft.answer.strip():
        raise Invalid(_("There is no answer."), "answer")
    return answers.letters(draft.answer, len(draft.options), _option_texts(draft))


def options_of(texts: Iterable[Rich], right: Collection[int]) -> tuple[Option, ...]:
    """Options of which some, by their places, are right: each of them is worth the same."""
    return tuple(
        Option(text=text, fraction=1 / len(right) if place in right else 0.0)
        for place, text in enumerate(texts)
    )


def _single(draft: Draft, notes: list[Note]) -> Content:
    _need_options(draft)
    chosen = _chosen(draft)
    if len(chosen) != 1:
        raise Invalid(
            _(
                "A single choice has one right option, the answer names ${count}.",
                mapping={"count": len(chosen)},
            ),
            "answer",
        )
    options = options_of(draft.options, chosen)
    return SingleChoice(stem=draft.stem, feedback=draft.feedback, options=options)


def _multiple(draft: Draft, notes: list[Note]) -> Content:
    _need_options(draft)
    chosen = _chosen(draft)
    scoring, partial = scoring_of(draft.scoring)
    return MultipleChoice(
        stem=draft.stem,
        feedback=draft.feedback,
        options=options_of(draft.options, chosen),
        scoring=scoring,
        partial=partial,
        indefinite=draft.kind == "indefinite",
    )


def scoring_of(text: str) -> tuple[contents.MultipleScoring, float]:
    """What a rule in words means: its name, and the share for "half".

    :raises Invalid: it means nothing
    """
    word = words.folded(text)
    if not word:
        return "all", 0.5
    share = re.fullmatch(r"(?:少选得|漏选得|half)\s*([0-9]+(?:\.[0-9]+)?)\s*%", word)
    if share and float(share[1]) <= 100:
        return "half", float(share[1]) / 100
    rules: dict[str, contents.MultipleScoring] = {
        "all": "all",
        "subset": "subset",
        "half": "half",
        "minus": "minus",
        "fractions": "fractions",
    }
    for name, names in words.SCORINGS.items():
        if word in names:
            return rules[name], 0.5
    raise Invalid(
        _(
            "“${text}” is no rule for marks. Write one of: ${rules}.",
            mapping={
                "text": text[:60],
                "rules": "、".join(names[0] for names in words.SCORINGS.values()),
            },
        ),
        "scoring",
    )


def scoring_text(content: MultipleChoice) -> str:
    word = words.SCORINGS[content.scoring][0]
    return f"{word}{content.partial * 100:.7g}%" if content.scoring == "half" else word


def _truefalse(draft: Draft, notes: list[Note]) -> Content:
    truth = words.truth_of(draft.answer)
    if truth is None and draft.answer.strip():
        # 判断题 with the options 正确 and 错误, or A for right as is usual.
        options = _option_texts(draft) or ["对", "错"]
        chosen = answers.letters(draft.answer, len(options))
        truth = words.truth_of(options[chosen[0]]) if len(chosen) == 1 else None
    if truth is None:
        raise Invalid(
            _(
                "The answer “${answer}” is neither right nor wrong. Write √ or ×, 对 or 错.",
                mapping={"answer": draft.answer[:60]},
            )
            if draft.answer.strip()
            else _("There is no answer."),
            "answer",
        )
    return TrueFalse(stem=draft.stem, feedback=draft.feedback, answer=truth)


def _cloze(draft: Draft, notes: list[Note]) -> Content:
    found = answers.gaps(draft.answer) if draft.answer.strip() else []
    if found and not found[-1]:
        found.pop()
    source, count = _numbered(draft.stem.source)
    if not found or not all(found):
        raise Invalid(_("There is no answer to one of the gaps."), "answer")
    if count == 0 and len(found) == 1:
        # Asked without a gap: the answer is typed below the text.
        return Short(stem=draft.stem, feedback=draft.feedback, answers=found[0])
    if count == 1 < len(found):
        # One gap and several answers: each of them is accepted.
        joined = tuple(answer for gap in found for answer in gap)
        found = [joined]
        notes.append(
            Note(
                "changed",
                _(
                    "${place}: there is one gap; each of the answers is accepted in it.",
                    mapping={"place": draft.place("answer")},
                ),
                draft.line,
            )
        )
    if count != len(found):
        raise Invalid(
            _(
                "There are ${gaps} gaps and ${answers} answers. Write a gap as ____ and put "
                "${sign} between the answers.",
                mapping={"gaps": count, "answers": len(found), "sign": "；"},
            ),
            "answer",
        )
    return Cloze(
        stem=Rich(source=source, markup=draft.stem.markup),
        feedback=draft.feedback,
        gaps=tuple(GapWords(answers=gap) for gap in found),
    )


def _numbered(source: str) -> tuple[str, int]:
    """A text whose gaps are marked `[[1]]`, `[[2]]`, …, and how many there are."""
    marked = [int(number) for number in _MARKER.findall(source)]
    if marked:
        return source, max(marked) if sorted(marked) == list(range(1, len(marked) + 1)) else -1
    count = 0

    def numbered(_found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"[[{count}]]"

    return _BLANK.sub(numbered, source), count


def unnumbered(stem: Rich) -> Rich:
    """The text as people write it, with low lines for its gaps, where that can be read again."""
    source = _MARKER.sub(BLANK, stem.source)
    again, _count = _numbered(source)
    return Rich(source=source, markup=stem.markup) if again == stem.source else stem


def _short(draft: Draft, notes: list[Note]) -> Content:
    # Gaps and their words are parted by different signs; here there is one place only.
    quoted = '"' in draft.answer
    found = answers.accepted(draft.answer if quoted else draft.answer.replace("；", "|"))
    if not found:
        raise Invalid(_("There is no answer."), "answer")
    return Short(stem=draft.stem, feedback=draft.feedback, answers=found)


def _numerical(draft: Draft, notes: list[Note]) -> Content:
    accepted, units = answers.numbers(draft.answer)
    return Numerical(
        stem=draft.stem,
        feedback=draft.feedback,
        answers=accepted,
        units=Units(mode="optional", units=units) if units else Units(),
    )


def _essay(draft: Draft, notes: list[Note]) -> Content:
    return Essay(stem=draft.stem, feedback=draft.feedback, sample=draft.sample, notes=draft.rules)


def _matching(draft: Draft, notes: list[Note]) -> Content:
    pairs = list(draft.pairs)
    for place, option in enumerate(draft.options):
        sides = pair_of(option)
        if sides is None:
            raise Invalid(
                _(
                    "Option ${letter} is no pair. Write both sides with => between them.",
                    mapping={"letter": words.letter_of(place)},
                ),
                f"option {words.letter_of(place)}",
            )
        pairs.append(sides)
    asked = tuple(Pair(left=left, right=right) for left, right in pairs if left)
    if len(asked) < 2 or not all(right for _left, right in pairs):
        raise Invalid(_("A matching question has at least two pairs with both sides."), "options")
    return Matching(
        stem=draft.stem,
        feedback=draft.feedback,
        pairs=asked,
        distractors=tuple(right for left, right in pairs if not left),
    )


def pair_of(option: Rich) -> tuple[Rich, Rich] | None:
    """The two sides of an option `left => right`."""
    found = PAIR.search(option.source)
    if found is None:
        return None
    left, right = option.source[: found.start()], option.source[found.end() :]
    return (
        Rich(source=left.strip(), markup=option.markup),
        Rich(source=right.strip(), markup=option.markup),
    )


def paired(left: Rich, right: Rich) -> Rich:
    """The two sides as one text; the inverse of `pair_of`."""
    if left.markup == right.markup == "plain":
        return Rich(source=f"{left.source} => {right.source}".strip(), markup="plain")
    html = f"{texts.as_html(left)} =&gt; {texts.as_html(right)}"
    return Rich(source=html.strip(), markup="html")


def _ordering(draft: Draft, notes: list[Note]) -> Content:
    _need_options(draft)
    order: tuple[int, ...] = tuple(range(len(draft.options)))
    if draft.answer.strip():
        places = answers.letters(draft.answer, len(draft.options))
        if len(places) != len(draft.options):
            raise Invalid(
                _(
                    "The answer orders ${count} of ${all} options.",
                    mapping={"count": len(places), "all": len(draft.options)},
                ),
                "answer",
            )
        order = places
    return Ordering(
        stem=draft.stem,
        feedback=draft.feedback,
        items=tuple(draft.options[place] for place in order),
    )


def _case(draft: Draft, notes: list[Note]) -> Content:
    if not draft.parts:
        raise Invalid(_("This material has no questions below it."), "stem")
    questions = []
    for part in draft.parts:
        if part.kind == "case":
            raise Invalid(_("A material cannot stand within another."), "stem")
        kind, content = content_of(part, notes)
        held = Item(line=part.line)
        try:
            take_marks(held, part.marks.strip())
        except Invalid as error:
            raise Refused(fault_note(part, error, "marks")) from None
        questions.append(SubQuestion.of(kind, content, held.marks or 1.0))
    return Case(stem=draft.stem, feedback=draft.feedback, questions=tuple(questions))


def _description(draft: Draft, notes: list[Note]) -> Content:
    return Description(stem=draft.stem, feedback=draft.feedback)


#: Content -> name of its type.
_TYPES: Final = {model: name for name, model in contents.CONTENTS.items()}
_MAKERS: Final[dict[str, Callable[[Draft, list[Note]], Content]]] = {
    "single": _single,
    "multiple": _multiple,
    "indefinite": _multiple,
    "truefalse": _truefalse,
    "cloze": _cloze,
    "short": _short,
    "numerical": _numerical,
    "essay": _essay,
    "matching": _matching,
    "ordering": _ordering,
    "case": _case,
    "description": _description,
}
