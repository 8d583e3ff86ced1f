"""Who may see and change what of the bank, and finding it.

============  ===============================  =======================================
tree          who may use its questions        who may change it
============  ===============================  =======================================
site          `quiz:use-bank` on the site, or  `quiz:edit-bank` on the site
              in the course that it is for
course        `activity:edit` in the course    the same
user          its owner                        its owner
============  ===============================  =======================================
"""

from collections.abc import Iterable
from dataclasses import dataclass

from modou.errors import Message, NotAllowed, NotFound
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services.occasion import Occasion
from modou.store.containers import decode_id
from modou_quiz import permissions
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question, QuestionCategory, place_of
from modou_quiz.services import shelf

_ROOT_TITLES: dict[str, Message] = {
    "site": _("Question bank of the site"),
    "course": _("Questions of this course"),
    "user": _("My questions"),
}


def may_use(occasion: Occasion, category: QuestionCategory, course: Course | None = None) -> bool:
    """Whether the actor may see the questions of a category and put them into papers.

    :param course: the course that they are for
    """
    if may_edit(occasion, category):
        return True
    if category.scope != "site":
        return False
    return occasion.can(permissions.BANK_USE) or (
        course is not None and occasion.can(permissions.BANK_USE, course)
    )


def may_edit(occasion: Occasion, category: QuestionCategory) -> bool:
    """Whether the actor may change a category and its questions."""
    return may_edit_tree(occasion, category.scope, category.owner)


def may_edit_tree(occasion: Occasion, scope: str, owner: int) -> bool:
    """The same for a tree that need not be there yet."""
    if occasion.system:
        return True
    if scope == "site":
        return occasion.can(permissions.BANK_EDIT)
    if scope == "course":
        course = occasion.site.courses.get(owner)
        return course is not None and occasion.can(Capability.ACTIVITY_EDIT, course)
    return occasion.actor is not None and occasion.actor.id == owner


def require_edit(occasion: Occasion, category: QuestionCategory) -> None:
    """:raises NotAllowed: the actor may not change it"""
    if not may_edit(occasion, category):
        raise NotAllowed(_("You may not change this part of the question bank."))


def trees_of(occasion: Occasion, course: Course | None = None) -> list[tuple[str, int]]:
    """(scope, owner) of the trees that the actor may use: in a course that of the course, the
    site's, and one's own; outside of courses the site's and one's own."""
    found: list[tuple[str, int]] = []
    if course is not None and may_edit_tree(occasion, "course", course.id):
        found.append(("course", course.id))
    site = QuestionCategory("", "site")
    if may_use(occasion, site, course):
        found.append(("site", 0))
    if occasion.actor is not None and found:
        found.append(("user", occasion.actor.id))
    return found


def places_of(occasion: Occasion, course: Course | None = None) -> tuple[str, ...]:
    """The same trees as `Criteria.places` wants them."""
    return tuple(place_of(scope, owner) for scope, owner in trees_of(occasion, course))


@dataclass(frozen=True, slots=True)
class Node:
    """A category as trees and choices show it.

    :param questions: right in it, retired ones as well
    """

    category: QuestionCategory
    title: Message
    depth: int
    questions: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The categories of a scope, in order; no nodes before the first was made."""

    scope: str
    owner: int
    title: Message
    may_edit: bool
    nodes: tuple[Node, ...]


def categories_for(occasion: Occasion, course: Course | None = None) -> list[Tree]:
    """The trees that the actor may use."""
    return [tree_of(occasion, scope, owner) for scope, owner in trees_of(occasion, course)]


def tree_of(occasion: Occasion, scope: str, owner: int) -> Tree:
    """One of them; the caller has asked whether the actor may see it."""
    bank = shelf.find_bank(occasion.site)
    root = bank.root(scope, owner) if bank is not None else None
    nodes: list[Node] = []
    if bank is not None and root is not None:
        for id, depth in bank.walk(root.id):
            category = bank.categories.by_id(id)
            title = category.title or _ROOT_TITLES[scope]
            nodes.append(Node(category, title, depth, bank.in_category(id)))
    return Tree(
        scope, owner, _ROOT_TITLES[scope], may_edit_tree(occasion, scope, owner), tuple(nodes)
    )


def title_of(category: QuestionCategory) -> Message:
    """Its title; that of a tree's top says which tree it is."""
    return category.title or _ROOT_TITLES[category.scope]


def find(occasion: Occasion, key: str, course: Course | None = None) -> Question:
    """The question with this key.

    :raises NotFound: there is none, or the actor may not know that there is
    """
    bank = shelf.find_bank(occasion.site)
    try:
        question = bank.questions[key] if bank is not None else None
    except KeyError:
        question = None
    if question is None or not may_use(occasion, category_of(occasion, question), course):
        raise NotFound(_("There is no such question."))
    return question


def find_many(
    occasion: Occasion, keys: Iterable[str], course: Course | None = None
) -> list[Question]:
    """:raises NotFound: as `find`"""
    return [find(occasion, key, course) for key in dict.fromkeys(keys)]


def find_category(occasion: Occasion, key: str, course: Course | None = None) -> QuestionCategory:
    """:raises NotFound: as `find`"""
    bank = shelf.find_bank(occasion.site)
    try:
        category = bank.categories.get(decode_id(key)) if bank is not None else None
    except KeyError:
        category = None
    if category is None or not may_use(occasion, category, course):
        raise NotFound(_("There is no such question category."))
    return category


def category_of(occasion: Occasion, question: Question) -> QuestionCategory:
    return shelf.bank_of(occasion).categories.by_id(question.category)
