"""Codes of organisations and persons 代码: their check characters, as the standards compute them.

- 统一社会信用代码 GB 32100-2015, 18 characters over 31 symbols (no I O S V Z), mod 31;
- 组织机构代码 GB 11714-1997, 9 characters, mod 11;
- 市场主体注册号 (before October 2015), 15 digits, ISO 7064 MOD 11,10;
- 公民身份号码 GB 11643-1999, 18 characters, ISO 7064 MOD 11-2;
- 行政区划代码 GB/T 2260, six digits, by shape: which codes exist is data of the places.

The checks are strict, on the form that is stored; `normalise` what was typed or imported first.
Messages about persons never repeat the number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

USCC_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"
RESIDENT_WEIGHTS = tuple(2 ** (17 - at) % 11 for at in range(17))

_PROVINCE_RANGES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
PROVINCES = frozenset(
    str(number) for first, last in _PROVINCE_RANGES for number in range(first, last + 1)
)
NATIONAL = "100000"
"""Stands in a USCC for a registrar of the State, in GB/T 2260's shape but in no province."""

RESIDENT_PERMIT_TAIWAN = "83"
PERMANENT_RESIDENT = "9"
"""First digit of a foreigner's permanent residence number of the 2023 card."""

FICTIONAL_BLOCK = "YY"
FICTIONAL_SERIALS = 1_000_000

# What people type for the letters that the USCC leaves out.
USCC_LOOKALIKES = {"I": "1", "O": "0", "S": "5", "V": "U", "Z": "2"}

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DROPPED = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """Why a code is not valid. `expected` is the check character or spelling that would be."""

    code: str
    message: str
    expected: str | None = None


def normalise(text: str) -> str:
    """As it is stored: full-width to half-width, lower case to upper, no spaces of any kind."""
    plain = text.translate(_FULL_WIDTH).translate(_DROPPED)
    return "".join(plain.split()).upper()


def _shape_problem(prefix: str, name: str, text: str, length: int) -> CodeProblem | None:
    """Problems of length and spelling that every kind of code shares."""
    plain = normalise(text)
    if plain != text and len(plain) == length:
        return CodeProblem(
            f"{prefix}-SPELLING", f"{name}含有全角字符、小写字母或空格，请改为半角大写。", plain
        )
    if len(text) != length:
        return CodeProblem(f"{prefix}-LENGTH", f"{name}应为 {length} 位，现为 {len(text)} 位。")
    return None


def _check_problem(
    prefix: str, name: str, text: str, check: Callable[[str], str]
) -> CodeProblem | None:
    expected = check(text[:-1])
    if text[-1] == expected:
        return None
    return CodeProblem(
        f"{prefix}-CHECK",
        f"{name}校验不符：按前 {len(text) - 1} 位计算，末位应为 {expected}，现为 {text[-1]}；"
        "请对照证照逐位核对。",
        expected,
    )


# --- 统一社会信用代码 ------------------------------------------------------------------------


def uscc_check_char(first17: str) -> str:
    """(31 − Σ Cᵢ·Wᵢ mod 31) mod 31 as a symbol, GB 32100-2015 §5; ValueError on other symbols."""
    values = _values(first17, USCC_SYMBOLS, 17)
    return USCC_SYMBOLS[-_weighted(values, USCC_WEIGHTS) % 31]


def check_uscc(text: str) -> CodeProblem | None:
    """None for a valid 统一社会信用代码.

    Codes: USCC-SPELLING, -LENGTH, -SYMBOL, -PLACE, -CHECK. Which registration authorities and kinds
    exist is left to the registers, which know what has been issued.
    """
    name = "统一社会信用代码"
    if problem := _shape_problem("USCC", name, text, 18):
        return problem
    for at, symbol in enumerate(text, 1):
        if symbol not in USCC_SYMBOLS:
            return _uscc_symbol_problem(at, symbol)
    place = text[2:8]
    if place != NATIONAL and check_place_code(place) is not None:
        return CodeProblem(
            "USCC-PLACE", f"{name}第 3—8 位“{place}”不是登记机关行政区划代码（GB/T 2260）的形式。"
        )
    return _check_problem("USCC", name, text, uscc_check_char)


