"""Numbers and names that identify people and institutions in mainland China.

Pure rules, no storage: check and take apart an identity number (GB 11643), a unified social
credit code (GB 32100) with the organisation code inside it (GB 11714) and a mobile number; bring
a person's name into one spelling; and mask each of them for screens and exports. Callers store
only what the parsing functions return, so that equal people compare equal.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from modou.errors import Invalid
from modou.i18n import _

#: Youngest age, in completed years, at which somebody may register.
MINIMUM_AGE: Final = 16
#: Nobody alive was born earlier; such a date is a typing error.
EARLIEST_BIRTH_YEAR: Final = 1900
#: Longest name in characters; identity cards of minorities stay well below.
MAXIMUM_NAME_LENGTH: Final = 60

_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS = "10X98765432"
_IDENTITY_FORM = re.compile(r"[0-9]{17}[0-9X]")
# First two digits of GB/T 2260: the provinces, 71 Taiwan, 81 Hong Kong, 82 Macao, 83 the residence
# permit for Taiwan residents.
_PROVINCES = frozenset(
    str(code)
    for tens in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55))
    for code in tens
) | {"61", "62", "63", "64", "65", "71", "81", "82", "83"}

_CREDIT_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_CREDIT_FORM = re.compile(rf"[{_CREDIT_SYMBOLS}]{{18}}")
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_FORM = re.compile(r"[0-9A-Z]{8}[0-9X]")

_MOBILE_FORM = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")

# What people type, or what copying from web pages and Word adds, between groups of characters.
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212\u200b\u200e\u200f\u2060\ufeff]+")


class Sex(StrEnum):
    """Sex as recorded in the identity number."""

    FEMALE = "female"
    MALE = "male"


class DocumentKind(StrEnum):
    """Which document carries an 18-character number of the GB 11643 form."""

    #: 居民身份证
    RESIDENT_CARD = "resident_card"
    #: 港澳台居民居住证 (region codes 81, 82, 83)
    RESIDENCE_PERMIT = "residence_permit"
    #: 外国人永久居留身份证, 2023 edition: 9, province, three-digit country, then as GB 11643
    PERMANENT_RESIDENT_CARD = "permanent_resident_card"


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A checked identity number. Its `repr` and `str` are masked, so that it may reach a log."""

    value: str
    birth_date: date
    sex: Sex
    kind: DocumentKind

    def age_on(self, day: date) -> int:
        """Completed years on `day`; who was born on 29 February is a year older on 1 March."""
        return (
            day.year
            - self.birth_date.year
            - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))
        )

    def __repr__(self) -> str:
        return f"IdentityNumber({mask_identity_number(self.value)})"

    __str__ = __repr__


# Not NFKC: it would also make a digit of `²`.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def _fold(text: str) -> str:
    """Full-width to half-width, upper case, without spaces, hyphens and invisible characters."""
    return _SEPARATORS.sub("", text.translate(_HALF_WIDTH)).upper()


def identity_check_character(first_17: str) -> str:
    """Compute the last character of an identity number (GB 11643) from its first 17 digits."""
    total = sum(
        int(digit) * weight for digit, weight in zip(first_17, _IDENTITY_WEIGHTS, strict=True)
    )
    return _IDENTITY_CHECKS[total % 11]


def parse_identity_number(
    text: str,
    *,
    on: date,
    minimum_age: int | None = MINIMUM_AGE,
    field: str | None = "identity_number",
) -> IdentityNumber:
    """Check an 18-character identity number (GB 11643) and take it apart.

    Full-width characters, a small `x`, spaces and hyphens are accepted. The numbers of residence
    permits for people from Hong Kong, Macao and Taiwan and of the 2023 permanent resident card
    follow the same rule and are told apart by `IdentityNumber.kind`.

    :param on: the day for which the age is counted, a date in the site's time zone
    :param minimum_age: completed years required on that day, None for no limit
    :raises Invalid: naming the first rule that is broken; the number itself is never repeated
    """
    number = _fold(text)
    if not number:
        raise Invalid(_("Enter the ID number."), field)
    if not number.isascii() or not _IDENTITY_FORM.fullmatch(number):
        raise Invalid(
            _("The ID number must have 18 characters: 17 digits, then a digit or X."), field
        )
    if identity_check_character(number[:17]) != number[17]:
        raise Invalid(
            _("The ID number is mistyped: its last character does not match the rest (GB 11643)."),
            field,
        )
    kind = _document_kind(number)
    if kind is None:
        raise Invalid(_("The ID number begins with a region code that does not exist."), field)
    try:
        birth_date = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        birth_date = date.min
    if birth_date.year < EARLIEST_BIRTH_YEAR or birth_date > on:
        raise Invalid(
            _("The ID number holds a birth date that cannot be (characters 7 to 14)."), field
        )
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    identity = IdentityNumber(number, birth_date, sex, kind)
    if minimum_age is not None and identity.age_on(on) < minimum_age:
        raise Invalid(
            _(
                "According to the ID number this person is younger than ${age}.",
                mapping={"age": minimum_age},
            ),
            field,
        )
    return identity


