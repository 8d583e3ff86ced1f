"""Questions that say the same, or nearly the same.

Twins have the same fingerprint: type, stem, options and the bytes of their pictures are the same
but for spaces, signs, width, capitals and the options' order; answers, explanations and marks may
differ. Near twins share most of their shingles (three characters in a row), which a MinHash of 16
hashes in 8 bands finds: pairs that share 0.8 of them are found with a chance of 0.9996, of 0.6 with
0.97, and are then compared exactly.
"""

import hashlib
import random
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from modou.models.site import Site
from modou.services.occasion import Occasion
from modou_quiz.models.bank import Bank, Question, SearchSegment
from modou_quiz.services import searching, shelf, wording

#: What near twins share at least: the size of the intersection over that of the union.
NEAR: Final = 0.8
#: Most questions that are compared with each other at once.
MOST_COMPARED: Final = 5000
#: Characters of a question that are compared.
LONGEST: Final = 4000
_WIDTH = 3
_BANDS, _ROWS = 8, 2
_PRIME: Final = (1 << 61) - 1
_chance = random.Random(20260302)  # noqa: S311 - the same hashes in each process
_HASHES: Final = tuple(
    (_chance.randrange(1, _PRIME), _chance.randrange(_PRIME)) for _ in range(_BANDS * _ROWS)
)


def _bare(text: str) -> str:
    return wording.folded(text).replace(" ", "")


def fingerprint(site: Site, type: str, data: Mapping[str, Any], files: Mapping[str, int]) -> int:
    """Of what a content (as plain JSON) says; 0 when it says nothing.

    :param files: name -> id of a stored file
    """
    pictures = [
        stored.sha256
        for name in (wording.files_in(data) if files else ())
        if (stored := site.files.get(files.get(name, 0))) is not None
    ]
    return fingerprint_of(type, data, pictures)


def fingerprint_of(type: str, data: Mapping[str, Any], pictures: Iterable[Any]) -> int:
    """The same of a content that is not stored yet.

    :param pictures: SHA-256 digests of the files that it shows
    """
    stem = _bare(wording.plain_stem(data))
    others = sorted(_bare(text) for text in wording.texts_of(data))
    pictures = sorted(map(str, pictures))
    if not stem and not any(others) and not pictures:
        return 0
    text = "\n".join([type, stem, *others, *pictures])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 2 or 1


def twins(bank: Bank, print: int, places: Iterable[str]) -> list[int]:  # noqa: A002
    """Ids of the questions of some trees with this fingerprint, retired ones left out."""
    within = [bank.filed("place", place) for place in places]
    retired = bank.filed("status", "retired")
    return [
        id
        for id in bank.prints.get(print, ())
        if any(id in ids for ids in within) and id not in retired
    ]


def all_twins(bank: Bank, criteria: searching.Criteria) -> list[list[int]]:
    """Groups of questions that say the same, among those that fit, as ids in order."""
    found = searching.matching(bank, criteria)
    groups: dict[int, list[int]] = {}
    for id in found:
        question = bank.questions.by_id(id)
        if question.fingerprint:
            groups.setdefault(question.fingerprint, []).append(id)
    return [ids for ids in groups.values() if len(ids) > 1]


def shingles_of(text: str) -> frozenset[str]:
    bare = _bare(text)
    if len(bare) <= _WIDTH:
        return frozenset([bare] if bare else [])
    return frozenset(bare[place : place + _WIDTH] for place in range(len(bare) - _WIDTH + 1))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """0 (nothing in common) to 1 (the same)."""
    return len(one & other) / len(one | other) if one or other else 0.0


class Near(NamedTuple):
    """Two questions that are nearly the same."""

    first: int
    second: int
    likeness: float


def near_twins(
    texts: Mapping[int, str], least: float = NEAR, tick: Callable[[int], None] | None = None
) -> list[Near]:
    """Pairs of texts that are nearly the same, the most alike first.

    :param texts: id -> text
    :param tick: told now and then how many were looked at; may raise
    """
    shingles = {id: shingles_of(text) for id, text in texts.items()}
    bands: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for done, (id, own) in enumerate(shingles.items()):
        if tick is not None and not done % 100:
            tick(done)
        if own:
            for band in _bands_of(own):
                bands.setdefault(band, []).append(id)
    pairs = {
        (ids[first], ids[second])
        for ids in bands.values()
        # Many that share a band say the same; each is compared with its neighbours.
        for first in range(len(ids))
        for second in range(first + 1, min(len(ids), first + 20))
    }
    found = [Near(a, b, likeness(shingles[a], shingles[b])) for a, b in pairs]
    return sorted(
        (near for near in found if near.likeness >= least),
        key=lambda near: (-near.likeness, near.first, near.second),
    )


