"""Encryption of single fields (ID numbers, phones, plugin secrets) with keys outside the database.

A `Keyring` is read from a keys file of one key per line, white space and `#` comments ignored::

    k2:3q2+7w…=      the current key: everything new is encrypted with it
    k1:AAEC…=        older keys: still read, until everything was encrypted anew
    index:y7Jw…=     for fingerprints only; must never change

Each key is 32 random bytes in base64. To rotate, call `Keyring.rotate`, encrypt anew what
`Keyring.needs_rotation` names, then take the old line out. Lookups go on working meanwhile and
afterwards, because fingerprints come from the `index` line alone.

An encrypted field, called token, is AES-256-GCM (NIST SP 800-38D)::

    1 byte   version, 1
    1 byte   length n of the key id
    n bytes  key id, ASCII
    12 bytes nonce, random
    rest     ciphertext and the 16 bytes of the tag

The tag covers the head as well and a *context*, bytes that say where the field lives
(`b"person:42:phone"`): a token copied to another person or field does not open.
"""

import base64
import binascii
import hmac
import os
import re
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from modou.errors import ConfigurationError

KEY_BYTES: Final = 32
INDEX_ID: Final = "index"
_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_HEADER = """\
# Keys of the encrypted fields in the database. Without this file they are lost for ever: keep a
# copy in a safe place, never beside the backups. First line = current key. Never change "index".
"""


class VaultError(Exception):
    """A token cannot be opened. The message names the keys file and the key id, never a secret."""


