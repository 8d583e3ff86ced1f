"""Group commit: many small changes of many people share one transaction, and so one wait for the
disk.

A commit costs some milliseconds, whatever its size, since it has to be durable before anybody is
told. What thousands of people do every few seconds is therefore not committed one by one: each
process has one *committer*, a thread with a warm connection of its own, that takes whatever waits,
commits it together and answers each waiting thread after the commit. While it commits, the next
group gathers by itself: the busier the site, the larger the groups. A commit by itself costs some
milliseconds of processor on PostgreSQL, so that it also rests a little between two of them, as soon
as more than one wants something at a time. See docs/explanation/store.md.
"""

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from ZODB.DB import DB

from modou.errors import Busy
from modou.store.groups import Groups
from modou.store.works import AwaitedTask, Counts, LaterTask, Task, Work

log = logging.getLogger(__name__)

T = TypeVar("T")

#: The rest between two commits: so often the time that the last one took, at most so many seconds,
#: and only while somebody comes within such a step.
_REST = 3.0
_LONGEST_REST = 0.05
_STEP = 0.005
#: Seconds after which what nobody waits for is done; so many of it go along with what is awaited.
_LATER = 0.5
_ALONG = 32
#: Seconds that `hold` waits for a group.
_PATIENCE = 0.5


@dataclass(slots=True)
class _Periodic:
    seconds: float
    work: Work[None]
    due: float


#: Those of this process, for `_after_fork`.
_all: "weakref.WeakSet[Committer]" = weakref.WeakSet()


