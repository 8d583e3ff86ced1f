"""Categories: the trees that questions lie in."""

from collections.abc import Iterable

from modou.errors import Conflict, Invalid, NotAllowed
from modou.models.courses import Course
from modou.services.cleaning import clean_line, clean_text
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.bank import Bank, QuestionCategory
from modou_quiz.services import shelf
from modou_quiz.services.bank.rights import (
    find_category,
    may_edit_tree,
    require_edit,
    trees_of,
)


def top_of(occasion: Occasion, scope: str, owner: int = 0) -> QuestionCategory:
    """The top of a tree, made when there is none.

    :raises NotAllowed: the actor may not change the tree
    """
    if not may_edit_tree(occasion, scope, owner):
        raise NotAllowed(_("You may not change this part of the question bank."))
    return shelf.bank_of(occasion).make_root(scope, owner)


def target_of(occasion: Occasion, key: str, course: Course | None = None) -> QuestionCategory:
    """The category that something is to be put into.

    :param key: of a category; or the scope of a tree that has none yet: its top is made
    :raises NotFound: the actor may not know it
    :raises NotAllowed: the actor may not change it
    """
    for scope, owner in trees_of(occasion, course):
        if key == scope:
            return top_of(occasion, scope, owner)
    category = find_category(occasion, key, course)
    require_edit(occasion, category)
    return category


def create_category(
    occasion: Occasion, parent: QuestionCategory, title: str, description: str = ""
) -> QuestionCategory:
    """:raises Invalid: no title, or one that a sibling has"""
    require_edit(occasion, parent)
    bank = shelf.bank_of(occasion)
    made = QuestionCategory("", parent.scope, parent.owner, parent.id)
    _name(bank, made, title, description)
    bank.add_category(made)
    _record_category(occasion, "question_category_created", made)
    return made


def ensure_path(
    occasion: Occasion, parent: QuestionCategory, path: Iterable[str]
) -> QuestionCategory:
    """The category at a path of titles below another one, made where it is missing; for imports."""
    bank = shelf.bank_of(occasion)
    for title in path:
        line = clean_line(title[:100], "category", 100, required=False)
        if not line:
            continue
        siblings = (bank.categories.by_id(id) for id in bank.below(parent.id))
        found = next((one for one in siblings if one.title == line), None)
        parent = found if found is not None else create_category(occasion, parent, line)
    return parent


def change_category(
    occasion: Occasion,
    category: QuestionCategory,
    title: str,
    description: str = "",
    parent: QuestionCategory | None = None,
) -> None:
    """Give it a title and a description, and put it below another one.

    :raises Invalid: as `create_category` and `move_category`
    """
    require_edit(occasion, category)
    _require_no_top(category)
    if parent is not None and parent.id != category.parent:
        move_category(occasion, category, parent)
    _name(shelf.bank_of(occasion), category, title, description)
    _record_category(occasion, "question_category_changed", category)


def move_category(
    occasion: Occasion, category: QuestionCategory, parent: QuestionCategory, place: int = -1
) -> None:
    """Put a category below another one of its tree.

    :param place: how many stand before it there; -1: all
    :raises Invalid: below itself, into another tree, or below a namesake's parent
    """
    require_edit(occasion, category)
    _require_no_top(category)
    bank = shelf.bank_of(occasion)
    if category.place != parent.place:
        raise Invalid(_("Categories stay in their own part of the bank."), "parent")
    if any(parent.id == id for id, _depth in bank.walk(category.id)):
        raise Invalid(_("A category cannot lie below itself."), "parent")
    _check_title(bank, category, category.title, parent.id)
    siblings = [id for id in bank.below(parent.id) if id != category.id]
    bank.move_category(category, parent.id, len(siblings) if place < 0 else place)
    _record_category(occasion, "question_category_changed", category)


def step_category(occasion: Occasion, category: QuestionCategory, step: int) -> None:
    """Put it one place up (-1) or down (1) among those beside it."""
    require_edit(occasion, category)
    _require_no_top(category)
    bank = shelf.bank_of(occasion)
    siblings = bank.below(category.parent)
    place = siblings.index(category.id) + step
    if 0 <= place < len(siblings):
        bank.move_category(category, category.parent, place)
        _record_category(occasion, "question_category_changed", category)


def delete_category(occasion: Occasion, category: QuestionCategory) -> None:
    """:raises Conflict: something is in it"""
    require_edit(occasion, category)
    _require_no_top(category)
    bank = shelf.bank_of(occasion)
    if bank.below(category.id):
        raise Conflict(_("Other categories lie below this one. Move or delete them first."))
    number = bank.in_category(category.id)
    if number:
        raise Conflict(
            _(
                "${number} questions are in this category. Move them first.",
                mapping={"number": number},
            )
        )
    bank.remove_category(category)
    _record_category(occasion, "question_category_removed", category)


def _require_no_top(category: QuestionCategory) -> None:
    if not category.parent:
        raise Conflict(_("The top of a tree cannot be changed."))


def _name(bank: Bank, category: QuestionCategory, title: str, description: str) -> None:
    line = clean_line(title, "title", 100)
    _check_title(bank, category, line, category.parent)
    category.title = line
    category.description = clean_text(description, "description", 2000)


def _check_title(bank: Bank, category: QuestionCategory, title: str, parent: int) -> None:
    for id in bank.below(parent):
        if id != category.id and bank.categories.by_id(id).title == title:
            raise Invalid(_("There is a category of this name already."), "title")


def _record_category(occasion: Occasion, kind: str, category: QuestionCategory) -> None:
    course = category.owner if category.scope == "course" else 0
    occasion.record(kind, course=course, values={"category": category.id})
