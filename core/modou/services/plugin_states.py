"""What the operator sees of plugins: enabled, installed, or gone with its data still here."""

from dataclasses import dataclass, field
from typing import Any

from modou.declarations import PersonalData
from modou.errors import Message, NotFound
from modou.i18n import _
from modou.permissions import Capability
from modou.plugins import HookStats, PluginHost, installed
from modou.services import telling
from modou.services.occasion import Occasion
from modou.services.telling import Behind
from modou.store.vault import Keyring


@dataclass(frozen=True, slots=True)
class PluginState:
    """A plugin as this process knows it.

    :param state: "enabled"; "installed" (its package is here, the .ini does not name it); "absent"
        (its package is gone, its data is kept)
    :param stats: hook -> counts and timings since the process started; enabled plugins only
    """

    name: str
    state: str
    title: Message = ""
    description: Message = ""
    version: str = ""
    distribution: str = ""
    distribution_version: str = ""
    has_data: bool = False
    has_settings: bool = False
    stats: dict[str, HookStats] = field(default_factory=dict)
    personal_data: tuple[PersonalData, ...] = ()
    depends: tuple[str, ...] = ()
    #: What it was not told yet; None for plugins without telling hooks.
    behind: Behind | None = None

    @property
    def errors(self) -> int:
        return sum(s.errors for s in self.stats.values())

    @property
    def seconds(self) -> float:
        return sum(s.seconds for s in self.stats.values())


def overview(occasion: Occasion) -> list[PluginState]:
    """All plugins: enabled ones in the order of their hooks, then installed, then absent ones."""
    occasion.require(Capability.PLUGINS_VIEW)
    stored = set(occasion.site.plugins) | (
        set(occasion.site.settings) & set(occasion.assembled.settings_schemas)
    )
    states = []
    behind = telling.behind(occasion)
    for plugin in occasion.hooks:
        info = plugin.info
        states.append(
            PluginState(
                plugin.name,
                "enabled",
                title=info.title,
                description=info.description,
                version=info.version,
                distribution=plugin.distribution,
                distribution_version=plugin.distribution_version,
                has_data=plugin.name in stored,
                has_settings=plugin.name in occasion.assembled.settings_schemas,
                stats=plugin.stats,
                personal_data=info.personal_data,
                depends=info.depends,
                behind=behind.get(plugin.name),
            )
        )
    packages = installed()
    for name, entry in sorted(packages.items()):
        if name not in occasion.hooks:
            states.append(
                PluginState(
                    name,
                    "installed",
                    distribution=entry.dist.name if entry.dist else "",
                    distribution_version=entry.dist.version if entry.dist else "",
                    has_data=name in occasion.site.plugins,
                )
            )
    for name in sorted(set(occasion.site.plugins) - set(packages) - set(occasion.hooks.plugins)):
        states.append(PluginState(name, "absent", has_data=True))
    return states


def state_of(occasion: Occasion, name: str) -> PluginState:
    """:raises NotFound: neither enabled, nor installed, nor with data"""
    for state in overview(occasion):
        if state.name == name:
            return state
    raise NotFound(_("There is no plugin called ${name}.", mapping={"name": name}))


# -- from process to process


def stats_tokens(keys: Keyring, now: int) -> tuple[str, str]:
    """What a command that holds the keys file shows a running process; good for a minute or two.

    :param now: seconds UTC
    :returns: this minute's and the one before
    """
    minute = now // 60
    this, last = (keys.fingerprint(str(m), "plugin statistics").hex() for m in (minute, minute - 1))
    return this, last


def stats_of(hooks: PluginHost) -> dict[str, dict[str, dict[str, Any]]]:
    """Plugin -> hook -> what its implementation did since the process started, JSON-able."""
    return {
        plugin.name: {
            hook: {
                "calls": stats.calls,
                "errors": stats.errors,
                "seconds": round(stats.seconds, 6),
                "last_error": stats.last_error,
                "last_error_at": stats.last_error_at.isoformat() if stats.last_error_at else "",
            }
            for hook, stats in plugin.stats.items()
        }
        for plugin in hooks
    }
