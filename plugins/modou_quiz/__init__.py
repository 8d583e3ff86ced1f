"""Quizzes (测验与考试): a question bank, papers, sittings, marking, and interchange of questions.

Other plugins add types of question and formats of interchange; what they subclass is exported
here::

    from modou_quiz import QuestionType, QuestionFormat

`models` says what is stored, `types` what questions are, `formats` how they come and go, `services`
are the verbs, `views` the pages. README.md tells the rest.
"""

from collections.abc import Sequence
from typing import Any

import click
from pydantic import BaseModel
from pyramid.config import Configurator

from modou.declarations import (
    ActivityType,
    ApiRoute,
    CapabilityDeclaration,
    CompletionRule,
    DemoPart,
    EvolveStep,
    Job,
    JournalKind,
    NavItem,
    PersonalData,
    PluginInfo,
    PrivacyArea,
    UploadPurpose,
)
from modou.declarations import (
    Verdict as HookVerdict,
)
from modou.hookspecs import hookimpl
from modou.i18n import _ as _core
from modou.permissions import Capability
from modou_quiz import evolve, formats, journal, permissions, settings, types, views
from modou_quiz.activity import ACTIVITY_TYPES, COMPLETION_RULES
from modou_quiz.cli import COMMANDS
from modou_quiz.content import FILE, Content, Part, Rich
from modou_quiz.formats import Item, Note, QuestionFormat
from modou_quiz.i18n import _
from modou_quiz.jobs import JOBS
from modou_quiz.services import answer_files, own_data
from modou_quiz.services.marking import attaching
from modou_quiz.services.sitting import rules
from modou_quiz.types import Flaw, QuestionType, Render, Verdict, Worth
from modou_quiz.views import api

__all__ = [
    "FILE",
    "Content",
    "Flaw",
    "Item",
    "Note",
    "Part",
    "QuestionFormat",
    "QuestionType",
    "Render",
    "Rich",
    "Verdict",
    "Worth",
]

NAME = "quiz"
NAVIGATION = (
    NavItem(
        "admin",
        "quiz_types",
        _("Question types"),
        "quiz_types",
        "quiz",
        Capability.PLUGINS_VIEW,
        735,
        _core("Operation"),
    ),
    NavItem(
        "admin",
        "questions",
        _("Question bank"),
        "questions",
        "question",
        permissions.BANK_USE,
        140,
        _core("Courses"),
    ),
    NavItem(
        "course",
        "course_questions",
        _("Question bank"),
        "course_questions",
        "question",
        Capability.ACTIVITY_EDIT,
        85,
    ),
)


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(
        name=NAME,
        title=_("Quizzes"),
        version="0.1.0",
        core=">=0.1,<1",
        description=_("Question bank, papers, practice and exams"),
        personal_data=(
            PersonalData(
                what=_("Answers, marks and times of attempts"),
                why=_("To mark them, and to prove how a result came about"),
                kept=_("As long as the record of the course"),
            ),
        ),
    )


@hookimpl
def activity_types() -> Sequence[ActivityType]:
    return ACTIVITY_TYPES


@hookimpl
def completion_rules() -> Sequence[CompletionRule]:
    return COMPLETION_RULES


@hookimpl
def before_attempt(occasion: Any, course: Any, activity: Any, number: int) -> HookVerdict:
    return rules.before_attempt(occasion, course, activity, number)


@hookimpl
def before_submit(occasion: Any, course: Any, activity: Any, attempt: Any) -> HookVerdict:
    return rules.before_submit(occasion, course, activity, attempt)


@hookimpl
def question_types() -> Sequence[types.QuestionType]:  # type: ignore[type-arg]
    return types.QUESTION_TYPES


@hookimpl
def question_formats() -> Sequence[formats.QuestionFormat]:
    return formats.QUESTION_FORMATS


@hookimpl
def capabilities() -> Sequence[CapabilityDeclaration]:
    return permissions.DECLARATIONS


@hookimpl
def settings_schema() -> type[BaseModel]:
    return settings.QuizSettings


@hookimpl
def upload_purposes() -> Sequence[UploadPurpose]:
    return [
        UploadPurpose("quiz_questions", _("Files of questions"), limit=50_000_000),
        UploadPurpose(answer_files.PURPOSE, _("Files handed in with answers"), (), 200_000_000),
        UploadPurpose(
            attaching.PURPOSE,
            _("Files given with marks"),
            attaching.TYPES,
            attaching.MOST_BYTES,
        ),
    ]


@hookimpl
def evolve_steps() -> Sequence[EvolveStep]:
    return evolve.STEPS


@hookimpl
def journal_kinds() -> Sequence[JournalKind]:
    return journal.KINDS


@hookimpl
def privacy_data() -> Sequence[PrivacyArea]:
    return own_data.AREAS


@hookimpl
def jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    return COMMANDS


@hookimpl
def api_routes() -> Sequence[ApiRoute]:
    return api.ROUTES


@hookimpl
def nav_items() -> Sequence[NavItem]:
    return NAVIGATION


@hookimpl
def demo_parts() -> Sequence[DemoPart]:
    return [DemoPart(_fill_demo)]


def _fill_demo(occasion: Any, courses: Any) -> None:
    # It reads its bank as a Word document is read: not at every start.
    from modou_quiz import demo

    demo.fill(occasion, courses)


def includeme(config: Configurator) -> None:
    config.add_translation_dirs("modou_quiz:locale/")
    config.add_static_view("static/quiz", "modou_quiz:static", cache_max_age=3600)
    config.include(views)
