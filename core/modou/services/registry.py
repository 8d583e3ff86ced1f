"""What the plugins declared, gathered once at the start: lookups for services and web."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from modou.declarations import (
    ActivityType,
    ApiRoute,
    ApiScope,
    CapabilityDeclaration,
    CompletionRule,
    DemoPart,
    EnrolMethod,
    GradeAggregation,
    HealthCheck,
    Job,
    JournalKind,
    NavItem,
    PageSlot,
    PrivacyArea,
    UploadPurpose,
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


def _check_of(kind: JournalKind) -> Callable[[Mapping[str, Any]], object] | None:
    """What validates the values of a kind; None when they have to be empty.

    :raises ConfigurationError: the model lets other keys than its fields pass
    """
    if kind.values is None:
        return None
    if kind.values.model_config.get("extra") != "forbid":
        raise ConfigurationError(
            f"journal kind {kind.name}: make {kind.values.__name__} a subclass of "
            "modou.declarations.EventValues, which allows no unknown keys"
        )
    # pydantic's compiled check itself: a study beat passes here.
    return kind.values.__pydantic_validator__.validate_python


def _scopes(routes: Iterable[tuple[str, ApiRoute]]) -> dict[str, ApiScope]:
    found: dict[str, ApiScope] = {}
    for plugin, route in routes:
        if not isinstance(route, ApiRoute):
            raise ConfigurationError(
                f"plugin {plugin}: api_routes() must give functions marked with "
                f"modou.web.api.endpoint, not {route!r}"
            )
        if route.scope is None:
            continue
        if found.setdefault(route.scope.name, route.scope) != route.scope:
            raise ConfigurationError(
                f"plugin {plugin}: another plugin calls the scope {route.scope.name!r} differently"
            )
    return dict(sorted(found.items()))


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
        self.privacy_data = named("privacy_data", PrivacyArea)
        self.jobs = named("jobs", Job)
        self.upload_purposes = named("upload_purposes", UploadPurpose)
        self.nav_items = named("nav_items", NavItem)
        #: What these are, the plugin `quiz` says.
        types: dict[str, Any] = named("question_types", object)
        self.question_types = {name: kind.among(types) for name, kind in types.items()}
        self.question_formats: dict[str, Any] = named("question_formats", object)
        self.journal_kinds = named("journal_kinds", JournalKind)
        self._checks = {name: _check_of(kind) for name, kind in self.journal_kinds.items()}
        self.all_capabilities = frozenset(str(c) for c in Capability) | frozenset(self.capabilities)
        self.capability_titles = {n: d.title for n, d in self.capabilities.items()}
        #: plugin name -> its settings model (a pydantic model class)
        self.settings_schemas: dict[str, Any] = dict(hooks.gather("settings_schema"))
        #: section -> defaults from the .ini, cast by the section's model
        self.settings_defaults: dict[str, dict[str, Any]] = {}
        #: section -> (site.settings_revision, settings); see `modou.services.settings.read`
        self.settings_cache: dict[str, tuple[int, Any]] = {}
        #: Study policies made ready; see `modou.services.studying.policies`.
        self.study_policies: Recent[Any] = Recent(500)
        #: Learners whose study sessions this process serves -> when it last heard of them
        #: (milliseconds UTC); see `modou.services.studying.closing`.
        self.watched_learners: dict[int, int] = {}
        #: Seconds without a sign of life, and at all, after which a login ends (`modou.config`).
        self.login_times: tuple[int, int] = (1800, 43200)
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
        #: the API's endpoints: (plugin, route)
        self.api_routes: list[tuple[str, ApiRoute]] = hooks.gather("api_routes")
        #: scope name -> scope, all that some endpoint asks for
        self.api_scopes = _scopes(self.api_routes)
        #: plugin name -> its click commands
        self.cli_commands: dict[str, list[Any]] = {}
        for plugin, command in hooks.gather("cli_commands"):
            self.cli_commands.setdefault(plugin, []).append(command)

    def check_event(self, kind: str, values: Mapping[str, Any]) -> None:
        """See that an event is as it was declared.

        :raises ValueError: naming the kind and the keys: an undeclared kind, or values that do not
            fit its model
        """
        try:
            check = self._checks[kind]
            if check is not None:
                check(values)
            elif values:
                raise ValueError(f"event {kind}: {', '.join(values)}: this kind has no values")
        except KeyError:
            raise ValueError(
                f"event {kind}: no enabled plugin declares this kind (hook journal_kinds)"
            ) from None
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise ValueError(f"event {kind}: {wrong}") from None
