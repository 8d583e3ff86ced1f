"""What the plugin checks beside the core's capabilities."""

from modou.declarations import CapabilityDeclaration
from modou_lesson.i18n import _

PREPARE = "lesson:prepare"

DECLARATIONS = [
    CapabilityDeclaration(
        PREPARE,
        _("See how media are prepared, repeat it, remove old versions"),
        roles=("teacher", "operator"),
    ),
]
