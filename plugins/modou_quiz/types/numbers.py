"""Numbers as people write them."""

import math
import re
import unicodedata

_NUMBER = re.compile(
    r"\s*(?P<sign>[+-]?)\s*(?P<digits>(?:\d[\d,_ ]*)?(?:\.\d*)?)"
    r"(?:\s*[eE]\s*(?P<power>[+-]?\d{1,4})|\s*[x*]\s*10\s*(?:\^|\*\*)?\s*(?P<ten>[+-]?\d{1,4}))?"
)
_GROUPED = re.compile(r"\d{1,3}(?:[, ]\d{3})+(?:\.\d*)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
#: Signs that mean the same.
_SAME = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "⋅": "*", "，": ",", "。": "."}
)
_SUPERSCRIPT = re.compile(r"10([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")


def split_number(text: str) -> tuple[float | None, str]:
    """The number that a text begins with, None when there is none, and what stands behind it.

    Full-width digits are digits; "1,234.5" and "1 234.5" have groups of three; "3,5" is 3.5;
    "1.5e3", "1.5×10^3" and "1.5×10³" are 1500.
    """
    text = _SUPERSCRIPT.sub(lambda m: "10^" + unicodedata.normalize("NFKC", m[1]), text)
    text = unicodedata.normalize("NFKC", text).translate(_SAME).strip()
    match = _NUMBER.match(text)
    if match is None:
        return None, text
    digits = match["digits"].rstrip(" ,_")
    if not any(sign.isdigit() for sign in digits):
        return None, text
    plain = digits
    if _GROUPED.fullmatch(digits):
        plain = digits.replace(",", "").replace(" ", "")
    elif _DECIMAL_COMMA.fullmatch(digits):
        plain = digits.replace(",", ".")
    try:
        value = float(f"{match['sign']}{plain}e{match['power'] or match['ten'] or 0}")
    except ValueError:
        return None, text
    return (value, text[match.end() :].strip()) if math.isfinite(value) else (None, text)


def read_number(text: str) -> float | None:
    """The number that a text is; None when it is anything else or has more."""
    value, rest = split_number(text)
    return value if not rest else None


def near(value: float, wanted: float, tolerance: float) -> bool:
    """Whether a value lies within a tolerance, with the last bits of arithmetic allowed for."""
    return abs(value - wanted) <= tolerance + 1e-12 * max(abs(value), abs(wanted))


def number_text(value: float) -> str:
    """A number in few characters: 3, 0.25, 1.5e+30."""
    return f"{value:.12g}"
