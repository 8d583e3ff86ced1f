"""QTI items out of questions, with the names of 2.x; `qti_names` gives them those of a version."""

import re
from collections.abc import Sequence
from typing import Any, Final

import lxml.html
from lxml import etree

from modou_quiz.content import FILE, Content, Rich
from modou_quiz.formats.base import Item
from modou_quiz.formats.building import Refused, as_html, number
from modou_quiz.formats.qti_names import template
from modou_quiz.formats.qti_reading import PART, STEM
from modou_quiz.formats.xml_safety import Element
from modou_quiz.i18n import _
from modou_quiz.types.contents import (
    CONTENTS,
    Accepted,
    AcceptedNumber,
    Case,
    Cloze,
    Description,
    Essay,
    GapChoice,
    GapNumber,
    GapWords,
    Matching,
    MultipleChoice,
    Numerical,
    Option,
    Ordering,
    Replies,
    Short,
    SingleChoice,
    TrueFalse,
)

_MARKER = re.compile(r"\[\[(\d{1,3})\]\]")
_DROPPED: Final = ("script", "style", "iframe", "form", "template", "noscript")
_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")
Where = etree.SubElement


def item_xml(item: Item, version: str, media: str) -> Element:
    """The document of a question.

    :param media: path from the item to the folder of its files
    :raises Refused: QTI has nothing for it
    """
    if item.content is None:
        raise Refused(_("There is no question in it."))
    writer = _Writer(version, media)
    return writer.document(item, item.content)


