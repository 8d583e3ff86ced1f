"""Files of questions on their way in and out: what was found in them, what was chosen, how far it
is. The file stays until the import is done or dropped; what it says is read from it twice."""

from typing import Any

from BTrees.IIBTree import IITreeSet
from persistent import Persistent

from modou.store.containers import Folder, Item, WideLOBTree, WideOOBTree

#: Rows that are kept, and questions that are made, in one transaction.
BATCH = 200


class ImportRows(Persistent):
    """Some rows of a report, one after the other: plain JSON, see `QuestionImport.rows`."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = tuple(rows)


class ImportProgress(Persistent):
    """What the job writes with every batch; apart from the import, which people change.

    :ivar counts: how many rows there are of each kind
    :ivar done: rows that were taken or passed over
    :ivar taken: questions that were made; `failed`: those that could not be
    """

    done: int = 0
    taken: int = 0
    failed: int = 0

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}


class QuestionImport(Item):
    """One file. Times in seconds UTC.

    Status: "reading" -> "read" -> "taking" -> "done"; "failed" when it could not be read at all,
    with the reason in `problem`; "dropped".

    `rows` (number of the first row, from 0 -> `ImportRows`) has for each item of the file::

        {"line", "title", "stem", "type", "marks", "category": [...],
         "kind": "good" | "twin" | "flawed" | "bad",
         "notes": [[level, packed message, line], ...],
         "twin": id of the question in the bank that says the same, or 0,
         "row": number of the earlier row that does, from 1, or 0}

    `outcomes` likewise: the id of the question that was made, 0 where none was wanted, or a packed
    message why it could not be.

    :ivar file: id of the stored file, 0 when it is gone
    :ivar course: id of the course that it is looked at from, 0: the administration
    :ivar chosen: numbers of the rows that are to be taken
    :ivar target: id of the category that they go into; `paths`: with the file's own below it
    """

    status: str = "reading"
    problem: Any = ""
    format: str = ""
    encoding: str = ""
    finished: int = 0
    size: int = 0
    job: int = 0
    target: int = 0
    paths: bool = True

    def __init__(self, filename: str, file: int, actor: int, course: int, created: int) -> None:
        self.filename = filename
        self.file = file
        self.actor = actor
        self.course = course
        self.created = created
        self.rows = WideLOBTree()
        self.outcomes = WideLOBTree()
        self.chosen = IITreeSet()
        self.progress = ImportProgress()

    @property
    def is_under_way(self) -> bool:
        return self.status in {"reading", "taking"}

    def clear(self) -> None:
        """Forget what was read."""
        self.rows.clear()
        self.outcomes.clear()
        self.chosen.clear()
        self.size = 0
        self.progress = ImportProgress()


class QuestionExport(Item):
    """Questions on their way out. Status: "writing" -> "done" or "failed", with the reason in
    `problem`.

    :ivar questions: ids; emptied when it is done
    :ivar file: id of the stored file, 0 while there is none
    :ivar notes: for each question of which something could not be carried: [id, title, [[level,
        packed message], ...]]
    :ivar untold: how many of them are not in `notes`, because there are too many
    :ivar withheld: those of `questions` that its maker may not export
    """

    status: str = "writing"
    problem: Any = ""
    untold: int = 0
    withheld: tuple[int, ...] = ()
    file: int = 0
    filename: str = ""
    job: int = 0
    written: int = 0
    refused: int = 0
    notes: tuple[Any, ...] = ()

    def __init__(
        self, format: str, questions: tuple[int, ...], actor: int, course: int, created: int
    ) -> None:
        self.format = format
        self.questions = questions
        self.size = len(questions)
        self.actor = actor
        self.course = course
        self.created = created


class Interchange(Persistent):
    """All imports and exports that are kept."""

    #: ("imports" or "exports", user id) -> ids of the user's own, as a tuple; None: of a site that
    #: was stored before these were kept, until something is put in.
    owned: Any = None

    def __init__(self) -> None:
        self.imports: Folder[QuestionImport] = Folder("imports", self)
        self.exports: Folder[QuestionExport] = Folder("exports", self)

    def put(self, kind: str, item: Any) -> Any:
        """Take an import or export in.

        :param kind: "imports" or "exports"
        """
        if self.owned is None:
            self.owned = WideOOBTree()
            for name in ("imports", "exports"):
                for one in getattr(self, name):
                    self._own(name, one)
        getattr(self, kind).add(item)
        self._own(kind, item)
        return item

    def drop(self, kind: str, item: Any) -> None:
        """Take it out again."""
        getattr(self, kind).remove(item.id)
        if self.owned is not None:
            left = tuple(id for id in self.owned.get((kind, item.actor), ()) if id != item.id)
            if left:
                self.owned[kind, item.actor] = left
            else:
                self.owned.pop((kind, item.actor), None)

    def of(self, kind: str, user: int) -> list[Any]:
        """What is a user's own, the oldest first."""
        folder = getattr(self, kind)
        if self.owned is None:
            found = [one for one in folder if one.actor == user]
        else:
            found = [folder.get(id) for id in self.owned.get((kind, user), ())]
        return sorted((one for one in found if one is not None), key=lambda one: one.created)

    def _own(self, kind: str, item: Any) -> None:
        key = (kind, item.actor)
        self.owned[key] = (*self.owned.get(key, ()), item.id)
