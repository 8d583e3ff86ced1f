"""What the plugin checks beside the core's capabilities."""

from modou.declarations import CapabilityDeclaration
from modou.permissions import Level
from modou_quiz.i18n import _

#: Of one's own and one's courses' questions `activity:edit` decides, in the course.
BANK_USE = "quiz:use-bank"
BANK_EDIT = "quiz:edit-bank"
MARK = "quiz:mark"
RESULTS = "quiz:results"
MANAGE = "quiz:manage"

DECLARATIONS = [
    CapabilityDeclaration(
        BANK_USE,
        _("Use the site's question bank in papers"),
        roles=("teacher", "operator"),
        level=Level.COURSE,
    ),
    CapabilityDeclaration(
        BANK_EDIT,
        _("Change the site's question bank"),
        roles=("operator",),
        level=Level.SITE,
    ),
    CapabilityDeclaration(
        MARK,
        _("Mark answers that people have to judge"),
        roles=("teacher", "operator"),
    ),
    CapabilityDeclaration(
        RESULTS,
        _("See everybody's attempts and the statistics of a quiz"),
        roles=("teacher", "class_teacher", "institution_admin", "operator", "supervisor"),
    ),
    CapabilityDeclaration(
        MANAGE,
        _("Give learners extra time and attempts, reopen, hand in and void attempts, regrade"),
        roles=("teacher", "operator"),
    ),
]
