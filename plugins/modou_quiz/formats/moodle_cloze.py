r"""The gaps within the text of a Moodle question: `{1:SHORTANSWER:=墨线~%50%线#almost}`
(docs.moodle.org/en/Embedded_Answers_(Cloze)_question_type)."""

import html
import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

from modou_quiz.content import Rich
from modou_quiz.formats.building import (
    Refused,
    as_html,
    guessed,
    is_html,
    number,
    percent,
    to_moodle,
)
from modou_quiz.i18n import _
from modou_quiz.types.contents import (
    Accepted,
    AcceptedNumber,
    GapChoice,
    GapNumber,
    GapWords,
    Option,
    Reading,
)

Gap = GapWords | GapNumber | GapChoice

#: Name -> kind, how it is shown, and what else: "case", "several", "shuffle".
_NAMES: Final = {
    "SHORTANSWER": "words",
    "SA": "words",
    "MW": "words",
    "SHORTANSWER_C": "words case",
    "SAC": "words case",
    "MWC": "words case",
    "NUMERICAL": "number",
    "NM": "number",
    "MULTICHOICE": "choice select",
    "MC": "choice select",
    "MULTICHOICE_V": "choice column",
    "MCV": "choice column",
    "MULTICHOICE_H": "choice row",
    "MCH": "choice row",
    "MULTICHOICE_S": "choice select shuffle",
    "MCS": "choice select shuffle",
    "MULTICHOICE_VS": "choice column shuffle",
    "MCVS": "choice column shuffle",
    "MULTICHOICE_HS": "choice row shuffle",
    "MCHS": "choice row shuffle",
    "MULTIRESPONSE": "choice column several",
    "MR": "choice column several",
    "MULTIRESPONSE_H": "choice row several",
    "MRH": "choice row several",
    "MULTIRESPONSE_S": "choice column several shuffle",
    "MRS": "choice column several shuffle",
    "MULTIRESPONSE_HS": "choice row several shuffle",
    "MRHS": "choice row several shuffle",
}
_BEGIN = re.compile(
    r"\{\s*+(\d{0,6}(?:\.\d{1,4})?)\s*+:\s*+("
    + "|".join(sorted(_NAMES, key=len, reverse=True))
    + r")\s*:"
)
_WEIGHT = re.compile(r"\s*%\s*([-+]?\d+(?:[.,]\d*)?)\s*%")
_ESCAPE = re.compile(r'\\([}#~/"\\{=])')
_MARKER = re.compile(r"\[\[(\d{1,3})\]\]")


def read_gaps(text: str, markup: str, line: int) -> tuple[str, list[Gap]]:
    """A text with its gaps taken out: `[[1]]` where the first one was, and the gaps.

    :raises Refused: a gap cannot be read
    """
    gaps: list[Gap] = []
    pieces, place = [], 0
    while begin := _BEGIN.search(text, place):
        end = _closing(text, begin.end())
        where = line + text.count("\n", 0, begin.start())
        if end < 0:
            raise Refused(_("A gap begins with “{” and does not end with “}”."), where)
        gaps.append(_gap(begin[1], _NAMES[begin[2]], text[begin.end() : end], markup, where))
        pieces.append(text[place : begin.start()] + f"[[{len(gaps)}]]")
        place = end + 1
    pieces.append(text[place:])
    return "".join(pieces), gaps


def _closing(text: str, place: int) -> int:
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == "}":
            return place
        place += 1
    return -1


def _gap(weight: str, kind: str, body: str, markup: str, line: int) -> Gap:
    kinds = kind.split()
    heavy = float(weight or 1)
    if not 0 < heavy <= 1000:
        raise Refused(
            _("The weight ${weight} of a gap is too large.", mapping={"weight": weight}), line
        )
    answers = [_answer(part, markup, line) for part in _parts(body, "~") if part.strip()]
    if not answers:
        raise Refused(_("A gap has no answers."), line)
    if not any(fraction > 0 for _text, fraction, _feedback in answers):
        raise Refused(_("No answer of a gap is marked as right."), line)
    try:
        return _made(kinds, heavy, answers, line)
    except ValidationError:
        raise Refused(_("A gap cannot be stored: too many or too long answers."), line) from None


def _made(kinds: Sequence[str], weight: float, answers: list[Any], line: int) -> Gap:
    if kinds[0] == "words":
        return GapWords(
            weight=weight,
            reading=Reading(case="case" in kinds),
            answers=tuple(
                Accepted(pattern=_words(text), fraction=fraction, feedback=guessed(feedback))
                for text, fraction, feedback in answers
            ),
        )
    if kinds[0] == "number":
        return GapNumber(
            weight=weight,
            answers=tuple(
                _number(_words(text), line, fraction=fraction, feedback=guessed(feedback))
                for text, fraction, feedback in answers
            ),
        )
    several = "several" in kinds
    right = sum(fraction == 1 for _text, fraction, _feedback in answers)
    return GapChoice(
        weight=weight,
        show=kinds[1],
        several=several,
        shuffle="shuffle" in kinds,
        options=tuple(
            Option(
                text=guessed(text),
                fraction=fraction / right if several and fraction == 1 else fraction,
                feedback=guessed(feedback),
            )
            for text, fraction, feedback in answers
        ),
    )


