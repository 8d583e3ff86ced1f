"""The results of a quiz, attempt by attempt: chosen, sorted, a page at a time, and exported.

By name and without a filter only the attempts of the page are opened; any other order has to look
at all of them, a few at a time.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from modou.clock import SHANGHAI
from modou.errors import Message
from modou.i18n import TranslationString
from modou.models.courses import Activity
from modou.models.participants import Participant
from modou.permissions import Capability
from modou.services import enrolling, participants
from modou.services.occasion import Occasion
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.services import shelf
from modou_quiz.services.marking.keys import Keys, Unreadable, keys_of
from modou_quiz.services.marking.tries import counted
from modou_quiz.services.marking.veiling import Veil, earned
from modou_quiz.services.marking.walking import walk_in

STATES: Mapping[str, TranslationString] = {
    "open": _("Going on"),
    "handed_in": _("Waits for marking"),
    "graded": _("Graded"),
    "void": _("Void"),
}
#: In the filter only: learners who have no attempt.
ABSENT = "absent"
HANDED_IN_BY: Mapping[str, TranslationString] = {
    "learner": _("by the learner"),
    "time": _("by the clock"),
    "left": _("since the page was left too often"),
    "person": _("on behalf of the learner"),
    "closed": _("when the quiz closed"),
    "idle": _("since nothing was answered for long"),
}
SORTS = ("name", "number", "state", "started", "seconds", "score", "leaves")


#: Of somebody whose account or enrolment is gone.
_NOBODY = Participant("", "", "", "", "", "ended", 0, 0, 0, 0)


class Row(NamedTuple):
    """An attempt in a list. Times in seconds UTC; `attempt` is None for who has none."""

    user: int
    person: Participant
    attempt: Attempt | None

    @property
    def seconds(self) -> int | None:
        """How long it took."""
        return seconds_of(self.attempt)

    @property
    def share(self) -> float | None:
        """Of all marks, 0 to 1."""
        attempt = self.attempt
        if attempt is None or attempt.score is None or not attempt.most:
            return None
        return min(1.0, attempt.score / attempt.most)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which attempts, in which order; empty values leave all in.

    :param text: part of a name, its pinyin or initials, or of a username
    :param cohort: id of a cohort, -1 for those in none
    :param state: one of `STATES`, or `ABSENT`
    :param sort: one of `SORTS`, "-" in front from the end; who has nothing there comes last
    """

    text: str = ""
    cohort: int = 0
    state: str = ""
    sort: str = "name"


#: (user id, attempt id or 0)
Ref = tuple[int, int]


class Listing:
    """The attempts that somebody asked for; the references are chosen, the rows opened later."""

    def __init__(self, occasion: Occasion, activity: Activity, choice: Choice) -> None:
        """:raises NotAllowed: without the capability `quiz:results`"""
        occasion.require(permissions.RESULTS, activity)
        self._people = _people(occasion, activity, choice)
        self._held = shelf.attempts_of(occasion.site, activity.id)
        self.refs: list[Ref] = self._refs(choice)

    def __len__(self) -> int:
        return len(self.refs)

    def rows(self, refs: Sequence[Ref]) -> Iterator[Row]:
        """The rows of some references, one after the other."""
        for user, id in refs:
            attempt = self._held.by_id.get(id) if self._held is not None and id else None
            yield Row(user, self._people[user], attempt)

    def _refs(self, choice: Choice) -> list[Ref]:
        by_name = sorted(self._people, key=lambda user: (self._people[user].sort_key, user))
        if choice.state == ABSENT:
            return [(user, 0) for user in by_name if not self._ids(user)]
        by, down = choice.sort.removeprefix("-"), choice.sort.startswith("-")
        by_name = by_name[::-1] if down and by == "name" else by_name
        if by == "name" and not choice.state:
            return [(user, id) for user in by_name for id in self._ids(user)]
        place = {user: number for number, user in enumerate(by_name)}
        found: list[Any] = []
        without: list[Any] = []
        for attempt in walk_in(self._held) if self._held is not None else ():
            if attempt.user not in place or attempt.preview:
                continue
            if choice.state not in {"", attempt.state}:
                continue
            key = _SORT_KEYS[by](attempt) if by in _SORT_KEYS else 0
            entry = (key, place[attempt.user], attempt.number, (attempt.user, attempt.id))
            (without if key is None else found).append(entry)
        found.sort(key=lambda entry: entry[1:3])
        if by in _SORT_KEYS:
            found.sort(key=lambda entry: entry[0], reverse=down)
        without.sort(key=lambda entry: entry[1:3])
        return [entry[3] for entry in (*found, *without)]

    def _ids(self, user: int) -> tuple[int, ...]:
        return _ids(self._held, user)


