"""Marking of user-visible text: message ids are plain English in the domain `modou`.

A module writes ``_("Grade book")`` and hands the result on; only the floor that answers (web,
cli) translates it into the reader's language.
"""

from translationstring import TranslationString, TranslationStringFactory

_ = TranslationStringFactory("modou")

__all__ = ["TranslationString", "_"]
