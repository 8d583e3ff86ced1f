"""The marking queue: what waits for people, in which order it comes, who has it open.

The order is that of random ids: it tells nothing about the learners, and two markers who begin at
the same time are sent to different answers by the locks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from modou.errors import Conflict, Message, NotAllowed, NotFound
from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou.store.containers import decode_id, encode_id
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, Mark, Slot
from modou_quiz.models.marking import DONE, STAGES, Lock, MarkingWork, PartWork, QuizMarking
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import shelf
from modou_quiz.services.marking import waiting
from modou_quiz.services.marking.desk import name_of, quiz_of, sees
from modou_quiz.services.marking.keys import Key, Unreadable, keys_of
from modou_quiz.services.marking.shelf import find_marking, rules_of
from modou_quiz.services.marking.waiting import Place
from modou_quiz.services.sitting.responses import unpacked

#: Seconds for which an opened answer is kept for who opened it.
LOCKED_FOR = 900


class Ref(NamedTuple):
    """A part of somebody's attempt, as the queue's addresses have it."""

    work: int
    slot: int
    part: int

    @property
    def key(self) -> str:
        return encode_id(self.work)


class Line(NamedTuple):
    """What of a question, or of a learner, is done and what waits.

    :param key: id of the question or the work, for addresses
    :param second, third: of those that wait, how many wait for a second marker, or a decision
    """

    key: str
    title: Message
    waiting: int
    done: int
    second: int = 0
    third: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.done


@dataclass(frozen=True, slots=True)
class Piece:
    """An answer with all that its marker sees.

    :ivar who: the learner's name, or another one where the quiz is marked anonymously
    :ivar worth: marks that the part can bring
    :ivar shown: what others said about it, as far as this marker may know
    :ivar objection: why the actor cannot mark it now; "" when nothing is in the way
    :ivar seen: goes back with the mark: what had been said when the piece was opened
    """

    ref: Ref
    attempt: Attempt
    work: MarkingWork
    part: PartWork
    slot: Slot
    key: Key
    who: Message
    worth: float
    shown: tuple[Mark, ...]
    objection: Message
    seen: int
    mine: Mark | None = None


def by_question(occasion: Occasion, activity: Activity) -> list[Line]:
    """The questions with something for people in it, those with most to do first."""
    title = _question_titles(occasion)
    lines = [_line(id, found, title) for id, found in _by_question(occasion, activity).items()]
    return sorted(lines, key=lambda line: (-line.waiting, str(line.title), line.key))


def of_question(occasion: Occasion, activity: Activity, question: int) -> Line | None:
    """The same of one question."""
    found = _by_question(occasion, activity).get(question)
    return _line(question, found, _question_titles(occasion)) if found is not None else None


def _by_question(occasion: Occasion, activity: Activity) -> dict[int, list[int]]:
    occasion.require(permissions.MARK, activity)
    marking = find_marking(occasion.site, activity.id)
    if marking is not None and sees(occasion, activity.course)(0):
        return _without_own(occasion, activity, marking)
    # Who sees some learners only: what waits of those.
    counts: dict[int, list[int]] = {}
    for question, _work, _slot, _part, stage in _parts(occasion, activity):
        counts.setdefault(question, [0] * len(STAGES))[stage] += 1
    return counts


def _without_own(
    occasion: Occasion, activity: Activity, marking: QuizMarking
) -> dict[int, list[int]]:
    """What all learners' parts are together, those of the actor's own attempts taken off."""
    counts = marking.counts()
    for id in _own_works(occasion, activity, marking):
        for place, part in marking.works[id].parts.items():
            if waiting.is_queued(marking, marking.works[id], place):
                counts[part.question][STAGES.index(part.stage)] -= 1
    return {question: found for question, found in counts.items() if any(found)}


class Learners:
    """The learners (by other names where it is anonymous) with something for people, those with
    most to do first. Only those that are shown are opened."""

    def __init__(self, occasion: Occasion, activity: Activity) -> None:
        """:raises NotAllowed: without the capability `quiz:mark`"""
        self._occasion = occasion
        self._quiz = quiz_of(occasion, activity)
        self._marking = find_marking(occasion.site, activity.id)
        self._counts: dict[int, list[int]] = {}
        for _question, work, _slot, _part, stage in _parts(occasion, activity):
            self._counts.setdefault(work, [0] * len(STAGES))[stage] += 1
        self._order = sorted(self._counts, key=lambda id: (-sum(self._counts[id][:DONE]), id))

    def __len__(self) -> int:
        return len(self._order)

    def lines(self, start: int = 0, size: int | None = None) -> list[Line]:
        shown = self._order[start : None if size is None else start + size]
        return [_line(id, self._counts[id], self._title) for id in shown]

    def _title(self, id: int) -> Message:
        work = self._marking.works[id] if self._marking is not None else None
        return alias(self._occasion, self._quiz, work) if work is not None else ""


def _line(id: int, found: list[int], title: Callable[[int], Message]) -> Line:
    return Line(encode_id(id), title(id), sum(found[:DONE]), found[DONE], found[1], found[2])


def alias(occasion: Occasion, quiz: Quiz, work: MarkingWork) -> Message:
    """What a marker calls the learner."""
    if quiz.anonymous:
        return _("Learner ${code}", mapping={"code": work.key[-5:].upper()})
    return name_of(occasion, work.user)


def _question_titles(occasion: Occasion) -> Callable[[int], Message]:
    bank = shelf.find_bank(occasion.site)

    def title(id: int) -> Message:
        question = bank.questions.get(id) if bank is not None else None
        if question is None:
            return _("A question that is not in the bank any more")
        return question.title or question.key

    return title


def _parts(occasion: Occasion, activity: Activity) -> Iterator[tuple[int, int, int, int, int]]:
    """All parts that people have to do with and that the actor may see: question, work, slot, part,
    place of the stage. Nobody marks their own answers.

    :raises NotAllowed: without the capability `quiz:mark`
    """
    occasion.require(permissions.MARK, activity)
    marking = find_marking(occasion.site, activity.id)
    if marking is None:
        return
    visible = sees(occasion, activity.course)
    everybody = visible(0)
    own = _own_works(occasion, activity, marking)
    for (question, work, slot, part), stage in marking.queue.items():
        if work not in own and (everybody or visible(marking.works[work].user)):
            yield question, work, slot, part, stage


def _own_works(occasion: Occasion, activity: Activity, marking: QuizMarking) -> set[int]:
    """Ids of the works of the actor's own attempts."""
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is None or occasion.actor is None:
        return set()
    own = (marking.by_attempt.get(id) for id in held.by_user.get(occasion.actor.id, ()))
    return {work for work in own if work is not None}


