"""Occasions outside of a request: for commands, jobs and tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import transaction
from ZODB.DB import DB

from modou.clock import Clock
from modou.models.site import SITE_KEY, Site
from modou.plugins import PluginHost
from modou.services.letters import Post, no_post
from modou.services.occasion import Occasion, Origin
from modou.services.registry import Assembled
from modou.store.vault import Keyring


@dataclass(frozen=True)
class SiteAccess:
    """The way to a site's database from anywhere in the process.

    ::

        with access.occasion() as occasion:        # one transaction, as the system
            ...                                    # commits at the end; an exception rolls back
    """

    database: DB
    hooks: PluginHost
    assembled: Assembled
    clock: Clock
    keys: Keyring
    post: Post = no_post

    @contextmanager
    def occasion(self, actor: int = 0, origin: Origin | None = None) -> Iterator[Occasion]:
        """An occasion with a connection and a transaction of its own.

        :param actor: id of the user who acts; 0: the system, which may do everything
        """
        tm = transaction.TransactionManager(explicit=True)
        tm.begin()
        connection = self.database.open(transaction_manager=tm)
        try:
            site: Site = connection.root()[SITE_KEY]
            yield Occasion(
                site,
                hooks=self.hooks,
                assembled=self.assembled,
                clock=self.clock,
                keys=self.keys,
                tm=tm,
                actor=site.users.by_id(actor) if actor else None,
                origin=origin,
                system=not actor,
                post=self.post,
            )
            tm.commit()
        except BaseException:
            tm.abort()
            raise
        finally:
            connection.close()
