"""Key retailers 重点流通企业: the month by 21 goods classes and the golden-week day.

The days of a month sum to the month exactly; 上年同期 is the same firm's own truth a year before,
本年累计 the sum of its months.
"""

from __future__ import annotations

import calendar as gregorian
import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.world import calibration
from ortoo.world.calendar import days_from_festival, festival_offsets, lunar_twin
from ortoo.world.calibration import Floats, facts, load
from ortoo.world.draw import bell, stream
from ortoo.world.filing import Custom, file
from ortoo.world.records import NOT_CARRIED, VALUE, Firm, WorldError, WorldItem
from ortoo.world.sheets import FormReturns, FormTruth, Measure, shared_out
from ortoo.world.slips import Columns
from ortoo.world.world import World

Ints = NDArray[np.int64]
RETAILER_MEASURES = (
    Measure("retail", "本月零售额", "万元", 2), Measure("wholesale", "本月批发额", "万元", 2),
    Measure("stock", "期末库存额", "万元", 2),
    Measure("retail_last_year", "上年同月零售额", "万元", 2),
    Measure("retail_year", "本年累计零售额", "万元", 2),
)
GOLDEN_MEASURES = (
    Measure("revenue", "营业收入", "万元", 2), Measure("sales", "销售额", "万元", 2),
    Measure("footfall", "客流量", "人次", 0),
)
_MONTH = Custom("month", "retailer", Columns((), (), (0, 1, 2), (), (2,), None, (3, 4)))
_DAY = Custom("day", "retailer_day", Columns((), (), (0, 1), (), ()), key=1)
_DAYS_A_MONTH = 30.44
_HUNDREDS = 100                    # yuan in one integer of a sum
_BASKET = 0.72                     # hundreds of yuan a visitor leaves on an ordinary day
_WEEKDAY = np.array([0.9, 0.88, 0.9, 0.92, 1.02, 1.2, 1.2])   # Monday … Sunday
_FAR_FROM_FEAST = 40
# Wholesale against retail of a trade.
_WHOLESALE = {"grain_trade": 3.2, "meat_works": 2.6, "wholesale_market": 6.0, "distribution": 4.5,
              "fuel_materials": 1.2}
_BASE_YEAR = 2026


def _classes() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load("retailers.toml")["classes"]
    return rows


def retailer_items() -> tuple[WorldItem, ...]:
    """The 21 goods classes; unit 万元, codes C01…C21."""
    return tuple(WorldItem(f"C{at:02d}", row["name"], "万元", True)
                 for at, row in enumerate(_classes(), start=1))


def key_retailers(world: World) -> tuple[Firm, ...]:
    """Every firm of the backbone list, of any day."""
    return tuple(firm for firm in world.firms if "backbone" in firm.lists)


def _share(firm: Firm) -> Floats:
    trades, rows = load("retailers.toml")["trades"], _classes()
    if firm.kind in trades:
        share = np.zeros(len(rows))
        for at, part in trades[firm.kind].items():
            share[int(at)] = part
        return share
    key = "department" if firm.kind == "department_store" else "supermarket"
    share = np.array([row[key] for row in rows])
    whole: Floats = share / share.sum()
    return whole


@lru_cache(maxsize=8)
def _firms(world: World) -> tuple[Floats, Floats]:
    """(yuan a month by class [firm × 21], own yearly growth [firm])."""
    firms, rules = key_retailers(world), load("retailers.toml")["rules"]
    rng = stream(world.ground.seed, "retailers")
    whole = np.array([rules["whole_of_form"] if firm.kind in facts()["shops"] else 1.0
                      for firm in firms])
    takings = np.array([firm.turnover_yuan_per_week for firm in firms]) * whole * _DAYS_A_MONTH / 7
    share = np.array([_share(firm) for firm in firms])
    share *= np.exp(0.25 * bell(rng, share.shape))
    # What would be under a few hundred yuan a month a firm does not sell.
    usual = takings[:, None] * share / share.sum(axis=1, keepdims=True)
    growth = rules["growth_per_year"] + rules["firm_trend"] * bell(rng, len(firms))
    return np.where(usual >= 3000, usual, 0.0), growth


