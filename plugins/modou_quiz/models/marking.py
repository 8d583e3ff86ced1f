"""What people do with answers: which ones wait for them, what each of them said, and by which keys
a quiz is graded. Times in seconds UTC.

What counts stands in the attempt itself (`Attempt.marks`). Here lies how it came about, one small
object for each attempt in which something waits for a person, so that two markers never meet on one
object unless they mark the same attempt.
"""

from typing import Any, NamedTuple

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from modou.store.containers import WideLOBTree, WideOOBTree
from modou_quiz.models.attempts import Mark

#: What a part waits for: the first marker, the second one, somebody who decides between the two.
STAGES = ("first", "second", "third")


class Rule(NamedTuple):
    """By what a question is graded in one quiz, when not by the version that an attempt keeps.

    :param version: grade by the key of this version, 0: of the one that the attempt keeps
    :param void: "full": everybody gets the marks; "none": it does not count; "": neither
    """

    version: int = 0
    void: str = ""
    reason: str = ""
    actor: int = 0
    time: int = 0


class Lock(NamedTuple):
    """Somebody has a part open. `until`: when others may open it all the same."""

    user: int
    until: int


class PartWork(NamedTuple):
    """What people did with one part of one attempt.

    :param stage: one of `STAGES`; "": done
    :param said: what each marker said, in order
    """

    question: int
    stage: str = "first"
    said: tuple[Mark, ...] = ()


class MarkingWork(Persistent):
    """The parts of one attempt that need a person: (slot, part) -> `PartWork`, and who has them
    open. Replaced as a whole.

    :param user: id of the learner
    """

    def __init__(self, attempt: int, user: int) -> None:
        self.attempt = attempt
        self.user = user
        self.parts: dict[tuple[int, int], PartWork] = {}
        self.locks: dict[tuple[int, int], Lock] = {}


class QuizMarking(Persistent):
    """The marking of one quiz."""

    #: Question id -> `Rule`. Replaced as a whole.
    rules: dict[int, Rule] = {}
    #: The newest count of its results, see `modou_quiz.services.statistics`; plain values.
    counted: Any = None

    def __init__(self) -> None:
        self.works = WideLOBTree()  # attempt id -> MarkingWork
        #: (question id, attempt id, slot, part) -> place in `STAGES`, of what waits.
        self.waiting = WideOOBTree()
        #: question id -> what of it was counted, as plain values
        self.items = OOBTree()
