"""What a format has no place for, kept all the same where it allows for a comment or an attribute
of ours.

A writer writes a question as the format has it and reads that again: whatever differs from the
question is its *extras*. They go into the file where other programs pass over them, each with a
digest of what the format itself says at that place::

    [["content/penalty", "5feceb66", 0.3], ...]

so that a file which somebody edited by hand is read as it was edited. The report of the export
names them: nothing is lost in silence, and what only this system will read is said.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from modou.errors import Message
from modou_quiz.formats.base import Item, Note
from modou_quiz.i18n import _

#: Fields of an item beside its content.
FILED: Final = (
    "title",
    "marks",
    "category",
    "tags",
    "difficulty",
    "point",
    "syllabus",
    "idnumber",
)
#: Field of a question or its content -> what reports call it.
TITLES: Final[Mapping[str, Message]] = {
    "title": _("title"),
    "marks": _("marks"),
    "category": _("category"),
    "tags": _("tags"),
    "difficulty": _("difficulty"),
    "point": _("knowledge point"),
    "syllabus": _("item of the syllabus"),
    "idnumber": _("number of the institution"),
    "stem": _("wording of the question"),
    "feedback": _("feedback"),
    "penalty": _("penalty for further tries"),
    "hints": _("hints"),
    "replies": _("feedback by how good the answer was"),
    "options": _("options"),
    "fraction": _("shares of the marks"),
    "shuffle": _("whether options are shuffled"),
    "numbering": _("how options are counted"),
    "scoring": _("rule for partly right answers"),
    "partial": _("rule for partly right answers"),
    "indefinite": _("that the number of right answers is left open"),
    "least": _("how many may be chosen"),
    "most": _("how many may be chosen"),
    "if_true": _("feedback to single answers"),
    "if_false": _("feedback to single answers"),
    "clear": _("hints"),
    "count": _("hints"),
    "answer": _("answer"),
    "answers": _("accepted answers"),
    "pattern": _("accepted answers"),
    "reading": _("how typed words are compared"),
    "tolerance": _("tolerance"),
    "relative": _("tolerance"),
    "units": _("units"),
    "gaps": _("gaps"),
    "weight": _("weights of the parts"),
    "group": _("gaps that may be filled in any order"),
    "show": _("how choices are shown"),
    "pairs": _("pairs"),
    "distractors": _("choices that belong to nothing"),
    "items": _("items"),
    "layout": _("layout"),
    "writing": _("how the answer is written"),
    "required": _("how the answer is written"),
    "lines": _("how the answer is written"),
    "least_words": _("limits of the number of words"),
    "most_words": _("limits of the number of words"),
    "files": _("files to be sent"),
    "files_required": _("files to be sent"),
    "file_types": _("files to be sent"),
    "file_bytes": _("files to be sent"),
    "template": _("what the answer begins with"),
    "notes": _("notes for those who mark"),
    "sample": _("sample answer"),
    "rubric": _("rubric"),
    "markup": _("how texts are marked up"),
    "questions": _("questions of the case"),
}
#: Without meaning for the reader of a report.
_SILENT: Final = frozenset({"source", "content", "data"})

Path = tuple[str | int, ...]


def state(item: Item) -> dict[str, Any]:
    """What of an item must come back, as plain JSON."""
    values = {name: getattr(item, name) for name in FILED}
    values["category"], values["tags"] = list(item.category), list(item.tags)
    values["content"] = item.content.model_dump(mode="json") if item.content is not None else None
    return values


def differences(native: Any, wanted: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Where two states differ: the path, and the values of both."""
    if native == wanted and type(native) is type(wanted):
        return
    if isinstance(native, dict) and isinstance(wanted, dict) and native.keys() == wanted.keys():
        for key in wanted:
            yield from differences(native[key], wanted[key], (*path, key))
    elif isinstance(native, list) and isinstance(wanted, list) and len(native) == len(wanted):
        for place, (one, other) in enumerate(zip(native, wanted, strict=True)):
            yield from differences(one, other, (*path, place))
    elif isinstance(native, int | float) and isinstance(wanted, int | float) and native == wanted:
        return
    else:
        yield path, native, wanted


