"""Who does something, on which site, when, and under which rules: the first argument of every verb.

::

    def rename_course(occasion: Occasion, course: Course, title: str) -> None:
        occasion.require(Capability.COURSE_EDIT, course)
        course.title = title
        course.touch(occasion.now)
        occasion.record("course_changed", course=course.id, values={"fields": ["title"]})
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import transaction

from modou.clock import Clock
from modou.declarations import Event
from modou.errors import NotAllowed, SignInNeeded
from modou.i18n import _
from modou.models.people import User
from modou.models.site import Site
from modou.permissions import DESCRIPTIONS
from modou.plugins import PluginHost
from modou.services.registry import Assembled
from modou.services.throttle import Limits
from modou.store.vault import Keyring

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from. `agent`: the browser's User-Agent."""

    ip: str = ""
    agent: str = ""


#: Wakes a worker for a job: its id, and whether it is a long one.
Wake = Callable[[int, bool], None]


def wake_nobody(id: int, long: bool) -> None:
    """Workers find a job by themselves a little later."""


@lru_cache(maxsize=4096)
def _union(sets: tuple[frozenset[str], ...]) -> frozenset[str]:
    return frozenset().union(*sets)


class Recorder:
    """What one transaction records, and what is to be done after it, whatever number of occasions
    it has: all its events become one batch of the journal. It takes part in savepoints, so that
    what is rolled back was not recorded either.
    """

    def __init__(
        self, transaction_: transaction.Transaction, site: Site, hooks: PluginHost
    ) -> None:
        self._transaction = transaction_
        self._site = site
        self._hooks = hooks
        self._joined = False
        self.events: list[Event] = []
        self.afterwards: list[Callable[[], None]] = []
        transaction_.addBeforeCommitHook(self._write)
        transaction_.addAfterCommitHook(self._finish)

    @classmethod
    def of(cls, transaction_: transaction.Transaction, site: Site, hooks: PluginHost) -> "Recorder":
        """The one of this transaction; what it has so far may still grow."""
        try:
            recorder: Recorder = transaction_.data(cls)
        except KeyError:
            recorder = cls(transaction_, site, hooks)
            transaction_.set_data(cls, recorder)
        if not recorder._joined:
            transaction_.join(recorder)
            recorder._joined = True
        return recorder

    def _write(self) -> None:
        self._site.journal.append(self.events)

    def _finish(self, committed: bool) -> None:
        recorded, self.events = bool(self.events), []
        functions, self.afterwards = self.afterwards, []
        if not committed:
            return
        if recorded:
            self._hooks.news.set()
        for function in functions:
            try:
                function()
            except Exception:
                # It is committed; and the next ones have their right.
                log.exception("something after a commit failed")

    # -- as a data manager of the transaction (transaction.interfaces.ISavepointDataManager)

    def sortKey(self) -> str:  # noqa: N802 - the interface's name
        return "modou recorder"

    def savepoint(self) -> "_RecorderSavepoint":
        return _RecorderSavepoint(self, len(self.events), len(self.afterwards))

    def abort(self, _transaction: Any) -> None:
        """Also how a savepoint from before the first event is rolled back."""
        self.events.clear()
        self.afterwards.clear()
        self._joined = False

    def tpc_begin(self, _transaction: Any) -> None:
        """The journal is written before, by the database's own data manager."""

    commit = tpc_vote = tpc_finish = tpc_abort = tpc_begin


@dataclass(frozen=True, slots=True)
class _RecorderSavepoint:
    recorder: Recorder
    events: int
    afterwards: int

    def rollback(self) -> None:
        del self.recorder.events[self.events :]
        del self.recorder.afterwards[self.afterwards :]


