"""Rosters on their way into the site: what was uploaded, what was found, how far it is.

Everything about people in here is encrypted (`modou.store.vault`), for a roster holds ID numbers::

    job.rows         Blob: encrypted batches of rows, one after the other
    job.offsets      where each batch begins, and the end
    job.verdicts     number of the first row, from 0 -> encrypted verdicts of some rows
    job.outcomes     likewise, what became of them
"""

from collections import Counter

from persistent import Persistent
from ZODB.blob import Blob

from modou.store.containers import Item, WideLOBTree


class RosterProgress(Persistent):
    """What the worker writes with every batch; apart from the job, which people change.

    :ivar worker: token of the worker in charge; another one stops when it finds a foreign token
    :ivar beat: when the worker last wrote, seconds UTC
    :ivar checked: rows that were judged
    :ivar done: rows that were taken or refused
    """

    worker: str = ""
    beat: int = 0
    checked: int = 0
    done: int = 0

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()


class RosterJob(Item):
    """One upload. Times in seconds UTC.

    Status: "checking" -> "checked" -> "running" -> "done"; "cancelled" from "running"; "discarded"
    when the rows were dropped.
    """

    status: str = "checking"
    #: Id of the course for which it was uploaded; 0: for the whole site, with a column for courses.
    course: int = 0
    finished: int = 0
    size: int = 0
    rows: Blob | None = None
    offsets: tuple[int, ...] = ()

    def __init__(self, filename: str, actor: int, created: int) -> None:
        self.filename = filename
        self.actor = actor
        self.created = created
        #: Names of the recognised columns, in the order of each stored row's values.
        self.columns: tuple[str, ...] = ()
        #: Headings that nobody understands here.
        self.ignored: tuple[str, ...] = ()
        self.verdicts = WideLOBTree()
        self.outcomes = WideLOBTree()
        self.progress = RosterProgress()

    @property
    def is_under_way(self) -> bool:
        return self.status in {"checking", "running"}

    def drop_rows(self) -> None:
        """Forget everything about people; counts stay."""
        self.rows = None
        self.offsets = ()
        self.verdicts.clear()
        self.outcomes.clear()
        self.status = "discarded"
