"""The pages of the plugin."""

from pyramid.config import Configurator

#: Rooms below this one, each with an `includeme`.
PARTS: tuple[str, ...] = (
    "kinds",
    "bank",
    "questions",
    "papers",
    "printing",
    "sitting",
    "exceptions",
    "marking",
    "results",
    "statistics",
    "regrading",
    "interchange",
)


def includeme(config: Configurator) -> None:
    for part in PARTS:
        config.include(f"modou_quiz.views.{part}")
