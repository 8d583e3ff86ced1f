"""Accounts: making, changing, suspending them; passwords and one-time codes.

Signing in is in `logins`, ID numbers and phones in `identity`, registration in `registration`,
forgotten passwords in `recovery`, roles in `roles`.
"""

import secrets
from functools import cache
from typing import Any

from modou.errors import Conflict, Invalid, NotAllowed
from modou.i18n import _
from modou.models.people import User
from modou.permissions import Capability
from modou.services import api_tokens, identity, mailing, roles, sessions
from modou.services.account_checks import (
    POLICY,
    account_problems,
    check_account,
    raise_problems,
)
from modou.services.authority import is_self, require_over
from modou.services.letters import Letter
from modou.services.occasion import Occasion
from modou.services.participants import user_renamed
from modou.services.passwords import PasswordHashing
from modou.services.settings import site_settings
from modou.services.user_index import (
    find_by_id_number,
    find_by_login,
    find_by_username,
    put_email,
    put_name,
    put_username,
)

__all__ = [
    "account_problems",
    "change_password",
    "change_profile",
    "create_account",
    "find_by_id_number",
    "find_by_login",
    "find_by_username",
    "issue_activation",
    "reopen",
    "suspend",
]

#: Seconds that a one-time code opens an account for.
ACTIVATION_LIFETIME = 14 * 24 * 3600
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8
_MISREAD = str.maketrans("OIL", "011")


@cache
def hashing() -> PasswordHashing:
    """The process's password hashing, made when first needed."""
    return PasswordHashing()


# -- making


def create_account(
    occasion: Occasion,
    *,
    username: str,
    name: str = "",
    password: str | None = None,
    email: str = "",
    phone: str = "",
    id_type: str = "",
    id_number: str = "",
    source: str = "admin",
    context: Any = None,
) -> User:
    """Make an account.

    :param password: None for an account that is opened by a one-time code (`issue_activation`)
    :param source: how it came about, for the record: "admin", "roster", …
    :param context: the course or cohort for which it is made; default: the site
    :raises Invalid: with every problem, by field
    :raises NotAllowed: the actor may not create accounts in `context`
    """
    occasion.require(Capability.USER_CREATE, context)
    return add_account(
        occasion,
        username=username,
        name=name,
        password=password,
        email=email,
        phone=phone,
        id_type=id_type,
        id_number=id_number,
        source=source,
    )


def add_account(
    occasion: Occasion,
    *,
    username: str,
    name: str,
    password: str | None,
    email: str,
    phone: str,
    id_type: str,
    id_number: str,
    source: str,
) -> User:
    """As `create_account`, for verbs that have asked for the right themselves."""
    entries, problems = check_account(
        occasion,
        username=username,
        name=name,
        password=password,
        email=email,
        phone=phone,
        id_type=id_type,
        id_number=id_number,
    )
    raise_problems(problems)
    user = User()
    user.created = occasion.now
    user.source = source
    if password is not None:
        user.password = hashing().hash(password)
    occasion.site.users.add(user)
    put_username(occasion, user, entries.username)
    put_name(occasion, user, entries.name)
    put_email(occasion, user, entries.email)
    if entries.phone:
        identity.store_phone(occasion, user, entries.phone)
    if entries.id_number:
        identity.store_id_number(occasion, user, id_type or identity.ID_CARD, entries.id_number)
    occasion.record("registered", subject=user.id, values={"how": source})
    return user


# -- changing


def change_profile(
    occasion: Occasion,
    user: User,
    *,
    username: str | None = None,
    name: str | None = None,
    email: str | None = None,
) -> None:
    """Change what is not None. People change their own e-mail address always, their own name until
    their ID number is recorded; the rest needs `user:edit`.

    :raises Invalid: with every problem, by field
    """
    editor = occasion.can(Capability.USER_EDIT, user)
    if not is_self(occasion, user):
        require_over(occasion, Capability.USER_EDIT, user)
    entries, problems = check_account(
        occasion,
        username=username,
        name=name or "",
        email=email or "",
        exclude=user,
    )
    raise_problems(problems)
    fields = []
    if username is not None and entries.username != user.username:
        if not editor:
            raise NotAllowed(_("The username can be changed by the training provider only."))
        fields.append("username")
    if name is not None and entries.name != user.name:
        if user.id_fingerprint and not editor:
            raise NotAllowed(
                _(
                    "Your name stands beside a recorded ID number. Ask the training provider if it "
                    "must be corrected."
                )
            )
        fields.append("name")
    if email is not None and entries.email != user.email:
        fields.append("email")
    if "username" in fields:
        put_username(occasion, user, entries.username)
    if "name" in fields:
        put_name(occasion, user, entries.name)
    if "username" in fields or "name" in fields:
        user_renamed(occasion, user)
    if "email" in fields:
        _tell_former_address(occasion, user)
        put_email(occasion, user, entries.email)
        user.email_confirmed = False
        user.tokens = {}
    if fields:
        occasion.record("account_changed", subject=user.id, values={"fields": fields})


