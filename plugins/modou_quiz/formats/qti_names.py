"""The names of QTI's elements and attributes in its versions.

2.1 and 2.2 say `choiceInteraction maxChoices`, 3.0 says `qti-choice-interaction max-choices`.
Inside, everything has the names of 2.x, without name spaces; HTML keeps its own.
"""

import re
from typing import Final

from lxml import etree

from modou_quiz.formats.xml_safety import Element

NAMESPACES: Final = {
    "2.2": "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
ITEM_TYPES: Final = {"2.2": "imsqti_item_xmlv2p2", "3.0": "imsqti_item_xmlv3p0"}
_TEMPLATES: Final = {
    "2.2": "http://www.imsglobal.org/question/qti_v2p2/rptemplates/",
    "3.0": "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/",
}
#: QTI's own elements, as far as they are written here; all others are HTML.
_OWN: Final = frozenset(
    """assessmentItem responseDeclaration correctResponse value mapping mapEntry outcomeDeclaration
    defaultValue itemBody prompt choiceInteraction simpleChoice feedbackInline orderInteraction
    matchInteraction simpleMatchSet simpleAssociableChoice inlineChoiceInteraction inlineChoice
    textEntryInteraction extendedTextInteraction uploadInteraction rubricBlock modalFeedback
    responseProcessing responseCondition responseIf responseElseIf responseElse equal variable
    baseValue setOutcomeValue and gte lte match correct mapResponse isNull not sum""".split()  # noqa: SIM905 - a table, to be read
)


def _camel(name: str) -> str:
    return re.sub(r"-([a-z0-9])", lambda match: match[1].upper(), name)


def _kebab(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"-{match[0].lower()}", name)


def normalise(root: Element) -> None:
    """Give all elements their names of version 2.x without name spaces."""
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        own = name.startswith("qti-")
        element.tag = _camel(name.removeprefix("qti-")) if own else name
        for key in list(element.attrib):
            local = etree.QName(key).localname
            value = element.attrib.pop(key)
            element.attrib[_camel(local) if own else local] = value
    etree.cleanup_namespaces(root)


def template(name: str, version: str) -> str:
    """Address of a template of response processing."""
    return f"{_TEMPLATES[version]}{name}{'.xml' if version == '3.0' else ''}"


def in_version(root: Element, version: str) -> bytes:
    """A document of an item with the names of a version."""
    space = NAMESPACES[version]
    made = _renamed(root, version, space)
    return bytes(etree.tostring(made, encoding="UTF-8", xml_declaration=True))


def _renamed(element: Element, version: str, space: str) -> Element:
    if not isinstance(element.tag, str):
        made = etree.Comment(element.text)
        made.tail = element.tail
        return made
    own = element.tag in _OWN
    name = element.tag
    if own and version == "3.0":
        name = f"qti-{_kebab(name)}"
    attributes = {
        _kebab(key) if own and version == "3.0" else key: value
        for key, value in element.attrib.items()
    }
    made = etree.Element(f"{{{space}}}{name}", attributes, nsmap={None: space})
    made.text, made.tail = element.text, element.tail
    for child in element:
        made.append(_renamed(child, version, space))
    return made
