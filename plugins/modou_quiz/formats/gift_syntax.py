r"""GIFT as it is written: questions, their answers, comments and categories, each with its line.

What is read here knows nothing of question types; `modou_quiz.formats.gift` makes sense of it.

People write GIFT by hand, so reading goes on after a fault: a question that is not closed ends
where the next one begins. Two things are kinder than the format's definition: a blank line within
the answers does not end the question as long as answers follow, and a formula (`\(…\)`, `\[…\]`,
`$$…$$`, and `$…$` with TeX in it) may hold the format's own signs without a backslash; it is then
taken as it stands.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Literal

from modou.errors import Message
from modou_quiz.formats.base import Note
from modou_quiz.formats.gift_source import Source, directives
from modou_quiz.formats.reading import damage
from modou_quiz.i18n import _

TextFormat = Literal["html", "moodle", "plain", "markdown"]
#: Stands before JSON in a comment with what GIFT has no signs for.
OURS: Final = "// modou: "
#: Most characters of one question.
MOST: Final = 2_000_000
#: Most blank lines within the answers of one: at each, all of it is looked at.
_MOST_GAPS: Final = 100

_COMMENT = re.compile(r"[ \t\ufeff]*//")
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%\s*([-+]?\d+(?:[.,]\d*)?)\s*%")
_ARROW = re.compile(r"(?<!-)->")
_TRUE_FALSE = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#|\Z)", re.IGNORECASE)
_SIGN = re.compile("[=~]")
_CATEGORY = "$CATEGORY:"


@dataclass(slots=True)
class Text:
    """A text with its markup, as GIFT names it; `format` is that of the stem where none is said."""

    source: str
    format: TextFormat


@dataclass(slots=True)
class Answer:
    """One answer.

    :param sign: "=" or "~"
    :param weight: in per cent, None: not said
    :param source: without weight and feedback
    :param pair: what stands behind `->`, in matching questions
    """

    line: int
    sign: str
    weight: float | None
    text: Text
    feedback: Text | None = None
    pair: Text | None = None


#: What stands between the braces.
Kind = Literal["description", "essay", "truefalse", "numerical", "choice", "matching", "words"]


@dataclass(slots=True)
class Parsed:
    """A question.

    :param missing_word: text follows behind the answers, and `_____` stands in their place
    :param truth: of a true/false question
    :param extra: JSON from our own comment
    :param shows_files: a text names a file, which GIFT has no place for
    """

    line: int
    kind: Kind
    title: str
    stem: Text
    answers: list[Answer] = field(default_factory=list)
    feedback: Text | None = None
    missing_word: bool = False
    truth: bool = True
    #: Feedback of a true/false question, in the order of the file: for wrong, for right answers.
    remarks: list[Text] = field(default_factory=list)
    idnumber: str = ""
    tags: tuple[str, ...] = ()
    extra: str = ""
    shows_files: bool = False
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Category:
    """From here on, questions belong to this path."""

    line: int
    path: tuple[str, ...]


@dataclass(slots=True)
class Fault:
    """What could not be read as a question, and why."""

    line: int
    message: Message
    title: str = ""
    notes: list[Note] = field(default_factory=list)


class _Broken(Exception):
    """A question cannot be read; `resume`: where in the block reading goes on."""

    def __init__(self, message: Message, place: int, resume: int) -> None:
        super().__init__()
        self.message = message
        self.place = place
        self.resume = resume


def parse(lines: Iterator[tuple[int, str]]) -> Iterator[Parsed | Category | Fault]:
    """What the lines of a file hold, one by one.

    :param lines: as `reading.text_lines` gives them
    """
    for first, block in _blocks(lines):
        yield from _Block(first, block).parse()


def _blocks(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """The lines between blank ones. A blank line within open answers does not count when the next
    line goes on with them."""
    block: list[str] = []
    first = size = 0
    blanks = gaps = 0
    for number, line in chain(lines, [(0, "")]):
        if number and line.strip(" \t\ufeff\x00"):
            if blanks and not _goes_on(line):
                yield first, block
                block, size, gaps = [], 0, 0
            if not block:
                first = number
            block += [""] * blanks if block else []
            blanks = 0
            block.append(line)
            size += len(line)
            if size > MOST:
                yield first, block
                block, size, gaps = [], 0, 0
            continue
        if not block:
            continue
        if number and (blanks or (gaps < _MOST_GAPS and _is_open(block))):
            gaps += not blanks
            blanks += 1
            continue
        yield first, block
        block, size, blanks, gaps = [], 0, 0, 0
    if block:
        yield first, block


def _goes_on(line: str) -> bool:
    return line.lstrip()[:1] in {"=", "~", "}", "#"}


def _is_open(block: Sequence[str]) -> bool:
    text = "\n".join(line for line in block if not _COMMENT.match(line))
    if "{" not in text:
        return False
    masked = Source(text, 0).masked
    return masked.count("{") > masked.count("}")


class _Block:
    """Some lines without a blank one between them: mostly one question."""

    def __init__(self, first: int, lines: Sequence[str]) -> None:
        self.first = first
        self.comments = [line.strip() for line in lines if _COMMENT.match(line)]
        text = "\n".join("" if _COMMENT.match(line) else line for line in lines)
        self.source = Source(text, first)
        self.damage = list(damage(text, first))

    def parse(self) -> Iterator[Parsed | Category | Fault]:
        source = self.source
        place, end = 0, len(source.text)
        shows_files = "@@" in source.text
        while True:
            while place < end and source.text[place] in " \t\n\r\ufeff\x00":
                place += 1
            if place >= end:
                return
            if source.text.startswith(_CATEGORY, place):
                stop = source.text.find("\n", place)
                stop = end if stop < 0 else stop
                path = source.take(place + len(_CATEGORY), stop)
                yield Category(source.line(place), split_path(path))
                place = stop
                continue
            begin = place
            try:
                parsed, place = self._question(begin)
            except _Broken as broken:
                line = source.line(begin)
                close = source.find("::", begin + 2, end)
                named = source.masked.startswith("::", begin) and close >= 0
                title = source.take(begin + 2, close) if named else ""
                note = Note("error", broken.message, source.line(min(broken.place, end - 1)))
                yield Fault(line, broken.message, title, [note])
                place = max(broken.resume, begin + 1)
                continue
            parsed.shows_files = shows_files
            parsed.notes += self.damage
            self.damage = []
            self._comment(parsed)
            yield parsed

    def _comment(self, parsed: Parsed) -> None:
        """Give a question what the comments say; the first of a block has them."""
        tags = []
        for comment in self.comments:
            if comment.startswith(OURS):
                parsed.extra = comment[len(OURS) :]
                continue
            for name, value in directives(comment):
                value = re.sub(r"\\(.)", r"\1", value).strip()
                if name == "id":
                    parsed.idnumber = value
                elif value:
                    tags.append(value)
        parsed.tags = tuple(dict.fromkeys(tags))
        self.comments = []

    def _title(self, place: int) -> tuple[str, int]:
        source = self.source
        close = source.find("::", place + 2, len(source.text))
        if close < 0:
            message = _("The title begins with “::” and does not end with “::”.")
            raise _Broken(message, place, self._next(place))
        return source.take(place + 2, close), close + 2

    def _next(self, place: int) -> int:
        """Where reading goes on behind a question that cannot be read: at the next line that
        surely begins another one."""
        return self.source.next_start(place + 2)

    def _question(self, begin: int) -> tuple[Parsed, int]:
        source = self.source
        masked = source.masked
        title, place = "", begin
        if masked.startswith("::", begin):
            title, place = self._title(begin)
        stop = self._next(place)
        opening = source.find("{", place, stop)
        if opening < 0:
            self._no_stray(place, stop)
            stem = self._text(place, stop, "moodle")
            return Parsed(source.line(begin), "description", title, stem), stop
        self._no_stray(place, opening)
        closing = self._closing(begin, opening)
        after, stem_end = self._tail(closing + 1)
        stem = self._text(place, opening, "moodle")
        # The gap stands where the answers stood, with the spaces around it.
        if stem_end > closing + 1:
            before = source.text[place:opening]
            space = before[len(before.rstrip()) :] and " "
            rest = source.take(closing + 1, stem_end)
            gap = " " if source.text[closing + 1] in " \t\n" else ""
            stem = Text(f"{stem.source}{space}_____{gap}{rest}", stem.format)
        parsed = Parsed(source.line(begin), "essay", title, stem)
        parsed.missing_word = stem_end > closing + 1
        self._answers(parsed, opening + 1, closing, after)
        at = bisect_left(source.formulas, (begin, 0))
        if at < len(source.formulas) and source.formulas[at][0] < after:
            parsed.notes.append(Note("changed", _RAW_FORMULA, parsed.line))
        return parsed, after

    def _no_stray(self, start: int, end: int) -> None:
        stray = self.source.find("}", start, end)
        if stray >= 0:
            message = _("“}” stands here without “{” before it. In texts it is written “\\}”.")
            following = self.source.text.find("\n", stray)
            rest = following if following >= 0 else len(self.source.text)
            raise _Broken(message, stray, rest)

    def _closing(self, begin: int, opening: int) -> int:
        """Where the answers end.

        :raises _Broken: they do not
        """
        masked, end = self.source.masked, len(self.source.text)
        closing = self.source.find("}", opening + 1, end)
        nested = self.source.find("{", opening + 1, end)
        if closing >= 0 and (nested < 0 or nested > closing):
            return closing
        if nested >= 0:
            line_start = masked.rfind("\n", opening, nested) + 1
            if line_start:
                raise _Broken(_UNCLOSED, opening, line_start)
            message = _("Within the answers stands “{”. In texts it is written “\\{”.")
            raise _Broken(message, nested, self._balanced(opening))
        raise _Broken(_UNCLOSED, opening, max(self._next(opening), begin + 1) if end else end)

    def _balanced(self, opening: int) -> int:
        depth = 0
        for brace in re.compile("[{}]").finditer(self.source.masked, opening):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                return brace.end()
        return len(self.source.text)

    def _tail(self, place: int) -> tuple[int, int]:
        """Where the question ends, and where its text behind the answers ends."""
        masked = self.source.masked
        stop = self._next(place - 2)
        nested = self.source.find("{", place, stop)
        if nested >= 0:
            line_end = masked.find("\n", place)
            if line_end < 0 or line_end > nested:
                message = _(
                    "A second pair of braces follows on the same line. GIFT knows one blank for "
                    "each question; for several, use Moodle XML."
                )
                rest = masked.find("\n", self._balanced(nested))
                raise _Broken(message, nested, rest if rest >= 0 else len(masked))
            stop = line_end
        text_end = place + len(masked[place:stop].rstrip())
        return stop, text_end

    def _text(self, start: int, end: int, format: TextFormat) -> Text:
        match = _FORMAT.match(self.source.masked, start, end)
        if match:
            name = match[1].lower()
            return Text(self.source.take(match.end(), end), name)  # type: ignore[arg-type]
        return Text(self.source.take(start, end), format)

    def _answers(self, parsed: Parsed, start: int, end: int, resume: int) -> None:
        source, format = self.source, parsed.stem.format
        masked = source.masked
        general = masked.rfind("####", start, end)
        if general >= 0:
            parsed.feedback = self._text(general + 4, end, format)
            end = general
        while start < end and masked[start] in " \t\n\r":
            start += 1
        body = masked[start:end].rstrip()
        end = start + len(body)
        if not body:
            parsed.kind = "essay"
            return
        if body[0] == "#":
            parsed.kind = "numerical"
            self._numerical(parsed, start + 1, end, resume)
            return
        truth = _TRUE_FALSE.match(body)
        if truth:
            parsed.kind, parsed.truth = "truefalse", truth[1][0] in "Tt"
            parts = _split(masked, "#", start, end)[1:]
            parsed.remarks = [self._text(a + 1, b, format) for a, b in parts]
            return
        if body[0] not in "=~":
            message = _("Answers begin with “=” (right) or “~” (wrong). Here they begin otherwise.")
            raise _Broken(message, start, resume)
        spans = self._spans(start, end)
        if any(masked[a] == "~" for a, _b in spans):
            parsed.kind = "choice"
        elif all(_ARROW.search(masked, a, b) for a, b in spans):
            parsed.kind = "matching"
        else:
            parsed.kind = "words"
        parsed.answers = [self._answer(a, b, parsed.kind, format, resume) for a, b in spans]

    def _spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """From sign to sign. `~=` is a right answer, as some programs write it."""
        places = [m.start() for m in _SIGN.finditer(self.source.masked, start, end)]
        places = [
            place
            for at, place in enumerate(places)
            if not (
                self.source.masked[place] == "~"
                and at + 1 < len(places)
                and places[at + 1] == place + 1
            )
        ]
        return _pairs(places, end)

    def _answer(self, start: int, end: int, kind: Kind, format: TextFormat, resume: int) -> Answer:
        source = self.source
        sign, line = source.masked[start], source.line(start)
        start += 1
        weight = None
        match = _WEIGHT.match(source.masked, start, end)
        if match:
            weight = float(match[1].replace(",", "."))
            if not -100 <= weight <= 100:
                message = _(
                    "The weight ${weight} % is not between −100 and 100.",
                    mapping={"weight": f"{weight:g}"},
                )
                raise _Broken(message, start, resume)
            start = match.end()
        answer_end = source.masked.find("#", start, end)
        feedback = None
        if answer_end >= 0:
            feedback = self._text(answer_end + 1, end, format)
            end = answer_end
        if kind != "matching":
            return Answer(line, sign, weight, self._text(start, end, format), feedback)
        arrow = _ARROW.search(source.masked, start, end)
        middle = arrow.start() if arrow else end
        left = self._text(start, middle, format)
        right = Text(source.take(middle + 2, end), "plain")
        return Answer(line, sign, weight, left, feedback, right)

    def _numerical(self, parsed: Parsed, start: int, end: int, resume: int) -> None:
        masked = self.source.masked
        while start < end and masked[start] in " \t\n\r":
            start += 1
        format = parsed.stem.format
        if start < end and masked[start] not in "=~":
            # `#` and a number alone; further answers may follow.
            signs = _SIGN.search(masked, start, end)
            stop = signs.start() if signs else end
            parsed.answers.append(self._answer(start - 1, stop, "numerical", format, resume))
            parsed.answers[-1].sign = "="
            start = stop
        parsed.answers += [
            self._answer(a, b, "numerical", format, resume) for a, b in self._spans(start, end)
        ]


def _split(masked: str, sign: str, start: int, end: int) -> list[tuple[int, int]]:
    places = [start]
    while (found := masked.find(sign, places[-1] + 1, end)) >= 0:
        places.append(found)
    return _pairs(places, end)


def _pairs(places: Sequence[int], end: int) -> list[tuple[int, int]]:
    """From each place to the next one."""
    return list(zip(places, [*places[1:], end], strict=True)) if places else []


def split_path(path: str) -> tuple[str, ...]:
    """A category's path; `//` is a slash in a name, `$course$` and `top` say nothing here."""
    parts = [part.replace("\0", "/").strip() for part in path.replace("//", "\0").split("/")]
    parts = [part for part in parts if part]
    if parts and re.fullmatch(r"\$\w+\$", parts[0]):
        del parts[0]
    if parts and parts[0] == "top":
        del parts[0]
    return tuple(parts)


def join_path(path: Sequence[str]) -> str:
    """The inverse of `split_path`."""
    return "/".join(["$course$", "top", *(part.replace("/", "//") for part in path)])


def escaped(text: str) -> str:
    """A text as it stands in a file, in one line."""
    text = re.sub(r"[\\~=#{}:]", r"\\\g<0>", text)
    return text.replace("\r", "").replace("\n", "\\n")


_UNCLOSED: Final[Message] = _("The answers begin with “{”, and “}” is missing.")
_RAW_FORMULA: Final[Message] = _(
    "A formula holds signs of the format ({ } = ~ #) without a backslash. It was taken as it is."
)
