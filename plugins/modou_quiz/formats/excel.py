"""The Excel template that trainers fill in: a row is a question. What the columns mean stands in
docs/reference/question-formats.md and on the template's own sheet."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.i18n import _
from modou_quiz.types.contents import CONTENTS

# What reads and writes is imported when somebody asks for it: not at the start of every process.

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Excel(QuestionFormat):
    """See the module's docstring."""

    name = "excel"
    title = _("Excel workbook (template)")
    description = _("A row for each question: fill in the template and send it. Also CSV.")
    extension = ".xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    carries = frozenset(CONTENTS)

    def recognises(self, head: bytes, filename: str) -> float:
        name = filename.lower()
        if head.startswith(_ZIP):
            inside = b"xl/" in head or b"workbook" in head
            return 0.95 if name.endswith((".xlsx", ".xlsm", ".et")) else 0.8 if inside else 0.0
        if head.startswith(_OLE):
            return 0.9 if name.endswith((".xls", ".et")) else 0.3
        if not name.endswith((".csv", ".txt", ".tsv")):
            return 0.0
        return 0.9 if _has_headings(head) else 0.3 if name.endswith((".csv", ".tsv")) else 0.0

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        from modou_quiz.formats.office.sheet_parsing import read_sheets

        return read_sheets(stream)

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        from modou_quiz.formats.office.comparing import write_truly
        from modou_quiz.formats.office.sheet_writing import MOST, write_workbook

        return write_truly(items, out, write_workbook, self.read, MOST)

    def template(self) -> bytes:
        from modou_quiz.formats.office.examples import EXAMPLES
        from modou_quiz.formats.office.sheet_writing import write_form

        out = io.BytesIO()
        write_form(out, EXAMPLES)
        return out.getvalue()


def _has_headings(head: bytes) -> bool:
    """Whether a text begins with a row of headings of questions."""
    from modou_quiz.formats.office import words
    from modou_quiz.formats.office.sheet_parsing import LOOK_AHEAD

    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        for line in head.decode(encoding, "ignore").splitlines()[:LOOK_AHEAD]:
            fields = {words.field_of(cell.strip('" ')) for cell in re.split("[,;\t]", line)}
            if {"stem", "answer"} <= fields:
                return True
    return False