def _uscc_symbol_problem(at: int, symbol: str) -> CodeProblem:
    likely = USCC_LOOKALIKES.get(symbol)
    hint = f"是否应为 {likely}？" if likely else "请对照证照核对。"
    return CodeProblem(
        "USCC-SYMBOL",
        f"统一社会信用代码第 {at} 位“{symbol}”不可用："
        f"只用数字和 I、O、S、V、Z 以外的大写字母；{hint}",
        likely,
    )


def organisation_of(uscc: str) -> str:
    """The 9-character organisation code inside a USCC (characters 9 to 17)."""
    return uscc[8:17]


def uscc_doubt(uscc: str) -> CodeProblem | None:
    """A warning, not a refusal: a valid USCC whose inner organisation code fails GB 11714.

    Code USCC-INNER. The standard builds the one from the other, but a code once issued stands.
    """
    inner = organisation_of(uscc)
    problem = check_organisation_code(inner)
    if problem is None:
        return None
    return CodeProblem(
        "USCC-INNER",
        f"第 9—17 位主体标识码“{inner}”不合 GB 11714，末位应为 {problem.expected}；请核对证照。",
        problem.expected,
    )


# --- 组织机构代码 ----------------------------------------------------------------------------


def organisation_check_char(first8: str) -> str:
    """11 − Σ Cᵢ·Wᵢ mod 11, 10 as X and 11 as 0, GB 11714-1997 §4; ValueError on other symbols."""
    values = _values(first8, ORGANISATION_SYMBOLS, 8)
    return "0123456789X"[-_weighted(values, ORGANISATION_WEIGHTS) % 11]


def check_organisation_code(text: str) -> CodeProblem | None:
    """None for a valid 组织机构代码, written without its hyphen.

    Codes: ORG-SPELLING, -LENGTH, -SYMBOL, -CHECK. Modulo 11 over 36 symbols cannot tell apart two
    symbols whose values differ by 11, 22 or 33 (0 and B, 1 and C, …): a limit of the standard.
    """
    name = "组织机构代码"
    if text.count("-") == 1 and text[-2:-1] == "-":
        return CodeProblem("ORG-SPELLING", f"{name}请不写连字符。", text.replace("-", ""))
    if problem := _shape_problem("ORG", name, text, 9):
        return problem
    if not re.fullmatch("[0-9A-Z]{8}[0-9X]", text):
        return CodeProblem("ORG-SYMBOL", f"{name}前 8 位为数字或大写字母，末位为数字或 X。")
    return _check_problem("ORG", name, text, organisation_check_char)


# --- 15 位注册号 -----------------------------------------------------------------------------


def registration_check_digit(first14: str) -> str:
    """ISO 7064 MOD 11,10 over 14 digits; ValueError on anything else."""
    product = 10
    for digit in _values(first14, "0123456789", 14):
        product = (product + digit) % 10 or 10
        product = 2 * product % 11
    return str((11 - product) % 10)


def check_registration_number(text: str) -> CodeProblem | None:
    """None for a valid 15-digit 市场主体注册号. Codes: REG-SPELLING, -LENGTH, -SYMBOL, -CHECK."""
    name = "注册号"
    if problem := _shape_problem("REG", name, text, 15):
        return problem
    if not _is_digits(text):
        return CodeProblem("REG-SYMBOL", f"{name}应全为数字。")
    return _check_problem("REG", name, text, registration_check_digit)


# --- 公民身份号码 ----------------------------------------------------------------------------


def resident_check_char(first17: str) -> str:
    """ISO 7064 MOD 11-2 over 17 digits, GB 11643-1999; ValueError on anything else."""
    values = _values(first17, "0123456789", 17)
    return RESIDENT_CHECKS[_weighted(values, RESIDENT_WEIGHTS) % 11]


