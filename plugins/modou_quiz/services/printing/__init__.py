"""Papers as PDF files to print: `formulas` draws TeX, `wording` says how each type looks on paper,
`documents` puts the page together with its `pictures`, `press` sets it, `prints` does so in the
background and keeps what was made."""

from modou_quiz.services.printing.documents import Print, compose, key_of, slots_of

__all__ = ["Print", "compose", "key_of", "slots_of"]
