"""Who somebody is: ID number and phone, encrypted, findable, masked; one person, one account.

Stored are three things of each number: the number encrypted (AES-GCM, bound to person and field),
a keyed fingerprint to find it by, and a masked form for screens. The clear number is shown only by
`reveal_identity`, with a reason, and that is recorded.
"""

from dataclasses import dataclass
from datetime import date
from itertools import islice

from modou.clock import SHANGHAI, from_seconds
from modou.errors import Conflict, Invalid, Message, NotAllowed
from modou.i18n import TranslationString, _
from modou.models.identity_numbers import (
    DocumentKind,
    mask_identity_number,
    mask_mobile,
    normalise_mobile,
    parse_document_number,
    parse_identity_number,
)
from modou.models.people import User
from modou.permissions import Capability
from modou.services.authority import is_self, require_over
from modou.services.occasion import Occasion
from modou.services.user_index import (
    id_fingerprint,
    phone_fingerprint,
    put_id_number,
    put_phone,
)

ID_CARD = "id_card"
#: Kinds of ID document; all but the ID card (GB 11643) are looked at by a person.
ID_TYPES: dict[str, TranslationString] = {
    ID_CARD: _("Resident ID card"),
    "residence_permit": _("Residence permit for Hong Kong, Macao and Taiwan residents"),
    "permanent_residence": _("Foreign permanent resident ID card"),
    "passport": _("Passport"),
}
_CARD_KINDS = {
    DocumentKind.RESIDENCE_PERMIT: "residence_permit",
    DocumentKind.PERMANENT_RESIDENT_CARD: "permanent_residence",
}
MAXIMUM_REASON = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """The clear data behind the masks; `repr` shows none of it."""

    id_type: str
    id_number: str
    phone: str

    def __repr__(self) -> str:
        return f"Identity({self.id_type})"


def _context(user: User, field: str) -> bytes:
    return f"user:{user.id}:{field}".encode()


def today(occasion: Occasion) -> date:
    """The day in the site's time zone, by which ages are counted."""
    return from_seconds(occasion.now).astimezone(SHANGHAI).date()


# -- checking, without writing


def parse_document(occasion: Occasion, id_type: str, id_number: str) -> str:
    """The number in its one spelling.

    :raises Invalid: unknown type, or a number that breaks the rule of its type
    """
    if id_type not in ID_TYPES:
        raise Invalid(_("Choose the kind of ID document."), "id_type")
    if id_type != ID_CARD:
        return parse_document_number(id_number, field="id_number")
    checked = parse_identity_number(id_number, on=today(occasion), field="id_number")
    belongs = _CARD_KINDS.get(checked.kind, ID_CARD)
    if belongs != ID_CARD:
        raise Invalid(
            _(
                "This is the number of another document. Choose: ${document}.",
                mapping={"document": ID_TYPES[belongs]},
            ),
            "id_type",
        )
    return checked.value


def id_number_taken(occasion: Occasion, number: str, exclude: User | None = None) -> bool:
    """Whether the normalised number belongs to another account."""
    id = occasion.site.user_index.id_numbers.get(id_fingerprint(occasion, number))
    return id is not None and (exclude is None or id != exclude.id)


def phone_taken(occasion: Occasion, mobile: str, exclude: User | None = None) -> bool:
    """Whether the normalised number belongs to another account."""
    id = occasion.site.user_index.phones.get(phone_fingerprint(occasion, mobile))
    return id is not None and (exclude is None or id != exclude.id)


ID_TAKEN = _("There is an account with this ID number already. One person has one account.")
PHONE_TAKEN = _("There is an account with this phone number already.")


# -- storing: what was checked before


def store_id_number(occasion: Occasion, user: User, id_type: str, number: str) -> None:
    """Keep a checked number; "" takes it away. `user` must be in `site.users` by now."""
    put_id_number(occasion, user, id_fingerprint(occasion, number) if number else b"")
    user.id_type = id_type if number else ""
    user.id_cipher = occasion.keys.encrypt(number, _context(user, "id_number")) if number else b""
    user.id_masked = mask_identity_number(number) if number else ""
    user.id_state = ("valid" if id_type == ID_CARD else "review") if number else ""


def store_phone(occasion: Occasion, user: User, mobile: str) -> None:
    """Keep a checked number; "" takes it away. `user` must be in `site.users` by now."""
    put_phone(occasion, user, phone_fingerprint(occasion, mobile) if mobile else b"")
    user.phone_cipher = occasion.keys.encrypt(mobile, _context(user, "phone")) if mobile else b""
    user.phone_masked = mask_mobile(mobile) if mobile else ""


# -- verbs


