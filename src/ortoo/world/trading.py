"""Commodity markets 商品交易市场 under supervision: a month of each market by good."""

from __future__ import annotations

import calendar as gregorian
import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calibration import Floats, load
from ortoo.world.draw import bell, stream
from ortoo.world.filing import Custom, file
from ortoo.world.records import NOT_CARRIED, VALUE, WorldError, WorldItem
from ortoo.world.sheets import FormReturns, FormTruth, Measure
from ortoo.world.slips import Columns
from ortoo.world.world import World

Ints = NDArray[np.int64]
MARKET_MEASURES = (
    Measure("turnover", "成交额", "万元", 2), Measure("volume", "成交量", "吨", 1),
    Measure("traders", "经营户", "户", 0), Measure("stalls", "摊位", "个", 0),
    Measure("receipts", "期末仓单", "吨", 1), Measure("warehouse", "期末在库", "吨", 1),
    Measure("deliveries", "实物交割量", "吨", 1), Measure("margin", "保证金余额", "万元", 2),
    Measure("complaints", "投诉", "件", 0),
)
_CUSTOM = Custom("month", "market", Columns((), (1,), (0, 7), (1, 4, 5, 6), (5,)))
_WEEKS = 4.345


def _goods() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load("retailers.toml")["trading"]["goods"]
    return rows


def market_items() -> tuple[WorldItem, ...]:
    """The 19 classes of goods; codes T01…T19, unit 吨."""
    return tuple(WorldItem(f"T{at:02d}", row["name"], "吨", True)
                 for at, row in enumerate(_goods(), start=1))


@lru_cache(maxsize=8)
def _markets(world: World) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """(what each market trades, its tonnes a month, the share delivered); [market × good]."""
    markets, goods = world.roll.trading, _goods()
    rng = stream(world.ground.seed, "trading")
    shape = (len(markets), len(goods))
    weight = np.array([row["weight"] for row in goods])
    traded = rng.random(shape) < 0.3
    traded[np.arange(len(markets)), np.argmax(rng.random(shape) * weight, axis=1)] = True
    value = np.array([market.turnover_yuan_per_week for market in markets])[:, None] * _WEEKS
    share = traded * weight * np.exp(0.3 * bell(rng, shape))
    tons = value * share / share.sum(axis=1, keepdims=True) / [row["price"] for row in goods]
    return traded, tons, 0.12 + 0.6 * rng.random(shape)


@lru_cache(maxsize=24)
def _month(world: World, year: int, month: int) -> Ints:
    traded, tons, delivered = _markets(world)
    rng = stream(world.ground.seed, "trading-month", year, month)
    volume = np.maximum(np.rint(tons * 10 * np.exp(0.18 * bell(rng, tons.shape))), 1)
    price = np.array([row["price"] for row in _goods()]) * np.exp(0.05 * bell(rng, tons.shape))
    turnover = np.maximum(np.rint(volume / 10 * price / 100), 1)     # hundreds of yuan
    moved = np.floor(volume * np.clip(delivered + 0.04 * bell(rng, tons.shape), 0.02, 0.95))
    stock = np.rint(moved * (0.6 + 0.5 * rng.random(tons.shape)))
    receipts = np.floor(stock * (0.2 + 0.6 * rng.random(tons.shape)))
    margin = np.rint(turnover * 0.08 * (0.7 + 0.6 * rng.random(tons.shape)))
    habits = stream(world.ground.seed, "traders").random(tons.shape)
    traders = np.maximum(np.rint(12 + 160 * habits + 4 * bell(rng, tons.shape)), 3)
    complaints = np.floor(rng.random(tons.shape) ** 4 * traders / 14)
    values = np.stack([turnover, volume, traders, traders + np.floor(traders * 0.4 * habits),
                       receipts, stock, moved, margin, complaints], axis=-1).astype(np.int64)
    return np.where(traded[:, :, None], values, 0)


def _columns(items: Sequence[WorldItem]) -> list[int]:
    at = {name: row for row, good in enumerate(_goods())
          for name in (good["name"], *good["aliases"])}
    for item in items:
        if item.name not in at:
            raise WorldError("WORLD-ITEM", f"商品交易市场没有交易品种「{item.name}」({item.code})；"
                                           "请在 retailers.toml 补一行")
    return [at[item.name] for item in items]


def market_truth(
    world: World, month: dt.date, items: Sequence[WorldItem] | None = None
) -> FormTruth:
    """What was true of the trading markets in the month that holds ``month``.

    ``MARKET_MEASURES``: deliveries ≤ volume, receipts ≤ warehouse. Firms: the
    ``trading`` list.
    """
    if not world.holds(month):
        raise WorldError("WORLD-WEEK", f"{month} 不在本模拟世界内")
    start = month.replace(day=1)
    end = start.replace(day=gregorian.monthrange(start.year, start.month)[1])
    rows = tuple(items) if items is not None else market_items()
    columns = _columns(rows)
    values = _month(world, start.year, start.month)[:, columns]
    traded = np.where(_markets(world)[0][:, columns], VALUE, NOT_CARRIED)
    nil = np.repeat(traded[:, :, None], len(MARKET_MEASURES), axis=2).astype(np.uint8)
    return FormTruth("market_month", start, end,
                     tuple(market.code for market in world.roll.trading),
                     tuple(item.code for item in rows), MARKET_MEASURES, values, nil)


def market_month(
    world: World, month: dt.date, items: Sequence[WorldItem] | None = None
) -> FormReturns:
    """The trading markets' month as filed."""
    truth = market_truth(world, month, items)
    eve = truth.start - dt.timedelta(days=1)
    before = market_truth(world, eve, items) if world.holds(eve) else None
    return file(world, truth, before, _CUSTOM, np.zeros(len(truth.items), dtype=np.bool_))
