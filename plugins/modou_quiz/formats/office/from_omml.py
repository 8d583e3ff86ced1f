"""Word's formulas (OMML) as TeX.

No library that is kept up does this. What Word's own editor makes is read; what is not known keeps
its text, and is named.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

from lxml.etree import _Element

from modou_quiz.formats.office.symbols import ACCENTS, COMMANDS, DELIMITERS, FUNCTIONS, NARY

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W_TEXT = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"
_ESCAPED = {
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "\\": r"\backslash",
    "~": r"\sim",
    "−": "-",
    "\u2062": "",
    "\u2061": "",
    "\u2063": "",
    "\u200b": "",
    "\xa0": r"\ ",
    "\u2009": r"\,",
    "\u2005": r"\:",
    "\u2004": r"\;",
    "\u2003": r"\quad",
    "′": "'",
    "″": "''",
}
_SCRIPTS = {"double-struck": "mathbb", "script": "mathcal", "fraktur": "mathfrak"}
_SCRIPTS |= {"sans-serif": "mathsf", "monospace": "mathtt"}
_TEXTS = re.compile(r"\\(text|mathrm|mathbf|boldsymbol)\{([^{}\\]*)\}\\\1\{")
_COMMAND_END = re.compile(r"\\[A-Za-z]+$")


class Reader:
    """Reads one formula; `unknown` then names the elements that it did not understand."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self._handlers: dict[str, Callable[[_Element], str]] = {
            "r": self._run,
            "f": self._fraction,
            "rad": self._root,
            "sSub": lambda e: self._base(e) + self._script("_", e, "sub"),
            "sSup": lambda e: self._base(e) + self._script("^", e, "sup"),
            "sSubSup": lambda e: (
                self._base(e) + self._script("_", e, "sub") + self._script("^", e, "sup")
            ),
            "sPre": lambda e: (
                "{}"
                + self._script("_", e, "sub")
                + self._script("^", e, "sup")
                + self._part(e, "e")
            ),
            "nary": self._nary,
            "d": self._delimited,
            "m": self._matrix,
            "eqArr": self._equations,
            "func": self._function,
            "limLow": self._limit,
            "limUpp": self._limit,
            "acc": self._accent,
            "bar": self._bar,
            "groupChr": self._group,
            "borderBox": lambda e: rf"\boxed{{{self._part(e, 'e')}}}",
            "box": lambda e: self._part(e, "e"),
            "phant": lambda e: self._part(e, "e"),
            "oMath": self.all,
            "oMathPara": self.all,
            "e": self.all,
        }

    def tex(self, formula: _Element) -> str:
        tex = self.all(formula).strip()
        while (merged := _TEXTS.sub(r"\\\1{\2", tex)) != tex:
            tex = merged
        return tex

    def all(self, parent: _Element | None) -> str:
        """Everything within an element."""
        return joined(self._one(child) for child in parent) if parent is not None else ""

    def _one(self, element: _Element) -> str:
        if not isinstance(element.tag, str):
            return ""
        if not element.tag.startswith(M):
            # A run of Word within a formula, or a change mark around one.
            texts = joined(self._one(child) for child in element)
            return texts or (_text(element.text or "") if element.tag == _W_TEXT else "")
        name = element.tag.removeprefix(M)
        handler = self._handlers.get(name)
        if handler is not None:
            return handler(element)
        if name.endswith("Pr"):
            return ""
        self.unknown.add(name)
        return self.all(element)

    def _part(self, element: _Element, name: str) -> str:
        return self.all(element.find(M + name)).strip()

    def _base(self, element: _Element) -> str:
        base = self._part(element, "e")
        bare = is_single(base) or _is_command(base) or base.isdigit()
        return base if bare else f"{{{base}}}"

    def _script(self, sign: str, element: _Element, name: str) -> str:
        part = self._part(element, name)
        if not part:
            return ""
        if sign == "^" and part in ("'", "''", "'''"):
            return part
        return sign + (part if is_single(part) or _is_command(part) else f"{{{part}}}")

    def _run(self, run: _Element) -> str:
        text = "".join(part.text or "" for part in run if part.tag in (M + "t", _W_TEXT))
        if _value(run, "rPr", "nor", "") not in ("", "0", "off", "false") or _has(
            run, "rPr", "nor"
        ):
            return _text(text)
        style = _value(run, "rPr", "sty", "i")
        script = _value(run, "rPr", "scr", "roman")
        if script in _SCRIPTS:
            return rf"\{_SCRIPTS[script]}{{{characters(text)}}}"
        if style in ("b", "bi") and text.strip():
            return rf"\{'mathbf' if style == 'b' else 'boldsymbol'}{{{characters(text)}}}"
        if style == "p" and re.fullmatch(r"[A-Za-z]+", text):
            return "\\" + text if text in FUNCTIONS else rf"\mathrm{{{text}}}"
        return characters(text)

    def _fraction(self, element: _Element) -> str:
        top, bottom = self._part(element, "num"), self._part(element, "den")
        match _value(element, "fPr", "type", "bar"):
            case "lin" | "skw":
                return "/".join(
                    part if is_single(part) or part.isalnum() else f"{{{part}}}"
                    for part in (top, bottom)
                )
            case "noBar":
                return rf"{{{{{top}}} \atop {{{bottom}}}}}"
        return rf"\frac{{{top}}}{{{bottom}}}"

    def _root(self, element: _Element) -> str:
        degree = self._part(element, "deg")
        index = f"[{degree}]" if degree else ""
        return rf"\sqrt{index}{{{self._part(element, 'e')}}}"

    def _nary(self, element: _Element) -> str:
        sign = _value(element, "naryPr", "chr", "∫")
        operator = "\\" + NARY[sign] if sign in NARY else characters(sign)
        scripts = self._script("_", element, "sub") + self._script("^", element, "sup")
        return joined([operator + scripts, self._part(element, "e")])

    def _delimited(self, element: _Element) -> str:
        opening = _value(element, "dPr", "begChr", "(")
        closing = _value(element, "dPr", "endChr", ")")
        inside = [self.all(part).strip() for part in element.findall(M + "e")]
        if (opening, closing) == ("{", "") and len(inside) == 1:
            rows = re.fullmatch(
                r"\\begin\{(?:aligned|matrix)\}(.*)\\end\{.*\}", inside[0], re.DOTALL
            )
            if rows:
                return rf"\begin{{cases}}{rows[1]}\end{{cases}}"
        matrix = (
            re.fullmatch(
                r"\\begin\{matrix\}((?:(?!\\begin).)*)\\end\{matrix\}", inside[0], re.DOTALL
            )
            if inside
            else None
        )
        kind = {("(", ")"): "p", ("[", "]"): "b", ("|", "|"): "v", ("‖", "‖"): "V"}
        if matrix and (opening, closing) in kind:
            name = kind[opening, closing] + "matrix"
            return rf"\begin{{{name}}}{matrix[1]}\end{{{name}}}"
        if (opening, closing) == ("(", ")") and inside:
            binomial = re.fullmatch(r"\{\{(.*)\} \\atop \{(.*)\}\}", inside[0])
            if binomial:
                return rf"\binom{{{binomial[1]}}}{{{binomial[2]}}}"
        separator = characters(_value(element, "dPr", "sepChr", "|"))
        left, right = (DELIMITERS.get(sign, characters(sign) or ".") for sign in (opening, closing))
        return joined([rf"\left{left}", separator.join(inside), rf"\right{right}"])

    def _rows(self, rows: Iterable[Iterable[str]]) -> str:
        return r" \\ ".join(" & ".join(row) for row in rows)

    def _matrix(self, element: _Element) -> str:
        rows = (
            [self.all(cell).strip() for cell in row.findall(M + "e")]
            for row in element.findall(M + "mr")
        )
        return rf"\begin{{matrix}}{self._rows(rows)}\end{{matrix}}"

    def _equations(self, element: _Element) -> str:
        # Word writes an alignment mark as a plain ampersand.
        rows = ([self.all(row).strip().replace(r"\&", "&")] for row in element.findall(M + "e"))
        return rf"\begin{{aligned}}{self._rows(rows)}\end{{aligned}}"

    def _function(self, element: _Element) -> str:
        return joined([self._part(element, "fName"), self._part(element, "e")])

    def _limit(self, element: _Element) -> str:
        base, limit = self._part(element, "e"), self._part(element, "lim")
        low = element.tag == M + "limLow"
        if _is_command(base) and base[1:] in FUNCTIONS | set(NARY.values()):
            return f"{base}{'_' if low else '^'}{{{limit}}}"
        brace = re.match(r"\\(?:under|over)brace\{", base)
        if brace:
            return f"{base}{'_' if low else '^'}{{{limit}}}"
        return rf"\{'underset' if low else 'overset'}{{{limit}}}{{{base}}}"

    def _accent(self, element: _Element) -> str:
        sign = _value(element, "accPr", "chr", "\u0302")
        base = self._part(element, "e")
        name = ACCENTS.get(sign)
        if name is None:
            self.unknown.add(f"acc {sign}")
            return base
        if not is_single(base):
            name = {"hat": "widehat", "tilde": "widetilde", "bar": "overline"}.get(name, name)
            name = "overrightarrow" if name == "vec" else name
        return rf"\{name}{{{base}}}"

    def _bar(self, element: _Element) -> str:
        above = _value(element, "barPr", "pos", "bot") == "top"
        return rf"\{'overline' if above else 'underline'}{{{self._part(element, 'e')}}}"

    def _group(self, element: _Element) -> str:
        sign = _value(element, "groupChrPr", "chr", "⏟")
        above = _value(element, "groupChrPr", "pos", "bot") == "top"
        base = self._part(element, "e")
        name = {"⏟": "underbrace", "⏞": "overbrace", "→": "overrightarrow"}.get(sign)
        if name is None:
            return rf"\{'overset' if above else 'underset'}{{{characters(sign)}}}{{{base}}}"
        return rf"\{name}{{{base}}}"


