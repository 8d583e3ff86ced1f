"""Categories, courses, sections, activities.

A course keeps its outline in one object, since it is read and shown whole::

    course.outline == [Section(id, title, activities=[activity id, ...]), ...]
    course.activities   Folder: activity id -> Activity

Every change of what the outline shows raises `course.revision`, the key under which rendered
outlines are cached.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.models.enrolments import Enrolment
from modou.models.participants import ParticipantIndex, Seats
from modou.models.people import User
from modou.permissions import NEEDS_PUBLISHED, Capability
from modou.store.containers import Folder, Item, WideLOBTree, encode_id, new_id


class Category(Item):
    """A node of the tree of course categories. `parent` is None at the top."""

    parent: "Category | None" = None
    order: int = 0
    description: str = ""

    def __init__(self, title: str, parent: "Category | None" = None) -> None:
        self.title = title
        self.parent = parent

    def lineage(self) -> Iterator["Category"]:
        """This category, then its parents up to the top."""
        node: Category | None = self
        while node is not None:
            yield node
            node = node.parent

    @property
    def above(self) -> Any:
        """The next context up: where granted roles hold here too."""
        return self.parent if self.parent is not None else self.__parent__.__parent__

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return user.granted("category", self.id) if user is not None else ()


class Section(Persistent):
    """A part of a course, in the order of `course.outline`."""

    visible: bool = True

    def __init__(self, title: str, summary: str = "") -> None:
        self.id = new_id()
        self.title = title
        self.summary = summary
        self.activities: list[int] = []

    @property
    def key(self) -> str:
        """The id as it stands in URLs."""
        return encode_id(self.id)


class Activity(Item):
    """Something to do in a course; the core's part of it.

    What only the type knows lies in the plugin's data under `id`.
    """

    visible: bool = True
    #: Names of completion rules that must all be met; empty: completion is not tracked.
    completion: tuple[str, ...] = ()
    #: Conditions that must be met before it opens; see `Prerequisite`.
    prerequisites: tuple["Prerequisite", ...] = ()
    #: Points that can be reached; None: the activity is not graded.
    max_points: float | None = None
    #: Points needed for the rule "passed"; None: the grade item's own pass mark.
    pass_mark: float | None = None
    created: int = 0
    modified: int = 0

    def __init__(self, type: str, title: str) -> None:
        self.type = type
        self.title = title
        self.summary = ""

    @property
    def course(self) -> "Course":
        course: Course = self.__parent__.__parent__
        return course

    @property
    def above(self) -> "Course":
        return self.course

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


class Prerequisite(NamedTuple):
    """A condition for opening an activity.

    - ``("completed", activity id, None)``: that activity is complete
    - ``("grade", activity id, percent)``: its grade is at least so many per cent
    - ``("from", 0, seconds UTC)``: not before that moment
    - ``("until", 0, seconds UTC)``: not after it
    """

    kind: str
    target: int = 0
    value: float | None = None


class Course(Item):
    """A course. Class attributes are the defaults of what is not set. Times in seconds UTC."""

    #: Short name, unique in the site; what rosters call it.
    code: str = ""
    summary: str = ""
    category: Category | None = None
    cover: int = 0  # id of a StoredFile
    cover_small: int = 0
    #: The cover was drawn from the title, not uploaded.
    cover_drawn: bool = True
    occupation: str = ""  # 职业（工种）名称
    occupation_code: str = ""  # 大典 2022: d-dd-dd-dd(-dd)
    level: str = ""  # 技能等级
    #: Planned class hours, in seconds (1 class hour = 2,700 s).
    planned_seconds: int = 0
    starts: int = 0
    ends: int = 0
    visible: bool = True
    #: "draft", "published"
    status: str = "draft"
    published_at: int = 0
    created: int = 0
    modified: int = 0
    revision: int = 0
    #: Enrol method name -> its settings in this course (plain dict); absent: closed.
    enrol_methods: dict[str, dict[str, Any]] = {}
    #: Most learners that may enrol by themselves, 0 for no limit.
    enrol_capacity: int = 0
    #: When learners may enrol by themselves, 0 for open ends.
    enrol_opens: int = 0
    enrol_closes: int = 0
    #: Written by those who take one of the last places, so that no two take the same.
    enrol_seats: Seats | None = None
    #: Wrong enrolment keys: "user:<id>" or "ip:<address>" -> (how many, seconds UTC of the first).
    enrol_failures: OOBTree | None = None
    #: Ids of cohorts enrolled as a whole.
    cohorts: tuple[int, ...] = ()
    participants: ParticipantIndex | None = None
    grade_book: Any = None  # modou.models.grades.GradeBook, made when first needed
    #: What of the site's study policy is different here; see `modou.services.studying.policies`.
    study_policy: dict[str, Any] = {}

    def __init__(self, title: str, code: str = "") -> None:
        self.title = title
        self.code = code
        self.outline: list[Section] = []
        self.activities: Folder[Activity] = Folder("activities", self)
        self.enrolments = WideLOBTree()  # user id -> Enrolment
        self.participants = ParticipantIndex()

    # -- contexts and roles

    @property
    def site(self) -> Any:
        return self.__parent__.__parent__

    @property
    def above(self) -> Any:
        return self.category if self.category is not None else self.site

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        """Roles by enrolment (while it is active) and by grant in this course."""
        if user is None:
            return ()
        granted = user.granted("course", self.id)
        enrolment: Enrolment | None = self.enrolments.get(user.id)
        if enrolment is not None and enrolment.active_at(now):
            return (*granted, enrolment.role)
        return granted

    def mask(self, capabilities: frozenset[str]) -> frozenset[str]:
        """Hold back what needs a published course, from those who may not see drafts."""
        if (self.published and self.visible) or Capability.COURSE_VIEW_DRAFT in capabilities:
            return capabilities
        return capabilities - NEEDS_PUBLISHED

    @property
    def published(self) -> bool:
        return self.status == "published"

    # -- outline

    def touch(self, now: int) -> None:
        """Note that what the outline shows has changed."""
        self.revision += 1
        self.modified = now

    def section(self, id: int) -> Section:
        """:raises KeyError: when there is none"""
        for section in self.outline:
            if section.id == id:
                return section
        raise KeyError(id)

    def section_of(self, activity_id: int) -> Section:
        """:raises KeyError: when no section holds it"""
        for section in self.outline:
            if activity_id in section.activities:
                return section
        raise KeyError(activity_id)

    def ordered_activities(self) -> Iterator[Activity]:
        """All activities in the order of the outline."""
        for section in self.outline:
            for id in section.activities:
                activity = self.activities.get(id)
                if activity is not None:
                    yield activity

    def add_section(self, section: Section) -> Section:
        self.outline = [*self.outline, section]
        return section

    def add_activity(self, activity: Activity, section: Section) -> Activity:
        self.activities.add(activity)
        section.activities = [*section.activities, activity.id]
        return activity

    def drop_activity(self, activity_id: int) -> Activity:
        """:raises KeyError: when there is none"""
        section = self.section_of(activity_id)
        section.activities = [i for i in section.activities if i != activity_id]
        return self.activities.remove(activity_id)

    def arrange(self, order: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Put sections and activities into `order`: (section id, activity ids) in sequence.

        :raises ValueError: unless it names every section and every activity exactly once
        """
        sections = {s.id: s for s in self.outline}
        if sorted(s for s, _ in order) != sorted(sections):
            raise ValueError("the new order must name every section exactly once")
        named = [i for _, ids in order for i in ids]
        if sorted(named) != sorted(i for s in self.outline for i in s.activities):
            raise ValueError("the new order must name every activity exactly once")
        for section_id, ids in order:
            sections[section_id].activities = list(ids)
        self.outline = [sections[section_id] for section_id, _ in order]
