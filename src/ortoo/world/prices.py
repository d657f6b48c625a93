"""Prices of the simulated region: true price by item × league × week, and the shops' tags.

True price: seasonless anchors × season × league and banner relations × festival × autoregressive
noise (region and league) × shocks. Tags follow it in steps: a market re-prices when the gap passes
a band (the (S, s) rule of menu costs), most shops follow the same week, and a tag ends as tags do.
Everything is drawn week by week from its own stream, so a longer world begins with the same weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world import calibration
from ortoo.world.calendar import festival_offsets
from ortoo.world.calibration import Floats, ItemFacts, facts
from ortoo.world.draw import bell, stream
from ortoo.world.records import Firm, WorldPlace
from ortoo.world.shocks import ShockTable

Ints = NDArray[np.int64]
_WEEK = 7
_HIGHEST_TAG_YUAN = 3000
_GRAMS = 1000
# Vegetables from far away in January are less steady than those from the next village in July.
_SUMMER_STIR, _WINTER_STIR = 0.7, 0.6
_FEASTING = 1.2   # sales factor above which shops hold festival promotions


@dataclass(frozen=True, slots=True)
class Ground:
    """What a world stands on: its seed, weeks, places and items."""

    seed: int
    start: dt.date
    weeks: int
    leagues: tuple[WorldPlace, ...]
    banners: tuple[WorldPlace, ...]
    items: tuple[ItemFacts, ...]
    shocks: ShockTable

    def week_start(self, week: int) -> dt.date:
        """First day of week number ``week``."""
        return self.start + dt.timedelta(days=_WEEK * week)

    def league_of_banner(self) -> Ints:
        """Index of each banner's league; [banner]."""
        at = {place.code: index for index, place in enumerate(self.leagues)}
        return np.array([at[place.parent] for place in self.banners], dtype=np.int64)

    def by_group(self, key: str) -> Floats:
        """A group's parameter laid over the items; [item]."""
        return np.array([facts()["groups"][known.group][key] for known in self.items],
                        dtype=np.float64)

    def middle(self, week: int) -> tuple[float, float]:
        """Ordinal and day of the year of a week's middle day."""
        day = self.week_start(week) + dt.timedelta(days=3)
        return float(day.toordinal()), float(day.timetuple().tm_yday)

    def feast(self, week: int, curve: str) -> float:
        """Mean of a festival curve (``sales`` or ``price``) over the seven days of a week."""
        offsets = festival_offsets(self.week_start(week), _WEEK).astype(np.float64)
        return float(calibration.ramp(facts()["feast"][curve], offsets).mean())


def true_log_prices(ground: Ground) -> Floats:
    """ln of the true price (yuan per unit), before banner relations and shocks.

    Returns [week × league × item].
    """
    count, leagues = len(ground.items), len(ground.leagues)
    days = np.array([ground.middle(week) for week in range(ground.weeks)])
    known = [
        np.log(item.level) + calibration.trend(item.trend, days[:, 0])
        + calibration.season(item, days[:, 1]) for item in ground.items
    ]
    plain = np.stack(known, axis=1)
    rise = np.array([ground.feast(week, "price") for week in range(ground.weeks)])
    plain += rise[:, None] * np.log1p(ground.by_group("feast_price"))[None, :]
    keep, sigma = ground.by_group("keep"), ground.by_group("sigma")
    fresh = np.array([item.group == "vegetable" for item in ground.items])
    winter = calibration.winter_share(days[:, 1])
    region, league = np.zeros(count), np.zeros((leagues, count))
    out = np.empty((ground.weeks, leagues, count))
    for week in range(ground.weeks):
        rng = stream(ground.seed, "prices", week)
        # 0.8² + 0.6² = 1: the region's weather and the league's own road share the innovation.
        stir = sigma * np.where(fresh, _SUMMER_STIR + _WINTER_STIR * winter[week], 1.0)
        region = keep * region + 0.6 * stir * bell(rng, count)
        league = keep * league + 0.8 * stir * bell(rng, (leagues, count))
        out[week] = plain[week] + region + league
    return out


