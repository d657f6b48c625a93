"""What shops sell and keep: carried rows, quantities, sales, stock, reasons for no number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world import calibration
from ortoo.world.calibration import Floats, facts
from ortoo.world.draw import bell, stream
from ortoo.world.prices import Ground, ShopTags
from ortoo.world.records import (
    BLANK,
    NOT_CARRIED,
    OUT_OF_SEASON,
    OUT_OF_STOCK,
    STOCK,
    VALUE,
    Firm,
)

Ints = NDArray[np.int64]
_WEEKS_PER_YEAR = 52.18
# price fen/unit × quantity in tenths → hundreds of yuan: 100 fen × 10 tenths × 100 yuan.
_SALES_DIVISOR = 100 * 10 * 100
_ROUND_TO = {"exact": 1, "tens": 100, "hundreds": 1000}   # tenths of a kilogram


@dataclass(frozen=True, slots=True)
class Truth:
    """What a week really was, for every shop ever in the sample (rows as in the world's shops).

    ``values`` int64 [shop × item × measure]: fen per unit; hundreds of yuan; tenths of a unit
    (quantity, stock). ``nil`` uint8, same shape: 0 a value, 1 未经营, 2 断货, 3 季节无货,
    4 blank (stock not asked).
    """

    values: Ints
    nil: NDArray[np.uint8]


class Trade:
    """Fixed habits of the shops of a world, and the weekly draw from them."""

    def __init__(
        self, ground: Ground, shops: Sequence[Firm], tags: ShopTags, *,
        whole_weight: float | None = None,
    ) -> None:
        """``whole_weight``: weight that a shop's takings stand for where the goods here are only
        a part of them; otherwise the goods here make up the takings."""
        self.ground, self.tags = ground, tags
        rules, items = facts()["shops_rules"], ground.items
        rng = stream(ground.seed, "trade")
        shape = (len(shops), len(items))
        at = {place.code: index for index, place in enumerate(ground.banners)}
        self.banner = np.array([at[shop.place] for shop in shops], dtype=np.int64)
        places = [ground.banners[index] for index in self.banner]
        taste = np.stack([calibration.place_taste(place, items) for place in places])
        taste *= np.exp(rules["taste_spread"] * bell(rng, shape))
        share = taste * np.array([known.weight for known in items]) * self._kept(shops)
        takings = np.array([shop.turnover_yuan_per_week for shop in shops], dtype=np.float64)
        whole = share.sum(axis=1, keepdims=True) if whole_weight is None else whole_weight
        value = takings[:, None] * share / whole
        self.remote = np.array([calibration.remoteness(place) for place in places])
        rare = np.array([known.rare for known in items])[None, :] * self.remote[:, None] / 0.75
        # No shop is without cabbage and potatoes, however small.
        core = np.array([known.weight >= rules["core_weight"] for known in items])
        value = np.where(core & (share > 0), np.maximum(value, rules["carry_from_yuan"]), value)
        self.carried = (value >= rules["carry_from_yuan"]) & (rng.random(shape) >= rare)
        self.usual = value
        level = np.stack([np.log(np.array([known.level for known in items]))
                          + calibration.place_price(place, items) for place in places])
        self.usual_price = np.exp(level)
        self.cover = (np.array([known.days for known in items])[None, :]
                      * np.exp(0.35 * bell(rng, shape)))
        self.stocked = np.array([known.days > 0 for known in items])
        self.rounding = np.array([_ROUND_TO[shop.stock_habit] for shop in shops], dtype=np.int64)

    def _kept(self, shops: Sequence[Firm]) -> NDArray[np.bool_]:
        """Which groups a kind of shop keeps at all: a fresh shop sells no salt; [shop × item]."""
        kinds = facts()["shops"]
        return np.array([
            [known.group not in kinds[shop.kind].get("without", ()) for known in self.ground.items]
            for shop in shops
        ])

    def _out_of_season(self, week: int) -> NDArray[np.bool_]:
        """季节 gaps: decided once a season for each shop and item, not week by week."""
        middle = self.ground.week_start(week).replace(day=1)
        out = np.zeros(self.carried.shape, dtype=np.bool_)
        for column, known in enumerate(self.ground.items):
            if known.off is None:
                continue
            first, last = known.off
            month = middle.month
            inside = month >= first or month <= last if first > last else first <= month <= last
            if inside:
                season = middle.year - (month <= last and first > last)
                draw = stream(self.ground.seed, "season", season, column).random(len(out))
                out[:, column] = draw < self.remote * 1.1
        return out

    def _demand(self, week: int, price: Ints) -> Floats:
        """Factor on the usual quantity, without noise; [shop × item]."""
        rules, ground = facts()["shops_rules"], self.ground
        feast = ground.feast(week, "sales") ** ground.by_group("feast_sales")
        growth = np.exp(rules["growth_per_year"] * week / _WEEKS_PER_YEAR)
        relative = price / 100 / self.usual_price
        shock = ground.shocks.effects(ground.week_start(week)).sales[self.banner]
        drawn: Floats = relative ** -rules["demand_elasticity"]
        factor: Floats = feast[None, :] * growth * drawn * shock
        return factor

    def week(self, week: int) -> Truth:
        """The truth of one week; depends on no other week's draw."""
        ground, rules = self.ground, facts()["shops_rules"]
        rng = stream(ground.seed, "week", week)
        price = self.tags.price(week)
        factor = self._demand(week, price)
        factor *= np.exp(rules["week_spread"] * bell(rng, price.shape))
        factor *= np.where(self.tags.promoted[week], 1.0 + rng.random(price.shape), 1.0)
        units = self.usual / self.usual_price * factor
        quantity = np.maximum(np.floor(units * 10 + 0.5).astype(np.int64), 1)
        sales = sales_for(price, quantity)
        stock = self._stock(units, bell(rng, price.shape), week)
        values = np.stack([price, sales, quantity, stock], axis=-1)
        nil = self._nil(week, rng.random(price.shape))
        return Truth(np.where(nil == VALUE, values, 0), nil)

    def _stock(self, units: Floats, noise: Floats, week: int) -> Ints:
        ahead = self.ground.feast(min(week + 2, self.ground.weeks - 1), "sales")
        now = self.ground.feast(week, "sales")
        build = 1 + 0.6 * (max(ahead, 1.0) - 1)
        kept = units / max(now, 0.5) / 7 * self.cover * build * np.exp(0.14 * noise)
        step = self.rounding[:, None]
        stock: Ints = np.maximum(np.floor(kept * 10 / step + 0.5).astype(np.int64), 1) * step
        return stock

    def _nil(self, week: int, draw: Floats) -> NDArray[np.uint8]:
        shocked = self.ground.shocks.effects(self.ground.week_start(week)).stockout[self.banner]
        gone = draw < facts()["shops_rules"]["stockout_week"] + shocked
        cell = np.where(gone, OUT_OF_STOCK, VALUE)
        cell = np.where(self._out_of_season(week), OUT_OF_SEASON, cell)
        cell = np.where(self.carried, cell, NOT_CARRIED)
        nil = np.repeat(cell[:, :, None], 4, axis=2).astype(np.uint8)
        nil[:, ~self.stocked, STOCK] = BLANK
        return nil


def sales_for(price_fen: Ints, quantity_tenths: Ints) -> Ints:
    """Sales in hundreds of yuan (0.01 万元), half rounded up, at least 1; any one shape."""
    sales: Ints = np.maximum(
        (2 * price_fen * quantity_tenths + _SALES_DIVISOR) // (2 * _SALES_DIVISOR), 1)
    return sales

