"""One simulated region: from a seed, everything that was true in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world import calibration, firms, respondents
from ortoo.world.prices import BannerRelations, Ground, ShopTags, shop_tags, true_log_prices
from ortoo.world.quantities import Trade, Truth
from ortoo.world.records import PRICE, VALUE, Firm, FirmEvent, WorldError, WorldItem, WorldPlace
from ortoo.world.shocks import Shock, ShockTable, shocks_between

Ints = NDArray[np.int64]
_WEEK = 7
_LEAGUE_KINDS = ("prefecture_city", "league")
_ZONE_KINDS = ("zone_stat",)       # development zones: their people are counted in a banner
FIRST_WEEK = dt.date(2021, 1, 2)   # a Saturday: weeks run Saturday to Friday, as 兴安盟's do
WEEKS = 313                        # to 2027-01-01
VERSION = 2
_TRAVELLING = 2
_BESIDE = 0x5F3759DF               # another stream of goods' noise for the goods beside the form


class World:
    """A simulated region.

    ``places``: leagues (kind ``prefecture_city`` or ``league``) and the banners below them; any
    other record is ignored. ``items``: rows of the form, default the 46 of the retail form.
    ``start``: first day of week 0, whatever the weekday; weeks follow every seven days. A longer
    world (more ``weeks``) of the same seed, places, items and start begins with the same weeks.
    ``sample``: number of sample seats, default 230; the other lists scale with it.
    ``version``: 2 (default) lets shocks travel to neighbouring places and lets firms that share
    one device copy from each other; 1 is the world before that.
    """

    def __init__(
        self, seed: int, places: Sequence[WorldPlace], items: Sequence[WorldItem] | None = None, *,
        start: dt.date = FIRST_WEEK, weeks: int = WEEKS, sample: int | None = None,
        credit_code: firms.CreditCode = firms.reserved_code, version: int = VERSION,
    ) -> None:
        self.items = tuple(items if items is not None else calibration.standard_items())
        leagues = tuple(place for place in places if place.kind in _LEAGUE_KINDS)
        known = {place.code for place in leagues}
        banners = tuple(place for place in places
                        if place.parent in known and place.kind not in _ZONE_KINDS)
        if not banners:
            raise WorldError("WORLD-PLACES", "没有可放企业的旗县：地区表须含盟市及其下级旗县")
        found = calibration.item_facts(self.items)
        end = start + dt.timedelta(days=_WEEK * weeks)
        shocks = ShockTable(shocks_between(start, end), banners, found,
                            travelling=version >= _TRAVELLING)
        self.version = version
        self.ground = Ground(seed, start, weeks, leagues, banners, found, shocks)
        self._register = firms.enlist(seed=seed, leagues=leagues, banners=banners, start=start,
                                      sample=sample, credit_code=credit_code)
        self._whole_weight: float | None = None
        self._setting = respondents.Setting(
            seed, leagues, banners, start,
            (sample or calibration.facts()["lists"]["sample"])
            / calibration.facts()["lists"]["sample"], credit_code)
        self._truth = lru_cache(maxsize=16)(self._week_truth)

    def beside(self, items: Sequence[WorldItem]) -> World:
        """The same places, firms, seats and weeks with other goods on the shelf.

        Prices of these goods have noise of their own; shocks strike them by group or code.
        """
        found = calibration.item_facts(items)
        shocks = ShockTable(self.shocks, self.ground.banners, found,
                            travelling=self.version >= _TRAVELLING)
        other = object.__new__(World)
        other.items, other.version = tuple(items), self.version
        other.ground = replace(self.ground, seed=self.ground.seed ^ _BESIDE, items=found,
                               shocks=shocks)
        other._whole_weight = sum(known.weight for known in self.ground.items)
        other._register, other._setting = self._register, self._setting
        other._truth = lru_cache(maxsize=16)(other._week_truth)
        return other

    @cached_property
    def roll(self) -> respondents.Roll:
        """Wholesale markets, material dealers, trading markets and the frame of the sample."""
        return respondents.enlist(self._setting, self.firms)

    @property
    def respondents(self) -> tuple[Firm, ...]:
        """Every firm that owes any form: those of the three lists, then the others."""
        return (*self.firms, *self.roll.newcomers)

    @property
    def firms(self) -> tuple[Firm, ...]:
        """All firms of the three lists, also those that closed or opened meanwhile."""
        return self._register.firms

    @property
    def events(self) -> tuple[FirmEvent, ...]:
        """Closures, mergers, renamings and openings, by date."""
        return self._register.events

    @property
    def shocks(self) -> tuple[Shock, ...]:
        """The shocks that touch this world's weeks."""
        return self.ground.shocks.shocks

    def holds(self, day: dt.date) -> bool:
        """Whether a day lies inside this world's weeks."""
        return self.ground.start <= day < self.ground.week_start(self.ground.weeks)

    def banner_of(self, firms: Sequence[Firm]) -> Ints:
        """Index in ``ground.banners`` of each firm's place; [firm]."""
        at = {place.code: index for index, place in enumerate(self.ground.banners)}
        return np.array([at[firm.place] for firm in firms], dtype=np.int64)

    @cached_property
    def shops(self) -> tuple[Firm, ...]:
        """Every firm that ever held a sample seat, by seat and then by date."""
        return tuple(firm for seat in self._register.seats() for firm in seat)

    def week_of(self, week_start: dt.date) -> int:
        """Number of the week that begins on ``week_start`` or up to three days from it.

        A form may change its weekday (Monday weeks until 2024, Saturday weeks since): each such
        week is the one of this world that it mostly covers, so the series runs through the change.
        Raises WorldError (``WORLD-WEEK``) outside the weeks of this world.
        """
        week = ((week_start - self.ground.start).days + _WEEK // 2) // _WEEK
        if not 0 <= week < self.ground.weeks:
            raise WorldError(
                "WORLD-WEEK",
                f"{week_start} 起的一周不在本模拟世界内；世界从 {self.ground.start} 起，"
                f"共 {self.ground.weeks} 周",
            )
        return week

    def week_starts(self) -> list[dt.date]:
        """First days of all weeks."""
        return [self.ground.week_start(week) for week in range(self.ground.weeks)]

    @cached_property
    def _seat_rows(self) -> list[list[tuple[dt.date, int]]]:
        rows: list[list[tuple[dt.date, int]]] = []
        for row, firm in enumerate(self.shops):
            if firm.seat == len(rows):
                rows.append([])
            rows[-1].append((firm.sample_from or self.ground.start, row))
        return rows

    def shop_rows(self, week_start: dt.date) -> Ints:
        """Row in ``shops`` of the firm on each seat in a week; [seat]."""
        return np.array([
            next(row for since, row in reversed(seat) if since <= week_start or row == seat[0][1])
            for seat in self._seat_rows
        ], dtype=np.int64)

    def sample(self, week_start: dt.date) -> tuple[Firm, ...]:
        """The sample firms of a week, by seat."""
        return tuple(self.shops[row] for row in self.shop_rows(week_start))

    def listed(self, name: str, day: dt.date) -> tuple[Firm, ...]:
        """Firms on a list on a day: ``sample``, ``guarantor``, ``backbone``; ``wholesale``,
        ``material``, ``trading``, ``frame``.
        """
        if further := self.roll.listed(name):
            return further
        return tuple(
            firm for firm in self.firms
            if name in firm.lists and (firm.sample_from is None or firm.sample_from <= day)
            and (firm.sample_to is None or day < firm.sample_to)
        )

    def name_on(self, firm: Firm, day: dt.date) -> str:
        """A firm's registered name on a day."""
        renamed = [event.name for event in self.events
                   if event.firm == firm.code and event.kind == "renamed" and event.on <= day]
        return (renamed[-1] or firm.name) if renamed else firm.name

    @cached_property
    def log_prices(self) -> NDArray[np.float64]:
        """ln of the true price (yuan per unit) before place relations; [week × league × item]."""
        return true_log_prices(self.ground)

    @cached_property
    def tags(self) -> ShopTags:
        """Tags of all shops in all weeks (row order of ``shops``)."""
        return shop_tags(self.ground, self.shops, self.log_prices)

    @cached_property
    def trade(self) -> Trade:
        """Selling habits of all shops (row order of ``shops``)."""
        return Trade(self.ground, self.shops, self.tags, whole_weight=self._whole_weight)

    def log_true(self, week: int) -> NDArray[np.float64]:
        """ln of the true price (yuan per unit) with relations and shocks; [banner × item]."""
        level = self.log_prices[week][self.ground.league_of_banner()]
        found: NDArray[np.float64] = level + self._relations.week(week)
        return found

    def true_prices(self, week_start: dt.date) -> Ints:
        """Noise-free market price in fen per unit; [banner × item] in ``ground.banners`` order."""
        log_price = self.log_true(self.week_of(week_start))
        fen: Ints = np.rint(np.exp(log_price) * 100).astype(np.int64)
        return fen

    @cached_property
    def _relations(self) -> BannerRelations:
        return BannerRelations(self.ground)

    def _week_truth(self, week_start: dt.date) -> Truth:
        whole = self.trade.week(self.week_of(week_start))
        rows = self.shop_rows(week_start)
        return Truth(whole.values[rows], whole.nil[rows])

    def truth(self, week_start: dt.date) -> Truth:
        """What was true at each sample seat in a week; arrays [seat × item × measure]."""
        return self._truth(week_start)

    def league_quotes(self, week_start: dt.date) -> Ints:
        """The quote a league's bureau writes: the median shop price, fen per unit, of its seats.

        [league × item]; the lower middle price when their number is even (a price that exists on
        a shelf); 0 where no shop sells the item.
        """
        truth, sample = self.truth(week_start), self.sample(week_start)
        at = {place.code: index for index, place in enumerate(self.ground.leagues)}
        league = np.array([at[firm.league] for firm in sample])
        out = np.zeros((len(at), len(self.items)), dtype=np.int64)
        sold = truth.nil[:, :, PRICE] == VALUE
        for index in range(len(at)):
            for item in range(len(self.items)):
                prices = np.sort(truth.values[(league == index) & sold[:, item], item, PRICE])
                if len(prices):
                    out[index, item] = prices[(len(prices) - 1) // 2]
        return out
