"""Mailed links: choosing a new password, confirming an e-mail address.

A link carries a token that works once and for a while. The account keeps only its SHA-256.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Literal

from modou.errors import NotFound
from modou.i18n import _
from modou.models.people import User
from modou.services import mailing
from modou.services.accounts import store_password
from modou.services.letters import Letter
from modou.services.occasion import Occasion
from modou.services.settings import site_settings
from modou.services.throttle import too_many
from modou.services.user_index import find_by_login

Purpose = Literal["reset", "email"]
#: Purpose -> seconds that its link works.
LIFETIMES: dict[Purpose, int] = {"reset": 60 * 60, "email": 3 * 24 * 3600}
#: Seconds between two letters of the same purpose to the same account.
LETTER_GAP = 120
_KEY_LENGTH = 13
#: From a token to the address of the page behind it.
Link = Callable[[str], str]


def make_token(occasion: Occasion, user: User, purpose: Purpose, about: str = "") -> str:
    """A token for `user`; an earlier one of the same purpose stops working.

    :param about: how it reaches its owner ("mail", "code")
    """
    token = user.key + secrets.token_urlsafe(24)
    until = occasion.now + LIFETIMES[purpose]
    user.tokens = {**user.tokens, purpose: (_digest(token), until, about)}
    return token


def owner_of(occasion: Occasion, token: str, purpose: Purpose) -> User:
    """Whose token it is.

    :raises NotFound: it was used, replaced, is too old, or never was one
    """
    try:
        user: User | None = occasion.site.users[token[:_KEY_LENGTH]]
    except KeyError:
        user = None
    digest, until, _about = (user.tokens if user else {}).get(purpose, (b"", 0, ""))
    if (
        user is None
        or user.status != "active"
        or until <= occasion.now
        or not hmac.compare_digest(digest, _digest(token))
    ):
        raise NotFound(_("This link was used already or is too old. Ask for a new one."))
    return user


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def forgot_password(occasion: Occasion, login: str, link: Link) -> None:
    """Mail a link for a new password to whom `login` means. Does and says the same when there is
    no such account, or none with an e-mail address, and takes as long.

    :raises TooMany: too often from this address
    """
    wait = occasion.limits.letters.hit(occasion.origin.ip, occasion.now)
    if wait:
        raise too_many(wait)
    user = find_by_login(occasion, login[:254])
    if (
        user is None
        or not user.email
        or user.status != "active"
        or _sent_lately(occasion, user, "reset")
    ):
        mailing.send_nothing(occasion)
        return
    token = make_token(occasion, user, "reset", about="mail")
    occasion.record("reset_requested", subject=user.id)
    site = site_settings(occasion).name
    mailing.send(
        occasion,
        Letter(
            user.email,
            _("${site}: choose a new password", mapping={"site": site}),
            _(
                "Hello ${name},\n\nsomebody, probably you, asked for a new password at ${site}. "
                "Choose it here within an hour:\n\n${link}\n\nYour username is ${username}. If "
                "you did not ask, ignore this mail: your password stays as it is.\n",
                mapping={
                    "name": user.display_name,
                    "site": site,
                    "link": link(token),
                    "username": user.username,
                },
            ),
            user.locale,
        ),
    )


def _sent_lately(occasion: Occasion, user: User, purpose: Purpose) -> bool:
    known = user.tokens.get(purpose)
    if known is None or known[2] != "mail":
        return False
    return known[1] - LIFETIMES[purpose] + LETTER_GAP > occasion.now


def reset_password(occasion: Occasion, token: str, password: str) -> User:
    """Give the owner of the token the password that they chose; all sessions end.

    :raises NotFound: the link does not work (any more)
    :raises Invalid: the password breaks the policy
    """
    user = owner_of(occasion, token, "reset")
    by_mail = user.tokens["reset"][2] == "mail"
    store_password(occasion, user, password)
    if by_mail:
        user.email_confirmed = True
    return user


def ask_confirmation(occasion: Occasion, user: User, link: Link) -> bool:
    """Mail a link that confirms the e-mail address; False when there is nothing to confirm, or one
    was sent just now."""
    if not user.email or user.email_confirmed or _sent_lately(occasion, user, "email"):
        return False
    token = make_token(occasion, user, "email", about="mail")
    site = site_settings(occasion).name
    mailing.send(
        occasion,
        Letter(
            user.email,
            _("${site}: confirm your e-mail address", mapping={"site": site}),
            _(
                "Hello ${name},\n\nplease confirm that this address is yours:\n\n${link}\n\nIf you "
                "have no account at ${site}, ignore this mail.\n",
                mapping={"name": user.display_name, "site": site, "link": link(token)},
            ),
            user.locale,
        ),
    )
    return True


def confirm_email(occasion: Occasion, token: str) -> User:
    """Note that the owner of the token reads the mail of their address.

    :raises NotFound: the link does not work (any more)
    """
    user = owner_of(occasion, token, "email")
    user.tokens = {k: v for k, v in user.tokens.items() if k != "email"}
    user.email_confirmed = True
    occasion.record("email_confirmed", subject=user.id)
    return user
