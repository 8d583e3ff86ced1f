"""Grading again after a key was corrected or a question was voided.

What a quiz grades a question by is a `Rule` of the quiz, so that attempts which are handed in later
follow it as well. `preview` says who would change and by how much; `regrade` does it, a part of the
attempts at a time, and keeps what stood there before. Running it again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from modou.errors import Conflict, Invalid, Message
from modou.models.courses import Activity
from modou.models.jobs import JobRecord
from modou.services import jobs
from modou.services.cleaning import clean_line
from modou.services.occasion import Occasion
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt, Before
from modou_quiz.models.marking import Rule
from modou_quiz.services import shelf
from modou_quiz.services.marking import automatic
from modou_quiz.services.marking.automatic import NO_RULE, Outcome, outcome
from modou_quiz.services.marking.checking import difference
from modou_quiz.services.marking.desk import quiz_of, sees
from modou_quiz.services.marking.keys import Keys, Unreadable, keys_of
from modou_quiz.services.marking.settling import settle
from modou_quiz.services.marking.shelf import find_marking, marking_of, rules_of
from modou_quiz.services.marking.walking import CLOSED, closed

REASON_LENGTH = 300
#: Changes that a preview lists; it counts all.
SHOWN = 50
VOIDS = ("", "full", "none")
Tick = Callable[[], None]


class Asked(NamedTuple):
    """A question of the quiz, as it can be regraded.

    :param versions: number of each version that attempts keep -> how many keep it
    :param latest: number of the bank's latest version
    """

    question: int
    title: Message
    versions: Mapping[int, int]
    latest: int
    rule: Rule


class Change(NamedTuple):
    """What regrading would do to an attempt."""

    attempt: int
    user: int
    number: int
    old: float | None
    new: float | None
    old_most: float
    new_most: float

    @property
    def by(self) -> float:
        """How far its share of the marks moves, in percentage points."""
        old = (self.old or 0.0) / self.old_most if self.old_most else 0.0
        new = (self.new or 0.0) / self.new_most if self.new_most else 0.0
        return (new - old) * 100


@dataclass
class Preview:
    """What regrading would do. `shown`: the changes that move most, the largest first."""

    looked_at: int = 0
    changed: int = 0
    up: int = 0
    down: int = 0
    shown: list[Change] = field(default_factory=list)
    problems: list[Message] = field(default_factory=list)


def asked(occasion: Occasion, activity: Activity) -> list[Asked]:
    """The questions that attempts at this quiz keep, in the order in which they are met.

    :raises NotAllowed: without the capability `quiz:manage`
    """
    occasion.require(permissions.MANAGE, activity)
    return lines(occasion, activity, count(occasion, activity))


def count(
    occasion: Occasion, activity: Activity, tick: Tick = lambda: None
) -> dict[int, dict[int, int]]:
    """Question -> number of each version that attempts keep -> how many keep it.

    :param tick: called for each attempt
    """
    counts: dict[int, dict[int, int]] = {}
    for attempt in closed(occasion.site, activity.id):
        tick()
        for slot in attempt.slots:
            if slot.marks:
                versions = counts.setdefault(slot.question, {})
                versions[slot.version] = versions.get(slot.version, 0) + 1
    return counts


def lines(
    occasion: Occasion, activity: Activity, counts: Mapping[int, Mapping[int, int]]
) -> list[Asked]:
    """The same as `asked` says of what was counted before."""
    rules = rules_of(occasion.site, activity.id)
    bank = shelf.find_bank(occasion.site)
    found = []
    for id, versions in counts.items():
        question = bank.questions.get(id) if bank is not None else None
        title: Message = _("A question that is not in the bank any more")
        if question is not None:
            title = question.title or question.key
        latest = question.latest.number if question is not None else 0
        found.append(Asked(id, title, versions, latest, rules.get(id, NO_RULE)))
    return found


def check_rules(
    occasion: Occasion, activity: Activity, rules: Mapping[int, Rule]
) -> dict[int, Rule]:
    """All rules of the quiz with these put in; those that say nothing are left out.

    :raises Invalid: a version that does not exist, or whose parts are others
    """
    keys = keys_of(occasion)
    for id, rule in rules.items():
        if rule.void not in VOIDS:
            raise Invalid(_("Choose what becomes of the question."), "void")
        if rule.version:
            _check_version(occasion, activity, keys, id, rule.version)
    merged = {**rules_of(occasion.site, activity.id), **rules}
    return {id: rule for id, rule in merged.items() if rule.version or rule.void}


def _check_version(
    occasion: Occasion, activity: Activity, keys: Keys, question: int, number: int
) -> None:
    try:
        new = keys(question, number)
    except Unreadable as error:
        raise Invalid(error.message, "version") from None
    marking = find_marking(occasion.site, activity.id)
    known = marking.asked if marking is not None else None
    counts = known["counts"] if known is not None else count(occasion, activity)
    for version in counts.get(question, ()):
        if len(keys(question, version).weights) != len(new.weights):
            raise Invalid(
                _(
                    "Version ${new} of “${title}” has other parts than version ${old}, which "
                    "learners have answered. Void the question instead.",
                    mapping={"new": number, "title": new.title or "?", "old": version},
                ),
                "version",
            )


def preview(
    occasion: Occasion,
    activity: Activity,
    rules: Mapping[int, Rule],
    tick: Tick = lambda: None,
) -> Preview:
    """What regrading by these rules would do; nothing is changed.

    :param rules: question id -> `Rule`; the quiz's other rules stay
    :param tick: called for each attempt
    :raises NotAllowed: without the capability `quiz:manage`
    """
    occasion.require(permissions.MANAGE, activity)
    merged = check_rules(occasion, activity, rules)
    keys = keys_of(occasion)
    visible = sees(occasion, activity.course)
    found = Preview()
    for attempt in closed(occasion.site, activity.id, answers=True):
        tick()
        found.looked_at += 1
        try:
            new = outcome(keys, attempt, merged, occasion.now)
        except (Unreadable, Conflict) as error:
            found.problems.append(error.message)
            continue
        if not difference(attempt, new):
            continue
        change = Change(
            attempt.id,
            attempt.user,
            attempt.number,
            attempt.score,
            new.score,
            attempt.most,
            new.most,
        )
        found.changed += 1
        found.up += change.by > 0
        found.down += change.by < 0
        if visible(attempt.user):
            _keep_largest(found.shown, change)
    found.shown.sort(key=lambda change: (-abs(change.by), change.attempt))
    del found.shown[SHOWN:]
    return found


def _keep_largest(shown: list[Change], change: Change) -> None:
    shown.append(change)
    if len(shown) > 4 * SHOWN:
        shown.sort(key=lambda known: -abs(known.by))
        del shown[SHOWN:]


def set_rules(
    occasion: Occasion, activity: Activity, rules: Mapping[int, Rule], reason: str
) -> None:
    """Grade questions by other rules from now on; `regrade` brings the attempts up to them.

    :raises NotAllowed: without the capability `quiz:manage`
    :raises Invalid: at `reason`, `version` or `void`
    """
    occasion.require(permissions.MANAGE, activity)
    quiz_of(occasion, activity)
    reason = clean_line(reason, "reason", REASON_LENGTH)
    actor = occasion.actor.id if occasion.actor is not None else 0
    stamped = {
        id: rule._replace(reason=reason, actor=actor, time=occasion.now)
        for id, rule in rules.items()
    }
    merged = check_rules(occasion, activity, stamped)
    marking_of(occasion, activity.id).rules = merged
    for id, rule in stamped.items():
        occasion.record(
            "question_rule_changed",
            course=activity.course.id,
            values={
                "activity": activity.id,
                "question": id,
                "version": rule.version,
                "void": rule.void,
                "reason": reason,
            },
        )


def regrade(
    occasion: Occasion, activity: Activity, attempts: Iterable[Attempt], reason: str
) -> int:
    """Bring attempts up to the rules of their quiz, and grades up to the attempts; how many
    changed. A grade that a person has put in place of the quiz's stays, and so does an attempt with
    a question that cannot be read now.

    :raises NotAllowed: without the capability `quiz:manage`
    """
    occasion.require(permissions.MANAGE, activity)
    keys = keys_of(occasion)
    rules = rules_of(occasion.site, activity.id)
    changed = 0
    for attempt in attempts:
        if attempt.state not in CLOSED:
            continue
        try:
            found = outcome(keys, attempt, rules, occasion.now)
        except (Unreadable, Conflict):
            # Its plugin is switched off, say: the attempt stays as it is.
            continue
        if difference(attempt, found):
            replace(occasion, activity, attempt, found, reason)
            changed += 1
    return changed


def begin(
    occasion: Occasion, activity: Activity, reason: str, at_once: int
) -> tuple[JobRecord, int | None]:
    """Bring the attempts up to the rules that were just set; how many of them changed at once,
    None when they are too many and the job does it.

    The job runs in any case: who hands in while this transaction is on its way has read the rules
    as they were, and is not among the attempts that are seen here.

    :param at_once: up to so many attempts are graded again here
    :raises NotAllowed: without the capability `quiz:manage`
    """
    attempts = list(some_attempts(occasion, activity, at_once + 1))
    job = jobs.enqueue(occasion, "quiz_regrade", activity=activity.id, reason=reason)
    if len(attempts) > at_once:
        return job, None
    return job, regrade(occasion, activity, attempts, reason)


def replace(
    occasion: Occasion, activity: Activity, attempt: Attempt, found: Outcome, reason: str
) -> None:
    """Put another outcome in place of what an attempt had come to."""
    attempt.history = (*attempt.history, before(occasion, attempt, "regrade", reason))
    automatic.take(occasion, attempt, found, quiet=True)
    if attempt.score is not None:
        automatic.record(occasion, "attempt_regraded", attempt, reason)
    if not attempt.preview:
        settle(occasion, activity, attempt.user)


def before(occasion: Occasion, attempt: Attempt, action: str, reason: str) -> Before:
    """What an attempt has come to, for its history."""
    return Before(
        attempt.marks,
        attempt.earned,
        attempt.score,
        attempt.most,
        attempt.state,
        action,
        reason,
        occasion.actor.id if occasion.actor is not None else 0,
        occasion.now,
    )


def some_attempts(occasion: Occasion, activity: Activity, most: int) -> Iterator[Attempt]:
    """Attempts of the quiz, so many at most."""
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is not None:
        yield from islice(held.by_id.values(), most)


def ids_of(occasion: Occasion, activity: Activity) -> Iterator[int]:
    """Ids of the attempts that regrading looks at."""
    held = shelf.attempts_of(occasion.site, activity.id)
    if held is not None:
        yield from held.by_id.keys()
