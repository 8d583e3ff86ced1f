"""What a written file does not say: it is read again and compared with what was to be written."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from pydantic import BaseModel

from modou.errors import Message
from modou_quiz.content import Rich, rich_in
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.extras import FILED, TITLES, extras_of
from modou_quiz.formats.office.texts import canonical
from modou_quiz.i18n import _
from modou_quiz.types.contents import Case


def changes(item: Item, again: Item, *, beside: bool = False) -> Iterator[Note]:
    """What `again`, read from the file, does not say as `item` does.

    :param beside: the file says it all the same, at a place that only this system reads
    """
    lost: dict[Message, bool] = {}
    for name in FILED:
        before, after = getattr(item, name), getattr(again, name)
        if before != after:
            lost[TITLES[name]] = bool(after)
    if item.content is not None and again.content is not None and item.type == again.type:
        for title, kept in _differences(item.content, again.content):
            lost[title] = lost.get(title, True) and kept
    elif item.content is not None:
        lost[_("the type")] = again.content is not None
    for title, kept in lost.items():
        if beside:
            message = _("Only Modou reads this from the file: ${what}", mapping={"what": title})
            yield Note("changed", message, item.line)
        elif kept:
            yield Note("changed", _("Changed: ${what}", mapping={"what": title}), item.line)
        else:
            yield Note("lost", _("Not kept: ${what}", mapping={"what": title}), item.line)
    for missing in _missing_files(item, again):
        yield Note("lost", _("Not kept: ${what}", mapping={"what": missing}), item.line)


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
        yield from _differences(before.stem, after.stem, TITLES["stem"])
        yield from _differences(before.feedback, after.feedback, TITLES["feedback"])
        yield from _case(before, after)
    elif isinstance(before, BaseModel) and type(before) is type(after):
        for name in type(before).model_fields:
            yield from _differences(
                getattr(before, name), getattr(after, name), TITLES.get(name, name)
            )
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _differences(one, other, title)
    elif before != after:
        yield title, bool(after) and bool(before)


def _case(before: Case, after: Case) -> Iterator[tuple[Message, bool]]:
    if [part.type for part in before.questions] != [part.type for part in after.questions]:
        yield TITLES["questions"], bool(after.questions)
        return
    for one, other in zip(before.questions, after.questions, strict=True):
        yield from _differences(one.content(), other.content())
        if one.weight != other.weight:
            yield TITLES["weight"], True


@dataclass(slots=True)
class Written:
    """A question in a file: its first and its last line."""

    item: Item
    first: int
    last: int


#: Writes questions into a file, some with what only this system reads; where they stand, and why
#: others do not.
Write = Callable[
    [Sequence[Item], IO[bytes], Mapping[int, str]], tuple[list[Written], list[tuple[Item, Note]]]
]


def write_truly(
    items: Iterable[Item],
    out: IO[bytes],
    write: Write,
    read: Callable[[IO[bytes]], Iterator[Item]],
    most_extras: int = 1_000_000,
) -> list[tuple[Item, Note]]:
    """Write a file, read it again, and write into it what it does not say, for this system; what
    to tell about each question.

    :param most_extras: characters that there is room for beside a question
    """
    sent = list(items)
    written, notes = write(sent, out, {})
    if not written:
        return notes
    out.seek(0)
    again: dict[int, list[Item]] = {}
    lines = [one.first for one in written]
    for item in read(out):
        # (What is wrong with the file as a whole would stand above all questions.)
        again.setdefault(bisect_right(lines, item.line) - 1, []).append(item)
    kept: list[Item] = []
    extras: dict[int, str] = {}
    for place, one in enumerate(written):
        back = again.get(place, [])
        if len(back) != 1 or back[0].content is None or back[0].type != one.item.type:
            notes.append((one.item, Note("error", _UNREADABLE, one.item.line)))
            continue
        text, _told = extras_of(back[0], one.item)
        beside = bool(text) and len(text) <= most_extras
        if beside:
            extras[len(kept)] = text
        notes += [(one.item, note) for note in changes(one.item, back[0], beside=beside)]
        kept.append(one.item)
    if extras or len(kept) < len(written):
        write(kept, out, extras)
    return notes


_UNREADABLE: Final[Message] = _("It cannot be written so that it could be read again.")
