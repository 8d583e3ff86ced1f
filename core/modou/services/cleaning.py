"""Text as people enter it, made fit to be stored: checked for length, freed of invisible signs.

Nothing visible is changed: `·`, `𠮷` and every other character of GB 18030 stay as they are.
"""

import re
import unicodedata

from modou.errors import Invalid
from modou.i18n import _

# Control characters, and the signs that turn the direction of text (they hide what a line says).
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_BLANK = re.compile(r"\s+")


def clean_line(text: str | None, field: str, limit: int, *, required: bool = True) -> str:
    """One line: outer blanks gone, inner ones single.

    :param field: the form field or column that an error names
    :param limit: most characters
    :raises Invalid: nothing left although it is required, too long, or no proper Unicode
    """
    raw = text or ""
    _check_size(raw, field, limit)
    line = _BLANK.sub(" ", _INVISIBLE.sub("", raw)).strip()
    if required and not line:
        raise Invalid(_("Please fill this in."), field)
    return line


def clean_text(text: str | None, field: str, limit: int, *, required: bool = False) -> str:
    """Several lines: line ends made equal, blanks at both ends gone.

    :raises Invalid: as `clean_line`
    """
    raw = text or ""
    _check_size(raw, field, limit)
    cleaned = raw.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = _INVISIBLE.sub("", cleaned).strip()
    if required and not cleaned:
        raise Invalid(_("Please fill this in."), field)
    return cleaned


def _check_size(text: str, field: str, limit: int) -> None:
    if len(text) > limit:
        raise Invalid(
            _(
                "Too long: ${length} characters. The limit is ${limit}.",
                mapping={"length": len(text), "limit": limit},
            ),
            field,
        )
    if any(unicodedata.category(sign) == "Cs" for sign in text):
        raise Invalid(_("This holds characters that cannot be stored."), field)


def fold(text: str) -> str:
    """What search compares: full-width as half-width, capitals as small letters, one blank."""
    return _BLANK.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
