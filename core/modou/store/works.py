"""What stands in a committer's line, and what a committer has done."""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import transaction

log = logging.getLogger(__name__)

T = TypeVar("T")
#: What is to be done: called with the database's root and the transaction manager, perhaps several
#: times (after a conflict), so without effects outside of the database.
Work = Callable[[Any, transaction.TransactionManager], T]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a committer has done so far.

    :param works: that were answered after a commit
    :param commits: transactions that were committed
    :param raised: works that ended with an exception of their own
    :param repeated: groups that had to run again: after a conflict, or without one of them
    :param failed: works that could not be stored, since the database failed
    :param refused: works that were turned away: the line was too long, or the wait
    :param largest: works in the largest commit
    :param busy: seconds that were spent on works and commits
    :param waited: seconds that all works together waited for their answer
    """

    works: int = 0
    commits: int = 0
    raised: int = 0
    repeated: int = 0
    failed: int = 0
    refused: int = 0
    largest: int = 0
    busy: float = 0.0
    waited: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.works} works in {self.commits} commits (largest {self.largest}), "
            f"{self.raised} raised, {self.repeated} groups repeated, {self.failed} failed, "
            f"{self.refused} refused; busy {self.busy:.1f} s, "
            f"{1000 * self.waited / max(1, self.works + self.raised):.1f} ms from asking to answer"
        )


class Task(ABC):
    """A work in the line, and how whoever wants it is told.

    :ivar asked: when it was made, `time.monotonic()`
    :ivar result: what the work returned
    :ivar error: why it was not done; None: it is durable
    """

    __slots__ = ("asked", "error", "result", "work")

    #: Whether somebody waits for the answer.
    awaited = True

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.asked = time.monotonic()
        self.result: Any = None
        self.error: BaseException | None = None

    @abstractmethod
    def answer(self) -> None:
        """`result` or `error` is there. Called once, in the committer's thread, which goes on with
        the next of the group: quick, and raises nothing."""


class AwaitedTask(Task):
    """One that a thread waits for."""

    __slots__ = ("_answered",)

    def __init__(self, work: Work[Any]) -> None:
        super().__init__(work)
        # A bare lock: an Event makes three of them, for each beat of each learner.
        self._answered = threading.Lock()
        self._answered.acquire()

    def answer(self) -> None:
        self._answered.release()

    def wait(self, seconds: float) -> bool:
        return self._answered.acquire(timeout=seconds)


class LaterTask(Task):
    """One that nobody waits for."""

    __slots__ = ()
    awaited = False

    def answer(self) -> None:
        if self.error is not None:
            log.error("something that nobody waits for failed: %r", self.error, exc_info=self.error)
