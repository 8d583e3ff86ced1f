"""The pages of the core, a module (or package) for each part of the work.

Each has an `includeme` that adds its routes and views.
"""

from pyramid.config import Configurator

PARTS = (
    "catalogue",
    "course_admin",
    "files",
    "grades",
    "home",
    "learning",
    "outline",
    "settings",
    "system",
    "teaching",
)


def includeme(config: Configurator) -> None:
    for part in PARTS:
        config.include(f"modou.web.views.{part}")
