"""League supplements 盟市补充指标: rows a league asks of its own sample firms, weekly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ortoo.world.calibration import item_facts, league_supplements, supplement_items
from ortoo.world.filing import Custom, file, jin_rows
from ortoo.world.records import BLANK, MEASURES, STOCK, VALUE, WorldError, WorldItem
from ortoo.world.sheets import FormReturns, FormTruth, Measure
from ortoo.world.slips import Columns
from ortoo.world.world import World

_WEEK = 7
SUPPLEMENT_MEASURES = (
    Measure("price", "零售价格", "元/{unit}", 2), Measure("sales", "销售额", "万元", 2),
    Measure("sales_qty", "销售量", "{unit}", 1), Measure("stock", "期末库存", "{unit}", 1),
)
assert tuple(measure.code for measure in SUPPLEMENT_MEASURES) == MEASURES


@lru_cache(maxsize=16)
def _shelf(world: World, items: tuple[WorldItem, ...]) -> World:
    return world.beside(items)


def _columns(world: World, items: tuple[WorldItem, ...]) -> tuple[World, list[int]]:
    """The shelf that holds these goods and their columns: one shelf for all known supplements."""
    known = [fact.name for fact in item_facts(supplement_items())]
    names = [fact.name for fact in item_facts(items)]
    if set(names) <= set(known):
        return _shelf(world, supplement_items()), [known.index(name) for name in names]
    return _shelf(world, items), list(range(len(items)))


def _items(league: str, items: Sequence[WorldItem] | None) -> tuple[WorldItem, ...]:
    found = tuple(items) if items is not None else league_supplements(league)
    if not found:
        raise WorldError("WORLD-SUPPLEMENT", f"{league} 没有补充指标；请在 calibration.toml 的 "
                                             "league_supplements 补录或传入 items")
    return found


def supplement_truth(
    world: World, league: str, week_start: dt.date, items: Sequence[WorldItem] | None = None,
) -> FormTruth:
    """What was true of a league's supplement in a week: its sample firms, the weekly measures.

    ``items``: rows of the form (found by name); default the league's own list. Stock is blank for
    items that do not ask it. WorldError (``WORLD-SUPPLEMENT``) when the league has none.
    """
    rows = _items(league, items)
    shelf, columns = _columns(world, rows)
    truth, sample = shelf.truth(week_start), world.sample(week_start)
    asked = np.array([item.stock_asked for item in rows])
    nil = truth.nil[:, columns].copy()
    nil[:, ~asked, STOCK] = BLANK
    values = np.where(nil == VALUE, truth.values[:, columns], 0)
    here = np.array([firm.league == league or firm.place == league for firm in sample])
    return FormTruth(
        f"supplement-{league}", week_start, week_start + dt.timedelta(days=_WEEK - 1),
        tuple(firm.code for firm, inside in zip(sample, here, strict=True) if inside),
        tuple(item.code for item in rows), SUPPLEMENT_MEASURES,
        values[here], nil[here])


def supplement_returns(
    world: World, league: str, week_start: dt.date, items: Sequence[WorldItem] | None = None,
) -> FormReturns:
    """A league's supplement returns of one week as filed."""
    rows = _items(league, items)
    before = None
    if world.week_of(week_start):
        before = supplement_truth(world, league, week_start - dt.timedelta(days=_WEEK), rows)
    key = int(league) if league.isdigit() else 0
    custom = Custom("week", "supplement", Columns((0,), (2,), (1,), (), (3,)), key)
    return file(world, supplement_truth(world, league, week_start, rows), before, custom,
                jin_rows(rows))
