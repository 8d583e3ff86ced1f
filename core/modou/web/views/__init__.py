"""The pages of the core, a module (or package) for each part of the work.

Each has an `includeme` that adds its routes and views.
"""

from pyramid.config import Configurator

PARTS = (
    "catalogue",
    "cohorts",
    "course_admin",
    "enrolling",
    "files",
    "grades",
    "home",
    "learning",
    "outline",
    "participants",
    "rosters",
    "settings",
    "system",
    "teaching",
)


def includeme(config: Configurator) -> None:
    for part in PARTS:
        config.include(f"modou.web.views.{part}")
