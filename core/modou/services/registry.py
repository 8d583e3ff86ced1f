"""What the plugins declared, gathered once at the start: lookups for services and web."""

from collections.abc import Iterable
from typing import Any, TypeVar

from modou.declarations import (
    ActivityType,
    CapabilityDeclaration,
    CompletionRule,
    DemoPart,
    EnrolMethod,
    GradeAggregation,
    HealthCheck,
    NavItem,
    PageSlot,
)
from modou.errors import ConfigurationError
from modou.permissions import Capability
from modou.plugins import PluginHost
from modou.services.memory import Recent

N = TypeVar("N")


def _named(hook: str, pairs: Iterable[tuple[str, N]], of_type: type[N]) -> dict[str, N]:
    found: dict[str, N] = {}
    owners: dict[str, str] = {}
    for plugin, item in pairs:
        if not isinstance(item, of_type):
            raise ConfigurationError(
                f"plugin {plugin}: {hook}() must give {of_type.__name__}, not {item!r}"
            )
        name: str = item.name  # type: ignore[attr-defined]
        if name in found:
            raise ConfigurationError(
                f"plugins {owners[name]} and {plugin} both declare {name!r} in {hook}()"
            )
        found[name] = item
        owners[name] = plugin
    return found


class Assembled:
    """All declarations of the enabled plugins.

    :raises ConfigurationError: a wrong type, or a name declared twice
    """

    def __init__(self, hooks: PluginHost) -> None:
        def named(hook: str, of_type: type[N]) -> dict[str, N]:
            return _named(hook, hooks.gather(hook), of_type)

        self.activity_types = named("activity_types", ActivityType)
        self.capabilities = named("capabilities", CapabilityDeclaration)
        self.enrol_methods = named("enrol_methods", EnrolMethod)
        self.completion_rules = named("completion_rules", CompletionRule)
        self.grade_aggregations = named("grade_aggregations", GradeAggregation)
        self.health_checks = named("health_checks", HealthCheck)
        self.nav_items = named("nav_items", NavItem)
        self.all_capabilities = frozenset(str(c) for c in Capability) | frozenset(self.capabilities)
        self.capability_titles = {n: d.title for n, d in self.capabilities.items()}
        #: plugin name -> its settings model (a pydantic model class)
        self.settings_schemas: dict[str, Any] = dict(hooks.gather("settings_schema"))
        #: section -> defaults from the .ini, cast by the section's model
        self.settings_defaults: dict[str, dict[str, Any]] = {}
        #: section -> (site.settings_revision, settings); see `modou.services.settings.read`
        self.settings_cache: dict[str, tuple[int, Any]] = {}
        #: Outlines made ready; see `modou.services.outlines`.
        self.outlines: Recent[Any] = Recent(1000)
        #: slot name -> (plugin, slot) in order
        self.slots: dict[str, list[tuple[str, PageSlot]]] = {}
        for plugin, slot in hooks.gather("page_slots"):
            self.slots.setdefault(slot.slot, []).append((plugin, slot))
        for slots in self.slots.values():
            slots.sort(key=lambda pair: pair[1].order)
        #: plugin name -> its evolve steps
        self.evolve_steps: dict[str, list[Any]] = {}
        for plugin, step in hooks.gather("evolve_steps"):
            self.evolve_steps.setdefault(plugin, []).append(step)
        #: what the plugins add to the demonstration: (plugin, part)
        self.demo_parts: list[tuple[str, DemoPart]] = hooks.gather("demo_parts")
        #: plugin name -> its click commands
        self.cli_commands: dict[str, list[Any]] = {}
        for plugin, command in hooks.gather("cli_commands"):
            self.cli_commands.setdefault(plugin, []).append(command)
