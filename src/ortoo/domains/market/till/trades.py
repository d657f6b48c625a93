"""What a market's settlement says beside sums: cheapest, dearest, arrivals, origins. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortoo.domains.market.till.lines import Line

FAR = 5
"""A lowest or highest price so many times from the mean is a slip until somebody has looked."""
ABROAD = "境外"
_COUNTRIES = (
    "境外 进口 国外 越南 泰国 缅甸 老挝 菲律宾 蒙古 俄罗斯 朝鲜 韩国 日本 智利 秘鲁 厄瓜多尔 "
    "新西兰 澳大利亚 美国 阿根廷 巴西 埃及 南非 伊朗 印度 哈萨克斯坦 挪威 加拿大 墨西哥 西班牙 法国"
)
_ABROAD = tuple(_COUNTRIES.split())


@dataclass(slots=True)
class Trades:
    """One article's trades in ten-thousandths: `low`, `high` (amount, quantity, row of the file);
    `origins` text → quantity sold, or what came in where nothing was; `arrival` None if unsaid."""

    low: tuple[int, int, int] | None = None
    high: tuple[int, int, int] | None = None
    arrival: int | None = None
    origins: dict[str, int] = field(default_factory=dict)

    def take(self, line: Line) -> None:
        if line.arrival is not None:
            self.arrival = (self.arrival or 0) + line.arrival
        if line.origin:
            weight = line.quantity or line.arrival or 0
            self.origins[line.origin] = self.origins.get(line.origin, 0) + weight
        if line.quantity <= 0 or line.amount <= 0:
            return
        one = (line.amount, line.quantity, line.row)
        if self.low is None or one[0] * self.low[1] < self.low[0] * one[1]:
            self.low = one
        if self.high is None or one[0] * self.high[1] > self.high[0] * one[1]:
            self.high = one


@dataclass(frozen=True, slots=True)
class Bound:
    """A lowest or highest price in yuan a row unit, and the row of the file that says it."""

    price: Fraction
    row: int


def bounds(found: Iterable[tuple[Trades, Fraction]]) -> tuple[Bound | None, Bound | None]:
    """(lowest, highest) over articles; with each the row units in one sold unit."""
    low: list[Bound] = []
    high: list[Bound] = []
    for trades, factor in found:
        for said, into in ((trades.low, low), (trades.high, high)):
            if said is not None:
                into.append(Bound(Fraction(said[0], said[1]) / factor, said[2]))
    return (
        min(low, key=lambda one: one.price, default=None),
        max(high, key=lambda one: one.price, default=None),
    )


def far(bound: Bound, mean: Fraction) -> bool:
    """Whether a price is too far from the mean to be taken unseen."""
    return not mean / FAR <= bound.price <= mean * FAR


def main_origin(
    found: Iterable[tuple[Trades, Fraction]], choices: Sequence[str]
) -> tuple[int | None, str]:
    """(index among the choices of most of the volume's origin, fault in words)."""
    totals: dict[int | None, Fraction] = {}
    unknown: dict[str, Fraction] = {}
    for trades, factor in found:
        for text, quantity in trades.origins.items():
            at = origin_of(text, choices)
            totals[at] = totals.get(at, Fraction(0)) + quantity * factor
            if at is None:
                unknown[text] = unknown.get(text, Fraction(0)) + quantity * factor
    best = max(totals, key=lambda at: totals[at], default=None)
    if best is None and unknown:
        text = max(unknown, key=lambda name: unknown[name])
        return None, f"产地「{text}」不在表式的选项中，请手工选择"
    return best, ""


def origin_of(text: str, choices: Sequence[str]) -> int | None:
    """«山东寿光», «山东省» is 山东; a country is 境外; None for what names no province."""
    at = {choice: place for place, choice in enumerate(choices)}
    named = [choice for choice in choices if text.startswith(choice)]
    if named:
        return at[max(named, key=len)]
    if ABROAD in at and text.startswith(_ABROAD):
        return at[ABROAD]
    return None


def arrived(found: Iterable[tuple[Trades, Fraction]]) -> Fraction | None:
    """What came through the gate in row units; None where no line says it."""
    said = [
        Fraction(trades.arrival, 10_000) * factor
        for trades, factor in found
        if trades.arrival is not None
    ]
    return sum(said, Fraction(0)) if said else None
