"""A quiz is copied into another course: what its paper asks goes with it.

Questions of the site's bank and of people's own stay shared. Questions of a course's bank belong to
that course: those of the other one could neither see nor mend them, and they go when it is deleted.
So they are copied into the other course's bank, into categories of the same names, with all
versions; each one once, however many quizzes are copied.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from modou.models.courses import Course
from modou.services import jobs
from modou.services.jobs import JobContext
from modou.services.occasion import Occasion
from modou_quiz.models.bank import Bank, Question, QuestionCategory
from modou_quiz.models.papers import Draw, Fixed, Paper
from modou_quiz.services import bank, drawing, searching, shelf

JOB: Final = "quiz_carry"
#: Questions that lines of a blueprint draw from are copied at once up to here, the rest by a job.
AT_ONCE: Final = 200


def carry(occasion: Occasion, paper: Paper, source: Course, target: Course) -> Paper:
    """The same paper for another course.

    :raises NotAllowed: the actor may not change the other course's bank
    """
    store = shelf.find_bank(occasion.site)
    if store is None or source.id == target.id:
        return paper
    work = _Carrying(occasion, store, target)
    sections = tuple(
        section._replace(items=tuple(work.item(item) for item in section.items))
        for section in paper.sections
    )
    draws = [i for section in paper.sections for i in section.items if isinstance(i, Draw)]
    wanted = _drawn(occasion, store, draws, source, target)
    some = list(islice(wanted, AT_ONCE + 1))
    if len(some) > AT_ONCE:
        lines = [draw._asdict() for draw in draws]
        jobs.enqueue(occasion, JOB, draws=lines, source=source.id, target=target.id)
    else:
        for id in some:
            work.question(store.questions.by_id(id))
    return paper._replace(sections=sections)


def carry_drawn(context: JobContext) -> None:
    """The job; values: `draws`, `source`, `target`. Bears to be begun again."""
    with context.occasion(context.actor) as occasion:
        wanted = _job_ids(context, occasion)
    done = 0
    waiting = iter(wanted)
    while batch := list(islice(waiting, AT_ONCE)):
        context.check()
        with context.occasion(context.actor) as occasion:
            store = shelf.bank_of(occasion)
            course = occasion.site.courses.get(context.values["target"])
            if course is None:
                return
            work = _Carrying(occasion, store, course)
            for id in batch:
                question = store.questions.get(id)
                if question is not None:
                    work.question(question)
        done += len(batch)
        context.progress(done / len(wanted))


def _job_ids(context: JobContext, occasion: Occasion) -> list[int]:
    store = shelf.find_bank(occasion.site)
    source = occasion.site.courses.get(context.values["source"])
    target = occasion.site.courses.get(context.values["target"])
    if store is None or source is None or target is None:
        return []
    draws = [_draw(values) for values in context.values["draws"]]
    return list(_drawn(occasion, store, draws, source, target))


def _draw(values: dict[str, Any]) -> Draw:
    """A line as JSON has it."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return Draw(**plain)


def _drawn(
    occasion: Occasion, store: Bank, draws: Iterable[Draw], source: Course, target: Course
) -> Iterator[int]:
    """Ids of the questions of courses' banks that lines of a blueprint draw from, each once."""
    seen: set[int] = set()
    for draw in draws:
        criteria = drawing.criteria_of(occasion, source.id, draw)
        categories = tuple(
            category.id
            for id in criteria.categories
            if (category := store.categories.get(id)) is not None and _moves(category, target)
        )
        places = tuple(place for place in criteria.places if place.startswith("course:"))
        if not places or (criteria.categories and not categories):
            continue
        found = searching.matching(store, replace(criteria, places=places, categories=categories))
        for id in found:
            if id not in seen:
                seen.add(id)
                yield id


def _moves(category: QuestionCategory, target: Course) -> bool:
    return category.scope == "course" and category.owner != target.id


class _Carrying:
    """One way into a course, and what was found on it."""

    def __init__(self, occasion: Occasion, store: Bank, target: Course) -> None:
        self.occasion = occasion
        self.store = store
        self.target = target
        self._twins: dict[int, QuestionCategory] = {}

    def item(self, item: Fixed | Draw) -> Fixed | Draw:
        if isinstance(item, Draw):
            return item._replace(categories=tuple(self.category(id) for id in item.categories))
        question = self.store.questions.get(item.question)
        return item if question is None else item._replace(question=self.question(question))

    def question(self, question: Question) -> int:
        """Id of what stands for a question in the other course."""
        category = self.store.categories.by_id(question.category)
        if not _moves(category, self.target):
            return question.id
        known = self.store.copied_to(self.target.id, question.id)
        if known is not None:
            return known.id
        made = bank.copy_whole(self.occasion, question, self._twin(category))
        self.store.note_copy(self.target.id, question.id, made.id)
        return made.id

    def category(self, id: int) -> int:
        category = self.store.categories.get(id)
        if category is None or not _moves(category, self.target):
            return id
        return self._twin(category).id

    def _twin(self, category: QuestionCategory) -> QuestionCategory:
        """The category of the same path in the other course's tree."""
        if category.id not in self._twins:
            if category.parent:
                above = self._twin(self.store.categories.by_id(category.parent))
                made = bank.ensure_path(self.occasion, above, [category.title])
            else:
                made = bank.top_of(self.occasion, "course", self.target.id)
            self._twins[category.id] = made
        return self._twins[category.id]