def _day_factors(first: dt.date, days: int) -> Floats:
    """Relative sales of days of a month by class; [21 × day]."""
    offsets = festival_offsets(first, days).astype(np.float64)
    curve = calibration.ramp(facts()["feast"]["sales"], offsets)
    feast = np.array([row["feast"] for row in _classes()])
    golden = np.array([row["golden"] for row in _classes()])
    dates = [first + dt.timedelta(days=step) for step in range(days)]
    usual = np.array([_WEEKDAY[day.weekday()] for day in dates])
    holiday = np.array([((day.month, day.day) >= (10, 1) and (day.month, day.day) <= (10, 7))
                        or (day.month == 5 and day.day <= 3) for day in dates])
    factor: Floats = curve[None, :] ** feast[:, None] * usual
    return factor * np.where(holiday[None, :], golden[:, None], 1.0)


@lru_cache(maxsize=48)
def _month(world: World, year: int, month: int) -> Ints:
    """Sales in hundreds of yuan; [firm × 21]. Any month of any year, inside the world or not."""
    usual, growth = _firms(world)
    rules = load("retailers.toml")["rules"]
    days = gregorian.monthrange(year, month)[1]
    level = _day_factors(dt.date(year, month, 1), days).sum(axis=1) / _DAYS_A_MONTH
    rng = stream(world.ground.seed, "retailer-month", year, month)
    trend = np.exp(growth * (year + (month - 1) / 12 - _BASE_YEAR))
    sales = usual * level * trend[:, None] * np.exp(rules["month_spread"] * bell(rng, usual.shape))
    out: Ints = np.rint(sales * _shocked(world, year, month) / _HUNDREDS).astype(np.int64)
    return np.where(usual > 0, np.maximum(out, 1), 0)


def _shocked(world: World, year: int, month: int) -> Floats:
    """Mean factor of shocks on a firm's sales; [firm × 1], 1 outside the world."""
    at = world.banner_of(key_retailers(world))
    days = [dt.date(year, month, day) for day in range(2, 29, 5)]
    felt = [world.ground.shocks.effects_on(day).sales.mean(axis=1)[at] for day in days
            if world.holds(day)]
    return (np.mean(felt, axis=0) if felt else np.ones(len(at)))[:, None]


def _listed(world: World, day: dt.date) -> NDArray[np.int64]:
    today = {firm.code for firm in world.listed("backbone", day)}
    return np.array([at for at, firm in enumerate(key_retailers(world)) if firm.code in today])


def _columns(items: Sequence[WorldItem] | None) -> tuple[list[int], tuple[str, ...]]:
    if items is None:
        items = retailer_items()
    names = [row["name"].replace("、", "").removesuffix("类") for row in _classes()]
    found = []
    for item in items:
        name = item.name.replace("、", "").replace(" ", "").removesuffix("类")
        if name not in names:
            raise WorldError("WORLD-ITEM", f"重点流通企业商品类没有「{item.name}」({item.code})；"
                                           "请在 retailers.toml 补一行")
        found.append(names.index(name))
    return found, tuple(item.code for item in items)


def _inside(world: World, day: dt.date) -> None:
    if not world.holds(day):
        raise WorldError("WORLD-WEEK", f"{day} 不在本模拟世界内")


def retailer_truth(
    world: World, month: dt.date, items: Sequence[WorldItem] | None = None
) -> FormTruth:
    """What was true of the backbone firms in the month that holds ``month``;
    ``RETAILER_MEASURES``.

    Firms: the backbone list on the month's last day. WorldError ``WORLD-WEEK``, ``WORLD-ITEM``.
    """
    start = month.replace(day=1)
    end = start.replace(day=gregorian.monthrange(start.year, start.month)[1])
    _inside(world, month)
    rows, (columns, codes) = _listed(world, end), _columns(items)
    sales = _month(world, start.year, start.month)
    year = sum(_month(world, start.year, number) for number in range(1, start.month + 1))
    rng = stream(world.ground.seed, "retailer-stock", start.year, start.month)
    cover = load("retailers.toml")["rules"]["cover_days"] / _DAYS_A_MONTH
    stock = np.rint(sales * cover * np.exp(0.2 * bell(rng, sales.shape))).astype(np.int64)
    firms = key_retailers(world)
    trade = np.array([_WHOLESALE.get(firm.kind, 0.0) for firm in firms])[:, None]
    whole = np.rint(sales * trade * np.exp(0.1 * bell(rng, sales.shape))).astype(np.int64)
    values = np.stack([sales, whole, stock, _month(world, start.year - 1, start.month), year],
                      axis=-1)
    sold = (sales > 0)[:, :, None]
    nil = np.repeat(np.where(sold, VALUE, NOT_CARRIED), values.shape[2], axis=2).astype(np.uint8)
    return FormTruth("retailer_month", start, end, tuple(firms[row].code for row in rows), codes,
                     RETAILER_MEASURES, np.where(nil == VALUE, values, 0)[rows][:, columns],
                     nil[rows][:, columns])


