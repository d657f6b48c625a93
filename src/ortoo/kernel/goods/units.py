"""Exact units: how much of a good's own unit one of another unit is, as a fraction.

Only units of the same kind convert. A pack converts into nothing but itself (a 袋 is no 瓶): what
it holds is a property of the good's row in a form.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["mass", "volume", "count", "sheet", "bag", "bottle", "money"]


class UnitError(ValueError):
    """Two units that do not convert; `code` is UNIT-UNKNOWN or UNIT-KIND."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}：{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Unit:
    """`size` is how many of the kind's base unit (公斤, 升, 个, 元) one of it is."""

    name: str
    en: str
    kind: Kind
    size: Fraction


# 1 斤 = 0.5 公斤 and 10 两: market units as defined in metric terms (remembered, not looked up).
_UNITS = (
    Unit("公斤", "kg", "mass", Fraction(1)),
    Unit("千克", "kg", "mass", Fraction(1)),
    Unit("斤", "jin", "mass", Fraction(1, 2)),
    Unit("两", "liang", "mass", Fraction(1, 20)),
    Unit("500克", "500 g", "mass", Fraction(1, 2)),
    Unit("克", "g", "mass", Fraction(1, 1000)),
    Unit("吨", "t", "mass", Fraction(1000)),
    Unit("万吨", "10 kt", "mass", Fraction(10_000_000)),
    Unit("升", "L", "volume", Fraction(1)),
    Unit("毫升", "mL", "volume", Fraction(1, 1000)),
    Unit("个", "piece", "count", Fraction(1)),
    Unit("枚", "piece", "count", Fraction(1)),
    Unit("件", "piece", "count", Fraction(1)),
    Unit("张", "sheet", "sheet", Fraction(1)),
    Unit("袋", "bag", "bag", Fraction(1)),
    Unit("瓶", "bottle", "bottle", Fraction(1)),
    Unit("元", "yuan", "money", Fraction(1)),
    Unit("万元", "10,000 yuan", "money", Fraction(10_000)),
)
_BY_NAME = {unit.name: unit for unit in _UNITS}


def unit(name: str) -> Unit:
    """Raises UNIT-UNKNOWN."""
    found = _BY_NAME.get(name)
    if found is None:
        raise UnitError("UNIT-UNKNOWN", f"没有单位 {name}")
    return found


def factor(source: str, target: str) -> Fraction:
    """How many `target` one `source` is, exactly. Raises UNIT-UNKNOWN, UNIT-KIND."""
    one, other = unit(source), unit(target)
    if one.kind != other.kind:
        raise UnitError("UNIT-KIND", f"{source}不能折合为{target}")
    return one.size / other.size


def convert(amount: Fraction, source: str, target: str) -> Fraction:
    """An amount in another unit, exactly."""
    return amount * factor(source, target)


def convert_price(price: Fraction, source: str, target: str) -> Fraction:
    """A price per `source` as a price per `target`: 2.98 元/斤 is 5.96 元/公斤."""
    return price / factor(source, target)
