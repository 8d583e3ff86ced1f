"""Answers as trainers write them into one cell or one line, read and written.

- choices: `ABC`, `A,C`, `A、C`, `①③`;
- gaps of a text: `；` between gaps, `|` between what is accepted in one; a share of the marks in
  brackets: `电阻|阻值(50%)`; what holds such signs itself stands between `"`;
- numbers: `220`, `220±5`, `220±5%`, `215~225`, with a unit behind.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from modou.errors import Invalid
from modou_quiz.formats.office.words import letter_of
from modou_quiz.i18n import _
from modou_quiz.types.contents import Accepted, AcceptedNumber, Unit

_SHARE = re.compile(r"[(（]\s*([-−]?[0-9]+(?:\.[0-9]+)?)\s*[%％]\s*[)）]$")
_NUMBER: Final = r"[-+−]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_VALUE = re.compile(rf"({_NUMBER})(?:\s*(?:±|\+/-|\+-)\s*({_NUMBER})\s*(%?))?\s*(.*)", re.DOTALL)
_RANGE = re.compile(rf"({_NUMBER})\s*(?:~|至|到|\.\.)\s*({_NUMBER})\s*(.*)", re.DOTALL)
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_CIRCLED = {chr(0x2460 + place): chr(ord("A") + place) for place in range(20)}


def letters(text: str, count: int, texts: Sequence[str] = ()) -> tuple[int, ...]:
    """Places of the options that an answer names.

    :param texts: what the options say; an answer may repeat one
    :raises Invalid: it names none, or one that there is not
    """
    for place, option in enumerate(texts):
        if option and option.strip() == text.strip():
            return (place,)
    word = "".join(_CIRCLED.get(sign, sign) for sign in text)
    word = unicodedata.normalize("NFKC", word).upper()
    word = re.sub(r"^(?:答案|选项?|ANSWER)\s*:?", "", word.strip())
    signs = re.findall(r"[A-Z]|[0-9]+", word)
    rest = re.sub(r"[A-Z0-9]|[\s,、;/|.。和及与&+()\[\]【】-]", "", word)
    if not signs or rest:
        raise Invalid(
            _("The answer “${answer}” names no options.", mapping={"answer": text[:60]}), "answer"
        )
    places = []
    for sign in signs:
        place = int(sign) - 1 if sign.isdigit() else ord(sign) - ord("A")
        if not 0 <= place < count:
            raise Invalid(
                _(
                    "The answer names option ${letter}, but there are only ${count} options.",
                    mapping={"letter": sign, "count": count},
                ),
                "answer",
            )
        if place in places:
            raise Invalid(
                _("The answer names option ${letter} twice.", mapping={"letter": sign}), "answer"
            )
        places.append(place)
    return tuple(places)


def letters_text(places: Iterable[int]) -> str:
    return "".join(map(letter_of, places))


# -- words


def split(text: str, signs: str) -> list[str]:
    """Cut at any of the signs outside of `"…"`; the quotes stay."""
    pieces, current, quoted = [], "", False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        if sign in signs and not quoted:
            pieces.append(current)
            current = ""
        else:
            current += sign
    if quoted:
        # A lone quote is a sign like others.
        return re.split(f"[{re.escape(signs)}]", text)
    return [*pieces, current]


def gaps(text: str) -> list[tuple[Accepted, ...]]:
    """What is accepted in each gap of a text."""
    return [accepted(gap) for gap in split(text, "；;\n")]


def accepted(text: str) -> tuple[Accepted, ...]:
    """What is accepted in one place."""
    result = []
    for piece in split(text, "|｜"):
        words, share = _share(piece.strip())
        if len(words) > 1 and words[0] == words[-1] == '"':
            words = words[1:-1].replace('""', '"')
        if words:
            result.append(Accepted(pattern=words, fraction=share))
    return tuple(result)


def _share(text: str) -> tuple[str, float]:
    found = _SHARE.search(text)
    if found is None:
        return text, 1.0
    percent = float(found[1].replace("−", "-"))
    if abs(percent) > 100:
        raise Invalid(
            _("A share of ${percent} % is more than the whole.", mapping={"percent": found[1]}),
            "answer",
        )
    return text[: found.start()].strip(), percent / 100


def _share_text(fraction: float) -> str:
    return "" if fraction == 1 else f"({fraction * 100:.7g}%)"


def accepted_text(answers: Iterable[Accepted]) -> str:
    return "|".join(_quoted(answer.pattern) + _share_text(answer.fraction) for answer in answers)


def gaps_text(all_gaps: Iterable[Iterable[Accepted]]) -> str:
    return "；".join(map(accepted_text, all_gaps))


def _quoted(pattern: str) -> str:
    if re.search(r"[；;|｜\"\n]", pattern) or _SHARE.search(pattern):
        return '"' + pattern.replace('"', '""') + '"'
    return pattern


# -- numbers


def numbers(text: str) -> tuple[tuple[AcceptedNumber, ...], tuple[Unit, ...]]:
    """Numbers that are accepted, and their unit.

    :raises Invalid: something in it is no number
    """
    found: list[AcceptedNumber] = []
    unit = ""
    for piece in re.split(r"[|｜；;\n]", text):
        if not piece.strip():
            continue
        words, share = _share(piece.strip())
        number, name = _number(words, share)
        unit = unit or name
        if name and name != unit:
            raise Invalid(
                _(
                    "The answer has two units, ${one} and ${other}.",
                    mapping={"one": unit, "other": name},
                ),
                "answer",
            )
        found.append(number)
    if not found:
        raise Invalid(_("There is no answer."), "answer")
    return tuple(found), ((Unit(name=unit),) if unit else ())


def _number(text: str, share: float) -> tuple[AcceptedNumber, str]:
    words = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).replace("−", "-").strip())
    words = words.replace("～", "~").replace("—", "~").replace("–", "~")
    if words == "*":
        return AcceptedNumber(kind="any", fraction=share), ""
    match = _RANGE.fullmatch(words)
    if match and not match[3].startswith("~"):
        low, high = float(match[1]), float(match[2])
        if low > high:
            raise Invalid(
                _("The range “${range}” ends below its beginning.", mapping={"range": text[:60]}),
                "answer",
            )
        return AcceptedNumber(kind="range", low=low, high=high, fraction=share), match[3].strip()
    match = _VALUE.fullmatch(words)
    if match is None or re.match(r"[0-9.~±]", match[4]):
        raise Invalid(
            _("The answer “${answer}” is no number.", mapping={"answer": text[:60]}), "answer"
        )
    tolerance = abs(float(match[2] or 0))
    relative = bool(match[3])
    number = AcceptedNumber(
        value=float(match[1]),
        tolerance=tolerance / 100 if relative else tolerance,
        relative=relative,
        fraction=share,
    )
    # Written in full width, a unit such as ℃ or Ω would change by the folding above.
    return number, _as_typed(match[4].strip(), text)


def _as_typed(unit: str, text: str) -> str:
    return next(
        (
            text[place:].strip()
            for place in range(len(text) - 1, -1, -1)
            if unit and unicodedata.normalize("NFKC", text[place:]).strip() == unit
        ),
        unit,
    )


def is_number(text: str) -> bool:
    try:
        numbers(text)
    except Invalid:
        return False
    return True


def numbers_text(answers: Iterable[AcceptedNumber], unit: str = "") -> str:
    return "|".join(_number_texts(answers, unit))


def _number_texts(answers: Iterable[AcceptedNumber], unit: str) -> Iterator[str]:
    behind = f" {unit}" if unit else ""
    for answer in answers:
        match answer.kind:
            case "any":
                text = "*"
            case "range":
                text = f"{answer.low!r}~{answer.high!r}{behind}"
            case _:
                text = repr(answer.value)
                if answer.tolerance:
                    percent = answer.tolerance * 100 if answer.relative else answer.tolerance
                    text += f"±{percent:.15g}{'%' if answer.relative else ''}"
                text += behind
        text = re.sub(r"(?<=[0-9])\.0(?![0-9])", "", text)
        yield text + _share_text(answer.fraction)
