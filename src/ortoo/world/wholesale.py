"""Wholesale markets 批发市场: price range, volume, arrivals, stock and origin, by day and week.

Stock at the end of a day = stock the day before + arrivals − volume, exactly. A shortage is seen
first in arrivals, then in the price; shops run out days before the wholesale market does; a glut
raises arrivals and stock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world import calibration
from ortoo.world.book import PriceBook, price_book
from ortoo.world.calendar import festival_offsets
from ortoo.world.calibration import Floats, facts, load, wholesale_items
from ortoo.world.draw import bell, stream
from ortoo.world.filing import Custom, file, jin_rows
from ortoo.world.records import NOT_CARRIED, OUT_OF_STOCK, VALUE, WorldError, WorldItem
from ortoo.world.sheets import FormReturns, FormTruth, Measure
from ortoo.world.slips import Columns
from ortoo.world.world import World

Ints = NDArray[np.int64]
Nils = NDArray[np.uint8]
ORIGINS: tuple[str, ...] = tuple(load("goods.toml")["provinces"])
WHOLESALE_MEASURES = (
    Measure("price_low", "最低价", "元/{unit}", 2), Measure("price", "大宗价", "元/{unit}", 2),
    Measure("price_high", "最高价", "元/{unit}", 2), Measure("volume", "成交量", "吨", 2),
    Measure("arrivals", "到货量", "吨", 2), Measure("stock", "期末库存", "吨", 2),
    Measure("origin", "主要产地", "", 0, ORIGINS),
)
LOW, MODE, HIGH, VOLUME, ARRIVALS, HAND, ORIGIN = range(7)
_COLUMNS = Columns(price=(LOW, MODE, HIGH), tons=(VOLUME, ARRIVALS, HAND), stock=(HAND,),
                   bounds=(LOW, HIGH), frozen=(ORIGIN,))
_WEEK = 7
_SEEN_AHEAD = 2      # days by which arrivals tell of a shortage before the price
_SHOPS_FIRST = 4     # days by which shops run out before the market
_CENTI_TON = 10      # kilograms
_TICKS = ((300, 2), (1000, 5), (4000, 20), (10**9, 50))   # below so many fen, steps of so many
_WEEKDAY = np.array([1.0, 1.0, 0.98, 1.0, 1.06, 1.08, 0.94])   # Monday … Sunday


def _ticked(fen: Floats) -> Ints:
    step = np.select([fen < below for below, _ in _TICKS], [tick for _, tick in _TICKS])
    ticked: Ints = (np.rint(fen / step) * step).astype(np.int64)
    return np.maximum(ticked, 2)


@dataclass(frozen=True, slots=True)
class _Habits:
    """Fixed traits of the markets; arrays [market × item]."""

    banner: Ints
    carried: NDArray[np.bool_]
    usual: Floats        # hundredths of a tonne sold on an ordinary day
    margin: Floats       # ln wholesale / retail
    spread: Floats       # half the range, as a share of the mode
    cover: Floats        # days of sales on hand


@lru_cache(maxsize=8)
def _habits(world: World, items: tuple[WorldItem, ...]) -> _Habits:
    book, markets = price_book(world, items), world.roll.wholesale
    rng = stream(world.ground.seed, "wholesale", len(items))
    shape = (len(markets), len(items))
    shares = load("goods.toml")["groups"]
    weight = np.array([known.weight for known in book.facts])
    big = np.array([market.kind == "wholesale_market_big" for market in markets])
    carried = (rng.random(shape) < np.where(weight < 6, 0.5, 0.82)) | big[:, None]
    value = (np.array([market.turnover_yuan_per_week for market in markets])[:, None] / _WEEK
             * weight / weight.sum() * np.exp(0.35 * bell(rng, shape)))
    margin = np.log([shares.get(known.group, {"wholesale": 0.8})["wholesale"]
                     for known in book.facts])
    usual = value / (book.level * np.exp(margin)) / _CENTI_TON
    fresh = np.array([known.days <= _WEEK for known in book.facts])
    return _Habits(
        world.banner_of(markets), carried & (usual >= 2), usual,
        margin + 0.012 * np.clip(bell(rng, shape), -2, 2),
        np.where(fresh, 0.05, 0.02) * (1 + 0.5 * rng.random(shape)),
        np.where(fresh, 1.3, 9.0) * np.exp(0.2 * bell(rng, shape)))


def _pulse(world: World, day: dt.date, shape: tuple[int, int], name: str) -> Floats:
    """Noise that runs smoothly from week to week; [market × item]."""
    week, step = divmod((day - world.ground.start).days, _WEEK)
    ends = [bell(stream(world.ground.seed, name, at + 1), shape) for at in (week, week + 1)]
    share = step / _WEEK
    line: Floats = ends[0] * (1 - share) + ends[1] * share
    return line


def _felt(book: PriceBook, habits: _Habits, day: dt.date) -> Floats:
    found: Floats = book.effects(day).price[habits.banner]
    return found


@lru_cache(maxsize=64)
def _stock(world: World, items: tuple[WorldItem, ...], day: dt.date) -> Ints:
    """Hundredths of a tonne at the end of a day, carried or not; [market × item]."""
    habits, book = _habits(world, items), price_book(world, items)
    ahead = _felt(book, habits, day + dt.timedelta(days=_SEEN_AHEAD))
    level = habits.usual * habits.cover * np.exp(
        -1.2 * ahead + 0.10 * _pulse(world, day, habits.usual.shape, "wholesale-stock"))
    stock: Ints = np.maximum(np.rint(level), 1).astype(np.int64)
    return stock


def _wanted(world: World, items: tuple[WorldItem, ...], day: dt.date) -> Ints:
    """Volume the day would sell, hundredths of a tonne; [market × item]."""
    habits, book = _habits(world, items), price_book(world, items)
    offset = festival_offsets(day, 1).astype(np.float64) + 2   # shops buy two days ahead
    feast = float(calibration.ramp(facts()["feast"]["sales"], offset)[0])
    ahead = _felt(book, habits, day + dt.timedelta(days=1))
    rng = stream(world.ground.seed, "wholesale-day", day.toordinal())
    # Over the holiday itself a market sells little, but never nothing.
    factor = max(feast, 0.25) * _WEEKDAY[day.weekday()]
    sold = habits.usual * factor * np.exp(-0.9 * ahead + 0.06 * bell(rng, habits.usual.shape))
    volume: Ints = np.maximum(np.rint(sold), 1).astype(np.int64)
    return volume


def _prices(world: World, items: tuple[WorldItem, ...], day: dt.date) -> list[Ints]:
    habits, book = _habits(world, items), price_book(world, items)
    rng = stream(world.ground.seed, "wholesale-price", day.toordinal())
    stir = np.where(habits.spread > 0.045, 0.010, 0.002) * bell(rng, habits.spread.shape)
    mode = np.exp(book.day(day)[habits.banner] + habits.margin + stir) * 100
    wide = habits.spread * (0.8 + 0.4 * rng.random(habits.spread.shape))
    middle = _ticked(mode)
    return [np.minimum(_ticked(mode * (1 - wide)), middle), middle,
            np.maximum(_ticked(mode * (1 + wide)), middle)]


def _origin(world: World, items: tuple[WorldItem, ...], day: dt.date) -> Ints:
    """Where most of a good comes from this month, as an index into ``ORIGINS``; [market × item]."""
    habits, book, typed = _habits(world, items), price_book(world, items), load("goods.toml")
    draw = stream(world.ground.seed, "origin", day.year * 12 + day.month).random(
        habits.usual.shape)
    out = np.zeros(habits.usual.shape, dtype=np.int64)
    summer = 6 <= day.month <= 9
    for column, known in enumerate(book.facts):
        key = "vegetable_summer" if known.group == "vegetable" and summer else known.group
        table = typed["origins"].get(key, typed["origins"]["other"])
        edges = np.cumsum([share for _, share in table])
        codes = np.array([ORIGINS.index(name) for name, _ in table])
        at = np.minimum(np.searchsorted(edges, draw[:, column] * edges[-1]), len(codes) - 1)
        out[:, column] = codes[at]
    return out


@lru_cache(maxsize=32)
def _day(world: World, items: tuple[WorldItem, ...], day: dt.date) -> tuple[Ints, Nils]:
    habits, book = _habits(world, items), price_book(world, items)
    hand, before = _stock(world, items, day), _stock(world, items, day - dt.timedelta(days=1))
    volume = _wanted(world, items, day)
    arrivals = np.maximum(volume + hand - before, 0)
    volume = arrivals + before - hand
    values = np.stack([*_prices(world, items, day), volume, arrivals, hand,
                       _origin(world, items, day)], axis=-1)
    late = book.effects(day - dt.timedelta(days=_SHOPS_FIRST)).stockout[habits.banner]
    draw = stream(world.ground.seed, "wholesale-out", day.toordinal()).random(late.shape)
    cell = np.where(habits.carried, np.where(draw < 0.5 * late, OUT_OF_STOCK, VALUE), NOT_CARRIED)
    nil = np.repeat(cell[:, :, None], len(WHOLESALE_MEASURES), axis=2).astype(np.uint8)
    return np.where(nil == VALUE, values, 0), nil


def _items(items: Sequence[WorldItem] | None) -> tuple[WorldItem, ...]:
    return tuple(items) if items is not None else wholesale_items()


def _check(world: World, first: dt.date, last: dt.date) -> None:
    if not (world.holds(first) and world.holds(last)):
        raise WorldError("WORLD-WEEK", f"{first} 至 {last} 不在本模拟世界内")


def _truth(
    world: World, start: dt.date, days: int, items: tuple[WorldItem, ...]
) -> FormTruth:
    end = start + dt.timedelta(days=days - 1)
    _check(world, start, end)
    each = [_day(world, items, start + dt.timedelta(days=step)) for step in range(days)]
    values, nil = np.stack([day[0] for day in each]), np.stack([day[1] for day in each])
    if days > 1:
        values, nil = _summed(values, nil)
    else:
        values, nil = values[0], nil[0]
    return FormTruth(
        "wholesale_weekly" if days > 1 else "wholesale_daily", start, end,
        tuple(market.code for market in world.roll.wholesale), tuple(item.code for item in items),
        WHOLESALE_MEASURES, values, nil)


def _summed(values: Ints, nil: Nils) -> tuple[Ints, Nils]:
    """Days [day × market × item × measure] as a week: lowest, median mode, highest, sums, the last
    stock and origin; 断货 when it was out on most days."""
    there = nil == VALUE
    low = np.where(there, values, np.iinfo(np.int64).max).min(axis=0)
    high, total = values.max(axis=0), values.sum(axis=0)
    count = there[..., MODE].sum(axis=0)
    ranked = np.sort(np.where(there[..., MODE], values[..., MODE], np.iinfo(np.int64).max), axis=0)
    middle = np.take_along_axis(ranked, np.maximum((count - 1) // 2, 0)[None], axis=0)[0]
    week = np.stack([low[..., LOW], middle, high[..., HIGH], total[..., VOLUME],
                     total[..., ARRIVALS], values[-1][..., HAND], high[..., ORIGIN]], axis=-1)
    last = np.where(count * 2 > len(values), VALUE, OUT_OF_STOCK)
    cell = np.where(nil[0, :, :, 0] == NOT_CARRIED, NOT_CARRIED, last)
    out = np.repeat(cell[:, :, None], week.shape[2], axis=2).astype(np.uint8)
    return np.where(out == VALUE, week, 0), out


def wholesale_truth(
    world: World, start: dt.date, items: Sequence[WorldItem] | None = None, *, days: int = 7,
) -> FormTruth:
    """What was true in the wholesale markets in ``days`` days from ``start`` (1: a daily).

    ``WHOLESALE_MEASURES``; firms: ``world.listed("wholesale", …)``. ``items`` are found by name
    or alias; default the 60 of ``wholesale_items()``. WorldError ``WORLD-WEEK``, ``WORLD-ITEM``.
    """
    return _truth(world, start, days, _items(items))


def wholesale_returns(
    world: World, start: dt.date, items: Sequence[WorldItem] | None = None, *, days: int = 7,
) -> FormReturns:
    """The wholesale returns of a week (``days=7``) or a day (``days=1``) as filed."""
    rows = _items(items)
    earlier = start - dt.timedelta(days=days)
    before = _truth(world, earlier, days, rows) if world.holds(earlier) else None
    custom = Custom("week" if days > 1 else "day", "wholesale", _COLUMNS)
    return file(world, _truth(world, start, days, rows), before, custom, jin_rows(rows))
