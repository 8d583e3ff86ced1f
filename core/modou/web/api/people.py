"""Accounts, masked, for those who administer them."""

from typing import Literal

from pydantic import Field

from modou.i18n import _
from modou.models.people import User
from modou.permissions import Capability
from modou.services.user_index import search_users, users_by_username
from modou.web.api.calls import Call
from modou.web.api.contexts import user_of
from modou.web.api.cursors import read_place, write_place
from modou.web.api.declaring import endpoint
from modou.web.api.schemas import Answer, Key, Listing, ListQuery, Moment, moment
from modou.web.api.scopes import USERS_READ

TAG = _("Accounts")


class UserAnswer(Answer):
    """An account. ID number and phone are masked, whoever asks."""

    id: Key
    username: str
    name: str = Field(description=_("Empty where none is known"))
    status: Literal["active", "suspended"]
    phone: str = Field(description=_("Masked; empty where none is known"))
    id_number: str = Field(description=_("Masked; empty where none is known"))
    created: Moment | None
    last_login: Moment | None


class UserQuery(ListQuery):
    """Which accounts."""

    text: str = Field(
        "",
        max_length=100,
        description=_(
            "Beginning of a username or a name, or a whole phone, ID number or e-mail; the "
            "surest come first, and there is one page only"
        ),
    )


def user_answer(user: User) -> UserAnswer:
    """What the API says of an account."""
    return UserAnswer(
        id=user.key,
        username=user.username,
        name=user.name,
        status="active" if user.status == "active" else "suspended",
        phone=user.phone_masked,
        id_number=user.id_masked,
        created=moment(user.created),
        last_login=moment(user.last_login),
    )


@endpoint(
    "GET",
    "/users",
    tag=TAG,
    summary=_("List accounts"),
    description=_("By username, or those whom a text may mean."),
    scope=USERS_READ,
    capability=Capability.USER_VIEW,
)
def list_users(call: Call, query: UserQuery) -> Listing[UserAnswer]:
    occasion = call.occasion
    if query.text.strip():
        found = []
        for user in search_users(occasion, query.text):
            found.append(user_answer(user))
            if len(found) == query.limit:
                break
        return Listing[UserAnswer](items=found, next=None)
    after = str(read_place(query, (str,))[0]) if query.cursor is not None else ""
    users = users_by_username(occasion, after=after, limit=query.limit + 1)
    page = users[: query.limit]
    following = write_place(query, (page[-1].username,)) if len(users) > len(page) else None
    return Listing[UserAnswer](items=[user_answer(user) for user in page], next=following)


@endpoint(
    "GET",
    "/users/{user}",
    tag=TAG,
    summary=_("Read an account"),
    scope=USERS_READ,
    capability=Capability.USER_VIEW,
    context=user_of,
)
def read_user(call: Call, context: User) -> UserAnswer:
    return user_answer(context)


ROUTES = (list_users, read_user)
