"""A wholesale market's electronic settlement 结算 export: trades, and what came through the gate.

Every trade of a week by day, goods and origin; the gate's weighings stand in the same file as rows
without a trade. Volumes and arrivals of an item sum to the truth of the weekly return, its lowest
and highest price are among the trades. Rows only; writing the file is for whoever owns files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ortoo.world.calibration import wholesale_items
from ortoo.world.draw import stream
from ortoo.world.records import VALUE, WorldError, WorldItem
from ortoo.world.wholesale import ORIGINS, wholesale_truth
from ortoo.world.world import World

COLUMNS = (
    "结算日期", "结算单号", "品种", "产地",
    "成交价（元/公斤）", "成交重量（公斤）", "成交金额（元）", "进场重量（公斤）",
)  # fmt: skip
_KILOS = 10  # a hundredth of a tonne
_TRADES = 4


@dataclass(frozen=True, slots=True)
class MarketWeek:
    """One item's week: prices in fen a kilogram, `volume` and `arrivals` in hundredths of a tonne,
    `amount` in fen, `origin` that of most volume."""

    low: int
    high: int
    volume: int
    arrivals: int
    amount: int
    origin: str


@dataclass(frozen=True, slots=True)
class MarketExport:
    """A market's week as rows of text, header first; `truth`: item code → its week."""

    firm: str
    week_start: dt.date
    file_name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    truth: Mapping[str, MarketWeek]


def market_export(
    world: World, firm: str, week_start: dt.date, items: Sequence[WorldItem] | None = None
) -> MarketExport:
    """A market's settlement of the week; the same arguments always give the same rows.

    WorldError ``WORLD-MARKET`` where the firm is no wholesale market, ``WORLD-WEEK`` outside the
    world.
    """
    asked = tuple(items) if items is not None else wholesale_items()
    rows: list[tuple[str, ...]] = []
    weeks: dict[str, list[tuple[int, int, int, int, int, str]]] = {}
    for step in range(7):
        day = week_start + dt.timedelta(days=step)
        truth = wholesale_truth(world, day, asked, days=1)
        if firm not in truth.firms:
            raise WorldError("WORLD-MARKET", f"{firm} 不是批发市场")
        at = truth.firms.index(firm)
        for column, item in enumerate(asked):
            if truth.nil[at, column, 0] != VALUE:
                continue
            said = [int(value) for value in truth.values[at, column]]
            trades = _trades(world, (at, column, day.toordinal()), said)
            origin = ORIGINS[said[6]]
            rows += _lines(day, item, origin, trades, (said[4], len(rows)))
            amount = sum(price * weight for price, weight in trades)
            prices = [price for price, _ in trades]
            weeks.setdefault(item.code, []).append(
                (min(prices), max(prices), said[3], said[4], amount, origin)
            )
    found = {code: _week(days) for code, days in weeks.items()}
    name = f"结算明细{week_start:%Y%m%d}.csv"
    return MarketExport(firm, week_start, name, COLUMNS, (COLUMNS, *rows), found)


def _trades(world: World, key: tuple[int, int, int], said: Sequence[int]) -> list[tuple[int, int]]:
    """(fen a kilogram, kilograms) of a day: the dearest, the cheapest, the rest at the usual."""
    low, usual, high, volume = said[:4]
    kilos = volume * _KILOS
    if volume < _TRADES:
        return [(usual, kilos)] if kilos else []
    draw = stream(world.ground.seed, "settlement", *key).random(2)
    ends = [int(max(1, np.floor(share * 0.3 * volume))) * _KILOS for share in draw]
    return [(high, ends[0]), (low, ends[1]), (usual, kilos - sum(ends))]


def _lines(
    day: dt.date,
    item: WorldItem,
    origin: str,
    trades: Sequence[tuple[int, int]],
    gate: tuple[int, int],
) -> list[tuple[str, ...]]:
    arrivals, before = gate
    number = f"{day:%Y%m%d}{before:06d}"
    made: list[tuple[str, ...]] = [
        (day.isoformat(), f"{number}{at}", item.name, origin, _yuan(price), str(kilos),
         _yuan(price * kilos), "")
        for at, (price, kilos) in enumerate(trades)
    ]  # fmt: skip
    if arrivals:
        weighed = str(arrivals * _KILOS)
        made.append((day.isoformat(), f"{number}G", item.name, origin, "", "", "", weighed))
    return made


def _week(days: Sequence[tuple[int, int, int, int, int, str]]) -> MarketWeek:
    volumes: dict[str, int] = {}
    for _, _, volume, _, _, origin in days:
        volumes[origin] = volumes.get(origin, 0) + volume
    return MarketWeek(
        min(day[0] for day in days),
        max(day[1] for day in days),
        sum(day[2] for day in days),
        sum(day[3] for day in days),
        sum(day[4] for day in days),
        max(volumes, key=lambda name: volumes[name]),
    )


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
