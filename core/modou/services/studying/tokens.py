"""What a player shows with each beat: whose, which session, which player of it, and a seal.

A token needs nothing stored and cannot be made without the site's keys. It is worth something only
while its session lives and no newer player has been opened.
"""

from typing import NamedTuple

from modou.errors import Message, ModouError
from modou.i18n import _
from modou.services.seals import Seal
from modou.store.vault import Keyring

_SEAL = Seal("study player", ">QQI")


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
    return _SEAL.make(keys, player)


def read(keys: Keyring, token: str) -> Player:
    """:raises UnknownPlayer: when it is no token of this site"""
    try:
        return Player(*_SEAL.read(keys, token))
    except ValueError:
        raise UnknownPlayer from None
