"""Codes: the standards' examples, real and synthetic vectors, and what no typing error passes."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.parties import codes

# GB 32100-2015's example; codes published by their holders; three synthetic ones of the region.
VALID_USCC = [
    "91350100M000100Y43",
    "91440300708461136T",
    "914403001922038216",
    "91110108551385082Q",
    "91110000802100433B",
    "91150102MA0N00016G",
    "91150781MA13K9XY3F",
    "91152501701463622E",
]
PLACES = ["150102", "150781", "152501", "110108", "440300"]


def random_uscc(draw: random.Random) -> str:
    middle = "".join(draw.choices(codes.USCC_SYMBOLS, k=9))
    first17 = "9" + draw.choice("1239") + draw.choice(PLACES) + middle
    return first17 + codes.uscc_check_char(first17)


def swapped(text: str, at: int) -> str:
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def substituted(text: str, at: int, symbol: str) -> str:
    return text[:at] + symbol + text[at + 1 :]


# --- 统一社会信用代码 ------------------------------------------------------------------------


@pytest.mark.parametrize("code", VALID_USCC)
def test_a_known_uscc_is_valid(code: str) -> None:
    assert codes.check_uscc(code) is None
    assert codes.uscc_check_char(code[:17]) == code[17]


def test_the_standards_example_sums_to_1640() -> None:
    values = [codes.USCC_SYMBOLS.index(symbol) for symbol in "91350100M000100Y4"]
    assert sum(v * w for v, w in zip(values, codes.USCC_WEIGHTS, strict=True)) == 1640
    assert codes.uscc_check_char("91350100M000100Y4") == "3"
    assert tuple(3**power % 31 for power in range(17)) == codes.USCC_WEIGHTS


def test_a_wrong_check_character_is_told_with_the_right_one() -> None:
    problem = codes.check_uscc("91350100M000100Y44")
    assert problem == codes.CodeProblem(
        "USCC-CHECK",
        "统一社会信用代码校验不符：按前 17 位计算，末位应为 3，现为 4；请对照证照逐位核对。",
        "3",
    )


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("", "USCC-LENGTH", None),
        ("91350100M000100Y4", "USCC-LENGTH", None),
        ("91350100M000100Y433", "USCC-LENGTH", None),
        ("91350100m000100y43", "USCC-SPELLING", "91350100M000100Y43"),
        ("91350100 M000100Y43", "USCC-SPELLING", "91350100M000100Y43"),
        ("\uff191350100M000100Y43", "USCC-SPELLING", "91350100M000100Y43"),
        ("9135O100M000100Y43", "USCC-SYMBOL", "0"),
        ("9135I100M000100Y43", "USCC-SYMBOL", "1"),
        ("91350100M000100Y4-", "USCC-SYMBOL", None),
        ("91990100M000100Y43", "USCC-PLACE", None),
        ("91150002M000100Y43", "USCC-PLACE", None),
        ("9135A100M000100Y43", "USCC-PLACE", None),
    ],
)
def test_a_malformed_uscc_is_told_by_the_rule_it_breaks(
    text: str, code: str, expected: str | None
) -> None:
    problem = codes.check_uscc(text)
    assert problem is not None
    assert (problem.code, problem.expected) == (code, expected)


def test_a_national_registrar_has_no_province() -> None:
    first17 = "91100000" + "710925032"
    assert codes.check_uscc(first17 + codes.uscc_check_char(first17)) is None


def test_no_substituted_character_passes_in_20000_random_codes() -> None:
    draw = random.Random(32100)
    passed = 0
    for _ in range(20_000):
        code = random_uscc(draw)
        at = draw.randrange(18)
        symbol = draw.choice(codes.USCC_SYMBOLS.replace(code[at], ""))
        passed += codes.check_uscc(substituted(code, at, symbol)) is None
    assert passed == 0


def test_no_swap_of_two_different_neighbours_passes_in_20000_random_codes() -> None:
    draw = random.Random(2015)
    passed = tried = 0
    for _ in range(20_000):
        code = random_uscc(draw)
        at = draw.randrange(17)
        if code[at] == code[at + 1]:  # the swap of equal characters is the same code
            continue
        tried += 1
        passed += codes.check_uscc(swapped(code, at)) is None
    assert passed == 0
    assert tried > 18_000


def test_the_modulus_alone_catches_every_substitution_and_swap_at_every_position() -> None:
    weights = (*codes.USCC_WEIGHTS, 1)
    assert all(weight % 31 for weight in weights)
    assert all(a != b for a, b in pairwise(weights))


def test_an_inner_organisation_code_that_fails_is_a_doubt_and_no_refusal() -> None:
    assert [code for code in VALID_USCC if codes.uscc_doubt(code)] == []
    first17 = "91150102" + "MA0N00017"
    code = first17 + codes.uscc_check_char(first17)
    assert codes.check_uscc(code) is None
    doubt = codes.uscc_doubt(code)
    assert doubt is not None
    assert (doubt.code, doubt.expected) == ("USCC-INNER", "6")


# --- 组织机构代码、注册号 ----------------------------------------------------------------------


def test_the_organisation_code_of_the_standard_ends_in_x() -> None:
    assert codes.organisation_check_char("D2143569") == "X"
    assert codes.check_organisation_code("D2143569X") is None


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("D2143569-X", "ORG-SPELLING", "D2143569X"),
        ("d2143569x", "ORG-SPELLING", "D2143569X"),
        ("D214356X", "ORG-LENGTH", None),
        ("D21435_9X", "ORG-SYMBOL", None),
        ("D21435690", "ORG-CHECK", "X"),
    ],
)
def test_a_malformed_organisation_code_is_told(text: str, code: str, expected: str | None) -> None:
    problem = codes.check_organisation_code(text)
    assert problem is not None
    assert (problem.code, problem.expected) == (code, expected)


def test_organisation_codes_miss_only_the_substitutions_that_modulo_11_must_miss() -> None:
    draw = random.Random(11714)
    symbols = codes.ORGANISATION_SYMBOLS
    for _ in range(20_000):
        first8 = "".join(draw.choices(symbols, k=8))
        code = first8 + codes.organisation_check_char(first8)
        at = draw.randrange(8)
        symbol = draw.choice(symbols.replace(code[at], ""))
        missed = codes.check_organisation_code(substituted(code, at, symbol)) is None
        apart = (symbols.index(symbol) - symbols.index(code[at])) % 11
        assert missed == (apart == 0)


def test_a_registration_number_is_checked_by_mod_11_10() -> None:
    assert codes.registration_check_digit("11010800000001") == "6"
    assert codes.check_registration_number("110108000000016") is None
    problem = codes.check_registration_number("110108000000017")
    assert problem is not None
    assert (problem.code, problem.expected) == ("REG-CHECK", "6")
    for text, code in (("1101080000000", "REG-LENGTH"), ("11010800000001A", "REG-SYMBOL")):
        found = codes.check_registration_number(text)
        assert found is not None
        assert found.code == code


def test_no_substituted_digit_of_a_registration_number_passes() -> None:
    draw = random.Random(7064)
    for _ in range(5_000):
        first14 = "".join(draw.choices("0123456789", k=14))
        code = first14 + codes.registration_check_digit(first14)
        at = draw.randrange(15)
        digit = draw.choice("0123456789".replace(code[at], ""))
        assert codes.check_registration_number(substituted(code, at, digit)) is not None


# --- 公民身份号码 ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["11010519491231002X", "150102199001011230"])
def test_a_known_resident_id_is_valid(code: str) -> None:
    assert codes.check_resident_id(code) is None


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("11010519491231002x", "ID-SPELLING", "11010519491231002X"),
        ("110105194912310020", "ID-CHECK", "X"),
        ("110105491231002", "ID-LENGTH", None),
        ("1101051949123100", "ID-LENGTH", None),
        ("1101051949123100AX", "ID-SYMBOL", None),
        ("00010519491231002X", "ID-PLACE", None),
        ("11010519490231002X", "ID-BIRTH", None),
        ("11010500001231002X", "ID-BIRTH", None),
    ],
)
def test_a_malformed_resident_id_is_told_without_repeating_it(
    text: str, code: str, expected: str | None
) -> None:
    problem = codes.check_resident_id(text)
    assert problem is not None
    assert (problem.code, problem.expected) == (code, expected)
    assert text[6:14] not in problem.message


def test_a_birth_in_the_future_is_refused_on_the_day_asked_about() -> None:
    text = "150102199001011230"
    assert codes.check_resident_id(text, on=date(1990, 1, 1)) is None
    problem = codes.check_resident_id(text, on=date(1989, 12, 31))
    assert problem is not None
    assert problem.code == "ID-BIRTH"


def test_no_typing_error_in_a_resident_id_passes() -> None:
    draw = random.Random(11643)
    for _ in range(5_000):
        born = date.fromordinal(draw.randrange(711_858, 738_000))
        first17 = draw.choice(PLACES) + born.strftime("%Y%m%d") + f"{draw.randrange(1000):03d}"
        code = first17 + codes.resident_check_char(first17)
        assert codes.check_resident_id(code) is None
        at = draw.randrange(17)
        digit = draw.choice("0123456789".replace(code[at], ""))
        assert codes.check_resident_id(substituted(code, at, digit)) is not None
        if code[at] != code[at + 1]:
            assert codes.check_resident_id(swapped(code, at)) is not None


# --- 行政区划、书写形式、虚构代码 --------------------------------------------------------------


@pytest.mark.parametrize("text", ["150000", "150700", "150781", "469001", "110105", "810000"])
def test_a_place_code_of_the_right_shape_passes(text: str) -> None:
    assert codes.check_place_code(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("15010", "PLACE-LENGTH"),
        ("15010A", "PLACE-SYMBOL"),
        ("15010²", "PLACE-SYMBOL"),
        ("990000", "PLACE-PROVINCE"),
        ("100000", "PLACE-PROVINCE"),
        ("150002", "PLACE-LEVEL"),
        ("\uff1150102", "PLACE-SPELLING"),
    ],
)
def test_a_place_code_of_another_shape_is_told(text: str, code: str) -> None:
    problem = codes.check_place_code(text)
    assert problem is not None
    assert problem.code == code


@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = codes.normalise(text)
    assert codes.normalise(once) == once


def test_normalising_undoes_what_keyboards_and_copies_do() -> None:
    typed = "  91350100\u3000m000\u200b100\u00a0y4\uff13\ufeff\n"
    assert codes.normalise(typed) == "91350100M000100Y43"


@given(st.text(max_size=20))
def test_no_text_makes_a_check_fail_to_answer(text: str) -> None:
    for check in (
        codes.check_uscc,
        codes.check_organisation_code,
        codes.check_registration_number,
        codes.check_resident_id,
        codes.check_place_code,
    ):
        problem = check(text)
        assert problem is None or problem.message.endswith(("。", "\uff1f"))


@given(st.sampled_from(PLACES), st.integers(0, 999_999), st.sampled_from(["91", "92", "93", "11"]))
def test_a_fictional_code_is_valid_throughout_and_known_as_fictional(
    place: str, serial: int, kind: str
) -> None:
    code = codes.fictional_uscc(place, serial, kind=kind)
    assert codes.check_uscc(code) is None
    assert codes.uscc_doubt(code) is None
    assert code.startswith(kind + place + "YY")
    assert codes.is_fictional(code)
    assert codes.is_fictional(codes.organisation_of(code))


def test_known_codes_are_not_fictional() -> None:
    assert not any(map(codes.is_fictional, VALID_USCC))


def test_a_fictional_code_needs_a_place_and_a_serial_that_fit() -> None:
    for place, serial, kind in (
        ("150102", -1, "91"),
        ("150102", 1_000_000, "91"),
        ("990000", 1, "91"),
        ("15", 1, "91"),
        ("150102", 1, "ZZ"),
    ):
        with pytest.raises(ValueError):
            codes.fictional_uscc(place, serial, kind=kind)
    assert len({codes.fictional_uscc("150102", n) for n in range(1000)}) == 1000
