"""How typed words are compared with what is accepted."""

import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final

from modou_quiz.types.contents import Accepted, Reading

#: Stands for a star that means "any characters": no keyboard and no content has it.
_ANY: Final = "\ue000"
#: Beside what Unicode calls wide: marks that Chinese and Latin keyboards write differently.
_PUNCTUATION = str.maketrans("。“”‘’﹣−–—～", "." + '""' + "''" + "----~")


@lru_cache(maxsize=8192)
def _narrow(sign: str) -> str:
    kind = unicodedata.decomposition(sign).partition(" ")[0]
    return unicodedata.normalize("NFKC", sign) if kind in ("<wide>", "<narrow>") else sign


@cache
def _converter() -> Callable[[str], str]:
    # Here, since a start must not wait for its dictionaries.
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


@lru_cache(maxsize=32768)
def _simplified(sign: str) -> str:
    # Sign by sign: what a sign becomes must not hang on what stands beside it, or a pattern would
    # not match the text that it was taken from.
    return _converter()(sign)


def fold(text: str, reading: Reading) -> str:
    """A text as it is compared: signs that count as the same become the same."""
    text = unicodedata.normalize("NFC", text)
    if reading.fold_width:
        text = "".join(map(_narrow, text)).translate(_PUNCTUATION)
    if reading.fold_script:
        text = "".join(_simplified(sign) if sign >= "\u2e80" else sign for sign in text)
    if not reading.case:
        text = text.casefold()
    return " ".join(text.split())


def _parse(pattern: str) -> str:
    """A pattern with `_ANY` for its wild stars and without its backslashes before stars."""
    out: list[str] = []
    backslashes = 0
    for sign in pattern.replace(_ANY, ""):
        if sign == "\\":
            backslashes += 1
            continue
        if sign == "*":
            out.append("\\" * (backslashes // 2))
            out.append("*" if backslashes % 2 else _ANY)
        else:
            out.append("\\" * backslashes + sign)
        backslashes = 0
    out.append("\\" * backslashes)
    return "".join(out)


def literal(text: str) -> str:
    """The pattern that accepts exactly a text."""
    out: list[str] = []
    for place, piece in enumerate(text.split("*")):
        if place:
            before = out[-1]
            run = len(before) - len(before.rstrip("\\"))
            out.append("\\" * run + "\\*")
        out.append(piece)
    return "".join(out)


def matches(pattern: str, text: str, reading: Reading) -> bool:
    """Whether a text is what a pattern accepts. Takes time in proportion to their lengths."""
    head, *rest = fold(_parse(pattern), reading).split(_ANY)
    folded = fold(text, reading)
    if not rest:
        return folded == head
    *middle, tail = rest
    if not folded.startswith(head) or not folded[len(head) :].endswith(tail):
        return False
    place, end = len(head), len(folded) - len(tail)
    for piece in middle:
        found = folded.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return True


def find(answers: tuple[Accepted, ...], text: str, reading: Reading) -> int | None:
    """The place of the answer that a text matches and that is worth most; None: none."""
    found = [n for n, answer in enumerate(answers) if matches(answer.pattern, text, reading)]
    return max(found, key=lambda n: answers[n].fraction, default=None)


def example(pattern: str, gap: str = "") -> str:
    """A text that a pattern accepts.

    :param gap: for its wild stars
    """
    text = _parse(pattern).replace(_ANY, gap)
    return " ".join(text.split())