class BannerRelations:
    """How a banner's prices stand to its league's true price, week by week."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._level = np.stack(
            [calibration.place_price(place, ground.items) for place in ground.banners]
        ) + 0.012 * bell(stream(ground.seed, "banners"), (len(ground.banners), len(ground.items)))
        self._vegetable = np.array([known.group == "vegetable" for known in ground.items])

    def week(self, week: int) -> Floats:
        """ln factor with the vegetable season and shocks; [banner × item]."""
        day = self._ground.middle(week)[1]
        season = np.array([calibration.place_season(place, day) for place in self._ground.banners])
        shock = self._ground.shocks.effects(self._ground.week_start(week)).price
        relation: Floats = self._level + season[:, None] * self._vegetable[None, :] + shock
        return relation


def tag_ladder(habit: str) -> Ints:
    """Every tag a shop of this habit writes, in fen, rising."""
    table = facts()["tags"][habit]
    endings = [(0, 2, "under_2"), (2, 6, "under_6"), (6, 20, "under_20"),
               (20, _HIGHEST_TAG_YUAN, "above")]
    fen = [yuan * 100 + round(ending * 100)
           for low, high, key in endings for yuan in range(low, high) for ending in table[key]]
    return np.array([tag for tag in fen if tag >= 20], dtype=np.int64)


def nearest_tag(ladder: Ints, wanted: Floats) -> Ints:
    """The rung nearest to each wanted tag (fen); the lower one on a tie."""
    above = np.searchsorted(ladder, wanted).clip(1, len(ladder) - 1)
    low, high = ladder[above - 1], ladder[above]
    rung: Ints = np.where(wanted - low <= high - wanted, low, high)
    return rung


@dataclass(frozen=True, slots=True)
class ShopTags:
    """``tag``: fen per pack [week × shop × item]; ``promoted``: same shape; ``pack``: grams or
    millilitres of the pack the tag is for [shop × item]."""

    tag: NDArray[np.int32]
    promoted: NDArray[np.bool_]
    pack: Ints

    def price(self, week: int) -> Ints:
        """Price in fen per 公斤 or 升, half a fen rounded up; [shop × item]."""
        tag = self.tag[week].astype(np.int64)
        price: Ints = (2 * tag * _GRAMS + self.pack) // (2 * self.pack)
        return price


class _Shelf:
    """State of all shops' tags as the weeks pass."""

    def __init__(self, ground: Ground, shops: Sequence[Firm], market: Floats) -> None:
        self.ground, self.market = ground, market
        self.league_of = ground.league_of_banner()
        self.band, self.idle = ground.by_group("band"), ground.by_group("idle")
        shape = (len(shops), len(ground.items))
        rng, sticky = stream(ground.seed, "shops"), facts()["stickiness"]
        at = {place.code: index for index, place in enumerate(ground.banners)}
        self.banner = np.array([at[shop.place] for shop in shops], dtype=np.int64)
        self.effect = (sticky["shop_spread"] * bell(rng, (shape[0], 1))
                       + sticky["item_spread"] * bell(rng, shape))
        # The sample stands for its league: what its shops add to the level cancels out.
        of_shop = self.league_of[self.banner]
        for league in np.unique(of_shop):
            self.effect[of_shop == league] -= self.effect[of_shop == league].mean(axis=0)
        self.pack = np.empty(shape, dtype=np.int64)
        draws = rng.random(shape)
        for column, known in enumerate(ground.items):
            packs = np.array(known.packs, dtype=np.int64)
            self.pack[:, column] = packs[(draws[:, column] * len(packs)).astype(np.int64)]
        habits = sorted({shop.tag_habit for shop in shops})
        self.ladders = [(np.array([shop.tag_habit == habit for shop in shops]), tag_ladder(habit))
                        for habit in habits]
        self.pending = np.ones(shape, dtype=np.bool_)
        self.tag = np.zeros(shape, dtype=np.int64)

    def snap(self, log_price: Floats) -> Ints:
        """Tags nearest to ln prices (yuan per unit); [shop × item]."""
        wanted = np.exp(log_price) * 100 * self.pack / _GRAMS
        out = np.empty(wanted.shape, dtype=np.int64)
        for rows, ladder in self.ladders:
            out[rows] = nearest_tag(ladder, wanted[rows])
        return out

    def reprice(self, wanted: Floats, rng: np.random.Generator) -> None:
        """Lets markets re-price to ``wanted`` (ln, [banner × item]) and shops follow."""
        ground, shape = self.ground, self.tag.shape
        patience = 0.75 + 0.5 * rng.random((len(ground.leagues), shape[1]))
        moved = np.abs(wanted - self.market) > self.band * patience[self.league_of]
        self.market = np.where(moved, wanted, self.market)
        self.pending |= moved[self.banner]
        alone = rng.random(shape) < self.idle
        follow = self.pending & (rng.random(shape) < facts()["stickiness"]["follow"])
        retag = follow | alone | (self.tag == 0)
        target = self.market[self.banner] + self.effect + 0.02 * alone * bell(rng, shape)
        self.tag = np.where(retag, self.snap(target), self.tag)
        self.pending &= ~retag

    def promote(self, week: int, rng: np.random.Generator) -> tuple[Ints, NDArray[np.bool_]]:
        """This week's tags with promotions, and which they are; both [shop × item]."""
        sticky, shape = facts()["stickiness"], self.tag.shape
        feasting = self.ground.feast(week, "sales") > _FEASTING
        chosen = rng.random(shape) < sticky["promotion_feast" if feasting else "promotion"]
        low, high = sticky["promotion_depth"]
        depth = low + (high - low) * rng.random(shape)
        cut = self.snap(np.log(self.tag * _GRAMS / (100 * self.pack)) + np.log1p(-depth))
        return np.where(chosen, cut, self.tag), chosen


def shop_tags(ground: Ground, shops: Sequence[Firm], truth: Floats) -> ShopTags:
    """Runs the shelf through all weeks. ``truth``: [week × league × item]."""
    relations, league_of = BannerRelations(ground), ground.league_of_banner()
    shelf = _Shelf(ground, shops, truth[0][league_of] + relations.week(0))
    shape = (ground.weeks, len(shops), len(ground.items))
    tags, promoted = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.bool_)
    for week in range(ground.weeks):
        rng = stream(ground.seed, "tags", week)
        shelf.reprice(truth[week][league_of] + relations.week(week), rng)
        tags[week], promoted[week] = shelf.promote(week, rng)
    return ShopTags(tags, promoted, shelf.pack)
