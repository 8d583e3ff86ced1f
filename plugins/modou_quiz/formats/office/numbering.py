"""Numbers that Word counts by itself (w:numPr), as people see them."""

import re
from typing import Any, Final

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "零一二三四五六七八九"
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_CHINESE = frozenset(
    (
        "chineseCounting",
        "chineseCountingThousand",
        "ideographDigital",
        "japaneseCounting",
        "taiwaneseCounting",
        "taiwaneseCountingThousand",
        "chineseLegalSimplified",
        "koreanDigital2",
    )
)


class Numbering:
    """Counts the numbered paragraphs of one document, which have to come in order."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._lists: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._styles: dict[str, Any] = {}
        self._read(numbering)
        for style in styles.iter(W + "style") if styles is not None else ():
            self._styles[style.get(W + "styleId") or ""] = style

    def _read(self, numbering: Any) -> None:
        if numbering is None:
            return
        for abstract in numbering.iter(W + "abstractNum"):
            levels = {}
            for level in abstract.findall(W + "lvl"):
                levels[_number(level.get(W + "ilvl"))] = (
                    _value(level, "numFmt", "decimal"),
                    _value(level, "lvlText", "%1."),
                    _number(_value(level, "start", "1"), 1),
                )
            self._levels[abstract.get(W + "abstractNumId") or ""] = levels
        for number in numbering.findall(W + "num"):
            name = number.get(W + "numId") or ""
            self._lists[name] = _value(number, "abstractNumId", "")
            for override in number.findall(W + "lvlOverride"):
                start = override.find(W + "startOverride")
                if start is not None:
                    level = _number(override.get(W + "ilvl"))
                    self._starts[name, level] = _number(start.get(W + "val"), 1)

    def label(self, paragraph: Any) -> str:
        """What Word writes in front of a paragraph, "" for nothing. Bullets count as nothing."""
        found = self._place(paragraph)
        if found is None:
            return ""
        name, level = found
        abstract = self._lists.get(name)
        levels = self._levels.get(abstract or "", {})
        if abstract is None or level not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        if (name, level) in self._starts:
            counts[level] = self._starts.pop((name, level))
        else:
            counts[level] = counts.get(level, levels[level][2] - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        style, text, _start = levels[level]
        if style in ("bullet", "none"):
            return ""

        def shown(match: re.Match[str]) -> str:
            other = int(match[1]) - 1
            style, _text, start = levels.get(other, ("decimal", "", 1))
            return _counted(counts.get(other, start), style)

        return re.sub("%([1-9])", shown, text)

    def _place(self, paragraph: Any) -> tuple[str, int] | None:
        properties = paragraph.find(W + "pPr")
        own = properties.find(W + "numPr") if properties is not None else None
        level = own.find(W + "ilvl") if own is not None else None
        name = own.find(W + "numId") if own is not None else None
        style = properties.find(W + "pStyle") if properties is not None else None
        seen = 0
        # What the paragraph does not say, its style says, or the one that it is based on.
        while name is None and style is not None and seen < 20:
            seen += 1
            definition = self._styles.get(style.get(W + "val") or "")
            if definition is None:
                break
            inherited = definition.find(f"{W}pPr/{W}numPr")
            if inherited is not None:
                name = inherited.find(W + "numId")
                level = inherited.find(W + "ilvl") if level is None else level
            style = definition.find(W + "basedOn")
        if name is None or name.get(W + "val") in (None, "0"):
            return None
        return name.get(W + "val"), _number(level.get(W + "val")) if level is not None else 0


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdigit() and len(text) < 7 else default


def _value(element: Any, name: str, default: str) -> str:
    found = element.find(W + name)
    return found.get(W + "val") or default if found is not None else default


def _counted(number: int, style: str) -> str:
    match style:
        case "upperLetter":
            return chr(ord("A") + (number - 1) % 26)
        case "lowerLetter":
            return chr(ord("a") + (number - 1) % 26)
        case "upperRoman" | "lowerRoman":
            text = _roman(number)
            return text.upper() if style == "upperRoman" else text
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if 0 < number <= 20:
            return chr(0x245F + number)
        case _ if style in _CHINESE:
            return chinese(number)
    return str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        while number >= value and len(text) < 40:
            text += sign
            number -= value
    return text


def chinese(number: int) -> str:
    """1 -> 一, 12 -> 十二, 20 -> 二十."""
    if not 0 < number < 100:
        return str(number)
    tens, rest = divmod(number, 10)
    before = "" if not tens else ("十" if tens == 1 else _DIGITS[tens] + "十")
    return before + (_DIGITS[rest] if rest else "")


def from_chinese(text: str) -> int:
    """The inverse of `chinese`; 0 where it is none."""
    if not re.fullmatch("[一二三四五六七八九]?十?[一二三四五六七八九]?", text) or not text:
        return 0
    if "十" not in text:
        return _DIGITS.index(text) if len(text) == 1 else 0
    before, _ten, behind = text.partition("十")
    return (_DIGITS.index(before) if before else 1) * 10 + (_DIGITS.index(behind) if behind else 0)
