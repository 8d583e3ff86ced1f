"""What a written file does not say: it is read again and compared with what was to be written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from modou.errors import Message
from modou_quiz.content import Rich, rich_in
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.office.texts import canonical
from modou_quiz.i18n import _
from modou_quiz.types.contents import Case

#: Field of a content -> what people call it.
_TITLES: Final[Mapping[str, Message]] = {
    "answer": _("the answer"),
    "answers": _("the answers"),
    "clear": _("hints"),
    "count": _("hints"),
    "distractors": _("choices that belong to nothing"),
    "feedback": _("the explanation"),
    "file_types": _("rules for files"),
    "files": _("rules for files"),
    "files_required": _("rules for files"),
    "fraction": _("marks of single options"),
    "gaps": _("the gaps"),
    "group": _("gaps in any order"),
    "hints": _("hints"),
    "if_false": _("feedback to single answers"),
    "if_true": _("feedback to single answers"),
    "items": _("the items"),
    "layout": _("the layout"),
    "least": _("how many may be chosen"),
    "least_words": _("the length of the answer"),
    "lines": _("the length of the answer"),
    "most": _("how many may be chosen"),
    "most_words": _("the length of the answer"),
    "notes": _("marking notes"),
    "numbering": _("the numbering of options"),
    "options": _("the options"),
    "pairs": _("the pairs"),
    "partial": _("the rule for marks"),
    "penalty": _("the penalty for further tries"),
    "questions": _("the questions of the material"),
    "reading": _("how words are compared"),
    "replies": _("feedback by how good the answer was"),
    "required": _("the length of the answer"),
    "rubric": _("the rubric"),
    "sample": _("the sample answer"),
    "scoring": _("the rule for marks"),
    "show": _("the layout"),
    "shuffle": _("whether options are shuffled"),
    "stem": _("the question text"),
    "template": _("the beginning of the answer"),
    "units": _("units"),
    "weight": _("weights of parts"),
    "writing": _("how the answer is written"),
}
_ITEM_TITLES: Final[Mapping[str, Message]] = {
    "title": _("the title"),
    "marks": _("the marks"),
    "category": _("the category"),
    "tags": _("the tags"),
    "difficulty": _("the difficulty"),
    "point": _("the knowledge point"),
    "syllabus": _("the syllabus item"),
    "idnumber": _("the number"),
}


def changes(item: Item, again: Item) -> Iterator[Note]:
    """What `again`, read from the file, does not say as `item` does."""
    lost: dict[Message, bool] = {}
    for name, title in _ITEM_TITLES.items():
        before, after = getattr(item, name), getattr(again, name)
        if before != after:
            lost[title] = bool(after)
    if item.content is not None and again.content is not None and item.type == again.type:
        for title, kept in _differences(item.content, again.content):
            lost[title] = lost.get(title, True) and kept
    elif item.content is not None:
        lost[_("the type")] = again.content is not None
    for missing in _missing_files(item, again):
        lost[missing] = False
    for title, kept in lost.items():
        yield (
            Note("changed", _("Changed: ${what}", mapping={"what": title}), item.line)
            if (kept)
            else Note("lost", _("Not kept: ${what}", mapping={"what": title}), item.line)
        )


def _missing_files(item: Item, again: Item) -> Iterator[Message]:
    """Files that the question shows and that did not come back."""
    if item.content is None:
        return
    shown = {name for text in rich_in(item.content) for name in text.files()}
    if not shown:
        return
    kept = set(again.files.values())
    for name, data in item.files.items():
        if data not in kept:
            yield _("the file ${name}", mapping={"name": name})


def _differences(before: Any, after: Any, title: Message = "") -> Iterator[tuple[Message, bool]]:
    """Titles of what differs, and whether something stands in its place."""
    if isinstance(before, Rich) and isinstance(after, Rich):
        if canonical(before) != canonical(after):
            yield title, bool(after)
    elif isinstance(before, Case) and isinstance(after, Case):
        yield from _differences(before.stem, after.stem, _TITLES["stem"])
        yield from _differences(before.feedback, after.feedback, _TITLES["feedback"])
        yield from _case(before, after)
    elif isinstance(before, BaseModel) and type(before) is type(after):
        for name in type(before).model_fields:
            yield from _differences(
                getattr(before, name), getattr(after, name), _TITLES.get(name, name)
            )
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _differences(one, other, title)
    elif before != after:
        yield title, bool(after) and bool(before)


def _case(before: Case, after: Case) -> Iterator[tuple[Message, bool]]:
    if [part.type for part in before.questions] != [part.type for part in after.questions]:
        yield _TITLES["questions"], bool(after.questions)
        return
    for one, other in zip(before.questions, after.questions, strict=True):
        yield from _differences(one.content(), other.content())
        if one.weight != other.weight:
            yield _TITLES["weight"], True


def report(
    written: Sequence[Item], again: Sequence[Item], notes: list[tuple[Item, Note]]
) -> list[tuple[Item, Note]]:
    """What to tell about a file that was read again.

    :param notes: what is known already
    """
    for item, read in zip(written, again, strict=False):
        notes += [(item, note) for note in changes(item, read)]
    for item in written[len(again) :]:
        notes.append((item, Note("lost", _("It cannot be read from the file."), item.line)))
    return notes
