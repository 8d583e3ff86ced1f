"""What a player shows with each beat: whose, which session, which player of it, and a seal.

A token needs nothing stored and cannot be made without the site's keys. It is worth something only
while its session lives and no newer player has been opened.
"""

import base64
import binascii
import hmac
import struct
from typing import NamedTuple

from modou.errors import Message, ModouError
from modou.i18n import _
from modou.store.vault import Keyring

_BODY = struct.Struct(">QQI")
_SEAL = 16


class Player(NamedTuple):
    """Ids of learner and session, and the number of the player in the session."""

    user: int
    session: int
    number: int


class UnknownPlayer(ModouError):
    """No token of a player, or one that was tampered with."""

    status = 401
    code = "player"
    title = _("This player is not known")

    def __init__(self) -> None:
        super().__init__(_("Open the lesson again."))


class Ended(ModouError):
    """The player's time is over. `reason`: how the session ended, a stable code."""

    status = 410
    code = "ended"
    title = _("The study session has ended")

    def __init__(self, reason: str, message: Message) -> None:
        super().__init__(message)
        self.reason = reason
        self.members = {"reason": reason}


class OutOfSequence(ModouError):
    """A beat with a number that is not the next one."""

    status = 409
    code = "sequence"
    title = _("A message of the player is missing")

    def __init__(self, expected: int) -> None:
        super().__init__(
            _("Expected number ${number}.", mapping={"number": expected}),
        )
        self.expected = expected
        self.members = {"expected": expected}


def make(keys: Keyring, player: Player) -> str:
    """The token of a player."""
    body = _BODY.pack(*player)
    return base64.urlsafe_b64encode(body + _seal(keys, body)).decode().rstrip("=")


def read(keys: Keyring, token: str) -> Player:
    """:raises UnknownPlayer: when it is no token of this site"""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise UnknownPlayer from None
    body, seal = raw[: _BODY.size], raw[_BODY.size :]
    if len(body) != _BODY.size or not hmac.compare_digest(seal, _seal(keys, body)):
        raise UnknownPlayer
    return Player(*_BODY.unpack(body))


def _seal(keys: Keyring, body: bytes) -> bytes:
    return keys.fingerprint(body.hex(), "study player")[:_SEAL]
