"""A sitting and a review, ready for their templates. What a learner may not know yet is not in
these values at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from modou.errors import NotFound
from modou.services.occasion import Occasion
from modou_quiz.models.attempts import Given, Slot
from modou_quiz.services import marking
from modou_quiz.services.answer_files import with_addresses
from modou_quiz.services.marking.reviewing import SlotReview
from modou_quiz.services.marking.tries import counted, fraction_of
from modou_quiz.services.marking.veiling import Veil
from modou_quiz.services.rendering import render_for
from modou_quiz.services.sitting import ending, finding, reviewing, saving, trying
from modou_quiz.services.sitting.finding import Asked, Sitting
from modou_quiz.services.sitting.responses import unpacked
from modou_quiz.services.sitting.trying import TriesShown
from modou_quiz.types import Render

_NOTHING = Given(None, 0, 0)
#: Characters of arrangement and response up to which others may have the same.
_BRIEF = 500
#: Makes the address of a stored file, as `render_for` wants it.
Sign = Callable[..., Any]


@dataclass(slots=True)
class QuestionShown:
    """A question on the page of a sitting or of a review.

    :param place: its slot, from 0
    :param label: its number among those that ask for an answer; "" for the others
    :param type: its `QuestionType`; None where it is missing
    :param make: gives what its type gives to its template
    :param key: all that what is shown depends on, so that it need not be made for each learner
        anew; None: it is this learner's own
    :param section: title of the section that begins with it
    :param state: of its answer: "", "answered"; in a review "right", "partly", "wrong", "open" (a
        person has to say), "empty" as far as that may be known
    :param earned: marks that it got, None when that is not known or not to be shown
    :param said: what people said who marked it
    :param missing: it cannot be shown any more; nothing but that is said
    :param tries: where there are several at it
    :param veiled: what was answered is not for the reader now: see `marking.veiling`
    """

    place: int
    label: str
    type: Any
    make: Callable[[], Mapping[str, Any]]
    prefix: str
    readonly: bool
    answerable: bool
    marks: float
    section: str = ""
    flagged: bool = False
    checked: bool = False
    state: str = ""
    earned: float | None = None
    said: SlotReview | None = None
    missing: bool = False
    veiled: bool = False
    key: tuple[Any, ...] | None = None
    tries: TriesShown | None = None

    @property
    def shown(self) -> Mapping[str, Any]:
        return self.make()


@dataclass(frozen=True, slots=True)
class SittingShown:
    """A page of a sitting.

    :param questions: those that stand on it
    :param answered: of all questions that ask for an answer, `expected`
    :param first, last: places of the page's questions, of `count` in all
    :param more: there is a next page, without a way back
    :param checks: what is shown of a question once its learner asks, while it is sat
    """

    questions: Sequence[QuestionShown]
    answered: int
    expected: int
    first: int
    last: int
    count: int
    more: bool
    checks: frozenset[str]
    per_page: int


def sitting_page(sitting: Sitting, sign: Sign) -> SittingShown:
    """What the page of an open attempt shows: the questions that may be seen now."""
    attempt, quiz = sitting.attempt, sitting.quiz
    places = saving.reachable(sitting)
    checks = reviewing.during(quiz)
    labels = labels_of(attempt.slots)
    questions = []
    for place in places:
        given = attempt.answers.given.get(place, _NOTHING)
        checked = given.checked and bool(checks)
        one = _shown_now(sitting, place, given, checks if checked else None, labels, sign)
        questions.append(one)
    return SittingShown(
        questions,
        ending.answered(sitting),
        ending.expected(sitting),
        places.start,
        places.stop - 1,
        len(attempt.slots),
        quiz.sequential and places.stop < len(attempt.slots),
        checks,
        quiz.per_page,
    )


def labels_of(slots: Sequence[Slot]) -> list[str]:
    """The numbers of the slots, counting those that ask for an answer; "" for the others."""
    number = 0
    labels = []
    for slot in slots:
        number += slot.marks > 0
        labels.append(str(number) if slot.marks > 0 else "")
    return labels


def _section(sitting: Sitting, place: int) -> str:
    """The title of the section that begins at a place."""
    slots, titles = sitting.attempt.slots, sitting.attempt.sections
    number = slots[place].section
    if place and slots[place - 1].section == number:
        return ""
    return titles[number] if number < len(titles) else ""


def _shown_now(
    sitting: Sitting,
    place: int,
    given: Given,
    checks: frozenset[str] | None,
    labels: Sequence[str],
    sign: Sign,
) -> QuestionShown:
    slot = sitting.attempt.slots[place]
    response = unpacked(given.response)
    try:
        found = saving.asked_in(sitting, slot)
    except NotFound:
        return _missing(sitting, place, labels)
    if checks is not None:
        return _reviewed(sitting, place, given, checks, labels, sign)

    render = partial(render_for, sitting.occasion, found.version, sign)
    tries = None
    if sitting.quiz.instant == "tries":
        tries = trying.standing(sitting, found, given, render)
    section = _section(sitting, place)
    # The controls with which files are sent hold a ticket of the learner's.
    own = found.type.asks_for_files or bool(given.tries)
    text = repr((slot.arrangement, response))
    common = (slot.question, slot.version, text, place, labels[place], slot.marks, section, tries)
    return QuestionShown(
        place,
        labels[place],
        found.type,
        partial(_made_now, sitting, found, given, slot.arrangement, tries, render, sign),
        saving.prefix_of(place),
        False,
        found.type.answerable,
        slot.marks,
        section,
        given.flagged,
        state="answered" if response is not None else "",
        key=(*common, given.flagged) if len(text) < _BRIEF and not own else None,
        tries=tries,
    )


def _made_now(
    sitting: Sitting,
    found: Asked,
    given: Given,
    arrangement: Any,
    tries: TriesShown | None,
    render: Callable[[], Render],
    sign: Sign,
) -> Mapping[str, Any]:
    """What a question's type gives to its template."""
    if tries is not None and tries.used:
        shown = trying.shown(sitting, found, given, arrangement, render())
    else:
        response = unpacked(given.response)
        shown = found.type.shown(found.content, arrangement, response, render())
    return with_addresses(sitting.occasion, shown, sign)


