"""The versions of a question: what changed from one to the next, and going back."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from modou.errors import Message, NotFound
from modou.services.occasion import Occasion
from modou_quiz.content import Rich
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question, QuestionVersion
from modou_quiz.services import bank, shelf, wording

#: What the parts of contents are called. Others are shown by their names in the content.
NAMES: dict[str, Message] = {
    "stem": _("Question"),
    "feedback": _("Explanation"),
    "options": _("Option"),
    "answers": _("Answers"),
    "answer": _("Right answer"),
    "fraction": _("Share of the marks"),
    "pattern": _("Accepted words"),
    "text": _("Text"),
    "pairs": _("Pair"),
    "left": _("Left side"),
    "right": _("Right side"),
    "items": _("Item"),
    "gaps": _("Gap"),
    "parts": _("Sub-question"),
    "hints": _("Hint"),
    "scoring": _("Way of marking"),
    "shuffle": _("Shuffle"),
    "tolerance": _("Tolerance"),
    "value": _("Value"),
    "units": _("Units"),
    "rubric": _("Rubric"),
    "marks": _("Marks of the question"),
    "files": _("Files"),
}


class Step(NamedTuple):
    """A part of the way to a value: what it is called, and which of several (from 1; 0: one)."""

    name: Message
    number: int


class Piece(NamedTuple):
    """A part of a changed text. `kind`: "same", "gone", "new"."""

    kind: str
    text: str


class Difference(NamedTuple):
    """A value that differs between two versions.

    :param pieces: of texts: what stayed, went and came; of other values the old and the new one
    """

    path: tuple[Step, ...]
    pieces: tuple[Piece, ...]


def differences(old: QuestionVersion, new: QuestionVersion) -> list[Difference]:
    """What changed, in the order of the content."""
    before, after = dict(_values(old)), dict(_values(new))
    found = []
    for path in dict.fromkeys([*before, *after]):
        one, other = before.get(path, ""), after.get(path, "")
        if one != other:
            found.append(Difference(_steps(path), tuple(_pieces(one, other))))
    return found


def _values(version: QuestionVersion) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from _flat(version.data, ())
    yield ("marks",), f"{version.marks:g}"
    yield ("files",), ", ".join(sorted(version.files))


def _flat(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, Mapping):
        if value.keys() == {"source", "markup"}:
            text = wording.plain(Rich.model_validate(value))
            # Where only signs of the markup changed, these are what differs.
            yield path, text
            yield (*path, "source"), "" if text == value["source"] else value["source"]
            return
        for key, inner in value.items():
            yield from _flat(inner, (*path, key))
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value, start=1):
            yield from _flat(inner, (*path, place))
    else:
        yield path, "" if value in (None, "") else str(value)


def _steps(path: tuple[str | int, ...]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for part in path:
        if isinstance(part, int):
            last = steps.pop() if steps else Step("", 0)
            steps.append(Step(last.name, part))
        else:
            steps.append(Step(NAMES.get(part, part), 0))
    return tuple(steps)


def _pieces(old: str, new: str) -> Iterator[Piece]:
    if max(len(old), len(new)) > 5000:
        yield Piece("gone", wording.short(old, 5000))
        yield Piece("new", wording.short(new, 5000))
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, other, other_end in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("same", old[start:end])
        else:
            if start < end:
                yield Piece("gone", old[start:end])
            if other < other_end:
                yield Piece("new", new[other:other_end])


def of(question: Question, number: int) -> QuestionVersion:
    """:raises NotFound: there is no such version"""
    try:
        return question.version(number)
    except KeyError:
        raise NotFound(_("There is no such version of the question.")) from None


def restore(occasion: Occasion, question: Question, number: int) -> QuestionVersion:
    """Let the question say again what it said in an older version: as a new one."""
    version = of(question, number)
    return bank.add_version(
        occasion,
        question,
        shelf.content_of(occasion, question, version),
        marks=version.marks,
        files=version.files,
    )
