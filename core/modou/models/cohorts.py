"""Cohorts (班级): people who learn together, across courses."""

from typing import Final

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree

from modou.models.people import User
from modou.store.containers import Folder, Item

#: Status -> the statuses that may follow.
TRANSITIONS: Final[dict[str, tuple[str, ...]]] = {
    "planned": ("running", "archived"),
    "running": ("finished", "planned"),
    "finished": ("archived", "running"),
    "archived": ("finished",),
}


class Cohort(Item):
    """A class of learners. Times in seconds UTC.

    `members`: user id -> seconds UTC since when."""

    #: 班级编号, unique in the site
    number: str = ""
    starts: int = 0
    ends: int = 0
    planned_number: int = 0
    #: id of the class teacher (班主任), 0 for none
    class_teacher: int = 0
    #: "planned", "running", "finished", "archived"; see `TRANSITIONS`
    status: str = "planned"
    #: Ids of the courses that the cohort is enrolled in.
    courses: tuple[int, ...] = ()
    created: int = 0

    def __init__(self, title: str, number: str = "") -> None:
        self.title = title
        self.number = number
        self.members = LOBTree()

    @property
    def above(self) -> object:
        return self.__parent__.__parent__

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        if user is None:
            return ()
        granted = user.granted("cohort", self.id)
        return (*granted, "class_teacher") if user.id == self.class_teacher else granted


class CohortFolder(Folder[Cohort]):
    """All cohorts of a site, found by number as well. `numbers`: casefolded -> id."""

    def __init__(self, name: str = "", parent: object = None) -> None:
        super().__init__(name, parent)
        self.numbers = OOBTree()

    def by_number(self, number: str) -> Cohort | None:
        """The cohort with that number, in upper or lower case."""
        id = self.numbers.get(number.casefold())
        return self.get(id) if id is not None else None

    def renumber(self, cohort: Cohort, number: str) -> None:
        """Give a cohort of this folder its number.

        :raises ValueError: another cohort has it
        """
        if self.numbers.get(number.casefold(), cohort.id) != cohort.id:
            raise ValueError(f"number {number} is taken")
        self.numbers.pop(cohort.number.casefold(), None)
        self.numbers[number.casefold()] = cohort.id
        cohort.number = number