def _ids(held: QuizAttempts | None, user: int) -> tuple[int, ...]:
    """Ids of a learner's attempts in order, without previews."""
    if held is None:
        return ()
    ids: tuple[int, ...] = held.by_user.get(user, ())
    # (Hardly any quiz has previews of somebody who takes part in it as a learner.)
    return tuple(id for id in ids if id not in held.previews) if held.previews else ids


def row_of(occasion: Occasion, activity: Activity, attempt: Attempt) -> Row:
    """One attempt as a row, also of somebody who has left the course."""
    enrolment = activity.course.enrolments.get(attempt.user)
    user = occasion.site.users.get(attempt.user)
    if enrolment is not None and user is not None:
        return Row(attempt.user, participants.participant_row(enrolment, user), attempt)
    return Row(attempt.user, _NOBODY, attempt)


def _people(occasion: Occasion, activity: Activity, choice: Choice) -> dict[int, Participant]:
    course = activity.course
    graded_roles = {
        name
        for name, role in occasion.site.roles.items()
        if Capability.GRADE_VIEW_OWN in role.capabilities
    }
    passes = participants.Filters(
        text=choice.text,
        state="present",
        cohort=choice.cohort,
        cohorts=enrolling.visible_cohorts(occasion, course),
    ).test(occasion.now)
    return {
        user: person
        for user, person in participants.rows(occasion, course)
        if person.role in graded_roles and passes(person)
    }


def seconds_of(attempt: Attempt | None) -> int | None:
    """How long an attempt took; None while it goes on, and where nobody knows."""
    if attempt is None or not attempt.handed_in or attempt.handed_in_by == "idle":
        return None
    return max(0, attempt.handed_in - attempt.started)


def _share(attempt: Attempt) -> float | None:
    return attempt.score / attempt.most if attempt.score is not None and attempt.most else None


_SORT_KEYS: Mapping[str, Callable[[Attempt], Any]] = {
    "number": lambda attempt: attempt.number,
    "state": lambda attempt: list(STATES).index(attempt.state),
    "started": lambda attempt: attempt.started,
    "seconds": seconds_of,
    "score": _share,
    "leaves": lambda attempt: attempt.leaves,
}


def summary(occasion: Occasion, activity: Activity) -> dict[str, int]:
    """How many learners there are, how many of them have sat, and how many attempts there are."""
    occasion.require(permissions.RESULTS, activity)
    people = _people(occasion, activity, Choice())
    held = shelf.attempts_of(occasion.site, activity.id)
    attempts = [len(_ids(held, user)) for user in people]
    return {
        "learners": len(people),
        "sat": sum(1 for count in attempts if count),
        "attempts": sum(attempts),
    }


# -- one attempt


class SlotResult(NamedTuple):
    """What a question of an attempt came to, in words of one line.

    :param hidden: the answer and its marks are not for the asker now: see `marking.veiling`
    """

    number: int
    title: str
    type: Message
    version: int
    response: str
    right: str
    points: float | None
    worth: float
    hidden: bool = False


#: Stands instead of an answer that is hidden.
VEILED = _("Hidden until the attempt is marked: this quiz is marked anonymously.")


def slots_of(keys: Keys, attempt: Attempt, hidden: Collection[int] = ()) -> list[SlotResult]:
    """Question by question; what only informs is left out.

    :param hidden: the slots whose answers are not for the asker
    """
    found = []
    shown = 0
    for number, slot in enumerate(attempt.slots):
        if not slot.marks:
            continue
        shown += 1
        veiled = number in hidden
        given = attempt.answers.given.get(number) if not veiled else None
        response = counted(given)[0] if given is not None else None
        known = number < len(attempt.earned) and not veiled
        points = attempt.earned[number] if known else None
        try:
            key = keys(slot.question, slot.version)
        except Unreadable:
            line = SlotResult(shown, "?", "", slot.version, "", "", points, slot.marks, veiled)
        else:
            line = SlotResult(
                shown,
                key.title or _first_line(key.content),
                key.type.title,
                slot.version,
                key.type.summary(key.content, response) if response is not None else "",
                key.type.right_answer(key.content),
                points,
                slot.marks,
                veiled,
            )
        found.append(line)
    return found


