"""Rules for identity numbers, credit codes, mobile numbers and names (requirements A1, A2, A5)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.errors import Invalid
from modou.models import identity_numbers
from modou.models.identity_numbers import (
    DocumentKind,
    Sex,
    credit_check_character,
    identity_check_character,
    mask_identity_number,
    mask_mobile,
    mask_name,
    normalise_mobile,
    normalise_name,
    organisation_check_character,
    parse_credit_code,
    parse_identity_number,
)

TODAY = date(2026, 11, 23)
DIGITS = "0123456789"


def parse(text, **options):
    return parse_identity_number(text, **{"on": TODAY, **options})


@st.composite
def identity_numbers_strategy(draw):
    region = draw(st.sampled_from(sorted(identity_numbers._PROVINCES)))
    district = draw(st.integers(0, 9999))
    birth = draw(st.dates(date(1900, 1, 1), date(2010, 11, 23)))
    sequence = draw(st.integers(0, 999))
    first_17 = f"{region}{district:04}{birth:%Y%m%d}{sequence:03}"
    return first_17 + identity_check_character(first_17), birth, sequence


class TestIdentityNumber:
    def test_it_accepts_the_example_of_the_standard(self):
        identity = parse("11010519491231002X")
        assert identity.value == "11010519491231002X"
        assert identity.birth_date == date(1949, 12, 31)
        assert identity.sex is Sex.FEMALE
        assert identity.kind is DocumentKind.RESIDENT_CARD

    @pytest.mark.parametrize(
        "text",
        [
            "11010519491231002x",
            " 110105 19491231 002X ",
            "110105-19491231-002X",
            "１１０１０５１９４９１２３１００２Ｘ",
            "１１０１０５１９４９１２３１００２ｘ",
            "\ufeff11010519491231002X\u200b",
        ],
    )
    def test_it_folds_what_people_type(self, text):
        assert parse(text).value == "11010519491231002X"

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "Enter the ID number."),
            ("110105194912310021", "last character does not match"),
            ("1101051949123100", "18 characters"),
            ("11010519491231002XX", "18 characters"),
            ("1101051949123100X2", "18 characters"),
            ("11010519491231002Y", "18 characters"),
            ("1101051949123100²X", "18 characters"),
            ("11010519491231002٣", "18 characters"),
            ("110105491231002", "18 characters"),
        ],
    )
    def test_it_says_what_is_wrong(self, text, sentence):
        with pytest.raises(Invalid, match=sentence) as raised:
            parse(text)
        assert raised.value.field == "identity_number"

    @pytest.mark.parametrize("birth", ["20000230", "20001301", "20000100", "18991231", "20261124"])
    def test_it_wants_a_real_birth_date(self, birth):
        first_17 = f"110105{birth}001"
        with pytest.raises(Invalid, match="birth date"):
            parse(first_17 + identity_check_character(first_17))

    @pytest.mark.parametrize("region", ["00", "10", "16", "66", "84", "90", "99"])
    def test_it_wants_a_real_region(self, region):
        first_17 = f"{region}010119900101001"
        with pytest.raises(Invalid, match="region"):
            parse(first_17 + identity_check_character(first_17))

    @pytest.mark.parametrize(
        ("region", "kind"),
        [
            ("120103", DocumentKind.RESIDENT_CARD),
            ("810000", DocumentKind.RESIDENCE_PERMIT),
            ("830000", DocumentKind.RESIDENCE_PERMIT),
            ("911840", DocumentKind.PERMANENT_RESIDENT_CARD),
        ],
    )
    def test_it_tells_documents_apart(self, region, kind):
        first_17 = f"{region}19900101001"
        assert parse(first_17 + identity_check_character(first_17)).kind is kind

    @given(identity_numbers_strategy(), st.integers(0, 17), st.integers(1, 10))
    def test_it_rejects_every_single_character_change(self, generated, place, shift):
        number, _birth, _sequence = generated
        symbols = DIGITS + "X" if place == 17 else DIGITS
        changed = symbols[(symbols.index(number[place]) + shift) % len(symbols)]
        if changed == number[place]:
            return
        with pytest.raises(Invalid):
            parse(number[:place] + changed + number[place + 1 :])

    @given(identity_numbers_strategy(), st.integers(0, 16))
    def test_it_rejects_every_swap_of_neighbours(self, generated, place):
        number, _birth, _sequence = generated
        if number[place] == number[place + 1]:
            return
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        with pytest.raises(Invalid):
            parse(swapped)

    def test_it_rejects_all_changes_and_swaps_of_the_example(self):
        number = "11010519491231002X"
        broken = {
            number[:place] + symbol + number[place + 1 :]
            for place in range(18)
            for symbol in DIGITS + "X"
        } | {
            number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            for place in range(17)
        }
        broken.discard(number)
        for text in broken:
            with pytest.raises(Invalid):
                parse(text)

    @given(identity_numbers_strategy())
    def test_it_reads_birth_date_and_sex(self, generated):
        number, birth, sequence = generated
        identity = parse(number)
        assert identity.birth_date == birth
        assert identity.sex is (Sex.MALE if sequence % 2 else Sex.FEMALE)

    def test_it_counts_age_on_the_given_day(self):
        first_17 = "11010520101124001"
        number = first_17 + identity_check_character(first_17)
        with pytest.raises(Invalid, match="younger than 16"):
            parse(number)
        assert parse(number, on=TODAY + timedelta(days=1)).age_on(TODAY) == 15
        assert parse(number, minimum_age=None).age_on(TODAY) == 15

    def test_a_leap_day_child_ages_in_march(self):
        first_17 = "11010520080229001"
        identity = parse(first_17 + identity_check_character(first_17))
        assert identity.age_on(date(2025, 2, 28)) == 16
        assert identity.age_on(date(2025, 3, 1)) == 17

    def test_it_keeps_the_number_out_of_logs_and_messages(self):
        identity = parse("11010519491231002X")
        assert "19491231" not in f"{identity!r} {identity}"
        with pytest.raises(Invalid) as raised:
            parse("110105194912310021")
        assert "1949" not in str(raised.value)

    def test_masking_keeps_three_and_four(self):
        assert mask_identity_number("11010519491231002X") == "110***********002X"
        assert mask_identity_number("E12345678") == "E******78"
        assert mask_identity_number("E1") == "**"


# Registered codes as printed on public business licences and web sites: the Tianjin HRSS bureau
# and three listed companies.
REAL_CREDIT_CODES = [
    "1112000000012568X5",
    "9144030071526726XG",
    "91330100799655058B",
    "914403001922038216",
]


class TestCreditCode:
    @pytest.mark.parametrize("code", REAL_CREDIT_CODES)
    def test_it_accepts_real_codes(self, code):
        assert parse_credit_code(f" {code.lower()} ") == code

    @pytest.mark.parametrize("code", REAL_CREDIT_CODES)
    def test_it_rejects_every_change_and_swap(self, code):
        symbols = identity_numbers._CREDIT_SYMBOLS
        broken = {
            code[:place] + symbol + code[place + 1 :] for place in range(18) for symbol in symbols
        } | {
            code[:place] + code[place + 1] + code[place] + code[place + 2 :] for place in range(17)
        }
        broken.discard(code)
        for text in broken:
            with pytest.raises(Invalid):
                parse_credit_code(text)

    @given(
        st.text(identity_numbers._CREDIT_SYMBOLS, min_size=16, max_size=16),
    )
    def test_it_accepts_what_it_computes_and_checks_the_inner_code(self, symbols):
        organisation = symbols[8:]
        first_17 = symbols + organisation_check_character(organisation)
        code = first_17 + credit_check_character(first_17)
        assert parse_credit_code(code) == code
        wrong_inner = symbols + ("0" if first_17[16] != "0" else "1")
        with pytest.raises(Invalid, match="GB 11714"):
            parse_credit_code(wrong_inner + credit_check_character(wrong_inner))

    @pytest.mark.parametrize("text", ["", "1112000000012568X", "1112000000012568XO", "中" * 18])
    def test_it_names_the_form(self, text):
        with pytest.raises(Invalid, match="unified social credit code") as raised:
            parse_credit_code(text)
        assert raised.value.field == "credit_code"


class TestMobile:
    @pytest.mark.parametrize(
        "text",
        [
            "13812341234",
            "+86 138 1234 1234",
            "0086-138-1234-1234",
            "8613812341234",
            "１３８１２３４１２３４",
            "＋８６　１３８ １２３４ １２３４",
        ],
    )
    def test_it_normalises(self, text):
        assert normalise_mobile(text) == "13812341234"

    @pytest.mark.parametrize(
        "text", ["", "1381234123", "138123412345", "12812341234", "+85261234567", "022-23032303"]
    )
    def test_it_refuses_other_numbers(self, text):
        with pytest.raises(Invalid, match="mainland mobile number"):
            normalise_mobile(text)

    def test_masking(self):
        assert mask_mobile("13812341234") == "138****1234"
        assert mask_mobile("110") == "***"


class TestName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("张伟", "张伟"),
            (" 张　伟 ", "张伟"),
            ("买买提·吐尔逊", "买买提·吐尔逊"),
            ("买买提•吐尔逊", "买买提·吐尔逊"),
            ("买买提・吐尔逊", "买买提·吐尔逊"),
            ("买买提.吐尔逊", "买买提·吐尔逊"),
            ("买买提 ． 吐尔逊", "买买提·吐尔逊"),
            ("𠮷", "𠮷"),
            ("王𠮷", "王𠮷"),
            ("\uf92c\ufa0e", "\uf92c\ufa0e"),
            ("\ue863\U000323af", "\ue863\U000323af"),
            ("葛\U000e0100", "葛\U000e0100"),
            ("Ｊｏｈｎ   Smith", "John Smith"),
            ("J. Smith", "J. Smith"),
            ("Rene\u0301", "René"),
            ("\ufeff张伟\u200b", "张伟"),
        ],
    )
    def test_it_brings_names_into_one_spelling(self, text, name):
        assert normalise_name(text) == name
        assert normalise_name(name) == name

    @pytest.mark.parametrize("text", ["张\x00伟", "张\t伟", "张\u202e伟", "\ud800", "张\x7f伟"])
    def test_it_refuses_control_characters(self, text):
        with pytest.raises(Invalid, match=r"cannot be shown \(U\+") as raised:
            normalise_name(text)
        assert raised.value.field == "name"

    @pytest.mark.parametrize("text", ["", " ", "·", "123", "--", "张" * 61])
    def test_it_refuses_what_is_no_name(self, text):
        with pytest.raises(Invalid):
            normalise_name(text)

    @given(st.text(max_size=40))
    def test_normalising_twice_changes_nothing(self, text):
        try:
            name = normalise_name(text)
        except Invalid:
            return
        assert normalise_name(name) == name

    @pytest.mark.parametrize(
        ("name", "masked"),
        [
            ("张伟", "张*"),
            ("张三丰", "张**"),
            ("欧阳娜娜", "欧阳**"),
            ("欧阳", "欧*"),
            ("买买提·吐尔逊", "买买提·*"),
            ("John Smith", "John *"),
            ("𠮷田", "𠮷*"),
            ("葛\U000e0100葛\U000e0100", "葛*"),
            ("张", "*"),
        ],
    )
    def test_masking(self, name, masked):
        assert mask_name(name) == masked