def joined(pieces: Iterable[str]) -> str:
    """Pieces of TeX one after the other; a blank where a command would swallow a letter."""
    result = ""
    for piece in pieces:
        if piece and piece[0].isalpha() and _COMMAND_END.search(result):
            result += " "
        result += piece
    return result


def is_single(tex: str) -> bool:
    """Whether TeX takes it as an index without braces."""
    return len(tex) == 1 and tex not in "-+\\" and ord(tex) < 128


def _is_command(tex: str) -> bool:
    return bool(re.fullmatch(r"\\[A-Za-z]+", tex))


def characters(text: str) -> str:
    """Characters of a formula as TeX; Chinese ones as text."""
    pieces: list[str] = []
    for part in re.split(r"([\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+)", text):
        if part and re.match(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]", part):
            pieces.append(_text(part))
        else:
            pieces += [_character(char) for char in part]
    return joined(pieces)


def _character(char: str) -> str:
    if 0x1D400 <= ord(char) <= 0x1D7FF:
        char = unicodedata.normalize("NFKC", char)
    if char in _ESCAPED:
        return _ESCAPED[char]
    if char in NARY:
        return "\\" + NARY[char]
    command = COMMANDS.get(char)
    return "\\" + command if command else char


def _text(text: str) -> str:
    escaped = re.sub(r"([%&#$_{}])", r"\\\1", text.replace("\\", ""))
    return rf"\text{{{escaped}}}" if escaped.strip() else ("~" if escaped else "")


def _properties(element: _Element, properties: str, name: str) -> _Element | None:
    return element.find(f"{M}{properties}/{M}{name}")


def _has(element: _Element, properties: str, name: str) -> bool:
    found = _properties(element, properties, name)
    return found is not None and found.get(M + "val") is None


def _value(element: _Element, properties: str, name: str, default: str) -> str:
    found = _properties(element, properties, name)
    if found is None:
        return default
    return found.get(M + "val", "" if name.endswith("Chr") or name == "chr" else default)
