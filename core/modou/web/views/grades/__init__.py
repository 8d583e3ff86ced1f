"""Pages of grades: the grade book, its set-up, the learner's report, tables in and out."""

from pyramid.config import Configurator

ROOMS = ("book", "cell", "report", "setup", "transfer")


def includeme(config: Configurator) -> None:
    for room in ROOMS:
        config.scan(f"modou.web.views.grades.{room}")
