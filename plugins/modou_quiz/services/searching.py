"""Which questions fit: counted, chosen at random, listed page by page, without opening them.

A `Criteria` becomes groups of sets: what fits is in one of the sets of each group. Intersections
are done by the sets themselves, in C; a random choice needs none, it tries members of the smallest
group until enough fit.
"""

import random
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from BTrees.LLBTree import LLSet, intersection, multiunion

from modou.services.jobs.context import JobContext
from modou_quiz.models.bank import (
    Bank,
    GramTree,
    IdSet,
    Question,
    SearchSegment,
)
from modou_quiz.services import shelf, wording

#: Sets of which one at least holds what fits.
Group: TypeAlias = Sequence[Any]
#: Most questions that a list sorts by something else than their age.
MOST_SORTED = 3000
#: Up to so many, made on one day, are sorted by their time; more come in any order.
MOST_OF_DAY = 500
#: Most questions that wait to be put into a segment of the search before the job does so.
FRESH = 200
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is looked for; empty values let everything pass.

    :param places: trees that it may be in, as `place_of` names them; empty: in none
    :param categories: ids; `below`: also what lies below them
    :param tags: all of them
    :param text: words that all have to be there, or their pinyin or its initials
    """

    places: tuple[str, ...]
    categories: tuple[int, ...] = ()
    below: bool = True
    types: tuple[str, ...] = ()
    difficulties: tuple[int, ...] = ()
    points: tuple[str, ...] = ()
    syllabus: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ("ready",)
    text: str = ""


def groups_of(bank: Bank, criteria: Criteria) -> list[Group]:
    """See the module's docstring; without the text."""
    filed, places = bank.filed, criteria.places
    groups: list[Group] = []
    own: list[IdSet]
    if criteria.categories:
        wanted = dict.fromkeys(
            id
            for top in criteria.categories
            for id in ((id for id, _depth in bank.walk(top)) if criteria.below else (top,))
        )
        if criteria.types:
            own = [filed("category", id, name) for id in wanted for name in criteria.types]
        else:
            own = [ids for id in wanted for _facet, ids in bank.under("category", id)]
        groups.append(own)
    groups.append([filed("place", place) for place in places])
    if criteria.types and not criteria.categories:
        groups.append([filed("type", name) for name in criteria.types])
    groups += [[filed("status", s) for s in criteria.statuses]] if criteria.statuses else []
    if criteria.difficulties:
        groups.append([filed("difficulty", level) for level in criteria.difficulties])
    for kind, values in (("point", criteria.points), ("syllabus", criteria.syllabus)):
        if values:
            groups.append([filed(kind, place, value) for place in places for value in values])
    groups += [[filed("tag", place, tag) for place in places] for tag in criteria.tags]
    return [[ids for ids in group if ids.roughly()] for group in groups]


def size_of(group: Group) -> int:
    """About how many are in one of its sets."""
    return sum(ids.roughly() for ids in group)


def _together(group: Group) -> Any:
    return group[0] if len(group) == 1 else multiunion(list(group))


def _both(one: Any, other: Any) -> Any:
    """What is in both; quick also where one of them is small."""
    if len(one) > len(other):
        one, other = other, one
    if len(one) * 20 < len(other):
        return LLSet([id for id in one if id in other])
    return intersection(one, other)


def matching(bank: Bank, criteria: Criteria) -> Any:
    """The set of what fits; do not change it."""
    groups = sorted(groups_of(bank, criteria), key=size_of)
    if not groups or not all(groups):
        return LLSet()
    found = _together(groups[0])
    for group in groups[1:]:
        if not found:
            break
        found = _both(found, _together(group))
    if found and criteria.text.strip():
        found = _both(found, by_text(bank, criteria.text))
    return found


def count(bank: Bank, criteria: Criteria) -> int:
    """How many fit."""
    return len(matching(bank, criteria))


