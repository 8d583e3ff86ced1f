"""Who does something, on which site, when, and under which rules: the first argument of every verb.

::

    def rename_course(occasion: Occasion, course: Course, title: str) -> None:
        occasion.require(Capability.COURSE_EDIT, course)
        course.title = title
        course.touch(occasion.now)
        occasion.record("course_changed", course=course.id, values={"fields": ["title"]})
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
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
from modou.services.letters import Letter, Post, no_post
from modou.services.registry import Assembled
from modou.services.throttle import Limits
from modou.store.vault import Keyring


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from. `agent`: the browser's User-Agent."""

    ip: str = ""
    agent: str = ""


@lru_cache(maxsize=4096)
def _union(sets: tuple[frozenset[str], ...]) -> frozenset[str]:
    return frozenset().union(*sets)


class Occasion:
    """One act of one person (or of nobody, or of the system) in one transaction.

    :param actor: the signed-in user, None for an anonymous visitor
    :param system: True for commands and jobs: every capability is there
    :param tm: the transaction manager of the site's connection
    :param post: takes letters to be mailed
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
        post: Post = no_post,
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
        self._post = post
        #: Whole seconds UTC; the same during the whole occasion.
        self.now = clock.seconds()
        self._capabilities: dict[int, tuple[Any, frozenset[str]]] = {}
        self._events: list[Event] = []

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
        """Note a fact: it is written to the journal in this transaction and told afterwards."""
        if not self._events:
            transaction_ = self.tm.get()
            transaction_.addBeforeCommitHook(self._write_events)
            transaction_.addAfterCommitHook(self._tell_events)
        event = Event(
            kind,
            int(self.clock.now().timestamp() * 1_000_000),
            self.actor.id if self.actor is not None else 0,
            subject,
            course,
            values or {},
        )
        self._events.append(event)
        return event

    def _write_events(self) -> None:
        self.site.journal.append(self._events)

    def _tell_events(self, committed: bool) -> None:
        events, self._events = self._events, []
        if committed:
            for event in events:
                self.hooks.tell(event)

    def mail(self, letter: Letter) -> None:
        """Send a letter once the change is durable."""
        self.after_commit(partial(self._post, letter))

    def after_commit(self, function: Callable[[], None]) -> None:
        """Run `function` once the change is durable; it must not touch persistent objects."""

        def run(committed: bool) -> None:
            if committed:
                function()

        self.tm.get().addAfterCommitHook(run)


def lineage(context: Any) -> Iterator[Any]:
    """`context` and the contexts above it, up to the site."""
    while context is not None:
        yield context
        context = getattr(context, "above", None)
