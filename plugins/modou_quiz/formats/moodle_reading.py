"""Questions out of Moodle XML elements, by Moodle's types."""

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from modou.errors import Message
from modou_quiz.content import FILE, Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.building import (
    NO_RIGHT_ANSWER,
    PLUGIN_FILE,
    Refused,
    build,
    from_moodle,
    guessed,
)
from modou_quiz.formats.moodle_cloze import read_gaps
from modou_quiz.formats.xml_safety import Element, inner_text
from modou_quiz.i18n import _
from modou_quiz.types.contents import (
    Accepted,
    AcceptedNumber,
    Cloze,
    Description,
    Essay,
    GapChoice,
    Hint,
    Matching,
    MultipleChoice,
    Numerical,
    Option,
    Ordering,
    Pair,
    Reading,
    Replies,
    Short,
    SingleChoice,
    TrueFalse,
    Unit,
    Units,
)

NUMBERING: Final = {
    "abc": "abc",
    "ABCD": "ABC",
    "123": "123",
    "iii": "iii",
    "IIII": "III",
    "none": "none",
}
WRITING: Final = {
    "editor": "markdown",
    "editorfilepicker": "markdown",
    "plain": "plain",
    "monospaced": "mono",
    "noinline": "none",
}
#: Elements that say nothing about the question itself.
_IDLE: Final = frozenset({"hidden", "showstandardinstruction", "deletable", "parent", "unitsleft"})
_SHARED: Final = frozenset(
    {
        "name",
        "questiontext",
        "generalfeedback",
        "defaultgrade",
        "penalty",
        "hint",
        "tags",
        "idnumber",
    }
)
_REPLIES: Final = frozenset(
    {"correctfeedback", "partiallycorrectfeedback", "incorrectfeedback", "shownumcorrect"}
)


