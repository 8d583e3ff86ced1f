"""Hosting of plugins: reading names from the .ini, loading entry points, checking manifests,
registering, and calling hooks with their failure policies, timings and error counts.

One `PluginHost` per application, built in `modou.app.main` and kept on the registry.
"""

import importlib
import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from modou import __version__, hookspecs
from modou.declarations import DemandStep, Deny, Event, Pending, PluginInfo, Verdict
from modou.errors import ConfigurationError, Conflict, NotAllowed, StepNeeded, Unavailable
from modou.i18n import _

log = logging.getLogger(__name__)

ENTRY_POINT_GROUP = "modou.plugins"
#: The built-in plugin: always enabled, always first.
BUILTIN = "builtin"


@dataclass(slots=True)
class HookStats:
    """What one plugin's implementation of one hook did since the process started.

    `seconds`: total time spent; `last_error`: text and time of the newest failure.
    """

    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    last_error: str = ""
    last_error_at: datetime | None = None


@dataclass(slots=True)
class Plugin:
    """An enabled plugin."""

    name: str
    module: ModuleType
    info: PluginInfo
    distribution: str
    distribution_version: str
    hooks: tuple[str, ...] = ()
    stats: dict[str, HookStats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Impl:
    plugin: str
    function: Callable[..., Any]
    argnames: tuple[str, ...]
    stats: HookStats


def installed() -> dict[str, EntryPoint]:
    """Plugins that are installed here, enabled or not, by name."""
    return {e.name: e for e in entry_points(group=ENTRY_POINT_GROUP)}


class PluginHost:
    """The enabled plugins and the way to call their hooks.

    :param names: as the .ini lists them, without the built-in one
    :raises ConfigurationError: unknown plugin, missing library, bad manifest, unmet dependency,
        misspelt hook
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.plugins: dict[str, Plugin] = {}
        order = [BUILTIN, *names]
        if len(set(order)) != len(order):
            twice = sorted({n for n in order if order.count(n) > 1})
            raise ConfigurationError(f"modou.plugins names {', '.join(twice)} more than once")
        available = installed()
        for name in order:
            self.plugins[name] = self._load(name, available)
        for plugin in self.plugins.values():
            self._check(plugin)
        # pluggy calls the last registered first: register in reverse for the order of the .ini
        for plugin in reversed(self.plugins.values()):
            self._register(plugin)
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            known = ", ".join(sorted(hook_names()))
            raise ConfigurationError(f"{error}. Known hooks: {known}") from None
        self._impls = {name: self._implementations(name) for name in hook_names()}
        #: Set after each commit that recorded events; see `modou.services.telling`.
        self.news = threading.Event()

    # -- loading

    def _load(self, name: str, available: Mapping[str, EntryPoint]) -> Plugin:
        entry = available.get(name)
        if entry is None:
            known = ", ".join(sorted(set(available) - {BUILTIN})) or "none"
            raise ConfigurationError(
                f"modou.plugins names {name!r}, which is not installed. Installed plugins: {known}"
            )
        try:
            module = entry.load()
        except ImportError as error:
            raise ConfigurationError(
                f"plugin {name} cannot be loaded: {error}. "
                f"Perhaps an optional library is missing: pip install modou[{name}]"
            ) from error
        info_function = getattr(module, "plugin_info", None)
        if info_function is None:
            raise ConfigurationError(f"plugin {name} has no manifest: it lacks plugin_info()")
        info = info_function()
        if not isinstance(info, PluginInfo):
            raise ConfigurationError(f"plugin {name}: plugin_info() must return a PluginInfo")
        dist = entry.dist
        return Plugin(
            name=name,
            module=module,
            info=info,
            distribution=dist.name if dist else "",
            distribution_version=dist.version if dist else "",
        )

    def _check(self, plugin: Plugin) -> None:
        info = plugin.info
        if info.name != plugin.name:
            raise ConfigurationError(
                f"plugin {plugin.name} calls itself {info.name!r}: entry point and "
                "plugin_info().name must be the same"
            )
        try:
            fits = Version(__version__) in SpecifierSet(info.core, prereleases=True)
        except InvalidSpecifier:
            raise ConfigurationError(
                f"plugin {plugin.name}: core={info.core!r} is no version specifier"
            ) from None
        if not fits:
            raise ConfigurationError(
                f"plugin {plugin.name} {info.version} works with Modou {info.core}; "
                f"this is Modou {__version__}"
            )
        for other in info.depends:
            if other not in self.plugins:
                raise ConfigurationError(
                    f"plugin {plugin.name} needs plugin {other}: add it to modou.plugins"
                )
        for library, remedy in info.needs.items():
            if importlib.util.find_spec(library) is None:
                raise ConfigurationError(f"plugin {plugin.name} needs: {remedy}")

    def _register(self, plugin: Plugin) -> None:
        try:
            self.manager.register(plugin.module, plugin.name)
        except pluggy.PluginValidationError as error:
            raise ConfigurationError(f"plugin {plugin.name}: {error}") from None
        callers = self.manager.get_hookcallers(plugin.module) or []
        plugin.hooks = tuple(sorted(c.name for c in callers))
        plugin.stats = {name: HookStats() for name in plugin.hooks}

    def _implementations(self, hook: str) -> list[_Impl]:
        caller = getattr(self.manager.hook, hook)
        found = []
        for impl in reversed(caller.get_hookimpls()):
            if impl.wrapper or impl.hookwrapper:
                raise ConfigurationError(
                    f"plugin {impl.plugin_name}: {hook} is a hook wrapper; Modou has none"
                )
            stats = self.plugins[impl.plugin_name].stats[hook]
            found.append(_Impl(impl.plugin_name, impl.function, tuple(impl.argnames), stats))
        return found

    def include(self, config: Any) -> None:
        """Let every plugin that has an `includeme` register its views and routes."""
        for plugin in self.plugins.values():
            if hasattr(plugin.module, "includeme"):
                config.include(plugin.module)

    def __contains__(self, name: object) -> bool:
        return name in self.plugins

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self.plugins.values())

    # -- calling

    def _call(self, impl: _Impl, values: Mapping[str, Any]) -> Any:
        started = time.perf_counter()
        impl.stats.calls += 1
        try:
            return impl.function(*[values[name] for name in impl.argnames])
        finally:
            impl.stats.seconds += time.perf_counter() - started

    def _failed(self, hook: str, impl: _Impl, error: Exception) -> None:
        impl.stats.errors += 1
        impl.stats.last_error = f"{type(error).__name__}: {error}"
        impl.stats.last_error_at = datetime.now(UTC)
        log.error("plugin %s failed in hook %s", impl.plugin, hook, exc_info=error)

    def _refused(self, hook: str, impl: _Impl, error: Exception) -> Unavailable:
        self._failed(hook, impl, error)
        return Unavailable(
            _(
                "This is not possible because the plugin ${plugin} failed. The operator has been "
                "told.",
                mapping={"plugin": impl.plugin},
            )
        )

    def has(self, hook: str) -> bool:
        """Whether any plugin implements it: lets hot paths skip preparing arguments."""
        return bool(self._impls[hook])

    def gather(self, hook: str) -> list[tuple[str, Any]]:
        """Ask an assembling hook; ``(plugin name, item)`` pairs, lists flattened.

        :raises ConfigurationError: when an implementation fails
        """
        found: list[tuple[str, Any]] = []
        for impl in self._impls[hook]:
            try:
                answer = self._call(impl, {})
            except Exception as error:
                self._failed(hook, impl, error)
                raise ConfigurationError(
                    f"plugin {impl.plugin}: {hook}() failed: {error}"
                ) from error
            if answer is None:
                continue
            items = answer if isinstance(answer, list | tuple) else [answer]
            found.extend((impl.plugin, item) for item in items)
        return found

    def ask(self, hook: str, **values: Any) -> None:
        """Ask whether something may happen.

        :raises NotAllowed: a plugin denies
        :raises StepNeeded: a plugin demands a step first
        :raises Conflict: a plugin answers *pending*
        :raises Unavailable: a plugin failed (policy closed)
        """
        for impl in self._impls[hook]:
            try:
                verdict = self._call(impl, values)
            except Exception as error:
                raise self._refused(hook, impl, error) from error
            raise_verdict(verdict)

    def ask_many(self, hook: str, **values: Any) -> dict[int, Verdict]:
        """Ask about many ids at once; id -> the first objection. Ids left out may pass.

        :raises Unavailable: a plugin failed (policy closed)
        """
        objections: dict[int, Verdict] = {}
        for impl in self._impls[hook]:
            try:
                answer = self._call(impl, values)
            except Exception as error:
                raise self._refused(hook, impl, error) from error
            for id, verdict in (answer or {}).items():
                if verdict is not None:
                    objections.setdefault(id, verdict)
        return objections

    def answers(self, hook: str, **values: Any) -> list[tuple[str, Any]]:
        """Ask about something on which each plugin may answer; (plugin, answer) of those that do.

        :raises Unavailable: a plugin failed (policy closed)
        """
        given = []
        for impl in self._impls[hook]:
            try:
                answer = self._call(impl, values)
            except Exception as error:
                raise self._refused(hook, impl, error) from error
            if answer is not None:
                given.append((impl.plugin, answer))
        return given

    def alter(self, hook: str, first: str, value: Any, **values: Any) -> Any:
        """Send `value` (the hook's argument `first`) through the pipeline; the final value."""
        closed = getattr(hookspecs, hook).modou_policy == "closed"
        for impl in self._impls[hook]:
            try:
                replacement = self._call(impl, {first: value, **values})
            except Exception as error:
                if closed:
                    raise self._refused(hook, impl, error) from error
                self._failed(hook, impl, error)
                continue
            if replacement is not None:
                value = replacement
        return value

    def told_kinds(self, plugin: str) -> frozenset[str]:
        """The kinds of event that a plugin is told: its hooks of the moment "telling"."""
        return frozenset(
            hook
            for hook in self.plugins[plugin].hooks
            if getattr(hookspecs, hook).modou_moment == "telling"
        )

    def tell(self, plugin: str, event: Event) -> None:
        """Tell a plugin a fact; the hook is named as the event's kind. Failures stay here."""
        for impl in self._impls.get(event.kind, ()):
            if impl.plugin != plugin:
                continue
            try:
                self._call(impl, {"event": event})
            except Exception as error:  # noqa: BLE001 - policy open: one broken plugin stops nobody
                self._failed(event.kind, impl, error)

    def contain(self, hook: str, plugin: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call something that a plugin declared (a slot's renderer) under the policy *open*.

        :returns: its answer, or None when it failed
        """
        impl = _Impl(plugin, function, (), self.plugins[plugin].stats[hook])
        started = time.perf_counter()
        impl.stats.calls += 1
        try:
            return function(*args)
        except Exception as error:  # noqa: BLE001 - policy open: one broken plugin stops nobody
            self._failed(hook, impl, error)
            return None
        finally:
            impl.stats.seconds += time.perf_counter() - started


def raise_verdict(verdict: Verdict) -> None:
    """Turn an objection into the exception that refuses."""
    match verdict:
        case None:
            return
        case Deny(reason):
            raise NotAllowed(reason)
        case Pending(reason):
            raise Conflict(reason)
        case DemandStep(reason, url):
            raise StepNeeded(reason, url)
        case _:
            raise TypeError(f"no verdict: {verdict!r}")


def hook_names() -> list[str]:
    """Names of all specified hooks, in the order of `modou.hookspecs`."""
    return [n for n, f in vars(hookspecs).items() if hasattr(f, "modou_moment")]
