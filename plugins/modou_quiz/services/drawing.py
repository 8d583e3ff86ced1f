"""Which questions a learner gets: the paper's fixed ones and what chance draws, each one once.

`chance` decides everything, so the same seed on the same bank gives the same paper. Each question
that fits a line has the same chance to be drawn for it. Lines whose questions are few choose first;
should one of them still go away empty-handed although all could be served, places are changed
between the lines until they are.
"""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from modou.errors import Conflict
from modou.services.occasion import Occasion
from modou.store.containers import ID_BITS
from modou_quiz.i18n import _
from modou_quiz.models.attempts import QuizAttempts, Slot
from modou_quiz.models.bank import Bank, Question
from modou_quiz.models.papers import Draw, Fixed, Paper
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import shelf
from modou_quiz.services.searching import Criteria, Pool

#: How many other attempts a draw is compared with, and how often it is done again.
NEIGHBOURS = 30
TRIES = 12


@dataclass(slots=True)
class Line:
    """A line of a blueprint: where it stands (from 0), what fits, what it gets."""

    section: int
    place: int
    draw: Draw
    pool: Pool
    found: list[int]


def criteria_of(occasion: Occasion, course: int, draw: Draw) -> Criteria:
    """What fits a line of a blueprint in a course."""
    bank = shelf.find_bank(occasion.site)
    known = shelf.types_of(occasion)
    places: tuple[str, ...] = (f"course:{course}", "site:0")
    categories: tuple[int, ...] = ()
    if draw.categories and bank is not None:
        there = [c for id in draw.categories if (c := bank.categories.get(id)) is not None]
        categories = tuple(category.id for category in there)
        places = tuple(dict.fromkeys(category.place for category in there))
    types = tuple(name for name in draw.types if name in known)
    if not draw.types and bank is not None:
        # Only what can be answered is drawn, and what an enabled plugin knows.
        stored = {name: ids for name, ids in bank.values("type") if ids}
        types = tuple(name for name in stored if name in known and known[name].answerable)
        if not types:
            places = ()
        elif len(types) == len(stored):
            types = ()
    elif draw.types and not types:
        places = ()
    return Criteria(
        places,
        categories,
        draw.below,
        types,
        draw.difficulties,
        draw.points,
        draw.syllabus,
        draw.tags,
        ("ready",),
    )


def draw(
    occasion: Occasion,
    quiz: Quiz,
    chance: random.Random,
    *,
    attempts: QuizAttempts | None = None,
) -> tuple[Slot, ...]:
    """The slots of a new attempt, in the order in which they are asked.

    :param attempts: of the quiz: some of them are compared with where the paper says how much two
        learners' questions should overlap at most
    :raises Conflict: the bank has not enough questions, or a fixed one cannot be asked; names the
        section and the line
    """
    bank = shelf.find_bank(occasion.site)
    if bank is None or not quiz.paper.sections:
        raise Conflict(_("This paper has no questions yet."))
    fixed = _fixed(bank, quiz.paper)
    lines = lines_of(occasion, bank, quiz.course, quiz.paper)
    limit = quiz.paper.most_overlap
    others = neighbours(attempts, chance) if limit and lines and attempts is not None else []
    best: dict[tuple[int, int], list[int]] = {}
    least = 2.0
    for _try in range(TRIES if others else 1):
        _choose(lines, chance, fixed)
        chosen = {(line.section, line.place): line.found for line in lines}
        overlap = _overlap(fixed, chosen.values(), others)
        if overlap < least:
            best, least = chosen, overlap
        if least * 100 <= limit:
            break
    return _slots(occasion, bank, quiz, best, chance)


def neighbours(attempts: QuizAttempts, chance: random.Random) -> list[frozenset[int]]:
    """The questions of some attempts, by chance."""
    start = chance.getrandbits(ID_BITS)
    found = list(islice(attempts.by_id.values(start), NEIGHBOURS))
    if len(found) < NEIGHBOURS:
        found += islice(attempts.by_id.values(None, start), NEIGHBOURS - len(found))
    return [frozenset(slot.question for slot in attempt.slots) for attempt in found]


def _overlap(
    fixed: Collection[int], drawn: Iterable[Sequence[int]], others: Sequence[frozenset[int]]
) -> float:
    """The largest share of the questions that one of the others has as well."""
    own = {*fixed, *(id for ids in drawn for id in ids)}
    return max((len(own & other) / len(own) for other in others), default=0.0) if own else 0.0


def lines_of(occasion: Occasion, bank: Bank, course: int, paper: Paper) -> list[Line]:
    """The lines of the paper's blueprint."""
    return [
        Line(number, place, item, Pool(bank, criteria_of(occasion, course, item)), [])
        for number, section in enumerate(paper.sections)
        for place, item in enumerate(section.items)
        if isinstance(item, Draw)
    ]