def _bands_of(shingles: frozenset[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
    numbers = [
        int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=7).digest())
        for shingle in shingles
    ]
    least = [min((a * number + b) % _PRIME for number in numbers) for a, b in _HASHES]
    for band in range(_BANDS):
        yield band, tuple(least[band * _ROWS : (band + 1) * _ROWS])


def compared_text(question: Question) -> str:
    """What of a question is compared: the beginning of its stem and options."""
    data = question.latest.data
    return " ".join([wording.plain_stem(data), *sorted(wording.texts_of(data))])[:LONGEST]


class Alike(NamedTuple):
    """A question that is like another one.

    :param likeness: 1: it says the same
    """

    question: Question
    likeness: float


def alike(
    occasion: Occasion,
    criteria: searching.Criteria,
    *,
    text: str,
    print: int = 0,  # noqa: A002
    without: int = 0,
    most: int = 5,
) -> list[Alike]:
    """Questions that are like a text, among those that fit, found by rare pieces that they share.

    :param text: as `compared_text` gives it
    :param print: its fingerprint, where that is known
    :param without: id of the question itself
    """
    bank = shelf.find_bank(occasion.site)
    if bank is None:
        return []
    found = searching.matching(bank, criteria)
    shingles = shingles_of(text)
    same = [id for id in bank.prints.get(print, ()) if id in found] if print else []
    result = {id: 1.0 for id in same if id != without}
    for id in _candidates(bank, text, found):
        if id != without and id not in result:
            how = likeness(shingles, shingles_of(compared_text(bank.questions.by_id(id))))
            if how >= NEAR:
                result[id] = how
    best = sorted(result.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [Alike(bank.questions.by_id(id), how) for id, how in best]


def _candidates(bank: Bank, text: str, found: Any, most: int = 20) -> list[int]:
    """The questions that share most pieces of the text's beginning."""
    grams = wording.grams_of(wording.folded(text)[: wording.LONGEST])
    counts: dict[int, int] = {}
    for id, stored in bank.fresh.items():
        shared = sum(gram in stored for gram in grams)
        if shared * 2 >= len(grams):
            counts[id] = shared
    for segment in bank.segments:
        counts.update(_shared(segment, grams))
    best = sorted(counts, key=lambda id: (-counts[id], id))
    return [id for id in best[: 4 * most] if id in found][:most]


def _shared(segment: SearchSegment, grams: Iterable[str]) -> dict[int, int]:
    """Questions of a segment -> how many of the rarest pieces they share, where that is half."""
    packed: Sequence[bytes] = sorted(
        (part for gram in grams if (part := segment.grams.get(gram)) is not None), key=len
    )[:24]
    counts: dict[int, int] = {}
    for part in packed:
        for place in array("H", part):
            counts[place] = counts.get(place, 0) + 1
    ids = array("q", segment.ids.packed)
    return {
        ids[place]: shared
        for place, shared in counts.items()
        if shared * 2 >= len(packed) and ids[place] in segment.live
    }


def compare(
    bank: Bank, criteria: searching.Criteria, tick: Callable[[int], None] | None = None
) -> tuple[list[Near], int]:
    """Pairs that are nearly, but not quite, the same, among those that fit; and how many there are
    to compare.

    :param tick: told now and then how many were looked at; may raise
    :return: no pairs when there are more than `MOST_COMPARED` to compare
    """
    found = searching.matching(bank, criteria)
    if len(found) > MOST_COMPARED:
        return [], len(found)
    questions = {id: bank.questions.by_id(id) for id in found}
    pairs = near_twins(
        {id: compared_text(question) for id, question in questions.items()}, tick=tick
    )
    prints = {id: question.fingerprint for id, question in questions.items()}
    return [near for near in pairs if prints[near.first] != prints[near.second]], len(found)