def set_identity(occasion: Occasion, user: User, *, id_type: str, id_number: str) -> None:
    """Record the ID document of `user`; an empty number takes the recorded one away.

    People enter their own once; afterwards somebody with `user:edit` must change it.

    :raises Invalid: the number breaks its rule, or belongs to another account
    :raises NotAllowed: it is recorded already
    """
    own = is_self(occasion, user)
    if not own:
        require_over(occasion, Capability.USER_EDIT, user)
    elif user.id_fingerprint and not occasion.can(Capability.USER_EDIT, user):
        raise NotAllowed(
            _("Your ID number is recorded. Ask the training provider if it must be corrected.")
        )
    if not id_number.strip():
        if own:
            raise Invalid(_("Enter the ID number."), "id_number")
        store_id_number(occasion, user, "", "")
    else:
        number = parse_document(occasion, id_type, id_number)
        if id_number_taken(occasion, number, exclude=user):
            raise Invalid(ID_TAKEN, "id_number")
        store_id_number(occasion, user, id_type, number)
    occasion.record(
        "identity_changed",
        subject=user.id,
        values={"id_type": user.id_type, "state": user.id_state},
    )


def review_identity(occasion: Occasion, user: User, *, accepted: bool, reason: str) -> None:
    """Settle a document that a person must look at; refusing takes the number away.

    :raises Conflict: nothing waits for a review
    :raises Invalid: no reason
    """
    require_over(occasion, Capability.USER_IDENTITY, user)
    why = check_reason(reason)
    if user.id_state != "review":
        raise Conflict(_("No ID document of this account waits for a review."))
    if accepted:
        user.id_state = "valid"
    else:
        store_id_number(occasion, user, "", "")
    occasion.record(
        "identity_reviewed", subject=user.id, values={"accepted": accepted, "reason": why}
    )


def set_phone(occasion: Occasion, user: User, phone: str) -> None:
    """Record the mobile number of `user`; "" takes it away.

    :raises Invalid: no mainland mobile number, or another account's
    """
    if not is_self(occasion, user):
        require_over(occasion, Capability.USER_EDIT, user)
    mobile = normalise_mobile(phone) if phone.strip() else ""
    if mobile and phone_taken(occasion, mobile, exclude=user):
        raise Invalid(PHONE_TAKEN, "phone")
    if (phone_fingerprint(occasion, mobile) if mobile else b"") == user.phone_fingerprint:
        return
    store_phone(occasion, user, mobile)
    occasion.record("account_changed", subject=user.id, values={"fields": ["phone"]})


def reveal_identity(occasion: Occasion, user: User, reason: str) -> Identity:
    """The clear ID number and phone of `user`. Who looked, at whom and why is recorded.

    :param reason: in words, for the audit trail
    :raises Invalid: no reason
    """
    occasion.require(Capability.USER_IDENTITY, user)
    why = check_reason(reason)
    occasion.record("identity_revealed", subject=user.id, values={"reason": why})
    return read_identity(occasion, user)


def read_identity(occasion: Occasion, user: User) -> Identity:
    """The clear data for the system's own work (reports to the authorities, face checks): nothing
    is recorded and nothing is asked, so the caller must have the right and leave the trace.
    """
    number = phone = ""
    if user.id_cipher:
        number = occasion.keys.decrypt(user.id_cipher, _context(user, "id_number"))
    if user.phone_cipher:
        phone = occasion.keys.decrypt(user.phone_cipher, _context(user, "phone"))
    return Identity(user.id_type, number, phone)


def check_reason(reason: str) -> str:
    """A reason for the audit trail, in one line.

    :raises Invalid: empty or too long
    """
    text = " ".join(reason.split())
    message: Message | None = None
    if len(text) < 2:
        message = _("Say why; the reason is kept in the audit trail.")
    elif len(text) > MAXIMUM_REASON:
        message = _(
            "The reason is longer than ${limit} characters.", mapping={"limit": MAXIMUM_REASON}
        )
    if message is not None:
        raise Invalid(message, "reason")
    return text


def reencrypt(occasion: Occasion, after: int = -1, limit: int = 500) -> int:
    """Encrypt anew with the current key what was encrypted with an older one, for up to `limit`
    accounts behind the id `after`, so that the older key can go.

    :return: the last id that was looked at, to go on from; -1 at the end
    """
    keys = occasion.keys
    last = -1
    users = occasion.site.users
    for id, user in islice(users.items(after + 1), limit):
        last = id
        if user.id_cipher and keys.needs_rotation(user.id_cipher):
            context = _context(user, "id_number")
            user.id_cipher = keys.encrypt(keys.decrypt(user.id_cipher, context), context)
        if user.phone_cipher and keys.needs_rotation(user.phone_cipher):
            context = _context(user, "phone")
            user.phone_cipher = keys.encrypt(keys.decrypt(user.phone_cipher, context), context)
    return last
