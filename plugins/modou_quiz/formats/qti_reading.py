"""Questions out of QTI items (with the names of 2.x, see `qti_names`).

What an item is follows from its interactions: one that offers choices, orders, matches or takes a
text is a question of that type; gaps within a text are a cloze; several of them are a case. What a
response is worth says the mapping or the correct response; own rules of response processing are
read as far as they compare numbers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from modou.errors import Message
from modou_quiz.content import FILE, Content, Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.building import NO_RIGHT_ANSWER, Refused, guessed
from modou_quiz.formats.xml_safety import Element, inner_text
from modou_quiz.i18n import _
from modou_quiz.types.contents import (
    CONTENTS,
    Accepted,
    AcceptedNumber,
    GapChoice,
    GapNumber,
    GapWords,
    Option,
    Pair,
    Reading,
    SubQuestion,
)

BLOCKS: Final = (
    "choiceInteraction",
    "orderInteraction",
    "matchInteraction",
    "gapMatchInteraction",
    "extendedTextInteraction",
    "uploadInteraction",
)
INLINE: Final = ("inlineChoiceInteraction", "textEntryInteraction")
#: A part of a body that is a question of its own, and a stem, in what is written here.
PART, STEM = "modou-question", "modou-stem"
_SOURCES: Final = {"img": "src", "object": "data", "audio": "src", "video": "src", "source": "src"}
_NUMBERS: Final = frozenset({"float", "integer"})


@dataclass(slots=True)
class Response:
    """A declared response: what is right, and what responses are worth."""

    cardinality: str
    base: str
    correct: list[str]
    mapping: dict[str, float] = field(default_factory=dict)
    case: bool = False
    upper: float = 0.0

    def fraction(self, key: str) -> float:
        """What one choice is worth of the whole, 0 to 1 (or below 0)."""
        if self.mapping and any(value > 0 for value in self.mapping.values()):
            values = [value for value in self.mapping.values() if value > 0]
            most = max(values) if self.cardinality == "single" else self.upper or sum(values)
            return max(-1.0, min(1.0, self.mapping.get(key, 0.0) / most))
        if self.cardinality == "single":
            return float(key in self.correct)
        return 1 / len(self.correct) if key in self.correct else 0.0


class ItemReader:
    """One item.

    :param fetch: bytes of what an address in the item means, None when there is nothing
    """

    def __init__(
        self, root: Element, item: Item, fetch: Callable[[str], bytes | None], forced: str = ""
    ) -> None:
        self.root = root
        self.item = item
        self.fetch = fetch
        self.forced = forced
        self.files: dict[str, bytes] = {}
        self.responses = {
            element.get("identifier") or "": _response(element)
            for element in root.findall("responseDeclaration")
        }

    def note(self, level: Any, message: Message, element: Element | None = None) -> None:
        line = int(str(element.sourceline or 0)) if element is not None else self.item.line
        self.item.notes.append(Note(level, message, line))

    def read(self) -> tuple[str, Content]:
        """Type and content.

        :raises Refused: there is no question in it
        """
        body = self.root.find("itemBody")
        if body is None:
            raise Refused(_("There is no “itemBody” in this item."))
        self._unknown(body)
        self._maths(body)
        feedback, replies = self._feedback()
        parts = [part for part in body.iter("div") if part.get("class") == PART]
        blocks = [block for block in body.iter(*BLOCKS) if not _within(block, BLOCKS)]
        gaps = list(body.iter(*INLINE, "gap"))
        for gap in gaps:
            if gap.tag == "gap" and not _within(gap, ("gapMatchInteraction",)):
                message = _("A gap stands outside of its interaction.")
                raise Refused(message, int(str(gap.sourceline or 0)))
        if parts or (len(blocks) > 1) or (blocks and any(not _within(g, BLOCKS) for g in gaps)):
            type, values = "case", self._case(body, parts or blocks)
        else:
            type, values = self._single(body, blocks, gaps)
        model = CONTENTS[type]
        if feedback:
            values["feedback"] = feedback
        if "replies" in model.model_fields and any(replies.values()):
            values["replies"] = replies
        elif any(replies.values()):
            self.note("lost", _("Feedback by how good the answer was has no place in this type."))
        return type, model(**values)

    def _unknown(self, body: Element) -> None:
        for element in body.iter(etree.Element):
            name = str(element.tag)
            if name.endswith("Interaction") and name not in (*BLOCKS, *INLINE):
                message = _("The interaction “${name}” is not known here.", mapping={"name": name})
                raise Refused(message, int(str(element.sourceline or 0)))

    def _maths(self, body: Element) -> None:
        """Formulas in MathML become TeX where that stands beside them."""
        for math in list(body.iter("math")):
            tex = next(
                (
                    inner_text(a).strip()
                    for a in math.iter("annotation")
                    if "tex" in (a.get("encoding") or "").lower()
                ),
                "",
            )
            text = f"\\({tex}\\)" if tex else " ".join(inner_text(math).split())
            if not tex:
                self.note("lost", _("A formula in MathML became the letters in it."), math)
            span = etree.Element("span")
            span.text, span.tail = text, math.tail
            math.getparent().replace(math, span)

    def _feedback(self) -> tuple[Rich, dict[str, Rich]]:
        """The explanation, and feedback by how good the answer was."""
        found: list[Rich] = []
        replies = {"right": Rich(), "partly": Rich(), "wrong": Rich()}
        names = {"correct": "right", "partial": "partly", "incorrect": "wrong"}
        for element in self.root.findall("modalFeedback"):
            name = (element.get("identifier") or "").lower()
            text = self.html(element)
            if name in names:
                replies[names[name]] = text
            elif text:
                if name != "general":
                    self.note(
                        "changed",
                        _("Feedback that is shown under a condition became the explanation."),
                        element,
                    )
                found.append(text)
        if len(found) > 1:
            return Rich(source="\n".join(text.source for text in found)), replies
        return (found[0] if found else Rich()), replies

    # -- texts

    def html(self, element: Element, without: tuple[str, ...] = ()) -> Rich:
        """What stands within an element, as HTML."""
        for name, attribute in _SOURCES.items():
            for shown in element.iter(name):
                shown.set(attribute, self._kept(shown.get(attribute) or "", shown))
        source = _inner(element, without)
        return (
            guessed(source.strip())
            if not re.search(r"[<&]", source)
            else Rich(source=source.strip())
        )

    def _kept(self, href: str, element: Element) -> str:
        """The address of a picture within the content."""
        if not href or href.startswith((FILE, "data:", "http:", "https:")):
            return href
        data = self.fetch(href)
        name = re.sub(r"[^\w.~%-]", "-", href.rsplit("/", 1)[-1]) or "file"
        if data is None:
            message = _("The file “${name}” is not part of what was sent.", mapping={"name": href})
            self.note("lost", message, element)
            return FILE + name
        key, count = name, 1
        while key in self.files and self.files[key] != data:
            count += 1
            key = f"{count}-{name}"
        self.files[key] = data
        return FILE + key

    def stem(self, body: Element, block: Element | None = None) -> Rich:
        """All of a body but its interactions, and the prompt of its one block."""
        own = [part for part in body if str(part.tag) == "div" and part.get("class") == STEM]
        prompt = block.find("prompt") if block is not None else None
        asked = self.html(prompt) if prompt is not None else Rich()
        rest = self.html(own[0]) if len(own) == 1 else self.html(body, (*BLOCKS, "rubricBlock"))
        if not asked or not rest:
            return asked or rest
        return Rich(source=f"{_as_html(rest)}\n{_as_html(asked)}")

    # -- items

    def _single(
        self, body: Element, blocks: list[Element], gaps: list[Element]
    ) -> tuple[str, dict[str, Any]]:
        if blocks and blocks[0].tag != "gapMatchInteraction":
            return self._block(body, blocks[0])
        if not gaps:
            return "description", {"stem": self.stem(body)}
        if len(gaps) == 1 and not blocks and self._is_alone(body, gaps[0]):
            return self._entry(body, gaps[0])
        return "cloze", self._cloze(body, blocks, gaps)

    def _is_alone(self, body: Element, gap: Element) -> bool:
        """Whether an entry stands behind the text, not within it."""
        if self.forced in {"short", "numerical", "cloze"}:
            return self.forced != "cloze"
        if gap.tag != "textEntryInteraction":
            return False
        text = ""
        for element in body.iter(etree.Element):
            if element is gap:
                text += "\ufffc" + (element.tail or "")
                continue
            text += (element.text or "") + (element.tail or "")
        return not text.partition("\ufffc")[2].strip(" \n\t.。")

    def _block(self, body: Element, block: Element) -> tuple[str, dict[str, Any]]:
        stem = self.stem(body, block)
        made: dict[str, Callable[[Element], tuple[str, dict[str, Any]]]] = {
            "choiceInteraction": self._choice,
            "orderInteraction": self._order,
            "matchInteraction": self._match,
            "extendedTextInteraction": self._text,
            "uploadInteraction": self._text,
        }
        type, values = made[str(block.tag)](block)
        notes = [self.html(rubric) for rubric in body.iter("rubricBlock")]
        if type == "essay" and notes:
            values["notes"] = notes[0]
        return type, {"stem": stem, **values}

    def response(self, interaction: Element) -> Response:
        name = interaction.get("responseIdentifier") or "RESPONSE"
        return self.responses.get(name) or Response("single", "identifier", [])

    def _choice(self, block: Element) -> tuple[str, dict[str, Any]]:
        response = self.response(block)
        choices = block.findall("simpleChoice")
        options = []
        for choice in choices:
            remarks = [self.html(remark) for remark in choice.iter("feedbackInline")]
            options.append(
                Option(
                    text=self.html(choice, ("feedbackInline",)),
                    fraction=response.fraction(choice.get("identifier") or ""),
                    feedback=remarks[0] if remarks else Rich(),
                )
            )
        if not any(option.fraction > 0 for option in options):
            raise Refused(NO_RIGHT_ANSWER, int(str(block.sourceline or 0)))
        names = [choice.get("identifier") for choice in choices]
        if names == ["true", "false"] and response.cardinality == "single":
            return "truefalse", {
                "answer": options[0].fraction > 0,
                "if_true": options[0].feedback,
                "if_false": options[1].feedback,
            }
        values: dict[str, Any] = {"options": options, "shuffle": block.get("shuffle") == "true"}
        several = response.cardinality == "multiple" or block.get("maxChoices", "1") != "1"
        if not several:
            return "single", values
        if not response.mapping:
            values["scoring"] = "all"
        return "multiple", values

    def _order(self, block: Element) -> tuple[str, dict[str, Any]]:
        known = {c.get("identifier") or "": self.html(c) for c in block.findall("simpleChoice")}
        order = self.response(block).correct
        if sorted(order) != sorted(known):
            raise Refused(_("The right order does not name each item once."))
        row = block.get("orientation") == "horizontal"
        values = {"items": [known[name] for name in order], "layout": "row" if row else "column"}
        return "ordering", {**values, "scoring": "all"}

    def _match(self, block: Element) -> tuple[str, dict[str, Any]]:
        sets = block.findall("simpleMatchSet")
        if len(sets) != 2:
            raise Refused(
                _("A matching needs two sets; here are ${count}.", mapping={"count": len(sets)})
            )
        lefts, rights = (
            {c.get("identifier") or "": self.html(c) for c in one.iter("simpleAssociableChoice")}
            for one in sets
        )
        response = self.response(block)
        named = response.correct or [key for key, value in response.mapping.items() if value > 0]
        right_of: dict[str, str] = {}
        for pair in named:
            one, _space, other = pair.partition(" ")
            if one in rights and other in lefts:
                one, other = other, one
            if one in right_of:
                raise Refused(_("Something on the left belongs to several on the right."))
            right_of[one] = other
        pairs = []
        for name, left in lefts.items():
            right = rights.get(right_of.get(name, ""))
            if right is None:
                self.note("lost", _("Something on the left belongs to nothing; it was left out."))
                continue
            pairs.append(Pair(left=left, right=right))
        if not pairs:
            raise Refused(_("There is no pair in this matching question."))
        used = set(right_of.values())
        rest = [right for name, right in rights.items() if name not in used]
        shuffle = block.get("shuffle") == "true"
        return "matching", {"pairs": pairs, "distractors": rest, "shuffle": shuffle}

    def _text(self, block: Element) -> tuple[str, dict[str, Any]]:
        if block.tag == "uploadInteraction":
            return "essay", {"writing": "none", "files": 1, "files_required": 1}
        lines = block.get("expectedLines") or "15"
        format = block.get("format") or "plain"
        return "essay", {
            "writing": {"xhtml": "markdown", "preformatted": "mono"}.get(format, "plain"),
            "lines": min(100, max(1, int(lines))) if lines.isdigit() else 15,
        }

    # -- entries and gaps

    def _entry(self, body: Element, gap: Element) -> tuple[str, dict[str, Any]]:
        response = self.response(gap)
        numeric = response.base in _NUMBERS if not self.forced else self.forced == "numerical"
        values: dict[str, Any] = {"answers": self._answers(gap, response, numeric)}
        gap.set("class", "gone")
        values["stem"] = self.stem(body) if self._own_stem(body) else self.html(body, INLINE)
        if numeric:
            return "numerical", values
        values["reading"] = Reading(case=response.case)
        return "short", values

    def _own_stem(self, body: Element) -> bool:
        return any(part.get("class") == STEM for part in body)

    def _answers(self, gap: Element, response: Response, numeric: bool) -> list[Any]:
        answers: list[Any]
        if numeric:
            answers = self._numbers(gap.get("responseIdentifier") or "RESPONSE")
            if not answers:
                answers = [AcceptedNumber(value=_float(value)) for value in response.correct]
        else:
            known = dict.fromkeys([*response.correct, *response.mapping])
            worth = response.mapping
            most = max([1.0, *worth.values()]) if worth else 1.0
            answers = [
                Accepted(
                    pattern=re.sub(r"(\\|\*)", r"\\\1", key) if "*" in key else key,
                    fraction=max(
                        -1.0,
                        min(1.0, worth.get(key, 1.0 if key in response.correct else 0.0) / most),
                    ),
                )
                for key in known
            ]
        if not any(answer.fraction > 0 for answer in answers):
            raise Refused(NO_RIGHT_ANSWER, int(str(gap.sourceline or 0)))
        return answers

    def _numbers(self, name: str) -> list[AcceptedNumber]:
        """Numbers that response processing compares a response with."""
        found: list[AcceptedNumber] = []
        for condition in self.root.iter("responseIf", "responseElseIf", "responseElse"):
            score = next(condition.iterfind("setOutcomeValue//baseValue"), None)
            fraction = max(-1.0, min(1.0, _float(inner_text(score)))) if score is not None else 1.0
            test = condition[0] if len(condition) else None
            first = condition.getparent()[0]
            if test is None or not any(v.get("identifier") == name for v in first.iter("variable")):
                continue
            if condition.tag == "responseElse" or test.tag == "not":
                found.append(AcceptedNumber(kind="any", fraction=fraction))
                continue
            values = [_float(inner_text(value)) for value in test.iter("baseValue")]
            if test.tag == "equal" and values:
                tolerance = _float(((test.get("tolerance") or "").split() or ["0"])[0])
                relative = test.get("toleranceMode") == "relative"
                found.append(
                    AcceptedNumber(
                        value=values[0],
                        tolerance=abs(tolerance) / 100 if relative else abs(tolerance),
                        relative=relative,
                        fraction=fraction,
                    )
                )
            elif test.tag == "and" and len(values) == 2:
                low, high = sorted(values)
                found.append(AcceptedNumber(kind="range", low=low, high=high, fraction=fraction))
        return found

    def _cloze(self, body: Element, blocks: list[Element], gaps: list[Element]) -> dict[str, Any]:
        made = []
        prompts = [prompt for block in blocks if (prompt := block.find("prompt")) is not None]
        for number, gap in enumerate(gaps, start=1):
            made.append(self._gap(gap, blocks))
            span = etree.Element("modou-gap")
            span.text, span.tail = f"[[{number}]]", gap.tail
            gap.getparent().replace(gap, span)
        asked = [self.html(prompt).source for prompt in prompts]
        own = [part for part in body if part.get("class") == STEM]
        inside = own[0] if len(own) == 1 else blocks[0] if blocks else body
        text = self.html(inside, ("gapText", "gapImg", "prompt"))
        source = re.sub(r"</?modou-gap>", "", text.source)
        markup = text.markup if text.markup == "plain" or "<" in source else "html"
        return {"stem": Rich(source="\n".join([*asked, source]), markup=markup), "gaps": made}

    def _gap(self, gap: Element, blocks: list[Element]) -> GapWords | GapNumber | GapChoice:
        if gap.tag == "gap":
            response = self.response(blocks[0])
            name = gap.get("identifier") or ""
            rights = {
                pair.partition(" ")[0] for pair in response.correct if pair.endswith(f" {name}")
            }
            choices = [*blocks[0].findall("gapText"), *blocks[0].findall("gapImg")]
            options = [
                Option(text=self.html(c), fraction=float((c.get("identifier") or "") in rights))
                for c in choices
            ]
        else:
            response = self.response(gap)
            if gap.tag == "textEntryInteraction":
                numeric = response.base in _NUMBERS
                answers = tuple(self._answers(gap, response, numeric))
                if numeric:
                    return GapNumber(answers=answers)
                return GapWords(answers=answers, reading=Reading(case=response.case))
            options = [
                Option(text=self.html(c), fraction=response.fraction(c.get("identifier") or ""))
                for c in gap.findall("inlineChoice")
            ]
        if not any(option.fraction > 0 for option in options):
            raise Refused(_("No answer of a gap is marked as right."))
        return GapChoice(options=tuple(options), shuffle=gap.get("shuffle") == "true")

    def _case(self, body: Element, parts: list[Element]) -> dict[str, Any]:
        forced, self.forced = self.forced, ""
        questions = []
        for part in parts:
            if str(part.tag) == "div":
                blocks = [b for b in part.iter(*BLOCKS) if not _within(b, BLOCKS)]
                self.forced = part.get("id", "").partition("-")[2]
                type, values = self._single(part, blocks, list(part.iter(*INLINE, "gap")))
            else:
                holder = etree.Element("div")
                holder.append(_copy(part))
                type, values = self._block(holder, holder[0])
            questions.append(SubQuestion.of(type, CONTENTS[type](**values)))
        self.forced = forced
        for part in parts:
            if part.getparent() is not None:
                # (What stands behind it stays.)
                _remove(part)
        return {"stem": self.stem(body), "questions": questions}


def _response(element: Element) -> Response:
    mapping = element.find("mapping")
    entries = mapping.findall("mapEntry") if mapping is not None else []
    return Response(
        cardinality=element.get("cardinality") or "single",
        base=element.get("baseType") or "identifier",
        correct=[inner_text(value).strip() for value in element.findall("correctResponse/value")],
        mapping={e.get("mapKey") or "": _float(e.get("mappedValue") or "0") for e in entries},
        case=any(e.get("caseSensitive") == "true" for e in entries),
        upper=_float(mapping.get("upperBound") or "0") if mapping is not None else 0.0,
    )


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = _(
            "“${text}” is no number, range or number with tolerance.", mapping={"text": text}
        )
        raise Refused(message) from None


def _within(element: Element, names: tuple[str, ...]) -> bool:
    return any(above.tag in names for above in element.iterancestors())


def _copy(element: Element) -> Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def _as_html(text: Rich) -> str:
    return (
        text.source
        if text.markup == "html"
        else text.source.replace("&", "&amp;").replace("<", "&lt;")
    )


def _inner(element: Element, without: tuple[str, ...]) -> str:
    """Serialised children, without some of them and without comments."""
    source = _text(element.text)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in without:
            if any(True for _found in child.iter(*without)) if without else False:
                kept = _copy(child)
                for gone in list(kept.iter(*without)):
                    _remove(gone)
                source += _serialised(kept)
            else:
                source += _serialised(child)
        source += _text(child.tail)
    return source


def _remove(element: Element) -> None:
    above, tail = element.getparent(), element.tail or ""
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        above.text = (above.text or "") + tail
    above.remove(element)


def _text(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _serialised(element: Element) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
