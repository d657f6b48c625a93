"""Emergency goods 应急商品: stock and capacity of the supply guarantors.

``on_hand`` of a firm that is in the weekly sample equals the stock of its weekly return wherever
the weekly return asks it: stated once, used twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world.book import price_book
from ortoo.world.calibration import Floats, emergency_items, load
from ortoo.world.draw import bell, stream
from ortoo.world.filing import Custom, file, jin_rows
from ortoo.world.records import NOT_CARRIED, STOCK, VALUE, Firm, WorldItem
from ortoo.world.sheets import FormReturns, FormTruth, Measure
from ortoo.world.slips import Columns
from ortoo.world.world import World

Ints = NDArray[np.int64]
Nils = NDArray[np.uint8]
QUALITIES = ("合格", "临期", "待检", "不合格")
EMERGENCY_MEASURES = (
    Measure("on_hand", "库存量", "{unit}", 1), Measure("daily_capacity", "日供应能力", "{unit}", 1),
    Measure("max_output", "最大日供应能力", "{unit}", 1),
    Measure("quality", "质量状况", "", 0, QUALITIES),
)
HAND, DAILY, MOST, QUALITY = range(4)
_CUSTOM = Custom(
    "week", "emergency",
    Columns(tons=(HAND, DAILY, MOST), stock=(HAND,), frozen=(QUALITY,)), key=2)
_WEEK = 7
_ROUND_TO = {"exact": 1, "tens": 100, "hundreds": 1000}


@lru_cache(maxsize=16)
def _usual(
    world: World, items: tuple[WorldItem, ...], firms: tuple[Firm, ...]
) -> tuple[Floats, Floats]:
    """(units a day, days of cover) of goods a firm keeps, 0 where it does not; [firm × item]."""
    book, keeps = price_book(world, items), load("goods.toml")["keeps"]
    rng = stream(world.ground.seed, "emergency", len(items))
    # A firm's habits follow its own number and not its place in today's list.
    order = {firm.code: at for at, firm in enumerate(world.firms)}
    at = np.array([order[firm.code] for firm in firms])
    shape = (len(order), len(items))
    noise, kept, cover = bell(rng, shape)[at], rng.random(shape)[at], bell(rng, shape)[at]
    groups = np.array([[known.group in keeps.get(firm.kind, keeps["supermarket"])
                        for known in book.facts] for firm in firms])
    weight = np.array([known.weight for known in book.facts]) * groups * (kept < 0.85)
    whole = np.maximum(weight.sum(axis=1, keepdims=True), 300.0)
    takings = np.array([firm.turnover_yuan_per_week for firm in firms])[:, None] / _WEEK
    units = takings * weight / whole / book.level * np.exp(0.3 * noise)
    days = np.array([max(known.days, 1.5) for known in book.facts]) * np.exp(0.3 * cover)
    return np.where(units * 10 >= 5, units, 0.0), days


def _weekly(
    world: World, week_start: dt.date, items: tuple[WorldItem, ...], firms: tuple[Firm, ...]
) -> tuple[Ints, Nils]:
    """Stock and its nil in the weekly return; 9 where the weekly return does not ask; both
    [firm × item]."""
    truth = world.truth(week_start)
    seat = {firm.code: at for at, firm in enumerate(world.sample(week_start))}
    names = {known.name: at for at, known in enumerate(world.ground.items) if known.days > 0}
    values = np.zeros((len(firms), len(items)), dtype=np.int64)
    nil = np.full(values.shape, 9, dtype=np.uint8)
    known = [(column, names[fact.name]) for column, fact in enumerate(
        price_book(world, items).facts) if fact.name in names]
    for row, firm in enumerate(firms):
        if firm.code in seat:
            for column, asked in known:
                values[row, column] = truth.values[seat[firm.code], asked, STOCK]
                nil[row, column] = truth.nil[seat[firm.code], asked, STOCK]
    return values, nil


@lru_cache(maxsize=16)
def _truth(
    world: World, week_start: dt.date, items: tuple[WorldItem, ...], name: str
) -> FormTruth:
    end = week_start + dt.timedelta(days=_WEEK - 1)
    firms = world.listed(name, week_start)
    units, days = _usual(world, items, firms)
    felt = price_book(world, items).effects(end)
    at, week = world.banner_of(firms), world.week_of(week_start)
    rng = stream(world.ground.seed, "emergency-week", week)
    noise = bell(rng, (len(world.firms), len(items)))
    order = {firm.code: index for index, firm in enumerate(world.firms)}
    own = np.array([order[firm.code] for firm in firms])
    ahead = world.ground.feast(min(week + 2, world.ground.weeks - 1), "sales")
    level = units * days * (1 + 0.6 * (max(ahead, 1.0) - 1)) * np.exp(0.12 * noise[own])
    level = level * np.exp(-1.5 * np.maximum(felt.price[at], 0)) * (1 - felt.stockout[at])
    step = np.array([_ROUND_TO[firm.stock_habit] for firm in firms])[:, None]
    hand = np.maximum(np.rint(level * 10 / step), 1).astype(np.int64) * step
    daily = np.maximum(np.rint(units * 10), 1).astype(np.int64)
    reserve = np.exp(0.15 * bell(stream(world.ground.seed, "emergency-most", len(items)),
                                 (len(world.firms), len(items)))[own])
    most = np.maximum(np.rint(units * 22 * reserve).astype(np.int64), daily)
    kept = np.where(units > 0, VALUE, NOT_CARRIED).astype(np.uint8)
    nil = np.repeat(kept[:, :, None], 4, axis=2)
    draw = rng.random(hand.shape)
    quality = np.select([draw < 0.955, draw < 0.985, draw < 0.997], [0, 1, 2], 3)
    values = np.stack([hand, daily, most, quality.astype(np.int64)], axis=-1)
    pieces = np.array([fact.unit == "件" for fact in price_book(world, items).facts])
    values[:, pieces, :MOST + 1] = np.maximum(values[:, pieces, :MOST + 1] // 10, 1) * 10
    said, why = _weekly(world, week_start, items, firms)
    known = why != 9
    values[:, :, HAND] = np.where(known, said, values[:, :, HAND])
    # A shelf that is empty this week has a capacity all the same; one that is not kept has none.
    nil[:, :, HAND] = np.where(known, why, nil[:, :, HAND])
    for measure in (DAILY, MOST, QUALITY):
        gone = np.where(why == NOT_CARRIED, NOT_CARRIED, VALUE)
        nil[:, :, measure] = np.where(known, gone, nil[:, :, measure])
    # Where the firm has some but sells too little to show, it can still hand out one unit a day.
    values[:, :, DAILY] = np.maximum(values[:, :, DAILY], 1)
    values[:, :, MOST] = np.maximum(values[:, :, MOST], values[:, :, DAILY])
    return FormTruth("emergency", week_start, end, tuple(firm.code for firm in firms),
                     tuple(item.code for item in items), EMERGENCY_MEASURES,
                     np.where(nil == VALUE, values, 0), nil)


def emergency_truth(
    world: World, week_start: dt.date, items: Sequence[WorldItem] | None = None, *,
    listed: str = "guarantor",
) -> FormTruth:
    """Stock and capacity at the end of the week from ``week_start``; ``EMERGENCY_MEASURES``.

    ``listed``: ``guarantor`` (128) or ``backbone`` (388). Units are the goods' own (公斤 or 升),
    tenths. Default goods: the 40 of ``emergency_items()``.
    """
    rows = tuple(items) if items is not None else emergency_items()
    world.week_of(week_start)
    return _truth(world, week_start, rows, listed)


def emergency_stock(
    world: World, week_start: dt.date, items: Sequence[WorldItem] | None = None, *,
    listed: str = "guarantor",
) -> FormReturns:
    """The emergency return as filed at the end of a week."""
    rows = tuple(items) if items is not None else emergency_items()
    before = None
    if world.week_of(week_start):
        earlier = week_start - dt.timedelta(days=_WEEK)
        before = emergency_truth(world, earlier, rows, listed=listed)
    truth = emergency_truth(world, week_start, rows, listed=listed)
    return file(world, truth, before, _CUSTOM, jin_rows(rows))