def _tell_former_address(occasion: Occasion, user: User) -> None:
    """Whoever can change the address can get the password: its owner learns of it."""
    if not user.email:
        return
    site = site_settings(occasion).name
    mailing.send(
        occasion,
        Letter(
            user.email,
            _("${site}: your e-mail address was changed", mapping={"site": site}),
            _(
                "Hello ${name},\n\nthe e-mail address of your account ${username} at ${site} was "
                "changed; this one no longer belongs to it. If you know nothing of it, ask the "
                "training provider at once.\n",
                mapping={"name": user.display_name, "username": user.username, "site": site},
            ),
            user.locale,
        ),
    )


def change_password(
    occasion: Occasion, user: User, *, old: str, new: str, keep_session: bytes = b""
) -> None:
    """Let `user` choose another password; the old one is asked for, other sessions end.

    :param keep_session: key of the session that goes on (this browser's)
    :raises Invalid: the old one is wrong, or the new one breaks the policy
    """
    if not is_self(occasion, user):
        raise NotAllowed(_("Only the owner of an account can change its password."))
    if not hashing().verify(user.password or None, old):
        raise Invalid(_("This is not your present password."), "old")
    if old == new:
        raise Invalid(_("Choose a password that differs from the present one."), "new")
    store_password(occasion, user, new, field="new", keep_session=keep_session)


def store_password(
    occasion: Occasion,
    user: User,
    password: str,
    *,
    field: str = "password",
    keep_session: bytes = b"",
) -> None:
    """Give `user` a password, for verbs that have made sure that its owner asks for it.

    :raises Invalid: it breaks the policy
    """
    phone = identity.read_identity(occasion, user).phone
    POLICY.check(
        password,
        username=user.username,
        phone=phone,
        email=user.email,
        name=user.name,
        field=field,
    )
    user.password = hashing().hash(password)
    user.activation = None
    user.tokens = {}
    sessions.end_all(occasion, user, but=keep_session)
    occasion.record("password_changed", subject=user.id)


# -- one-time codes


def normalise_code(text: str) -> str:
    """A one-time code as it was meant: capitals, without hyphens, O as 0, I and L as 1."""
    return "".join(c for c in text.upper() if c.isalnum()).translate(_MISREAD)


def new_code(length: int = _CODE_LENGTH) -> str:
    """Random characters that cannot be misread, 5 bits each."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _place in range(length))


def group_code(code: str) -> str:
    """Written in groups of four: `7QK2-M9XA`."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def code_fingerprint(occasion: Occasion, user: User, code: str) -> bytes:
    return occasion.keys.fingerprint(f"{user.id}:{normalise_code(code)}", "activation")


def issue_activation(
    occasion: Occasion, user: User, *, reset: bool = False, context: Any = None
) -> str:
    """A one-time code with which `user` signs in and chooses a password; it replaces an earlier
    one and is good for `ACTIVATION_LIFETIME` seconds. It is stored nowhere: hand it on now.

    :param reset: take an existing password away (and end all sessions); without it, an account
        with a password is refused
    :param context: as in `create_account`
    :raises Conflict: there is a password, and `reset` is False
    """
    capability = Capability.USER_EDIT if user.password else Capability.USER_CREATE
    require_over(occasion, capability, user, context)
    if user.password and not reset:
        raise Conflict(_("This account has a password already."))
    if user.password:
        user.password = ""
        user.tokens = {}
        sessions.end_all(occasion, user)
    code = new_code()
    user.activation = (code_fingerprint(occasion, user, code), occasion.now + ACTIVATION_LIFETIME)
    occasion.record("activation_issued", subject=user.id, values={"reset": reset})
    return group_code(code)


# -- suspending


def suspend(occasion: Occasion, user: User, reason: str) -> None:
    """Keep `user` out until `reopen`; sessions and API tokens end at once.

    :param reason: for the audit trail
    :raises Conflict: it is one's own account, or the last one that can administer roles
    """
    require_over(occasion, Capability.USER_EDIT, user)
    why = identity.check_reason(reason)
    if is_self(occasion, user):
        raise Conflict(_("You cannot suspend your own account."))
    if user.status == "suspended":
        return
    roles.require_other_admin(occasion, without_user=user)
    user.status = "suspended"
    sessions.end_all(occasion, user)
    api_tokens.revoke_all(occasion, user)
    occasion.record("account_suspended", subject=user.id, values={"reason": why})


def reopen(occasion: Occasion, user: User, reason: str = "") -> None:
    """Let a suspended account in again."""
    require_over(occasion, Capability.USER_EDIT, user)
    if user.status == "active":
        return
    user.status = "active"
    occasion.record("account_reopened", subject=user.id, values={"reason": reason[:200]})
