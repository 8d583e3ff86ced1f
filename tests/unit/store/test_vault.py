"""Field encryption: what goes in comes out, nothing else opens it, rotation keeps lookups."""

import base64
import hashlib
import hmac
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from modou.errors import ConfigurationError
from modou.store.vault import Keyring, VaultError, make_when_absent


def key(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * 32).decode()


TEXT = f"# comment\n k2 : {key(2)}  # newest\n\nk1:{key(1)}\nindex:{key(9)}\n"
KEYRING = Keyring.from_text(TEXT)


class TestTokens:
    @given(st.text(), st.binary(max_size=40))
    def test_it_opens_what_it_encrypted(self, text, context):
        token = KEYRING.encrypt(text, context)
        assert KEYRING.decrypt(token, context) == text

    def test_the_same_text_gives_another_token_each_time(self):
        tokens = {KEYRING.encrypt("11010519491231002X", b"person:1") for _ in range(50)}
        assert len(tokens) == 50
        assert not any(b"1101051949" in token for token in tokens)

    def test_the_layout_is_as_documented(self):
        token = KEYRING.encrypt("𠮷", b"person:1")
        assert token[:4] == b"\x01\x02k2"
        clear = AESGCM(b"\x02" * 32).decrypt(token[4:16], token[16:], token[:4] + b"person:1")
        assert clear.decode() == "𠮷"

    def test_another_context_does_not_open_it(self):
        token = KEYRING.encrypt("13812341234", b"person:1:phone")
        with pytest.raises(VaultError, match="'k2' of the keys text: the field was altered"):
            KEYRING.decrypt(token, b"person:2:phone")

    def test_no_altered_token_opens(self):
        token = KEYRING.encrypt("13812341234", b"c")
        for place in range(len(token)):
            for bit in (1, 128):
                altered = bytearray(token)
                altered[place] ^= bit
                with pytest.raises(VaultError):
                    KEYRING.decrypt(bytes(altered), b"c")

    @given(st.binary(max_size=80))
    def test_rubbish_is_refused_with_a_sentence(self, token):
        with pytest.raises(VaultError, match="encrypted"):
            KEYRING.decrypt(token, b"c")

    def test_a_missing_key_is_named(self):
        token = KEYRING.encrypt("x", b"c")
        other = Keyring.from_text(f"k1:{key(1)}\nindex:{key(9)}", "site/keys.txt")
        with pytest.raises(VaultError, match=r"site/keys\.txt holds no key 'k2'"):
            other.decrypt(token, b"c")


class TestFingerprints:
    def test_it_is_stable_over_versions(self):
        # HKDF-SHA256 (RFC 5869) without salt, one block, then HMAC-SHA256: by hand.
        extracted = hmac.digest(b"\0" * 32, b"\x09" * 32, hashlib.sha256)
        purpose_key = hmac.digest(extracted, b"modou fingerprint phone\x01", hashlib.sha256)
        expected = hmac.digest(purpose_key, b"13812341234", hashlib.sha256)
        assert KEYRING.fingerprint("13812341234", "phone") == expected

    def test_purposes_are_separate(self):
        assert KEYRING.fingerprint("1", "phone") != KEYRING.fingerprint("1", "identity_number")
        assert KEYRING.fingerprint("1", "phone") != KEYRING.fingerprint("2", "phone")

    def test_they_survive_a_rotation(self):
        rotated = Keyring.from_text(f"k7:{key(7)}\nindex:{key(9)}")
        assert rotated.fingerprint("1", "phone") == KEYRING.fingerprint("1", "phone")


