"""What was found when somebody had duplicates looked for."""

from typing import Any

from persistent import Persistent


class DuplicateSearch(Persistent):
    """The last search of one person in one place. Times in seconds UTC.

    :ivar criteria: what was searched, as plain values
    :ivar groups: ids of questions that say the same, group by group, the largest first; `number`:
        how many groups there are, kept or not
    :ivar pairs: (id, id, likeness) of those that nearly do, the most alike first; `pair_number`
        likewise
    :ivar compared: questions that were looked at
    :ivar finished: 0 while it goes on
    """

    finished: int = 0
    compared: int = 0
    number: int = 0
    pair_number: int = 0
    groups: tuple[tuple[int, ...], ...] = ()
    pairs: tuple[tuple[int, int, float], ...] = ()

    def __init__(self, criteria: dict[str, Any], created: int) -> None:
        self.criteria = criteria
        self.created = created
        self.job = 0
