"""Lists of courses: the public catalogue, the administration's list, the tree of categories.

All of them read the index of courses (`modou.models.catalogue`) and open only the courses of the
page that is shown.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from math import ceil

from modou.models.catalogue import CourseRow
from modou.models.courses import Category, Course
from modou.permissions import Capability
from modou.services.cleaning import fold
from modou.services.occasion import Occasion

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of courses.

    :param total: how many there are on all pages
    :param page: number of this page, from 1
    """

    courses: list[Course]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / self.size))

    @property
    def first(self) -> int:
        return (self.page - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * self.size, self.total)


@dataclass(slots=True)
class CategoryNode:
    """A category in the tree.

    :param depth: 0 at the top
    :param courses: how many listed courses lie in it and below it
    :param all_courses: the same with drafts and hidden ones
    """

    category: Category
    depth: int
    courses: int = 0
    all_courses: int = 0
    children: list["CategoryNode"] = field(default_factory=list)


def search(
    occasion: Occasion,
    text: str = "",
    category: Category | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> Listing:
    """Published, visible courses, newest first.

    :param text: words that must all occur in title, code or occupation
    :param category: only courses in it or below it
    :param page: from 1; beyond the last page is the last page
    """
    return _page(occasion, search_rows(occasion, text, category), page, size)


def search_rows(
    occasion: Occasion, text: str = "", category: Category | None = None
) -> list[CourseRow]:
    """All rows that `search` pages through."""
    words = fold(text).split()
    inside = subtree(occasion, category) if category is not None else None
    rows = [
        row
        for row in occasion.site.course_index
        if row.listed and _matches(row, words) and (inside is None or row.category in inside)
    ]
    rows.sort(key=lambda row: (-row.published_at, row.title_key, row.id))
    return rows


#: What the administration's list can be sorted by.
SORTS = ("title", "status", "modified")


def list_all(
    occasion: Occasion,
    text: str = "",
    category: Category | None = None,
    status: str = "",
    sort: str = "title",
    page: int = 1,
    size: int = 50,
) -> Listing:
    """All courses, drafts and hidden ones too, for operators.

    :param status: "draft", "published", "hidden", or "" for all
    :param sort: one of `SORTS`, with "-" before it for descending
    """
    return _page(occasion, all_rows(occasion, text, category, status, sort), page, size)


def all_rows(
    occasion: Occasion,
    text: str = "",
    category: Category | None = None,
    status: str = "",
    sort: str = "title",
) -> list[CourseRow]:
    """All rows that `list_all` pages through."""
    occasion.require(Capability.ADMIN_VIEW)
    words = fold(text).split()
    inside = subtree(occasion, category) if category is not None else None
    rows = [
        row
        for row in occasion.site.course_index
        if _matches(row, words)
        and (inside is None or row.category in inside)
        and (not status or (not row.visible if status == "hidden" else row.status == status))
    ]
    keys = {
        "title": lambda row: (row.title_key, row.id),
        "status": lambda row: (row.status, row.visible, row.title_key),
        "modified": lambda row: row.modified,
    }
    name = sort.removeprefix("-")
    rows.sort(key=keys.get(name, keys["title"]), reverse=sort.startswith("-"))
    return rows


def _matches(row: CourseRow, words: Collection[str]) -> bool:
    return all(word in row.search for word in words)


def _page(occasion: Occasion, rows: list[CourseRow], page: int, size: int) -> Listing:
    page = max(1, min(page, ceil(len(rows) / size) or 1))
    shown = rows[(page - 1) * size : page * size]
    courses = [c for row in shown if (c := occasion.site.courses.get(row.id)) is not None]
    return Listing(courses, len(rows), page, size)


# Categories


def subtree(occasion: Occasion, category: Category) -> frozenset[int]:
    """Ids of the category and of all below it."""
    return frozenset(c.id for c in occasion.site.categories if category in c.lineage())


def tree(occasion: Occasion) -> list[CategoryNode]:
    """The top categories with everything below them, in order, courses counted."""
    listed: Counter[int] = Counter()
    everything: Counter[int] = Counter()
    for row in occasion.site.course_index:
        everything[row.category] += 1
        listed[row.category] += row.listed
    below: dict[int, list[Category]] = {}
    for category in occasion.site.categories:
        parent = category.parent.id if category.parent is not None else 0
        below.setdefault(parent, []).append(category)

    def grow(parent: int, depth: int) -> list[CategoryNode]:
        nodes = []
        for category in sorted(below.get(parent, ()), key=lambda c: (c.order, c.id)):
            node = CategoryNode(category, depth)
            node.children = grow(category.id, depth + 1)
            node.courses = listed[category.id] + sum(n.courses for n in node.children)
            node.all_courses = everything[category.id] + sum(n.all_courses for n in node.children)
            nodes.append(node)
        return nodes

    return grow(0, 0)


def flat(nodes: list[CategoryNode]) -> list[CategoryNode]:
    """The nodes of a tree in the order in which a list shows them."""
    out = []
    for node in nodes:
        out.append(node)
        out.extend(flat(node.children))
    return out