def _document_kind(number: str) -> DocumentKind | None:
    if number[0] == "9" and number[1:3] in _PROVINCES:
        return DocumentKind.PERMANENT_RESIDENT_CARD
    if number[:2] in ("81", "82", "83"):
        return DocumentKind.RESIDENCE_PERMIT
    return DocumentKind.RESIDENT_CARD if number[:2] in _PROVINCES else None


def mask_identity_number(text: str) -> str:
    """Hide all but the first three and the last four characters: `110***********002X`.

    Documents with short numbers (passports) keep the first and the last two.
    """
    head, tail = (3, 4) if len(text) >= 15 else (1, 2)
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]


_DOCUMENT_FORM = re.compile(r"[0-9A-Z]{5,30}")


def normalise_document_number(text: str) -> str:
    """The one spelling of any document's number: half-width capitals without spaces and hyphens."""
    return _fold(text)


def parse_document_number(text: str, *, field: str | None = "id_number") -> str:
    """Check the form of a passport's or another foreign document's number: letters and digits.

    :return: the number in its one spelling
    :raises Invalid: empty, too short or long, other characters; the number is never repeated
    """
    number = _fold(text)
    if not number:
        raise Invalid(_("Enter the number of the document."), field)
    if not _DOCUMENT_FORM.fullmatch(number):
        raise Invalid(_("The number of the document must have 5 to 30 letters and digits."), field)
    return number


def organisation_check_character(first_8: str) -> str:
    """Compute the last character of an organisation code (GB 11714) from its first eight."""
    total = sum(
        int(symbol, 36) * weight
        for symbol, weight in zip(first_8, _ORGANISATION_WEIGHTS, strict=True)
    )
    check = (11 - total % 11) % 11
    return "X" if check == 10 else str(check)


def credit_check_character(first_17: str) -> str:
    """Compute the last character of a unified social credit code (GB 32100)."""
    total = sum(
        _CREDIT_SYMBOLS.index(symbol) * weight
        for symbol, weight in zip(first_17, _CREDIT_WEIGHTS, strict=True)
    )
    return _CREDIT_SYMBOLS[-total % 31]


def parse_credit_code(text: str, *, field: str | None = "credit_code") -> str:
    """Check a unified social credit code (GB 32100) and the organisation code inside (GB 11714).

    :return: the code in half-width capitals, 18 characters
    :raises Invalid: naming the first rule that is broken
    """
    code = _fold(text)
    if not code:
        raise Invalid(_("Enter the unified social credit code."), field)
    if not _CREDIT_FORM.fullmatch(code):
        raise Invalid(
            _(
                "The unified social credit code must have 18 characters: digits and capital "
                "letters without I, O, S, V and Z."
            ),
            field,
        )
    if credit_check_character(code[:17]) != code[17]:
        raise Invalid(
            _(
                "The unified social credit code is mistyped: its last character does not match "
                "the rest (GB 32100)."
            ),
            field,
        )
    organisation = code[8:17]
    if (
        not _ORGANISATION_FORM.fullmatch(organisation)
        or organisation_check_character(organisation[:8]) != organisation[8]
    ):
        raise Invalid(
            _(
                "The unified social credit code is mistyped: the organisation code inside it "
                "(characters 9 to 17) does not check (GB 11714)."
            ),
            field,
        )
    return code


def normalise_mobile(text: str, *, field: str | None = "phone") -> str:
    """Bring a mainland mobile number into its 11 digits.

    `+86`, `0086` or `86` in front, spaces, hyphens and full-width digits are accepted.

    :raises Invalid: when it is no mainland mobile number
    """
    match = _MOBILE_FORM.fullmatch(_fold(text))
    if match is None:
        raise Invalid(
            _("Enter a mainland mobile number: 11 digits that begin with 13 to 19."), field
        )
    return match[1]


def mask_mobile(text: str) -> str:
    """Hide the middle of a phone number: `138****1234`."""
    if len(text) < 8:
        return "*" * len(text)
    return text[:3] + "*" * (len(text) - 7) + text[-4:]