class Reader:
    """One question of a file.

    :ivar files: what its texts show, by the name in the texts
    """

    def __init__(self, element: Element, item: Item) -> None:
        self.element = element
        self.item = item
        self.files: dict[str, bytes] = {}
        self.used: set[str] = set()

    def line(self, element: Element) -> int:
        return self.item.line + int(str(element.sourceline or 1)) - 1

    def note(self, level: Any, message: Message, element: Element | None = None) -> None:
        line = self.line(element) if element is not None else self.item.line
        self.item.notes.append(Note(level, message, line))

    def value(self, name: str, default: str = "") -> str:
        """The text of a simple element."""
        self.used.add(name)
        found = self.element.find(name)
        if found is None:
            return default
        text = found.find("text")
        return inner_text(text if text is not None else found).strip() or default

    def number(self, name: str, default: float, element: Element | None = None) -> float:
        text = self.value(name)
        return self.as_number(text, default, name) if text else default

    def as_number(self, text: str, default: float, name: str) -> float:
        try:
            value = float(text)
            if not math.isfinite(value):
                raise ValueError
            return value
        except ValueError:
            message = _("“${text}” is no number (${name}).", mapping={"text": text, "name": name})
            self.note("lost", message)
            return default

    def truth(self, name: str, default: bool = False) -> bool:
        text = self.value(name).lower()
        return text in {"1", "true"} if text else default

    def rich(self, name: str) -> Rich:
        self.used.add(name)
        return self.text(self.element.find(name))

    def text(self, element: Element | None, default: str = "html") -> Rich:
        """A formatted text with its files.

        :param default: its format where nothing is said
        """
        if element is None:
            return Rich()
        format = element.get("format") or default
        inner = element.find("text")
        source = self._source(inner if inner is not None else element)
        for file in element.findall("file"):
            source = self._take(file, source)
        return from_moodle(format, source)

    def _source(self, element: Element) -> str:
        if len(element) == 0:
            return str(element.text or "")
        # HTML that nobody protected: it is well-formed, or the file could not have been read.
        source = element.text or ""
        for child in element:
            source += etree.tostring(child, encoding="unicode")
        return str(source)

    def _take(self, file: Element, source: str) -> str:
        """Keep a file under a name that the text has for it; the text, with that name in it."""
        path = (file.get("path") or "/").strip("/")
        name = file.get("name") or ""
        if not name or name == ".":
            return source
        try:
            if (file.get("encoding") or "base64") != "base64":
                raise ValueError
            data = base64.b64decode("".join(inner_text(file).split()), validate=True)
        except (binascii.Error, ValueError):
            message = _("The file “${name}” is damaged.", mapping={"name": name})
            self.note("lost", message, file)
            return source
        full = f"{path}/{name}" if path else name
        wanted = re.sub(r"[^\w.~%-]", "-", quote(name, safe="")) or "file"
        key, count = wanted, 1
        while key in self.files and self.files[key] != data:
            count += 1
            key = f"{count}-{wanted}"
        self.files[key] = data
        for spelled in dict.fromkeys((quote(full), quote(full, safe="/()!'*"), full)):
            source = source.replace(PLUGIN_FILE + spelled, FILE + key)
        return source

    # -- what many types share

    def shared(self) -> dict[str, Any]:
        hints = []
        for element in self.element.findall("hint"):
            hints.append(
                Hint(
                    text=self.text(element),
                    clear=_said(element, "clearwrong"),
                    count=_said(element, "shownumcorrect"),
                )
            )
        penalty = self.number("penalty", 0.0)
        self.used |= _SHARED
        return {
            "stem": self.rich("questiontext"),
            "feedback": self.rich("generalfeedback"),
            "penalty": min(1.0, max(0.0, penalty)),
            "hints": hints,
        }

    def replies(self) -> Replies:
        self.used |= _REPLIES
        return Replies(
            right=self.rich("correctfeedback"),
            partly=self.rich("partiallycorrectfeedback"),
            wrong=self.rich("incorrectfeedback"),
            count=_said(self.element, "shownumcorrect"),
        )

    def answers(self) -> list[Element]:
        self.used.add("answer")
        return list(self.element.findall("answer"))

    def fraction(self, answer: Element) -> float:
        text = answer.get("fraction") or "0"
        try:
            fraction = float(text) / 100
        except ValueError:
            fraction = 2.0
        if not -1 <= fraction <= 1:
            message = _(
                "The weight ${weight} % is not between −100 and 100.", mapping={"weight": text}
            )
            raise Refused(message, self.line(answer))
        return fraction

    def numbering(self) -> Any:
        return NUMBERING.get(self.value("answernumbering", "abc"), "abc")

    def unused(self) -> None:
        """Say which parts of the question nobody looked at."""
        for element in self.element:
            if not isinstance(element.tag, str) or element.tag in self.used | _IDLE:
                continue
            if inner_text(element).strip():
                message = _("The part “${name}” was not used.", mapping={"name": element.tag})
                self.note("lost", message, element)
                self.used.add(element.tag)


def _said(element: Element, name: str) -> bool:
    found = element.find(name)
    return found is not None and (found.text or "1").strip() not in {"0", "false"}


def _some_right(fractions: list[float]) -> None:
    if not any(fraction > 0 for fraction in fractions):
        raise Refused(NO_RIGHT_ANSWER)


# -- types


def _multichoice(reader: Reader) -> None:
    options = [
        Option(
            text=reader.text(answer),
            fraction=reader.fraction(answer),
            feedback=reader.text(answer.find("feedback")),
        )
        for answer in reader.answers()
    ]
    _some_right([option.fraction for option in options])
    single = reader.truth("single", True)
    shared = reader.shared()
    build(
        reader.item,
        "single" if single else "multiple",
        SingleChoice if single else MultipleChoice,
        **shared,
        options=options,
        shuffle=reader.truth("shuffleanswers"),
        numbering=reader.numbering(),
        replies=reader.replies(),
    )


def _truefalse(reader: Reader) -> None:
    values: dict[str, Any] = {"if_true": Rich(), "if_false": Rich()}
    right: bool | None = None
    for answer in reader.answers():
        truth = inner_text(answer.find("text")).strip().lower() in {"true", "1"}
        values["if_true" if truth else "if_false"] = reader.text(answer.find("feedback"))
        if reader.fraction(answer) > 0:
            right = truth
    if right is None:
        raise Refused(NO_RIGHT_ANSWER)
    build(reader.item, "truefalse", TrueFalse, **reader.shared(), **values, answer=right)


