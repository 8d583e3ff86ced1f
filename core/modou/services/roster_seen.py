"""Rows of one roster that say the same or contradict each other."""

import hashlib

from modou.errors import Message
from modou.i18n import _
from modou.models.identity_numbers import normalise_document_number
from modou.services.occasion import Occasion
from modou.services.roster_rows import BAD, CREATE, ENROL, SAME, Values, Verdict, row_name


class Seen:
    """The people of one file so far: who stands in it twice, and who is mixed up.

    Keeps 16 bytes for each entry, so 20,000 rows need about 10 MB.
    """

    def __init__(self, occasion: Occasion) -> None:
        self._keys: dict[bytes, int] = {}
        self._rows: dict[int, tuple[bytes, dict[str, bytes], frozenset[tuple[int, int]]]] = {}
        self._secret = occasion.keys.fingerprint("seen", "roster")

    def check(self, number: int, values: Values, verdict: Verdict) -> None:
        """Change `verdict` when an earlier row stands against this one; else remember it."""
        if verdict.kind == BAD or not values or verdict.reasons:
            return
        entries = self._entries(values)
        name = self._digest("name", row_name(values))
        targets = frozenset(target.key for target in verdict.targets)
        earlier = sorted({self._keys[e] for e in entries.values() if e in self._keys})
        for row in earlier:
            its_name, its_entries, its_targets = self._rows[row]
            shared = [f for f, e in entries.items() if its_entries.get(f) == e]
            contradicts = any(its_entries.get(f, e) != e for f, e in entries.items())
            if its_name != name or contradicts:
                verdict.kind = BAD
                verdict.reasons = [_same_but_other(shared[0], row)]
                return
            if targets <= its_targets:
                verdict.kind = SAME
                verdict.reasons = [_("The same as row ${row}.", mapping={"row": row})]
                return
        if earlier:
            if verdict.kind == CREATE:
                verdict.kind = ENROL
            first = earlier[0]
            its_name, its_entries, its_targets = self._rows[first]
            self._rows[first] = (its_name, {**entries, **its_entries}, its_targets | targets)
        else:
            first = number
            self._rows[number] = (name, entries, targets)
        for entry in entries.values():
            self._keys.setdefault(entry, first)

    def _entries(self, values: Values) -> dict[str, bytes]:
        found = {}
        for field_ in ("id_number", "username", "phone", "email"):
            text = values.get(field_, "")
            if text:
                text = normalise_document_number(text) if field_ in _NUMBERS else text.casefold()
                found[field_] = self._digest(field_, text)
        return found

    def _digest(self, field_: str, text: str) -> bytes:
        data = f"{field_}:{text}".encode()
        return hashlib.blake2b(data, digest_size=16, key=self._secret).digest()


_NUMBERS = frozenset({"id_number", "phone"})


def _same_but_other(field_: str, row: int) -> Message:
    sentences = {
        "id_number": _(
            "Row ${row} has the same ID number, but another name or other data.",
            mapping={"row": row},
        ),
        "username": _(
            "Row ${row} has the same username, but another name or other data.",
            mapping={"row": row},
        ),
        "phone": _(
            "Row ${row} has the same phone number, but another name or other data.",
            mapping={"row": row},
        ),
        "email": _(
            "Row ${row} has the same e-mail address, but another name or other data.",
            mapping={"row": row},
        ),
    }
    return sentences[field_]
