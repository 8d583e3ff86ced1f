"""The grade book of a course, and what each learner has got in it.

::

    course.grade_book    GradeBook: one object, read and shown whole
      .items             item id -> GradeItem
      .categories        category id -> GradeCategory; `root` is the course itself
      .revision          raised with every change: what is reckoned from it is kept under it
    enrolment.grades     GradeSheet: one object per learner, so that teachers who grade different
                         learners never meet
      .grades            item id -> Grade
      .feedback          LOBTree: item id -> text, apart since it is long and rarely shown
      .history           LOBTree: number -> Change, append-only

Items, categories, grades and changes are values: a change replaces them, so that a copy somebody
holds never alters under their hands. New fields need a default.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from BTrees.LOBTree import LOBTree
from persistent import Persistent

from modou.declarations import GradeAggregation
from modou.models.aggregation import (
    FIVE_LEVELS,
    CategoryNode,
    ItemNode,
    LetterScale,
    NodeId,
    Number,
    PreparedTree,
    Result,
    prepare,
)
from modou.store.containers import encode_id, new_id

#: Where a grade came from when a person gave it.
BY_HAND: Final = "manual"
IMPORTED: Final = "import"


@dataclass(frozen=True)
class GradeItem:
    """Something that is graded: by an activity, or by hand (`activity` 0).

    :param maximum: most points
    :param minimum: fewest points
    :param pass_mark: points needed to pass; None: the course's pass percentage
    :param weight: share in a weighted mean
    :param category: id of the category that it stands in
    :param hidden: learners do not see it, and it does not count
    :param extra: extra credit: adds, but is not expected of anybody
    """

    title: str
    maximum: float = 100.0
    minimum: float = 0.0
    pass_mark: float | None = None
    weight: float = 1.0
    category: int = 0
    activity: int = 0
    hidden: bool = False
    extra: bool = False
    id: int = field(default_factory=new_id)

    @property
    def key(self) -> str:
        """The id as it stands in URLs and exports."""
        return encode_id(self.id)

    def percent(self, value: float) -> float:
        """`value` as a percentage of the item's range."""
        return (value - self.minimum) / (self.maximum - self.minimum) * 100.0


@dataclass(frozen=True)
class GradeCategory:
    """A group of items and categories that becomes one grade.

    :param aggregation: name of a `modou.declarations.GradeAggregation`
    :param parent: id of the category that it stands in, 0 for the course itself
    :param children: ids of items and categories, in order
    :param drop_lowest: how many of the lowest grades do not count
    :param keep_highest: how many of the highest count, 0 for all
    :param only_graded: empty grades are left out; otherwise they count as 0
    """

    title: str
    aggregation: str = "weighted_mean"
    weight: float = 1.0
    parent: int = 0
    children: tuple[int, ...] = ()
    drop_lowest: int = 0
    keep_highest: int = 0
    only_graded: bool = True
    extra: bool = False
    id: int = field(default_factory=new_id)

    @property
    def key(self) -> str:
        return encode_id(self.id)


Node = GradeItem | GradeCategory


