"""Notices (公告): short texts for everybody or for one course, shown while they matter.

A small plugin that is also the example to copy from: one room for each purpose, and this door.
`docs/tutorial/first-plugin.md` walks through it.
"""

from collections.abc import Sequence

import click
from pydantic import BaseModel
from pyramid.config import Configurator

from modou.declarations import (
    CapabilityDeclaration,
    DemoPart,
    JournalKind,
    NavItem,
    PageSlot,
    PersonalData,
    PluginInfo,
)
from modou.hookspecs import hookimpl
from modou_notices import cli, demo, journal, permissions, settings, views
from modou_notices.i18n import _

NAME = "notices"


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(
        name=NAME,
        title=_("Notices"),
        version="0.1.0",
        core=">=0.1,<1",
        description=_("Short texts for everybody or for one course, shown while they matter"),
        personal_data=(
            PersonalData(
                what=_("Who wrote a notice"),
                why=_("So that readers know whom to ask"),
                kept=_("As long as the notice"),
            ),
        ),
    )


@hookimpl
def capabilities() -> Sequence[CapabilityDeclaration]:
    return permissions.DECLARATIONS


@hookimpl
def journal_kinds() -> Sequence[JournalKind]:
    return journal.KINDS


@hookimpl
def settings_schema() -> type[BaseModel]:
    return settings.NoticeSettings


@hookimpl
def page_slots() -> Sequence[PageSlot]:
    return [
        PageSlot("home", views.render_for_home, order=10),
        PageSlot("course_top", views.render_for_course, order=10),
    ]


@hookimpl
def nav_items() -> Sequence[NavItem]:
    return [
        NavItem(
            "admin",
            "notices",
            _("Notices"),
            "notices",
            icon="bell",
            capability=permissions.EDIT,
            order=350,
            group=_("Content"),
        ),
        NavItem(
            "course",
            "course_notices",
            _("Notices"),
            "course_notices",
            icon="bell",
            capability=permissions.EDIT,
            order=600,
        ),
    ]


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    return [cli.post]


@hookimpl
def demo_parts() -> Sequence[DemoPart]:
    return [DemoPart(demo.fill)]


def includeme(config: Configurator) -> None:
    config.add_translation_dirs("modou_notices:locale/")
    config.include(views)
