"""Options that stand together in one cell or one line: `A. 甲  B. 乙  C. 丙`."""

import re
from typing import Final

#: A letter that counts an option, with the sign behind it.
MARK: Final = re.compile(
    r"(?:^\s*+|(?<=[\s\u3000;；,，、。)）]))(?:[(（\[【]\s*+)?([A-ZＡ-Ｚ])"
    r"\s*(?:[.．、:：)）\]】]|\s(?=\S))\s*+"
)
_START: Final = re.compile(r"^\s*+(?:[(（\[【]\s*+)?([A-ZＡ-Ｚ])\s*+[.．、:：)）\]】]\s*+")


def place_of(letter: str) -> int:
    """The place that a letter counts, from 0."""
    code = ord(letter)
    return code - (0xFF21 if code >= 0xFF21 else ord("A"))


def cuts(text: str, first: int | None = None) -> list[tuple[int, int, int]]:
    """Where options begin in a line: (start, start of its text, place), counted up one by one.

    :param first: the place that has to come first; None: any
    """
    found: list[tuple[int, int, int]] = []
    expected = first
    for match in MARK.finditer(text):
        place = place_of(match[1])
        # A letter and a blank alone count an option only between others: not "A Word …".
        loose = match[0].rstrip()[-1:] == match[1]
        if loose and not found:
            continue
        if expected is None or place == expected:
            found.append((match.start(), match.end(), place))
            expected = place + 1
    return found


def starts_option(text: str) -> bool:
    return _START.match(text) is not None


def split_options(text: str) -> list[str]:
    """The options in one cell: counted by letters, else one a line, else between `|`."""
    places = cuts(text, 0)
    if len(places) > 1 and not text[: places[0][0]].strip():
        ends = [start for start, _text, _place in places[1:]] + [len(text)]
        return [
            text[begin:end].strip().rstrip(";；")
            for (_start, begin, _place), end in zip(places, ends, strict=True)
        ]
    for sign in ("\n", "|", "｜", "；", ";"):
        if sign in text:
            return [piece.strip() for piece in text.split(sign) if piece.strip()]
    return [text.strip()] if text.strip() else []
