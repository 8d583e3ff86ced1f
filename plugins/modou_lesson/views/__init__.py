"""The pages of lessons, and what players fetch."""

from pyramid.config import Configurator

PARTS = ("media", "player", "preparing")


def includeme(config: Configurator) -> None:
    for part in PARTS:
        config.include(f"modou_lesson.views.{part}")
