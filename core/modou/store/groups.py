"""Works of a group in one transaction. What a work changes is kept wholly or not at all: one that
raises is taken out and the others go on; one whose change cannot be stored is found out and left
out. See `modou.store.committer`, whose thread does them.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import transaction
from persistent import Persistent
from transaction.interfaces import TransientError
from ZODB.DB import DB
from ZODB.POSException import ConflictError, POSKeyError, StorageError

from modou.errors import Unavailable
from modou.i18n import _
from modou.store.uris import is_outage
from modou.store.works import Counts, Task

log = logging.getLogger(__name__)

#: Of so many groups in ten one may be spoilt before each is marked between its works.
_SPOILT = 0.3
#: How often a group is tried after conflicts with other processes before it is taken apart.
_TRIES = 3
#: Objects that the connection keeps: some eight for each learner of those who study at a time.
_CACHE = 200_000
#: Seconds between two lines in the log about a database that fails.
_QUIET = 5.0


class _Spoilt(Exception):
    """One of a group that was not marked between its works is bad, and may have changed things."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class _Blamed(Exception):
    """The group cannot go on for one of its tasks, which has got its error."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task


class Groups:
    """Does groups of works on a warm connection of its own. For one thread.

    :ivar counts: what was done so far
    """

    def __init__(self, database: DB) -> None:
        self._database = database
        self.counts = Counts()
        #: The share of groups with a bad work, of late.
        self._spoilt = 0.0
        #: When the log was told of a failure; changes that failed since.
        self._told = -_QUIET
        self._untold = 0
        self._connection: Any = None
        self._tm: transaction.TransactionManager | None = None

    def count(self, **more: float) -> None:
        counts = self.counts
        self.counts = replace(counts, **{k: getattr(counts, k) + v for k, v in more.items()})

    def do(self, group: Sequence[Task]) -> int:
        """Have each task of the group done, or marked with its error. Raises nothing.

        :return: how many could not be stored since the database failed
        """
        try:
            self._do(group)
        except BaseException:
            log.exception("defect in the committer")
            # Nobody may be left waiting.
            for task in group:
                task.error = Unavailable(_("Something went wrong on our side"))
            self.drop_connection()
        if len(group) > 1:
            bad = any(task.error is not None for task in group)
            self._spoilt += (bad - self._spoilt) / 10
        failed = 0
        for task in group:
            if isinstance(task.error, _Failed):
                failed += 1
                task.error = task.error.told()
        return failed

    def _do(self, group: Sequence[Task]) -> None:
        """Have each task of the group done, or marked with its error."""
        left = list(group)
        tries = 0
        marked = self._spoilt > _SPOILT
        while left:
            try:
                if marked:
                    self._attempt_marked(left)
                else:
                    self._attempt(left)
                return
            except _Blamed as blamed:
                left.remove(blamed.task)
            except _Spoilt as spoilt:
                if len(left) == 1:
                    self._roll_back()
                    left[0].error = spoilt.error
                    return
                marked = True
            except TransientError as error:
                tries += 1
                if tries < _TRIES:
                    self._roll_back()
                    self.count(repeated=1)
                    continue
                self._one_by_one(left, error)
                return
            except Exception as error:  # noqa: BLE001 - sorted right here
                self._one_by_one(left, error)
                return
            self._roll_back()
            self.count(repeated=1)

    def _one_by_one(self, group: Sequence[Task], error: Exception) -> None:
        """Those who could not be committed together for `error`: find out whose it is."""
        self._roll_back()
        if _is_failure(error):
            self.drop_connection()
            self._tell_failure(len(group), error)
            for task in group:
                task.error = _Failed(error)
        elif len(group) == 1:
            group[0].error = error
        else:
            self.count(repeated=1)
            for number, task in enumerate(group):
                self._do([task])
                if isinstance(task.error, _Failed):
                    # Not its fault, and the next ones would meet the same.
                    for other in group[number + 1 :]:
                        other.error = task.error
                    return

    def _tell_failure(self, count: int, error: Exception) -> None:
        """To the log; now and then only, since a full disk fails a hundred times a second."""
        self._untold += count
        now = time.monotonic()
        if now - self._told >= _QUIET:
            log.error("%d changes could not be stored: %s", self._untold, _first_line(error))
            self._told, self._untold = now, 0

    def _attempt(self, group: Sequence[Task]) -> None:
        """One transaction with all of the group, which is hoped to be good: marks between its works
        would have everything written twice.

        :raises _Spoilt: one task is bad
        :raises TransientError: the transaction failed
        :raises Exception: the database failed
        """
        tm, connection = self._open()
        begun = tm.begin()
        root = connection.root()
        for task in group:
            _work(task, root, tm)
            if task.error is not None:
                raise _Spoilt(task.error) from task.error
            if not _is_open(tm, begun):
                raise _Spoilt(_ended())
        try:
            self._commit_transaction(tm, len(group))
        except TransientError:
            raise
        except Exception as error:
            if _is_failure(error):
                raise
            raise _Spoilt(error) from error

    def _attempt_marked(self, group: Sequence[Task]) -> None:
        """One transaction with all of the group; a task that is bad is rolled back by itself.

        :raises _Blamed: what one task changed cannot be stored
        :raises Exception: the transaction failed
        """
        tm, connection = self._open()
        begun = tm.begin()
        root = connection.root()
        changing: Task | None = None
        for task in group:
            # What the task before has changed is written out by this, so it is seen to be storable.
            try:
                savepoint = tm.savepoint()
            except TransientError:
                raise
            except Exception as error:
                if _is_failure(error) or changing is None:
                    raise
                changing.error = error
                raise _Blamed(changing) from error
            changing = task
            _work(task, root, tm)
            if task.error is not None:
                changing = None
                if _is_open(tm, begun):
                    savepoint.rollback()
            if not _is_open(tm, begun):
                task.error = task.error or _ended()
                raise _Blamed(task)
        self._commit_transaction(tm, len(group))

    def _commit_transaction(self, tm: transaction.TransactionManager, works: int) -> None:
        tm.commit()
        self.count(commits=1)
        self.counts = replace(self.counts, largest=max(self.counts.largest, works))

    # -- the connection

    def _open(self) -> tuple[transaction.TransactionManager, Any]:
        if self._tm is None:
            tm = transaction.TransactionManager(explicit=True)
            self._connection = self._database.open(transaction_manager=tm)
            # The pool's size is for pages, which look at this and that. Here the same objects come
            # again every few seconds; and each savepoint drops what is too much.
            self._connection._cache.cache_size = _CACHE  # noqa: SLF001 - has no other way
            self._tm = tm
        return self._tm, self._connection

    def _roll_back(self) -> None:
        if self._tm is None:
            return
        try:
            self._tm.abort()
        except transaction.interfaces.NoTransaction:
            pass
        except Exception as error:  # noqa: BLE001 - a broken connection breaks here as well
            log.warning("rolling back failed: %s", _first_line(error))
            self.drop_connection()

    def drop_connection(self) -> None:
        """A fresh one next time: this one may hold what never was, or a dead socket."""
        connection, self._connection = self._connection, None
        tm, self._tm = self._tm, None
        if connection is None or tm is None:
            return
        with suppress(Exception):
            tm.abort()
        try:
            connection.cacheMinimize()
            connection.close()
        except Exception as error:  # noqa: BLE001 - it is broken: that is why it goes
            log.debug("closing a connection: %s", error)


class _Failed(Exception):
    """The database failed, for no fault of the work."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause

    def told(self) -> Unavailable:
        """What the waiting thread is told: an error of its own, since threads write into what they
        raise."""
        error = Unavailable(_("It could not be stored just now. Please try again soon."))
        error.__cause__ = self.cause
        return error