def _shortanswer(reader: Reader) -> None:
    answers = [
        Accepted(
            pattern=inner_text(answer.find("text")),
            fraction=reader.fraction(answer),
            feedback=reader.text(answer.find("feedback")),
        )
        for answer in reader.answers()
    ]
    _some_right([answer.fraction for answer in answers])
    reading = Reading(case=reader.truth("usecase"))
    build(reader.item, "short", Short, **reader.shared(), answers=answers, reading=reading)


def _numerical(reader: Reader) -> None:
    answers = []
    for answer in reader.answers():
        text = inner_text(answer.find("text")).strip()
        more: dict[str, Any] = {
            "fraction": reader.fraction(answer),
            "feedback": reader.text(answer.find("feedback")),
        }
        if text == "*":
            answers.append(AcceptedNumber(kind="any", **more))
            continue
        try:
            tolerance = float(inner_text(answer.find("tolerance")).strip() or 0)
            answers.append(AcceptedNumber(value=float(text), tolerance=abs(tolerance), **more))
        except ValueError:
            message = _(
                "“${text}” is no number, range or number with tolerance.", mapping={"text": text}
            )
            raise Refused(message, reader.line(answer)) from None
    _some_right([answer.fraction for answer in answers])
    build(
        reader.item,
        "numerical",
        Numerical,
        **reader.shared(),
        answers=answers,
        units=_units(reader),
    )


def _units(reader: Reader) -> Units:
    reader.used.add("units")
    units = []
    for unit in reader.element.findall("units/unit"):
        name = inner_text(unit.find("unit_name")).strip()
        factor = reader.as_number(
            inner_text(unit.find("multiplier")).strip() or "1", 1.0, "multiplier"
        )
        if name and factor > 0:
            units.append(Unit(name=name, factor=factor))
    graded, shown = reader.value("unitgradingtype", "0"), reader.value("showunits", "3")
    penalty = reader.number("unitpenalty", 0.1)
    if not units:
        return Units()
    required = graded in {"1", "2"}
    return Units(
        mode="required" if required else "optional" if shown != "3" else "none",
        units=tuple(units),
        penalty=min(1.0, max(0.0, penalty)),
        penalty_of="question" if graded == "2" else "response",
        show={"1": "radio", "2": "select"}.get(shown, "text") if required else "text",
        before=reader.truth("unitsleft"),
    )


def _matching(reader: Reader) -> None:
    reader.used.add("subquestion")
    pairs, distractors = [], []
    for element in reader.element.findall("subquestion"):
        answer = element.find("answer")
        right = guessed(inner_text(answer).strip() if answer is not None else "")
        left = reader.text(element)
        if not right:
            raise Refused(_("A pair has no right side."), reader.line(element))
        if left:
            pairs.append(Pair(left=left, right=right))
        else:
            distractors.append(right)
    if not pairs:
        raise Refused(_("There is no pair in this matching question."))
    build(
        reader.item,
        "matching",
        Matching,
        **reader.shared(),
        pairs=pairs,
        distractors=distractors,
        shuffle=reader.truth("shuffleanswers"),
        replies=reader.replies(),
    )


def _essay(reader: Reader) -> None:
    format = reader.value("responseformat", "editor")
    if format == "editorfilepicker":
        reader.note(
            "changed", _("Files cannot be put into the text of an answer, but sent with it.")
        )
    files = int(reader.number("attachments", 0))
    types = [part for part in re.split(r"[,;\s]+", reader.value("filetypeslist")) if part]
    build(
        reader.item,
        "essay",
        Essay,
        **reader.shared(),
        writing=WRITING.get(format, "plain"),
        required=reader.truth("responserequired", True),
        lines=min(100, max(1, int(reader.number("responsefieldlines", 15)))),
        least_words=max(0, int(reader.number("minwordlimit", 0))),
        most_words=max(0, int(reader.number("maxwordlimit", 0))),
        files=50 if files < 0 else min(50, files),
        files_required=min(50, max(0, int(reader.number("attachmentsrequired", 0)))),
        file_types=types,
        file_bytes=max(0, int(reader.number("maxbytes", 0))),
        template=reader.rich("responsetemplate"),
        notes=reader.rich("graderinfo"),
    )


