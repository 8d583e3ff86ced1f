"""What a question says: the parts that all types share.

A question's content is a pydantic model, one class for each type (`modou_quiz.types`), stored in a
version as plain JSON. Texts are `Rich`: a source and the markup it is written in. Pictures, sound
and film are stored files of the version, named in the source as `@@FILE@@/name.png`, so that a text
keeps its meaning when it is copied, exported and imported. Formulas stay TeX: `\\(…\\)`, `\\[…\\]`
and `$$…$$`.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Stands before the name of a file of the version.
FILE = "@@FILE@@/"
_FILE = re.compile(re.escape(FILE) + r"([^\s\"'<>()\[\]{}?#]+)")

Markup = Literal["html", "markdown", "plain"]


class Part(BaseModel):
    """What content is made of: no unknown keys, and nothing changes once it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rich(Part):
    """A formatted text.

    :param markup: "html", "markdown", or "plain" (shown as it stands, lines kept)
    """

    source: str = Field(default="", max_length=100_000)
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