def _first_line(content: Any) -> str:
    text: str = content.stem.source.strip()
    return text.splitlines()[0][:80] if text else ""


# -- exports


class Export(NamedTuple):
    """A table: headings, those of them that hold codes, and the lines as they come."""

    headers: list[Message]
    text_columns: list[Message]
    lines: Iterator[list[Any]]


Translate = Callable[[Message], str]


def export_results(
    occasion: Occasion, activity: Activity, choice: Choice, translate: Translate
) -> Export:
    """One line for each attempt, with the marks of each question in the order in which it was
    asked.

    :raises NotAllowed: without the capability `quiz:results`
    """
    listing = Listing(occasion, activity, choice)
    most = max((len(_asked(row.attempt)) for row in listing.rows(listing.refs)), default=0)
    people = [_("Name"), _("Username"), _("Cohort")]
    headers: list[Message] = [
        *people,
        _("Attempt"),
        _("State"),
        _("Begun"),
        _("Handed in"),
        _("Seconds taken"),
        _("Score"),
        _("Out of"),
        _("Percent"),
        _("Page left"),
        _("Handed in how"),
        *(_("Question ${number}", mapping={"number": n + 1}) for n in range(most)),
    ]
    titles = _cohort_titles(occasion)
    veil = Veil(occasion, activity)

    def lines() -> Iterator[list[Any]]:
        for row in listing.rows(listing.refs):
            points = _points(row.attempt, veil, most)
            yield [*_person(row, titles), *_facts(row, translate), *points]

    return Export(headers, [_("Username"), _("Name"), _("Cohort")], lines())


def export_responses(
    occasion: Occasion, activity: Activity, choice: Choice, translate: Translate
) -> Export:
    """One line for each answer of each attempt.

    :raises NotAllowed: without the capability `quiz:results`
    """
    listing = Listing(occasion, activity, choice)
    headers: list[Message] = [
        _("Name"),
        _("Username"),
        _("Cohort"),
        _("Attempt"),
        _("Number"),
        _("Question"),
        _("Type"),
        _("Version"),
        _("Answer"),
        _("Right answer"),
        _("Marks"),
        _("Out of"),
    ]
    titles = _cohort_titles(occasion)
    keys = keys_of(occasion)
    veil = Veil(occasion, activity, keys)

    def lines() -> Iterator[list[Any]]:
        for row in listing.rows(listing.refs):
            attempt = row.attempt
            if attempt is None:
                continue
            person = [*_person(row, titles), attempt.number]
            for slot in slots_of(keys, attempt, veil.hidden(attempt)):
                yield [
                    *person,
                    slot.number,
                    slot.title,
                    translate(slot.type),
                    slot.version,
                    translate(VEILED) if slot.hidden else slot.response,
                    slot.right,
                    slot.points,
                    slot.worth,
                ]
            attempt.answers._p_deactivate()  # noqa: SLF001 - persistent's own name
            attempt._p_deactivate()  # noqa: SLF001 - likewise

    text = [_("Name"), _("Username"), _("Cohort"), _("Question"), _("Answer"), _("Right answer")]
    return Export(headers, text, lines())


def _asked(attempt: Attempt | None) -> list[int]:
    return [n for n, slot in enumerate(attempt.slots) if slot.marks] if attempt is not None else []


def _cohort_titles(occasion: Occasion) -> Callable[[int], str]:
    cohorts = occasion.site.cohorts

    def title(id: int) -> str:
        cohort = cohorts.get(id) if id else None
        return cohort.title if cohort is not None else ""

    return title


def _person(row: Row, cohort: Callable[[int], str]) -> list[str]:
    return [row.person.name or row.person.username, row.person.username, cohort(row.person.cohort)]


def _facts(row: Row, translate: Translate) -> list[Any]:
    attempt = row.attempt
    if attempt is None:
        return [None, translate(_("No attempt")), *[None] * 8]
    share = row.share
    return [
        attempt.number,
        translate(STATES[attempt.state]),
        _time(attempt.started),
        _time(attempt.handed_in),
        row.seconds,
        attempt.score,
        attempt.most or None,
        round(share * 100, 2) if share is not None else None,
        attempt.leaves,
        translate(HANDED_IN_BY[attempt.handed_in_by]) if attempt.handed_in_by else "",
    ]


def _points(attempt: Attempt | None, veil: Veil, width: int) -> list[float | None]:
    found = earned(attempt, veil.hidden(attempt)) if attempt is not None else []
    return [*found, *[None] * (width - len(found))]


def _time(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, SHANGHAI) if seconds else None
