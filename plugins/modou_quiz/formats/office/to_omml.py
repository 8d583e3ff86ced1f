"""TeX as Word's formulas (OMML).

latex2mathml understands the TeX; its MathML becomes OMML here, since no library that is kept up
does that.
"""

import re
import unicodedata
from collections.abc import Sequence
from html import unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from lxml import etree
from lxml.etree import _Element

from modou_quiz.formats.office.from_omml import M, Reader
from modou_quiz.formats.office.symbols import ACCENTS, COMBINING, FUNCTIONS, NARY

NS = {"m": M[1:-1]}
_SPACES = {
    "0.167em": "\u2009",
    "0.222em": "\u2005",
    "0.278em": "\u2004",
    "1em": "\u2003",
    "2em": "\u2003\u2003",
}
_STYLES = {
    "BOLD ITALIC": ("bi", ""),
    "BOLD": ("b", ""),
    "DOUBLE-STRUCK": ("p", "double-struck"),
    "SCRIPT": ("p", "script"),
    "FRAKTUR": ("p", "fraktur"),
    "BLACK-LETTER": ("p", "fraktur"),
    "SANS-SERIF": ("p", "sans-serif"),
    "MONOSPACE": ("p", "monospace"),
}
_LINES = re.compile(r"\\(begin|end)\{(?:aligned|align\*?|split|gathered|gather\*?)\}")
_FENCES = set("()[]{}|‖⟨⟩⌊⌋⌈⌉∥")
_MOST = 20_000


class NotCarried(Exception):
    """This TeX cannot become a formula of Word."""


def to_omml(tex: str, *, display: bool = False) -> _Element:
    """:raises NotCarried: it is no TeX that is known here"""
    if len(tex) > _MOST:
        raise NotCarried
    source = _LINES.sub(r"\\\1{matrix}", tex)
    try:
        math = convert_to_element(source)
        formula = _made("oMath")
        formula.extend(_Writer().row(list(math)))
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise NotCarried from error
    except Exception as error:
        # The library's own errors have no base class of their own.
        if type(error).__module__.startswith("latex2mathml"):
            raise NotCarried from error
        raise
    if not display:
        return formula
    paragraph = _made("oMathPara")
    paragraph.append(formula)
    return paragraph


def same_tex(one: str, other: str) -> bool:
    """Whether two pieces of TeX differ only in how they are spaced and braced."""
    return normal_tex(one) == normal_tex(other)


def comes_back(tex: str, formula: _Element) -> bool:
    """Whether reading the formula gives the TeX that it was made of."""
    return same_tex(tex, Reader().tex(formula))


def normal_tex(tex: str) -> str:
    """TeX in a form that is the same for what differs only in spaces and braces."""
    tex = re.sub(r"(\\[A-Za-z]+)\s+", r"\1 ", tex)
    tex = re.sub(r"(?<!\\)\s+(?![A-Za-z])|(?<![A-Za-z\\])\s+", "", tex)
    while True:
        shorter = re.sub(r"\{(\\[A-Za-z]+|[^\\{}])\}", r" \1", tex)
        if shorter == tex:
            break
        tex = shorter
    for name, short in (("le", "leq"), ("ge", "geq"), ("ne", "neq"), ("to", "rightarrow")):
        tex = re.sub(rf"\\{name}(?![A-Za-z])", rf"\\{short}", tex)
    return tex.replace(" ", "")


def _made(name: str, value: str | None = None) -> _Element:
    element = etree.Element(M + name, nsmap=NS)
    if value is not None:
        element.set(M + "val", value)
    return element


def _with(name: str, *children: _Element) -> _Element:
    element = _made(name)
    element.extend(children)
    return element


