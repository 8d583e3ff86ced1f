"""The question bank: categories, questions and their versions.

A question never changes: editing adds a version, and an attempt keeps the one it saw. What is
searched and drawn by (category, type, difficulty, ...) is kept beside the questions; see `Bank`.
"""

from typing import Any

from persistent import Persistent

from modou.store.containers import Folder, Item

#: "site": for everybody who may use the bank; "course": for the teachers of one course; "user":
#: one teacher's own.
SCOPES = ("site", "course", "user")


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


class Bank(Persistent):
    """All categories and questions of a site, with what finds them."""

    def __init__(self) -> None:
        self.categories: Folder[QuestionCategory] = Folder("categories", self)
        self.questions: Folder[Question] = Folder("questions", self)
