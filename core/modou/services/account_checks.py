"""What speaks against an account: every entry checked, all problems at once, nothing written."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from modou.errors import Invalid, Message
from modou.i18n import _
from modou.models.identity_numbers import (
    normalise_document_number,
    normalise_mobile,
    normalise_name,
    parse_identity_number,
)
from modou.models.people import User
from modou.services import identity
from modou.services.occasion import Occasion
from modou.services.passwords import PasswordPolicy
from modou.services.user_index import fold_login

MAXIMUM_USERNAME = 100
MAXIMUM_EMAIL = 254
_USERNAME = re.compile(r"\w[\w.@+\-]+")

Problems = dict[str, list[Message]]

POLICY = PasswordPolicy()


@dataclass(slots=True)
class Entries:
    """What was entered for an account, each in its one spelling; "" for none or a wrong one."""

    username: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    id_number: str = ""


def _belongs_to_other(id: int | None, exclude: User | None) -> bool:
    return id is not None and (exclude is None or id != exclude.id)


def clean_username(occasion: Occasion, username: str, exclude: User | None) -> str:
    """:raises Invalid: too short, too long, other characters, an ID number, or taken"""
    text = username.strip()
    if not text:
        raise Invalid(_("Enter a username."), "username")
    if len(text) > MAXIMUM_USERNAME:
        raise Invalid(
            _(
                "The username is longer than ${limit} characters.",
                mapping={"limit": MAXIMUM_USERNAME},
            ),
            "username",
        )
    if not _USERNAME.fullmatch(text):
        raise Invalid(
            _(
                "A username has at least 2 characters: letters, digits, and after the first one "
                "also . _ - + and @."
            ),
            "username",
        )
    if _is_id_number(occasion, text):
        raise Invalid(
            _("An ID number cannot be the username, since usernames are shown to others."),
            "username",
        )
    if _belongs_to_other(occasion.site.user_index.usernames.get(fold_login(text)), exclude):
        raise Invalid(_("This username is taken."), "username")
    return text


def _is_id_number(occasion: Occasion, text: str) -> bool:
    if len(normalise_document_number(text)) != 18:
        return False
    try:
        parse_identity_number(text, on=identity.today(occasion), minimum_age=None)
    except Invalid:
        return False
    return True


def clean_email(occasion: Occasion, email: str, exclude: User | None) -> str:
    """:raises Invalid: no e-mail address, or taken"""
    text = email.strip()
    if len(text) > MAXIMUM_EMAIL:
        raise Invalid(_("This is not an e-mail address."), "email")
    try:
        address = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(_("This is not an e-mail address."), "email") from None
    if _belongs_to_other(occasion.site.user_index.emails.get(fold_login(address)), exclude):
        raise Invalid(_("There is an account with this e-mail address already."), "email")
    return address


def clean_phone(occasion: Occasion, phone: str, exclude: User | None) -> str:
    """:raises Invalid: no mainland mobile number, or taken"""
    mobile = normalise_mobile(phone)
    if identity.phone_taken(occasion, mobile, exclude):
        raise Invalid(identity.PHONE_TAKEN, "phone")
    return mobile


def clean_id_number(occasion: Occasion, id_type: str, id_number: str, exclude: User | None) -> str:
    """:raises Invalid: unknown type, a number that breaks its rule, or taken"""
    number = identity.parse_document(occasion, id_type or identity.ID_CARD, id_number)
    if identity.id_number_taken(occasion, number, exclude):
        raise Invalid(identity.ID_TAKEN, "id_number")
    return number


def check_account(
    occasion: Occasion,
    *,
    username: str | None,
    name: str = "",
    password: str | None = None,
    email: str = "",
    phone: str = "",
    id_type: str = "",
    id_number: str = "",
    exclude: User | None = None,
) -> tuple[Entries, Problems]:
    """The entries in their spellings, and everything that speaks against them by field.

    :param username: None where it is not asked for
    """
    entries = Entries()
    problems: Problems = {}

    def check(field: str, entered: object, clean: Callable[[], str]) -> None:
        if not entered:
            return
        try:
            setattr(entries, field, clean())
        except Invalid as error:
            for name_, messages in error.errors.items():
                problems.setdefault(name_, []).extend(messages)

    if username is not None:
        check("username", True, lambda: clean_username(occasion, username, exclude))
    check("name", name.strip(), lambda: normalise_name(name))
    check("email", email.strip(), lambda: clean_email(occasion, email, exclude))
    check("phone", phone.strip(), lambda: clean_phone(occasion, phone, exclude))
    check(
        "id_number",
        id_number.strip(),
        lambda: clean_id_number(occasion, id_type, id_number, exclude),
    )
    if password is not None:
        found = POLICY.problems(
            password,
            username=entries.username,
            phone=entries.phone,
            email=entries.email,
            name=entries.name,
        )
        if found:
            problems["password"] = found
    return entries, problems


def account_problems(
    occasion: Occasion,
    *,
    username: str,
    name: str = "",
    password: str | None = None,
    email: str = "",
    phone: str = "",
    id_type: str = "",
    id_number: str = "",
    exclude: User | None = None,
) -> Problems:
    """Everything that speaks against such an account: field -> sentences, empty when it is fine.

    Writes nothing and hashes no password, so it serves previews of long rosters.

    :param password: None for an account without password
    :param id_type: one of `identity.ID_TYPES`; "" means the resident ID card
    :param exclude: the account that has these data already
    """
    return check_account(
        occasion,
        username=username,
        name=name,
        password=password,
        email=email,
        phone=phone,
        id_type=id_type,
        id_number=id_number,
        exclude=exclude,
    )[1]


def raise_problems(problems: Problems) -> None:
    """:raises Invalid: there are problems"""
    if problems:
        first = next(iter(problems.values()))[0]
        raise Invalid(first, errors=problems)
