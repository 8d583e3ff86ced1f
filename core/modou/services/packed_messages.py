"""Translatable messages on their way through the database: stored plain, shown in the language of
whoever reads them."""

from typing import Any

from modou.i18n import TranslationString


def packed(message: Any) -> Any:
    """A message as JSON that `unpacked` makes translatable again."""
    if not isinstance(message, TranslationString):
        return message if isinstance(message, int | float) else str(message)
    mapping = {name: packed(value) for name, value in (message.mapping or {}).items()}
    return [str(message), mapping, message.domain]


def unpacked(packed: Any) -> Any:
    if not isinstance(packed, list):
        return packed
    msgid, mapping, domain = packed
    values = {name: unpacked(value) for name, value in mapping.items()}
    return TranslationString(msgid, domain=domain, mapping=values or None)