def extras_of(native: Item, wanted: Item) -> tuple[str, list[Note]]:
    """The extras of `wanted` as one line of JSON ("" for none), and what the report has to say.

    :param native: what the format itself says, read again; of the same type
    """
    found = list(differences(state(native), state(wanted)))
    if not found:
        return "", []
    entries = [["/".join(map(str, path)), _digest(old), new] for path, old, new in found]
    notes = [
        Note("changed", _("Only Modou reads this from the file: ${what}", mapping={"what": what}))
        for what in _told(found, wanted)
    ]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")), notes


def losses(native: Item, wanted: Item) -> list[Note]:
    """What a format without room for extras leaves out, for the report.

    :param native: what the file says, read again
    """
    found = differences(state(native), state(wanted))
    return [
        Note("lost", _("The format has no place for: ${what}", mapping={"what": what}))
        for what in _told(found, wanted)
    ]


def _told(found: Iterable[tuple[Path, Any, Any]], wanted: Item) -> list[Message]:
    """Titles of what differs, each once; without differences that nobody can see."""
    titles = dict.fromkeys(
        _title(path)
        for path, old, new in found
        if not _same_text(old, new) and not _of_empty_text(path, wanted)
    )
    return [title for title in titles if title]


def _of_empty_text(path: Path, wanted: Item) -> bool:
    """Whether it is the markup of an empty text."""
    if path[-1] != "markup":
        return False
    place: Any = state(wanted)
    for name in path[:-1]:
        place = place[name]
    return not place["source"].strip()


def with_extras(item: Item, text: str) -> Item:
    """An item with its extras from the file. What does not fit any more, since somebody edited the
    file, is passed over; that is said."""
    if item.content is None:
        return item
    values = state(item)
    try:
        entries = [(str(path).split("/"), str(old), new) for path, old, new in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        item.notes.append(Note("lost", _UNREADABLE, item.line))
        return item
    passed_over = 0
    for path, old, new in entries:
        # (The type is the reader's business.)
        passed_over += path != ["type"] and not _put(values, path, old, new)
    model = type(item.content)
    try:
        content = model.model_validate(values.pop("content"))
        values["category"], values["tags"] = tuple(values["category"]), tuple(values["tags"])
        changed = replace(item, content=content, **values)
        _check(changed)
    except (ValidationError, TypeError, ValueError):
        item.notes.append(Note("lost", _UNREADABLE, item.line))
        return item
    if passed_over:
        changed.notes.append(Note("changed", _EDITED, item.line))
    return changed


def _check(item: Item) -> None:
    """:raises TypeError: something in the file has another type than it must"""
    values = state(item)
    texts = [values[name] for name in ("title", "point", "syllabus", "idnumber")]
    numbers = [values["marks"], values["difficulty"]]
    if not all(isinstance(text, str) for text in [*texts, *item.category, *item.tags]):
        raise TypeError
    if not all(isinstance(value, int | float) for value in numbers):
        raise TypeError


def _put(values: Any, path: list[str], old: str, new: Any) -> bool:
    """Set what stands at a path, if it is still what it was."""
    *above, last = path
    place: Any = values
    try:
        for name in above:
            place = place[int(name)] if isinstance(place, list) else place[name]
        key = int(last) if isinstance(place, list) else last
        if _digest(place[key]) != old:
            return False
        place[key] = new
    except (KeyError, IndexError, ValueError, TypeError):
        return False
    return True


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _same_text(old: Any, new: Any) -> bool:
    """Only spaces differ, which nobody wants to read about."""
    return isinstance(old, str) and isinstance(new, str) and old.split() == new.split()


def _title(path: Path) -> Message:
    names = [name for name in path if isinstance(name, str) and name not in _SILENT]
    for name in reversed(names):
        if name in TITLES:
            return TITLES[name]
    return names[-1] if names else ""


_UNREADABLE: Final[Message] = _("What was noted for Modou beside the question could not be read.")
_EDITED: Final[Message] = _(
    "The file was edited since it was exported; of what was noted for Modou, what did not fit any "
    "more was left out."
)