def _fixed(bank: Bank, paper: Paper) -> dict[int, Question]:
    found: dict[int, Question] = {}
    for number, section in enumerate(paper.sections, start=1):
        for place, item in enumerate(section.items, start=1):
            if isinstance(item, Fixed):
                question = bank.questions.get(item.question)
                if question is None or question.status == "draft":
                    raise Conflict(
                        _(
                            "The question in part ${section}, line ${line} of the paper is gone "
                            "or is only a draft. The teacher has to mend the paper.",
                            mapping={"section": number, "line": place},
                        )
                    )
                found[item.question] = question
    return found


def _choose(lines: Sequence[Line], chance: random.Random, taken: Collection[int]) -> None:
    """Give each line its questions, none twice.

    :raises Conflict: there are not enough
    """
    used = set(taken)
    short = False
    for line in sorted(lines, key=lambda line: line.pool.bound):
        line.found = line.pool.draw(line.draw.number, chance, used)
        used.update(line.found)
        short = short or len(line.found) < line.draw.number
    if short:
        match(lines, chance, taken)
    for line in lines:
        if len(line.found) < line.draw.number:
            raise Conflict(
                _(
                    "Part ${section}, line ${line} of the paper asks for ${wanted} questions, but "
                    "only ${there} fit. The teacher has to mend the paper.",
                    mapping={
                        "section": line.section + 1,
                        "line": line.place + 1,
                        "wanted": line.draw.number,
                        "there": len(line.found),
                    },
                )
            )


def match(lines: Sequence[Line], chance: random.Random, taken: Collection[int]) -> None:
    """Share the questions out so that as many places as possible are filled, whatever the lines
    have in common: along augmenting paths."""
    total = sum(line.draw.number for line in lines)
    pools: list[list[int]] = []
    for line in lines:
        free = [id for id in line.pool.everything() if id not in taken]
        # Of as many as all lines together ask for, the others can never take too many.
        pools.append(chance.sample(free, min(total, len(free))))
        line.found = []
    owner: dict[int, int] = {}

    def find(place: int, seen: set[int]) -> bool:
        """Get one more question for the line, from another one if that can find another."""
        seen.add(place)
        for id in pools[place]:
            if id not in owner:
                owner[id] = place
                return True
        for id in pools[place]:
            holder = owner[id]
            if holder not in seen and find(holder, seen):
                owner[id] = place
                return True
        return False

    for place, line in enumerate(lines):
        for _number in range(line.draw.number):
            if not find(place, set()):
                break
    for id, place in owner.items():
        lines[place].found.append(id)
    for line in lines:
        chance.shuffle(line.found)


def _slots(
    occasion: Occasion,
    bank: Bank,
    quiz: Quiz,
    drawn: dict[tuple[int, int], list[int]],
    chance: random.Random,
) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    for number, section in enumerate(quiz.paper.sections):
        part: list[Slot] = []
        for place, item in enumerate(section.items):
            if isinstance(item, Fixed):
                asked = [(item.question, item.version, item.marks)]
            else:
                asked = [(id, 0, item.marks) for id in drawn[number, place]]
            part += [
                slot_of(occasion, bank.questions.by_id(id), version, marks, number, quiz, chance)
                for id, version, marks in asked
            ]
        if section.shuffle or quiz.shuffle_questions:
            part = _shuffled(part, chance)
        slots += part
    return tuple(slots)


def slot_of(
    occasion: Occasion,
    question: Question,
    version: int,
    marks: float | None,
    section: int,
    quiz: Quiz,
    chance: random.Random,
) -> Slot:
    """A question's place in an attempt.

    :param version: 0: the latest
    :param marks: None: what the question says
    :raises Conflict: no enabled plugin knows its type
    """
    type_ = shelf.types_of(occasion).get(question.type)
    if type_ is None:
        raise Conflict(
            _(
                "The plugin of the question type ${name} is not enabled.",
                mapping={"name": question.type},
            )
        )
    shown = question.version(version)
    content = shelf.content_of(occasion, question, shown)
    worth = shown.marks if marks is None else marks
    return Slot(
        question.id,
        shown.number,
        worth if type_.answerable else 0.0,
        section,
        type_.arrange(content, quiz.shuffle_options, chance),
    )


def _shuffled(slots: list[Slot], chance: random.Random) -> list[Slot]:
    """In another order; what only informs stays where it is."""
    places = [place for place, slot in enumerate(slots) if slot.marks]
    moved = places[:]
    chance.shuffle(moved)
    shuffled = slots[:]
    for place, source in zip(places, moved, strict=True):
        shuffled[place] = slots[source]
    return shuffled
