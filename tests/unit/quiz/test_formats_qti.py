"""QTI items as other systems write them."""

import io
import re
from typing import Any

import pytest

from modou_quiz.formats.base import Item
from modou_quiz.formats.qti import Qti22
from modou_quiz.types.contents import Cloze, Matching, MultipleChoice, Numerical, Ordering, Short

pytestmark = pytest.mark.unit

DECLARED = (
    '<responseDeclaration identifier="RESPONSE" cardinality="{}" baseType="{}">{}'
    "</responseDeclaration>"
)
MULTIPLE = DECLARED.format(
    "multiple",
    "identifier",
    "<correctResponse><value>H</value><value>O</value></correctResponse>"
    '<mapping lowerBound="0" upperBound="2" defaultValue="-2">'
    '<mapEntry mapKey="H" mappedValue="1"/>'
    '<mapEntry mapKey="O" mappedValue="1"/><mapEntry mapKey="Cl" mappedValue="-1"/></mapping>',
)
CHOICES = (
    '<choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="0">'
    "<prompt>水由哪些元素组成？</prompt>"
    '<simpleChoice identifier="H" fixed="false">氢</simpleChoice>'
    '<simpleChoice identifier="O" fixed="false">氧</simpleChoice>'
    '<simpleChoice identifier="Cl" fixed="false">氯</simpleChoice></choiceInteraction>'
)


def document(declared: str, body: str, more: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><assessmentItem '
        'xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1" title="题" '
        f'adaptive="false" timeDependent="false">{declared}'
        '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>'
        f"<itemBody>{body}</itemBody>{more}</assessmentItem>"
    )


def third(text: str) -> str:
    """The same with the names of version 3.0."""

    def kebab(name: str) -> str:
        return re.sub("[A-Z]", lambda match: f"-{match[0].lower()}", name)

    text = re.sub(
        r"(</?)([a-z]+[A-Z]\w*|value|prompt|mapping)",
        lambda match: f"{match[1]}qti-{kebab(match[2])}",
        text,
    )
    text = re.sub(r' ([a-z]+[A-Z]\w*)="', lambda match: f' {kebab(match[1])}="', text)
    return text.replace("xsd/imsqti_v2p1", "xsd/imsqtiasi_v3p0")


def read(text: str) -> Item:
    [item] = Qti22().read(io.BytesIO(text.encode()))
    assert item.content is not None, item.notes
    return item


def content(text: str, model: Any) -> Any:
    item = read(text)
    assert isinstance(item.content, model)
    return item.content


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_several_choices_with_a_mapping(version: str) -> None:
    text = document(MULTIPLE, f"<p>化学：</p>{CHOICES}")
    found = content(third(text) if version == "3.0" else text, MultipleChoice)
    assert [option.fraction for option in found.options] == [0.5, 0.5, -0.5]
    assert "化学" in found.stem.source
    assert "水由哪些元素组成" in found.stem.source
    assert found.shuffle


def test_order_says_the_right_order() -> None:
    declared = DECLARED.format(
        "ordered",
        "identifier",
        "<correctResponse><value>B</value><value>A</value></correctResponse>",
    )
    body = (
        '<orderInteraction responseIdentifier="RESPONSE" shuffle="true"><prompt>排序</prompt>'
        '<simpleChoice identifier="A">合闸</simpleChoice>'
        '<simpleChoice identifier="B">验电</simpleChoice></orderInteraction>'
    )
    found = content(document(declared, body), Ordering)
    assert [item.source for item in found.items] == ["验电", "合闸"]


def test_match_with_a_choice_that_belongs_to_nothing() -> None:
    declared = DECLARED.format(
        "multiple",
        "directedPair",
        "<correctResponse><value>a x</value><value>b y</value></correctResponse>",
    )
    one = '<simpleAssociableChoice identifier="{}" matchMax="1">{}</simpleAssociableChoice>'
    sets = [
        "".join(one.format(*pair) for pair in pairs)
        for pairs in ((("a", "浙江"), ("b", "江苏")), (("x", "杭州"), ("y", "南京"), ("z", "广州")))
    ]
    body = (
        '<matchInteraction responseIdentifier="RESPONSE" shuffle="true" maxAssociations="2">'
        f"<prompt>连线</prompt><simpleMatchSet>{sets[0]}</simpleMatchSet>"
        f"<simpleMatchSet>{sets[1]}</simpleMatchSet></matchInteraction>"
    )
    found = content(document(declared, body), Matching)
    assert [(p.left.source, p.right.source) for p in found.pairs] == [
        ("浙江", "杭州"),
        ("江苏", "南京"),
    ]
    assert [choice.source for choice in found.distractors] == ["广州"]


