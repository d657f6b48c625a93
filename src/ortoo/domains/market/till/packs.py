"""How many of a form row's units one sold unit is, read from unit, specification and name. Pure.

「袋」 with 「10kg」 is 10 公斤; 「箱」 with 「250ml*24」 is 6 升; 「盒」 with the same is 0.25 升;
斤 is 1/2 公斤.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortoo.kernel.forms.definition import EntryUnit

WEIGHT, VOLUME = "公斤", "升"
SIZES: dict[str, tuple[str, Fraction]] = {
    "吨": (WEIGHT, Fraction(1000)),
    "公斤": (WEIGHT, Fraction(1)),
    "千克": (WEIGHT, Fraction(1)),
    "kg": (WEIGHT, Fraction(1)),
    "市斤": (WEIGHT, Fraction(1, 2)),
    "斤": (WEIGHT, Fraction(1, 2)),
    "两": (WEIGHT, Fraction(1, 20)),
    "克": (WEIGHT, Fraction(1, 1000)),
    "g": (WEIGHT, Fraction(1, 1000)),
    "毫升": (VOLUME, Fraction(1, 1000)),
    "ml": (VOLUME, Fraction(1, 1000)),
    "公升": (VOLUME, Fraction(1)),
    "升": (VOLUME, Fraction(1)),
    "l": (VOLUME, Fraction(1)),
}
CASES = frozenset("箱件提组排条捆")
_WORDS = "|".join(sorted(SIZES, key=len, reverse=True))
_SIZE = re.compile(rf"(\d+(?:\.\d+)?)\s*({_WORDS})(?![a-z])")
_TIMES_AFTER = re.compile(r"\s*(?:/?[袋盒瓶包罐桶支板])?\s*[*×x]\s*(\d{1,3})(?![\d.])")
_TIMES_BEFORE = re.compile(r"(\d{1,3})\s*(?:[袋盒瓶包罐桶支])?\s*[*×x]\s*$")
_COUNT = re.compile(r"(\d{1,4})\s*[枚个只]")
_COUNTED_UNIT = re.compile(r"(\d{1,4})枚")
LARGEST = Fraction(2000)


@dataclass(frozen=True, slots=True)
class Pack:
    """One sold unit is `factor` of the row's unit; `why` says from what. `sure` False: ask."""

    factor: Fraction
    why: str
    sure: bool = True


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace("×", "*").replace("＊", "*")


def pack_of(
    unit: str, spec: str, name: str, *, row_unit: str, counted: tuple[EntryUnit, ...] = ()
) -> Pack | None:
    """The pack a till's line sells, in `row_unit` (公斤 or 升); None where nothing tells.

    `counted`: the row's entry units; from 箱360枚 = 45/2 公斤 one egg weighs 1/16 公斤.
    """
    sold = folded(unit).strip().strip("/")
    measured = re.fullmatch(rf"(?:元/)?(\d+(?:\.\d+)?)?\s*({_WORDS})", sold)
    if measured:
        return _measured(measured, row_unit, unit)
    for text in (spec, name):
        found = _size_in(folded(text), sold, row_unit)
        if found is not None:
            return found
    if sold in ("枚", "个", "只") or _COUNT.search(folded(f"{spec} {name}")):
        return _counted(sold, folded(f"{spec} {name}"), counted)
    if sold in ("", "散", "散称", "称重", "散装"):
        return Pack(Fraction(1), f"没有写单位，按{row_unit}", sure=False)
    return None


def _measured(found: re.Match[str], row_unit: str, unit: str) -> Pack | None:
    kind, size = SIZES[found.group(2)]
    factor = size * Fraction(found.group(1) or 1)
    if kind != row_unit or not 0 < factor <= LARGEST:
        return None
    return Pack(factor, f"单位{unit.strip()}")


def _size_in(text: str, sold: str, row_unit: str) -> Pack | None:
    found = _SIZE.search(text)
    if found is None:
        return None
    kind, size = SIZES[found.group(2)]
    one = size * Fraction(found.group(1))
    if kind != row_unit or not 0 < one <= LARGEST:
        return None
    after = _TIMES_AFTER.match(text[found.end() :])
    before = _TIMES_BEFORE.search(text[: found.start()])
    many = int((after or before).group(1)) if after or before else 1  # type: ignore[union-attr]
    if many > 1 and sold[:1] in CASES and one * many <= LARGEST:
        return Pack(one * many, f"规格{found.group(0)}×{many}")
    # A case word without a count, or a count without a case word: which of the two is sold?
    sure = many == 1 and sold[:1] not in CASES
    return Pack(one, f"规格{found.group(0)}", sure=sure)


def _counted(sold: str, text: str, units: tuple[EntryUnit, ...]) -> Pack | None:
    """Eggs by the piece or by the tray, from the weight the form gives a tray or box."""
    each = next(
        (u.factor / int(n.group(1)) for u in units if (n := _COUNTED_UNIT.search(u.name))), None
    )
    if each is None:
        return None
    if sold in ("枚", "个", "只"):
        return Pack(each, "按枚折算", sure=False)
    number = _COUNT.search(text)
    if number is None or not 0 < int(number.group(1)) <= 2000:
        return None
    return Pack(each * int(number.group(1)), f"规格{number.group(0)}，按枚折算", sure=False)


def factor_text(factor: Fraction) -> str:
    """The factor as a person writes it: 0.25, 10, or 15/8 where no short decimal says it."""
    for places in range(5):
        if (factor * 10**places).denominator == 1:
            digits = str(int(factor * 10**places)).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"{factor.numerator}/{factor.denominator}"


def factor_of(text: str) -> Fraction:
    """What a person wrote: 0.25, 10, 15/8. ValueError past 1/100,000 to 2,000."""
    plain = folded(text).strip()
    if not re.fullmatch(r"\d{1,7}(\.\d{1,6})?(/\d{1,7})?", plain) or (
        "/" in plain and "." in plain
    ):
        raise ValueError(text[:20])
    try:
        found = Fraction(plain)
    except ZeroDivisionError as error:
        raise ValueError(text[:20]) from error
    if not Fraction(1, 100_000) <= found <= LARGEST:
        raise ValueError(text[:20])
    return found
