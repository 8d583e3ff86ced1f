"""Who is asking: oneself, one's enrolments with progress, one's grades."""

from pydantic import Field

from modou.i18n import _
from modou.web.api.calls import Call
from modou.web.api.declaring import endpoint
from modou.web.api.schemas import Answer, Key, Moment, moment
from modou.web.api.scopes import PROFILE_READ

TAG = _("The asker")


class TokenAnswer(Answer):
    """The token that was used."""

    id: Key
    name: str
    scopes: list[str]
    expires: Moment


class MeAnswer(Answer):
    """Who is asking."""

    id: Key
    username: str
    name: str = Field(description=_("The real name, or the username where none is known"))
    locale: str = Field(description=_("The language that the person chose; empty for none"))
    token: TokenAnswer | None = Field(description=_("Null when a page of the site asks"))


@endpoint("GET", "/me", tag=TAG, summary=_("Who you are"), scope=PROFILE_READ, capability="")
def read_me(call: Call) -> MeAnswer:
    user = call.occasion.require_actor()
    token = call.token
    return MeAnswer(
        id=user.key,
        username=user.username,
        name=user.display_name,
        locale=user.locale,
        token=None
        if token is None
        else TokenAnswer(
            id=token.key,
            name=token.name,
            scopes=list(token.scopes),
            expires=moment(token.expires),
        ),
    )


ROUTES = (read_me,)