def retailer_month(
    world: World, month: dt.date, items: Sequence[WorldItem] | None = None
) -> FormReturns:
    """The backbone firms' month as filed."""
    truth = retailer_truth(world, month, items)
    eve = truth.start - dt.timedelta(days=1)
    before = retailer_truth(world, eve, items) if world.holds(eve) else None
    return file(world, truth, before, _MONTH, np.zeros(len(truth.items), dtype=np.bool_))


@lru_cache(maxsize=24)
def _days(world: World, year: int, month: int) -> Ints:
    """Sales of each day in hundreds of yuan; [firm × day], summing to the month's 21 classes."""
    days = gregorian.monthrange(year, month)[1]
    usual = _firms(world)[0]
    factors = usual @ _day_factors(dt.date(year, month, 1), days)
    rng = stream(world.ground.seed, "retailer-days", year, month)
    weights = np.maximum(factors, 1e-9) * np.exp(0.08 * bell(rng, factors.shape))
    total = _month(world, year, month).sum(axis=1)
    return shared_out(total[:, None], weights)[:, 0, :]


def golden_items() -> tuple[WorldItem, ...]:
    """The nine kinds of business of the golden-week form; codes F01…F09."""
    return tuple(WorldItem(f"F{at:02d}", name, "万元")
                 for at, name in enumerate(load("retailers.toml")["formats"], start=1))


def _formats(world: World, items: Sequence[WorldItem]) -> NDArray[np.bool_]:
    """Which kind of business each firm is; [firm × item], one a firm."""
    names, kinds = load("retailers.toml")["formats"], load("retailers.toml")["format_of"]
    for item in items:
        if item.name not in names:
            raise WorldError("WORLD-ITEM", f"黄金周日报没有业态「{item.name}」({item.code})；"
                                           "请在 retailers.toml 补一行")
    own = [kinds.get(firm.kind, names[4]) for firm in key_retailers(world)]
    # One department store in three calls itself a shopping centre.
    own = [names[3] if name == names[0] and at % 3 == 0 else name for at, name in enumerate(own)]
    return np.array([[item.name == name for item in items] for name in own])


def compared_day(day: dt.date) -> dt.date:
    """上年同日 of a day: 农历同期 near Spring Festival, otherwise the same date a year ago."""
    if abs(days_from_festival(day)) <= _FAR_FROM_FEAST:
        return lunar_twin(day)
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def retailer_day_truth(
    world: World, day: dt.date, items: Sequence[WorldItem] | None = None
) -> FormTruth:
    """Takings and visitors of the backbone firms on one day, by kind of business.

    ``GOLDEN_MEASURES``; a firm has one kind, the others are 未经营. The days of a month sum to its
    monthly sales. For a comparison ask the same of ``compared_day(day)``.
    """
    _inside(world, day)
    asked = tuple(items) if items is not None else golden_items()
    rows, kinds = _listed(world, day), _formats(world, asked)
    sales = _days(world, day.year, day.month)[:, day.day - 1]
    rng = stream(world.ground.seed, "footfall", day.toordinal())
    extra = np.floor(sales * 0.06 * rng.random(len(sales))).astype(np.int64)
    people = np.rint(sales / _BASKET * np.exp(0.15 * bell(rng, len(sales)))).astype(np.int64)
    values = np.stack([sales + extra, sales, people], axis=-1)[:, None, :] * kinds[:, :, None]
    nil = np.repeat(np.where(kinds, VALUE, NOT_CARRIED)[:, :, None], 3, axis=2).astype(np.uint8)
    firms = key_retailers(world)
    return FormTruth("retailer_day", day, day, tuple(firms[row].code for row in rows),
                     tuple(item.code for item in asked), GOLDEN_MEASURES, values[rows], nil[rows])


def retailer_day(
    world: World, day: dt.date, items: Sequence[WorldItem] | None = None
) -> FormReturns:
    """The golden-week day of the backbone firms as filed."""
    truth = retailer_day_truth(world, day, items)
    eve = day - dt.timedelta(days=1)
    before = retailer_day_truth(world, eve, items) if world.holds(eve) else None
    return file(world, truth, before, _DAY, np.zeros(len(truth.items), dtype=np.bool_))