def _missing(sitting: Sitting, place: int, labels: Sequence[str]) -> QuestionShown:
    slot = sitting.attempt.slots[place]
    return QuestionShown(
        place,
        labels[place],
        None,
        dict,
        saving.prefix_of(place),
        True,
        False,
        slot.marks,
        _section(sitting, place),
        missing=True,
    )


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """The result of an attempt, as far as the reader may see it.

    :param score: None: not to be shown, or not known yet (`waiting`)
    :param questions: empty where the answers are not shown
    """

    shown: frozenset[str]
    questions: Sequence[QuestionShown]
    score: float | None
    most: float
    waiting: bool
    answered: int
    expected: int
    next: tuple[int, frozenset[str]] | None


def review_page(sitting: Sitting, sign: Sign) -> ReviewShown:
    """What the page of an attempt that was handed in shows."""
    occasion, attempt = sitting.occasion, sitting.attempt
    allowed = reviewing.shown_to(occasion, sitting)
    labels = labels_of(attempt.slots)
    questions: list[QuestionShown] = []
    said = marking.review_of(occasion, attempt, allowed, sign)
    own = occasion.actor is not None and occasion.actor.id == attempt.user
    hidden = Veil(occasion, sitting.activity).hidden(attempt) if not own else frozenset()
    if allowed & {"response", "correct", "feedback", "right"}:
        for place in range(len(attempt.slots)):
            given = attempt.answers.given.get(place, _NOTHING)
            if place in hidden:
                one = _reviewed(sitting, place, given, allowed & {"right"}, labels, sign)
                questions.append(replace(one, veiled=True))
                continue
            one = _reviewed(sitting, place, given, allowed, labels, sign)
            questions.append(replace(one, said=said.get(place)))
    marks = "marks" in allowed
    return ReviewShown(
        allowed,
        questions,
        attempt.score if marks else None,
        attempt.most,
        attempt.state == "handed_in",
        ending.answered(sitting),
        ending.expected(sitting),
        reviewing.next_moment(sitting.quiz, attempt, occasion.now),
    )


