"""Cohorts (班级): people who learn together, across courses."""

from BTrees.LOBTree import LOBTree

from modou.models.people import User
from modou.store.containers import Item


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
    #: "planned", "running", "finished", "archived"
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
