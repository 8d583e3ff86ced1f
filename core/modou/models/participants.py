"""The list of a course's participants: what its pages show and sort by, without opening accounts.

An enrolment and its user are objects of their own, so a page that sorts 20,000 of them by name
would open 40,000. `ParticipantIndex` keeps one small row for each instead, 120 to a leaf::

    course.participants   user id -> (sort key, search text, name, username, role, status, cohort,
                                      starts, ends, created)

Whoever changes an enrolment writes its row in the same transaction (`modou.services.enrolling`).
"""

from typing import NamedTuple

from BTrees.LOBTree import LOBTree
from persistent import Persistent


class Participant(NamedTuple):
    """A row of the list. Times in seconds UTC, 0 for open ends; stored as a plain tuple."""

    #: Lower-case pinyin of the name, by which lists are sorted.
    sort_key: str
    #: Everything that the search looks into, in lower case.
    search: str
    name: str
    username: str
    role: str
    #: "active", "suspended", "ended"
    status: str
    cohort: int
    starts: int
    ends: int
    created: int

    def state_at(self, now: int) -> str:
        """What the status and the dates amount to: "active", "future", "expired", "suspended" or
        "ended"."""
        return state_at(self.status, self.starts, self.ends, now)


def state_at(status: str, starts: int, ends: int, now: int) -> str:
    """See `Participant.state_at`."""
    if status != "active":
        return status
    if starts > now:
        return "future"
    return "expired" if ends and ends <= now else "active"


class ParticipantIndex(LOBTree):
    """User id -> row. Small leaves: each enrolment rewrites one, and two that enrol at the same
    time in one leaf are merged."""

    max_leaf_size = 120
    max_internal_size = 500


class Seats(Persistent):
    """An object that two transactions cannot both change: see `services.enrol_methods`."""

    taken: int = 0