def _work(task: Task, root: Any, tm: transaction.TransactionManager) -> None:
    """Do a task's work; what it raises is its `error`.

    :raises TransientError: the transaction failed
    :raises Exception: the database failed; an `OSError` is the work's own
    """
    try:
        task.error, task.result = None, _plain(task.work(root, tm))
    except TransientError:
        raise
    except BaseException as error:
        if _is_failure(error) and not isinstance(error, OSError):
            raise
        task.error = error


def _plain(result: Any) -> Any:
    """:raises TypeError: it is an object of the committer's connection, of no use outside"""
    if isinstance(result, Persistent):
        raise TypeError(f"a work returned a {type(result).__name__}: return plain values")
    return result


def _ended() -> RuntimeError:
    return RuntimeError("a work ended the transaction of its group")


def _is_open(tm: transaction.TransactionManager, begun: Any) -> bool:
    """Whether the transaction that was begun can still be committed."""
    try:
        return tm.get() is begun and not begun.isDoomed()
    except transaction.interfaces.NoTransaction:
        return False


def _is_failure(error: BaseException) -> bool:
    """Whether the database failed: server gone, disk full, storage closed."""
    if isinstance(error, ConflictError | POSKeyError):
        return False
    return is_outage(error) or isinstance(error, OSError | StorageError)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
