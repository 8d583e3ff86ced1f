"""Papers as PDF files to print: `formulas` draws TeX, `wording` says how each type looks on paper,
`documents` puts the pages together."""

from modou_quiz.services.printing.documents import Print, key_of, make

__all__ = ["Print", "key_of", "make"]
