"""Dated shocks (``shocks.toml``) as effects on banners × items in a week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ortoo.world.calibration import Floats, ItemFacts, load
from ortoo.world.records import WorldPlace
from ortoo.world.travel import Reach, Travel, direct, reaches

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Shock:
    """One dated shock. ``real``: it happened (its effects are assumed all the same)."""

    id: str
    name: str
    real: bool
    places: tuple[str, ...]
    groups: tuple[str, ...]
    items: tuple[str, ...]
    start: dt.date
    end: dt.date
    rise: int
    fall: int
    price: float
    sales: float
    stockout: float
    late: float
    missing: float
    source: str
    mark: str
    travel: Travel | None = None

    def strength(self, day: dt.date) -> float:
        """0…1 on a day: straight build-up before ``start``, straight fading after ``end``."""
        if day < self.start:
            return max(0.0, 1 - (self.start - day).days / (self.rise + 1))
        if day > self.end:
            return max(0.0, 1 - (day - self.end).days / (self.fall + 1))
        return 1.0

    def week_strength(self, week_start: dt.date) -> float:
        """Mean strength of the seven days from ``week_start``."""
        days = (week_start + dt.timedelta(days=step) for step in range(_WEEK))
        return sum(map(self.strength, days)) / _WEEK


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of all shocks in one week: price (added to ln), sales (factor), stockout (chance)
    are [banner × item]; late, missing (added chances) are [banner]."""

    price: Floats
    sales: Floats
    stockout: Floats
    late: Floats
    missing: Floats


def _dated(row: dict[str, Any], year: int) -> Shock:
    start, end = (dt.date.fromisoformat(f"{year}-{row[key]}") for key in ("from", "to"))
    return _shock(row | {"id": f"{row['id']}-{year}", "start": start, "end": end, "real": True})


def _shock(row: dict[str, Any]) -> Shock:
    values: dict[str, Any] = {key: row[key] for key in Shock.__dataclass_fields__
                              if key != "travel"}
    for key in ("places", "groups", "items"):
        values[key] = tuple(values[key])
    values["travel"] = Travel.read(row["travel"]) if "travel" in row else None
    return Shock(**values)


def shocks_between(start: dt.date, end: dt.date) -> tuple[Shock, ...]:
    """Every shock, yearly ones dated year by year, that touches start…end."""
    typed = load("shocks.toml")
    found = [_shock(row) for row in typed["shock"]]
    for row in typed["yearly"]:
        found += [_dated(row, year) for year in range(start.year - 1, end.year + 2)
                  if year not in row["except"]]
    return tuple(
        shock for shock in found
        if shock.start - dt.timedelta(days=shock.rise) <= end
        and shock.end + dt.timedelta(days=shock.fall) >= start
    )


class ShockTable:
    """Shocks laid over the banners and items of one world.

    ``travelling``: shocks reach neighbouring places days later and weaker (``travel.py``);
    otherwise they are felt only where they strike.
    """

    def __init__(
        self, shocks: Sequence[Shock], banners: Sequence[WorldPlace], items: Sequence[ItemFacts],
        *, travelling: bool = True,
    ) -> None:
        self.shocks = tuple(shocks)
        self._shape = (len(banners), len(items))
        self._known: dict[tuple[dt.date, int], Effects] = {}
        self.reach: list[tuple[Reach, ...]] = []
        for shock in shocks:
            where = direct(shock.places, banners)
            far = reaches(shock.travel, where, banners) if travelling else ()
            self.reach.append((Reach(0, where.astype(np.float64)), *far))
        self._what = [
            np.array([not (shock.items or shock.groups) or known.code in shock.items
                      or known.group in shock.groups for known in items]) for shock in shocks
        ]

    def effects(self, week_start: dt.date) -> Effects:
        """Effects in the week from ``week_start`` (kept: several readers ask for each week)."""
        return self._kept(week_start, _WEEK)

    def effects_on(self, day: dt.date) -> Effects:
        """Effects on one day."""
        return self._kept(day, 1)

    def _kept(self, start: dt.date, days: int) -> Effects:
        if (start, days) not in self._known:
            self._known[start, days] = self._sum(start, days)
        return self._known[start, days]

    def _sum(self, start: dt.date, days: int) -> Effects:
        price, stockout = np.zeros(self._shape), np.zeros(self._shape)
        sales = np.ones(self._shape)
        late, missing = np.zeros(self._shape[0]), np.zeros(self._shape[0])
        for shock, reached, what in zip(self.shocks, self.reach, self._what, strict=True):
            for reach in reached:
                first = start - dt.timedelta(days=reach.lag)
                strength = (shock.week_strength(first) if days == _WEEK else shock.strength(first))
                if strength == 0.0:
                    continue
                hit = np.outer(reach.weight, what)
                price += shock.price * strength * hit
                stockout += shock.stockout * strength * hit
                sales *= 1 + (shock.sales - 1) * strength * hit
                late += shock.late * strength * reach.weight
                missing += shock.missing * strength * reach.weight
        return Effects(price, sales, stockout, late, missing)