def test_an_entry_behind_the_text_is_a_short_answer() -> None:
    declared = DECLARED.format(
        "single",
        "string",
        "<correctResponse><value>York</value></correctResponse><mapping defaultValue='0'>"
        "<mapEntry mapKey='York' mappedValue='1'/><mapEntry mapKey='york' mappedValue='0.5'/>"
        "</mapping>",
    )
    body = '<p>哪座城市？<textEntryInteraction responseIdentifier="RESPONSE"/></p>'
    found = content(document(declared, body), Short)
    assert [(a.pattern, a.fraction) for a in found.answers] == [("York", 1), ("york", 0.5)]
    assert found.stem.source == "<p>哪座城市？</p>"


def test_numbers_are_compared_as_the_item_says() -> None:
    declared = DECLARED.format("single", "float", "")
    body = '<p>π？<textEntryInteraction responseIdentifier="RESPONSE"/></p>'
    rules = (
        "<responseProcessing><responseCondition><responseIf>"
        '<equal toleranceMode="absolute" tolerance="0.01 0.01"><variable identifier="RESPONSE"/>'
        '<baseValue baseType="float">3.14</baseValue></equal><setOutcomeValue identifier="SCORE">'
        '<baseValue baseType="float">1</baseValue></setOutcomeValue></responseIf>'
        "</responseCondition></responseProcessing>"
    )
    found = content(document(declared, body, rules), Numerical)
    assert [(a.value, a.tolerance, a.fraction) for a in found.answers] == [(3.14, 0.01, 1)]


def test_gaps_to_choose_for_and_to_drag_into_are_a_cloze() -> None:
    declared = DECLARED.format(
        "single", "identifier", "<correctResponse><value>g</value></correctResponse>"
    )
    body = (
        '<p>停电后先<inlineChoiceInteraction responseIdentifier="RESPONSE" shuffle="false">'
        '<inlineChoice identifier="g">验电</inlineChoice>'
        '<inlineChoice identifier="h">接地</inlineChoice></inlineChoiceInteraction>再操作。</p>'
    )
    found = content(document(declared, body), Cloze)
    assert found.stem.source == "<p>停电后先[[1]]再操作。</p>"
    assert [option.fraction for option in found.gaps[0].options] == [1, 0]
    declared = DECLARED.format(
        "multiple", "directedPair", "<correctResponse><value>W G1</value></correctResponse>"
    )
    body = (
        '<gapMatchInteraction responseIdentifier="RESPONSE" shuffle="false"><prompt>拖动</prompt>'
        '<gapText identifier="W" matchMax="1">冬</gapText>'
        '<gapText identifier="S" matchMax="1">夏</gapText>'
        '<blockquote><p>如今是<gap identifier="G1"/>天。</p></blockquote></gapMatchInteraction>'
    )
    found = content(document(declared, body), Cloze)
    assert "如今是[[1]]天" in found.stem.source
    assert [option.fraction for option in found.gaps[0].options] == [1, 0]


def test_a_text_to_write_keeps_the_scorers_notes() -> None:
    declared = DECLARED.format("single", "string", "")
    body = (
        '<p>说明要点。</p><rubricBlock view="scorer"><p>三点各 5 分</p></rubricBlock>'
        '<extendedTextInteraction responseIdentifier="RESPONSE" expectedLines="8"/>'
    )
    item = read(document(declared, body))
    assert item.type == "essay"
    assert "三点各 5 分" in item.content.notes.source  # type: ignore[union-attr]
    assert "三点" not in item.content.stem.source  # type: ignore[union-attr]


def test_several_interactions_are_a_case() -> None:
    entry = '<extendedTextInteraction responseIdentifier="OTHER"><prompt>为什么？</prompt>'
    body = f"<p>材料。</p>{CHOICES}{entry}</extendedTextInteraction>"
    item = read(document(MULTIPLE, body))
    assert item.type == "case"
    assert [q.type for q in item.content.questions] == ["multiple", "essay"]  # type: ignore[union-attr]
    assert item.content.stem.source == "<p>材料。</p>"  # type: ignore[union-attr]


def test_what_is_not_known_says_so() -> None:
    body = '<hotspotInteraction responseIdentifier="RESPONSE" maxChoices="1"/>'
    [item] = Qti22().read(io.BytesIO(document("", body).encode()))
    assert item.content is None
    assert "hotspotInteraction" in str(item.notes[0].message.mapping)  # type: ignore[union-attr]
