"""Daily retail returns: the week of every sample shop laid out over its seven days.

Quantities of the seven days sum to the week's exactly. A tag that changed since last week changes
on one of the first three days, the same for a banner; the week's price is that of most days.
Stock walks from last week's level to this week's and is never negative.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world import calibration
from ortoo.world.calendar import days_from_festival, festival_offsets, lunar_twin
from ortoo.world.calibration import Floats, facts
from ortoo.world.draw import bell, stream
from ortoo.world.filing import Custom, file, jin_rows
from ortoo.world.quantities import Truth, sales_for
from ortoo.world.records import PRICE, QTY, STOCK, VALUE, WorldError
from ortoo.world.sheets import FormReturns, FormTruth, Measure, shared_out
from ortoo.world.slips import Columns
from ortoo.world.world import World

Ints = NDArray[np.int64]
_WEEK = 7
_CHANGE_BY = 3     # a market's new price is out by the third day of the week
# Saturday … Friday: the market day is the weekend.
_WEEKDAY = np.array([1.17, 1.20, 0.93, 0.90, 0.92, 0.93, 1.0])
_DELIVERY = np.array([0.6, 0.0, 1.6, 0.0, 1.4, 0.4, 1.0])
DAILY_MEASURES = (
    Measure("price", "零售价格", "元/{unit}", 2), Measure("sales", "销售额", "万元", 2),
    Measure("sales_qty", "销售量", "{unit}", 1), Measure("stock", "库存", "{unit}", 1),
)
_CUSTOM = Custom("day", "retail_daily", Columns((0,), (2,), (1,), (), (3,)))


def _week_and_day(world: World, day: dt.date) -> tuple[int, int]:
    if not world.holds(day):
        raise WorldError("WORLD-WEEK", f"{day} 不在本模拟世界内；世界从 {world.ground.start} 起，"
                                       f"共 {world.ground.weeks} 周")
    return divmod((day - world.ground.start).days, _WEEK)


@lru_cache(maxsize=24)
def day_weights(world: World, week: int) -> Floats:
    """Relative sales of the seven days of a week; [seat × day]."""
    start = world.ground.week_start(week)
    rng = stream(world.ground.seed, "days", week)
    offsets = festival_offsets(start, _WEEK).astype(np.float64)
    feast = calibration.ramp(facts()["feast"]["sales"], offsets)
    first = (start.weekday() + 2) % _WEEK     # the pattern begins on Saturday
    usual = np.roll(_WEEKDAY, -first)
    banner = world.trade.banner[world.shop_rows(start)]
    felt = np.stack([
        world.ground.shocks.effects_on(start + dt.timedelta(days=step)).sales.mean(axis=1)[banner]
        for step in range(_WEEK)
    ], axis=1)
    weights: Floats = (usual * feast)[None, :] * felt * np.exp(0.10 * bell(rng, felt.shape))
    return weights


def _old_price(
    world: World, week: int, step: int, now: Truth, last: Truth | None
) -> Ints:
    """The price on day ``step``: last week's until the banner's day of change; [seat × item]."""
    price: Ints = now.values[:, :, PRICE]
    if last is None or step >= _CHANGE_BY:
        return price
    start = world.ground.week_start(week)
    rows = world.shop_rows(start)
    earlier = start - dt.timedelta(days=_WEEK)
    change = (stream(world.ground.seed, "change", week).random(
        (len(world.ground.banners), price.shape[1])) * _CHANGE_BY).astype(np.int64)
    held = step < change[world.trade.banner[rows]]
    held &= (last.nil[:, :, PRICE] == VALUE) & (now.nil[:, :, PRICE] == VALUE)
    held &= (rows == world.shop_rows(earlier))[:, None]
    # A promotion runs for whole weeks.
    held &= ~(world.tags.promoted[week, rows] | world.tags.promoted[week - 1, rows])
    return np.where(held, last.values[:, :, PRICE], price)


def _walk(quantity: Ints, begin: Ints, end: Ints) -> Ints:
    """Stock at the end of each of seven days [seat × item × day] from ``begin`` to ``end``."""
    sold = np.cumsum(quantity, axis=2)
    inflow = np.maximum(end - begin + sold[:, :, -1], 0)
    came = np.cumsum(_DELIVERY) / _DELIVERY.sum()
    arrived = np.floor(inflow[:, :, None] * came + 1e-6).astype(np.int64)
    stock = np.maximum(begin[:, :, None] + arrived - sold, 0)
    stock[:, :, -1] = end
    return stock


@lru_cache(maxsize=24)
def _laid_out(world: World, week: int) -> tuple[Ints, Ints, Truth, Truth | None]:
    """(quantities, stocks) [seat × item × day] of a week, its truth and last week's."""
    start = world.ground.week_start(week)
    now = world.truth(start)
    last = world.truth(start - dt.timedelta(days=_WEEK)) if week else None
    parts = shared_out(now.values[:, :, QTY], day_weights(world, week))
    end: Ints = now.values[:, :, STOCK]
    begin = end
    if last is not None:
        earlier = start - dt.timedelta(days=_WEEK)
        same = (world.shop_rows(start) == world.shop_rows(earlier))[:, None]
        begin = np.where(same & (last.nil[:, :, STOCK] == VALUE), last.values[:, :, STOCK], end)
    return parts, _walk(parts, begin, end), now, last


