"""Rows of one market and month together: what becomes one filing of the profile's form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortoo.connectors.price_files.reader import PriceRow, Reading


@dataclass(frozen=True, slots=True)
class MarketMonth:
    """One market's prices of one month: item code → minor units per unit of the item."""

    place: str
    market: str
    region: str
    period: str
    currency: str
    prices: Mapping[str, int]
    lines: tuple[int, ...]


def market_months(reading: Reading) -> tuple[MarketMonth, ...]:
    """Every row once, grouped by place, period and currency, in that order."""
    groups: dict[tuple[str, str, str], list[PriceRow]] = defaultdict(list)
    for row in reading.rows:
        groups[row.place, row.period, row.currency].append(row)
    return tuple(
        MarketMonth(
            place=place,
            market=rows[0].market,
            region=rows[0].region,
            period=period,
            currency=currency,
            prices={row.item: row.price_minor for row in sorted(rows, key=lambda r: r.item)},
            lines=tuple(row.line for row in rows),
        )
        for (place, period, currency), rows in sorted(groups.items())
    )