class TestKeysFile:
    def test_create_writes_a_private_file_that_reads_back(self, tmp_path):
        path = tmp_path / "keys.txt"
        created = Keyring.create(path)
        assert path.stat().st_mode & 0o777 == 0o600
        read = Keyring.from_file(path)
        assert read.decrypt(created.encrypt("x", b"c"), b"c") == "x"
        assert read.fingerprint("x", "p") == created.fingerprint("x", "p")

    def test_create_never_overwrites(self, tmp_path):
        path = tmp_path / "keys.txt"
        Keyring.create(path)
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match="never overwritten"):
            Keyring.create(path)
        assert path.read_bytes() == before

    def test_rotation_keeps_old_tokens_readable_and_names_them(self, tmp_path):
        path = tmp_path / "keys.txt"
        old = Keyring.create(path)
        token, fingerprint = old.encrypt("x", b"c"), old.fingerprint("x", "p")
        new = Keyring.rotate(path)
        assert new.key_ids == ("k2", "k1")
        assert not old.needs_rotation(token)
        assert new.needs_rotation(token)
        assert new.decrypt(token, b"c") == "x"
        assert new.fingerprint("x", "p") == fingerprint
        assert not new.needs_rotation(new.encrypt("x", b"c"))
        assert Keyring.from_file(path).key_ids == ("k2", "k1")
        assert path.stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in tmp_path.iterdir()] == ["keys.txt"]
        assert path.read_text().startswith("# Keys of the encrypted fields")

    def test_a_file_open_to_all_is_refused(self, tmp_path):
        path = tmp_path / "keys.txt"
        Keyring.create(path)
        path.chmod(0o644)
        with pytest.raises(ConfigurationError, match="chmod 600"):
            Keyring.from_file(path)

    def test_a_missing_file_is_named(self, tmp_path):
        path = tmp_path / "no.txt"
        with pytest.raises(ConfigurationError, match=r"no\.txt: there is no such keys file"):
            Keyring.from_file(path)
        with pytest.raises(ConfigurationError, match="cannot write the keys file"):
            Keyring.create(tmp_path / "nowhere" / "keys.txt")

    def test_a_binary_file_is_refused(self, tmp_path):
        path = tmp_path / "keys.txt"
        path.write_bytes(os.urandom(16) + b"\xff\xfe")
        path.chmod(0o600)
        with pytest.raises(ConfigurationError, match="not a text file"):
            Keyring.from_file(path)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "no encryption key"),
            (f"index:{key(9)}", "no encryption key"),
            (f"k1:{key(1)}", "'index:"),
            (f"k1:{key(1)}\nk1:{key(2)}\nindex:{key(9)}", "line 2: key 'k1' stands twice"),
            (f"k1:{key(1)}\nindex:{key(8)}\nindex:{key(9)}", "line 3: key 'index' stands twice"),
            ("k1:SECRET!!\n", "line 1: key 'k1' is not valid base64"),
            ("\n\nk1:U0VDUkVU\n", "line 3: key 'k1' has 6 bytes instead of 32"),
            ("SECRET\n", "line 1: expected 'keyid:base64key'"),
            (f"k ö:{key(1)}\n", "line 1: expected 'keyid:base64key'"),
        ],
    )
    def test_a_wrong_line_is_named_but_not_shown(self, text, sentence):
        with pytest.raises(ConfigurationError, match=sentence) as raised:
            Keyring.from_text(text, "keys.txt")
        assert str(raised.value).startswith("keys.txt")
        assert "SECRET" not in str(raised.value)
        assert "U0VDUkVU" not in str(raised.value)

    def test_it_shows_ids_and_no_secret(self):
        assert repr(KEYRING) == "<Keyring the keys text: k2, k1>"
        with pytest.raises(TypeError, match="never stored"):
            pickle.dumps(KEYRING)


class TestMakingWhenAbsent:
    def test_of_many_at_once_one_file_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "var" / "keys"
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _n: make_when_absent(path), range(8)))
        assert sum(made) == 1
        assert [p.name for p in path.parent.iterdir()] == ["keys"]
        before = path.read_text()
        assert not make_when_absent(path)
        assert path.read_text() == before
        Keyring.from_file(path)

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "var").write_text("a file")
        with pytest.raises(ConfigurationError, match=str(tmp_path / "var")):
            make_when_absent(tmp_path / "var" / "keys")