def _number(text: str, line: int, **more: Any) -> AcceptedNumber:
    if text == "*":
        return AcceptedNumber(kind="any", **more)
    value, _colon, tolerance = text.partition(":")
    try:
        return AcceptedNumber(value=float(value), tolerance=float(tolerance or 0), **more)
    except ValueError:
        message = _(
            "“${text}” is no number, range or number with tolerance.", mapping={"text": text}
        )
        raise Refused(message, line) from None


def _words(text: str) -> str:
    return html.unescape(re.sub(r"<[^<>]*>", "", text) if is_html(text) else text).strip()


def _parts(text: str, sign: str) -> list[str]:
    """Split at signs without a backslash before them."""
    parts, begin, place = [], 0, 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == sign and not (sign == "#" and text[place - 1 : place] == "&"):
            parts.append(text[begin:place])
            begin = place + 1
        place += 1
    parts.append(text[begin:])
    return parts


def _answer(text: str, markup: str, line: int) -> tuple[str, float, str]:
    """Words, fraction and feedback."""
    text = text.strip()
    fraction = 0.0
    if text.startswith("="):
        fraction, text = 1.0, text[1:]
    weight = _WEIGHT.match(text)
    if weight:
        fraction, text = float(weight[1].replace(",", ".")) / 100, text[weight.end() :]
        if not -1 <= fraction <= 1:
            message = _(
                "The weight ${weight} % is not between −100 and 100.",
                mapping={"weight": f"{fraction * 100:g}"},
            )
            raise Refused(message, line)
    words, *feedback = _parts(text, "#")
    joined = "#".join(feedback)
    return _ESCAPE.sub(r"\1", words).strip(), fraction, _ESCAPE.sub(r"\1", joined).strip()


# -- writing


def write_gaps(text: str, gaps: Sequence[Gap], markup: str) -> str:
    """A text with `[[1]]` replaced by the gaps themselves. A marker without a gap stays."""

    def gap(marker: re.Match[str]) -> str:
        place = int(marker[1]) - 1
        return _written(gaps[place], markup) if 0 <= place < len(gaps) else marker[0]

    return _MARKER.sub(gap, text)


def _written(gap: Gap, markup: str) -> str:
    name = answers = ""
    match gap:
        case GapWords():
            name = "SHORTANSWER_C" if gap.reading.case else "SHORTANSWER"
            answers = "~".join(
                _one(a.fraction, html.escape(a.pattern, quote=False), a.feedback)
                for a in gap.answers
            )
        case GapNumber():
            name = "NUMERICAL"
            answers = "~".join(
                _one(a.fraction, _number_text(a), a.feedback, raw=True) for a in gap.answers
            )
        case GapChoice():
            base, letters = ("MULTIRESPONSE", "H") if gap.several else ("MULTICHOICE", "VH")
            shown = {"column": "V", "row": "H"}.get(gap.show, "")
            suffix = (shown if shown in letters else "") + ("S" if gap.shuffle else "")
            name = f"{base}_{suffix}" if suffix else base
            write = _one_of_several if gap.several else _one
            answers = "~".join(write(o.fraction, _option(o.text), o.feedback) for o in gap.options)
    weight = number(gap.weight) if float(gap.weight).is_integer() else f"{gap.weight:.4f}"
    return "{" + f"{weight}:{name}:{answers}" + "}"


def _option(text: Rich) -> str:
    source = to_moodle(text)
    return source if text.markup == "html" else html.escape(source, quote=False)


def _sign(fraction: float) -> str:
    if fraction == 1:
        return "="
    return f"%{percent(fraction)}%" if fraction else ""


def _one(fraction: float, text: str, feedback: Rich, raw: bool = False) -> str:
    said = f"#{_escaped(as_html(feedback))}" if feedback else ""
    return _sign(fraction) + (text if raw else _escaped(text)) + said


def _one_of_several(fraction: float, text: str, feedback: Rich) -> str:
    sign = f"%{percent(fraction)}%" if fraction else ""
    return sign + _escaped(text) + (f"#{_escaped(as_html(feedback))}" if feedback else "")


def _escaped(text: str) -> str:
    text = re.sub(r'[}#~"\\]', r"\\\g<0>", text)
    return re.sub(
        r"\A([=%])", lambda sign: {"=": "&#61;", "%": "&#37;"}[sign[1]].replace("#", r"\#"), text
    )


def _number_text(answer: AcceptedNumber) -> str:
    if answer.kind == "any":
        return "*"
    if answer.kind == "range":
        return f"{number((answer.low + answer.high) / 2)}:{number((answer.high - answer.low) / 2)}"
    tolerance = answer.tolerance * abs(answer.value) if answer.relative else answer.tolerance
    return f"{number(answer.value)}:{number(tolerance)}"
