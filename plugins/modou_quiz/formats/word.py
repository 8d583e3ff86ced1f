"""The Word template that trainers fill in, and documents of questions as they write them anyway:
numbered questions, lettered options, answers below each or together at the end. The rules stand in
docs/reference/question-formats.md."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from modou.errors import Invalid
from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.formats.office import comparing
from modou_quiz.formats.office.document_parsing import Parser
from modou_quiz.formats.office.document_writing import write_document
from modou_quiz.formats.office.documents import WordFile
from modou_quiz.formats.office.examples import EXAMPLES
from modou_quiz.formats.office.workbooks import ZIP
from modou_quiz.i18n import _
from modou_quiz.types.contents import CONTENTS


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
        if head.startswith(ZIP):
            return 0.95 if name.endswith((".docx", ".docm")) else 0.85 if b"word/" in head else 0.0
        return 0.4 if name.endswith((".doc", ".docx", ".wps")) else 0.0

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        try:
            document = WordFile(stream)
            found = False
            for item in Parser(document.pictures).read(document.elements()):
                found = True
                yield item
        except Invalid as error:
            yield Item(notes=[Note("error", error.message)])
            return
        if not found:
            yield Item(
                notes=[
                    Note(
                        "error",
                        _(
                            "There are no questions in this document. A question begins with its "
                            "number: 1. or 1、"
                        ),
                    )
                ]
            )

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        return comparing.write_truly(items, out, write_document, self.read)

    def template(self) -> bytes:
        out = io.BytesIO()
        write_document(EXAMPLES, out, {}, template=True)
        return out.getvalue()
