"""The question bank: categories, questions and their versions, and the sets that find them.

A question never changes: editing adds a version, and an attempt keeps the one it saw. What is
searched and drawn by (category, type, difficulty, ...) is kept beside the questions, so that
100,000 questions are filtered without opening any of them::

    bank.facets    (kind, value), (kind, place, value) or ("category", id, type) -> IdSet
    bank.prints    fingerprint of what a question says -> ids of all that say it
    bank.numbers   (place, the institution's own number) -> ids
    bank.fresh     id -> text to be searched, of what changed lately
    bank.segments  SearchSegment: the texts of all others as postings, written once

A *place* is the tree that a question belongs to, as "site:0", "course:<id>" or "user:<id>".

Many write at the same time (teachers, imports): keys are random ids, leaves are wide, and nothing
here is written by everybody; see `modou.store.containers`. An `IdSet` that has become empty stays,
since somebody may be putting something into it at this moment.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from BTrees.LLBTree import LLTreeSet
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.store.containers import Folder, Item, WideLOBTree, WideOOBTree

#: "site": for everybody who may use the bank; "course": for the teachers of one course; "user":
#: one teacher's own.
SCOPES = ("site", "course", "user")
STATUSES = ("draft", "ready", "retired")
#: A kind of facet and what it holds: ("type", "single"), ("tag", "site:0", "触电").
Facet: TypeAlias = tuple[Any, ...]
_DAY = 86_400
#: How full leaves are, about.
_FILLED = 0.7


def place_of(scope: str, owner: int) -> str:
    """What stands for a tree of categories in facets."""
    return f"{scope}:{owner}"


class QuestionCategory(Item):
    """A node of the bank's tree. The top of each scope's tree has no title.

    :param scope: one of `SCOPES`
    :param owner: id of the course or the user, 0 for the site
    :param parent: id of the category above, 0 at the top
    """

    order: int = 0
    description: str = ""

    def __init__(self, title: str, scope: str, owner: int = 0, parent: int = 0) -> None:
        self.title = title
        self.scope = scope
        self.owner = owner
        self.parent = parent

    @property
    def place(self) -> str:
        return place_of(self.scope, self.owner)


class QuestionVersion(Persistent):
    """A question as it was written at one time; never changed afterwards.

    :param number: from 1
    :param data: the content as plain JSON (`Content.model_dump(mode="json")`)
    :param files: name -> id of a stored file, for `@@FILE@@/name`
    :param marks: what it is worth where a paper does not say otherwise
    :param author: id of the user who wrote it
    :param created: seconds UTC
    """

    def __init__(
        self,
        number: int,
        data: dict[str, Any],
        files: dict[str, int],
        marks: float,
        author: int,
        created: int,
    ) -> None:
        self.number = number
        self.data = data
        self.files = files
        self.marks = marks
        self.author = author
        self.created = created


class Question(Item):
    """A question: what it is filed under, and its versions.

    :param type: name of its question type; stays
    :param category: id of its category
    """

    title: str = ""
    #: "draft" (is not drawn), "ready", "retired" (kept for what used it, offered no more)
    status: str = "ready"
    tags: tuple[str, ...] = ()
    #: 1 (easy) to 5 (hard), 0: not said.
    difficulty: int = 0
    #: Knowledge point (知识点) and item of the syllabus (鉴定点).
    point: str = ""
    syllabus: str = ""
    #: The institution's own number.
    idnumber: str = ""
    versions: tuple[QuestionVersion, ...] = ()
    #: Of what the latest version says; see `modou_quiz.services.duplicates`.
    fingerprint: int = 0
    #: Found by the job that counts: facility (0 to 1), discrimination (-1 to 1), sittings counted;
    #: None: not counted yet. Plain values.
    statistics: dict[str, Any] | None = None
    created: int = 0
    modified: int = 0

    def __init__(self, type: str, category: int) -> None:
        self.type = type
        self.category = category

    @property
    def latest(self) -> QuestionVersion:
        return self.versions[-1]

    def version(self, number: int) -> QuestionVersion:
        """:raises KeyError: when there is none; 0: the latest"""
        if not number:
            return self.latest
        for version in self.versions:
            if version.number == number:
                return version
        raise KeyError(number)

    def files(self) -> frozenset[int]:
        """Ids of the stored files of all versions."""
        return frozenset(id for version in self.versions for id in version.files.values())


class IdSet(LLTreeSet):
    """Ids of questions, with wide leaves."""

    max_leaf_size = 500
    max_internal_size = 500

    def roughly(self) -> int:
        """About how many there are, 0 only for none: of the whole only the top is opened, while
        `len` opens every leaf."""
        state: Any = self.__getstate__()
        if state is None:
            return 0
        if len(state) == 1:
            return len(self)
        nodes = (len(state[0]) + 1) // 2
        leaf = _FILLED * self.max_leaf_size
        return int(nodes * leaf * (nodes if isinstance(state[0][0], LLTreeSet) else 1))


class QuestionTree(LOBTree):
    """Id -> question. Reading a leaf makes an empty object of each question in it, so leaves are
    not as wide as elsewhere: a draw looks into a hundred of them."""

    max_leaf_size = 100
    max_internal_size = 500


class QuestionFolder(Folder[Question]):
    """All questions."""

    def __init__(self, name: str = "", parent: Any = None) -> None:
        super().__init__(name, parent)
        self._items = QuestionTree()


class TextTree(LOBTree):
    """Id -> text. Leaves are small: each change writes one."""

    max_leaf_size = 30
    max_internal_size = 500


class PrintTree(LOBTree):
    """Fingerprint -> ids, as a tuple."""

    max_leaf_size = 120
    max_internal_size = 500


class NumberTree(OOBTree):
    """(place, number) -> ids, as a tuple."""

    max_leaf_size = 60
    max_internal_size = 250


class GramTree(OOBTree):
    """Piece of text -> places of its questions in the segment; written once."""

    max_leaf_size = 200
    max_internal_size = 500


class SearchSegment(Persistent):
    """The searched texts of some questions, written once by a job.

    :param ids: the questions, as `array("q")` bytes, in the order that the postings count in
    :param grams: piece of text -> `array("H")` bytes: places in `ids`, ascending
    :param live: which of them still count; what changed since is searched in `Bank.fresh`
    """

    #: Most questions of a segment: a place in it has 16 bits.
    MOST = 60_000

    def __init__(self, ids: bytes, grams: GramTree, live: IdSet) -> None:
        self.ids = SearchIds(ids)
        self.grams = grams
        self.live = live


class SearchIds(Persistent):
    """Apart from its segment, which is opened by every change."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class Bank(Persistent):
    """All categories and questions of a site, with what finds them; see the module's docstring."""

    segments: tuple[SearchSegment, ...] = ()
    #: (id of a course, id of a question) -> id of its copy in that course's tree; None: no copies.
    copies: Any = None

    def __init__(self) -> None:
        self.categories: Folder[QuestionCategory] = Folder("categories", self)
        self.questions = QuestionFolder("questions", self)
        #: place -> id of the top category
        self.roots = WideOOBTree()
        #: id of a category -> ids of those below it, as a tuple, in order
        self.children = WideLOBTree()
        self.facets = WideOOBTree()
        self.prints = PrintTree()
        self.numbers = NumberTree()
        self.fresh = TextTree()

    # -- copies for other courses

    def copied_to(self, course: int, question: int) -> Question | None:
        """What stands for a question in the tree of another course, if it is still there."""
        id = self.copies.get((course, question)) if self.copies is not None else None
        return self.questions.get(id) if id is not None else None

    def note_copy(self, course: int, question: int, copy: int) -> None:
        if self.copies is None:
            self.copies = WideOOBTree()
        self.copies[course, question] = copy

    # -- the tree

    def root(self, scope: str, owner: int) -> QuestionCategory | None:
        """The top of a tree, None before it has any category."""
        id = self.roots.get(place_of(scope, owner))
        return self.categories.get(id) if id is not None else None

    def make_root(self, scope: str, owner: int) -> QuestionCategory:
        """The top of a tree, made when there is none."""
        found = self.root(scope, owner)
        if found is None:
            found = self.categories.add(QuestionCategory("", scope, owner))
            self.roots[found.place] = found.id
        return found

    def add_category(self, category: QuestionCategory) -> QuestionCategory:
        """Take it in as the last one below its parent."""
        self.categories.add(category)
        self.children[category.parent] = (*self.below(category.parent), category.id)
        return category

    def remove_category(self, category: QuestionCategory) -> None:
        self.children[category.parent] = tuple(
            id for id in self.below(category.parent) if id != category.id
        )
        self.children.pop(category.id, None)
        self.categories.remove(category.id)

    def move_category(self, category: QuestionCategory, parent: int, place: int) -> None:
        """Put it below another one of its tree; `place`: how many stand before it there."""
        self.children[category.parent] = tuple(
            id for id in self.below(category.parent) if id != category.id
        )
        siblings = list(self.below(parent))
        siblings.insert(place, category.id)
        self.children[parent] = tuple(siblings)
        category.parent = parent

    def below(self, category: int) -> tuple[int, ...]:
        """Ids of the categories right below one, in order."""
        found: tuple[int, ...] = self.children.get(category, ())
        return found

    def walk(self, category: int, depth: int = 0) -> Iterator[tuple[int, int]]:
        """(id, depth) of a category and all below it, in the order of the tree."""
        yield category, depth
        for child in self.below(category):
            yield from self.walk(child, depth + 1)

    def lineage(self, category: QuestionCategory) -> list[QuestionCategory]:
        """From the top down to the category itself."""
        found = [category]
        while found[-1].parent:
            found.append(self.categories.by_id(found[-1].parent))
        return found[::-1]

    # -- what finds questions

    def facets_of(self, question: Question) -> frozenset[Facet]:
        """Where the question is filed."""
        place = self.categories.by_id(question.category).place
        found: set[Facet] = {
            ("place", place),
            ("category", question.category, question.type),
            ("type", question.type),
            ("status", question.status),
            ("difficulty", question.difficulty),
            ("day", question.created // _DAY),
            *(("tag", place, tag) for tag in question.tags),
        }
        if question.point:
            found.add(("point", place, question.point))
        if question.syllabus:
            found.add(("syllabus", place, question.syllabus))
        return frozenset(found)

    def number_of(self, question: Question) -> tuple[str, str] | None:
        """Under what its own number is filed."""
        if not question.idnumber:
            return None
        return self.categories.by_id(question.category).place, question.idnumber

    def refile(self, id: int, before: Iterable[Facet], after: Iterable[Facet]) -> None:
        """Change where a question is filed."""
        before, after = frozenset(before), frozenset(after)
        for facet in before - after:
            self.facets[facet].remove(id)
        for facet in after - before:
            found = self.facets.get(facet)
            if found is None:
                found = self.facets[facet] = IdSet()
            found.insert(id)

    def refile_print(self, id: int, before: int, after: int) -> None:
        """Change under which fingerprint a question is found; 0: none."""
        _refile(self.prints, id, before, after)

    def refile_number(
        self, id: int, before: tuple[str, str] | None, after: tuple[str, str] | None
    ) -> None:
        _refile(self.numbers, id, before, after)

    def refile_text(self, id: int, text: str | None) -> None:
        """Change the text by which a question is found; None: it is found no more."""
        for segment in self.segments:
            if id in segment.live:
                segment.live.remove(id)
        if text is None:
            self.fresh.pop(id, None)
        else:
            self.fresh[id] = text

    def filed(self, *facet: Any) -> IdSet:
        """The ids under a facet; do not change it."""
        found: IdSet | None = self.facets.get(facet)
        return found if found is not None else _NOTHING

    def under(self, *start: Any) -> Iterator[tuple[Facet, IdSet]]:
        """(facet, ids) of all facets that begin so, in order."""
        for facet, ids in self.facets.items(start):
            if facet[: len(start)] != start:
                return
            yield facet, ids

    def values(self, kind: str, place: str = "") -> Iterator[tuple[Any, IdSet]]:
        """(value, ids) of a kind of facet (of one place), in the order of the values."""
        for facet, ids in self.under(*((kind, place) if place else (kind,))):
            yield facet[-1], ids

    def in_category(self, category: int) -> int:
        """How many questions lie right in a category, retired ones as well."""
        return sum(len(ids) for _facet, ids in self.under("category", category))


_NOTHING = IdSet()


def _refile(tree: Any, id: int, before: Any, after: Any) -> None:
    """Move an id between the tuples of a tree."""
    if before == after:
        return
    if before:
        rest = tuple(other for other in tree.get(before, ()) if other != id)
        if rest:
            tree[before] = rest
        else:
            tree.pop(before, None)
    if after:
        tree[after] = (*tree.get(after, ()), id)
