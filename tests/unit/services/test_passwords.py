"""Passwords: argon2id hashes and the judgement over new ones."""

import time

import pytest
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import Type
from hypothesis import given, settings
from hypothesis import strategies as st

from modou.errors import Invalid
from modou.services.passwords import MAXIMUM_LENGTH, PasswordHashing, PasswordPolicy

CHEAP = PasswordHashing(time_cost=1, memory_kib=8, parallelism=1)
POLICY = PasswordPolicy()


def texts(problems):
    return [problem.interpolate() for problem in problems]


class TestHashing:
    @settings(max_examples=25)
    @given(st.text(max_size=MAXIMUM_LENGTH))
    def test_it_verifies_what_it_hashed(self, password):
        assert CHEAP.verify(CHEAP.hash(password), password)

    def test_it_refuses_another_password(self):
        stored = CHEAP.hash("Mo-Dou 墨斗 2026")
        assert not CHEAP.verify(stored, "Mo-Dou 墨斗 2027")
        assert not CHEAP.verify(stored, "")

    def test_the_default_is_argon2id_with_at_least_the_owasp_minimum(self):
        stored = PasswordHashing().hash("x")
        parameters = extract_parameters(stored)
        assert parameters.type is Type.ID
        assert parameters.memory_cost >= 19 * 1024
        assert parameters.time_cost >= 2
        assert "x" not in stored.rsplit("$", 2)[0].replace("argon2id", "")

    def test_the_same_password_gives_another_hash_each_time(self):
        assert CHEAP.hash("x") != CHEAP.hash("x")

    def test_two_spellings_of_one_letter_are_one_password(self):
        assert CHEAP.verify(CHEAP.hash("caf\u00e9\u3000au lait"), "cafe\u0301 au lait")

    def test_nobody_has_no_password(self):
        assert CHEAP.verify(None, "") is False
        assert CHEAP.verify(None, "anything") is False

    def test_nobody_takes_as_long_as_somebody(self):
        hashing = PasswordHashing(time_cost=1, memory_kib=4096, parallelism=1)
        stored = hashing.hash("right")

        def seconds(stored_hash):
            begin = time.perf_counter()
            hashing.verify(stored_hash, "wrong")
            return time.perf_counter() - begin

        pairs = [(seconds(None), seconds(stored)) for _ in range(15)]
        nobody, somebody = (min(side) for side in zip(*pairs, strict=True))
        assert 0.5 < nobody / somebody < 2

    def test_an_endless_password_is_never_right(self):
        stored = CHEAP.hash("")
        assert not CHEAP.verify(stored, "x" * (MAXIMUM_LENGTH + 1))

    def test_it_names_hashes_to_renew(self):
        stored = CHEAP.hash("x")
        assert not CHEAP.needs_rehash(stored)
        stronger = PasswordHashing(time_cost=2, memory_kib=16, parallelism=1)
        assert stronger.needs_rehash(stored)
        assert stronger.verify(stored, "x")

    def test_a_broken_hash_is_a_defect_not_a_wrong_password(self):
        with pytest.raises(InvalidHashError):
            CHEAP.verify("plain text", "plain text")


class TestPolicy:
    @pytest.mark.parametrize(
        "password",
        [
            "Kx7-pmqt",
            "kf93!mwz",
            "Zb4Tq9wRe",
            "早上好Kx7qmt",
            "correct horse battery",
            "one two three four",
            "墨斗弹线不差毫厘从小学到老年都记得",
        ],
    )
    def test_it_accepts(self, password):
        assert POLICY.problems(password) == []
        POLICY.check(password)

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("Kx7-pmq", "at least 8"),
            ("kxpmqtzz", "at least 3 of these"),
            ("kx7pmqtz", "at least 3 of these"),
            ("x" * 300, "at most 256"),
            ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
            ("abababababababababab", "repeats"),
            ("ABCDEFGHIJKLMNOPQRST", "repeats"),
        ],
    )
    def test_it_says_why_not(self, password, reason):
        assert any(reason in text for text in texts(POLICY.problems(password)))

    @pytest.mark.parametrize(
        "password",
        [
            "woaini1314",
            "Woaini1314!",
            "88888888",
            "a123456",
            "A123456a",
            "Aa123456.",
            "P@ssw0rd",
            "Passw0rd!",
            "Password123",
            "Admin@2026",
            "admin888",
            "Qq123456!",
            "1qaz@WSX",
            "!QAZ2wsx",
            "Qwer1234",
            "5201314",
            "Ｗoaini1314",
            "Zhangsan123!",
            "Mima123456",
            "Abc@123456",
        ],
    )
    def test_it_knows_what_attackers_try_first(self, password):
        assert any("attackers" in text for text in texts(POLICY.problems(password)))

    def test_it_gives_all_reasons_at_once(self):
        reasons = texts(POLICY.problems("a12345", username="a12345", phone="13812341234"))
        assert len(reasons) == 4
        with pytest.raises(Invalid) as raised:
            POLICY.check("a12345", username="a12345", field="new_password")
        assert len(raised.value.errors["new_password"]) == 4

    @pytest.mark.parametrize(
        ("password", "own", "word"),
        [
            ("x-LiLei9!", {"username": "lilei"}, "username"),
            ("Tel13812341234!", {"phone": "13812341234"}, "phone"),
            ("Tel12341234!", {"phone": "13812341234"}, "phone"),
            ("Lei.Li-99x", {"email": "lei.li@example.com"}, "e-mail"),
            ("张伟Kx7-pmqt", {"name": "张伟"}, "name"),
            ("吐尔逊Kx7-pmqt", {"name": "买买提·吐尔逊"}, "name"),
            ("ZhangWei-84x", {"name": "张伟"}, "name"),
            ("84x-Shanxiongxin", {"name": "单雄信"}, "name"),
        ],
    )
    def test_it_refuses_own_data(self, password, own, word):
        assert any(word in text for text in texts(POLICY.problems(password, **own)))
        assert POLICY.problems("Kx7-pmqt", **own) == []

    def test_short_own_data_does_not_forbid_letters(self):
        assert POLICY.problems("Kx7-pmqt", username="kx", name="K") == []
        assert POLICY.problems("Kxw-7pmqt", name="孔小文") == []

    def test_limits_are_configurable(self):
        strict = PasswordPolicy(minimum_length=12, minimum_classes=4, phrase_length=30)
        reasons = texts(strict.problems("Kx7pmqtzw"))
        assert any("at least 12" in text for text in reasons)
        assert any("at least 4 of these" in text and "30" in text for text in reasons)
