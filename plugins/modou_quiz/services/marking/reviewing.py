"""What people have said about an attempt, for its learner: as far as the review rules allow."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Attempt, Mark
from modou_quiz.models.quizzes import SHOWN
from modou_quiz.services.marking.attaching import Attached, Sign, attached
from modou_quiz.services.marking.automatic import NO_RULE
from modou_quiz.services.marking.keys import Key, Unreadable, keys_of, text_of
from modou_quiz.services.marking.shelf import rules_of
from modou_quiz.services.sitting.responses import unpacked


class Passage(NamedTuple):
    """A piece of a text; `notes`: numbers of the remarks that stand on it."""

    text: str
    notes: tuple[int, ...] = ()


class Remark(NamedTuple):
    """A remark on a place of a text. `quote`: the words that it stands on."""

    number: int
    quote: str
    words: str


class Judged(NamedTuple):
    """A criterion of a rubric, and the level that was chosen."""

    name: str
    level: str
    points: float
    most: float


class PartReview(NamedTuple):
    """What was said about a part of a question."""

    part: int
    fraction: float | None
    comment: str
    rubric: tuple[Judged, ...]
    passages: tuple[Passage, ...]
    remarks: tuple[Remark, ...]
    files: tuple[Attached, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.comment or self.rubric or self.remarks or self.files)


class SlotReview(NamedTuple):
    """What a question of an attempt came to.

    :param points: None while it waits for a person, or where marks are not shown
    :param void: see `Rule.void`
    :param parts: those about which a person has said something
    """

    points: float | None
    worth: float
    waiting: bool
    void: str
    parts: tuple[PartReview, ...] = ()


def review_of(
    occasion: Occasion,
    attempt: Attempt,
    shown: Collection[str] = SHOWN,
    sign: Sign | None = None,
) -> dict[int, SlotReview]:
    """Slot -> what it came to, of an attempt that was handed in. Template for one of them:
    `modou_quiz:templates/marking/_feedback.jinja2`.

    :param shown: what the review rules allow now, some of `SHOWN`: "marks" for points, "feedback"
        for what people have said, "response" for the words that it stands on
    :param sign: makes the addresses of the markers' files
    """
    keys = keys_of(occasion)
    rules = rules_of(occasion.site, attempt.quiz)
    found = {}
    for number, slot in enumerate(attempt.slots):
        if not slot.marks:
            continue
        rule = rules.get(slot.question, NO_RULE)
        points = attempt.earned[number] if number < len(attempt.earned) else None
        parts: tuple[PartReview, ...] = ()
        if "feedback" in shown:
            try:
                key = keys(slot.question, rule.version or slot.version)
            except Unreadable:
                key = None
            if key is not None:
                parts = _parts(key, attempt, number, "response" in shown)
                parts = tuple(
                    part._replace(
                        files=attached(
                            occasion.site.files, attempt.marks[number, part.part].files, sign
                        )
                    )
                    for part in parts
                )
                parts = tuple(part for part in parts if part)
            if "marks" not in shown:
                # The points of its levels are the marks.
                parts = tuple(part._replace(fraction=None, rubric=()) for part in parts)
                parts = tuple(part for part in parts if part)
        found[number] = SlotReview(
            points if "marks" in shown else None,
            0.0 if rule.void == "none" else slot.marks,
            points is None,
            rule.void,
            parts,
        )
    return found


def _parts(key: Key, attempt: Attempt, number: int, with_text: bool) -> tuple[PartReview, ...]:
    given = attempt.answers.given.get(number)
    found = []
    for part in range(len(key.weights)):
        mark = attempt.marks.get((number, part))
        if mark is None or not mark.marker:
            continue
        response = unpacked(given.response) if given is not None else None
        _type, content, response = key.type.piece(key.content, part, response)
        said = part_review(part, mark, content, response)
        if not with_text:
            bare = tuple(remark._replace(quote="") for remark in said.remarks)
            said = said._replace(passages=(), remarks=bare)
        found.append(said)
    return tuple(found)


def part_review(part: int, mark: Mark, content: Any, response: Any) -> PartReview:
    """What a mark says about a part."""
    text = text_of(response)
    return PartReview(
        part,
        mark.fraction,
        mark.comment,
        judged(getattr(content, "rubric", ()), dict(mark.rubric)),
        passages(text, mark.notes) if mark.notes else (),
        tuple(
            Remark(number, text[start:end], words)
            for number, (start, end, words) in enumerate(mark.notes, start=1)
        ),
    )


def judged(rubric: Sequence[Any], chosen: Mapping[str, int]) -> tuple[Judged, ...]:
    """The chosen levels of a rubric, in its order."""
    return tuple(
        Judged(
            criterion.name,
            criterion.levels[chosen[criterion.name]].text,
            criterion.levels[chosen[criterion.name]].points,
            max(level.points for level in criterion.levels),
        )
        for criterion in rubric
        if 0 <= chosen.get(criterion.name, -1) < len(criterion.levels)
    )


def passages(text: str, notes: Sequence[tuple[int, int, str]]) -> tuple[Passage, ...]:
    """A text in pieces, cut where remarks begin and end."""
    cuts = sorted({0, len(text), *(place for start, end, _ in notes for place in (start, end))})
    found = []
    for start, end in pairwise(cuts):
        on = tuple(
            number
            for number, (first, last, _words) in enumerate(notes, start=1)
            if first <= start and end <= last
        )
        found.append(Passage(text[start:end], on))
    return tuple(found)
