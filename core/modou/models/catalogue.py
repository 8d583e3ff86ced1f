"""What lists and search need to know of all courses, without opening one of them."""

from collections.abc import Iterator
from typing import NamedTuple

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.models.courses import Course


class CourseRow(NamedTuple):
    """A course as lists know it. Kept as a plain tuple.

    :param title_key: by which titles are sorted
    :param search: folded title, code, occupation
    :param category: id, 0 for none
    """

    id: int
    title_key: str
    search: str
    category: int
    status: str
    visible: bool
    published_at: int
    modified: int

    @property
    def listed(self) -> bool:
        """Whether the public catalogue shows it."""
        return self.status == "published" and self.visible


class CourseIndex(Persistent):
    """Rows of all courses and the way from a code to its course.

    `revision` rises with every change that a list shows: the key of cached lists.
    """

    revision: int = 0

    def __init__(self) -> None:
        self._rows = LOBTree()  # course id -> row as tuple
        self._codes = OOBTree()  # folded code -> course id
        self._code_of = LOBTree()  # course id -> folded code

    def put(self, course: Course, *, title_key: str, search: str, code: str) -> None:
        """Take in a course, or what has changed of it.

        :param code: folded
        :raises ValueError: another course has that code
        """
        if code and self._codes.get(code, course.id) != course.id:
            raise ValueError(f"the code {code!r} is taken")
        row = CourseRow(
            course.id,
            title_key,
            search,
            course.category.id if course.category is not None else 0,
            course.status,
            course.visible,
            course.published_at,
            course.modified,
        )
        self._forget_code(course.id)
        if code:
            self._codes[code] = course.id
            self._code_of[course.id] = code
        self._rows[course.id] = tuple(row)
        self.revision += 1

    def drop(self, course_id: int) -> None:
        """Forget a course; nothing happens when it is not known."""
        if self._rows.pop(course_id, None) is not None:
            self._forget_code(course_id)
            self.revision += 1

    def touch(self) -> None:
        """Note that something else changed that lists show (a category)."""
        self.revision += 1

    def _forget_code(self, course_id: int) -> None:
        code = self._code_of.pop(course_id, None)
        if code is not None:
            del self._codes[code]

    def by_code(self, code: str) -> int | None:
        """Id of the course with that folded code."""
        found: int | None = self._codes.get(code)
        return found

    def __iter__(self) -> Iterator[CourseRow]:
        for row in self._rows.values():
            yield CourseRow(*row)

    def __contains__(self, course_id: object) -> bool:
        return course_id in self._rows