class _Writer:
    def __init__(self, version: str, media: str) -> None:
        self.version = version
        self.media = media
        self.root = etree.Element("assessmentItem")
        self.declared: list[Element] = []
        self.rules: list[Element] = []
        #: How each response is scored: (name, "match", "map" or "rules").
        self.scored: list[tuple[str, str]] = []

    def document(self, item: Item, content: Content) -> Element:
        root = self.root
        root.set("identifier", "question")
        root.set("title", item.title or "?")
        root.set("adaptive", "false")
        root.set("timeDependent", "false")
        body = etree.Element("itemBody")
        self.body(body, content, "")
        for declared in self.declared:
            root.append(declared)
        score = Where(root, "outcomeDeclaration")
        _set(score, identifier="SCORE", cardinality="single", baseType="float")
        default = Where(Where(score, "defaultValue"), "value")
        default.text = "0"
        for name in ("FEEDBACK", "GRADE"):
            outcome = Where(root, "outcomeDeclaration")
            _set(outcome, identifier=name, cardinality="multiple", baseType="identifier")
        root.append(body)
        self._processing()
        self._feedback("general", "FEEDBACK", content.feedback)
        replies = getattr(content, "replies", Replies())
        self._feedback("correct", "GRADE", replies.right)
        self._feedback("partial", "GRADE", replies.partly)
        self._feedback("incorrect", "GRADE", replies.wrong)
        return root

    def _feedback(self, name: str, outcome: str, text: Rich) -> None:
        if text:
            shown = Where(self.root, "modalFeedback")
            _set(shown, outcomeIdentifier=outcome, identifier=name, showHide="show")
            self.fill(shown, text)

    # -- texts

    def fill(self, element: Element, text: Rich) -> None:
        """Put a formatted text into an element, as well-formed HTML."""
        source = as_html(text).replace(FILE, f"{self.media}/")
        if not source.strip():
            return
        parsed = lxml.html.fragment_fromstring(source, create_parent="div")
        for gone in list(parsed.iter(*_DROPPED)):
            gone.drop_tree()
        for child in list(parsed.iter()):
            if not isinstance(child.tag, str):
                if child.getparent() is not None:
                    child.drop_tree()
                continue
            if not _NAME.match(child.tag):
                child.drop_tag()
                continue
            for key in list(child.attrib):
                if not _NAME.match(key) or key.startswith(("on", "xml")):
                    del child.attrib[key]
        made = etree.fromstring(etree.tostring(parsed, method="xml", encoding="UTF-8"))
        element.text = made.text
        for child in list(made):
            element.append(child)

    def stem(self, parent: Element, text: Rich) -> Element:
        stem = Where(parent, "div")
        stem.set("class", STEM)
        self.fill(stem, text)
        return stem

    # -- declarations

    def declare(self, name: str, cardinality: str, base: str, correct: Sequence[str]) -> Element:
        declared = etree.Element("responseDeclaration")
        _set(declared, identifier=name, cardinality=cardinality, baseType=base)
        if correct:
            inside = Where(declared, "correctResponse")
            for value in correct:
                Where(inside, "value").text = value
        self.declared.append(declared)
        return declared

    @staticmethod
    def mapping(declared: Element, worth: Sequence[tuple[str, float]], **more: str) -> None:
        mapping = Where(declared, "mapping")
        _set(mapping, defaultValue="0", **more)
        for key, value in worth:
            entry = Where(mapping, "mapEntry")
            _set(entry, mapKey=key, mappedValue=number(round(value, 7)))

    def _processing(self) -> None:
        if not self.scored:
            return
        processing = Where(self.root, "responseProcessing")
        kinds = {kind for _name, kind in self.scored}
        if self.scored == [("RESPONSE", "match")]:
            processing.set("template", template("match_correct", self.version))
            return
        if self.scored == [("RESPONSE", "map")]:
            processing.set("template", template("map_response", self.version))
            return
        for rule in self.rules:
            processing.append(rule)
        if kinds == {"rules"}:
            return
        for name, kind in self.scored:
            if kind == "rules":
                continue
            test = Where(Where(processing, "responseCondition"), "responseIf")
            if kind == "match":
                match = Where(test, "match")
                Where(match, "variable").set("identifier", name)
                Where(match, "correct").set("identifier", name)
                _score(test, 1.0, more=True)
            else:
                absent = Where(Where(test, "not"), "isNull")
                Where(absent, "variable").set("identifier", name)
                score = Where(test, "setOutcomeValue")
                score.set("identifier", "SCORE")
                total = Where(score, "sum")
                Where(total, "variable").set("identifier", "SCORE")
                Where(total, "mapResponse").set("identifier", name)

    # -- types

    def body(self, parent: Element, content: Content, suffix: str) -> None:
        """The interactions of a question.

        :param suffix: of the names of its responses, within a case
        """
        name = f"RESPONSE{suffix}"
        match content:
            case Case():
                self._case(parent, content)
            case Cloze():
                self._cloze(parent, content, suffix)
            case Description():
                self.stem(parent, content.stem)
            case _:
                stem = self.stem(parent, content.stem)
                self._interaction(parent, stem, content, name)

    def _interaction(self, parent: Element, stem: Element, content: Content, name: str) -> None:
        match content:
            case SingleChoice() | MultipleChoice():
                self._choice(parent, content, name)
            case TrueFalse():
                self._truefalse(parent, content, name)
            case Short():
                entry = Where(Where(parent, "p"), "textEntryInteraction")
                self._words(entry, content.answers, content.reading.case, name)
            case Numerical():
                entry = Where(Where(parent, "p"), "textEntryInteraction")
                self._numbers(entry, content.answers, name)
            case Ordering():
                self._ordering(parent, content, name)
            case Matching():
                self._matching(parent, content, name)
            case Essay():
                self._essay(parent, content, name)
            case _:
                raise Refused(_("This format cannot carry the question; it was left out."))

    def _choice(self, parent: Element, content: SingleChoice | MultipleChoice, name: str) -> None:
        several = isinstance(content, MultipleChoice)
        block = Where(parent, "choiceInteraction")
        _set(
            block,
            responseIdentifier=name,
            shuffle=str(content.shuffle).lower(),
            maxChoices="0" if several else "1",
        )
        keys = [f"c{place}" for place in range(1, len(content.options) + 1)]
        for key, option in zip(keys, content.options, strict=True):
            self._simple_choice(block, key, option.text, option.feedback)
        worth = [(key, o.fraction) for key, o in zip(keys, content.options, strict=True)]
        right = [key for key, value in worth if (value > 0 if several else value == 1)]
        declared = self.declare(name, "multiple" if several else "single", "identifier", right)
        if isinstance(content, MultipleChoice) and content.scoring == "all":
            self.scored.append((name, "match"))
            return
        if several or any(value not in {0.0, 1.0} for _key, value in worth):
            bounds = {"lowerBound": "0", "upperBound": "1"} if several else {}
            self.mapping(declared, [pair for pair in worth if pair[1]], **bounds)
            self.scored.append((name, "map"))
        else:
            self.scored.append((name, "match"))

    def _simple_choice(
        self, block: Element, key: str, text: Rich, feedback: Rich | None = None
    ) -> None:
        choice = Where(block, "simpleChoice")
        choice.set("identifier", key)
        self.fill(choice, text)
        if feedback:
            remark = Where(choice, "feedbackInline")
            _set(remark, outcomeIdentifier="FEEDBACK", identifier=key, showHide="show")
            self.fill(remark, feedback)

    def _truefalse(self, parent: Element, content: TrueFalse, name: str) -> None:
        block = Where(parent, "choiceInteraction")
        _set(block, responseIdentifier=name, shuffle="false", maxChoices="1")
        for key, words, feedback in (
            ("true", "正确 / True", content.if_true),
            ("false", "错误 / False", content.if_false),
        ):
            self._simple_choice(block, key, Rich(source=words, markup="plain"), feedback)
        self.declare(name, "single", "identifier", [str(content.answer).lower()])
        self.scored.append((name, "match"))

    def _ordering(self, parent: Element, content: Ordering, name: str) -> None:
        block = Where(parent, "orderInteraction")
        _set(
            block,
            responseIdentifier=name,
            shuffle="true",
            orientation="horizontal" if content.layout == "row" else "vertical",
        )
        keys = [f"c{place}" for place in range(1, len(content.items) + 1)]
        for key, text in zip(keys, content.items, strict=True):
            self._simple_choice(block, key, text)
        self.declare(name, "ordered", "identifier", keys)
        self.scored.append((name, "match"))

    def _matching(self, parent: Element, content: Matching, name: str) -> None:
        block = Where(parent, "matchInteraction")
        choices = content.choices()
        most = len(content.pairs)
        _set(
            block,
            responseIdentifier=name,
            shuffle=str(content.shuffle).lower(),
            maxAssociations=str(most),
        )
        for letter, texts, times in (
            ("l", [pair.left for pair in content.pairs], 1),
            ("r", list(choices), most),
        ):
            one = Where(block, "simpleMatchSet")
            for place, text in enumerate(texts, start=1):
                choice = Where(one, "simpleAssociableChoice")
                _set(choice, identifier=f"{letter}{place}", matchMax=str(times))
                self.fill(choice, text)
        pairs = [f"l{place} r{right + 1}" for place, right in enumerate(content.key(), start=1)]
        declared = self.declare(name, "multiple", "directedPair", pairs)
        if content.scoring == "each":
            self.mapping(declared, [(pair, 1 / max(1, most)) for pair in pairs])
            self.scored.append((name, "map"))
        else:
            self.scored.append((name, "match"))

    def _essay(self, parent: Element, content: Essay, name: str) -> None:
        if content.writing == "none":
            block = Where(parent, "uploadInteraction")
            self.declare(name, "single", "file", [])
        else:
            block = Where(parent, "extendedTextInteraction")
            formats = {"markdown": "xhtml", "mono": "preformatted"}
            block.set("expectedLines", str(content.lines))
            block.set("format", formats.get(content.writing, "plain"))
            self.declare(name, "single", "string", [])
        block.set("responseIdentifier", name)
        if content.notes:
            rubric = Where(parent, "rubricBlock")
            rubric.set("view", "scorer")
            self.fill(rubric, content.notes)

    def _words(self, entry: Element, answers: Sequence[Accepted], case: bool, name: str) -> None:
        entry.set("responseIdentifier", name)
        right = [answer.pattern for answer in answers if answer.fraction == 1][:1]
        declared = self.declare(name, "single", "string", right)
        mapping = Where(declared, "mapping")
        mapping.set("defaultValue", "0")
        for answer in answers:
            mapped = Where(mapping, "mapEntry")
            _set(
                mapped,
                mapKey=answer.pattern,
                mappedValue=number(answer.fraction),
                caseSensitive=str(case).lower(),
            )
        self.scored.append((name, "map"))

    def _numbers(self, entry: Element, answers: Sequence[AcceptedNumber], name: str) -> None:
        entry.set("responseIdentifier", name)
        right = [number(a.value) for a in answers if a.fraction == 1 and a.kind == "value"][:1]
        self.declare(name, "single", "float", right)
        condition = etree.Element("responseCondition")
        for answer in answers:
            if answer.kind == "any":
                # Whatever else is a number: behind all others.
                continue
            test = Where(condition, "responseIf" if len(condition) == 0 else "responseElseIf")
            if answer.kind == "value":
                size = answer.tolerance * 100 if answer.relative else answer.tolerance
                equal = Where(test, "equal")
                mode = "relative" if answer.relative else "absolute"
                _set(equal, toleranceMode=mode, tolerance=f"{number(size)} {number(size)}")
                _compared(equal, name, answer.value)
            else:
                both = Where(test, "and")
                _compared(Where(both, "gte"), name, answer.low)
                _compared(Where(both, "lte"), name, answer.high)
            _score(test, answer.fraction, more=name != "RESPONSE")
        for answer in answers:
            if answer.kind == "any" and condition.find("responseElse") is None:
                if len(condition) == 0:
                    test = Where(condition, "responseIf")
                    Where(Where(Where(test, "not"), "isNull"), "variable").set("identifier", name)
                else:
                    test = Where(condition, "responseElse")
                _score(test, answer.fraction, more=name != "RESPONSE")
                if test.tag == "responseIf":
                    break
        if len(condition):
            self.rules.append(condition)
        self.scored.append((name, "rules"))

    def _cloze(self, parent: Element, content: Cloze, suffix: str) -> None:
        stem = self.stem(parent, content.stem)
        for element in list(stem.iter(etree.Element)):
            self._place(element, content, suffix)

    def _place(self, element: Element, content: Cloze, suffix: str) -> None:
        """Put gaps where their markers stand in the text of an element and behind its children."""
        children = list(element)
        pieces = [(None, element.text or ""), *((child, child.tail or "") for child in children)]
        for child, text in reversed(pieces):
            found = [m for m in _MARKER.finditer(text) if 0 < int(m[1]) <= len(content.gaps)]
            if not found:
                continue
            made = []
            for at, marker in enumerate(found):
                gap = self._gap(content.gaps[int(marker[1]) - 1], f"{suffix}_{marker[1]}")
                end = found[at + 1].start() if at + 1 < len(found) else len(text)
                gap.tail = text[marker.end() : end]
                made.append(gap)
            before = text[: found[0].start()]
            if child is None:
                element.text, place = before, 0
            else:
                child.tail, place = before, element.index(child) + 1
            for offset, gap in enumerate(made):
                element.insert(place + offset, gap)

    def _gap(self, gap: GapWords | GapNumber | GapChoice, suffix: str) -> Element:
        name = f"RESPONSE{suffix}"
        if any(declared.get("identifier") == name for declared in self.declared):
            raise Refused(_("A gap stands in the text twice."))
        match gap:
            case GapWords():
                entry = etree.Element("textEntryInteraction")
                self._words(entry, gap.answers, gap.reading.case, name)
                return entry
            case GapNumber():
                entry = etree.Element("textEntryInteraction")
                self._numbers(entry, gap.answers, name)
                return entry
        choice = etree.Element("inlineChoiceInteraction")
        _set(choice, responseIdentifier=name, shuffle=str(gap.shuffle).lower())
        self._inline(choice, gap.options, name)
        return choice

    def _inline(self, choice: Element, options: Sequence[Option], name: str) -> None:
        for place, option in enumerate(options, start=1):
            one = Where(choice, "inlineChoice")
            one.set("identifier", f"c{place}")
            self.fill(one, option.text)
        worth = [(f"c{place}", o.fraction) for place, o in enumerate(options, start=1)]
        right = [key for key, value in worth if value == 1][:1]
        declared = self.declare(name, "single", "identifier", right)
        self.mapping(declared, [pair for pair in worth if pair[1]])
        self.scored.append((name, "map"))

    def _case(self, parent: Element, content: Case) -> None:
        self.stem(parent, content.stem)
        for place, question in enumerate(content.questions, start=1):
            if question.type not in CONTENTS:
                raise Refused(_("This format cannot carry the question; it was left out."))
            part = Where(parent, "div")
            part.set("class", PART)
            part.set("id", f"q{place}-{question.type}")
            inner: Any = question.content()
            self.body(part, inner, f"_{place}")


def _set(element: Element, **attributes: str) -> None:
    for name, value in attributes.items():
        element.set(name, value)


def _compared(parent: Element, name: str, value: float) -> None:
    Where(parent, "variable").set("identifier", name)
    base = Where(parent, "baseValue")
    base.set("baseType", "float")
    base.text = number(value)


def _score(parent: Element, value: float, more: bool) -> None:
    """Set the score, or add to it what one of several responses is worth."""
    score = Where(parent, "setOutcomeValue")
    score.set("identifier", "SCORE")
    inside = score
    if more:
        inside = Where(score, "sum")
        Where(inside, "variable").set("identifier", "SCORE")
    base = Where(inside, "baseValue")
    base.set("baseType", "float")
    base.text = number(round(value, 7))
