"""Settings of the built-in plugin."""

from pydantic import BaseModel, Field

from modou.i18n import _


class BuiltinSettings(BaseModel):
    """What every site can set, beyond its name and looks."""

    maintenance: bool = Field(
        default=False,
        title=_("Maintenance"),
        description=_("Only people who may enter the administration can sign in."),
    )
    email_domains: list[str] = Field(
        default=[],
        title=_("E-mail domains"),
        description=_(
            "Only addresses of these domains may register, one a line, for example example.com. "
            "Empty: all."
        ),
    )
