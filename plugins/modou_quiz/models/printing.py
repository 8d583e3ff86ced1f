"""Papers on their way to paper: how they are to be printed, how far they are."""

from typing import Any

from persistent import Persistent

from modou.store.containers import Folder, Item


class PaperPrint(Item):
    """One PDF file of a quiz's paper. Times in seconds UTC.

    Status: "making" -> "done"; "failed" when it cannot be made, with the reason in `problem`.

    :ivar how: version, answers, sheet, binding, as `services.printing.Print` has them
    :ivar locale: of the words on the paper
    :ivar file: id of the stored file, 0 while there is none
    :ivar left_out: names of pictures that were too large, or none
    """

    status: str = "making"
    problem: Any = ""
    job: int = 0
    file: int = 0
    finished: int = 0
    left_out: tuple[str, ...] = ()

    def __init__(self, how: dict[str, Any], locale: str, actor: int, created: int) -> None:
        self.how = how
        self.locale = locale
        self.actor = actor
        self.created = created


class PaperPrints(Persistent):
    """The prints of one quiz that are kept."""

    def __init__(self) -> None:
        self.prints: Folder[PaperPrint] = Folder("prints", self)