# -- going through it


def following(
    occasion: Occasion,
    activity: Activity,
    *,
    question: int = 0,
    work: int = 0,
    after: Ref | None = None,
    backwards: bool = False,
    done: bool = False,
) -> Ref | None:
    """The next answer for the actor; at the end of the queue it goes on from its beginning.

    Passed over is what somebody else has open, the actor's own, and what the actor has marked
    already and now waits for somebody else.

    :param question: only answers to this question (id), 0: to all
    :param work: only of this learner's work (id), 0: of all
    :param after: where the actor is
    :param done: also what is done
    """
    occasion.require(permissions.MARK, activity)
    marking = find_marking(occasion.site, activity.id)
    if marking is None:
        return None
    visible = sees(occasion, activity.course)
    actor = occasion.actor.id if occasion.actor is not None else 0
    for _question, work_id, slot, part in _ahead(marking, question, work, after, backwards, done):
        ref, held = Ref(work_id, slot, part), marking.works[work_id]
        if ref == after or held.user == actor or not visible(held.user):
            continue
        if not _in_the_way(occasion, held, (slot, part), done):
            return ref
    return None


Key4 = tuple[int, int, int, int]
_LAST = float("inf")


def _ahead(
    marking: QuizMarking,
    question: int,
    work: int,
    after: Ref | None,
    backwards: bool,
    done: bool,
) -> Iterator[Key4]:
    """What there is to go to, from where the marker is, once around; nothing of it is opened."""
    if work:
        yield from _of_work(marking, question, work, after, backwards, done)
        return
    here: tuple[float, ...] | None = None
    if after is not None:
        held = marking.works.get(after.work)
        part = held.parts.get((after.slot, after.part)) if held is not None else None
        here = (part.question if part is not None else 0, *after)
    low: tuple[float, ...] = (question,)
    high: tuple[float, ...] = (question or _LAST, _LAST)
    if here is not None and not low < here < high:
        here = None
    if backwards:
        ranges = [(low, here), (here, high)] if here is not None else [(low, high)]
    else:
        ranges = [(here, high), (low, here)] if here is not None else [(low, high)]
    for begin, end in ranges:
        walk = _down if backwards else _up
        yield from (key for key, stage in walk(marking.queue, begin, end) if done or stage != DONE)


def _up(queue: Any, low: Any, high: Any) -> Iterator[tuple[Key4, int]]:
    yield from queue.items(low, high)


def _down(queue: Any, low: Any, high: Any) -> Iterator[tuple[Key4, int]]:
    """The same from its end: a tree is walked up only, so each step looks for what lies below."""
    while True:
        try:
            key = queue.maxKey(high)
        except ValueError:
            return
        if key < low:
            return
        yield key, queue[key]
        high = (*key[:3], key[3] - 1, _LAST)


def _of_work(
    marking: QuizMarking, question: int, work: int, after: Ref | None, backwards: bool, done: bool
) -> Iterator[Key4]:
    """The same of one learner's attempt, in the order of its questions."""
    held = marking.works.get(work)
    parts = held.parts if held is not None else {}
    places = sorted(
        place
        for place, part in parts.items()
        if question in (0, part.question)
        and (done or part.stage != "done")
        and (part.question, work, *place) in marking.queue
    )
    if backwards:
        places.reverse()
    if after is not None:
        here = (after.slot, after.part)
        beyond = [place for place in places if (place < here if backwards else place > here)]
        places = beyond + [place for place in places if place not in beyond]
    yield from ((parts[place].question, work, *place) for place in places)


