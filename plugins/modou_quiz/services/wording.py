"""What a question says in plain words: for lists, for the search, for finding twins.

`grams_of` cuts a text into the pieces that the search knows: of each run of Latin letters and
digits every three in a row, of each run of other characters every two, and at the end of a run what
is left. What somebody looks for is cut the same way, so part of a word finds the whole.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from modou.services.markup import plain_text
from modou.services.name_search import title_key
from modou_quiz.content import FILE, Rich, replace_formulas, rich_in
from modou_quiz.models.bank import Question, QuestionVersion

#: Most characters of a question that are searched.
LONGEST: Final = 400
#: Most characters at its beginning that are also found by their pinyin.
SPELLED: Final = 24

_TAG = re.compile(r"<[^>]*>")
_IMAGE = re.compile(r"!\[([^\[\]]*+)\]\([^()]*+\)")
_FILES = re.compile(re.escape(FILE) + r"\S*")
_GAP = re.compile(r"\[\[\d+\]\]")
_WORDS = re.compile(r"\\(?:text|mathrm|mathbf|mathit|mbox|ce|operatorname)\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
#: Command -> sign; others are shown by their names.
_SYMBOLS: Final = {
    **dict.fromkeys(("left", "right", "displaystyle", "limits", "big", "Big", "quad"), " "),
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "Delta": "Δ",
    "varepsilon": "ε",
    "epsilon": "ε",
    "eta": "η",
    "theta": "θ",
    "lambda": "λ",
    "mu": "μ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "Sigma": "Σ",
    "tau": "τ",
    "phi": "φ",
    "varphi": "φ",
    "Phi": "Φ",
    "omega": "ω",
    "Omega": "Ω",
    "times": "×",
    "cdot": "·",
    "div": "÷",
    "pm": "±",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "approx": "≈",
    "sqrt": "√",
    "sum": "∑",
    "int": "∫",
    "infty": "∞",
    "circ": "°",
    "degree": "°",
    "to": "→",
    "rightarrow": "→",
    "angle": "∠",
    "propto": "∝",
    "parallel": "∥",
    "dots": "…",
}
_SIGNS = re.compile(r"[\W_]+")
_RUNS = re.compile(r"[0-9a-z\u00df-\u024f]+|[^\s0-9a-z\u00df-\u024f]+")


def _linear(match: re.Match[str]) -> str:
    """A formula in a line: \\frac{U}{R} as U/R."""
    tex = next(group for group in match.groups() if group is not None)
    tex = _FRACTION.sub(r"\1/\2", _WORDS.sub(r"\1", tex))
    tex = _COMMAND.sub(lambda command: _SYMBOLS.get(command[1], command[1]), tex)
    return re.sub(r"[{}]|\\.", " ", tex).replace("  ", " ")


def plain(rich: Rich) -> str:
    """A formatted text in one line, its formulas as far as one line can tell them."""
    source = _GAP.sub("＿＿", replace_formulas(rich.source, _linear))
    if rich.markup == "html":
        return plain_text(source)
    if rich.markup == "markdown":
        source = _IMAGE.sub(r"\1", _FILES.sub("", source))
        source = re.sub(r"[*_`#>|~]+", " ", source)
    return " ".join(source.split())


def short(text: str, length: int) -> str:
    """Its beginning."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def stem_of(version: QuestionVersion) -> str:
    """What is asked, in one line of plain text; works without the question's type."""
    return plain_stem(version.data)


def plain_stem(data: Mapping[str, Any]) -> str:
    """The same of a content as plain JSON."""
    stem = data.get("stem")
    return plain(Rich.model_validate(stem)) if isinstance(stem, Mapping) else ""


def texts_of(data: Mapping[str, Any]) -> Iterator[str]:
    """What the learner reads of a content (as plain JSON) beside the stem: options, pairs, ...;
    no feedback, no hints."""
    for key, value in data.items():
        if key in {"stem", "feedback", "hints", "replies", "if_true", "if_false"}:
            continue
        if isinstance(value, Mapping):
            if value.keys() == {"source", "markup"}:
                yield plain(Rich.model_validate(value))
            else:
                yield from ([stem] if (stem := plain_stem(value)) else [])
                yield from texts_of(value)
        elif isinstance(value, (list, tuple)):
            for one in value:
                if isinstance(one, Mapping):
                    yield from texts_of({"": one})


def files_in(data: Mapping[str, Any]) -> frozenset[str]:
    """Names of the files that a content (as plain JSON) shows: as written, and decoded."""
    names = {name for rich in rich_in(data) for name in rich.files()}
    return frozenset(names | {unquote(name) for name in names})


# The search


def folded(text: str) -> str:
    """Half-width, small letters, one blank instead of any signs."""
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def search_text(question: Question) -> str:
    """What the search looks into."""
    version = question.latest
    stem = stem_of(version)
    beginning = (question.title or stem)[:SPELLED]
    spelled = folded(title_key(beginning)).split()
    parts = [question.title, question.idnumber, stem]
    if len(stem) < LONGEST:
        parts += texts_of(version.data)
    parts = [folded(part) for part in dict.fromkeys(parts)]
    return " ".join(
        [" ".join(parts)[:LONGEST], "".join(spelled), "".join(syllable[0] for syllable in spelled)]
    ).strip()


def runs(text: str) -> list[str]:
    """Pieces of a folded text that hold either Latin letters and digits, or others."""
    return _RUNS.findall(text)


def width(run: str) -> int:
    """How long the pieces of a run are."""
    return 3 if run[0] < "\u0250" else 2


def grams_of(text: str) -> set[str]:
    """All pieces of a folded text."""
    found: set[str] = set()
    for run in runs(text):
        size = width(run)
        found.update(run[place : place + size] for place in range(len(run)))
    return found
