"""The tree of course categories."""

from typing import Literal

from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Category
from modou.permissions import Capability
from modou.services.cleaning import clean_line, clean_text
from modou.services.occasion import Occasion

#: Levels of categories below each other; more than that nobody finds through.
DEEPEST = 5


def create_category(
    occasion: Occasion, title: str, description: str = "", parent: Category | None = None
) -> Category:
    """A new category, last among its siblings.

    :raises Invalid: no title, too long, or nested too deep
    """
    occasion.require(Capability.CATEGORY_EDIT, parent if parent is not None else occasion.site)
    title = clean_line(title, "title", 100)
    description = clean_text(description, "description", 2000)
    _check_depth(parent, 1)
    category = Category(title, parent)
    category.description = description
    category.order = _last_order(occasion, parent) + 1
    occasion.site.categories.add(category)
    _note(occasion, "category_created", category)
    return category


def change_category(
    occasion: Occasion,
    category: Category,
    title: str,
    description: str = "",
    parent: Category | None = None,
) -> None:
    """Rename a category, describe it, put it below another one.

    :raises Invalid: as `create_category`, or `parent` lies within the category itself
    """
    occasion.require(Capability.CATEGORY_EDIT, category)
    title = clean_line(title, "title", 100)
    description = clean_text(description, "description", 2000)
    moves = parent is not category.parent
    if moves:
        occasion.require(Capability.CATEGORY_EDIT, parent if parent is not None else occasion.site)
        if parent is not None and category in parent.lineage():
            raise Invalid(_("A category cannot lie within itself."), "parent")
        _check_depth(parent, _height(occasion, category))
    category.title = title
    category.description = description
    if moves:
        category.order = _last_order(occasion, parent) + 1
        category.parent = parent
    _note(occasion, "category_changed", category)


def move_category(occasion: Occasion, category: Category, direction: Literal["up", "down"]) -> None:
    """Let a category change places with its neighbour; nothing happens at the ends."""
    occasion.require(
        Capability.CATEGORY_EDIT,
        category.parent if category.parent is not None else occasion.site,
    )
    siblings = children(occasion, category.parent)
    place = siblings.index(category)
    other = place - 1 if direction == "up" else place + 1
    if 0 <= other < len(siblings):
        siblings[place], siblings[other] = siblings[other], siblings[place]
        for number, sibling in enumerate(siblings):
            if sibling.order != number:
                sibling.order = number
        _note(occasion, "category_changed", category)


def delete_category(occasion: Occasion, category: Category) -> None:
    """Delete an empty category.

    :raises Conflict: courses or other categories lie in it
    """
    occasion.require(Capability.CATEGORY_EDIT, category)
    if children(occasion, category):
        raise Conflict(_("Move or delete the categories inside this one first."))
    if any(row.category == category.id for row in occasion.site.course_index):
        raise Conflict(_("Move the courses of this category to another one first."))
    occasion.site.categories.remove(category.id)
    _note(occasion, "category_deleted", category)


def children(occasion: Occasion, parent: Category | None) -> list[Category]:
    """The categories directly below `parent` (None: the top ones), in order."""
    found = [c for c in occasion.site.categories if c.parent is parent]
    return sorted(found, key=lambda c: (c.order, c.id))


def _last_order(occasion: Occasion, parent: Category | None) -> int:
    siblings = children(occasion, parent)
    return siblings[-1].order if siblings else -1


def _height(occasion: Occasion, category: Category) -> int:
    below = children(occasion, category)
    return 1 + max((_height(occasion, child) for child in below), default=0)


def _check_depth(parent: Category | None, height: int) -> None:
    above = len(list(parent.lineage())) if parent is not None else 0
    if above + height > DEEPEST:
        raise Invalid(
            _("Categories can be nested ${number} levels deep.", mapping={"number": DEEPEST}),
            "parent",
        )


def _note(occasion: Occasion, kind: str, category: Category) -> None:
    occasion.site.course_index.touch()
    occasion.record(kind, values={"category": category.id})