class Pool:
    """What fits, for drawing: each has the same chance."""

    def __init__(self, bank: Bank, criteria: Criteria) -> None:
        self._bank = bank
        self._criteria = criteria
        groups = sorted(groups_of(bank, criteria), key=size_of)
        self._empty = not groups or not all(groups)
        self._groups = groups
        #: At most about so many fit.
        self.bound = size_of(groups[0]) if groups else 0
        self._all: list[int] | None = [] if self._empty else None
        self._members: list[int] = []
        self._places: dict[int, bool] = {}

    def everything(self) -> list[int]:
        """All ids that fit, ascending."""
        if self._all is None:
            self._all = list(matching(self._bank, self._criteria))
        return self._all

    def draw(self, number: int, chance: random.Random, without: Collection[int]) -> list[int]:
        """So many different ones at random, none of `without`; fewer when there are no more."""
        found: list[int] = []
        if self._all is None:
            found = self._try(number, chance, without)
            if len(found) == number:
                return found
        taken = {*without, *found}
        rest = [id for id in self.everything() if id not in taken]
        return found + chance.sample(rest, min(number - len(found), len(rest)))

    def _try(self, number: int, chance: random.Random, without: Collection[int]) -> list[int]:
        """As `draw`, but gives up where members of the smallest group seldom fit.

        Members are opened and looked at: those that fit are opened anyway, and a random look into
        each set would read a leaf of each.
        """
        if not self._members:
            self._members = [id for ids in self._groups[0] for id in ids]
        members, by_id = self._members, self._bank.questions.by_id
        found: dict[int, None] = {}
        refused: set[int] = set()
        for _tries in range(8 * number + 20):
            if len(found) == number:
                break
            id = members[int(chance.random() * len(members))]
            if id in found or id in refused or id in without:
                continue
            if self._fits(by_id(id)):
                found[id] = None
            else:
                refused.add(id)
        return list(found)

    def _fits(self, question: Question) -> bool:
        """The same as being in all groups."""
        wanted = self._criteria
        return (
            (not wanted.statuses or question.status in wanted.statuses)
            and (not wanted.types or question.type in wanted.types)
            and (not wanted.difficulties or question.difficulty in wanted.difficulties)
            and (not wanted.points or question.point in wanted.points)
            and (not wanted.syllabus or question.syllabus in wanted.syllabus)
            and all(tag in question.tags for tag in wanted.tags)
            and self._lies_right(question.category)
        )

    def _lies_right(self, category: int) -> bool:
        known = self._places.get(category)
        if known is None:
            bank, wanted = self._bank, self._criteria
            known = bank.categories.by_id(category).place in wanted.places
            if known and wanted.categories:
                above = bank.lineage(bank.categories.by_id(category))
                known = any(
                    one.id in wanted.categories for one in (above if wanted.below else above[-1:])
                )
            self._places[category] = known
        return known


