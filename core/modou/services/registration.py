"""Registration: people make their own accounts, where the site's setting lets them."""

from collections.abc import Collection

from modou.errors import Invalid, NotAllowed
from modou.i18n import _
from modou.models.people import User
from modou.services import consents, invitations
from modou.services.account_checks import account_problems, raise_problems
from modou.services.accounts import add_account
from modou.services.occasion import Occasion
from modou.services.settings import site_settings
from modou.services.throttle import too_many


def require_open(occasion: Occasion, invitation: str = "") -> None:
    """See that somebody may register now; `invitation` is the code that they came with.

    :raises NotAllowed: registration is closed, or needs an invitation
    :raises NotFound: the invitation cannot be used
    """
    mode = site_settings(occasion).registration
    if mode == "closed":
        raise NotAllowed(_("Registration is closed. Ask the training provider for an account."))
    if invitation:
        invitations.find_invitation(occasion, invitation)
    elif mode == "invitation":
        raise NotAllowed(_("Registration needs an invitation. Ask the training provider."))


def register(
    occasion: Occasion,
    *,
    username: str,
    name: str,
    password: str,
    email: str = "",
    phone: str = "",
    id_type: str = "",
    id_number: str = "",
    invitation: str = "",
    given: Collection[str] = (),
) -> User:
    """Make an account for whoever asks; they are not signed in by it.

    :param invitation: code of an invitation, needed where the site asks for one
    :param given: names of the consents that they give
    :raises NotAllowed, NotFound: as `require_open`; or a plugin refuses (`before_registration`)
    :raises Invalid: with every problem, by field
    :raises TooMany: too often from this address
    """
    require_open(occasion, invitation)
    found = account_problems(
        occasion,
        username=username,
        name=name,
        password=password,
        email=email,
        phone=phone,
        id_type=id_type,
        id_number=id_number,
    )
    try:
        consents.check(occasion, given)
    except Invalid as error:
        found.setdefault("consent", []).append(error.message)
    if not name.strip():
        found.setdefault("name", []).append(_("Enter the name."))
    wait = occasion.limits.registrations.hit(occasion.origin.ip, occasion.now)
    if wait:
        raise too_many(wait)
    raise_problems(found)
    occasion.hooks.ask(
        "before_registration",
        occasion=occasion,
        values={
            "username": username,
            "name": name,
            "email": email,
            "phone": phone,
            "id_type": id_type,
            "id_number": id_number,
            "invitation": invitation,
        },
    )
    invited_by = invitations.find_invitation(occasion, invitation) if invitation else None
    user = add_account(
        occasion,
        username=username,
        name=name,
        password=password,
        email=email,
        phone=phone,
        id_type=id_type,
        id_number=id_number,
        source="invitation" if invited_by is not None else "self",
    )
    consents.answer(occasion, user, given)
    if invited_by is not None:
        invitations.accept(occasion, invited_by, user)
    return user
