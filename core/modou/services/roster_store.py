"""How a roster's rows, verdicts and outcomes lie in the database: encrypted, in parts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from ZODB.blob import Blob

from modou.errors import Message
from modou.models.identity_numbers import mask_identity_number, mask_mobile
from modou.models.rosters import RosterJob
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked
from modou.services.roster_rows import row_name

#: Rows in one stored batch, and in one transaction. New ids fall all over the trees, so every
#: transaction writes most of their leaves: twice the rows are half the bytes.
BATCH = 500


# -- rows, as they are stored


def store_rows(
    occasion: Occasion, job: RosterJob, rows: Iterator[Any], places: Sequence[int]
) -> None:
    blob = Blob()
    offsets = [0]
    with blob.open("w") as target:
        batch: list[Any] = []

        def flush() -> None:
            token = occasion.keys.encrypt(_pack(batch), _rows_context(job, len(offsets) - 1))
            target.write(token)
            offsets.append(offsets[-1] + len(token))
            batch.clear()

        for row in rows:
            values = [row.values[place] for place in places]
            batch.append([row.number, values, [packed(p) for p in row.problems]])
            job.size += 1
            if len(batch) == BATCH:
                flush()
        if batch:
            flush()
    job.rows = blob
    job.offsets = tuple(offsets)


def read_rows(
    occasion: Occasion, job: RosterJob, first: int, count: int
) -> list[tuple[int, dict[str, str], list[Message]]]:
    """Up to `count` rows from `first` on, from 0: (row in the file, field -> text, problems)."""
    found: list[Any] = []
    if job.rows is None:
        return []
    with job.rows.open("r") as source:
        number = first // BATCH
        while number < len(job.offsets) - 1 and len(found) < first % BATCH + count:
            source.seek(job.offsets[number])
            token = source.read(job.offsets[number + 1] - job.offsets[number])
            found += json.loads(occasion.keys.decrypt(token, _rows_context(job, number)))
            number += 1
    return [
        (row, dict(zip(job.columns, values, strict=True)), [unpacked(p) for p in problems])
        for row, values, problems in found[first % BATCH : first % BATCH + count]
    ]


def _rows_context(job: RosterJob, number: int) -> bytes:
    return f"roster:{job.id}:rows:{number}".encode()


def _pack(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- what was found out, as it is stored


def keep(occasion: Occasion, job: RosterJob, tree: str, first: int, records: Sequence[Any]) -> None:
    """Store verdicts or outcomes of some rows under the number of the first."""
    if records:
        context = _part_context(job, tree, first)
        getattr(job, tree)[first] = occasion.keys.encrypt(_pack(records), context)


def kept(
    occasion: Occasion, job: RosterJob, tree: str, first: int = 0
) -> Iterator[tuple[int, Any]]:
    """(number of the row, from 0; record) from the part on that holds the row `first`."""
    parts = getattr(job, tree)
    try:
        start = parts.maxKey(first)
    except ValueError:
        return
    for number, token in parts.items(min=start):
        context = _part_context(job, tree, number)
        yield from enumerate(json.loads(occasion.keys.decrypt(token, context)), start=number)


def _part_context(job: RosterJob, tree: str, first: int) -> bytes:
    return f"roster:{job.id}:{tree}:{first}".encode()


def reencrypt(occasion: Occasion, after: int = -1, limit: int = 1) -> int:
    """Encrypt what is kept of up to `limit` rosters behind the id `after` with the current key.

    :return: the last id that was looked at, to go on from; -1 at the end
    """
    keys = occasion.keys
    last = -1
    for id, job in islice(occasion.site.rosters.items(after + 1), limit):
        last = id
        _reencrypt_rows(occasion, job)
        for tree in ("verdicts", "outcomes"):
            parts = getattr(job, tree)
            for first, token in list(parts.items()):
                if keys.needs_rotation(token):
                    context = _part_context(job, tree, first)
                    parts[first] = keys.encrypt(keys.decrypt(token, context), context)
    return last


def _reencrypt_rows(occasion: Occasion, job: RosterJob) -> None:
    keys = occasion.keys
    if job.rows is None:
        return
    offsets = [0]
    anew = Blob()
    changed = False
    with job.rows.open("r") as source, anew.open("w") as target:
        for number, (begin, end) in enumerate(pairwise(job.offsets)):
            source.seek(begin)
            token = source.read(end - begin)
            if keys.needs_rotation(token):
                context = _rows_context(job, number)
                token = keys.encrypt(keys.decrypt(token, context), context)
                changed = True
            target.write(token)
            offsets.append(offsets[-1] + len(token))
    if changed:
        job.rows = anew
        job.offsets = tuple(offsets)


@dataclass(frozen=True, slots=True)
class RowReport:
    """A row with what was found out about it.

    :param number: of the row, as a spreadsheet program shows it
    :param kind: of the verdict or the outcome: "create", "enrol", "same", "bad"
    """

    number: int
    values: dict[str, str]
    kind: str
    reasons: list[Message]
    user: int = 0
    username: str = ""
    code: str = ""

    @property
    def name(self) -> str:
        return row_name(self.values)

    @property
    def id_masked(self) -> str:
        return mask_identity_number(self.values.get("id_number", ""))

    @property
    def phone_masked(self) -> str:
        return mask_mobile(self.values.get("phone", ""))


def walk_reports(occasion: Occasion, job: RosterJob, tree: str, first: int) -> Iterator[RowReport]:
    rows: list[tuple[int, dict[str, str], list[Message]]] = []
    begin = first
    for place, (kind, reasons, *rest) in kept(occasion, job, tree, first):
        if place < first:
            continue
        if place >= begin + len(rows):
            begin, rows = place, read_rows(occasion, job, place, BATCH)
            if not rows:
                return
        number, values, _problems = rows[place - begin]
        yield RowReport(number, values, kind, [unpacked(r) for r in reasons], *rest)
