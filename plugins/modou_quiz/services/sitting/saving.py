"""Answers as they are given. What was acknowledged is stored, and each save counts once, however
often it comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modou.errors import Invalid, Message, NotFound
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, Given, Slot, Try
from modou_quiz.services import answer_files, shelf
from modou_quiz.services.answer_files import SENT, Find
from modou_quiz.services.sitting import ending, finding, pages, reviewing
from modou_quiz.services.sitting.errors import Changed
from modou_quiz.services.sitting.finding import Asked, Sitting
from modou_quiz.services.sitting.moments import milliseconds
from modou_quiz.services.sitting.pages import PageToken
from modou_quiz.services.sitting.responses import journalled, packed, unpacked
from modou_quiz.types.own import NEARLY

_ABSENT = Given(None, 0, 0)
#: Answers that one request may bring.
MOST = 100


@dataclass(frozen=True, slots=True)
class Save:
    """An answer that a page gives.

    :param seq: rises with each answer of the attempt; smaller ones than the newest were taken
    :param raw: the answer as the page has it, see `QuestionType.clean`
    :param fields: instead of `raw`: the inputs of the question as a form would send them
    :param flagged: whether the learner wants to come back to it; None: as it is
    :param only_flag: the answer itself stays as it is
    """

    seq: int
    slot: int
    raw: Any = None
    fields: "Fields | None" = None
    flagged: bool | None = None
    only_flag: bool = False

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        return self.fields.pairs if self.fields is not None else ()


class Fields:
    """Posted values as types read them."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs

    def getall(self, name: str) -> list[str]:
        return [value for known, value in self.pairs if known == name]

    def get(self, name: str, default: Any = None) -> Any:
        found = self.getall(name)
        return found[-1] if found else default

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _value in self.pairs)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that was not taken, and why."""

    seq: int
    slot: int
    reason: Message


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of some answers. `state`: see `pages.state_json`."""

    state: dict[str, Any]
    refused: tuple[Refusal, ...] = ()
    ended: bool = False


def nothing_sent(_key: str) -> None:
    """For pages that send no files."""


def save(
    occasion: Occasion,
    token: PageToken,
    saves: Sequence[Save],
    leaves: int | None = None,
    find: Find = nothing_sent,
) -> Saved:
    """Take answers of the newest page. Without any it is asked how things stand.

    An answer that makes no sense is refused by itself; the others are taken.

    :param leaves: how often the page of the attempt was left so far, as the page knows
    :param find: gives a finished upload of the learner by its key; see `answer_files.take`
    :raises ModouError: as `pages.by_token`
    """
    sitting = pages.by_token(occasion, token)
    refused = take(sitting, saves, find)
    ended = leaves is not None and _leave(sitting, leaves)
    return Saved(pages.state_json(sitting), refused, ended)


def sends_files(saves: Sequence[Save]) -> bool:
    """Whether answers name uploads: such are not taken together with others', as keeping a file
    cannot be done a second time."""
    return any(
        _names_upload(save.raw) or any(value.startswith(SENT) for _n, value in save.pairs)
        for save in saves
    )


def _names_upload(raw: Any) -> bool:
    if isinstance(raw, str):
        return raw.startswith(SENT)
    if isinstance(raw, Mapping):
        return any(_names_upload(value) for value in raw.values())
    return isinstance(raw, list) and any(_names_upload(value) for value in raw)


def take(sitting: Sitting, saves: Sequence[Save], find: Find = nothing_sent) -> tuple[Refusal, ...]:
    """Take answers into an attempt that is open."""
    answers = sitting.attempt.answers
    seq = answers.seq
    given = dict(answers.given)
    refused = []
    for one in sorted(saves, key=lambda save: save.seq):
        if one.seq <= seq:
            continue
        seq = one.seq
        try:
            made = _answer(sitting, one, given.get(one.slot, _ABSENT), find)
        except (Invalid, NotFound) as error:
            refused.append(Refusal(one.seq, one.slot, error.message))
            continue
        if made is not None:
            given[one.slot] = made
            new = [id for id in answer_files.ids_in(made.response) if id not in answers.files]
            if new:
                answers.files = (*answers.files, *new)
    if seq != answers.seq:
        answers.seq = seq
        answers.given = given
    return tuple(refused)