def _in_the_way(occasion: Occasion, work: MarkingWork, place: Place, done: bool) -> bool:
    part = work.parts.get(place)
    if part is None:
        return True
    if part.stage == "done":
        return not done
    actor = occasion.actor.id if occasion.actor is not None else 0
    return locked_by_other(occasion, work, place) is not None or has_said(part, actor)


def has_said(part: PartWork, user_id: int) -> bool:
    """Whether somebody has marked a part that now waits for somebody else."""
    return part.stage != "done" and any(mark.marker == user_id for mark in part.said)


def locked_by_other(occasion: Occasion, work: MarkingWork, place: Place) -> Lock | None:
    """Who else has a part open now."""
    lock = work.locks.get(place)
    actor = occasion.actor.id if occasion.actor is not None else 0
    if lock is None or lock.until <= occasion.now or lock.user == actor:
        return None
    return lock


# -- one answer


def find(occasion: Occasion, activity: Activity, work_key: str, place: Place) -> Piece:
    """An answer for its marker.

    :raises NotFound: there is none, it needs nobody, or it is not for the actor
    :raises NotAllowed: without the capability `quiz:mark`, or it is the actor's own
    """
    occasion.require(permissions.MARK, activity)
    quiz = quiz_of(occasion, activity)
    marking = find_marking(occasion.site, activity.id)
    held = shelf.attempts_of(occasion.site, activity.id)
    try:
        work = marking.works[decode_id(work_key)] if marking is not None else None
        attempt = held.by_id[work.attempt] if held is not None and work is not None else None
        part = work.parts[place] if work is not None else None
    except KeyError:
        work = attempt = part = None
    if (
        marking is None
        or work is None
        or attempt is None
        or part is None
        or not waiting.is_queued(marking, work, place)
        or not sees(occasion, activity.course)(work.user)
    ):
        raise NotFound(_("This answer does not wait for anybody any more."))
    check_not_own(occasion, attempt)
    slot = attempt.slots[place[0]]
    rule = rules_of(occasion.site, activity.id).get(slot.question)
    version = rule.version if rule is not None and rule.version else slot.version
    key = keys_of(occasion)(slot.question, version)
    if place[1] >= len(key.weights):
        raise Unreadable(_("This question has other parts now."))
    actor = occasion.actor.id if occasion.actor is not None else 0
    shown: tuple[Mark, ...] = ()
    if part.stage in {"third", "done"}:
        shown = part.said
    return Piece(
        ref=Ref(work.id, *place),
        attempt=attempt,
        work=work,
        part=part,
        slot=slot,
        key=key,
        who=alias(occasion, quiz, work),
        worth=slot.marks * key.weights[place[1]],
        shown=shown,
        objection=_objection(occasion, work, place, part, actor),
        seen=len(part.said),
        mine=next((mark for mark in reversed(part.said) if mark.marker == actor), None),
    )


def _objection(
    occasion: Occasion, work: MarkingWork, place: Place, part: PartWork, actor: int
) -> Message:
    lock = locked_by_other(occasion, work, place)
    if lock is not None:
        return _(
            "${name} is marking this answer at the moment.",
            mapping={"name": name_of(occasion, lock.user)},
        )
    if has_said(part, actor):
        return _("You have marked this answer. It waits for somebody else.")
    return ""


def response_of(piece: Piece) -> tuple[Key, object]:
    """What of the question the part is (a case's sub-question), and the learner's answer to it."""
    given = piece.attempt.answers.given.get(piece.ref.slot)
    response = unpacked(given.response) if given is not None else None
    type_, content, response = piece.key.type.piece(piece.key.content, piece.ref.part, response)
    return piece.key._replace(type=type_, content=content), response


def take_lock(occasion: Occasion, piece: Piece) -> None:
    """Keep the answer for the actor for a while, so that two markers do not meet."""
    if piece.objection or occasion.actor is None:
        return
    place = piece.ref.slot, piece.ref.part
    lock = piece.work.locks.get(place)
    # Not with each look: a page that is opened again soon writes nothing.
    fresh = lock is not None and lock.user == occasion.actor.id
    if fresh and lock is not None and lock.until - occasion.now > LOCKED_FOR * 2 // 3:
        return
    kept = {p: known for p, known in piece.work.locks.items() if known.until > occasion.now}
    piece.work.locks = {**kept, place: Lock(occasion.actor.id, occasion.now + LOCKED_FOR)}


def release_lock(occasion: Occasion, work: MarkingWork, place: Place) -> None:
    """Let others have it."""
    lock = work.locks.get(place)
    if lock is not None and occasion.actor is not None and lock.user == occasion.actor.id:
        work.locks = {p: known for p, known in work.locks.items() if p != place}


def check_not_own(occasion: Occasion, attempt: Attempt) -> None:
    """:raises NotAllowed: it is the actor's own"""
    if occasion.actor is not None and occasion.actor.id == attempt.user:
        raise NotAllowed(_("This is your own answer: somebody else has to mark it."))


def check_free(piece: Piece) -> None:
    """:raises Conflict: somebody else has it, or the actor has said what there was to say"""
    if piece.objection:
        raise Conflict(piece.objection)
