"""What a question says: the parts that all types share.

A question's content is a pydantic model, one class for each type (`modou_quiz.types`), stored in a
version as plain JSON. Texts are `Rich`: a source and the markup it is written in. Pictures, sound
and film are stored files of the version, named in the source as `@@FILE@@/name.png`, so that a text
keeps its meaning when it is copied, exported and imported. Formulas stay TeX: `\\(…\\)`, `\\[…\\]`
and `$$…$$`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

#: Stands before the name of a file of the version.
FILE = "@@FILE@@/"
_FILE = re.compile(re.escape(FILE) + r"([^\s\"'<>()\[\]{}?#]+)")

Markup = Literal["html", "markdown", "plain"]

#: What neither a form nor XML can carry: control characters, halves of surrogates, non-characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def tidy(text: str) -> str:
    """A text as all texts of content are: lines end in \\n, and what no file format carries is
    gone."""
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
    """All formatted texts within a value of content."""
    if isinstance(part, Rich):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from rich_in(getattr(part, name))
    elif isinstance(part, (tuple, list)):
        for one in part:
            yield from rich_in(one)
    elif isinstance(part, Mapping):
        # Content as plain JSON: that of a case's sub-questions.
        if part.keys() == {"source", "markup"}:
            yield Rich.model_validate(part)
        else:
            for one in part.values():
                yield from rich_in(one)
