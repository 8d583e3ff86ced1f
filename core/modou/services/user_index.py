"""Finding people, and keeping the indexes right by which they are found.

Nobody else writes `site.user_index`. Each `put_*` takes the old entry out and the new one in;
whether the new value is free was checked before (`taken_by`). Two people who take the same value
at the same moment meet in the same leaf of the tree: one of them is repeated and finds it taken.
"""

from collections.abc import Iterator
from itertools import chain, islice

from modou.errors import Invalid
from modou.models.identity_numbers import normalise_document_number, normalise_mobile
from modou.models.people import User
from modou.services.name_search import fold, search_keys
from modou.services.occasion import Occasion


def phone_fingerprint(occasion: Occasion, mobile: str) -> bytes:
    """By which a normalised phone number is found."""
    return occasion.keys.fingerprint(mobile, "phone")


def id_fingerprint(occasion: Occasion, number: str) -> bytes:
    """By which a normalised document number is found."""
    return occasion.keys.fingerprint(number, "identity_number")


def fold_login(text: str) -> str:
    """The spelling under which usernames and e-mail addresses are found."""
    return text.strip().casefold()


# -- finding


def find_by_username(occasion: Occasion, username: str) -> User | None:
    id = occasion.site.user_index.usernames.get(fold_login(username))
    return occasion.site.users.get(id) if id is not None else None


def find_by_email(occasion: Occasion, email: str) -> User | None:
    id = occasion.site.user_index.emails.get(fold_login(email))
    return occasion.site.users.get(id) if id is not None else None


def find_by_phone(occasion: Occasion, phone: str) -> User | None:
    """`phone` in any usual spelling; None as well when it is no mainland mobile number."""
    try:
        mobile = normalise_mobile(phone)
    except Invalid:
        return None
    id = occasion.site.user_index.phones.get(phone_fingerprint(occasion, mobile))
    return occasion.site.users.get(id) if id is not None else None


def find_by_id_number(occasion: Occasion, number: str) -> User | None:
    """The account of the person with this document number, in any usual spelling."""
    text = normalise_document_number(number)
    if not text:
        return None
    id = occasion.site.user_index.id_numbers.get(id_fingerprint(occasion, text))
    return occasion.site.users.get(id) if id is not None else None


def find_by_login(occasion: Occasion, text: str) -> User | None:
    """Whom `text` means at the sign-in: by e-mail address, phone number or username.

    What belongs to somebody as address or number is never taken for another one's username.
    """
    return (
        (find_by_email(occasion, text) if "@" in text else None)
        or find_by_phone(occasion, text)
        or find_by_username(occasion, text)
    )


def search_users(occasion: Occasion, text: str) -> Iterator[User]:
    """People whom `text` may mean, the surest first, lazily: phone, document number or e-mail as
    a whole; beginning of the username; beginning of the name or of its pinyin.
    """
    site = occasion.site
    index = site.user_index
    folded = fold_login(text)
    if not folded:
        return
    exact = (
        find_by_phone(occasion, text),
        find_by_id_number(occasion, text),
        find_by_email(occasion, text),
    )
    usernames = (id for _, id in index.usernames.items(min=folded, max=folded + "\U0010ffff"))
    seen: set[int] = set()
    for id in chain(
        (user.id for user in exact if user is not None),
        usernames,
        index.named(fold(text)),
    ):
        if id not in seen:
            seen.add(id)
            user = site.users.get(id)
            if user is not None:
                yield user


def users_by_username(
    occasion: Occasion, *, after: str = "", before: str = "", limit: int = 50
) -> list[User]:
    """A page of all people in the order of their usernames, without walking the others.

    :param after: the page begins behind this username
    :param before: the page ends in front of this username; `after` wins
    """
    tree = occasion.site.user_index.usernames
    if before and not after:
        ids: list[int] = []
        key = fold_login(before)
        while len(ids) < limit:
            try:
                key = tree.maxKey(_just_below(key))
            except ValueError:
                break
            ids.append(tree[key])
        ids.reverse()
    elif after:
        ids = list(islice(tree.values(min=fold_login(after), excludemin=True), limit))
    else:
        ids = list(islice(tree.values(), limit))
    found = (occasion.site.users.get(id) for id in ids)
    return [user for user in found if user is not None]


def _just_below(key: str) -> str:
    # BTrees find the greatest key up to a bound, the bound included; keys hold no such tail.
    if not key or key[-1] == "\0":
        return key[:-1]
    return key[:-1] + chr(ord(key[-1]) - 1) + "\U0010ffff" * 3


# -- keeping it right


def put_username(occasion: Occasion, user: User, username: str) -> None:
    index = occasion.site.user_index.usernames
    if user.username:
        index.pop(fold_login(user.username), None)
    user.username = username
    index[fold_login(username)] = user.id


def put_email(occasion: Occasion, user: User, email: str) -> None:
    """`email` "" takes the address away."""
    index = occasion.site.user_index.emails
    if user.email:
        index.pop(fold_login(user.email), None)
    user.email = email
    if email:
        index[fold_login(email)] = user.id


def put_phone(occasion: Occasion, user: User, fingerprint: bytes) -> None:
    """`fingerprint` b"" takes the number away."""
    index = occasion.site.user_index.phones
    if user.phone_fingerprint:
        index.pop(user.phone_fingerprint, None)
    user.phone_fingerprint = fingerprint
    if fingerprint:
        index[fingerprint] = user.id


def put_id_number(occasion: Occasion, user: User, fingerprint: bytes) -> None:
    """`fingerprint` b"" takes the number away."""
    index = occasion.site.user_index.id_numbers
    if user.id_fingerprint:
        index.pop(user.id_fingerprint, None)
    user.id_fingerprint = fingerprint
    if fingerprint:
        index[fingerprint] = user.id


def put_name(occasion: Occasion, user: User, name: str) -> None:
    names = occasion.site.user_index.names
    old = search_keys(user.name) if user.name else frozenset()
    new = search_keys(name) if name else frozenset()
    for key in old - new:
        if (key, user.id) in names:
            names.remove((key, user.id))
    for key in new - old:
        names.insert((key, user.id))
    user.name = name
