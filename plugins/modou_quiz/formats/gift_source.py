"""The text of GIFT as its reader needs it: what in it has a meaning as syntax, and where things
are, each looked for once."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from modou_quiz.content import formulas_in
from modou_quiz.formats.reading import mend

_ESCAPE = re.compile(r"\\([\\~=#{}:n])")
_FORMULA = re.compile(
    r"(?<!\\)(?:\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]|\$\$(?P<dollars>.+?)\$\$"
    r"|(?<!\$)\$(?P<dollar>[^$\n]+?)\$(?!\$))",
    re.DOTALL,
)
_OPENING = re.compile(r"(?<!\\)(?:\\\(|\\\[|\$)")
_TEX = re.compile(r"\\[A-Za-z]{2,}|[\^_]\{")
_BARE = re.compile(r"(?<!\\)[{}=~#]")
_BRACES = re.compile(r"(?<!\\)[{}]")
#: Commands of TeX that begin with the format's sign for a new line.
_TEX_N = re.compile(r"\\n(?:eq?|u|i|abla|ot|otin|mid|leq|geq|less|gtr|exists|subseteq|parallel)\b")
_DIRECTIVE = re.compile(r"\[(id|tag):")
_VALUE = re.compile(r"((?:\\.|[^\]\\])*+)\]")
_LINE_END = re.compile("\n")
_STARTS = re.compile(r"\n[ \t]*(?=::|\$CATEGORY:)")
#: Stands for what has no meaning of its own in `Source.masked`.
_BLIND = "\x01"


class Source:
    """The text of a block, and the same text with everything masked that has no meaning as syntax:
    what a backslash protects, and formulas that hold the format's signs."""

    def __init__(self, text: str, first: int) -> None:
        self.text = text
        self.first = first
        self.formulas = (
            [match.span() for match in formulas_in(text, _FORMULA, _OPENING) if _is_raw(match)]
            if "$" in text or "\\" in text
            else []
        )
        masked = _ESCAPE.sub(_BLIND * 2, text) if "\\" in text else text
        pieces, place = [], 0
        for start, end in self.formulas:
            pieces += [masked[place:start], _BLIND * (end - start)]
            place = end
        self.masked = "".join([*pieces, masked[place:]])
        self._ends: list[int] | None = None
        self._found: dict[str, tuple[int, int]] = {}
        self._starts: tuple[list[int], list[int]] | None = None

    def line(self, place: int) -> int:
        if self._ends is None:
            self._ends = [match.start() for match in _LINE_END.finditer(self.text)]
        return self.first + bisect_left(self._ends, place)

    def find(self, sign: str, place: int, end: int) -> int:
        """Place of a sign in `masked`, -1 for none before `end`. Who goes on from question to
        question looks for it no further than once."""
        start, found = self._found.get(sign, (0, -2))
        if found == -2 or place < start or -1 < found < place:
            found = self.masked.find(sign, place)
            self._found[sign] = (place, found)
        return found if -1 < found < end else -1

    def next_start(self, place: int) -> int:
        """Where the first line from `place` on begins that surely begins a question; the end of the
        text when none does."""
        if self._starts is None:
            begun = list(_STARTS.finditer(self.masked))
            self._starts = ([match.start() for match in begun], [match.end() for match in begun])
        at = bisect_left(self._starts[0], place)
        return self._starts[1][at] if at < len(self._starts[1]) else len(self.text)

    def take(self, start: int, end: int) -> str:
        """A piece of the text as it is meant, without spaces at its ends."""
        while start < end and self.text[start] in " \t\n\r\ufeff":
            start += 1
        while start < end and self.text[end - 1] in " \t\n\r":
            # A lone backslash before the space stays.
            end -= 1
        pieces = []
        for at in range(bisect_left(self.formulas, (start, 0)), len(self.formulas)):
            begin, finish = self.formulas[at]
            if begin >= end:
                break
            if start <= begin and finish <= end:
                pieces += [_plain(self.text[start:begin]), self.text[begin:finish]]
                start = finish
        pieces.append(_plain(self.text[start:end]))
        return mend("".join(pieces))


def directives(comment: str) -> Iterator[tuple[str, str]]:
    """What stands in brackets in a comment: name, value."""
    end = 0
    for begin in _DIRECTIVE.finditer(comment):
        if begin.start() < end:
            continue
        found = _VALUE.match(comment, begin.end())
        if found is None:
            # Nor does one end that begins behind it.
            return
        end = found.end()
        yield begin[1], found[1]


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)


def _is_raw(formula: re.Match[str]) -> bool:
    """Whether a formula holds the format's signs as if they were its own."""
    inside = next(group for group in formula.groups() if group is not None)
    if "\n\n" in inside or (formula["dollar"] and not _TEX.search(inside)):
        return False
    if not _BARE.search(inside) and not _TEX_N.search(inside):
        return False
    if "\\\\" in inside and not formula["dollar"] and not _BRACES.search(inside):
        return False
    depth = 0
    for brace in _BRACES.finditer(inside):
        depth += 1 if brace[0] == "{" else -1
        if depth < 0:
            return False
    return depth == 0
