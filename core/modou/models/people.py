"""People: accounts, the indexes that find them, sessions, invitations."""

from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOTreeSet
from persistent import Persistent

from modou.store.containers import Item, WideOOBTree

GrantKey = tuple[str, int]


class User(Item):
    """An account. Class attributes are the defaults of what is not set.

    ID number and phone are kept only encrypted (`modou.store.vault`), with a keyed fingerprint
    beside them for lookup, and masked for display.
    """

    username: str = ""
    #: Real name as on the ID document.
    name: str = ""
    email: str = ""
    email_confirmed: bool = False
    password: str = ""
    #: "active", "suspended"
    status: str = "active"
    locale: str = ""
    #: Appearance: mode light|dark|auto, text normal|large, contrast normal|high
    appearance: dict[str, str] = {}
    created: int = 0
    last_login: int = 0
    #: "id_card" (GB 11643), "residence_permit", "permanent_residence", "passport"
    id_type: str = ""
    id_cipher: bytes = b""
    id_fingerprint: bytes = b""
    id_masked: str = ""
    #: "", "valid" (number checked), "review" (a person must look)
    id_state: str = ""
    phone_cipher: bytes = b""
    phone_fingerprint: bytes = b""
    phone_masked: str = ""
    #: Values of profile fields that plugins add: name -> value
    profile: dict[str, Any] = {}
    #: (level, id) -> role names; ("site", 0) for the site
    grants: dict[GrantKey, tuple[str, ...]] = {}
    #: Ids of the courses that the user was ever enrolled in, newest last.
    courses: tuple[int, ...] = ()
    #: Ids of the cohorts that the user is a member of.
    cohorts: tuple[int, ...] = ()
    #: Keys into `site.sessions` of the sessions that may still be alive.
    sessions: tuple[bytes, ...] = ()

    def granted(self, level: str, id: int) -> tuple[str, ...]:
        """Role names granted in exactly that context."""
        return self.grants.get((level, id), ())

    def grant(self, level: str, id: int, role: str) -> bool:
        """Give a role; False when the user has it already."""
        have = self.granted(level, id)
        if role in have:
            return False
        self.grants = {**self.grants, (level, id): (*have, role)}
        return True

    def revoke(self, level: str, id: int, role: str) -> bool:
        """Take a role away; False when the user does not have it."""
        have = self.granted(level, id)
        if role not in have:
            return False
        left = tuple(r for r in have if r != role)
        grants = {k: v for k, v in self.grants.items() if k != (level, id)}
        self.grants = {**grants, (level, id): left} if left else grants
        return True

    @property
    def display_name(self) -> str:
        return self.name or self.username


class UserIndex(Persistent):
    """Finds users by what they sign in with, and by what is known of them.

    All trees but `names` map to the user's id. Fingerprints are keyed hashes, never clear text.
    """

    def __init__(self) -> None:
        self.usernames = WideOOBTree()  # casefolded -> id
        self.emails = WideOOBTree()  # casefolded -> id
        self.phones = WideOOBTree()  # fingerprint -> id
        self.id_numbers = WideOOBTree()  # fingerprint -> id
        self.names = OOTreeSet()  # (search key, id), see modou.services.name_search

    def named(self, prefix: str) -> Iterator[int]:
        """Ids of users one of whose search keys begins with `prefix`, in the keys' order."""
        seen = set()
        for key, user_id in self.names.keys((prefix, 0)):
            if not key.startswith(prefix):
                return
            if user_id not in seen:
                seen.add(user_id)
                yield user_id


class Session(Persistent):
    """A signed-in browser. Times in seconds UTC.

    `seen` is written at most every few minutes: see `modou.services.accounts`.
    """

    def __init__(self, user_id: int, now: int, ip: str, agent: str) -> None:
        self.user_id = user_id
        self.created = now
        self.seen = now
        self.ip = ip
        self.agent = agent[:300]