def _reviewed(
    sitting: Sitting,
    place: int,
    given: Given,
    allowed: frozenset[str],
    labels: Sequence[str],
    sign: Sign,
) -> QuestionShown:
    attempt = sitting.attempt
    slot = attempt.slots[place]
    try:
        found = saving.asked_in(sitting, slot)
    except NotFound:
        return _missing(sitting, place, labels)
    response, _before = counted(given)
    render = render_for(sitting.occasion, found.version, sign)
    shown = found.type.review(
        found.content,
        slot.arrangement,
        response if "response" in allowed else None,
        render,
        # Of pieces it cannot be said without the response.
        correct="correct" in allowed and "response" in allowed,
        feedback="feedback" in allowed,
        right="right" in allowed,
    )
    shown = with_addresses(sitting.occasion, shown, sign)
    fraction = _fraction(sitting, place, found, given)
    # Right is right, though further tries cost marks.
    judged = None if fraction is None else fraction + trying.lost(found, given)
    if "response" not in allowed:
        shown = _without_response(shown)
    told = shown.get("review")
    if told is not None and "correct" in allowed and found.type.answerable:
        # What counts is what was marked, which people may have done.
        told = {**told, "given": response is not None, "state": _marked(judged)}
        if fraction is None and not slot.marks:
            # Nobody is going to judge what brings no marks.
            del told["state"]
        shown = {**shown, "review": told}
    earned = fraction * slot.marks if fraction is not None and "marks" in allowed else None
    if attempt.earned and place < len(attempt.earned) and "marks" in allowed:
        earned = attempt.earned[place]
    return QuestionShown(
        place,
        labels[place],
        found.type,
        lambda: shown,
        saving.prefix_of(place),
        True,
        found.type.answerable,
        slot.marks,
        _section(sitting, place),
        given.flagged,
        given.checked,
        _state(found, slot, response, judged, allowed),
        earned,
        tries=trying.told(found, given, allowed),
    )


def _without_response(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A review that was made as if nothing had been answered, without what it says about that."""
    values = dict(shown)
    if "review" in shown:
        hidden = {"given", "state", "reply", "hint", "count", "unit_wrong"}
        values["review"] = {k: v for k, v in shown["review"].items() if k not in hidden}
    if "questions" in shown:
        values["questions"] = [
            {**one, "shown": _without_response(one["shown"])} for one in shown["questions"]
        ]
    return values


def _fraction(sitting: Sitting, place: int, found: Asked, given: Given) -> float | None:
    """What the answer is worth: as it was marked, or, while the attempt goes on, as the machine
    would mark it now."""
    attempt = sitting.attempt
    slot = attempt.slots[place]
    if not found.type.answerable:
        return None
    if attempt.earned and slot.marks:
        earned = attempt.earned[place] if place < len(attempt.earned) else None
        return None if earned is None else earned / slot.marks
    return fraction_of(found.type, found.content, given)


def _marked(fraction: float | None) -> str:
    """As the types' own pages call it."""
    if fraction is None:
        return "open"
    if fraction >= 1 - 1e-9:
        return "right"
    return "partly" if fraction > 0 else "wrong"


def _state(
    found: Asked, slot: Slot, response: Any, fraction: float | None, allowed: frozenset[str]
) -> str:
    if not found.type.answerable:
        return ""
    if "correct" not in allowed or (fraction is None and not slot.marks):
        return "answered" if response is not None and "response" in allowed else ""
    state = _marked(fraction)
    return "empty" if state == "wrong" and response is None else state


@dataclass(frozen=True, slots=True)
class Summary:
    """What the hand-in page tells: labels of the questions without an answer, and of those that
    were flagged."""

    answered: int
    expected: int
    unanswered: Sequence[tuple[int, str]]
    flagged: Sequence[tuple[int, str]]


def hand_in_summary(sitting: Sitting) -> Summary:
    attempt = sitting.attempt
    labels = labels_of(attempt.slots)
    given = attempt.answers.given
    places = [place for place, slot in enumerate(attempt.slots) if slot.marks > 0]
    return Summary(
        ending.answered(sitting),
        len(places),
        [(p, labels[p]) for p in places if given.get(p, _NOTHING).response is None],
        [(p, labels[p]) for p in places if given.get(p, _NOTHING).flagged],
    )


def score_shown(occasion: Occasion, activity_id: int, attempt_id: int) -> float | None:
    """What an attempt came to, as far as the actor may see it now."""
    sitting = finding.find(occasion, activity_id, attempt_id)
    allowed = reviewing.shown_to(occasion, sitting)
    return sitting.attempt.score if "marks" in allowed else None
