"""A person's part in a course: the enrolment and what was achieved in it."""

from typing import Any

from persistent import Persistent

from modou.store.containers import new_id


class Progress(Persistent):
    """What one learner did in one course. One object, since one learner writes it.

    - `facts`: activity id -> {fact name: value}, e.g. {"viewed": seconds UTC, "grade": per cent}
    - `completed`: activity id -> seconds UTC
    - `course_completed`: seconds UTC, 0 while it is not
    """

    course_completed: int = 0
    last_activity: int = 0
    last_seen: int = 0

    def __init__(self) -> None:
        self.facts: dict[int, dict[str, Any]] = {}
        self.completed: dict[int, int] = {}

    def facts_of(self, activity_id: int) -> dict[str, Any]:
        return self.facts.get(activity_id, {})

    def set_fact(self, activity_id: int, name: str, value: Any) -> bool:
        """Record a fact (None removes it); False when nothing changed."""
        facts = self.facts.get(activity_id, {})
        if facts.get(name) == value:
            return False
        changed = {**facts, name: value}
        if value is None:
            del changed[name]
        self.facts[activity_id] = changed
        self._p_changed = True
        return True

    def set_completed(self, activity_id: int, when: int) -> bool:
        """Record completion (0 takes it back); False when nothing changed."""
        if bool(self.completed.get(activity_id)) == bool(when):
            return False
        if when:
            self.completed[activity_id] = when
        else:
            del self.completed[activity_id]
        self._p_changed = True
        return True


class Enrolment(Persistent):
    """A user in a course, in a role. Times in seconds UTC, 0 for open ends."""

    #: "active", "suspended", "ended"
    status: str = "active"
    starts: int = 0
    ends: int = 0
    #: Id of the cohort by which the user came, 0 for none.
    cohort: int = 0
    grades: Any = None  # modou.models.grades.GradeSheet, made with the first grade
    study: Any = None  # modou.models.study.EnrolmentStudy, made with the first session

    def __init__(self, user_id: int, course_id: int, role: str, method: str, now: int) -> None:
        self.id = new_id()
        self.user_id = user_id
        self.course_id = course_id
        self.role = role
        self.method = method
        self.created = now
        self.progress = Progress()

    def active_at(self, now: int) -> bool:
        return (
            self.status == "active" and self.starts <= now and (self.ends == 0 or now < self.ends)
        )
