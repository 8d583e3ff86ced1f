"""The built-in plugin: what every site has, on the same hooks as any other plugin."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
from pydantic import BaseModel
from pyramid.config import Configurator

from modou import __version__
from modou.builtin import commands, enrol, evolve, health, navigation, policies, views
from modou.builtin.activity_types import ACTIVITY_TYPES
from modou.builtin.services import conditions, contents
from modou.builtin.settings import BuiltinSettings
from modou.declarations import (
    ActivityType,
    CompletionRule,
    EnrolMethod,
    EvolveStep,
    GradeAggregation,
    HealthCheck,
    NavItem,
    PluginInfo,
    Verdict,
)
from modou.hookspecs import hookimpl
from modou.i18n import _
from modou.models.aggregation import BUILT_IN
from modou.models.courses import Course
from modou.models.people import User
from modou.permissions import Capability
from modou.services.occasion import Occasion


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(
        name="builtin",
        title=_("Built-in activities"),
        version=__version__,
        core=f"=={__version__}",
        description=_("Pages, files and links, the usual ways into a course, completion rules"),
    )


@hookimpl
def settings_schema() -> type[BaseModel]:
    return BuiltinSettings


@hookimpl
def before_login(occasion: Occasion, user: User) -> Verdict:
    return policies.keep_out_during_maintenance(occasion, user)


@hookimpl
def before_registration(occasion: Occasion, values: Mapping[str, Any]) -> Verdict:
    return policies.check_email_domain(occasion, values)


@hookimpl
def health_checks() -> Sequence[HealthCheck]:
    return health.CHECKS


@hookimpl
def evolve_steps() -> Sequence[EvolveStep]:
    return evolve.STEPS


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    return commands.COMMANDS


@hookimpl
def grade_aggregations() -> Sequence[GradeAggregation]:
    return BUILT_IN


@hookimpl
def before_enrolment(users: Sequence[User]) -> Mapping[int, Verdict]:
    return policies.keep_out_suspended(users)


@hookimpl
def enrol_methods() -> Sequence[EnrolMethod]:
    return enrol.METHODS


@hookimpl
def nav_items() -> Sequence[NavItem]:
    operation = _("Operation")
    return [
        NavItem("main", "home", _("Home"), "home", icon="home", order=10),
        NavItem("main", "catalogue", _("Courses"), "catalogue", icon="catalogue", order=20),
        NavItem(
            "main",
            "my_courses",
            _("My courses"),
            "my_courses",
            icon="learning",
            order=15,
            signed_in=True,
        ),
        NavItem("course", "course", _("Course"), "course", icon="course", order=10),
        NavItem(
            "course",
            "participants",
            _("Participants"),
            "participants",
            icon="people",
            capability=Capability.PARTICIPANTS_VIEW,
            order=30,
        ),
        NavItem(
            "course",
            "course_outline",
            _("Outline"),
            "course_outline",
            capability=Capability.ACTIVITY_EDIT,
            order=80,
        ),
        NavItem(
            "course",
            "course_edit",
            _("Course data"),
            "course_edit",
            capability=Capability.COURSE_EDIT,
            order=90,
        ),
        NavItem(
            "admin",
            "courses",
            _("Courses"),
            "admin_courses",
            icon="course",
            capability=Capability.ADMIN_VIEW,
            order=100,
            group=_("Courses"),
        ),
        NavItem(
            "admin",
            "cohorts",
            _("Cohorts"),
            "cohorts",
            icon="cohort",
            capability=Capability.COHORT_VIEW,
            order=120,
            group=_("Courses"),
        ),
        NavItem(
            "admin",
            "rosters",
            _("Rosters"),
            "admin_roster",
            icon="table",
            capability=Capability.ENROL_IMPORT,
            order=130,
            group=_("Courses"),
        ),
        NavItem(
            "admin",
            "categories",
            _("Course categories"),
            "admin_categories",
            icon="catalogue",
            capability=Capability.ADMIN_VIEW,
            order=110,
            group=_("Courses"),
        ),
        NavItem("user", "my_grades", _("My grades"), "my_grades", icon="grades", order=40),
        NavItem(
            "course",
            "grade_report",
            _("My grades"),
            "grade_report",
            icon="grades",
            capability=Capability.GRADE_VIEW_OWN,
            order=50,
        ),
        NavItem(
            "course",
            "grade_book",
            _("Grade book"),
            "grade_book",
            icon="table",
            capability=Capability.GRADE_VIEW,
            order=60,
        ),
        *navigation.PEOPLE,
        NavItem(
            "admin",
            "settings",
            _("Site settings"),
            "admin_settings",
            icon="settings",
            capability=Capability.SETTINGS_VIEW,
            order=710,
            group=operation,
        ),
        NavItem(
            "admin",
            "theme",
            _("Appearance of the site"),
            "admin_theme",
            icon="appearance",
            capability=Capability.SETTINGS_VIEW,
            order=720,
            group=operation,
        ),
        NavItem(
            "admin",
            "plugins",
            _("Plugins"),
            "admin_plugins",
            icon="plugin",
            capability=Capability.PLUGINS_VIEW,
            order=730,
            group=operation,
        ),
        NavItem(
            "admin",
            "health",
            _("State of the system"),
            "admin_health",
            icon="server",
            capability=Capability.HEALTH_VIEW,
            order=740,
            group=operation,
        ),
    ]


@hookimpl
def activity_types() -> Sequence[ActivityType]:
    return ACTIVITY_TYPES


@hookimpl
def completion_rules() -> Sequence[CompletionRule]:
    return conditions.COMPLETION_RULES


@hookimpl
def before_study(
    occasion: Any, course: Any, enrolment: Any, activities: Sequence[Any]
) -> Mapping[int, Verdict]:
    return conditions.unmet(occasion, course, enrolment, activities)


@hookimpl
def before_publish(occasion: Occasion, course: Course) -> Verdict:
    return conditions.something_to_study(occasion, course)


@hookimpl
def before_upload(media_type: str) -> Verdict:
    return contents.no_programs(media_type)


@hookimpl
def alter_outline(outline: Any, occasion: Any, course: Any) -> Any:
    return conditions.visible_outline(outline, occasion, course)


def includeme(config: Configurator) -> None:
    """The pages of the built-in activities."""
    config.include(views)