def _answer(sitting: Sitting, one: Save, before: Given, find: Find) -> Given | None:
    """The new answer in a slot; None: nothing changed.

    :raises Invalid: it is none
    :raises NotFound: there is no such slot, or its question is gone
    """
    slot = slot_of(sitting, one.slot)
    flagged = before.flagged if one.flagged is None else one.flagged
    if one.only_flag:
        return before._replace(flagged=flagged) if flagged != before.flagged else None
    found = asked_in(sitting, slot)
    if not found.type.answerable:
        raise Invalid(_("This part asks for no answer."))
    if before.checked:
        raise Invalid(_("You have seen whether this answer is right: it stays as it is."))
    raw = one.raw
    if one.fields is not None:
        raw = found.type.given(found.content, slot.arrangement, prefix_of(one.slot), one.fields)
    stored = unpacked(before.response)
    access = f"attempt:{sitting.attempt.id}"
    raw = answer_files.take(sitting.occasion, found.type, found.content, raw, stored, find, access)
    response = found.type.clean(found.content, slot.arrangement, raw)
    if response == stored:
        return before._replace(flagged=flagged) if flagged != before.flagged else None
    sitting.tell("answer_saved", slot=one.slot, seq=one.seq, **journalled(response))
    return before._replace(
        response=packed(response, before.response),
        seq=one.seq,
        time_ms=milliseconds(sitting.occasion),
        flagged=flagged,
    )


def prefix_of(place: int) -> str:
    """What the names of the inputs of a slot begin with."""
    return f"q{place}-"


def slot_of(sitting: Sitting, place: int) -> Slot:
    """A slot that may be answered now.

    :raises NotFound: there is none
    :raises Invalid: the page with it is over, or not reached yet
    """
    attempt = sitting.attempt
    if not 0 <= place < len(attempt.slots):
        raise NotFound(_("This attempt has no such question."))
    if sitting.quiz.sequential and place not in reachable(sitting):
        raise Invalid(_("There is no way back to this question."))
    return attempt.slots[place]


def page_size(sitting: Sitting) -> int:
    """Slots on a page; 0: all on one."""
    quiz = sitting.quiz
    return quiz.per_page or 1 if quiz.sequential else quiz.per_page


def reachable(sitting: Sitting) -> range:
    """The slots that may be seen and answered now."""
    attempt = sitting.attempt
    count = len(attempt.slots)
    if not sitting.quiz.sequential:
        return range(count)
    return range(attempt.reached, min(count, attempt.reached + page_size(sitting)))


def asked_in(sitting: Sitting, slot: Slot) -> Asked:
    """:raises NotFound: the question is gone"""
    occasion = sitting.occasion
    bank = shelf.find_bank(occasion.site)
    return finding.asked(occasion, bank, slot.question, slot.version)


def turn_page(sitting: Sitting) -> bool:
    """Go on to the next page of a quiz without a way back; whether there is one."""
    attempt = sitting.attempt
    following = attempt.reached + page_size(sitting)
    if not sitting.quiz.sequential or following >= len(attempt.slots):
        return False
    attempt.reached = following
    return True


