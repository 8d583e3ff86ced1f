"""Passwords: how they are stored, checked and judged.

`PasswordHashing` turns a password into an argon2id hash (RFC 9106) and checks one against it;
`PasswordPolicy` says everything that speaks against a new password at once, so that nobody has to
try again and again.
"""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from modou.errors import Invalid, Message
from modou.i18n import _
from modou.services.name_search import search_keys

#: Longer passwords are refused unread: hashing megabytes is a way to keep a server busy.
MAXIMUM_LENGTH: Final = 256


def _prepare(password: str) -> str:
    # The same accented letters or full-width space may arrive in two spellings, depending on the
    # system (RFC 8265, profile OpaqueString).
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in password)
    return unicodedata.normalize("NFC", spaced)


class PasswordHashing:
    """Hash and verify passwords with argon2id.

    The defaults are the OWASP minimum of 19 MiB and two passes on one lane: some 30 ms, and little
    enough memory for eight logins at the same time. Hashes keep their own parameters, so that
    changing them locks nobody out; `needs_rehash` says which to renew at the next login.

    :param time_cost: number of passes
    :param memory_kib: memory for one hash, in KiB
    :param parallelism: number of lanes
    """

    def __init__(
        self, *, time_cost: int = 2, memory_kib: int = 19_456, parallelism: int = 1
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism
        )
        self._nobody = self._hasher.hash("")

    def hash(self, password: str) -> str:
        """Give the hash to store, in the usual `$argon2id$…` form."""
        return self._hasher.hash(_prepare(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether `password` belongs to the hash.

        With `stored` None (no such account, or one without a password) the answer is False after
        the same work, so that its duration does not tell which accounts exist.

        :raises argon2.exceptions.InvalidHashError: when `stored` is no argon2 hash
        """
        if len(password) > MAXIMUM_LENGTH:
            password, stored = "", None
        try:
            self._hasher.verify(stored or self._nobody, _prepare(password))
        except VerifyMismatchError:
            return False
        return stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether the hash was made with other parameters than the ones in force."""
        return self._hasher.check_needs_rehash(stored)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a new password must be like.

    Either at least `minimum_length` characters of at least `minimum_classes` of the four classes
    (small letters, capitals, digits, everything else), or a phrase of at least `phrase_length`
    characters. Neither may be one of the first that an attacker tries or hold the person's own
    data.
    """

    minimum_length: int = 8
    minimum_classes: int = 3
    phrase_length: int = 16

    def problems(
        self,
        password: str,
        *,
        username: str = "",
        phone: str = "",
        email: str = "",
        name: str = "",
    ) -> list[Message]:
        """Give every reason against `password`, an empty list if there is none."""
        found: list[Message] = []
        if len(password) > MAXIMUM_LENGTH:
            return [
                _(
                    "The password must have at most ${limit} characters.",
                    mapping={"limit": MAXIMUM_LENGTH},
                )
            ]
        if len(password) < self.minimum_length:
            found.append(
                _(
                    "The password must have at least ${limit} characters.",
                    mapping={"limit": self.minimum_length},
                )
            )
        if len(password) < self.phrase_length and _classes(password) < self.minimum_classes:
            found.append(
                _(
                    "Use at least ${classes} of these: small letters, capital letters, digits, "
                    "other characters; or a phrase of at least ${length} characters.",
                    mapping={"classes": self.minimum_classes, "length": self.phrase_length},
                )
            )
        if _is_common(password):
            found.append(_("This password is among the first that attackers try."))
        elif _is_monotonous(password):
            found.append(_("The password repeats a few characters or follows their order."))
        for label, values in (
            (_("The password must not contain the username."), (username,)),
            (_("The password must not contain the phone number."), (phone, phone[-8:])),
            (_("The password must not contain the e-mail address."), (email.partition("@")[0],)),
            (_("The password must not contain your name, nor its pinyin."), search_keys(name)),
        ):
            if any(_contains(password, value) for value in values):
                found.append(label)
        return found

    def check(
        self,
        password: str,
        *,
        username: str = "",
        phone: str = "",
        email: str = "",
        name: str = "",
        field: str = "password",
    ) -> None:
        """Accept `password` or raise `Invalid` with every reason under `field`."""
        problems = self.problems(password, username=username, phone=phone, email=email, name=name)
        if problems:
            raise Invalid(problems[0], errors={field: problems})


def _classes(password: str) -> int:
    return len({(c.islower(), c.isupper(), c.isdigit()) for c in password})


def _contains(password: str, value: str) -> bool:
    # Two letters or digits are in many passwords by chance, two Han characters are not.
    shortest = 2 if value and not value.isascii() else 4
    return len(value) >= shortest and value.casefold() in password.casefold()


def _is_monotonous(password: str) -> bool:
    if len(password) < 4:
        return False
    steps = {ord(b) - ord(a) for a, b in pairwise(password)}
    return len(steps) == 1 or len(set(password)) < min(6, len(password) / 2)


def _is_common(password: str) -> bool:
    folded = unicodedata.normalize("NFKC", password).casefold()
    signs = "".join(c for c in folded if not c.isalnum())
    bare = folded.strip(signs)
    if {folded, bare, bare.translate(_LOOKALIKE), folded.translate(_UNSHIFTED)} & _COMMON:
        return True
    # A common word with signs, a year or a birthday behind it: Admin@2026, Zhang@19900101.
    for text in (folded, folded.translate(_LOOKALIKE_SIGNS)):
        word = text.rstrip("0123456789" + signs)
        if word in _COMMON_WORDS and len(text) - len(word) <= 9:
            return True
    return False


_LOOKALIKE = str.maketrans("@4031$5!7", "aaoeissit")
# Digits stay: here they may be the part behind the word.
_LOOKALIKE_SIGNS = str.maketrans("@$", "as")
# The digits with the shift key held: !QAZ2wsx.
_UNSHIFTED = str.maketrans("!@#$%^&*()", "1234567890")

_COMMON_TEXT = """
000000 00000000 0123456789 1111111 11111111 111222 111222tianya 112233 11223344 1122334455
121212 123 123000 123123 123123123 1231234 12312345 123321 1234 12341234 1234321 12344321 12345
123456 1234567 12345678 123456789 1234567890 12345678910 123456789a 12345678a 1234567a 123456a
123456aa 123456abc 123456asd 123456qq 123456qwe 123456zxc 12345qwert 1234abcd 1234qwer 123654
123654789 1236987 123698745 123789 123abc 123qwe 123qweasd 123qweasdzxc 131313 1314520 13145200
1314521 1314woaini 142536 147258 147258369 147852 147852369 159357 159753 1q2w3e 1q2w3e4r
1q2w3e4r5t 1qaz!qaz 1qaz2wsx 1qaz@wsx 1qazxsw2 2000 20080808 201314 211314 222222 22222222
31415926 314159265 321321 333333 33333333 444444 5201314 52013140 520131400 520520 5211314
521521 555555 55555555 654321 666666 66666666 6666666666 696969 741852963 753951 7758258 7758521
77585210 777777 7777777 77777777 789456 789456123 789789 87654321 8888 888888 88888888
8888888888 963852741 987654321 9876543210 999999 99999999 999999999 a000000 a111111 a1111111
a11111111 a112233 a121212 a123123 a123123123 a123321 a12345 a123456 a1234567 a12345678
a123456789 a1234567890 a123456a a123456b a12345a a1b2c3 a1b2c3d4 a5201314 a520520 a666666
a7758521 a88888888 aa111111 aa112233 aa123 aa123123 aa1234 aa12345 aa123456 aa12345678
aa123456789 aa5201314 aaa111 aaa123 aaa123123 aaa123456 aaaaaa aaaaaaaa ab123456 ab12345678
abc123 abc1234 abc12345 abc123456 abc12345678 abc123456789 abc123abc abcabc abcd123 abcd1234
abcd12345 abcd123456 abcd1234567 abcde12345 abcdef abcdefg abcdefgh access account admin admin1
admin12 admin123 admin1234 admin123456 admin666 admin888 adminadmin administrator administrators
agent aini1314 aini1314520 aini520 as123456 asd123 asd123456 asdasd asdasdasd asdf asdf1234
asdf123456 asdfasdf asdfgh asdfghjkl asdfjkl babygirl baobao baobei baseball batman buzhidao
caonima changeme charlie china china123 chinaren code computer csdn csdncsdn dearbook default
dragon dragonball football freedom fuckyou google guest haha haha123 hahaha hao123 hello
hello123 hello1234 helloworld iloveyou iloveyou1 internet jordan killer kobe24 letmein login
longlong love1314 love520 lovelove loveyou manager master michael mima1234 mima123456 mimamima
monkey ms0083jxj mustang mypassword nihao nihao123 nihao123456 nihaoma ninja oracle p455w0rd
pass pass123 pass1234 passpass passw0rd password password1 password12 password123 password1234
princess public q123456 q1234567 q12345678 q123456789 q1w2e3 q1w2e3r4 q1w2e3r4t5 qaz123
qaz123456 qazqaz qazwsx qazwsx123 qazwsxedc qazxsw qq123 qq123123 qq1234 qq12345 qq123456
qq1234567 qq123456789 qq5201314 qqq111 qqqqqq qqqqqqqq qwaszx qwe123 qwe123123 qwe123456 qweasd
qweasd123 qweasdzxc qweqwe qweqwe123 qwer123 qwer1234 qwer12345 qwer123456 qwerasdf qwert
qwert123 qwert12345 qwerty qwerty1 qwerty12 qwerty123 qwerty123456 qwertyu qwertyui qwertyuiop
root root123 root1234 s123456 sa123456 secret shadow shuaige student student123 sunshine
superman system taobao taobao123 teacher teacher123 test test1 test123 test1234 test12345
test123456 testtest tianjin tianjin123 trustno1 user user123 user1234 w123456 w123456789 wang123
wang1234 wang123456 wangyut2 welcome welcome1 welcome123 whatever wo123456 woaini woaini1
woaini12 woaini123 woaini1234 woaini1314 woaini13145 woaini1314520 woaini520 woaini5201314
woaini521 woainilaopo woaiwojia woaiziji woaiziji1 wocaonima wodemima woshishei woshishui wowoni
x123456 xiaoming xiaoxiao xiazhili xuexi123 xyz123 y123456 z123456 z123456789 zhang123
zhang123456 zhimakaimen zxc123 zxc123456 zxcv1234 zxcvbn zxcvbnm zxcvbnm123 zxczxc zz123456
zzzzzz 密码 我爱你 芝麻开门
"""
_COMMON: Final = frozenset(_COMMON_TEXT.split())
_COMMON_WORDS_TEXT = """
a aa aaa ab abc abcd admin administrator aini asd asdf asdfgh changeme chen china default guest
hao hello iloveyou jiaoyu laoshi letmein li lin lisi liu login love ma master mima modou moodle
mypassword nihao p pass passw0rd passwd password peixun q qaz qazwsx qq qwe qwer qwert qwerty
root sa secret student super sys system taobao teacher test tianjin user wang wangwu weixin
welcome wo woai woaini wodemima woshi xuexi xueyuan zhang zhangsan zhao zhongguo zx zxc zxcv
zxcvbn zxcvbnm
"""
_COMMON_WORDS: Final = frozenset(_COMMON_WORDS_TEXT.split())
