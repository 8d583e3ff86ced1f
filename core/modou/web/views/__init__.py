"""The pages of the core, a module (or package) for each part of the work.

Each has an `includeme` that adds its routes and views.
"""

from pyramid.config import Configurator

PARTS = ("home", "settings", "system")


def includeme(config: Configurator) -> None:
    for part in PARTS:
        config.include(f"modou.web.views.{part}")
