"""The pages of the core, a module (or package) for each part of the work.

Each has an `includeme` that adds its routes and views.
"""

from pyramid.config import Configurator

PARTS = (
    "accounts_audit",
    "accounts_invitations",
    "accounts_people",
    "accounts_roles",
    "catalogue",
    "cohorts",
    "consents",
    "course_admin",
    "enrolling",
    "files",
    "grades",
    "home",
    "jobs",
    "learning",
    "outline",
    "participants",
    "profile",
    "rosters",
    "settings",
    "signing_in",
    "study",
    "system",
    "teaching",
)


def includeme(config: Configurator) -> None:
    for part in PARTS:
        config.include(f"modou.web.views.{part}")