def check_resident_id(text: str, *, on: date | None = None) -> CodeProblem | None:
    """None for a valid 公民身份号码 or a residence number of the same form.

    Codes: ID-SPELLING, -LENGTH, -SYMBOL, -PLACE, -BIRTH, -CHECK. Place codes long abolished stay
    valid in numbers; only their form is checked. With `on`, a birth after that day is refused.
    """
    name = "身份证号码"
    if len(normalise(text)) == 15:
        return CodeProblem("ID-LENGTH", f"{name}为 15 位旧号，已停用；请填 18 位号码。")
    if problem := _shape_problem("ID", name, text, 18):
        return problem
    if not (_is_digits(text[:17]) and (_is_digits(text[17]) or text[17] == "X")):
        return CodeProblem("ID-SYMBOL", f"{name}前 17 位应为数字，末位应为数字或 X。")
    if text[:2] not in PROVINCES | {RESIDENT_PERMIT_TAIWAN} and text[0] != PERMANENT_RESIDENT:
        return CodeProblem("ID-PLACE", f"{name}第 1—2 位不是省级行政区划代码（GB/T 2260）。")
    if not _is_birth(text[6:14], on):
        return CodeProblem("ID-BIRTH", f"{name}第 7—14 位不是有效的出生日期。")
    expected = resident_check_char(text[:17])
    if text[17] == expected:
        return None
    return CodeProblem(
        "ID-CHECK", f"{name}校验不符：末位应为 {expected}，请对照证件逐位核对。", expected
    )


def _is_birth(digits: str, on: date | None) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return born.year >= 1800 and (on is None or born <= on)


# --- 行政区划代码 ----------------------------------------------------------------------------


def check_place_code(text: str) -> CodeProblem | None:
    """None for six digits in the shape of GB/T 2260: province, prefecture, county.

    Codes: PLACE-SPELLING, -LENGTH, -SYMBOL, -PROVINCE, -LEVEL. A county needs its prefecture digits
    (those directly under a province have 90).
    """
    name = "行政区划代码"
    if problem := _shape_problem("PLACE", name, text, 6):
        return problem
    if not _is_digits(text):
        return CodeProblem("PLACE-SYMBOL", f"{name}应全为数字。")
    if text[:2] not in PROVINCES:
        return CodeProblem("PLACE-PROVINCE", f"{name}“{text}”的前两位不是省级代码（GB/T 2260）。")
    if text[2:4] == "00" and text[4:] != "00":
        return CodeProblem("PLACE-LEVEL", f"{name}“{text}”有县级而无地级代码（GB/T 2260）。")
    return None


# --- 虚构代码 --------------------------------------------------------------------------------


def fictional_organisation_code(serial: int) -> str:
    """An organisation code of the reserved block YY…, for examples and simulated regions.

    `serial` is 0 to 999 999; ValueError outside. The check character is right; no such code was
    ever issued to anybody.
    """
    if not 0 <= serial < FICTIONAL_SERIALS:
        raise ValueError(f"serial {serial} is outside 0–{FICTIONAL_SERIALS - 1}")
    first8 = f"{FICTIONAL_BLOCK}{serial:06d}"
    return first8 + organisation_check_char(first8)


def fictional_uscc(place_code: str, serial: int, *, kind: str = "91") -> str:
    """A valid USCC around `fictional_organisation_code(serial)`, registered at `place_code`.

    `kind` is the registration authority and kind, two symbols: 91 enterprise, 92 个体工商户, 93
    cooperative, 11 organ of state, 12 public institution. ValueError when a part does not fit.
    """
    first17 = kind + place_code + fictional_organisation_code(serial)
    code = first17 + uscc_check_char(first17)
    if problem := check_uscc(code):
        raise ValueError(problem.message)
    return code


def is_fictional(code: str) -> bool:
    """Whether a USCC or an organisation code lies in the reserved block."""
    inner = organisation_of(code) if len(code) == 18 else code
    return len(inner) == 9 and inner.startswith(FICTIONAL_BLOCK)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _values(text: str, symbols: str, length: int) -> list[int]:
    if len(text) != length or any(symbol not in symbols for symbol in text):
        raise ValueError(f"expected {length} symbols of {symbols}")
    return [symbols.index(symbol) for symbol in text]


def _weighted(values: list[int], weights: tuple[int, ...]) -> int:
    return sum(value * weight for value, weight in zip(values, weights, strict=True))
