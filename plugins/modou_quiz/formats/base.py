"""What an interchange format is; third parties subclass `QuestionFormat` and hand instances in by
the hook `question_formats`.

Reading never stops at the first fault: everything in the file becomes an `Item`, which holds a
question or says why there is none, and in either case what of it could not be kept. Writing says
the same about what the format cannot carry. Nothing is lost in silence.
"""

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, ClassVar, Literal

from modou.errors import Message
from modou_quiz.content import Content


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader or writer has to tell.

    :param level: "error": the question could not be taken; "lost": something of it was not;
        "changed": it was taken, in another shape, or only this system will read it again
    :param line: of the file, from 1 (row of a sheet, paragraph of a document); 0: as a whole
    """

    level: Literal["error", "lost", "changed"]
    message: Message
    line: int = 0


@dataclass(slots=True)
class Item:
    """One question of a file.

    :param line: where it begins, from 1
    :param type: name of the question type, "" when it could not be told
    :param content: None: it could not be read; `notes` say why
    :param files: name (as in `@@FILE@@/name`) -> bytes
    :param category: path from the file's top, outermost first
    :param difficulty: 1 (easy) to 5 (hard), 0: not said
    :param marks: what it is worth by default
    """

    line: int = 0
    type: str = ""
    title: str = ""
    content: Content | None = None
    marks: float = 1.0
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    difficulty: int = 0
    point: str = ""
    syllabus: str = ""
    idnumber: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


class QuestionFormat(ABC):
    """See the module's docstring. Instances hold no state."""

    #: Unique in the site.
    name: ClassVar[str]
    title: ClassVar[Message]
    description: ClassVar[Message] = ""
    #: Of files that it writes, with the dot.
    extension: ClassVar[str]
    media_type: ClassVar[str] = "application/octet-stream"
    reads: ClassVar[bool] = True
    writes: ClassVar[bool] = True
    #: Names of the question types that it can carry: such a question comes back as it went, and
    #: `write` names what of it does not.
    carries: ClassVar[frozenset[str]] = frozenset()

    def recognises(self, head: bytes, filename: str) -> float:
        """How sure it is that a file is in this format, 0 to 1.

        :param head: the first 64 KB
        """
        return 0.0

    def encoding(self, stream: IO[bytes]) -> str:
        """Name of the codec that a text file is read with; "" for formats that say it themselves.
        The stream's position is lost."""
        return ""

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        """The file's questions, one by one, in bounded memory where the format allows it. What is
        wrong with the file as a whole comes as an item without content.

        :param stream: seekable
        """
        raise NotImplementedError

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        """Write the questions; what could not be carried.

        :param out: seekable
        """
        raise NotImplementedError

    def template(self) -> bytes | None:
        """An example file to fill in, for formats that people write by hand."""
        return None