class Occasion:
    """One act of one person (or of nobody, or of the system) in one transaction.

    :param actor: the signed-in user, None for an anonymous visitor
    :param system: True for commands and jobs: every capability is there
    :param tm: the transaction manager of the site's connection
    :param wake: wakes a worker for a job
    :param limits: how often this process has seen an address try something
    """

    def __init__(
        self,
        site: Site,
        *,
        hooks: PluginHost,
        assembled: Assembled,
        clock: Clock,
        keys: Keyring,
        tm: transaction.TransactionManager,
        actor: User | None = None,
        origin: Origin | None = None,
        system: bool = False,
        wake: Wake = wake_nobody,
        limits: Limits | None = None,
    ) -> None:
        self.site = site
        self.actor = actor
        self.hooks = hooks
        self.assembled = assembled
        self.clock = clock
        self.keys = keys
        self.tm = tm
        self.origin = origin or Origin()
        self.system = system
        self.limits = limits if limits is not None else Limits()
        self.wake = wake
        #: Whole seconds UTC; the same during the whole occasion.
        self.now = clock.seconds()
        self._capabilities: dict[int, tuple[Any, frozenset[str]]] = {}

    @property
    def storage(self) -> Any:
        """The ZODB storage below the site, for checks of the system."""
        return self.site._p_jar.db().storage  # noqa: SLF001 - persistent's own name

    # -- permissions

    def capabilities(self, context: Any = None) -> frozenset[str]:
        """What the actor may do in `context` (default: the site): granted there or above."""
        if context is None:
            context = self.site
        if self.system:
            return self.assembled.all_capabilities
        known = self._capabilities.get(id(context))
        if known is not None:
            return known[1]
        roles = self.site.roles
        sets = []
        for level in lineage(context):
            for name in level.roles_of(self.actor, self.now):
                role = roles.get(name)
                if role is not None:
                    sets.append(role.capabilities)
        capabilities = _union(tuple(sets))
        for level in lineage(context):
            mask = getattr(level, "mask", None)
            if mask is not None:
                capabilities = mask(capabilities)
        self._capabilities[id(context)] = (context, capabilities)
        return capabilities

    def can(self, capability: str, context: Any = None) -> bool:
        return capability in self.capabilities(context)

    def require(self, capability: str, context: Any = None) -> None:
        """:raises SignInNeeded: nobody is signed in and that might help
        :raises NotAllowed: the actor lacks the capability in `context`
        """
        if self.can(capability, context):
            return
        if self.actor is None:
            raise SignInNeeded(_("Please sign in to go on."))
        what = DESCRIPTIONS.get(capability) or self.assembled.capability_titles.get(capability)
        raise NotAllowed(
            _("You lack the permission: ${what}.", mapping={"what": what or capability})
        )

    def require_actor(self) -> User:
        """Who acts, for what everybody may do with their own things.

        :raises SignInNeeded: nobody is signed in
        """
        if self.actor is None:
            raise SignInNeeded(_("Please sign in to go on."))
        return self.actor

    def forget_capabilities(self) -> None:
        """After roles or enrolments of the actor changed within the occasion."""
        self._capabilities.clear()

    # -- events

    def record(
        self,
        kind: str,
        *,
        subject: int = 0,
        course: int = 0,
        values: Mapping[str, Any] | None = None,
    ) -> Event:
        """Note a fact: it is written to the journal in this transaction and told afterwards.

        :param kind: declared by an enabled plugin (hook `journal_kinds`)
        :raises ValueError: an undeclared kind, or values that do not fit its model
        """
        values = values or {}
        self.assembled.check_event(kind, values)
        event = Event(
            kind,
            int(self.clock.now().timestamp() * 1_000_000),
            self.actor.id if self.actor is not None else 0,
            subject,
            course,
            values,
        )
        self._recorder().events.append(event)
        return event

    def _recorder(self) -> Recorder:
        return Recorder.of(self.tm.get(), self.site, self.hooks)

    def after_commit(self, function: Callable[[], None]) -> None:
        """Run `function` once the change is durable; it must not touch persistent objects."""
        self._recorder().afterwards.append(function)


def lineage(context: Any) -> Iterator[Any]:
    """`context` and the contexts above it, up to the site."""
    while context is not None:
        yield context
        context = getattr(context, "above", None)
