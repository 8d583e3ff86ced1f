"""Marking of this plugin's user-visible text."""

from translationstring import TranslationStringFactory

DOMAIN = "modou_quiz"
_ = TranslationStringFactory(DOMAIN)
