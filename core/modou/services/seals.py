"""Tokens that carry a few whole numbers and a seal: nothing is stored for them, and nobody makes
them without the site's keys.

::

    SEAL = Seal("study player", ">QQI")
    token = SEAL.make(keys, (user, session, number))
    user, session, number = SEAL.read(keys, token)
"""

import base64
import binascii
import hmac
import struct
from collections.abc import Sequence

from modou.store.vault import Keyring

_LENGTH = 16


class Seal:
    """One kind of token.

    :param purpose: of its seal; unique in the site, so that no token passes for one of another kind
    :param layout: of the numbers, as `struct` has it
    """

    def __init__(self, purpose: str, layout: str) -> None:
        self.purpose = purpose
        self._body = struct.Struct(layout)

    def make(self, keys: Keyring, numbers: Sequence[int]) -> str:
        """The token."""
        body = self._body.pack(*numbers)
        return base64.urlsafe_b64encode(body + self._seal(keys, body)).decode().rstrip("=")

    def read(self, keys: Keyring, token: str) -> tuple[int, ...]:
        """The numbers in it.

        :raises ValueError: it is no token of this kind and site
        """
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None
        size = self._body.size
        body, seal = raw[:size], raw[size:]
        if len(body) != size or not hmac.compare_digest(seal, self._seal(keys, body)):
            raise ValueError("the seal is broken")
        return self._body.unpack(body)

    def _seal(self, keys: Keyring, body: bytes) -> bytes:
        return keys.fingerprint(body.hex(), self.purpose)[:_LENGTH]
