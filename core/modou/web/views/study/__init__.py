"""Pages of study time: the learner's own, the class, one learner, one lesson, the rules."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    config.scan(__name__)