def _cloze(reader: Reader) -> None:
    shared = reader.shared()
    stem = shared.pop("stem")
    source, gaps = read_gaps(stem.source, stem.markup, reader.item.line)
    if not gaps:
        raise Refused(_("There is no gap in this text."))
    stem = stem.model_copy(update={"source": source})
    build(reader.item, "cloze", Cloze, stem=stem, **shared, gaps=gaps)


def _chosen_words(reader: Reader) -> None:
    """Moodle's "select missing words" and "drag and drop into text": each gap offers the choices of
    its group."""
    name = "selectoption" if reader.element.find("selectoption") is not None else "dragbox"
    reader.used.add(name)
    choices = [
        (inner_text(element.find("text")).strip(), inner_text(element.find("group")).strip() or "1")
        for element in reader.element.findall(name)
    ]
    shared = reader.shared()
    stem = shared.pop("stem")
    gaps: list[GapChoice] = []

    def gap(marker: re.Match[str]) -> str:
        place = int(marker[1]) - 1
        if not 0 <= place < len(choices):
            message = _("The gap ${gap} has no choice.", mapping={"gap": marker[0]})
            raise Refused(message)
        group = choices[place][1]
        options = [
            Option(text=guessed(text), fraction=float(other == place))
            for other, (text, of) in enumerate(choices)
            if of == group
        ]
        gaps.append(GapChoice(options=tuple(options), shuffle=reader.truth("shuffleanswers")))
        return f"[[{len(gaps)}]]"

    source = re.sub(r"\[\[(\d{1,3})\]\]", gap, stem.source)
    if not gaps:
        raise Refused(_("There is no gap in this text."))
    reader.note("changed", _("Words to be dragged became lists to choose from, one in each gap."))
    replies = reader.replies()
    stem = stem.model_copy(update={"source": source})
    build(reader.item, "cloze", Cloze, stem=stem, **shared, gaps=gaps, replies=replies)


def _ordering(reader: Reader) -> None:
    items = [reader.text(answer) for answer in reader.answers()]
    if len(items) < 2:
        raise Refused(_("At least two items are needed to be put in order."))
    grading = reader.value("gradingtype", "ABSOLUTE_POSITION").upper()
    scoring = {"ALL_OR_NOTHING": "all", "-1": "all", "0": "positions"}.get(grading)
    if scoring is None:
        scoring = "positions" if "POSITION" in grading else "neighbours"
    if reader.value("selecttype", "ALL").upper() not in {"ALL", "0"}:
        reader.note("changed", _("All items are shown, not a part of them drawn at random."))
    reader.used |= {"selectcount", "showgrading"}
    layout = reader.value("layouttype", "VERTICAL").upper()
    build(
        reader.item,
        "ordering",
        Ordering,
        **reader.shared(),
        items=items,
        scoring=scoring,
        layout="row" if layout in {"HORIZONTAL", "1"} else "column",
        numbering=NUMBERING.get(reader.value("numberingstyle", "none"), "none"),
        replies=reader.replies(),
    )


def _description(reader: Reader) -> None:
    shared = reader.shared()
    build(reader.item, "description", Description, stem=shared["stem"], feedback=shared["feedback"])


#: Moodle's type -> what reads it.
TYPES: Final[dict[str, Callable[[Reader], None]]] = {
    "multichoice": _multichoice,
    "truefalse": _truefalse,
    "shortanswer": _shortanswer,
    "numerical": _numerical,
    "matching": _matching,
    "essay": _essay,
    "cloze": _cloze,
    "multianswer": _cloze,
    "gapselect": _chosen_words,
    "ddwtos": _chosen_words,
    "ordering": _ordering,
    "description": _description,
}
