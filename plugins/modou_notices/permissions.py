"""What the plugin checks."""

from modou.declarations import CapabilityDeclaration
from modou_notices.i18n import _

EDIT = "notices:edit"

DECLARATIONS = [
    CapabilityDeclaration(
        EDIT, _("Write notices"), roles=("teacher", "institution_admin", "operator")
    ),
]