class _Writer:
    def row(self, nodes: Sequence[Element]) -> list[_Element]:
        """Elements of OMML for neighbours in MathML: an operator takes what follows it."""
        result: list[_Element] = []
        place = 0
        while place < len(nodes):
            node = nodes[place]
            place += 1
            if self._fenced(nodes[place - 1 : place + 2]):
                result.append(self._delimited(nodes[place - 1], nodes[place + 1], [nodes[place]]))
                place += 2
                continue
            made = self._operator(node)
            if made is not None:
                if place < len(nodes) and nodes[place].tag != "mo":
                    _last(made).extend(self.one(nodes[place]))
                    place += 1
                result.append(made)
                continue
            result += self.one(node)
        return result

    def one(self, node: Element) -> list[_Element]:
        """Elements of OMML for an element of MathML.

        :raises NotCarried: it is none of those that the library makes of usual TeX
        """
        if node.tag in ("mrow", "mstyle", "mpadded", "math"):
            return self._mrow(list(node))
        if node.tag in ("mi", "mn", "mo", "mtext", "mspace"):
            return self._token(node)
        return [self._made_of(node)]

    def _made_of(self, node: Element) -> _Element:
        match node.tag:
            case "mfrac":
                made = self._fraction(node)
            case "msqrt" | "mroot":
                made = self._root(node)
            case "msub" | "msup" | "msubsup":
                made = self._scripts(node)
            case "munder" | "mover" | "munderover":
                made = self._over(node)
            case "mtable":
                made = self._table(node)
            case "menclose" if node.get("notation") == "box":
                made = _with("borderBox", self._e(list(node)))
            case "mphantom":
                made = _with("phant", self._e(list(node)))
            case _:
                raise NotCarried
        return made

    def _e(self, nodes: Sequence[Element], name: str = "e") -> _Element:
        return _with(name, *self.row(nodes))

    def _mrow(self, nodes: list[Element]) -> list[_Element]:
        if not nodes:
            return []
        first, last = nodes[0], nodes[-1]
        if first.get("form") == "prefix" and first.get("fence"):
            closed = last.get("form") == "postfix" and last is not first
            inside = nodes[1:-1] if closed else nodes[1:]
            return [self._delimited(first, last if closed else None, inside)]
        return self.row(nodes)

    @staticmethod
    def _fenced(nodes: Sequence[Element]) -> bool:
        """A matrix or a binomial between brackets that grow with it."""
        return (
            len(nodes) == 3
            and nodes[1].tag in ("mtable", "mfrac")
            and all(
                end.tag == "mo" and end.get("stretchy") != "false" and _chars(end) in _FENCES
                for end in (nodes[0], nodes[2])
            )
        )

    def _delimited(
        self, opening: Element, closing: Element | None, inside: Sequence[Element]
    ) -> _Element:
        properties = _with(
            "dPr",
            _made("begChr", _chars(opening)),
            _made("endChr", _chars(closing) if closing is not None else ""),
        )
        return _with("d", properties, self._e(inside))

    def _operator(self, node: Element) -> _Element | None:
        """Σ, ∫ and functions, with an empty place for what they work on."""
        base = node if node.tag in ("mo", "mi") else (node[0] if len(node) else None)
        if base is None or base.tag not in ("mo", "mi"):
            return None
        sign = _chars(base)
        if sign in NARY and (node is base or node.tag[1:] in _PARTS):
            parts = _parts(node) if node is not base else {}
            properties = _with(
                "naryPr",
                _made("chr", sign),
                _made("limLoc", "subSup" if sign in "∫∬∭∮" else "undOvr"),
            )
            for hidden in ("sub", "sup"):
                if hidden not in parts:
                    properties.append(_made(f"{hidden}Hide", "1"))
            return _with(
                "nary",
                properties,
                *(self._e([parts[p]] if p in parts else [], p) for p in ("sub", "sup")),
                _made("e"),
            )
        if sign in FUNCTIONS and not (node is not base and node.tag[1:] not in _PARTS):
            return _with("func", self._function_name(node, base), _made("e"))
        return None

    def _function_name(self, node: Element, base: Element) -> _Element:
        name = self._token(base)
        if node is base:
            return _with("fName", *name)
        if _chars(base) in ("lim", "max", "min", "sup", "inf") and node.tag in ("msub", "munder"):
            return _with("fName", _with("limLow", _with("e", *name), self._e([node[1]], "lim")))
        return _with("fName", self._scripts(node))

    def _token(self, node: Element) -> list[_Element]:
        if node.tag == "mspace":
            return [_run(_SPACES.get(node.get("width", ""), ""))]
        text = _chars(node)
        if text.startswith("\\") or text == "&":
            # A command that the library does not know stays as it was.
            raise NotCarried
        if node.tag == "mtext":
            return [_run("\xa0") if text == "\xa0" else _run(text, normal=True)]
        style, script = "", ""
        raw = node.text or ""
        if node.get("mathvariant") == "bold-italic":
            style = "bi"
        elif node.get("mathvariant") == "normal" or (
            node.tag in ("mi", "mo") and re.fullmatch("[A-Za-z]{2,}", text)
        ):
            style = "p"
        elif node.tag == "mi" and raw.startswith("&#") and text.isascii() and text.isalpha():
            # The library tells an upright letter from an italic one only so.
            style = "p"
        elif text and not text.isascii():
            name = unicodedata.name(text[0], "").removeprefix("MATHEMATICAL ")
            for begin, found in _STYLES.items():
                if name.startswith(begin + " "):
                    style, script = found
                    text = unicodedata.normalize("NFKC", text)
                    break
        return [_run(text, style=style, script=script)]

    def _fraction(self, node: Element) -> _Element:
        parts = (self._e([node[0]], "num"), self._e([node[1]], "den"))
        if node.get("linethickness") == "0":
            return _with("f", _with("fPr", _made("type", "noBar")), *parts)
        return _with("f", *parts)

    def _root(self, node: Element) -> _Element:
        if node.tag == "mroot":
            return _with("rad", self._e([node[1]], "deg"), self._e([node[0]]))
        hidden = _with("radPr", _made("degHide", "1"))
        return _with("rad", hidden, _made("deg"), self._e(list(node)))

    def _scripts(self, node: Element) -> _Element:
        parts = _parts(node)
        name = "s" + "".join(part.capitalize() for part in ("sub", "sup") if part in parts)
        return _with(
            name, self._e([node[0]]), *(self._e([element], p) for p, element in parts.items())
        )

    def _over(self, node: Element) -> _Element:
        if node.tag == "munderover":
            low = _with("limLow", self._e([node[0]]), self._e([node[1]], "lim"))
            return _with("limUpp", _with("e", low), self._e([node[2]], "lim"))
        sign = _chars(node[1]) if node[1].tag == "mo" else ""
        above = node.tag == "mover"
        base = self._e([node[0]])
        if sign in ("―", "‾") and above:
            return _with("bar", _with("barPr", _made("pos", "top")), base)
        if sign in ("―", "_", "‾", "\u0332", "\u2015", "\u00af") and not above:
            return _with("bar", _with("barPr", _made("pos", "bot")), base)
        if above and sign in ACCENTS:
            chars = _made("chr", COMBINING.get(ACCENTS[sign], sign))
            return _with("acc", _with("accPr", chars), base)
        if sign in ("⏟", "⏞"):
            properties = _with("groupChrPr", _made("chr", sign))
            if above:
                properties += [_made("pos", "top"), _made("vertJc", "bot")]
            return _with("groupChr", properties, base)
        return _with("limUpp" if above else "limLow", base, self._e([node[1]], "lim"))

    def _table(self, node: Element) -> _Element:
        rows = [_with("mr", *(self._e(list(cell)) for cell in row)) for row in node]
        if not rows:
            raise NotCarried
        return _with("m", *rows)


_PARTS = ("sub", "sup", "subsup", "under", "over", "underover")


def _parts(node: Element) -> dict[str, Element]:
    """The scripts of an element: below and above."""
    names = {
        "msub": ("sub",),
        "munder": ("sub",),
        "msup": ("sup",),
        "mover": ("sup",),
        "msubsup": ("sub", "sup"),
        "munderover": ("sub", "sup"),
    }[node.tag]
    return dict(zip(names, list(node)[1:], strict=True))


def _chars(node: Element) -> str:
    return unescape("".join(node.itertext()))


def _last(element: _Element) -> _Element:
    return element[-1]


def _run(text: str, *, normal: bool = False, style: str = "", script: str = "") -> _Element:
    run = _made("r")
    properties = _made("rPr")
    if normal:
        properties.append(_made("nor"))
    if script:
        properties.append(_made("scr", script))
    if style:
        properties.append(_made("sty", style))
    if len(properties):
        run.append(properties)
    written = etree.SubElement(run, M + "t")
    written.text = text
    if text != text.strip():
        written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return run