MIDDLE_DOT: Final = "\u00b7"
# Bullets, katakana dots and full stops that input methods and old systems put for the middle dot.
_DOT_VARIANTS = "\u00b7\u0387\u2022\u2027\u2219\u22c5\u25cf\u26ab\u2e31\u30fb\uff65\uff0e"
_DOTS = re.compile(rf"\s*[{_DOT_VARIANTS}]\s*")
# Han characters: the unified blocks with all extensions, compatibility ideographs, 〇, and the
# private use areas in which older systems keep rare characters.
_HAN = (
    "\u3007\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff"
    "\U00020000-\U0003ffff\U000f0000-\U000ffffd"
)
_HAN_STOP = re.compile(rf"(?<=[{_HAN}])\.(?=[{_HAN}])")
_HAN_SPACE = re.compile(rf"(?<=[{_HAN}]) +(?=[{_HAN}])")
# Normalisation form C replaces compatibility ideographs by other characters, and some of them are
# the character on the card (GB 18030 keeps them apart): they pass by it untouched.
_NOT_COMPATIBILITY = re.compile("[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_FULL_WIDTH_LETTERS = {code: half for code, half in _HALF_WIDTH.items() if chr(half).isalpha()}
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def normalise_name(text: str, *, field: str | None = "name") -> str:
    """Bring a person's name into one spelling, keeping every character of it.

    The middle dot of transliterated names (`买买提·吐尔逊`) becomes U+00B7 whatever was typed for
    it; the spaces that rosters put between Han characters to align them go; other runs of
    white space become one space; full-width Latin letters become ordinary ones. Rare characters
    (GB 18030-2022, `𠮷`), compatibility ideographs and private-use characters stay as they are.

    :raises Invalid: for an empty name, one without any letter, one above `MAXIMUM_NAME_LENGTH`,
        and control or direction characters, which could make a name look like another one
    """
    name = text.strip().translate(_INVISIBLE).translate(_FULL_WIDTH_LETTERS)
    for character in name:
        if unicodedata.category(character) in _FORBIDDEN_CATEGORIES:
            raise Invalid(
                _(
                    "The name holds a character that cannot be shown (U+${code}).",
                    mapping={"code": f"{ord(character):04X}"},
                ),
                field,
            )
    name = _NOT_COMPATIBILITY.sub(lambda run: unicodedata.normalize("NFC", run[0]), name)
    name = _DOTS.sub(MIDDLE_DOT, " ".join(name.split()))
    name = _HAN_SPACE.sub("", _HAN_STOP.sub(MIDDLE_DOT, name)).strip(MIDDLE_DOT)
    if not name:
        raise Invalid(_("Enter the name."), field)
    # Cn and Co as well: Han extensions younger than this Python's Unicode tables, and private use.
    if not any(unicodedata.category(character)[0] in "LC" for character in name):
        raise Invalid(_("The name must hold at least one letter or Chinese character."), field)
    if len(name) > MAXIMUM_NAME_LENGTH:
        raise Invalid(
            _(
                "The name is longer than ${limit} characters.",
                mapping={"limit": MAXIMUM_NAME_LENGTH},
            ),
            field,
        )
    return name


# Written without a gap, two characters each.
_COMPOUND_SURNAMES = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙"
    "钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里"
    "呼延东郭南门羊舌微生梁丘左丘东门西门第五歐陽司馬東方諸葛尉遲鍾離長孫聞人鮮于赫連"
)
#: Chinese surnames of two characters that are in use today.
COMPOUND_SURNAMES: Final = frozenset(
    _COMPOUND_SURNAMES[place : place + 2] for place in range(0, len(_COMPOUND_SURNAMES), 2)
)


def split_surname(name: str) -> tuple[str, str]:
    """Split a normalised name into what is shown and what is private.

    Han names give surname and given name (`欧阳` is one surname), names with a middle dot or a
    space give the first part and the rest, any other name gives its first character and the rest.
    """
    for separator in (MIDDLE_DOT, " "):
        first, found, rest = name.partition(separator)
        if found:
            return first + separator, rest
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return name[:2], name[2:]
    return name[:1], name[1:]


def mask_name(name: str) -> str:
    """Hide the given name: `张*`, `欧阳**`, `买买提·*`. A one-character name becomes `*`."""
    surname, given = split_surname(name)
    if not given:
        return "*"
    if surname.endswith((MIDDLE_DOT, " ")):
        return surname + "*"
    # Variation selectors and combining marks belong to the character in front of them.
    return surname + "*" * sum(unicodedata.category(c)[0] != "M" for c in given)
