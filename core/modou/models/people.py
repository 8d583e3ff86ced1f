"""People: accounts, the indexes that find them, sessions, invitations."""

import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

from BTrees.Length import Length
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOTreeSet
from persistent import Persistent

from modou.store.containers import Item, WideOOBTree, new_id

GrantKey = tuple[str, int]


class ConsentGiven(NamedTuple):
    """What somebody answered to a consent: its version, when (seconds UTC), whether they agreed."""

    version: str
    time: int
    given: bool


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
    #: Ids of the cohorts whose class teacher the user is.
    leads: tuple[int, ...] = ()
    #: Keys into `site.sessions` of the sessions that may still be alive.
    sessions: tuple[bytes, ...] = ()
    #: SHA-256 of the API tokens that the user has, oldest first.
    api_tokens: tuple[bytes, ...] = ()
    #: Consent -> the last answer to it.
    consents: dict[str, ConsentGiven] = {}
    #: How the account came about: "admin", "roster", "self", …
    source: str = ""
    #: Fingerprint of the one-time code that opens an account without password, and until when
    #: (seconds UTC).
    activation: tuple[bytes, int] | None = None
    #: What a mailed link may do: purpose ("reset", "email") -> (SHA-256 of the token, until when,
    #: what it is about); each works once.
    tokens: dict[str, tuple[bytes, int, str]] = {}

    # -- as a context: pages about this person

    @property
    def above(self) -> Any:
        """The site: an account belongs to no course."""
        return self.__parent__.__parent__

    def roles_of(self, user: "User | None", now: int) -> tuple[str, ...]:
        return ()

    # -- roles

    def granted(self, level: str, id: int) -> tuple[str, ...]:
        """Role names granted in exactly that context."""
        return self.grants.get((level, id), ())

    def grant(self, level: str, id: int, role: str) -> bool:
        """Give a role; False when the user has it already."""
        have = self.granted(level, id)
        if role in have:
            return False
        self.grants = {**self.grants, (level, id): (*have, role)}
        holders = self._holders()
        if holders is not None:
            holders.insert((role, level, id, self.id))
        return True

    def revoke(self, level: str, id: int, role: str) -> bool:
        """Take a role away; False when the user does not have it."""
        have = self.granted(level, id)
        if role not in have:
            return False
        left = tuple(r for r in have if r != role)
        grants = {k: v for k, v in self.grants.items() if k != (level, id)}
        self.grants = {**grants, (level, id): left} if left else grants
        holders = self._holders()
        if holders is not None and (role, level, id, self.id) in holders:
            holders.remove((role, level, id, self.id))
        return True

    def _holders(self) -> OOTreeSet | None:
        folder = self.__parent__
        return folder.__parent__.user_index.holders if folder is not None else None

    @property
    def display_name(self) -> str:
        return self.name or self.username


class UserIndex(Persistent):
    """Finds users by what they sign in with, and by what is known of them.

    The first trees map to the user's id. Fingerprints are keyed hashes, never clear text.
    """

    def __init__(self) -> None:
        self.usernames = WideOOBTree()  # casefolded -> id
        self.emails = WideOOBTree()  # casefolded -> id
        self.phones = WideOOBTree()  # fingerprint -> id
        self.id_numbers = WideOOBTree()  # fingerprint -> id
        self.invitations = WideOOBTree()  # fingerprint of the code -> id of the Invitation
        self.names = OOTreeSet()  # (search key, id), see modou.services.name_search
        self.holders = OOTreeSet()  # (role, level, context's id, user's id) for every grant

    def holders_of(self, role: str, level: str = "", id: int = 0) -> Iterator[tuple[str, int, int]]:
        """Who was granted `role`: (level, context's id, user's id); with `level` only there."""
        start = (role, level, id, 0) if level else (role,)
        for name, at_level, at_id, user_id in self.holders.keys(start):
            if name != role or (level and (at_level, at_id) != (level, id)):
                return
            yield at_level, at_id, user_id

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

    #: Whether the user must answer first what the site asks them to agree to.
    asks_consent: bool = False

    def __init__(self, user_id: int, now: int, ip: str, agent: str) -> None:
        self.user_id = user_id
        self.created = now
        self.seen = now
        self.ip = ip
        self.agent = agent[:300]


class LoginFailures(Persistent):
    """Failed sign-ins of one account, or of one name that is no account. Seconds UTC.

    One object for each, so that failures of different people never meet."""

    def __init__(self) -> None:
        self.count = 0
        self.last = 0
        self.paused_until = 0


class Invitation(Item):
    """A link by which people may register, `places` times (0: without limit).

    `uses`: place -> user id. Who registers takes a free place at random: exact, since the same
    place twice is a conflict, and hardly any two meet.
    """

    note: str = ""
    #: Seconds UTC after which it no longer works, 0: never.
    expires: int = 0
    revoked: int = 0
    #: What the new account gets: membership of a cohort, enrolment in courses (ids).
    cohort: int = 0
    courses: tuple[int, ...] = ()
    created: int = 0
    #: Id of the user who made it.
    author: int = 0
    code_cipher: bytes = b""
    code_fingerprint: bytes = b""

    def __init__(self, places: int) -> None:
        self.places = places
        self.uses = LOBTree()
        self.used = Length()

    def open_at(self, now: int) -> bool:
        """Whether it can be used now."""
        in_time = not self.revoked and (self.expires == 0 or now < self.expires)
        return in_time and (self.places == 0 or self.used() < self.places)

    def take_place(self, user_id: int) -> None:
        """Use it up by one.

        :raises ValueError: no place is left
        """
        if self.places == 0:
            place = new_id()
        else:
            free = [place for place in range(self.places) if place not in self.uses]
            if not free:
                raise ValueError("no place is left")
            place = secrets.choice(free)
        self.uses[place] = user_id
        self.used.change(1)
