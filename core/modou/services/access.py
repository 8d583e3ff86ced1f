"""Occasions outside of a request: for commands, jobs and tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import transaction
from transaction.interfaces import TransientError
from ZODB.DB import DB

from modou.clock import Clock
from modou.config import Config
from modou.models.site import SITE_KEY, Site
from modou.plugins import PluginHost
from modou.services.letters import Post, no_post
from modou.services.occasion import Occasion, Origin, Wake, wake_nobody
from modou.services.registry import Assembled
from modou.services.uploads import Uploads
from modou.store.committer import Committer
from modou.store.vault import Keyring
from modou.store.works import Work

T = TypeVar("T")
#: How often `SiteAccess.alone` tries.
TRIES = 3


@dataclass(frozen=True)
class SiteAccess:
    """The way to a site's database from anywhere in the process.

    `post` sends letters, for the job that does so (`modou.services.letters`); `wake` wakes a worker
    for a job.

    ::

        with access.occasion() as occasion:        # one transaction, as the system
            ...                                    # commits at the end; an exception rolls back

    Close it at the end.
    """

    database: DB
    hooks: PluginHost
    assembled: Assembled
    clock: Clock
    keys: Keyring
    config: Config
    uploads: Uploads
    post: Post = no_post
    wake: Wake = wake_nobody
    #: Of this process; see `together`.
    committer: Committer = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "committer", Committer(self.database))

    def close(self) -> None:
        """Let the committer finish what waits, then close the database."""
        self.committer.stop()
        self.database.close()

    @contextmanager
    def occasion(self, actor: int = 0, origin: Origin | None = None) -> Iterator[Occasion]:
        """An occasion with a connection and a transaction of its own.

        :param actor: id of the user who acts; 0: the system, which may do everything
        """
        tm = transaction.TransactionManager(explicit=True)
        tm.begin()
        connection = self.database.open(transaction_manager=tm)
        try:
            yield self._occasion(connection.root(), tm, actor, origin)
            tm.commit()
        except BaseException:
            tm.abort()
            raise
        finally:
            connection.close()

    def _occasion(
        self,
        root: Any,
        tm: transaction.TransactionManager,
        actor: int,
        origin: Origin | None,
    ) -> Occasion:
        site: Site = root[SITE_KEY]
        return Occasion(
            site,
            hooks=self.hooks,
            assembled=self.assembled,
            clock=self.clock,
            keys=self.keys,
            tm=tm,
            actor=site.users.by_id(actor) if actor else None,
            origin=origin,
            system=not actor,
            wake=self.wake,
        )

    def together(
        self, work: Callable[[Occasion], T], *, actor: int = 0, origin: Origin | None = None
    ) -> T:
        """Have `work` done in a transaction that it shares with what others want at this moment,
        for small changes that many make at once; returns when it is durable.

        :param work: may be called several times (after a conflict), so it has no effects outside of
            the database; returns plain values, no persistent objects
        :param actor: id of the user who acts; 0: the system, which may do everything
        :raises Busy: too many wait; it may have been done only if its turn had come already
        :raises Unavailable: it could not be stored
        :raises KeyError: there is no such user
        :raises Exception: what `work` raised; nothing of it is stored, others do not notice
        """
        return self.committer.run(self.work_of(work, actor, origin))

    def alone(
        self, work: Callable[[Occasion], T], *, actor: int = 0, origin: Origin | None = None
    ) -> T:
        """Have `work` done in a transaction of its own, anew where another one came in between, as
        a request of the pages is.

        :param work: may be called several times; returns plain values, no persistent objects
        :raises TransientError: others came in between each time
        """

        def once() -> T:
            with self.occasion(actor, origin) as occasion:
                return work(occasion)

        for _again in range(TRIES - 1):
            with suppress(TransientError):
                return once()
        return once()

    def later(
        self, work: Callable[[Occasion], None], *, actor: int = 0, origin: Origin | None = None
    ) -> bool:
        """The same for what nobody has to wait for and may be lost when the process dies: it is
        done within a second.

        :return: whether it was taken; not so when too much stands there already
        """
        return self.committer.later(self.work_of(work, actor, origin))

    def work_of(self, work: Callable[[Occasion], T], actor: int, origin: Origin | None) -> Work[T]:
        """The same for who hands it to the committer and does not stand still meanwhile."""
        return lambda root, tm: work(self._occasion(root, tm, actor, origin))

    def every(self, seconds: float, work: Callable[[Occasion], None]) -> None:
        """Do `work` now and then as the system, on the committer's thread, once there was something
        to do `together` in this process."""
        self.committer.every(seconds, lambda root, tm: work(self._occasion(root, tm, 0, None)))
