"""True prices of any goods the calibration knows, by banner, by week and by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calibration import Floats, ItemFacts, item_facts
from ortoo.world.records import WorldItem
from ortoo.world.shocks import Effects
from ortoo.world.world import World

_WEEK = 7
_MIDDLE = 3


class PriceBook:
    """Prices of ``items`` in a world: those of its form as its shops live them, others beside."""

    def __init__(self, world: World, items: Sequence[WorldItem]) -> None:
        self.world, self.items = world, tuple(items)
        self.facts: tuple[ItemFacts, ...] = item_facts(items)
        at = {known.name: index for index, known in enumerate(world.ground.items)}
        others = [item for item, known in zip(items, self.facts, strict=True)
                  if known.name not in at]
        names = list(dict.fromkeys(known.name for known in item_facts(others)))
        self._beside = world.beside(
            tuple(WorldItem(name, name) for name in names)) if names else None
        own = {name: len(at) + index for index, name in enumerate(names)}
        self.column = np.array([at.get(known.name, own.get(known.name, 0))
                                for known in self.facts], dtype=np.int64)
        self.level = np.array([known.level for known in self.facts])
        self.week = lru_cache(maxsize=12)(self._week)

    def _joined(self, parts: Sequence[NDArray]) -> NDArray:
        return np.concatenate(parts, axis=-1)[..., self.column]

    def _week(self, week: int) -> Floats:
        """ln of the true price (yuan per unit) in week number ``week``; [banner × item]."""
        worlds = [self.world, *([self._beside] if self._beside else [])]
        return self._joined([world.log_true(week) for world in worlds])

    def day(self, day: dt.date) -> Floats:
        """ln of the true price on a day: straight lines between the weeks' middle days."""
        ground = self.world.ground
        since = (day - ground.start).days - _MIDDLE
        week, step = divmod(since, _WEEK)
        first, last = max(week, 0), min(week + 1, ground.weeks - 1)
        share = step / _WEEK
        line: Floats = self.week(first) * (1 - share) + self.week(last) * share
        return line

    def effects(self, day: dt.date) -> Effects:
        """Effects of shocks on one day; arrays as ``Effects``, columns of this book."""
        worlds = [self.world, *([self._beside] if self._beside else [])]
        each = [world.ground.shocks.effects_on(day) for world in worlds]
        return Effects(
            self._joined([one.price for one in each]), self._joined([one.sales for one in each]),
            self._joined([one.stockout for one in each]), each[0].late, each[0].missing)


@lru_cache(maxsize=16)
def price_book(world: World, items: tuple[WorldItem, ...]) -> PriceBook:
    """The book of these items, made once per world."""
    return PriceBook(world, items)
