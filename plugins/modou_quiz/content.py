"""What a question says: the parts that all types share.

A question's content is a pydantic model, one class for each type (`modou_quiz.types`), stored in a
version as plain JSON. Texts are `Rich`: a source and the markup it is written in. Pictures, sound
and film are stored files of the version, named in the source as `@@FILE@@/name.png`, so that a text
keeps its meaning when it is copied, exported and imported. Formulas stay TeX: `\\(…\\)`, `\\[…\\]`
and `$$…$$`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

#: Stands before the name of a file of the version.
FILE = "@@FILE@@/"
_FILE = re.compile(re.escape(FILE) + r"([^\s\"'<>()\[\]{}?#]+)")

#: The delimiters that formulas have on pages: `\\(…\\)`, `\\[…\\]`, `$$…$$`.
_FORMULA = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$", re.DOTALL)
_OPENING = re.compile(r"\\\(|\\\[|\$\$")

Markup = Literal["html", "markdown", "plain"]


def formulas_in(
    text: str, formula: re.Pattern[str] = _FORMULA, opening: re.Pattern[str] = _OPENING
) -> Iterator[re.Match[str]]:
    """The formulas in a text: of group 1, 2 or 3 in the order of the delimiters above.

    What opens and is never closed is looked for to the text's end once, not at each opening: a text
    of nothing but `\\(` would take minutes.
    """
    end, gone = 0, set()
    for begin in opening.finditer(text):
        if begin.start() < end or begin[0] in gone:
            continue
        found = formula.match(text, begin.start())
        if found is not None:
            end = found.end()
            yield found
        elif begin[0] != "$":
            # (A single dollar looks no further than to the end of its line.)
            gone.add(begin[0])


def replace_formulas(text: str, made: Callable[[re.Match[str]], str]) -> str:
    """The text with its formulas replaced."""
    pieces, place = [], 0
    for found in formulas_in(text):
        pieces += [text[place : found.start()], made(found)]
        place = found.end()
    return "".join([*pieces, text[place:]])


#: What neither a form nor XML can carry: control characters, halves of surrogates, non-characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def tidy(text: str) -> str:
    """A text as all texts of content are: lines end in \\n, and what no file format carries is
    gone."""
    if text.isprintable():
        # (Nothing of the kind is.)
        return text
    return _UNFIT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tidy_line(text: str) -> str:
    """The same in one line, without spaces at its ends."""
    return " ".join(tidy(text).split())


#: A text, and one in a single line.
Text = Annotated[str, AfterValidator(tidy)]
Line = Annotated[str, AfterValidator(tidy_line)]


class Part(BaseModel):
    """What content is made of: no unknown keys, and nothing changes once it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Rich(Part):
    """A formatted text.

    :param markup: "html", "markdown", or "plain" (shown as it stands, lines kept)
    """

    source: Text = Field(default="", max_length=100_000)
    markup: Markup = "html"

    def __bool__(self) -> bool:
        return bool(self.source.strip())

    def files(self) -> Iterator[str]:
        """Names of the files that it shows, percent-encoded as in the source."""
        return (match.group(1) for match in _FILE.finditer(self.source))


class Content(Part):
    """What the contents of all types have.

    :param stem: the question itself (题干)
    :param feedback: shown after the answer whatever it was (解析)
    """

    stem: Rich = Rich()
    feedback: Rich = Rich()

    def texts(self) -> Iterator[Rich]:
        """All formatted texts in it, wherever they stand."""
        return rich_in(self)


def rich_in(part: Any) -> Iterator[Rich]:
    """All formatted texts within a value of content, in order."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if one is None or isinstance(one, (str, int, float)):
            continue
        if isinstance(one, Rich):
            yield one
        elif isinstance(one, BaseModel):
            waiting += [getattr(one, name) for name in reversed(type(one).model_fields)]
        elif isinstance(one, (tuple, list)):
            waiting += reversed(one)
        elif isinstance(one, Mapping):
            # Content as plain JSON: that of a case's sub-questions.
            if one.keys() == {"source", "markup"}:
                yield Rich.model_validate(one)
            else:
                waiting += list(one.values())[::-1]
