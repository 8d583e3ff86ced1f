"""What the operator sets."""

from pydantic import BaseModel, Field

from modou_notices.i18n import _


class NoticeSettings(BaseModel):
    """Settings of the section "notices"."""

    shown: int = Field(
        default=3, ge=1, le=20, title=_("Notices shown at once"), description=_("The newest first")
    )
    days: int = Field(
        default=14,
        ge=1,
        le=365,
        title=_("Days shown"),
        description=_("When the author sets no end"),
    )