# Lists


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list.

    :param sorted: False: too many fit to be sorted as was asked for; they come newest first
    """

    total: int
    questions: list[Question] = field(default_factory=list)
    sorted: bool = True


def _facility(question: Question) -> float:
    value = (question.statistics or {}).get("facility")
    return float(value) if value is not None else 2.0


#: What lists can be sorted by.
SORTS: dict[str, Any] = {
    "created": lambda q: q.created,
    "modified": lambda q: q.modified,
    "title": lambda q: q.title,
    "type": lambda q: q.type,
    "difficulty": lambda q: q.difficulty,
    "idnumber": lambda q: q.idnumber,
    "facility": _facility,
}


def page(bank: Bank, criteria: Criteria, sort: str, start: int, size: int) -> Listing:
    """Some of what fits.

    :param sort: a key of `SORTS`, "-" in front turns it round
    :param start: how many are passed over
    """
    found = matching(bank, criteria)
    total = len(found)
    by_id = bank.questions.by_id
    key, down = sort.removeprefix("-"), sort.startswith("-")
    if key not in SORTS:
        key, down = "created", True
    newest = (key, down) == ("created", True)
    if total <= (MOST_OF_DAY if newest else MOST_SORTED):
        questions = [by_id(id) for id in found]
        questions.sort(key=lambda q: q.id)
        questions.sort(key=SORTS[key], reverse=down)
        return Listing(total, questions[start : start + size])
    ids = list(_newest(bank, found, start, size))
    return Listing(total, [by_id(id) for id in ids], sorted=newest)


def following(bank: Bank, criteria: Criteria, after: int, number: int) -> list[Question]:
    """So many of what fits in the order of their ids, behind one of them: for programs that read
    all, while others come and go."""
    found = matching(bank, criteria)
    return [bank.questions.by_id(id) for id in islice(found.keys(after + 1), number)]


def _newest(bank: Bank, found: Any, start: int, size: int) -> Iterator[int]:
    """The newest first, by the days on which they were made: only the days of the page are looked
    at one by one."""
    for _day, ids in reversed(list(bank.values("day"))):
        if not size:
            return
        of_day = _both(ids, found)
        if len(of_day) <= start:
            start -= len(of_day)
            continue
        if len(of_day) <= MOST_OF_DAY:
            day = sorted(of_day, key=lambda id: (-bank.questions.by_id(id).created, id))
        else:
            day = list(of_day)
        part = day[start : start + size]
        yield from part
        start, size = 0, size - len(part)


# Words


def by_text(bank: Bank, text: str) -> Any:
    """The set of questions in which all words of `text` occur."""
    words = [run for word in wording.folded(text).split() for run in wording.runs(word)]
    if not words:
        return LLSet()
    found = [
        id for id, stored in bank.fresh.items() if all(_occurs(word, stored) for word in words)
    ]
    for segment in bank.segments:
        found += _in_segment(segment, words)
    return LLSet(found)


def _pieces(word: str) -> tuple[int, list[str]]:
    """How long its pieces are, and the whole ones; none where it is shorter than one."""
    size = wording.width(word)
    return size, [word[place : place + size] for place in range(len(word) - size + 1)]


def _occurs(word: str, text: str) -> bool:
    # By its pieces, as in segments: whatever the job does, the same is found.
    _size, pieces = _pieces(word)
    return all(piece in text for piece in pieces or [word])


def _in_segment(segment: SearchSegment, words: Iterable[str]) -> list[int]:
    postings: list[set[int]] = []
    for word in words:
        _size, pieces = _pieces(word)
        if pieces:
            packed = [segment.grams.get(piece) for piece in set(pieces)]
            if not all(packed):
                return []
            postings += [set(array("H", part)) for part in packed]
        else:
            starting = segment.grams.values(word, word + _LAST)
            postings.append({place for part in starting for place in array("H", part)})
    places = set.intersection(*sorted(postings, key=len))
    if not places:
        return []
    ids = array("q", segment.ids.packed)
    return [id for id in (ids[place] for place in places) if id in segment.live]


def seal(bank: Bank) -> int:
    """Put the texts that wait in `bank.fresh` into a segment, together with the segments that are
    small against it; how many questions the new one has.

    What the search finds stays the same. Others may write meanwhile: then it is done again.
    """
    texts: dict[int, str] = dict(bank.fresh.items())
    kept: list[SearchSegment] = []
    for segment in sorted(bank.segments, key=lambda s: len(s.live)):
        size = len(segment.live)
        if size < 4 * len(texts) and size + len(texts) <= SearchSegment.MOST:
            for id in segment.live:
                texts[id] = wording.search_text(bank.questions.by_id(id))
        else:
            kept.append(segment)
    chosen = sorted(texts)[: SearchSegment.MOST]
    if chosen:
        kept.append(_segment({id: texts[id] for id in chosen}))
        for id in chosen:
            bank.fresh.pop(id, None)
        bank.segments = tuple(kept)
    return len(chosen)


def _segment(texts: dict[int, str]) -> SearchSegment:
    postings: dict[str, array[int]] = {}
    for place, text in enumerate(texts.values()):
        for gram in wording.grams_of(text):
            found = postings.get(gram)
            if found is None:
                found = postings[gram] = array("H")
            found.append(place)
    grams = GramTree()
    for gram in sorted(postings):
        grams[gram] = postings[gram].tobytes()
    return SearchSegment(array("q", texts).tobytes(), grams, IdSet(texts))


def seal_job(context: JobContext) -> None:
    """The job: a segment in each transaction."""
    while True:
        with context.occasion() as occasion:
            bank = shelf.find_bank(occasion.site)
            if bank is None or len(bank.fresh) < FRESH:
                return
            seal(bank)


# What there is


def values(bank: Bank, kind: str, places: Iterable[str]) -> dict[str, int]:
    """Tags, points or items of the syllabus that occur -> in how many questions, in order."""
    found: dict[str, int] = {}
    for place in places:
        for value, ids in bank.values(kind, place):
            if ids:
                found[value] = found.get(value, 0) + len(ids)
    return dict(sorted(found.items()))