class Keyring:
    """The keys of one site, ready for use. Build it once at start; safe to share by threads."""

    __slots__ = ("_ciphers", "_current", "_fingerprint_keys", "_index_secret", "_source")

    def __init__(self, keys: dict[str, bytes], index_secret: bytes, source: str) -> None:
        """Use `from_text` or `from_file`; `source` is what messages call the place of the keys."""
        self._source = source
        self._current = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_secret = index_secret
        self._fingerprint_keys: dict[str, bytes] = {}

    @classmethod
    def from_text(cls, text: str, source: str = "the keys text") -> "Keyring":
        """Read the lines of a keys file.

        :raises ConfigurationError: naming `source` and the line, never its content
        """
        keys: dict[str, bytes] = {}
        index_secret: bytes | None = None
        for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
            line = raw.partition("#")[0].strip()
            if not line:
                continue
            key_id, key = _parse_line(line, f"{source}, line {number}")
            if key_id in keys or (key_id == INDEX_ID and index_secret is not None):
                raise ConfigurationError(f"{source}, line {number}: key {key_id!r} stands twice")
            if key_id == INDEX_ID:
                index_secret = key
            else:
                keys[key_id] = key
        if not keys:
            raise ConfigurationError(
                f"{source}: no encryption key; a line such as 'k1:<base64 of {KEY_BYTES} bytes>' "
                "is needed"
            )
        if index_secret is None:
            raise ConfigurationError(
                f"{source}: the line '{INDEX_ID}:<base64 of {KEY_BYTES} bytes>' is missing; put "
                "back the one from your copy, since lookups work with no other"
            )
        return cls(keys, index_secret, source)

    @classmethod
    def from_file(cls, path: str | Path) -> "Keyring":
        """Read a keys file.

        :raises ConfigurationError: when it is missing, not readable, readable by everybody on the
            machine, or malformed
        """
        return cls.from_text(_read_private(Path(path)), str(path))

    @classmethod
    def create(cls, path: str | Path) -> "Keyring":
        """Write a new keys file (mode 0600) with a first key and an index line, and read it.

        :raises ConfigurationError: when there is a file already, or the place is not writable
        """
        path = Path(path)
        text = f"{_HEADER}k1:{_new_key()}\n{INDEX_ID}:{_new_key()}\n"
        try:
            _write_new(path, text)
        except FileExistsError:
            raise ConfigurationError(
                f"{path}: there is a keys file already; it is never overwritten"
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{path}: cannot write the keys file ({error.strerror})"
            ) from None
        return cls.from_text(text, str(path))

    @classmethod
    def rotate(cls, path: str | Path) -> "Keyring":
        """Put a new current key on top of a keys file, keep the others, and read it.

        The file is replaced in one step: a crash leaves the old one or the new one.

        :raises ConfigurationError: as `from_file`, or when the place is not writable
        """
        path = Path(path)
        text = _read_private(path)
        taken = set(cls.from_text(text, str(path)).key_ids)
        number = 1
        while f"k{number}" in taken:
            number += 1
        lines = text.splitlines(keepends=True)
        top = next(place for place, line in enumerate(lines) if line.partition("#")[0].strip())
        lines.insert(top, f"k{number}:{_new_key()}\n")
        text = "".join(lines)
        beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        try:
            _write_new(beside, text)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise ConfigurationError(
                f"{path}: cannot write the keys file ({error.strerror})"
            ) from None
        return cls.from_text(text, str(path))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all encryption keys, the current one first."""
        return tuple(self._ciphers)

    def encrypt(self, text: str, context: bytes) -> bytes:
        """Encrypt `text` with the current key into a token that opens only with `context`."""
        key_id = self._current.encode("ascii")
        head = bytes((_VERSION, len(key_id))) + key_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._ciphers[self._current]
        return head + nonce + cipher.encrypt(nonce, text.encode("utf-8"), head + context)

    def decrypt(self, token: bytes, context: bytes) -> str:
        """Open a token made by `encrypt` with the same context.

        :raises VaultError: for a malformed or altered token, another context or a missing key
        """
        key_id, head = self._head(token)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise VaultError(
                f"{self._source} holds no key {key_id!r}, with which this field was encrypted; "
                "put its line back"
            )
        body = token[len(head) :]
        try:
            clear = cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], head + context)
        except InvalidTag:
            raise VaultError(
                f"an encrypted field does not open with key {key_id!r} of {self._source}: the "
                "field was altered or moved, or the key is another one under the same id"
            ) from None
        return clear.decode("utf-8")

    def needs_rotation(self, token: bytes) -> bool:
        """Tell whether a token was made with an older key than the current one.

        :raises VaultError: for a malformed token
        """
        return self._head(token)[0] != self._current

    def fingerprint(self, text: str, purpose: str) -> bytes:
        """Compute 32 bytes by which equal texts are found without being stored.

        HMAC-SHA256 with a key that HKDF (RFC 5869) derives from the index line for each purpose,
        so that fingerprints of different purposes (`"identity_number"`, `"phone"`) tell nothing
        about each other. The caller brings `text` into one spelling first.
        """
        key = self._fingerprint_keys.get(purpose)
        if key is None:
            info = b"modou fingerprint " + purpose.encode("utf-8")
            key = HKDF(SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._index_secret)
            self._fingerprint_keys[purpose] = key
        return hmac.digest(key, text.encode("utf-8"), sha256)

    def _head(self, token: bytes) -> tuple[str, bytes]:
        """Give the key id and the head of a token."""
        length = 2 + token[1] if len(token) > 2 else 0
        head = token[:length]
        if (
            len(token) < length + _NONCE_BYTES + _TAG_BYTES
            or token[:1] != bytes((_VERSION,))
            or not _KEY_ID.fullmatch(head[2:].decode("latin-1"))
        ):
            raise VaultError("an encrypted field is malformed: it is not a token of this vault")
        return head[2:].decode("ascii"), head

    def __repr__(self) -> str:
        return f"<Keyring {self._source}: {', '.join(self._ciphers)}>"

    def __reduce__(self) -> NoReturn:
        # A keyring that hangs on a persistent object by mistake must not reach the database.
        raise TypeError("a keyring is never stored")


def make_when_absent(path: Path) -> bool:
    """Write a new keys file when there is none; True when this process made it.

    :raises ConfigurationError: it cannot be written
    """
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make the folder {path.parent} for the keys file: {error.strerror}"
        ) from None
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    Keyring.create(beside)
    try:
        # In one step, since several processes may start at the same moment: one file counts.
        os.link(beside, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot write the keys file ({error.strerror})") from None
    finally:
        beside.unlink()
    return True


def _parse_line(line: str, place: str) -> tuple[str, bytes]:
    key_id, colon, encoded = line.partition(":")
    key_id = key_id.strip()
    if not colon or not _KEY_ID.fullmatch(key_id):
        raise ConfigurationError(
            f"{place}: expected 'keyid:base64key', with letters, digits, '_', '.' and '-' in the "
            "key id, at most 32"
        )
    try:
        key = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise ConfigurationError(f"{place}: key {key_id!r} is not valid base64") from None
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"{place}: key {key_id!r} has {len(key)} bytes instead of {KEY_BYTES}"
        )
    return key_id, key


def _read_private(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such keys file") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read the keys file ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: the keys file is not a text file") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigurationError(
            f"{path}: everybody on this machine can read the keys; run: chmod 600 {path}"
        )
    return text


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet, for its owner only, and have it on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
