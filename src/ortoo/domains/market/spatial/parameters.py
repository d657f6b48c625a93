"""The dated parameters 法定参数 of the comparison in space, read once from their file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.regulations.regulation import Regulations, load

FOLDER = Path(__file__).resolve().parent / "regulations"
CLASSES = ("普通货物", "冷链", "鲜活", "大宗散货")
_MASS_T = {"公斤": Decimal("0.001"), "升": Decimal("0.001"), "吨": Decimal(1)}
"""Tonnes in one unit of an item; a litre is taken as a kilogram, which is said on the page."""


@dataclass(frozen=True, slots=True)
class Carriage:
    """What it costs to carry an item: 元 for a kilometre of straight line, and fixed, each for one
    unit of the item; `words` for the page, `verified` only where every number has a source."""

    per_km: float
    fixed: float
    kind: str
    words: str
    verified: bool


@lru_cache(maxsize=1)
def parameters() -> Regulations:
    return load([FOLDER])


def carriage(form: Form, item: Item, on: dt.date) -> Carriage | None:
    """The cost of carrying an item; None for one counted in a unit without a mass."""
    mass = _MASS_T.get(item.unit)
    if mass is None:
        return None
    known = parameters()
    at = _kind(form, item, on)
    rate = Decimal(str(known.items_of("SPATIAL-COST", on)[at]))
    factor = Decimal(str(known.value("SPATIAL-ROAD-FACTOR", on)))
    fixed = known.decimal("SPATIAL-HANDLING", on)
    used = ("SPATIAL-COST", "SPATIAL-ROAD-FACTOR", "SPATIAL-HANDLING")
    words = (
        f"{CLASSES[at]} {rate} 元/吨公里，装卸等 {fixed} 元/吨，"
        f"公路里程按两地标注点大圆距离的 {factor} 倍"
    )
    if item.unit == "升":
        words += "，1 升按 1 公斤"
    return Carriage(
        float(rate * factor * mass), float(fixed * mass), CLASSES[at], words,
        all(known.dated(code, on).verified for code in used),
    )  # fmt: skip


def short_days(on: dt.date) -> int:
    """Days of stock below which an item counts as running short."""
    return parameters().integer("SPATIAL-SHORT-DAYS", on)


def _kind(form: Form, item: Item, on: dt.date) -> int:
    title = next((group.name["zh"] for group in form.groups if group.code == item.group), "")
    for at, code in ((1, "SPATIAL-CHILLED"), (2, "SPATIAL-FRESH"), (3, "SPATIAL-BULK")):
        if title in parameters().items_of(code, on):
            return at
    return 0