def check(sitting: Sitting, place: int, seen: int | None = None) -> None:
    """The learner wants to see now whether an answer is right (practice). It stays as it is, unless
    the quiz allows another try. The same answer once more is no try.

    :param seen: tries at the question that the page knew of; when there are others, nothing happens
    :raises Invalid: nothing was answered
    :raises NotFound: the quiz does not show that while it is sat
    """
    if not reviewing.during(sitting.quiz):
        raise NotFound(_("This quiz shows nothing before it is handed in."))
    slot = slot_of(sitting, place)
    answers = sitting.attempt.answers
    before = answers.given.get(place, _ABSENT)
    tried = before.tries
    if seen is not None and seen != len(tried):
        return
    if before.response is None:
        raise Invalid(_("Answer the question first."))
    response = unpacked(before.response)
    if before.checked or (tried and unpacked(tried[-1].response) == response):
        return
    found = asked_in(sitting, slot)
    fraction = found.type.grade(found.content, response).fraction
    right = fraction is not None and fraction >= 1 - NEARLY
    tries = (*tried, Try(before.response, before.seq, milliseconds(sitting.occasion)))
    last = len(tries) >= reviewing.tries_at(sitting.quiz, found.content)
    # What a person has to judge cannot be tried.
    closed = right or last or fraction is None
    sitting.tell("answer_checked", slot=place, seq=before.seq, number=len(tries), closed=closed)
    made = before._replace(checked=closed, tries=tries)
    hint = None if closed else hint_after(found, made)
    if hint is not None and hint.clear:
        made = made._replace(response=found.type.without_wrong(found.content, response))
    answers.given = {**answers.given, place: made}


def hint_after(found: Asked, given: Given) -> Any:
    """The question's hint after the last try; None: there is none."""
    hints = getattr(found.content, "hints", ())
    used = len(given.tries)
    return hints[used - 1] if used <= len(hints) else None


def _leave(sitting: Sitting, leaves: int) -> bool:
    """Note how often the page was left; whether the attempt ends by it."""
    attempt: Attempt = sitting.attempt
    if leaves <= attempt.leaves:
        return False
    attempt.leaves = min(leaves, attempt.leaves + 100)
    sitting.tell("attempt_left", leaves=attempt.leaves)
    most = sitting.quiz.most_leaves
    if not most or attempt.leaves <= most or attempt.preview:
        return False
    ending.close(sitting, "left")
    return True


# -- forms without script


@dataclass(frozen=True, slots=True)
class Posted:
    """A page of a sitting as a form sends it.

    :param seq: the newest save when the page was made; None: a script has saved the answers already
    :param fields: all inputs of all questions on it
    :param flagged: places of the questions that the learner wants to come back to
    :param check: place of a question whose answer is to be looked at now; `seen`: see `check`
    :param turn: go on to the next page, without a way back
    """

    seq: int | None
    fields: Sequence[tuple[str, str]] = ()
    flagged: frozenset[int] = frozenset()
    check: int | None = None
    turn: bool = False
    seen: int | None = None


def save_page(occasion: Occasion, token: PageToken, posted: Posted) -> tuple[Refusal, ...]:
    """Take a whole page of answers, and do what its button asks for.

    :raises Changed: other answers came since the page was made
    :raises ModouError: as `pages.by_token`; Invalid, NotFound for a check that cannot be made
    """
    sitting = pages.by_token(occasion, token)
    refused: tuple[Refusal, ...] = ()
    if posted.seq is not None:
        if posted.seq != sitting.attempt.answers.seq:
            raise Changed
        refused = take(sitting, _saves(sitting, posted))
    if posted.check is not None:
        check(sitting, posted.check, posted.seen)
    if posted.turn:
        turn_page(sitting)
    return refused


def _asks(sitting: Sitting, slot: Slot) -> bool:
    """Whether a slot that brings no marks asks for an answer all the same."""
    try:
        return asked_in(sitting, slot).type.answerable
    except NotFound:
        return False


def _saves(sitting: Sitting, posted: Posted) -> list[Save]:
    fields = Fields(posted.fields)
    given = sitting.attempt.answers.given
    saves = []
    seq = sitting.attempt.answers.seq
    for place in reachable(sitting):
        slot = sitting.attempt.slots[place]
        if given.get(place, _ABSENT).checked or not (slot.marks or _asks(sitting, slot)):
            continue
        seq += 1
        saves.append(Save(seq, place, fields=fields, flagged=place in posted.flagged))
    return saves
