"""The Word template that trainers fill in, and documents of questions as they write them anyway:
numbered questions, lettered options, answers below each or together at the end. The rules stand in
docs/reference/question-formats.md."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.i18n import _
from modou_quiz.types.contents import CONTENTS

# What reads and writes is imported when somebody asks for it: not at the start of every process.

_ZIP = b"PK\x03\x04"


class Word(QuestionFormat):
    """See the module's docstring."""

    name = "word"
    title = _("Word document (template)")
    description = _("Questions as they stand in a paper, with pictures and formulas.")
    extension = ".docx"
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    carries = frozenset(CONTENTS)

    def recognises(self, head: bytes, filename: str) -> float:
        name = filename.lower()
        if head.startswith(_ZIP):
            return 0.95 if name.endswith((".docx", ".docm")) else 0.85 if b"word/" in head else 0.0
        return 0.4 if name.endswith((".doc", ".docx", ".wps")) else 0.0

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        from modou_quiz.formats.office.document_parsing import read_document

        return read_document(stream)

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        from modou_quiz.formats.office.comparing import write_truly
        from modou_quiz.formats.office.document_writing import write_document

        return write_truly(items, out, write_document, self.read)

    def template(self) -> bytes:
        from modou_quiz.formats.office.document_writing import write_document
        from modou_quiz.formats.office.examples import EXAMPLES

        out = io.BytesIO()
        write_document(EXAMPLES, out, {}, template=True)
        return out.getvalue()
