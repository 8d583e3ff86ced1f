"""Looking for duplicates in a part of the bank: a small one at once, a large one by a job, whose
last result is kept for each person and place."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from modou.errors import Conflict, Message
from modou.models.courses import Course
from modou.services import jobs
from modou.services.jobs import JobContext
from modou.services.occasion import Occasion
from modou.store.containers import WideOOBTree
from modou_quiz.i18n import _
from modou_quiz.models.bank import Bank, Question
from modou_quiz.models.duplicates import DuplicateSearch
from modou_quiz.services import background, duplicates, searching, shelf
from modou_quiz.services.searching import Criteria

JOB: Final = "quiz_duplicates"
#: Up to so many questions are compared while somebody waits.
AT_ONCE: Final = 150
#: Groups and pairs that are kept, and questions of one group.
MOST_KEPT: Final = 200
MOST_OF_GROUP: Final = 20
#: Seconds for which a result is kept.
KEPT: Final = 7 * 86_400


class Found(NamedTuple):
    """What there is to show of a part of the bank.

    :param size: questions in it
    :param when: seconds UTC when it was looked at; 0: not yet
    :param job: key of the job that is looking, 0: none
    :param problem: why a job did not get to the end
    """

    size: int
    when: int = 0
    job: int = 0
    problem: Message = ""
    compared: int = 0
    number: int = 0
    pair_number: int = 0
    groups: tuple[tuple[Question, ...], ...] = ()
    pairs: tuple[tuple[Question, Question, float], ...] = ()


def find(occasion: Occasion, criteria: Criteria, course: Course | None) -> Found:
    """What is known, or found at once; nothing is changed."""
    bank = shelf.find_bank(occasion.site)
    if bank is None:
        return Found(0, occasion.now)
    size = searching.count(bank, criteria)
    if size <= AT_ONCE:
        groups, number, pairs, pair_number = _look(bank, criteria, lambda _done: None)
        return _shown(bank, criteria, size, occasion.now, size, groups, number, pairs, pair_number)
    searches = _searches(occasion)
    kept = searches.get(_key(occasion, course)) if searches is not None else None
    if kept is None or kept.criteria != _plain(criteria):
        return Found(size)
    if not kept.finished:
        problem = background.trouble(occasion, kept.job)
        return Found(size, job=0 if problem else kept.job, problem=problem)
    return _shown(
        bank,
        criteria,
        size,
        kept.finished,
        kept.compared,
        kept.groups,
        kept.number,
        kept.pairs,
        kept.pair_number,
    )


_Groups = tuple[tuple[int, ...], ...]
_Pairs = tuple[tuple[int, int, float], ...]


def _shown(
    bank: Bank,
    criteria: Criteria,
    size: int,
    when: int,
    compared: int,
    groups: _Groups,
    number: int,
    pairs: _Pairs,
    pair_number: int,
) -> Found:
    """What is still there of what was found, and still the reader's to see."""
    fits = searching.matching(bank, criteria)

    def there(ids: tuple[int, ...]) -> tuple[Question, ...]:
        found = (bank.questions.get(id) for id in ids if id in fits)
        return tuple(question for question in found if question is not None)

    shown = (there(ids) for ids in groups)
    left = ((there((first, second)), how) for first, second, how in pairs)
    return Found(
        size,
        when,
        compared=compared,
        number=number,
        pair_number=pair_number,
        groups=tuple(group for group in shown if len(group) > 1),
        pairs=tuple((*pair, how) for pair, how in left if len(pair) == 2),
    )


def start(occasion: Occasion, criteria: Criteria, course: Course | None) -> None:
    """Have a part of the bank looked through.

    :raises Conflict: that goes on already
    """
    data = occasion.site.plugin_data(shelf.PLUGIN)
    searches = data.get("duplicates")
    if searches is None:
        searches = data["duplicates"] = WideOOBTree()
    key = _key(occasion, course)
    old = searches.get(key)
    if old is not None and not old.finished and not background.trouble(occasion, old.job):
        raise Conflict(_("Duplicates are being looked for already. Wait until that is done."))
    made = searches[key] = DuplicateSearch(_plain(criteria), occasion.now)
    made.job = jobs.enqueue(occasion, JOB, actor=key[0], course=key[1]).id


def run(context: JobContext) -> None:
    """The job; values: `actor`, `course`."""
    key = (context.values["actor"], context.values["course"])
    with context.occasion() as occasion:
        searches = _searches(occasion)
        search = searches.get(key) if searches is not None else None
        bank = shelf.find_bank(occasion.site)
        if search is None or search.finished or bank is None:
            return
        criteria = Criteria(**search.criteria)
        size = searching.count(bank, criteria)

        def tick(done: int) -> None:
            context.check()
            context.progress(min(0.99, done / max(1, size)))

        groups, number, pairs, pair_number = _look(bank, criteria, tick)
    with context.occasion() as occasion:
        searches = _searches(occasion)
        search = searches.get(key) if searches is not None else None
        if search is None or search.finished or search.criteria != _plain(criteria):
            return
        search.groups, search.number = groups, number
        search.pairs, search.pair_number = pairs, pair_number
        search.compared, search.finished = size, occasion.now


def _look(
    bank: Bank, criteria: Criteria, tick: Callable[[int], None]
) -> tuple[_Groups, int, _Pairs, int]:
    groups = sorted(duplicates.all_twins(bank, criteria), key=lambda group: (-len(group), group[0]))
    near, _compared = duplicates.compare(bank, criteria, tick)
    kept = tuple(tuple(group[:MOST_OF_GROUP]) for group in groups[:MOST_KEPT])
    pairs = tuple((one.first, one.second, one.likeness) for one in near[:MOST_KEPT])
    return kept, len(groups), pairs, len(near)


def drop_old(occasion: Occasion) -> None:
    """Drop results that were kept long enough."""
    searches = _searches(occasion)
    for key, one in list(searches.items()) if searches is not None else ():
        if one.created + KEPT < occasion.now:
            del searches[key]


def _searches(occasion: Occasion) -> Any:
    data = occasion.site.plugins.get(shelf.PLUGIN)
    return data.get("duplicates") if data is not None else None


def _key(occasion: Occasion, course: Course | None) -> tuple[int, int]:
    actor = occasion.actor.id if occasion.actor is not None else 0
    return actor, course.id if course is not None else 0


def _plain(criteria: Criteria) -> dict[str, Any]:
    return asdict(criteria)
