"""Questions of courses that were deleted: nobody could reach them any more."""

from itertools import islice

from modou.services.jobs.context import JobContext
from modou.services.occasion import Occasion
from modou_quiz.models.bank import Bank, QuestionCategory
from modou_quiz.services import shelf
from modou_quiz.services.bank.questions import delete_questions

#: Questions of one transaction.
_TOGETHER = 200


def sweep_job(context: JobContext) -> None:
    """The job. (Only courses that nobody was ever enrolled in can be deleted.)"""
    with context.occasion() as occasion:
        tops = [top.id for top in _orphaned(occasion)]
    for top in tops:
        done: set[int] = set()
        while True:
            context.check()
            with context.occasion() as occasion:
                if not _sweep(occasion, top, done):
                    break


def _orphaned(occasion: Occasion) -> list[QuestionCategory]:
    bank = shelf.find_bank(occasion.site)
    if bank is None:
        return []
    tops = [bank.categories.by_id(id) for id in bank.roots.values()]
    return [top for top in tops if top.scope == "course" and top.owner not in occasion.site.courses]


def _sweep(occasion: Occasion, top: int, done: set[int]) -> bool:
    """Delete some of the questions, in the end the categories; whether something is left to do.

    :param done: ids that were looked at: what a paper of another course uses stays, retired
    """
    bank = shelf.bank_of(occasion)
    if top not in bank.categories:
        return False
    category = bank.categories.by_id(top)
    rest = (id for id in bank.filed("place", category.place) if id not in done)
    some = list(islice(rest, _TOGETHER))
    if some:
        delete_questions(occasion, [bank.questions.by_id(id) for id in some])
        done.update(some)
        return True
    _drop_empty(bank, category)
    return False


def _drop_empty(bank: Bank, category: QuestionCategory) -> bool:
    """Drop a category and what lies below it, as far as nothing is in them; whether it is gone."""
    empty = [_drop_empty(bank, bank.categories.by_id(id)) for id in bank.below(category.id)]
    if not all(empty) or bank.in_category(category.id):
        return False
    if category.parent:
        bank.remove_category(category)
    else:
        del bank.roots[category.place]
        bank.children.pop(category.id, None)
        bank.categories.remove(category.id)
    return True