def _day(world: World, day: dt.date) -> tuple[Ints, NDArray[np.uint8]]:
    week, step = _week_and_day(world, day)
    quantity, stock, now, last = _laid_out(world, week)
    price = _old_price(world, week, step, now, last)
    sold = quantity[:, :, step]
    takings = sales_for(price, sold)
    values = np.stack([price, takings, sold, stock[:, :, step]], axis=-1)
    return np.where(now.nil == VALUE, values, 0), now.nil


def _columns(world: World, items: Sequence[str] | None) -> list[int]:
    codes = [item.code for item in world.items]
    return list(range(len(codes))) if items is None else [codes.index(code) for code in items]


@lru_cache(maxsize=16)
def _truth(world: World, day: dt.date, items: tuple[str, ...] | None, yesterday: bool) -> FormTruth:
    values, nil = _day(world, day)
    week, _ = _week_and_day(world, day)
    start = world.ground.week_start(week)
    if yesterday:
        eve = day - dt.timedelta(days=1)
        was = _week_and_day(world, eve)[0]
        before, gone = _day(world, eve)
        same = world.shop_rows(world.ground.week_start(was)) == world.shop_rows(start)
        values, nil = values.copy(), nil.copy()
        values[:, :, 1:], nil[:, :, 1:] = before[:, :, 1:], gone[:, :, 1:]
        values[~same, :, 1:], nil[~same, :, 1:] = 0, 4
    at = _columns(world, items)
    return FormTruth("retail_daily", day, day, tuple(f.code for f in world.sample(start)),
                     tuple(world.items[col].code for col in at), DAILY_MEASURES,
                     values[:, at], nil[:, at])


def daily_truth(
    world: World, day: dt.date, items: Sequence[str] | None = None, *, yesterday: bool = False,
) -> FormTruth:
    """What was true at every sample seat on a day; ``DAILY_MEASURES``, items of the world's form.

    ``items``: codes to keep (all when None). ``yesterday``: today's price with the sales, quantity
    and closing stock of the day before, as notices ask. WorldError (``WORLD-WEEK``) outside.
    """
    return _truth(world, day, None if items is None else tuple(items), yesterday)


def lunar_base(
    world: World, day: dt.date, items: Sequence[str] | None = None, *, yesterday: bool = False,
) -> FormTruth | None:
    """农历同期: the truth of the day as far from Spring Festival a year ago; None outside."""
    twin = lunar_twin(day)
    inside = world.holds(twin) and world.holds(twin - dt.timedelta(days=1))
    return daily_truth(world, twin, items, yesterday=yesterday) if inside else None


def daily_returns(
    world: World, day: dt.date, items: Sequence[str] | None = None, *, yesterday: bool = True,
) -> FormReturns:
    """The daily returns of the sample firms as filed on ``day`` (a campaign's day)."""
    eve = day - dt.timedelta(days=1)
    inside = world.holds(eve) and (not yesterday or world.holds(eve - dt.timedelta(days=1)))
    if yesterday and not world.holds(eve):
        raise WorldError("WORLD-WEEK", f"{day} 的前一日不在本模拟世界内")
    truth = daily_truth(world, day, items, yesterday=yesterday)
    before = daily_truth(world, eve, items, yesterday=yesterday) if inside else None
    asked = [world.items[col] for col in _columns(world, items)]
    return file(world, truth, before, _CUSTOM, jin_rows(asked))


def feast_day(day: dt.date) -> int:
    """Days from the nearest Spring Festival (0: 正月初一), for labels of daily series."""
    return days_from_festival(day)
