"""Questions as people write them: a stem, options, an answer in words. Sheets and documents are
read into drafts and written from them; what a draft means is said here once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modou.errors import Invalid
from modou_quiz.content import Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.office import words
from modou_quiz.i18n import _


@dataclass(slots=True)
class Draft:
    """A question of a sheet or a document.

    :param kind: one of `words.KINDS`, "calculation", or "" when nothing says what it is
    :param answer: as it was written; `sample` the same as a formatted text
    :param places: field -> where it stands, in words for people; "" the question as a whole
    :param extras: what only this system reads (`modou_quiz.formats.extras`)
    :param marks: of a part of a case: how it weighs against the others
    """

    kind: str = ""
    stem: Rich = field(default_factory=Rich)
    options: list[Rich] = field(default_factory=list)
    pairs: list[tuple[Rich, Rich]] = field(default_factory=list)
    answer: str = ""
    sample: Rich = field(default_factory=Rich)
    feedback: Rich = field(default_factory=Rich)
    rules: Rich = field(default_factory=Rich)
    scoring: str = ""
    marks: str = ""
    difficulty: str = ""
    point: str = ""
    syllabus: str = ""
    tags: str = ""
    category: str = ""
    title: str = ""
    idnumber: str = ""
    extras: str = ""
    parts: list["Draft"] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    line: int = 0
    places: dict[str, str] = field(default_factory=dict)

    def place(self, name: str) -> str:
        return self.places.get(name) or self.places.get("", "")


class Refused(Exception):
    """A draft makes no question; `note` says why."""

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        self.note = note


def fault_note(draft: Draft, error: Invalid, name: str = "answer") -> Note:
    """What is wrong with a draft, and where."""
    place = draft.place(error.field or name)
    message = error.message
    if place:
        message = _("${place}: ${fault}", mapping={"place": place, "fault": error.message})
    return Note("error", message, draft.line)


def take_marks(item: Item, text: str) -> None:
    """:raises Invalid: it says no marks"""
    if not text:
        return
    match = re.fullmatch(
        r"([-+]?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)\s*(?:分|marks?|points?)?", words.folded(text)
    )
    value = float(match[1]) if match else -1.0
    if not match or not 0 <= value <= 1000:
        raise Invalid(
            _("“${text}” is no number of marks from 0 to 1000.", mapping={"text": text[:60]}),
            "marks",
        )
    item.marks = value


def take_difficulty(item: Item, text: str) -> None:
    """:raises Invalid: it says no difficulty"""
    if not text:
        return
    word = re.sub(r"^难度\s*:?\s*", "", words.folded(text))
    if word in words.DIFFICULTIES:
        item.difficulty = words.DIFFICULTIES[word]
        return
    stars = word.rstrip("☆")
    if stars and set(stars) <= {"★"}:
        item.difficulty = min(len(stars), 5)
        return
    try:
        value = float(word.removesuffix("级"))
    except ValueError:
        value = -1.0
    if value in (1, 2, 3, 4, 5):
        item.difficulty = int(value)
    elif 0 < value < 1:
        # 难度系数: the share of people who get it right.
        item.difficulty = 1 + sum(value < limit for limit in (0.85, 0.7, 0.5, 0.3))
        item.notes.append(
            Note(
                "changed",
                _(
                    "Difficulty ${text} was taken as ${level} of 5.",
                    mapping={"text": text, "level": item.difficulty},
                ),
                item.line,
            )
        )
    else:
        raise Invalid(
            _(
                "“${text}” is no difficulty. Write 1 (easy) to 5 (hard), or one of: ${words}.",
                mapping={"text": text[:60], "words": "、".join(words.DIFFICULTY_WORDS[1:])},
            ),
            "difficulty",
        )


def tags_of(text: str) -> tuple[str, ...]:
    """Words between commas."""
    parts = (part.strip() for part in re.split(r"[,，、;；\n]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def category_of(text: str) -> tuple[str, ...]:
    """A path of categories; `//` is a slash in a name."""
    parts = re.split(r"(?<!/)/(?!/)|\s*(?:>|＞|→|\\)\s*", text)
    return tuple(part.strip().replace("//", "/") for part in parts if part.strip())


def category_text(path: Sequence[str]) -> str:
    """The inverse of `category_of`."""
    return "/".join(part.replace("/", "//") for part in path)


def all_texts(draft: Draft) -> Iterator[Rich]:
    """All formatted texts of a draft, those of its parts too."""
    yield from (draft.stem, draft.feedback, draft.sample, draft.rules, *draft.options)
    for pair in draft.pairs:
        yield from pair
    for part in draft.parts:
        yield from all_texts(part)