class GradeBook(Persistent):
    """Items, categories and letters of one course."""

    #: Percentage of an item's range, and of the course, that is a pass.
    pass_percent: float = 60.0
    #: (lowest percentage, letter); empty: the five levels that are usual in China.
    letters: tuple[tuple[float, str], ...] = ()
    revision: int = 0
    #: Kept while the object is in memory: (revision, ways of aggregation, prepared tree).
    _v_prepared: Any = None

    def __init__(self) -> None:
        root = GradeCategory("")
        self.root_id = root.id
        self.items: dict[int, GradeItem] = {}
        self.categories: dict[int, GradeCategory] = {root.id: root}

    @property
    def root(self) -> GradeCategory:
        return self.categories[self.root_id]

    @property
    def scale(self) -> LetterScale:
        return LetterScale(self.letters) if self.letters else FIVE_LEVELS

    def item_of(self, activity_id: int) -> GradeItem | None:
        """The item of an activity."""
        for item in self.items.values():
            if item.activity == activity_id and activity_id:
                return item
        return None

    def pass_mark(self, item: GradeItem) -> float:
        """The points that pass `item`."""
        if item.pass_mark is not None:
            return item.pass_mark
        return item.minimum + (item.maximum - item.minimum) * self.pass_percent / 100.0

    def node(self, id: int) -> Node:
        """:raises KeyError: when there is none"""
        return self.items[id] if id in self.items else self.categories[id]

    def walk(self, category_id: int | None = None, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """Everything below a category (default: the course) with its depth, in order."""
        category = self.categories[category_id or self.root_id]
        for id in category.children:
            yield depth, self.node(id)
            if id in self.categories:
                yield from self.walk(id, depth + 1)

    def ordered_items(self) -> list[GradeItem]:
        """All items in the order of the tree."""
        return [node for _depth, node in self.walk() if isinstance(node, GradeItem)]

    def above(self, category_id: int) -> Iterator[int]:
        """Ids of a category and of those around it, up to the course."""
        while category_id:
            yield category_id
            category_id = self.categories[category_id].parent

    # -- changes; each raises the revision

    def put(self, node: Node) -> None:
        """Take a node in at the end of its category, or replace the one with its id.

        A node whose category has changed moves to the end of the new one.
        """
        holder_id = self.holder_of(node)
        before = self.items.get(node.id) or self.categories.get(node.id)
        if before is not None and node.id != self.root_id:
            old = self.holder_of(before)
            if old != holder_id:
                self._set_children(old, [i for i in self.categories[old].children if i != node.id])
        if isinstance(node, GradeItem):
            self.items = {**self.items, node.id: node}
        else:
            self.categories = {**self.categories, node.id: node}
        if node.id != self.root_id and node.id not in self.categories[holder_id].children:
            self._set_children(holder_id, [*self.categories[holder_id].children, node.id])
        self.revision += 1

    def holder_of(self, node: Node) -> int:
        """Id of the category around a node."""
        return (node.category if isinstance(node, GradeItem) else node.parent) or self.root_id

    def remove(self, id: int) -> None:
        """Take a node out; what stands in a category moves up to where the category was.

        :raises KeyError: when there is none
        :raises ValueError: for the course itself
        """
        if id == self.root_id:
            raise ValueError("the course's own category cannot be removed")
        holder_id = self.holder_of(self.node(id))
        children = list(self.categories[holder_id].children)
        place = children.index(id)
        moved: tuple[int, ...] = ()
        if id in self.items:
            self.items = {i: item for i, item in self.items.items() if i != id}
        else:
            moved = self.categories[id].children
            self.categories = {i: c for i, c in self.categories.items() if i != id}
            for child in moved:
                self._set_holder(child, holder_id)
        children[place : place + 1] = moved
        self._set_children(holder_id, children)
        self.revision += 1

    def arrange(self, category_id: int, ids: Sequence[int]) -> None:
        """Put the nodes `ids` into a category, in that order; its other children follow.

        :raises KeyError: when a node does not exist
        :raises ValueError: when a category would come to stand within itself
        """
        around = set(self.above(category_id))
        for id in ids:
            self.node(id)
            if id in around:
                raise ValueError("a category cannot stand within itself")
        order = list(dict.fromkeys(ids))
        for id in order:
            old = self.holder_of(self.node(id))
            if old != category_id:
                self._set_children(old, [i for i in self.categories[old].children if i != id])
                self._set_holder(id, category_id)
        rest = [i for i in self.categories[category_id].children if i not in order]
        self._set_children(category_id, [*order, *rest])
        self.revision += 1

    def _set_holder(self, id: int, category_id: int) -> None:
        node = self.node(id)
        if isinstance(node, GradeItem):
            self.items = {**self.items, id: replace(node, category=category_id)}
        else:
            self.categories = {**self.categories, id: replace(node, parent=category_id)}

    def _set_children(self, category_id: int, ids: Sequence[int]) -> None:
        changed = replace(self.categories[category_id], children=tuple(ids))
        self.categories = {**self.categories, category_id: changed}

    # -- arithmetic

    def tree(self) -> CategoryNode:
        """The tree as `modou.models.aggregation` reckons with it."""
        return self._category_node(self.root)

    def prepared(self, offered: Mapping[str, GradeAggregation]) -> PreparedTree | None:
        """The arithmetic of the tree, kept as long as nothing changes.

        :param offered: the ways of aggregation that there are; the same mapping every time
        :return: None when a category aggregates in a way that is not offered (any more)
        """
        kept = self._v_prepared
        if kept is not None and kept[0] == self.revision and kept[1] is offered:
            known: PreparedTree | None = kept[2]
            return known
        tree = None
        if all(c.aggregation in offered for c in self.categories.values()):
            tree = prepare(self.tree(), {name: way.function for name, way in offered.items()})
        self._v_prepared = (self.revision, offered, tree)
        return tree

    def _category_node(self, category: GradeCategory) -> CategoryNode:
        children = [self._reckoned(self.node(id)) for id in category.children]
        return CategoryNode(
            category.id,
            category.aggregation,
            children,
            weight=category.weight,
            drop_lowest=category.drop_lowest,
            keep_highest=category.keep_highest,
            aggregate_only_graded=category.only_graded,
            extra=category.extra,
        )

    def _reckoned(self, node: Node) -> ItemNode | CategoryNode:
        if isinstance(node, GradeCategory):
            return self._category_node(node)
        return ItemNode(
            node.id, node.maximum, node.minimum, node.weight, excluded=node.hidden, extra=node.extra
        )


class Grade(NamedTuple):
    """What one learner has got in one item.

    :param value: points, None for none
    :param source: what gave it: an activity type's name, `BY_HAND`, `IMPORTED`
    :param given: what the activity gave, kept below an override
    :param overridden: a person's value stands in place of the activity's
    :param excluded: does not count for this learner
    :param reason: of the override or exclusion
    :param time: of the last change, seconds UTC
    :param actor: id of the user who changed it last, 0 for the system
    """

    value: float | None = None
    source: str = ""
    given: float | None = None
    overridden: bool = False
    excluded: bool = False
    reason: str = ""
    time: int = 0
    actor: int = 0

    @property
    def replaces(self) -> bool:
        """Whether a person's value hides one that the activity gave.

        Where the activity gave none, because people grade it by hand, nothing was changed.
        """
        return self.overridden and self.given is not None


class Change(NamedTuple):
    """A line of the history; never altered.

    :param action: "grade", "override", "restore", "exclude", "include", "feedback", "rescale",
        "drop"
    """

    time: int
    actor: int
    item: int
    action: str
    old: float | None
    new: float | None
    reason: str = ""
    source: str = ""


NO_GRADE: Final = Grade()


class GradeSheet(Persistent):
    """One learner's grades in one course."""

    #: Kept while the object is in memory: (what it was reckoned with, results).
    _v_results: Any = None

    def __init__(self) -> None:
        self.grades: dict[int, Grade] = {}
        self.feedback = LOBTree()
        self.history = LOBTree()

    def grade(self, item_id: int) -> Grade:
        return self.grades.get(item_id, NO_GRADE)

    def put(self, item_id: int, grade: Grade, change: Change) -> None:
        """Replace a grade and note the change."""
        self.grades = {**self.grades, item_id: grade}
        self.note(change)

    def drop(self, item_id: int, change: Change) -> None:
        """Take a grade out; its history stays.

        :raises KeyError: when there is none
        """
        self.grades = {i: grade for i, grade in self.grades.items() if i != item_id}
        self.feedback.pop(item_id, None)
        self.note(change)

    def note(self, change: Change) -> None:
        self._v_results = None
        self.history[self.history.maxKey() + 1 if self.history else 1] = change

    def history_of(self, item_id: int) -> list[Change]:
        """The changes of one grade, newest first."""
        return [c for c in reversed(self.history.values()) if c.item == item_id]

    def results(self, revision: int, tree: PreparedTree) -> dict[NodeId, Result]:
        """Node id -> result; reckoned once as long as nothing changes.

        :param revision: of the grade book that `tree` was made of
        """
        kept = self._v_results
        if kept is not None and kept[0] == revision and kept[1] is tree:
            known: dict[NodeId, Result] = kept[2]
            return known
        values: dict[NodeId, Number | None] = {i: grade.value for i, grade in self.grades.items()}
        excluded = [i for i, grade in self.grades.items() if grade.excluded]
        results = tree.evaluate(values, excluded)
        self._v_results = (revision, tree, results)
        return results