class Committer:
    """Runs works in shared transactions, on a thread that starts with the first of them.

    ::

        committer = Committer(database)
        total = committer.run(lambda root, tm: add_to(root["counters"], 7))   # durable now
        committer.stop()                                                      # drains

    What a work changes is kept wholly or not at all: one that raises is rolled back by itself and
    the others of its group go on; one whose change cannot be stored is found out and left out.

    :param most_waiting: works in the line; more are refused with `Busy`
    :param most_together: works in one transaction
    :param longest_wait: seconds after which a waiting thread is told `Busy`
    """

    def __init__(
        self,
        database: DB,
        *,
        most_waiting: int = 2000,
        most_together: int = 128,
        longest_wait: float = 15.0,
    ) -> None:
        self._database = database
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._longest_wait = longest_wait
        self._periodic: list[_Periodic] = []
        self._begin_afresh()
        _all.add(self)

    def _begin_afresh(self) -> None:
        """Nothing waits, no thread runs: at the start, and in a forked process."""
        self._line: deque[Task] = deque()
        #: What nobody waits for.
        self._later: deque[LaterTask] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        #: The thread waits for a first task.
        self._idle = False
        #: Had by whose turn it is: a group, or who holds; by who is the next one to have it.
        self._turn = threading.Lock()
        self._next = threading.Lock()
        #: The number of the group; of the one that `hold` waits for no more.
        self._group = 0
        self._unwaited = -1
        #: When the last group was committed, how long that took, how many they were.
        self._last = (0.0, 0.0, 0)
        #: Written by the committer's thread only, but for `_refused`, which has the lock.
        self._groups = Groups(self._database)
        self._refused = 0

    # -- for everybody

    @property
    def counts(self) -> Counts:
        return replace(self._groups.counts, refused=self._refused)

    @property
    def longest_wait(self) -> float:
        """Seconds after which whoever waits is told `Busy`."""
        return self._longest_wait

    @property
    def waiting(self) -> int:
        """How many works stand in the line now."""
        return len(self._line)

    def run(self, work: Work[T]) -> T:
        """Have `work` done; returns when it is durable.

        :param work: returns plain values: persistent objects belong to the committer's connection
        :raises Busy: the line is too long, or it took too long; in the latter case the work may
            still have been done, if it had begun already
        :raises Unavailable: the database could not store it; nothing, or everything, is done
        :raises Exception: what `work` raised; nothing of it is stored
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a work of the committer waits for another one: it would for ever")
        task = AwaitedTask(work)
        self.submit([task])
        if not task.wait(self._longest_wait):
            self._give_up(task)
        if task.error is not None:
            raise task.error
        return cast(T, task.result)

    def submit(self, tasks: Sequence[Task]) -> None:
        """Put tasks into the line and return at once; each is told by its `answer`.

        Who submits minds that nobody waits for ever, see `longest_wait` and `withdraw`.

        :raises Busy: the line is too long; none of them was taken
        """
        with self._changed:
            if self._stopping:
                raise Busy
            if len(self._line) >= self._most_waiting:
                self._refused += len(tasks)
                raise Busy
            self._line.extend(tasks)
            if self._thread is None:
                self._start()
            if self._idle:
                self._changed.notify()

    def later(self, work: Work[Any]) -> bool:
        """Have `work` done with the next group, within a second when there is none, and do not wait
        for it: it is lost when the process dies before, and what it raises is logged.

        :return: whether it was taken; not so when too many stand there
        """
        with self._changed:
            if self._stopping or len(self._later) >= self._most_waiting:
                return False
            self._later.append(LaterTask(work))
            if self._thread is None:
                self._start()
            # It sees then how long it may sleep.
            if self._idle and len(self._later) == 1:
                self._changed.notify()
            return True

    def withdraw(self, task: Task) -> None:
        """Take a task back whose owner is told `Busy` now; its turn may have come already."""
        with self._changed:
            with suppress(ValueError):
                self._line.remove(task)
            self._refused += 1

    def hold(self) -> bool:
        """Take a turn: no group is begun before `let_go`. False: there is none, go on without.

        For a thread that makes many short calls of the system: after each of them it would wait
        some milliseconds for the interpreter, which the committer has. Waits for the group that is
        being done, a second at most and once for each; the turn comes between two groups.
        """
        group = self._group
        if group == self._unwaited:
            # The database hangs: there are others to be told.
            return False
        if self._next.acquire(timeout=_PATIENCE):
            try:
                if self._turn.acquire(timeout=_PATIENCE):
                    return True
            finally:
                self._next.release()
        self._unwaited = group
        return False

    def let_go(self) -> None:
        """The end of what `hold` began, when that was True."""
        self._turn.release()

    def every(self, seconds: float, work: Work[None]) -> None:
        """Do `work` now and then, in a transaction of its own, as long as the thread runs: it does
        from the first `run` on. What it raises is logged."""
        with self._changed:
            self._periodic.append(_Periodic(seconds, work, time.monotonic() + seconds))
            self._changed.notify()

    def stop(self, seconds: float = 30.0) -> None:
        """Finish what stands in the line, take no more, and end the thread. Nothing happens the
        second time.

        :param seconds: to wait for it at most
        """
        with self._changed:
            self._stopping = True
            thread = self._thread
            self._changed.notify()
        if thread is None or thread is threading.current_thread():
            return
        thread.join(seconds)
        if thread.is_alive():
            log.error("the committer does not end: %d works wait", len(self._line))
        elif self._groups.counts.works:
            log.info("committer: %s", self.counts)

    # -- the line

    def _start(self) -> None:
        now = time.monotonic()
        for periodic in self._periodic:
            periodic.due = now + periodic.seconds
        self._thread = threading.Thread(target=self._serve, name="committer", daemon=True)
        self._thread.start()

    def _give_up(self, task: AwaitedTask) -> None:
        """Take a task back that nobody wants to wait for; unless it was answered just now."""
        with self._changed:
            if task.wait(0):
                return
            self.withdraw(task)
        raise Busy

    # -- the thread

    def _serve(self) -> None:
        """Until `stop`."""
        try:
            while self._await_work():
                self._rest()
                with self._next:
                    self._turn.acquire()
                try:
                    begin = time.monotonic()
                    group = self._take_group()
                    if group:
                        self._group += 1
                        self._commit(group)
                        end = time.monotonic()
                        self._last = (end, end - begin, len(group))
                    self._do_periodic()
                    self._groups.count(busy=time.monotonic() - begin)
                finally:
                    self._turn.release()
        finally:
            self._groups.drop_connection()
            with self._changed:
                # Whoever still stands there, because of a defect, is not left alone.
                left = [*self._line, *self._later]
                self._line, self._later = deque(), deque()
                self._thread = None
            for task in left:
                task.error = Busy()
                task.answer()

    def _await_work(self) -> bool:
        """Wait until there is something to do, or something periodic is due; False at the end."""
        with self._changed:
            while not self._line:
                if self._stopping:
                    return bool(self._later)
                moments = [p.due for p in self._periodic]
                if self._later:
                    moments.append(self._later[0].asked + _LATER)
                pause = min(moments) - time.monotonic() if moments else None
                if pause is not None and pause <= 0:
                    return True
                self._idle = True
                self._changed.wait(pause)
                self._idle = False
        return True

    def _take_group(self) -> list[Task]:
        """Those who wait, as many as fit, and some that do not."""
        with self._changed:
            group: list[Task] = []
            while self._line and len(group) < self._most_together:
                group.append(self._line.popleft())
            most = min(len(group) + _ALONG, self._most_together) if group else self._most_together
            while self._later and len(group) < most:
                group.append(self._later.popleft())
            return group

    def _rest(self) -> None:
        """Let more of them come together."""
        end, took, count = self._last
        if count < 2:
            return
        until = end + min(_REST * took, _LONGEST_REST)
        seen = 0
        while seen < (waiting := len(self._line)) < self._most_together and not self._stopping:
            left = until - time.monotonic()
            if left <= 0:
                return
            seen = waiting
            time.sleep(min(left, _STEP))

    def _commit(self, group: list[Task]) -> None:
        """Do all of the group's works and answer each."""
        failed = self._groups.do(group)
        now = time.monotonic()
        bad = sum(task.error is not None for task in group)
        self._groups.count(
            works=len(group) - bad,
            raised=bad - failed,
            failed=failed,
            waited=sum(now - task.asked for task in group if task.awaited),
        )
        for task in group:
            task.answer()

    def _do_periodic(self) -> None:
        now = time.monotonic()
        for periodic in [p for p in self._periodic if p.due <= now]:
            periodic.due = now + periodic.seconds
            task = AwaitedTask(periodic.work)
            self._groups.do([task])
            if task.error is not None:
                error = task.error.__cause__ or task.error
                log.error("something periodic failed: %s", error, exc_info=error)


def _after_fork() -> None:
    """The thread is the parent's; its locks may have been held at that moment."""
    for committer in list(_all):
        committer._begin_afresh()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_after_fork)
