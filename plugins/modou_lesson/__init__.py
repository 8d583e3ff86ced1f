"""Lessons (自选播放): video, audio, PDF, slides and texts whose study time counts.

`models` says what is stored, `media` works on files (ffmpeg, PDF), `services` are the verbs,
`views` the pages and what players fetch. README.md tells the rest.
"""

from collections.abc import Sequence

from pydantic import BaseModel
from pyramid.config import Configurator

from modou.declarations import (
    ActivityType,
    ApiRoute,
    CapabilityDeclaration,
    DemoPart,
    EvolveStep,
    HealthCheck,
    Job,
    JournalKind,
    PageSlot,
    PersonalData,
    PluginInfo,
    UploadPurpose,
)
from modou.hookspecs import hookimpl
from modou_lesson import evolve, health, journal, permissions, settings, views
from modou_lesson.i18n import _
from modou_lesson.services import preparing
from modou_lesson.types import ACTIVITY_TYPES
from modou_lesson.views import api
from modou_lesson.views.preparing import render_for_teacher

NAME = "lesson"


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(
        name=NAME,
        title=_("Lessons"),
        version="0.1.0",
        core=">=0.1,<1",
        description=_("Video, audio, PDF, slides and texts whose study time counts"),
        personal_data=(
            PersonalData(
                what=_("Who sent a file"),
                why=_("So that others know whom to ask"),
                kept=_("As long as the file"),
            ),
        ),
    )


@hookimpl
def activity_types() -> Sequence[ActivityType]:
    return ACTIVITY_TYPES


@hookimpl
def capabilities() -> Sequence[CapabilityDeclaration]:
    return permissions.DECLARATIONS


@hookimpl
def settings_schema() -> type[BaseModel]:
    return settings.LessonSettings


@hookimpl
def evolve_steps() -> Sequence[EvolveStep]:
    return evolve.STEPS


@hookimpl
def jobs() -> Sequence[Job]:
    return [
        Job(
            preparing.JOB,
            _("Prepare the media of a lesson"),
            preparing.prepare,
            retries=2,
            long=True,
        )
    ]


@hookimpl
def journal_kinds() -> Sequence[JournalKind]:
    return journal.KINDS


@hookimpl
def upload_purposes() -> Sequence[UploadPurpose]:
    return [
        UploadPurpose(
            "lesson_media",
            _("Videos, audio files and PDFs of lessons"),
            ("video/*", "audio/*", "application/pdf"),
            4_000_000_000,
        ),
        UploadPurpose("lesson_pictures", _("Slides as pictures"), ("image/*",), 50_000_000),
    ]


@hookimpl
def api_routes() -> Sequence[ApiRoute]:
    return api.ROUTES


@hookimpl
def health_checks() -> Sequence[HealthCheck]:
    return health.CHECKS


@hookimpl
def demo_parts() -> Sequence[DemoPart]:
    from modou_lesson import demo

    return [DemoPart(demo.fill)]


@hookimpl
def page_slots() -> Sequence[PageSlot]:
    return [PageSlot("activity_top", render_for_teacher, order=50)]


def includeme(config: Configurator) -> None:
    config.add_translation_dirs("modou_lesson:locale/")
    config.add_static_view("static/lesson", "modou_lesson:static", cache_max_age=3600)
    config.include(views)
