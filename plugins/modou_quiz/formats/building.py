"""What readers and writers of all formats share: building content, and saying what is wrong."""

import html
import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from modou.errors import Message
from modou_quiz.content import FILE, Content, Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.i18n import _

# (Up to where another comment begins: so many open ones are read once.)
_TAG = re.compile(r"<(?:[a-zA-Z][^<>]*|/[a-zA-Z][^<>]*|!--(?:(?!<!--|-->).)*--)>", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>", re.IGNORECASE)
#: Moodle's name for what stands before a file of the question.
PLUGIN_FILE: Final = "@@PLUGINFILE@@/"

NO_RIGHT_ANSWER: Final[Message] = _("No answer is marked as right.")
TOO_LONG: Final[Message] = _("A text is longer than can be stored.")
UNEXPECTED: Final[Message] = _("Something in this question was not expected; it cannot be read.")


class Refused(Exception):
    """A question cannot be taken, for a reason that the report tells."""

    def __init__(self, message: Message, line: int = 0) -> None:
        super().__init__()
        self.message = message
        self.line = line


def refuse(item: Item, message: Message, line: int = 0) -> Item:
    """Note why an item holds no question."""
    item.content = None
    item.notes.append(Note("error", message, line or item.line))
    return item


def build(item: Item, type: str, model: type[Content], **values: Any) -> Item:
    """Give an item its content, or the note why that is impossible."""
    item.type = type
    try:
        item.content = model(**values)
    except ValidationError as error:
        field, reason = first_fault(error)
        refuse(
            item,
            _(
                "This cannot be stored: ${field}: ${reason}",
                mapping={"field": field or type, "reason": reason},
            ),
        )
    return item


def first_fault(error: ValidationError) -> tuple[str, str]:
    """Where a model found something wrong first, and what."""
    first = error.errors(include_url=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["msg"]


def is_html(text: str) -> bool:
    """Whether a text of which it is not said has tags in it."""
    return bool(_TAG.search(text))


def from_moodle(format: str, text: str) -> Rich:
    """A text in one of Moodle's four formats.

    "moodle" (also "moodle_auto_format") is HTML in which line ends count: without tags it is plain
    text here, else HTML.
    """
    if not text.strip():
        return Rich()
    text = text.replace(PLUGIN_FILE, FILE)
    if format == "html":
        return Rich(source=text)
    if format == "markdown":
        return Rich(source=text, markup="markdown")
    if format in {"plain", "plain_text"}:
        return Rich(source=text, markup="plain")
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", text)
    if not is_html(text):
        return Rich(source=html.unescape(text) if _ENTITY.search(text) else text, markup="plain")
    return Rich(source=re.sub(r"(?<!>)\n", "<br>\n", text))


def guessed(text: str) -> Rich:
    """A text of which nothing is said: HTML where it has tags, else plain."""
    if not text.strip():
        return Rich()
    text = text.replace(PLUGIN_FILE, FILE)
    if is_html(text):
        return Rich(source=text)
    return Rich(source=html.unescape(text) if _ENTITY.search(text) else text, markup="plain")


def to_moodle(text: Rich) -> str:
    """The source with Moodle's name for files."""
    return text.source.replace(FILE, PLUGIN_FILE)


def plain(text: Rich) -> str:
    """A formatted text without its tags, where only words can stand."""
    if text.markup != "html":
        return text.source.strip()
    source = _BREAK.sub("\n", re.sub(r"\s*\n\s*", " ", text.source))
    return html.unescape(_TAG.sub("", source)).strip()


def one_line(text: Rich) -> str:
    return " ".join(plain(text).split())


def as_html(text: Rich) -> str:
    """As HTML, where nothing else can stand. Markdown keeps its signs."""
    if text.markup == "html":
        return text.source
    return html.escape(text.source, quote=False).replace("\n", "<br>\n")


def percent(fraction: float) -> str:
    """A fraction in per cent: "33.33333", "-50"."""
    return f"{round(fraction * 100, 5):.5f}".rstrip("0").rstrip(".") or "0"


def number(value: float) -> str:
    """A number in the shortest form that means the same."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def missing_files(item: Item) -> Iterable[Note]:
    """What to say about files that texts show and the file did not bring."""
    if item.content is None:
        return
    names = dict.fromkeys(name for text in item.content.texts() for name in text.files())
    for name in names:
        if name not in item.files:
            message = _("The file “${name}” is not part of what was sent.", mapping={"name": name})
            yield Note("lost", message, item.line)
