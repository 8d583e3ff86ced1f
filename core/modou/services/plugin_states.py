"""What the operator sees of plugins: enabled, installed, or gone with its data still here."""

from dataclasses import dataclass, field

from modou.declarations import PersonalData
from modou.errors import Message, NotFound
from modou.i18n import _
from modou.permissions import Capability
from modou.plugins import HookStats, installed
from modou.services.occasion import Occasion


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
