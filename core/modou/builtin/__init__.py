"""The built-in plugin: what every site has, on the same hooks as any other plugin."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
from pydantic import BaseModel
from pyramid.config import Configurator

from modou import __version__
from modou.builtin import (
    commands,
    enrol,
    evolve,
    health,
    navigation,
    policies,
    study_kinds,
    views,
)
from modou.builtin import jobs as background
from modou.builtin import journal_kinds as kinds
from modou.builtin.activity_types import ACTIVITY_TYPES
from modou.builtin.services import conditions, contents, own_data
from modou.builtin.settings import BuiltinSettings
from modou.declarations import (
    ActivityType,
    ApiRoute,
    Claim,
    CompletionRule,
    CreditVerdict,
    EnrolMethod,
    EvolveStep,
    GradeAggregation,
    HealthCheck,
    Job,
    JournalKind,
    NavItem,
    PluginInfo,
    PrivacyArea,
    UploadPurpose,
    Verdict,
)
from modou.hookspecs import hookimpl
from modou.i18n import _
from modou.models.aggregation import BUILT_IN
from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.models.study import OpenChallenge
from modou.services.occasion import Occasion
from modou.services.studying import idle, opening
from modou.web.api.core import ROUTES as API_ROUTES


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(
        name="builtin",
        title=_("Built-in activities"),
        version=__version__,
        core=f"=={__version__}",
        description=_("Pages, files and links, the usual ways into a course, completion rules"),
        personal_data=own_data.HOLDS,
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
def journal_kinds() -> Sequence[JournalKind]:
    return (*kinds.KINDS, *study_kinds.KINDS)


@hookimpl
def privacy_data() -> Sequence[PrivacyArea]:
    return own_data.AREAS


@hookimpl
def jobs() -> Sequence[Job]:
    return background.JOBS


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
def api_routes() -> Sequence[ApiRoute]:
    return API_ROUTES


@hookimpl
def nav_items() -> Sequence[NavItem]:
    return navigation.ITEMS


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
def before_credit(claim: Claim) -> CreditVerdict:
    return idle.claim(claim)


@hookimpl
def judge_answer(challenge: OpenChallenge, answer: Any) -> bool | None:
    return idle.judge(challenge.gate, answer)


@hookimpl
def alter_player(
    player: dict[str, Any], occasion: Occasion, activity: Activity
) -> dict[str, Any] | None:
    return opening.with_watermark(player, occasion, activity)


@hookimpl
def before_publish(occasion: Occasion, course: Course) -> Verdict:
    return conditions.something_to_study(occasion, course)


@hookimpl
def before_upload(media_type: str) -> Verdict:
    return contents.no_programs(media_type)


@hookimpl
def upload_purposes() -> Sequence[UploadPurpose]:
    return contents.UPLOAD_PURPOSES


@hookimpl
def alter_outline(outline: Any, occasion: Any, course: Any) -> Any:
    return conditions.visible_outline(outline, occasion, course)


def includeme(config: Configurator) -> None:
    """The pages of the built-in activities."""
    config.include(views)
